"""The command line: a sentence when something is wrong, never a traceback."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlmodel import SQLModel

from bot.__main__ import COMMANDS, main
from bot.store.database import open_engine

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


def _somebody_joins(file: Path) -> None:
    engine = open_engine(f"sqlite:///{file}")
    joined = {"telegram_id": 7, "name": "Zoé", "team": "efs", "centre": "TLS", "reachable": True}
    with engine.begin() as connection:
        table = SQLModel.metadata.tables["member"]
        connection.execute(insert(table), joined | {"joined_at": datetime(2026, 3, 9, tzinfo=UTC)})
    engine.dispose()


def test_a_database_goes_to_a_file_and_comes_back_with_its_chain(tmp_path: Path) -> None:
    given = {
        "TELEGRAM_TOKEN": "123:a-token-of-the-tests",
        "AUDIT_KEY": "a-key-of-the-tests",
        "DATABASE_URL": "sqlite:///one.db",
    }
    other = given | {"DATABASE_URL": "sqlite:///two.db"}

    assert b"is empty" in called(tmp_path, "audit", settings=given).stderr
    assert called(tmp_path, "migrate", settings=given).returncode == 0
    nothing = called(tmp_path, "backup", "b.gz", settings=given)
    assert (nothing.returncode, nothing.stdout, nothing.stderr.count(b"\n")) == (1, b"", 1)
    assert b"no member and no patient" in nothing.stderr
    assert not (tmp_path / "b.gz").exists()

    _somebody_joins(tmp_path / "one.db")
    assert called(tmp_path, "backup", "b.gz", settings=given).stdout == b"1 rows in b.gz.\n"
    itself = called(tmp_path, "backup", "one.db", settings=given)
    assert (itself.returncode, itself.stdout, itself.stderr.count(b"\n")) == (2, b"", 1)
    back = called(tmp_path, "restore", "b.gz", settings=other)
    assert (back.returncode, back.stderr) == (0, b"")
    assert b"The event chain holds: 0 events." in back.stdout


def test_check_proposes_a_set_up_code_until_somebody_has_joined(tmp_path: Path) -> None:
    given = {
        "TELEGRAM_TOKEN": "123:a-token-of-the-tests",
        "TELEGRAM_API_URL": "http://127.0.0.1:9",
        "AUDIT_KEY": "a-key-of-the-tests",
        "DATABASE_URL": "sqlite:///one.db",
    }

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
    _somebody_joins(tmp_path / "one.db")
    assert way_in() == "ok    way in: somebody has joined"


@pytest.mark.parametrize("code", ["1234", "fifteen-letters"])
def test_a_set_up_code_that_can_be_guessed_is_refused_at_start(code: str, tmp_path: Path) -> None:
    given = {"TELEGRAM_TOKEN": "123:token", "AUDIT_KEY": "a-key-of-the-tests", "SETUP_CODE": code}

    refused = called(tmp_path, "run", settings=given)

    assert refused.returncode == 1
    assert refused.stderr == b"SETUP_CODE is wrong: expected 16 to 64 letters, digits, - or _.\n"
