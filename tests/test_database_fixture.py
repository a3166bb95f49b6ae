"""The databases of the tests: of each kind, migrated, and empty whatever came before."""

import pytest
from sqlmodel import Session

from bot.models import Group
from bot.store import Database
from bot.store.database import open_engine
from tests.fakes import FakeClock


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_starts_with_empty_tables_numbered_from_1(database_url: str, turn: int) -> None:
    engine = open_engine(database_url)
    with Session(engine) as session:
        group = Group(chat_id=-7, title="EFS")
        session.add(group)
        session.commit()

        assert group.id == 1
    engine.dispose()


def test_a_unit_sees_the_clock_of_the_test(database: Database, clock: FakeClock) -> None:
    with database.unit() as unit:
        assert unit.now == clock.now
