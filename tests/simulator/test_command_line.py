"""The command line: one clear sentence for each mistake."""

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from simulator.__main__ import main
from simulator.server import bind
from tests.simulator.test_record import record
from tests.simulator.test_story import parrot

ROOT = Path(__file__).parents[2]


def test_a_port_in_use_gets_one_sentence_and_the_next_free_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        code = main(["--port", str(port)])

    said = capsys.readouterr().err
    assert code == 1
    assert said.startswith(
        f"Le port {port} est déjà utilisé\N{NARROW NO-BREAK SPACE}; essayez --port "
    )
    assert said.count("\n") == 1


def test_a_port_in_use_is_said_to_whoever_called_make_demo_as_they_would_choose_another() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        demo = subprocess.run(
            [sys.executable, "demo.py", "--port", port],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    assert demo.returncode == 1
    assert re.search(r"; essayez make demo PORT=\d+\.\n$", demo.stderr)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--start", "demain"], "n’est pas une date"),
        (["--cast", "absent.toml"], "absent.toml"),
        (["--story", "absent"], "absent"),
        (["--bot-env", "SANS_VALEUR"], "NOM=VALEUR"),
        (["--replay", "absent.jsonl"], "absent.jsonl"),
        (["--port", "99999"], "65535"),
    ],
)
def test_a_wrong_option_is_one_sentence(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--port", "0", *arguments]) == 1

    said = capsys.readouterr().err
    assert text in said
    assert said.count("\n") == 1


def test_it_starts_says_where_and_stops() -> None:
    cast = ROOT / "simulator" / "data" / "onco_occitanie.toml"
    words = [sys.executable, "-m", "simulator", "--port", "0", "--cast", str(cast)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        url = running.stdout.readline().split()[-1]
        with urllib.request.urlopen(f"{url}/control/world") as answer:
            world = json.load(answer)
        running.terminate()
        code = running.wait(10)

    assert [person["slug"] for person in world["people"]][:2] == ["claire", "amina"]
    assert code in (0, -15)


def test_a_recording_is_replayed_from_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    record(path)
    bot = parrot()
    settings = [f"--bot-env={name}={value}" for name, value in bot.settings.items()]
    words = [sys.executable, "-m", "simulator", "--port", "0", "--replay", str(path)]

    done = subprocess.run(
        [*words, "--bot-command", bot.command, *settings],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout.splitlines()[-1] == "Le bot a répondu comme la première fois."
    assert done.returncode == 0
