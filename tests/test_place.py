"""The file of the database: the one that was opened and no other, nor an older one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete as delete_from

from bot.domain.network import Network
from bot.store import Database
from bot.store.events import events
from bot.store.faults import FileGone, storage_fault
from bot.store.sayings import outbox
from bot.store.seen import Seen
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
        f"sqlite:///{file}",
        clock=clock,
        words=Show(),
        network=network,
        audit_key=b"key",
        proof_file=file.with_name("relais.db.proof"),
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
    with pytest.raises(FileGone):
        sqlite.leader.take()
    assert [record.message for record in caplog.records] == [
        "the database is not the one that was opened any more"
    ]
    aside.rename(file)

    assert sqlite.leader.take()
    say(sqlite, "after")


def test_nothing_is_committed_once_the_log_of_the_file_is_deleted(
    sqlite: Database, file: Path
) -> None:
    """What it holds is in the file only later; without it all of that would be nowhere."""
    say(sqlite, "before")
    file.with_name("relais.db-wal").unlink()

    with pytest.raises(FileGone):
        say(sqlite, "after")

    assert sqlite.place.gone()


def test_a_log_that_sqlite_takes_away_itself_is_no_loss(sqlite: Database, file: Path) -> None:
    say(sqlite, "before")
    sqlite.engine.dispose()
    assert not file.with_name("relais.db-wal").exists()

    say(sqlite, "after")

    assert not sqlite.place.gone()


def test_a_file_with_two_names_is_told_apart(sqlite: Database, file: Path) -> None:
    assert not sqlite.place.shared()

    file.with_name("other.db").hardlink_to(file)

    assert sqlite.place.shared()


# What was seen last


def happens(database: Database, times: int = 1) -> None:
    for _ in range(times):
        with database.unit() as unit:
            unit.events.record("patient_created", "TLS-7K4Z")
            number = unit.events.count()
            unit.outbox.send(1, f"happened:{number}", "said", [])
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
    meant.seen.accept()

    assert not meant.seen.lost()
    meant.close()


def test_what_was_seen_of_a_server_is_kept_in_a_file_of_this_machine(
    postgres_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    proof = tmp_path / "var" / "db-relais.proof"
    network = simulation.network()
    database = Database(postgres_url, clock=clock, words=Show(), network=network, proof_file=proof)
    happens(database)
    assert not database.seen.lost()

    assert proof.with_suffix(".seen").exists()
    with database.engine.begin() as connection:
        connection.execute(delete_from(events))
        connection.execute(delete_from(outbox))

    assert database.seen.lost()
    database.close()


def test_an_older_database_put_into_the_one_that_is_open_is_written_to_no_more(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database.seen = Seen(database.engine, database.place, tmp_path / "relais.seen")
    assert database.leader.take()
    happens(database, 3)
    with database.engine.begin() as connection:
        connection.execute(delete_from(events).where(events.c.id > 1))
        connection.execute(delete_from(outbox).where(outbox.c.id > 1))
    # Meanwhile the older one was written to: its numbers are as high as those that were seen.
    for number in range(5):
        with database.unit() as unit:
            unit.events.record("duty_taken")
            unit.outbox.send(1, f"other:{number}", "said", [])

    database.seen.note()

    assert not database.leader.holds()
    for write in (database.leader.take, lambda: say(database, "after")):
        with pytest.raises(FileGone):
            write()
    assert caplog.messages == [
        "what is in the database is older than what was",
        "the database is not the one that was opened any more",
    ]


def test_events_that_were_cut_off_by_hand_are_for_the_proofs_to_tell(
    sqlite: Database,
) -> None:
    """Who is cared for now is not in the past."""
    happens(sqlite, 3)
    with sqlite.engine.begin() as connection:
        connection.execute(delete_from(events).where(events.c.id > 1))

    assert not sqlite.seen.lost()
    happens(sqlite)

    # Written to, and red from now on: what was seen is not forgotten for what is there now.
    assert sqlite.leader.holds()
    assert sqlite.seen.cut
    assert sqlite.seen.cut_off()
    sqlite.seen.accept()
    happens(sqlite)
    assert not sqlite.seen.cut


# Who has it alone


def test_a_link_to_the_file_is_the_same_file(
    sqlite: Database, file: Path, clock: FakeClock, network: Network
) -> None:
    say(sqlite, "before")
    link = file.with_name("link.db")
    link.symlink_to(file)
    second = open_it(link, clock, network)

    assert not second.leader.take()

    # Led elsewhere meanwhile, the link opens no other file.
    link.unlink()
    link.symlink_to(file.with_name("other.db"))
    with second.look() as unit:
        assert unit.events.count() == 0
    second.close()
    assert not file.with_name("other.db").exists()


def test_a_lock_that_was_deleted_is_taken_again_and_keeps_others_out(
    sqlite: Database, file: Path, clock: FakeClock, network: Network
) -> None:
    file.with_name("relais.db.lock").unlink()

    assert sqlite.leader.holds()

    second = open_it(file, clock, network)
    assert not second.leader.take()
    second.close()


def test_who_lost_the_lock_to_another_leads_no_more(
    sqlite: Database, file: Path, clock: FakeClock, network: Network
) -> None:
    file.with_name("relais.db.lock").unlink()
    second = open_it(file, clock, network)
    assert second.leader.take()

    assert not sqlite.leader.holds()
    assert second.leader.holds()
    second.close()
