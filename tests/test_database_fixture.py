"""The databases of the tests: of each kind, migrated, and empty whatever came before."""

import pytest
from sqlalchemy import func, select
from sqlmodel import Session, SQLModel

from bot.models import Member
from bot.store import Database
from bot.store.database import open_engine
from tests.fakes import FakeClock

START = FakeClock().now
TABLES = SQLModel.metadata.sorted_tables


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_starts_with_empty_tables_numbered_from_1(database_url: str, turn: int) -> None:
    engine = open_engine(database_url)
    with Session(engine) as session:
        left = [t.name for t in TABLES if session.scalar(select(func.count()).select_from(t))]
        assert left == []
        member = Member(telegram_id=7, name="Zoé", team="efs", centre="TLS", joined_at=START)
        session.add(member)
        session.commit()

        assert member.id == 1
    engine.dispose()


def test_a_unit_sees_the_clock_of_the_test(database: Database, clock: FakeClock) -> None:
    with database.unit() as unit:
        assert unit.now == clock.now
