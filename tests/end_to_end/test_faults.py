"""What goes wrong around a bot: one sentence, the right exit code, and nothing lost."""

import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.client import Client
from tests.end_to_end.programs import (
    CAST,
    SETUP_CODE,
    TOKEN,
    Program,
    bot,
    free_port,
    run,
    settings,
    simulator,
)
from tests.end_to_end.town import NURSE, Town

OTHER_TOKEN = "999:a-token-that-no-telegram-knows-at-all"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with simulator(tmp_path, "2026-03-09T10:00+01:00", "--cast", str(CAST)) as url:
        yield url


def test_a_token_that_telegram_does_not_know_is_one_sentence(url: str, tmp_path: Path) -> None:
    given = settings(url, tmp_path, TELEGRAM_TOKEN=OTHER_TOKEN)

    code, said, why = run(tmp_path, given, "run")

    assert (code, said) == (1, "")
    assert complaint(why) == (
        "TELEGRAM_TOKEN is wrong: Telegram does not know it; ask @BotFather for it again."
    )
    assert OTHER_TOKEN not in why


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://nowhere"),
        ("DATABASE_URL", "sqlite:////proc/no-such-folder/relais.db"),
        ("DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/nothing"),
        ("CLOCK_URL", "http://127.0.0.1:1"),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_it(
    url: str, tmp_path: Path, name: str, value: str
) -> None:
    code, _, why = run(tmp_path, settings(url, tmp_path) | {name: value}, "run")

    assert code == 1
    assert name in complaint(why)
    assert "Traceback" not in why


def test_a_port_in_use_is_one_sentence(url: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, _, why = run(tmp_path, settings(url, tmp_path, HTTP_PORT=port), "run")

    assert code == 1
    assert "HTTP_PORT" in complaint(why)
    assert "Traceback" not in why


def test_a_bot_waits_for_a_telegram_that_is_down(tmp_path: Path) -> None:
    port = free_port()
    given = settings(f"http://127.0.0.1:{port}", tmp_path)
    del given["CLOCK_URL"]

    with Program(tmp_path, given, "bot", "run") as program:
        program.until_it_says("Telegram does not answer yet")
        with simulator(tmp_path, "2026-03-09T10:00+01:00", "--port", str(port)):
            program.until_it_says("running as")

            assert program.stop() == 0


def test_a_second_bot_on_the_same_token_is_said_in_the_log(url: str, tmp_path: Path) -> None:
    other = settings(url, tmp_path, DATABASE_URL=f"sqlite:///{tmp_path / 'other.db'}")

    with bot(settings(url, tmp_path), tmp_path) as first, Program(tmp_path, other, "bot", "run"):
        line = first.until_it_says("Conflict")

    assert "no updates" in line
    assert TOKEN not in "".join(first.log)


def test_a_bot_that_is_told_to_stop_has_lost_nothing(url: str, tmp_path: Path) -> None:
    client, given = Client(url), settings(url, tmp_path)
    with bot(given, tmp_path) as first:
        client.until_quiet()
        client.start(NURSE, SETUP_CODE)
        assert first.stop() == 0

    with bot(given, tmp_path):
        client.until_quiet()

    assert "Bienvenue" in Town(client).last(NURSE)


def test_a_full_disk_delays_and_loses_nothing(url: str, tmp_path: Path) -> None:
    client, given = Client(url), settings(url, tmp_path)
    with bot(given, tmp_path) as program:
        client.until_quiet()
        # Files may not grow any more: SQLite is told that the disk is full.
        pid, size = program.process.pid, (tmp_path / "relais.db").stat().st_size
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (min(size, 4096), before[1]))
        client.start(NURSE, SETUP_CODE)
        line = program.until_it_says("no updates: the database does not take them")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        client.until_quiet(30)

    assert "Traceback" not in line
    assert "Bienvenue" in Town(client).last(NURSE)


def complaint(stderr: str) -> str:
    """The one sentence after the log's own lines."""
    return stderr.splitlines()[-1]
