"""Every storyboard that is shipped, played in the browser with the real bot, to its debrief.

With SCREENSHOTS=docs in the environment the pictures of the documentation are taken anew.
"""

import os
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from simulator.client import Client
from simulator.ground import Options
from simulator.server import Running
from simulator.stories.runner import Storyboards
from simulator.stories.storyboard import Scene, load, names
from simulator.world import cast
from simulator.world.bot_process import BotCommand
from tests.simulator.desk import START

ROOT = Path(__file__).parents[2]
SETUP = "premiere-infirmiere"
TOKEN = "100000:ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"
LAPTOP: ViewportSize = {"width": 1440, "height": 900}
# Real milliseconds: weeks of a pathway are played before the first task.
PROLOGUE = 120_000
PATIENCE = 60_000


def the_bot() -> tuple[BotCommand, str]:
    """How the real bot is started, and where it tells its health."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_URL": "{url}",
        "CLOCK_URL": "{url}",
        "DATABASE_URL": "sqlite:///{folder}/relais.db",
        "SETUP_CODE": SETUP,
        "AUDIT_KEY": "a-key-for-the-training-ground",
        "HTTP_PORT": str(port),
        "FLOOD_LIMITS": "none",
        "PYTHONPATH": str(ROOT),
    }
    command = BotCommand(f"{sys.executable} -m bot run", settings)
    return command, f"http://127.0.0.1:{port}/healthz"


@pytest.fixture(scope="module")
def ground() -> Iterator[Client]:
    bot, health = the_bot()
    people = cast.read(ROOT / "simulator" / "data" / "onco_occitanie.toml")
    options = Options(
        START,
        (TOKEN,),
        paused=True,
        self_check=True,
        cast=people,
        bot=bot,
        bot_health=health,
        storyboards=Storyboards(values={"setup": SETUP}),
    )
    with Running(options) as running:
        yield Client(running.url)


@pytest.mark.parametrize("name", names())
def test_a_storyboard_is_played_to_its_debrief(
    browser: Browser, ground: Client, name: str
) -> None:
    board = load(name)
    asked = sum(scene.verb == "task" for scene in board.scenes)
    page = browser.new_page(viewport=LAPTOP, locale="fr-FR")
    page.set_default_timeout(PATIENCE)
    ground.post("story", play=name)
    page.goto(ground.url)
    panel = page.locator("#panel")
    done = panel.locator(".past li")

    for number, scene in enumerate(scene for scene in board.scenes if scene.verb == "task"):
        show = panel.get_by_role("button", name="Montrez-moi")
        expect(done).to_have_count(number, timeout=PROLOGUE)
        expect(show).to_be_visible(timeout=PROLOGUE)
        picture(page, name, number)
        play(page, scene, board.you)
    debrief = page.get_by_role("dialog", name=re.compile("^Bilan"))
    expect(debrief).to_be_visible(timeout=PATIENCE)
    expect(debrief.locator(".report tbody tr")).to_have_count(asked)
    expect(debrief.get_by_text("✔ fait")).to_have_count(asked)
    expect(debrief.get_by_text("rien n’a été perdu")).to_be_visible()
    expect(page.locator(".days li")).to_have_text(re.compile(r"^[A-Z]{3}-\w{4}J[0+]"))
    page.close()


@pytest.mark.parametrize("name", names())
def test_a_storyboard_skipped_at_every_scene_is_debriefed_all_the_same(
    ground: Client, name: str
) -> None:
    asked = [scene for scene in load(name).scenes if scene.verb == "task"]
    ground.post("story", play=name)
    assert ground.wait_story("playing", "task", timeout=PROLOGUE / 1000)
    while ground.state()["story"]["phase"] in ("playing", "task"):
        ground.post("story", skip=True)

    story = ground.wait_story("debrief", timeout=PATIENCE / 1000)

    assert story is not None
    assert story["trouble"] == ""
    assert [task["status"] for task in story["tasks"]] == ["skipped"] * len(asked)
    assert all(task["instead"] for task in story["tasks"])
    # Only a wait for the bot to speak is cut short.
    assert all(text.endswith("(passé)") for text in story["debrief"]["passed"])


def play(page: Page, scene: Scene, you: str) -> None:
    """Do with the phone what a task asks for."""
    phone = page.locator(f'.phone[data-slug="{you}"]')
    back = phone.get_by_role("button", name="Retour aux discussions")
    if back.count():
        back.click()
    phone.locator(f'li[data-slug="{scene.get("in", "private")}"] button').click()
    if scene.get("say"):
        code = page.locator(".days li span").first.inner_text()
        phone.get_by_role("combobox").fill(scene.get("show").replace("{code}", code))
        phone.get_by_role("combobox").press("Enter")
        return
    labels = scene.get("show", scene.get("press"))
    for label in [labels] if isinstance(labels, str) else labels:
        press(page, phone, label)


def press(page: Page, phone: Locator, label: str) -> None:
    """Press the newest button of that label; with a star, each one until none is left."""
    keys = phone.locator(".key", has_text=re.compile(label.rstrip("*"), re.IGNORECASE))
    if not label.endswith("*"):
        keys.last.click()
        return
    message = phone.locator(".message:has(.key)").last
    boxes = message.locator(".key", has_text=label.rstrip("*"))
    expect(boxes.first).to_be_visible()
    while boxes.count():
        left = boxes.count()
        boxes.first.click()
        expect(boxes).not_to_have_count(left)


PICTURES: dict[tuple[str, int], tuple[str, str, str, ViewportSize]] = {
    ("calme", 0): ("simulator-story", "", "light", LAPTOP),
    ("panne_telegram", 1): ("simulator-scenes", "Coulisses", "light", LAPTOP),
    ("fievre_j3", 0): ("simulator-phone", "", "dark", {"width": 390, "height": 844}),
}


def picture(page: Page, name: str, number: int) -> None:
    """A picture for the documentation, when it is asked for."""
    folder = os.environ.get("SCREENSHOTS")
    if not folder or (name, number) not in PICTURES:
        return
    shot, panel, scheme, size = PICTURES[name, number]
    for slug, chat in (("claire", "private"), ("sofia", "greffe"), ("roche", "reanimation")):
        row = page.locator(f'.phone[data-slug="{slug}"] li[data-slug="{chat}"] button')
        if row.count():
            row.click()
    if panel:
        page.get_by_role("button", name=panel).click()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size(size)
    turn = page.locator(".phone.turn")
    (turn if turn.count() else page.locator(".phone").first).scroll_into_view_if_needed()
    page.screenshot(path=ROOT / folder / f"{shot}.png")
    page.set_viewport_size(LAPTOP)
    page.emulate_media(color_scheme="light")
    if panel:
        page.get_by_role("button", name="Scénarios").click()
