"""The command line: a sentence when something is wrong, never a traceback."""

import gc
import json
import os
import re
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import delete

from bot import app
from bot.__main__ import COMMANDS, main
from bot.care import joining
from bot.domain.network import Network
from bot.domain.people import Member
from bot.settings import Settings
from bot.store import Database
from bot.store.events import events
from tests.fakes import FakeClock, Show

ROOT = Path(__file__).parents[1]
MISSING: Mapping[str, str] = {}
EMPTY = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}


def called(
    folder: Path, *arguments: str, given: bytes = b"", settings: Mapping[str, str] = MISSING
) -> subprocess.CompletedProcess[bytes]:
    """The bot's own command, in a folder without `.env` and an environment without settings."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env={**EMPTY, **settings},
        input=given,
        capture_output=True,
        check=False,
    )


def jsonl(*lines: object) -> bytes:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


async def no_bot(_settings: object) -> None:
    pass


def test_no_search_for_garbage_looks_through_what_was_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app, "run", no_bot)
    try:
        COMMANDS["run"][0](Settings.model_construct(), Namespace())
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()


def test_screen_says_what_the_filter_would_do_with_each_line(tmp_path: Path) -> None:
    asked = jsonl(
        {"id": 1, "text": "Fièvre à 38,5 chez TLS-7K4Q, J+3"},
        {"id": "é2", "text": "Rappelez le 06 12 34 56 78"},
        {"id": 3, "text": "Mme Dupont est arrivée"},
        {"id": None, "text": ""},
    )

    screened = called(tmp_path, "screen", given=asked + b"\n")

    assert (screened.returncode, screened.stderr) == (0, b"")
    said = [json.loads(line) for line in screened.stdout.splitlines()]
    assert said == [
        {"id": 1, "refused": False, "category": None},
        {"id": "é2", "refused": True, "category": "phone"},
        {"id": 3, "refused": True, "category": "name"},
        {"id": None, "refused": False, "category": None},
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "line",
    [
        b"hello",
        b"{",
        b"[1, 2]",
        b"7",
        b'{"id": 1}',
        b'{"text": "a"}',
        b'{"id": 1, "text": null}',
        b'{"id": 1, "text": "\xff"}',
        b"[" * 100_000,
    ],
)
def test_a_line_that_cannot_be_screened_is_named_in_one_sentence(
    line: bytes, tmp_path: Path
) -> None:
    screened = called(tmp_path, "screen", given=jsonl({"id": 1, "text": "RAS"}) + line)

    assert screened.returncode == 1
    assert screened.stderr == b'Line 2 is not one JSON object with "id" and "text".\n'
    assert len(screened.stdout.splitlines()) == 1


def test_a_reader_who_has_read_enough_gets_no_traceback(tmp_path: Path) -> None:
    asked = tmp_path / "in.jsonl"
    asked.write_bytes(jsonl({"id": 1, "text": "RAS"}) * 20_000)

    piped = subprocess.run(
        f"{sys.executable} -m bot screen < {asked} | head -n 1",
        shell=True,
        cwd=tmp_path,
        env=EMPTY,
        capture_output=True,
        check=False,
    )

    assert piped.stderr == b""
    assert len(piped.stdout.splitlines()) == 1


@pytest.mark.parametrize("command", [*COMMANDS, "screen"])
def test_every_command_says_what_it_does(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])

    assert ended.value.code == 0
    assert f"python -m bot {command}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["sing"], ["backup"], ["run", "away"]])
def test_a_command_that_is_none_is_one_sentence(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("command", ["run", "check", "audit", "migrate"])
def test_a_missing_setting_is_one_sentence_that_names_it(command: str, tmp_path: Path) -> None:
    refused = called(tmp_path, command)

    assert (refused.returncode, refused.stdout) == (1, b"")
    assert refused.stderr.startswith(b"TELEGRAM_TOKEN is missing: ")
    assert refused.stderr.count(b"\n") == 1


GIVEN = {
    "TELEGRAM_TOKEN": "123:a-token-of-the-tests",
    "AUDIT_KEY": "a-key-of-the-tests",
    "DATABASE_URL": "sqlite:///one.db",
}


def opened(file: Path, network: Network) -> Database:
    return Database(
        f"sqlite:///{file}",
        clock=FakeClock(),
        words=Show(),
        network=network,
        audit_key=GIVEN["AUDIT_KEY"].encode(),
    )


@pytest.fixture
def house(tmp_path: Path, network: Network) -> Iterator[Database]:
    """The database of `GIVEN`, where something happened."""
    migrated = called(tmp_path, "migrate", settings=GIVEN)
    assert migrated.returncode == 0, migrated.stderr
    database = opened(tmp_path / "one.db", network)
    _happens(database)
    yield database
    database.close()


def _happens(database: Database) -> None:
    with database.unit() as unit:
        for n in range(3):
            unit.events.record("check_ras", "TLS-7K4Z", 1, n=n)


@pytest.mark.parametrize("command", ["run", "audit"])
def test_another_key_is_refused_in_one_sentence_and_writes_nothing(
    command: str, house: Database, tmp_path: Path
) -> None:
    refused = called(tmp_path, command, settings=GIVEN | {"AUDIT_KEY": "another-key"})

    assert (refused.returncode, refused.stdout) == (1, b"")
    assert refused.stderr.startswith(b"AUDIT_KEY is not the one that sealed the events")
    assert refused.stderr.count(b"\n") == 1
    with house.look() as unit:
        assert (unit.events.count(), unit.events.first_broken()) == (3, None)


def test_check_names_a_key_that_is_not_the_one_of_the_events(
    house: Database, tmp_path: Path
) -> None:
    other = GIVEN | {"AUDIT_KEY": "another-key", "TELEGRAM_API_URL": "http://127.0.0.1:9"}

    checked = called(tmp_path, "check", settings=other)

    assert checked.returncode == 1
    assert b"FAULT events: AUDIT_KEY is not the one" in checked.stdout


def test_audit_names_what_no_event_made_and_what_was_posted_and_is_gone(
    house: Database, tmp_path: Path
) -> None:
    with house.unit() as unit:
        unit.people.join(Member(0, 7, "Zoé", "efs", "TLS", unit.now))
        newest = unit.events.newest()
    assert newest is not None

    held = called(tmp_path, "audit", "--posted", f"3:{newest[1][:12]}", settings=GIVEN)
    assert (held.returncode, held.stdout) == (1, b"")
    assert held.stderr == b"Member 1 joined by no event.\n"

    with house.unit() as unit:
        unit.proofs.take()
    with house.engine.begin() as connection:
        connection.execute(delete(events).where(events.c.id > 1))
    cut = called(tmp_path, "audit", "--posted", f"3:{newest[1][:12]}", settings=GIVEN)
    assert cut.returncode == 1
    lines = cut.stderr.decode().splitlines()
    assert lines[0].startswith("The event chain no longer holds the 3 events posted at ")
    assert lines[1] == f"The event chain does not hold the 3 events posted as {newest[1][:12]}."
    assert lines[2:] == ["Member 1 joined by no event."]


@pytest.mark.parametrize("said", ["812", "x:3f9c0a1b2c3d", "812:3f9", "812 3f9c0a1b2c3d"])
def test_what_was_posted_is_given_as_the_chat_says_it(
    said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["audit", "--posted", said])

    assert ended.value.code == 2
    assert "expected COUNT:HASH" in capsys.readouterr().err


def _somebody_joins(file: Path, network: Network) -> None:
    database = opened(file, network)
    with database.unit() as unit:
        joining.join(unit, joining.Account(7, "Zoé"), joining.hash_token(network.setup_code))
    database.close()


def test_a_database_goes_to_a_file_and_comes_back_with_its_chain(
    tmp_path: Path, network: Network
) -> None:
    given = GIVEN
    other = given | {"DATABASE_URL": "sqlite:///two.db"}

    assert b"is empty" in called(tmp_path, "audit", settings=given).stderr
    assert called(tmp_path, "migrate", settings=given).returncode == 0
    nothing = called(tmp_path, "backup", "b.gz", settings=given)
    assert (nothing.returncode, nothing.stdout, nothing.stderr.count(b"\n")) == (1, b"", 1)
    assert b"no member and no patient" in nothing.stderr
    assert not (tmp_path / "b.gz").exists()

    _somebody_joins(tmp_path / "one.db", network)
    assert called(tmp_path, "backup", "b.gz", settings=given).stdout == b"4 rows in b.gz.\n"
    itself = called(tmp_path, "backup", "one.db", settings=given)
    assert (itself.returncode, itself.stdout, itself.stderr.count(b"\n")) == (2, b"", 1)
    back = called(tmp_path, "restore", "b.gz", settings=other)
    assert (back.returncode, back.stderr) == (0, b"")
    assert b"The event chain holds: 1 events." in back.stdout


def test_check_proposes_a_set_up_code_until_somebody_has_joined(
    tmp_path: Path, network: Network
) -> None:
    given = GIVEN | {"TELEGRAM_API_URL": "http://127.0.0.1:9"}

    def way_in(**more: str) -> str:
        said = called(tmp_path, "check", settings=given | more).stdout.decode()
        [line] = [line for line in said.splitlines() if "way in" in line]
        return line

    proposed = [re.search(r"SETUP_CODE=([\w-]{16,64}) ", way_in()) for _ in range(2)]
    codes = {found[1] for found in proposed if found}
    assert len(codes) == 2
    assert way_in(SETUP_CODE=codes.pop()).startswith("ok")
    assert called(tmp_path, "migrate", settings=given).returncode == 0
    assert way_in().startswith("FAULT")
    _somebody_joins(tmp_path / "one.db", network)
    assert way_in() == "ok    way in: somebody has joined"


@pytest.mark.parametrize("code", ["1234", "fifteen-letters"])
def test_a_set_up_code_that_can_be_guessed_is_refused_at_start(code: str, tmp_path: Path) -> None:
    given = {"TELEGRAM_TOKEN": "123:token", "AUDIT_KEY": "a-key-of-the-tests", "SETUP_CODE": code}

    refused = called(tmp_path, "run", settings=given)

    assert refused.returncode == 1
    assert refused.stderr == b"SETUP_CODE is wrong: expected 16 to 64 letters, digits, - or _.\n"
