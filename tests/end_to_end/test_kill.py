"""A busy day of a bot that is killed again and again: no tap is lost, none acts twice."""

import os
import random
import secrets
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.domain.message import text
from bot.texts import CATALOGUE, Texts
from simulator.client import Client
from tests.end_to_end.nest import hatch
from tests.end_to_end.programs import CAST, run, settings, simulator, until_it_follows
from tests.end_to_end.town import NURSE, PARIS, Town

KILLS, PATIENTS = 3, 2
MANY_KILLS, MANY_PATIENTS = 50, 10
LONGEST_LIFE = 1.5
"""Real seconds; a bot needs about a third of it to be up."""
BACKLOG = 60.0
"""Real seconds for what the killed ones left to the last one."""
REQUEST = "yescarta apherese 23/03/2026 j0 27/04/2026 centre TLS"
STEPS = {
    "rcp": ("efs", NURSE, 2),
    "consentement": ("efs", NURSE, 3),
    "bilan_apherese": ("efs", "amina", 3),
    "consultation_neuro": ("neurologie", "alary", 1),
    "irm": ("neurologie", "alary", 1),
    "eeg": ("neurologie", "alary", 1),
}
"""Who ticks it where, and how many points its list has."""
ALARMED_AFTER = "bilan_apherese"


KEPT_WHOLE = "json_extract(payload, '$.invitation') IS NULL"
"""A letter that leaves as it is kept: the link of an invitation is put in on the way."""
MARKS = tuple(
    Texts(CATALOGUE, PARIS).render(text(key)) for key in ("outbox.again", "outbox.perhaps_again")
)
"""How begins what may arrive a second time."""


@dataclass(frozen=True)
class Tap:
    """A button that is pressed; or, without its data, words that are written."""

    person: str
    chat: str
    data: str = ""
    said: str = ""


def test_a_bot_that_is_killed_loses_no_tap_and_repeats_none(tmp_path: Path) -> None:
    live_through(tmp_path, KILLS, PATIENTS)


@pytest.mark.faults
@pytest.mark.time_limit(900)
def test_a_bot_that_is_killed_fifty_times_loses_no_tap_and_repeats_none(tmp_path: Path) -> None:
    live_through(tmp_path, MANY_KILLS, MANY_PATIENTS)


def live_through(tmp_path: Path, kills: int, patients: int) -> None:
    draw = seeded()
    with simulator(tmp_path, "2026-03-09T10:00+01:00", "--cast", str(CAST)) as url:
        client, given = Client(url), settings(url, tmp_path)
        open_the_day(client, given, tmp_path, patients)
        taps = mixed(draw, tmp_path)

        live_and_die(client, given, tmp_path, taps, draw, kills)

        last = hatch(given, tmp_path)
        until_it_follows(client)
        client.until_quiet(BACKLOG)
        last.terminate()
        last.join()
        assert client.state()["pending_updates"] == 0
        assert_each_acted_once(tmp_path, patients)
        assert_each_alert_was_heard(client, tmp_path)
        assert_each_letter_left(client, tmp_path)
        code, _, why = run(tmp_path, given, "audit")
        assert code == 0, why


def seeded() -> random.Random:
    """A run of its own each time; `SEED=…` repeats one that failed."""
    seed = int(os.environ.get("SEED") or secrets.randbelow(10**9))
    sys.stdout.write(f"SEED={seed}\n")
    return random.Random(seed)


def open_the_day(client: Client, given: dict[str, str], folder: Path, patients: int) -> None:
    """Everybody joins, the patients are enrolled; then the first bot is killed too."""
    bot = hatch(given, folder)
    until_it_follows(client)
    client.until_quiet()
    town = Town(client)
    town.gather()
    for _ in range(patients):
        town.enrol(REQUEST)
    bot.kill()
    bot.join()


def mixed(draw: random.Random, folder: Path) -> list[Tap]:
    """The taps of the day: each step's own in their order, those of the patients mixed."""
    queues = [list(taps_of(code)) for (code,) in rows(folder, "code FROM patient ORDER BY code")]
    day = []
    while any(queues):
        day.append(draw.choice([queue for queue in queues if queue]).pop(0))
    return day


def taps_of(code: str) -> Iterator[Tap]:
    """Each step ticked and confirmed, and confirmed again by somebody else; amid them an alert."""
    for slug, (chat, person, items) in STEPS.items():
        yield Tap(person, chat, f"step:done:{code}:{slug}")
        for item in range(items):
            yield Tap(person, chat, f"step:set:{code}:{slug}:{item}:1")
        for confirming in (person, NURSE):
            yield Tap(confirming, chat, f"step:confirm:{code}:{slug}")
        if slug == ALARMED_AFTER:
            yield Tap("sofia", "greffe", said=f"/alerte {code}")


def live_and_die(
    client: Client,
    given: dict[str, str],
    folder: Path,
    taps: list[Tap],
    draw: random.Random,
    kills: int,
) -> None:
    """Half of each share is tapped while no bot runs, half while one does or is starting."""
    shown = {chat: newest(client, chat) for chat in ("efs", "neurologie")}
    for turn in range(kills):
        share = taps[turn * len(taps) // kills : (turn + 1) * len(taps) // kills]
        press(client, share[: len(share) // 2], shown)
        bot = hatch(given, folder)
        bot.join(draw.uniform(0, LONGEST_LIFE / 2))
        press(client, share[len(share) // 2 :], shown)
        bot.join(draw.uniform(0, LONGEST_LIFE / 2))
        assert bot.is_alive(), (folder / "bot.log").read_text("utf-8")
        bot.kill()
        bot.join()


def newest(client: Client, chat: str) -> int:
    return int([m for m in client.messages(chat) if m["from"]["is_bot"]][-1]["id"])


def press(client: Client, taps: list[Tap], shown: dict[str, int]) -> None:
    for tap in taps:
        if tap.said:
            client.say(tap.person, tap.said, tap.chat)
            continue
        message = shown[tap.chat]
        client.press(tap.person, chat=tap.chat, message=message, data=tap.data, stale=True, wait=0)


def rows(folder: Path, what: str) -> list[tuple[Any, ...]]:
    database = sqlite3.connect(folder / "relais.db")
    try:
        return database.execute(f"SELECT {what}").fetchall()
    finally:
        database.close()


def assert_each_acted_once(folder: Path, patients: int) -> None:
    done = Counter(
        rows(folder, "code, json_extract(data, '$.step') FROM event WHERE kind = 'step_done'")
    )
    offered = rows(folder, "code FROM event WHERE kind = 'relay_offered'")
    raised = rows(folder, "code FROM event WHERE kind = 'alert_raised'")

    assert set(done.values()) == {1}
    assert len(done) == patients * len(STEPS)
    assert len(offered) == len(set(offered)) == patients
    assert len(raised) == len(set(raised)) == patients
    assert rows(folder, "error FROM inbox WHERE failed") == []


def assert_each_alert_was_heard(client: Client, folder: Path) -> None:
    """In the group of the intensive care unit, whatever was killed meanwhile."""
    unit = next(chat["id"] for chat in client.chats() if chat["slug"] == "reanimation")
    heard = rows(
        folder, f"cause FROM outbox WHERE chat_id = {unit} AND priority = 0 AND state = 'sent'"
    )
    codes = rows(folder, "code FROM patient")

    assert {cause for (cause,) in heard} >= {f"alert:{code}:1" for (code,) in codes}


def assert_each_letter_left(client: Client, folder: Path) -> None:
    """At least once; more than once only as what it is, something that may be known already."""
    plain, marked = Counter[tuple[int, str]](), Counter[tuple[int, str]]()
    for call in client.calls(method="sendMessage"):
        # Cut after its effect, it was read, although nobody told us so.
        if call["status"] != 200 and call["fault"] != "cut_after":
            continue
        said = call["params"].get("text", "")
        mark = next((each for each in MARKS if said.startswith(each)), "")
        left = marked if mark else plain
        left[int(call["params"]["chat_id"]), said.removeprefix(mark)] += 1
    letters = rows(
        folder, f"chat_id, body, state FROM outbox WHERE kind = 'send' AND {KEPT_WHOLE}"
    )
    written = Counter((chat, body) for chat, body, _ in letters)
    sent = Counter((chat, body) for chat, body, state in letters if state == "sent")

    assert {state for *_, state in letters} <= {"sent", "cancelled"}
    for letter, n in written.items():
        assert plain[letter] + marked[letter] >= sent[letter], letter
        assert plain[letter] <= n, letter
