"""A backup is the whole database in one file, and comes back on either database."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from bot import migrations, models
from bot.domain.network import Network
from bot.domain.people import Member
from bot.domain.roles import Team
from bot.store import Database
from bot.store.backup import BackupError, WrongFile, backup, restore
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
        member = unit.people.join(Member(0, 2**40, "Zoé", Team.EFS, "TLS", unit.now))
        unit.events.record("member_joined", member=member.id)
        unit.outbox.send(7, "key:1", "Bonjour", [[{"text": "☐", "data": "a:b"}]])
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
        assert unit.events.first_broken() is None
        assert unit.events.count() == 1
        assert unit.people.roster.account(2**40) is not None
        letter = unit.connection.execute(select(models.Outbox)).one()
        assert letter.created_at == clock()
        assert letter.keyboard == [[{"text": "☐", "data": "a:b"}]]
        unit.events.record("goes_on")
        joined = unit.people.join(Member(0, 5, "x", Team.EFS, "TLS", unit.now))
    assert joined.id == 2
    with again.look() as unit:
        assert unit.events.first_broken() is None
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

    assert migrations.state(target) is migrations.State.EMPTY


def test_a_file_in_which_one_bit_is_wrong_is_refused_and_nothing_is_touched(
    full: Database, target: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "b.gz"
    backup(full.engine, file)
    whole = file.read_bytes()
    # Before it stand the name and the hour, of which nothing is taken.
    begins = whole.index(b"\0", 10) + 1

    for at in [*range(begins, len(whole), 7), *range(len(whole) - 8, len(whole))]:
        file.write_bytes(flipped(whole, at))
        with pytest.raises(BackupError, match=r"^[^\n]+ damaged[^\n]*\.$"):
            restore(target, file)
    assert migrations.state(target) is migrations.State.EMPTY

    file.write_bytes(whole)
    assert restore(target, file)


def flipped(whole: bytes, at: int) -> bytes:
    return whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :]


@pytest.mark.parametrize(
    "line", ['["nowhere", {}]', '["member", {"id": 1}]', '["member", []]', "[]", "1"]
)
def test_a_file_that_somebody_wrote_is_refused_in_one_sentence(
    target: Engine, tmp_path: Path, line: str
) -> None:
    file = tmp_path / "b.gz"
    lines = [json.dumps({"head": migrations.head()}), line, json.dumps({"rows": 1})]
    with gzip.open(file, "wt", encoding="utf-8") as out:
        out.write("\n".join(lines))

    with pytest.raises(BackupError, match="damaged"):
        restore(target, file)


def test_what_is_not_a_backup_is_said_so(target: Engine, tmp_path: Path) -> None:
    (tmp_path / "b.gz").write_text("hello")

    with pytest.raises(BackupError, match="not a backup"):
        restore(target, tmp_path / "b.gz")


def test_a_file_that_cannot_be_written_leaves_no_half(full: Database, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="cannot be written"):
        backup(full.engine, tmp_path / "missing" / "b.gz")

    assert list(tmp_path.glob("**/*.part")) == []


def test_a_backup_never_takes_the_place_of_the_database(
    full: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path(str(full.engine.url.database)).resolve()
    whole = file.read_bytes()
    (tmp_path / "link").symlink_to(file)
    (tmp_path / "hard").hardlink_to(file)
    monkeypatch.chdir(file.parent)

    for each in (file, tmp_path / "link", tmp_path / "hard", Path(file.name)):
        with pytest.raises(WrongFile, match="is the database itself"):
            backup(full.engine, each)

    assert file.read_bytes() == whole


@pytest.mark.parametrize("name", ["notes.txt", "b.gz.part"])
def test_what_is_no_backup_is_not_overwritten(full: Database, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("kept")

    with pytest.raises(WrongFile, match=f"{name} is there already and is no backup"):
        backup(full.engine, tmp_path / name.removesuffix(".part"))

    assert (tmp_path / name).read_text() == "kept"


def test_an_older_backup_stands_until_the_new_one_is_whole(
    full: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "b.gz"
    rows = backup(full.engine, file)
    older = file.read_bytes()

    def full_disk(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("bot.store.backup._write", full_disk)
        with pytest.raises(BackupError, match="No space left"):
            backup(full.engine, file)
    assert file.read_bytes() == older
    assert list(tmp_path.glob("*.part")) == []

    file.chmod(0o644)
    assert backup(full.engine, file) == rows
    assert file.stat().st_mode & 0o777 == 0o600


def test_nobody_else_on_the_machine_can_read_the_database_or_its_backup(
    tmp_path: Path, clock: FakeClock, network: Network
) -> None:
    (tmp_path / "b.gz.part").touch(mode=0o644)
    database = opened(f"sqlite:///{tmp_path / 'a' / 'relais.db'}", clock, network)
    migrations.upgrade(database.engine)
    with database.unit() as unit:
        unit.people.join(Member(0, 2**40, "Zoé", Team.EFS, "TLS", unit.now))
    backup(database.engine, tmp_path / "b.gz")

    files = [*(tmp_path / "a").iterdir(), tmp_path / "b.gz"]
    assert len(files) == 4
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    database.close()


def test_a_database_that_nobody_ever_used_is_not_backed_up(
    sqlite_url: str, tmp_path: Path
) -> None:
    engine = open_engine(sqlite_url)

    with pytest.raises(BackupError, match="no member and no patient"):
        backup(engine, tmp_path / "b.gz")

    assert list(tmp_path.glob("b.gz*")) == []
    engine.dispose()
