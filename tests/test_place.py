"""The file of the database: the one that was opened and no other, nor an older one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.network import Network
from bot.store import Database
from bot.store.faults import FileGone, storage_fault
from tests import simulation
from tests.fakes import FakeClock, Show
from tests.test_outbox import say


@pytest.fixture
def file(sqlite_url: str) -> Path:
    return Path(sqlite_url.removeprefix("sqlite:///"))


@pytest.fixture
def sqlite(file: Path, clock: FakeClock, network: Network) -> Iterator[Database]:
    opened = open_it(file, clock, network)
    assert opened.leader.take()
    yield opened
    opened.close()


def open_it(file: Path, clock: FakeClock, network: Network) -> Database:
    return Database(
        f"sqlite:///{file}", clock=clock, words=Show(), network=network, audit_key=b"key"
    )


def delete(file: Path) -> None:
    for each in file.parent.glob(f"{file.name}*"):
        each.unlink()


def replace(file: Path) -> None:
    copy = file.with_name("copy.db")
    copy.write_bytes(file.read_bytes())
    copy.replace(file)


@pytest.mark.parametrize("lose", [delete, replace])
def test_nothing_is_committed_into_a_file_that_was_deleted_or_replaced(
    sqlite: Database, file: Path, lose: object
) -> None:
    say(sqlite, "before")
    assert callable(lose)
    lose(file)

    with pytest.raises(FileGone) as raised:
        say(sqlite, "after")

    # Nothing is acknowledged, and whatever brought it brings it again.
    assert storage_fault(raised.value)


def test_a_file_that_is_gone_is_not_made_anew(sqlite: Database, file: Path) -> None:
    say(sqlite, "before")
    delete(file)
    # As a pool does for whoever finds all its connections in use.
    sqlite.engine.dispose()

    with pytest.raises(FileGone):
        say(sqlite, "after")

    assert not file.exists()


def test_who_leads_ends_with_its_file_and_says_so_once(
    sqlite: Database, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    say(sqlite, "before")
    aside = file.rename(file.with_name("aside.db"))

    assert not sqlite.leader.holds()
    assert not sqlite.leader.holds()
    assert not sqlite.leader.take()
    assert [record.message for record in caplog.records] == [
        "the database file is not the one that was opened any more"
    ]
    aside.rename(file)

    assert sqlite.leader.take()
    say(sqlite, "after")


# What was seen last


def happens(database: Database, times: int = 1) -> None:
    for _ in range(times):
        with database.unit() as unit:
            unit.events.record("patient_created", "TLS-7K4Z")
    database.seen.note()


def test_the_database_that_was_seen_last_is_known_again_and_may_be_newer(
    sqlite: Database, file: Path, clock: FakeClock, network: Network
) -> None:
    happens(sqlite)
    seen = file.with_name("relais.db.seen")
    before = seen.read_text("utf-8")
    with sqlite.unit() as unit:
        unit.events.record("said", "TLS-7K4Z")
    sqlite.close()

    again = open_it(file, clock, network)
    assert not again.seen.lost()
    again.seen.note()
    again.close()

    assert seen.read_text("utf-8") != before
    assert seen.stat().st_mode & 0o777 == 0o600


def test_an_older_copy_or_an_emptied_file_is_not_the_one_that_was_seen(
    sqlite: Database, file: Path, clock: FakeClock, network: Network
) -> None:
    happens(sqlite)
    sqlite.close()
    older = file.read_bytes()
    newer = open_it(file, clock, network)
    happens(newer)
    newer.close()

    for content in (older, b""):
        file.write_bytes(content)
        again = open_it(file, clock, network)
        assert again.seen.lost()
        again.close()
    meant = open_it(file, clock, network)
    meant.seen.forget()

    assert not meant.seen.lost()
    meant.close()


def test_a_server_has_no_place_beside_it(postgres_url: str, clock: FakeClock) -> None:
    words = Show()
    network = simulation.network()
    database = Database(postgres_url, clock=clock, words=words, network=network)
    happens(database)

    assert not database.seen.lost()
    database.close()
