"""A backup is the whole database in one file, and comes back on either database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from bot.domain.message import Notice, text
from bot.domain.network import Network
from bot.models import Member, Outbox
from bot.store import Database
from bot.store.backup import BackupError, backup, restore
from bot.store.database import open_engine
from tests.fakes import FakeClock, Show


def opened(url: str, clock: FakeClock, network: Network) -> Database:
    return Database(url, clock=clock, words=Show(), network=network, audit_key=b"key-of-the-tests")


@pytest.fixture
def target(blank_url: str) -> Iterator[Engine]:
    """An empty database of each kind in turn."""
    engine = open_engine(blank_url)
    yield engine
    engine.dispose()


@pytest.fixture
def full(sqlite_url: str, clock: FakeClock, network: Network) -> Iterator[Database]:
    database = opened(sqlite_url, clock, network)
    with database.unit() as unit:
        member = Member(
            telegram_id=2**40, name="Zoé", team="efs", centre="TLS", joined_at=unit.now
        )
        unit.add(member)
        unit.record("member_joined", member=member.id)
        unit.notify(Notice(7, text("nothing"), "key:1"))
    yield database
    database.close()


def test_what_was_backed_up_comes_back_and_its_chain_holds(
    full: Database, target: Engine, tmp_path: Path, clock: FakeClock, network: Network
) -> None:
    rows = backup(full.engine, tmp_path / "b.gz")

    assert restore(target, tmp_path / "b.gz") == rows

    url = target.url.render_as_string(hide_password=False)
    again = opened(url, clock, network)
    with again.unit() as unit:
        assert unit.first_broken_event() is None
        assert unit.count_events() == 1
        assert unit.member_of(2**40) is not None
        assert unit.session.scalars(select(Outbox)).one().created_at == clock()
        unit.record("goes_on")
        assert unit.add(
            Member(telegram_id=5, name="x", team="efs", centre="TLS", joined_at=unit.now)
        ).id
    again.close()


def test_a_database_that_holds_something_is_not_overwritten(
    full: Database, tmp_path: Path
) -> None:
    backup(full.engine, tmp_path / "b.gz")

    with pytest.raises(BackupError, match="not empty"):
        restore(full.engine, tmp_path / "b.gz")


def test_a_damaged_file_leaves_nothing_behind(
    full: Database, target: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "b.gz"
    backup(full.engine, file)
    file.write_bytes(file.read_bytes()[:-30])

    with pytest.raises(BackupError, match="damaged"):
        restore(target, file)

    with target.connect() as connection:
        assert connection.execute(select(Member)).all() == []


def test_what_is_not_a_backup_is_said_so(target: Engine, tmp_path: Path) -> None:
    (tmp_path / "b.gz").write_text("hello")

    with pytest.raises(BackupError, match="not a backup"):
        restore(target, tmp_path / "b.gz")


def test_a_file_that_cannot_be_written_leaves_no_half(full: Database, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="cannot be written"):
        backup(full.engine, tmp_path / "missing" / "b.gz")

    assert list(tmp_path.glob("**/*.part")) == []
