"""The page under load: 30 phones, 5,000 messages; time to draw one more, memory of the server."""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.line import Line, percentile, skip
from bench.process import ROOT
from simulator.client import Client
from tests.browser import ARGUMENTS, NAMES, chromium

PHONES, GROUPS, MESSAGES, MEASURED = 30, 10, 5_000, 60

# Counts the milliseconds that the page spends on each burst of changes, drawing included.
WATCH = """() => {
  window.spent = [];
  const drain = window.page.drain.bind(window.page);
  window.page.drain = () => {
    const began = performance.now();
    drain();
    document.body.offsetHeight;
    window.spent.push(performance.now() - began);
  };
}"""


def measure() -> list[Line]:
    if not any(map(shutil.which, NAMES)):
        return [skip("the page", "no Chromium is installed")]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cast.toml"
        path.write_text(cast(), encoding="utf-8")
        words = ["-m", "simulator", "--port", "0", "--paused", "--cast", str(path)]
        with subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdout is not None
            try:
                return lines(Client(server.stdout.readline().split()[-1]), server.pid)
            finally:
                server.terminate()


def lines(client: Client, server: int) -> list[Line]:
    empty = memory(server)
    fill(client)
    full = memory(server)
    spent = draw(client)
    name = f"the page, {PHONES} phones, {MESSAGES:,} messages"
    return [
        Line(f"{name}: one more drawn", "ms", [statistics.median(spent)]),
        Line(f"{name}: one more drawn, p95", "ms", [percentile(spent, 0.95)]),
        Line(f"{name}: memory of the server", "MB", [full], "empty", [empty]),
    ]


def cast() -> str:
    """30 people in 10 groups, as a cast file."""
    people = "".join(
        f'[[people]]\nslug = "p{n}"\nfirst_name = "Personne {n}"\n' for n in range(PHONES)
    )
    groups = "".join(
        f'[[groups]]\nslug = "g{n}"\ntitle = "Groupe {n}"\nbot = true\n'
        f"members = {json.dumps([f'p{p}' for p in range(PHONES) if p % GROUPS == n])}\n"
        for n in range(GROUPS)
    )
    return people + groups


def fill(client: Client) -> None:
    for number in range(MESSAGES):
        client.say(f"p{number % PHONES}", f"Message {number}", chat=f"g{number % GROUPS}")


def draw(client: Client) -> list[float]:
    """Milliseconds that one more message costs the page, every phone in its group's chat."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(client.url)
        page.locator(".phone").nth(PHONES - 1).wait_for()
        page.evaluate(WATCH)
        for number in range(MEASURED):
            say_and_see(client, page, number)
        spent: list[float] = page.evaluate("window.spent")
        browser.close()
    return spent


def say_and_see(client: Client, page: Page, number: int) -> None:
    text = f"Mesure {number}."
    client.say("p0", text, chat="g0")
    page.locator(".phone").first.get_by_text(text, exact=True).wait_for()


def memory(pid: int) -> float:
    """Resident megabytes of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
