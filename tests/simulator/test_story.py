"""Storyboards: read from files, played with a small bot, debriefed."""

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simulator.client import Client, ControlError
from simulator.errors import Misuse
from simulator.ground import Options
from simulator.server import Running
from simulator.stories.runner import Storyboards
from simulator.stories.storyboard import FOLDER, load, names, span
from simulator.world.bot_process import BotCommand
from tests.simulator.desk import START, TOKEN

ROOT = Path(__file__).parents[2]
CAST = {
    "people": [
        {"slug": "claire", "first_name": "Claire"},
        {"slug": "amina", "first_name": "Amina"},
    ],
    "groups": [{"slug": "efs", "title": "EFS", "members": ["claire", "amina"], "bot": True}],
}
BOARD = """
title = "Essai"
summary = "Claire répond."
you = "claire"
begins = 2026-03-10T08:00:00+01:00
learn = ["Répondre."]

[[scene]]
note = "Bienvenue {who}"

[[scene]]
start = "x"

[[scene]]
expect = "Bonjour (?P<name>\\\\w+)"

[[scene]]
task = "Dites oui, {name}"
press = "^Oui$"
hint = "Le bouton de gauche"
within = "10 min"

[[scene]]
say = "/rappel"

[[scene]]
until = "Rappel 1"

[[scene]]
task = "Écrivez au bot"
say = "bonjour"
show = "bonjour !"
within = "5 min"
"""
SILENT_SCENE = 5
# What comes after a task needs it; one scene can never take place, another never ends.
SKIPPED = """
title = "Passer"
you = "claire"

[[scene]]
start = "x"

[[scene]]
task = "Dites oui"
press = "^Oui$"

[[scene]]
expect = "Noté : (?P<name>\\\\w+)"

[[scene]]
as = "amina"
in = "efs"
press = ["^Peut-être$", "☐*"]

[[scene]]
await = "(?P<jamais>le bot se tait)"

[[scene]]
task = "Répondez à {name}"
say = "^bonsoir$"
show = "bonsoir"
"""
# A task asks for a button that never was.
IMPOSSIBLE = """
title = "Impossible"
you = "claire"

[[scene]]
start = "x"

[[scene]]
task = "Dites peut-être"
press = "^Peut-être$"

[[scene]]
task = "Dites oui"
press = "^Oui$"
"""
# One pushes the clock far, through hundreds of reminders.
FAR = """
title = "Loin"
you = "claire"

[[scene]]
start = "x"

[[scene]]
say = "/rappel"

[[scene]]
advance = "30 d"

[[scene]]
task = "Dites oui"
press = "^Oui$"
"""
FAR_SCENE = 3


def parrot() -> BotCommand:
    """The small bot as a child process; it remembers in its folder."""
    command = f"{sys.executable} -m tests.simulator.parrot {{url}} {{folder}}/memory"
    return BotCommand(command, {"PYTHONPATH": str(ROOT)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stories")
    (folder / "essai.toml").write_text(BOARD, encoding="utf-8")
    (folder / "passer.toml").write_text(SKIPPED, encoding="utf-8")
    (folder / "impossible.toml").write_text(IMPOSSIBLE, encoding="utf-8")
    (folder / "loin.toml").write_text(FAR, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def ground(folder: Path) -> Iterator[Client]:
    """A simulator that supervises the small bot."""
    storyboards = Storyboards(folder, {"who": "Claire"})
    options = Options(
        START, (TOKEN,), paused=True, cast=CAST, bot=parrot(), storyboards=storyboards
    )
    with Running(options) as running:
        yield Client(running.url)


def story(ground: Client, *phases: str) -> dict[str, Any]:
    """The story when it reaches one of these phases, told by the stream of events."""
    reached = ground.wait_story(*phases)
    assert reached is not None
    return reached


def test_a_storyboard_is_played_to_its_debrief(ground: Client) -> None:
    ground.post("story", play="essai")
    first = story(ground, "task")
    assert (first["note"], first["tasks"][0]["text"]) == ("Bienvenue Claire", "Dites oui, Claire")

    ground.press("claire", "Oui")
    second = ground.wait_story("task", tasks=2)
    assert second is not None
    ground.say("claire", "Bonjour à tous")

    debrief = story(ground, "debrief")["debrief"]
    assert [task["status"] for task in debrief["tasks"]] == ["done", "done"]
    assert (debrief["done"], debrief["missed"], debrief["learn"]) == (2, [], ["Répondre."])
    assert ground.now() >= datetime.fromisoformat("2026-03-10T09:00:00+01:00")


def test_one_may_be_shown_or_pass(ground: Client) -> None:
    ground.post("story", play="essai")
    story(ground, "task")
    ground.post("story", help=True)
    ground.wait_story("task", tasks=2)
    ground.post("story", skip=True)

    debrief = story(ground, "debrief")["debrief"]

    assert [task["status"] for task in debrief["tasks"]] == ["helped", "skipped"]
    assert debrief["missed"] == ["Écrivez au bot"]


def test_skipping_leads_on_and_the_debrief_says_what_was_skipped(ground: Client) -> None:
    ground.post("story", play="passer")
    story(ground, "task")
    ground.post("story", skip=True)
    while ground.state()["story"]["scene"] < SILENT_SCENE:
        pass
    ground.post("story", skip=True)
    ground.wait_story("task", tasks=2)
    ground.post("story", skip=True)

    debrief = story(ground, "debrief")["debrief"]
    assert debrief["missed"] == ["Dites oui", "Répondez à Claire"]
    assert [task["instead"] for task in debrief["tasks"]] == [True, True]
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in debrief["passed"]] == [
        "Amina touche « Peut-être », « ☐ » dans « EFS » (aucun bouton « Peut-être » dans « EFS »)",
        "le bot dit « jamais » (passé)",
    ]
    assert "bonsoir" in [message["text"] for message in ground.messages("claire")]


def test_a_skipped_scene_takes_place_all_the_same(ground: Client) -> None:
    ground.post("story", play="loin")
    while (story_ := ground.state()["story"])["scene"] < FAR_SCENE:
        pass
    began = ground.now()
    while story_["phase"] == "playing":
        ground.post("story", skip=True)
        story_ = ground.state()["story"]

    assert story(ground, "task", "debrief")["tasks"]
    assert ground.now() - began > timedelta(days=29)
    ground.post("story", stop=True)


def test_a_task_whose_button_is_not_there_is_said_and_counted_apart(
    ground: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.stories.story.PATIENCE", 0.1)
    ground.post("story", play="impossible")

    asked = ground.wait_story("task", tasks=2)
    assert asked is not None
    assert asked["note"].replace("\N{NO-BREAK SPACE}", " ") == (
        "Impossible, car il n’y a pas de bouton « Peut-être » dans « Relais » :"
        " « Dites peut-être ». Le scénario continue sans cette tâche."
    )
    ground.press("claire", "Oui")

    debrief = story(ground, "debrief")["debrief"]
    assert [task["status"] for task in debrief["tasks"]] == ["impossible", "done"]
    assert (debrief["impossible"], debrief["missed"]) == (["Dites peut-être"], [])


def test_a_task_left_too_long_is_missed(ground: Client) -> None:
    ground.post("story", play="essai")
    story(ground, "task")

    ground.advance(minutes=11)

    late = ground.wait_story("task", tasks=2)
    assert late is not None
    assert late["tasks"][0]["status"] == "late"
    ground.post("story", stop=True)


def test_a_storyboard_begins_with_an_empty_ground_and_a_new_bot(ground: Client) -> None:
    ground.person("Marc")
    ground.post("story", play="essai")
    story(ground, "task")

    assert [person["slug"] for person in ground.world()["people"]] == ["claire", "amina"]
    begins = datetime.fromisoformat("2026-03-10T08:00:00+01:00")
    assert ground.now() - begins < timedelta(hours=1)
    first = datetime.fromisoformat(ground.messages("efs")[0]["date"])
    assert timedelta(0) <= first - begins < timedelta(hours=1)
    ground.post("story", stop=True)


def test_an_unknown_storyboard_names_the_known_ones(ground: Client) -> None:
    with pytest.raises(
        ControlError,
        match=r"«\sabsent\s» n’existe pas. Scénarios connus\s: essai, impossible, loin, passer",
    ):
        ground.post("story", play="absent")


def test_a_killed_bot_starts_again_where_it_was(ground: Client) -> None:
    ground.reset()
    ground.start("claire")
    ground.say("claire", "/rappel")
    ground.until_quiet()

    ground.post("bot", do="kill")
    assert ground.state()["bot"] == {"able": True, "running": False, "code": -9}
    ground.say("claire", "tu dors ?")
    ground.advance(hours=4)
    ground.post("bot", do="start")
    ground.wait_followed()
    ground.until_quiet()

    texts = ground.texts("claire")
    assert "Vous avez dit : tu dors ?" in texts
    assert "Rappel 1" in texts


@pytest.mark.parametrize(
    ("scene", "text"),
    [
        ('wonder = "x"', r"le champ «\swonder\s» n’existe pas"),
        ('as = "claire"', "un seul verbe"),
        ('say = "x"\npress = "y"', "un seul verbe"),
        ('task = "x"', "une tâche se fait par"),
        ("nonsense", "faux.toml n’est pas du TOML .ligne 2"),
    ],
)
def test_a_wrong_storyboard_says_where(tmp_path: Path, scene: str, text: str) -> None:
    (tmp_path / "faux.toml").write_text(f"[[scene]]\n{scene}\n", encoding="utf-8")

    with pytest.raises(Misuse, match=text):
        load("faux", tmp_path)


@pytest.mark.parametrize("name", [*names(), "_reseau", "_patient", "_hospitalise", "_injecte"])
def test_every_shipped_storyboard_can_be_read(name: str) -> None:
    board = load(name, FOLDER)

    assert board.scenes
    assert board.begins is not None
    assert (board.title != name) is True


@pytest.mark.parametrize(
    ("text", "seconds"), [("3 d", 259_200), ("1 h 30 min", 5400), (90, 90), ("45 s", 45)]
)
def test_lengths_of_time(text: str | int, seconds: float) -> None:
    assert span(text) == timedelta(seconds=seconds)


def test_a_length_that_is_none_is_refused() -> None:
    with pytest.raises(Misuse, match="durée"):
        span("bientôt")
