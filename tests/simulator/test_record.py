"""A run is written down, played again, and compared."""

import json
from pathlib import Path

import pytest

from simulator import replay
from simulator.client import Client
from simulator.errors import Misuse
from simulator.ground import Options
from simulator.server import Running
from tests.simulator.desk import START, TOKEN
from tests.simulator.test_story import CAST, parrot


def record(path: Path) -> None:
    """Half a day with the small bot."""
    options = Options(START, (TOKEN,), paused=True, cast=CAST, bot=parrot(), record=path)
    with Running(options) as running:
        client = Client(running.url)
        client.wait_followed()
        client.start("claire")
        client.until_quiet()
        client.press("claire", "Oui")
        client.say("amina", "/aide", chat="efs")
        client.say("claire", "/rappel")
        client.until_quiet()
        client.advance(hours=7)
        client.until_quiet()


def rerun(path: Path) -> list[str]:
    recording = replay.read(path)
    options = Options(recording.start, (TOKEN,), paused=True, cast=recording.cast, bot=parrot())
    with Running(options) as running:
        return running.ask(replay.again(running.ground, recording))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "run.jsonl"
    record(path)
    return path


def test_a_run_can_be_played_again(recorded: Path) -> None:
    assert rerun(recorded) == []


def test_a_bot_that_answers_otherwise_is_told_apart(recorded: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.jsonl"
    text = recorded.read_text(encoding="utf-8")
    changed.write_text(text.replace("Rappel 2", "Bonsoir"), encoding="utf-8")

    [difference] = rerun(changed)

    assert "Bonsoir" in difference
    assert "Rappel 2" in difference


def test_a_line_cut_short_by_a_crash_is_left_out(recorded: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.jsonl"
    torn.write_text(recorded.read_text(encoding="utf-8") + '{"act": "sa', encoding="utf-8")

    assert len(replay.read(torn).lines) == len(replay.read(recorded).lines)


@pytest.mark.parametrize("text", ["", "nonsense", json.dumps({"simulator": 99})])
def test_what_is_no_recording_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(Misuse, match="enregistrement"):
        replay.read(path)


def test_words_drawn_by_chance_are_followed() -> None:
    before = [{"call": "sendMessage", "chat": 1, "text": "Code TLS-7K4Q créé", "status": 200}]
    after = [{"call": "sendMessage", "chat": 1, "text": "Code TLS-9M2P créé", "status": 200}]

    names = replay.renamed(before, after)

    assert names == {"TLS-7K4Q": "TLS-9M2P"}
    assert replay.differences(before, after) == []
    assert replay.substituted({"text": "/statut TLS-7K4Q"}, names) == {"text": "/statut TLS-9M2P"}
