"""A busy day of a bot that is killed fifty times: no tap is lost, none acts twice."""

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

from simulator.client import Client
from tests.end_to_end.nest import hatch
from tests.end_to_end.programs import CAST, run, settings, simulator, until_it_follows
from tests.end_to_end.town import NURSE, Town

KILLS = 50
PATIENTS = 10
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
ALERT = 0


@dataclass(frozen=True)
class Tap:
    person: str
    chat: str
    data: str


def test_a_bot_that_is_killed_loses_no_tap_and_repeats_none(tmp_path: Path) -> None:
    draw = seeded()
    with simulator(tmp_path, "2026-03-09T10:00+01:00", "--cast", str(CAST)) as url:
        client, given = Client(url), settings(url, tmp_path)
        open_the_day(client, given, tmp_path)
        taps = mixed(draw, tmp_path)

        live_and_die(client, given, tmp_path, taps, draw)

        last = hatch(given, tmp_path)
        until_it_follows(client)
        client.until_quiet(BACKLOG)
        last.terminate()
        last.join()
        assert client.state()["pending_updates"] == 0
        assert_each_acted_once(tmp_path)
        assert_each_letter_left(client, tmp_path)
        code, _, why = run(tmp_path, given, "audit")
        assert code == 0, why


def seeded() -> random.Random:
    """A run of its own each time; `SEED=…` repeats one that failed."""
    seed = int(os.environ.get("SEED") or secrets.randbelow(10**9))
    sys.stdout.write(f"SEED={seed}\n")
    return random.Random(seed)


def open_the_day(client: Client, given: dict[str, str], folder: Path) -> None:
    """Everybody joins, the patients are enrolled; then the first bot is killed too."""
    bot = hatch(given, folder)
    until_it_follows(client)
    client.until_quiet()
    town = Town(client)
    town.gather()
    for _ in range(PATIENTS):
        town.enrol(REQUEST)
    bot.kill()
    bot.join()


def mixed(draw: random.Random, folder: Path) -> list[Tap]:
    """The taps of the day: each step's own in their order, those of the patients mixed."""
    queues = [list(taps_of(folder, patient)) for (patient,) in rows(folder, "id FROM patient")]
    day = []
    while any(queues):
        day.append(draw.choice([queue for queue in queues if queue]).pop(0))
    return day


def taps_of(folder: Path, patient: int) -> Iterator[Tap]:
    """Each step of a patient ticked and confirmed, and confirmed again by somebody else."""
    ids = dict(rows(folder, f"slug, id FROM step WHERE patient_id = {patient}"))
    for slug, (chat, person, items) in STEPS.items():
        yield Tap(person, chat, f"step:done:{ids[slug]}")
        for item in range(items):
            yield Tap(person, chat, f"step:set:{ids[slug]}:{item}:1")
        for confirming in (person, NURSE):
            yield Tap(confirming, chat, f"step:confirm:{ids[slug]}")


def live_and_die(
    client: Client, given: dict[str, str], folder: Path, taps: list[Tap], draw: random.Random
) -> None:
    """Half of each share is tapped while no bot runs, half while one does or is starting."""
    shown = {chat: newest(client, chat) for chat in ("efs", "neurologie")}
    for turn in range(KILLS):
        share = taps[turn * len(taps) // KILLS : (turn + 1) * len(taps) // KILLS]
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
        message = shown[tap.chat]
        client.press(tap.person, chat=tap.chat, message=message, data=tap.data, stale=True, wait=0)


def rows(folder: Path, what: str) -> list[tuple[Any, ...]]:
    database = sqlite3.connect(folder / "relais.db")
    try:
        return database.execute(f"SELECT {what}").fetchall()
    finally:
        database.close()


def assert_each_acted_once(folder: Path) -> None:
    done = Counter(
        rows(folder, "patient_id, json_extract(data, '$.step') FROM event WHERE kind='step_done'")
    )
    offered = rows(folder, "patient_id FROM event WHERE kind = 'relay_offered'")

    assert set(done.values()) == {1}
    assert len(done) == PATIENTS * len(STEPS)
    assert len(offered) == len(set(offered)) == PATIENTS
    assert rows(folder, "error FROM inbox WHERE failed") == []


def assert_each_letter_left(client: Client, folder: Path) -> None:
    """As often as it is said to have left; in doubt, an alert once more, the others not."""
    calls = Counter(
        (int(call["params"]["chat_id"]), call["params"].get("text", ""))
        for call in client.calls(method="sendMessage")
        if call["status"] == 200
    )
    letters = rows(folder, "chat_id, body, state, priority FROM outbox WHERE kind = 'send'")
    states = Counter((chat, body, state) for chat, body, state, priority in letters)

    assert {state for *_, state, _ in letters} <= {"sent", "unknown", "cancelled"}
    for chat, body, state, priority in letters:
        said, sent = calls[chat, body], states[chat, body, "sent"]
        assert said >= sent, (state, body)
        if priority > ALERT:
            assert said <= sent + states[chat, body, "unknown"], (state, body)
