"""Two bots on one database: one leads, the other takes over; on a file there is no other."""

import json
import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from sqlalchemy import create_engine, text

from simulator.client import Client
from tests import postgres
from tests.end_to_end.nest import hatch
from tests.end_to_end.programs import CAST, SETUP_CODE, bot, free_port, run, settings, simulator
from tests.end_to_end.test_kill import MARKS, seeded
from tests.end_to_end.town import NURSE, Town

KILLS, MANY_KILLS = 2, 50
TAKEOVER = 10.0
"""Real seconds after which nothing of a dead leader waits any more."""
QUESTIONS = 12
LEADS = "this process leads\n"


class Pair:
    """Two bots on one PostgreSQL, each with a log of its own."""

    def __init__(self, given: dict[str, str], folder: Path) -> None:
        self._given, self._folder = given, folder
        self._bots: list[tuple[BaseProcess, Path]] = []
        self.engine = create_engine(given["DATABASE_URL"])

    def add(self) -> None:
        folder = self._folder / f"bot{len(list(self._folder.iterdir()))}"
        folder.mkdir()
        self._bots.append((hatch(self._given, folder), folder))
        until(lambda: "running as" in log(folder), 30)

    def leader(self) -> tuple[BaseProcess, Path]:
        [leader] = [each for each in self._bots if LEADS in log(each[1])]
        return leader

    def kill_the_leader(self) -> None:
        leader = self.leader()
        self._bots.remove(leader)
        end(leader[0])

    def until_one_leads(self) -> None:
        until(lambda: any(LEADS in log(folder) for _, folder in self._bots), TAKEOVER)

    def rows(self, what: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(f"SELECT {what}")))

    def waits(self) -> int:
        return int(self.rows("count(*) FROM outbox WHERE state IN ('pending', 'sending')")[0][0])

    def close(self) -> None:
        for process, _ in self._bots:
            end(process)
        self.engine.dispose()


def end(process: BaseProcess) -> None:
    process.kill()
    process.join()


def log(folder: Path) -> str:
    file = folder / "bot.log"
    return file.read_text("utf-8") if file.exists() else ""


def until(done: Callable[[], bool], seconds: float) -> None:
    latest = monotonic() + seconds
    while not done():
        assert monotonic() < latest, f"not within {seconds} s"
        sleep(0.02)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with simulator(tmp_path, "2026-03-09T10:00+01:00", "--cast", str(CAST)) as url:
        yield url


@pytest.fixture
def pair(url: str, tmp_path: Path) -> Iterator[Pair]:
    given = settings(url, tmp_path, DATABASE_URL=postgres.create("leader"))
    # On the machine's own time.
    del given["CLOCK_URL"]
    folder = tmp_path / "bots"
    folder.mkdir()
    two = Pair(given, folder)
    try:
        two.add()
        two.until_one_leads()
        two.add()
        yield two
    finally:
        two.close()
        postgres.drop("leader")


@pytest.mark.parametrize(
    "kills",
    [KILLS, pytest.param(MANY_KILLS, marks=[pytest.mark.faults, pytest.mark.time_limit(1200)])],
)
def test_a_leader_that_is_killed_is_replaced_and_its_letters_leave(
    url: str, pair: Pair, kills: int
) -> None:
    draw, client = seeded(), Client(url)
    client.start(NURSE, SETUP_CODE)
    until(lambda: bool(Town(client).texts(NURSE)), TAKEOVER)

    for _ in range(kills):
        asked(client, draw)
        pair.kill_the_leader()
        until(lambda: not client.state()["pending_updates"] and not pair.waits(), TAKEOVER)
        pair.until_one_leads()
        pair.add()

    assert [row for (row,) in pair.rows("error FROM inbox WHERE failed")] == []
    assert_each_letter_left(client, pair)


def test_a_leader_that_is_stopped_is_replaced_and_does_nothing_twice_when_it_goes_on(
    url: str, pair: Pair
) -> None:
    draw, client = seeded(), Client(url)
    client.start(NURSE, SETUP_CODE)
    until(lambda: bool(Town(client).texts(NURSE)), TAKEOVER)
    stopped, folder = pair.leader()

    asked(client, draw)
    os.kill(stopped.pid or 0, signal.SIGSTOP)
    asked(client, draw)
    until(lambda: not client.state()["pending_updates"] and not pair.waits(), TAKEOVER)
    os.kill(stopped.pid or 0, signal.SIGCONT)
    until(lambda: "this process leads no more" in log(folder), TAKEOVER)
    until(lambda: not client.state()["pending_updates"] and not pair.waits(), TAKEOVER)

    assert [row for (row,) in pair.rows("error FROM inbox WHERE failed")] == []
    assert_each_letter_left(client, pair)


def asked(client: Client, draw: random.Random) -> None:
    """The nurse writes faster than she is answered."""
    for _ in range(QUESTIONS):
        client.say(NURSE, "/aide", NURSE)
    sleep(draw.uniform(0, 0.3))


def assert_each_letter_left(client: Client, pair: Pair) -> None:
    """At least once; more than once only as what it is, something that may be known already."""
    plain, marked = Counter[tuple[int, str]](), Counter[tuple[int, str]]()
    for call in client.calls(method="sendMessage"):
        said = call["params"].get("text", "")
        mark = next((each for each in MARKS if said.startswith(each)), "")
        left = marked if mark else plain
        if call["status"] == 200:
            left[int(call["params"]["chat_id"]), said.removeprefix(mark)] += 1
    written = Counter(
        tuple(row) for row in pair.rows("chat_id, body FROM outbox WHERE kind = 'send'")
    )

    for letter, n in written.items():
        assert plain[letter] + marked[letter] >= n, letter
        assert plain[letter] <= n, letter


def test_a_second_bot_on_the_same_file_is_refused_with_one_sentence(
    url: str, tmp_path: Path
) -> None:
    given = settings(url, tmp_path)

    with bot(given, tmp_path) as first:
        Town(Client(url)).start(NURSE, SETUP_CODE)
        code, _, why = run(tmp_path, given, "run")
        beside = [run(tmp_path, given, *words)[0] for words in (["audit"], ["backup", "copy"])]
        first.kill()

    assert code == 1
    assert why.splitlines()[-1] == (
        "Another bot runs on the database file of DATABASE_URL: stop it first."
    )
    assert beside == [0, 0]
    # A killed one leaves nothing behind that holds up the next.
    with bot(given, tmp_path) as third:
        assert third.stop() == 0


def test_an_emptied_database_is_refused_until_somebody_means_it(url: str, tmp_path: Path) -> None:
    client, given = Client(url), settings(url, tmp_path)
    with bot(given, tmp_path) as first:
        Town(client).start(NURSE, SETUP_CODE)
        until(lambda: (tmp_path / "relais.db.seen").exists(), TAKEOVER)
        first.kill()
    for file in tmp_path.glob("relais.db*"):
        if file.suffix != ".seen":
            file.unlink()

    refused = [run(tmp_path, given, command) for command in ("run", "migrate")]
    code, said, _ = run(tmp_path, given, "migrate", "--new")

    for failed, _, why in refused:
        assert failed == 1
        assert why.splitlines()[-1].startswith("The database is empty or older")
    assert (code, said) == (0, "The database is up to date.\n")


def test_a_report_is_not_confirmed_into_a_deleted_file(url: str, tmp_path: Path) -> None:
    client, port = Client(url), free_port()
    given = settings(url, tmp_path, HTTP_PORT=str(port))
    with bot(given, tmp_path) as program:
        town = Town(client)
        town.start(NURSE, SETUP_CODE)
        said = len(town.texts(NURSE))
        for file in tmp_path.glob("relais.db*"):
            file.unlink()
        client.say(NURSE, "/aide", NURSE)
        program.until_it_says("the database is not the one that was opened any more")

        status, page = looked(port)

        assert (status, page["status"]) == (503, "database gone")
        assert len(town.texts(NURSE)) == said
        assert client.state()["pending_updates"] == 1


def looked(port: int) -> tuple[int, Any]:
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)
