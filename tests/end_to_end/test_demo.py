"""What `make demo` opens, seen in Chromium: one asks, one confirms, the next team reads it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from simulator.client import Client
from tests.end_to_end.programs import ROOT, Program
from tests.end_to_end.town import Town

pytestmark = pytest.mark.time_limit(600)

SCREENSHOT = ROOT / "docs" / "screenshot.png"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Program]:
    with Program(tmp_path, {}, "demo", "--port", "0") as program:
        try:
            yield program
        finally:
            program.stop()  # killed, it could not stop the simulator


def test_a_confirmation_in_the_page_reaches_the_next_team(demo: Program, browser: Browser) -> None:
    url = address(demo)
    page = browser.new_page(viewport={"width": 1600, "height": 900}, locale="fr-FR")
    page.goto(url)
    town = Town(Client(url))
    for label in ("Consultation de neurologie", "IRM cérébrale"):
        town.do("neurologie", label)

    nurse = phone(page, "claire")
    write(nurse, "/statut")
    expect(nurse.get_by_role("log")).to_contain_text("1 patient, ")

    unit, neurologist = phone(page, "sofia"), phone(page, "alary")
    write(neurologist, "/afaire")
    for label in ("EEG", "Fait", "☐", "Confirmer"):
        newest(neurologist, label).click()
    expect(newest(unit, "Je reçois")).to_be_visible()
    expect(unit.get_by_role("log")).to_contain_text(
        re.compile(r"À recevoir\s: Bilan neurologique")
    )

    if os.environ.get("SCREENSHOT"):
        picture(page)
    page.close()
    assert demo.stop() == 0
    assert demo.log == []


def address(demo: Program) -> str:
    """Where the page is, said once everybody has joined."""
    while not (line := demo.line()).startswith("http"):
        assert line, "".join(demo.log)
    return line


def phone(page: Page, person: str) -> Locator:
    """The phone of a person, open where they work: their team's group, or the bot in private."""
    return page.locator(f"[data-slug={person}][data-person]")


def write(owner: Locator, text: str) -> None:
    owner.get_by_role("combobox").fill(text)
    owner.get_by_role("button", name="Envoyer").click()


def newest(owner: Locator, label: str) -> Locator:
    """The newest inline button with these words."""
    return owner.get_by_role("log").get_by_role("button", name=label).last


def picture(page: Page) -> None:
    """For the README: the nurse's answer, two groups at work, the unit that must read back."""
    page.get_by_role("main").evaluate("phones => phones.scrollTo(0, 0)")
    page.screenshot(path=SCREENSHOT)
