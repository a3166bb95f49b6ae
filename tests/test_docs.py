"""The pages say what is so."""

import re
from pathlib import Path

import pytest

from bot import __main__ as command_line
from bot import handlers
from bot.domain.facts import KINDS
from tests import diagrams

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/architecture.md", "docs/pathway.md", "docs/reliability.md")
NAMED = re.compile(r"`((?:bot|tests|bench|docs|simulator|locales)/[\w./-]*)`")
PROMISED = (
    "aide afaire statut toxicite alerte agenda garde releve annuler nouveau reporter retards suivi"
    " historique cloturer exporter inviter rattacher equipes retirer medecin lieu bruit absence"
)
PROMISES = ROOT / "docs" / "reliability.md"
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
MEASURE = re.compile(r"bench `(\w+)`")
TARGET = re.compile(r"`make ([a-z]+)")


def test_the_page_shows_the_state_machines_as_the_code_has_them() -> None:
    """After a change of `TRANSITIONS`: python -m tests.diagrams."""
    assert diagrams.shown(diagrams.PAGE.read_text("utf-8")) == diagrams.machines()


@pytest.mark.parametrize("kind", KINDS)
def test_every_state_can_be_reached_from_the_first(kind: type) -> None:
    following = dict(diagrams.in_order(kind))
    reached, left = set[str](), [diagrams.first_state(kind)]
    while left:
        state = left.pop()
        if state not in reached:
            reached.add(state)
            left += following[state]

    assert reached == following.keys()


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_is_there(page: str) -> None:
    said = (ROOT / page).read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert [path for path in NAMED.findall(said) if not (ROOT / path).exists()] == []
    assert [name for name in TARGET.findall(said) if f"\n{name}:" not in makefile] == []


def test_each_promise_names_one_test_and_the_test_is_there() -> None:
    rows = [row for row in PROMISES.read_text("utf-8").splitlines() if row.startswith("| ")]
    promises = [row for row in rows if not row.startswith("| promise |")]

    assert promises
    for row in promises:
        [(file, name)] = TEST.findall(row)
        assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text("utf-8"), re.M), name


def test_each_figure_names_a_measure_that_is_taken() -> None:
    named = MEASURE.findall(PROMISES.read_text("utf-8"))

    assert named
    assert [name for name in named if not (ROOT / f"bench/measures/{name}.py").exists()] == []


def test_the_page_says_what_is_not_built_and_that_alone() -> None:
    """The names that were promised (`/suivi`, `export` …): each works, or is said not to."""
    _, _, said = (ROOT / "README.md").read_text("utf-8").partition("Not built yet:")
    commands = set(re.findall(r"`/(\w+)`", said))
    called = set(re.findall(r"`python -m bot (\w+)`", said))

    assert commands == set(PROMISED.split()) - set(handlers.COMMANDS)
    assert called == {"understand", "grade", "export"} - set(command_line.COMMANDS)
