"""The only file of the bench that knows the inside of the bot; when that changes, adapt this.

What it gives to the measures: a whole bot in this process on a clock that is moved by hand, fed
with Telegram's own raw updates, its network replaced by `bench.chats`.
"""

import asyncio
import gc
import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine, Table, event, func, insert, select
from sqlmodel import SQLModel
from telegram import Bot
from telegram.request import BaseRequest, RequestData

from bench.api import TOKEN
from bench.chats import Chats, Wrong, query_of, tapped, typed
from bench.process import SETUP_CODE
from bench.town import Town
from bot import app, migrations
from bot.care import auditor
from bot.domain import codes
from bot.domain.message import Priority
from bot.relais import Relais
from bot.settings import Settings
from bot.store import Database
from bot.throttle import LIMITS_NONE, Throttle
from bot.transport import TelegramTransport

START = datetime(2026, 3, 9, 8, tzinfo=UTC)
"""A Monday morning."""
ONE_AT_A_TIME = Lock()
"""Alembic keeps what it does in globals."""
NUMBERS = count(1)
"""Of updates: one that a database has seen is never given to a copy of it again."""
BREATH = 0.001
"""Seconds between two looks at the loop."""
SAVING = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT")
"""How the statements begin that do nothing but hold a transaction together."""
RINGS = 1000
"""After so many at one instant something does not move."""
DATED = "next_at"
"""The column that makes a thing a dated thing."""


# The database


def _settings(where: Path | str) -> Settings:
    url = where if isinstance(where, str) else f"sqlite:///{where / 'relais.db'}"
    return Settings.model_construct(
        database_url=url,
        setup_code=SecretStr(SETUP_CODE),
        audit_key=SecretStr("the-key-of-the-bench"),
    )


def open_database(where: Path | str, clock: Callable[[], datetime]) -> Database:
    """A database in a folder or at an address, its tables there."""
    settings = _settings(where)
    network = replace(app.load_network(settings), bot_name="relais_bench_bot")
    database = app.open_database(settings, clock, app.load_texts(settings), network)
    with ONE_AT_A_TIME:
        migrations.upgrade(database.engine)
    return database


def write_letters(where: Path | str, letters: Sequence[tuple[int, str]]) -> None:
    """Messages that wait to leave, of the lowest priority, in this order."""
    now = datetime.now(UTC)
    database = open_database(where, lambda: now)
    with database.unit() as unit:
        for number, (chat, body) in enumerate(letters):
            unit.outbox.send(chat, f"bench:{number}", body, [], priority=Priority.BULK)
    database.close()


# The bot, its messenger in memory


class Memory(BaseRequest):
    """PTB's network: it asks the chats, and waits for nobody."""

    read_timeout = None

    def __init__(self, chats: Chats) -> None:
        self._chats = chats
        self.calls = 0

    async def initialize(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass

    async def do_request(
        self,
        url: str,
        method: str,  # noqa: ARG002
        request_data: RequestData | None = None,
        *_: object,
        **__: object,
    ) -> tuple[int, bytes]:
        self.calls += 1
        given = dict(request_data.json_parameters) if request_data else {}
        try:
            result = self._chats.call(url.rpartition("/")[2], given)
        except Wrong as wrong:
            said = {"ok": False, "error_code": 400, "description": f"Bad Request: {wrong}"}
            return 400, json.dumps(said).encode()
        return 200, json.dumps({"ok": True, "result": result}).encode()


class Clock:
    """Moves only when told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class Ward:
    """A whole bot in this process; a messenger to `bench.town`."""

    def __init__(self, where: Path | str, chats: Chats | None = None) -> None:
        gc.freeze()  # as `python -m bot run` does
        self.clock = Clock()
        self.chats = chats or Chats()
        self._runner = asyncio.Runner()
        self._database = open_database(where, self.clock)
        self._request = Memory(self.chats)
        self._relais = self._runner.run(self._open())
        self._database.leader.take()
        self._relais.prepare()
        self.town = Town(self)

    async def _open(self) -> Relais:
        bot = Bot(TOKEN, request=self._request, get_updates_request=self._request)
        await bot.initialize()
        return Relais(
            database=self._database,
            bot=bot,
            transport=TelegramTransport(bot),
            words=app.load_texts(_settings("")),
            wall=self.clock,
            throttle=Throttle(LIMITS_NONE),
            bot_name=bot.username,
        )

    @property
    def engine(self) -> Engine:
        return self._database.engine

    def close(self) -> None:
        self._database.close()
        self._runner.close()

    # In and out

    def take(self, updates: Sequence[Mapping[str, Any]]) -> None:
        """A batch of raw updates comes in: handled and committed."""
        take: Callable[[Sequence[Any]], Any] = self._relais.intake.take
        self._finish(take(updates))

    def flush(self) -> int:
        """All that waits leaves; gives how many requests that took."""
        before = self._request.calls
        self._runner.run(_awaited(self._relais.sender.flush()))
        return self._request.calls - before

    def typed(self, person: int, text: str, chat: int = 0) -> dict[str, Any]:
        """A raw update: somebody wrote."""
        self.chats.known |= {person, chat or person}
        return typed(next(NUMBERS), person, text, chat)

    def tapped(self, person: int, chat: int, message: int, data: str) -> dict[str, Any]:
        """A raw update: somebody pressed."""
        number = next(NUMBERS)
        self.chats.asked.add(query_of(number))
        return tapped(number, person, chat, message, data)

    def say_and_wait(self, person: int, text: str, chat: int = 0) -> None:
        self.take([self.typed(person, text, chat)])
        self.flush()

    def press_and_wait(self, person: int, chat: int, message: int, data: str) -> None:
        self.take([self.tapped(person, chat, message, data)])
        self.flush()

    def rest(self) -> None:
        """Nothing is under way between two calls."""
        self.flush()

    # The clock

    def ring(self) -> int:
        """One ring, as the bell has it; gives how many items were handled."""
        handled: int = self._finish(self._relais.ring())
        return handled

    def held(self) -> tuple[int, float]:
        """One ring; gives how many items, and the longest time that it held the loop."""
        return self._runner.run(_watched(self._relais.ring))

    def settle(self, **later: float) -> None:
        """Let time pass, and handle and send all that is due by then."""
        self.clock.now += timedelta(**later)
        for _ in range(RINGS):
            if not self.ring():
                break
        self.flush()

    def until_due(self) -> datetime:
        """Move to the next instant at which something is due."""
        due = self._relais.next_due()
        assert due is not None
        self.clock.now = max(due, self.clock.now)
        return self.clock.now

    # What is asked of the whole

    def enrol(self, patients: int) -> list[str]:
        return [self.town.enrol(self.clock.now.date()) for _ in range(patients)]

    def audit(self) -> object:
        return self._relais.unexplained()

    def health(self) -> object:
        return self._relais.health()

    def digest(self) -> None:
        """The morning's message, at whatever hour."""
        with self._database.unit() as unit:
            auditor.digest(unit)

    def dated(self) -> int:
        """How many dated things there are."""
        tables = [t for t in SQLModel.metadata.tables.values() if DATED in t.c]
        with self.engine.connect() as connection:
            return sum(
                connection.execute(
                    select(func.count()).select_from(t).where(t.c[DATED].is_not(None))
                ).scalar_one()
                for t in tables
            )

    def multiply(self, patients: int) -> None:
        """Copy what is stored of the patients until there are so many, each with a code."""
        _multiply(self.engine, patients)

    def statements(self) -> "Statements":
        """What the database is asked, from now on."""
        return Statements(self.engine)

    def _finish(self, result: Any) -> Any:
        return self._runner.run(_awaited(result)) if inspect.isawaitable(result) else result


@contextmanager
def ward(where: Path | str, **teams: int) -> Iterator[Ward]:
    """A ward whose nurse came in, with so many members of each team and the team's group."""
    with reopened(where) as made:
        made.town.gather(**teams)
        made.settle()
        yield made


@contextmanager
def reopened(where: Path | str, chats: Chats | None = None) -> Iterator[Ward]:
    """A ward on a database that is there already, and on its chats."""
    made = Ward(where, chats)
    try:
        yield made
    finally:
        made.close()


async def _awaited(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


async def _watched(work: Callable[[], Any]) -> tuple[int, float]:
    """Do it while somebody else wants the loop all the time."""
    longest, last, going = 0.0, perf_counter(), True

    async def look() -> None:
        nonlocal longest, last
        while going:
            await asyncio.sleep(BREATH)
            now = perf_counter()
            longest, last = max(longest, now - last - BREATH), now

    looking = asyncio.create_task(look())
    await asyncio.sleep(BREATH * 10)
    longest = 0.0
    handled = await _awaited(work())
    await asyncio.sleep(BREATH)
    going = False
    await looking
    return int(handled), longest


# Statements


@dataclass
class Statements:
    """Counts statements and commits inside of a block, whatever only holds them together not."""

    engine: Engine
    asked: int = 0
    commits: int = 0

    def __enter__(self) -> "Statements":
        event.listen(self.engine, "before_cursor_execute", self._ask)
        event.listen(self.engine, "commit", self._commit)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._ask)
        event.remove(self.engine, "commit", self._commit)

    def _ask(self, _connection: Any, _cursor: Any, statement: str, *_: object) -> None:
        self.asked += not statement.lstrip().upper().startswith(SAVING)

    def _commit(self, _connection: Any) -> None:
        self.commits += 1


# Many patients


def _multiply(engine: Engine, patients: int) -> None:
    """Each copy has a code of its own; all the rest is as it was."""
    tables = [t for t in SQLModel.metadata.sorted_tables if t.name in ("patient", "dated")]
    with engine.begin() as connection:
        rows = {t: [dict(r) for r in connection.execute(select(t)).mappings()] for t in tables}
        known = {row["code"] for row in rows[tables[0]]} | {row["code"] for row in rows[tables[1]]}
        originals = sorted(known - {""})
        fours = iter(codes.every_four())
        made: dict[Table, list[dict[str, Any]]] = {table: [] for table in tables}
        for number in range(patients - len(originals)):
            old = originals[number % len(originals)]
            new = next(f"{old[:4]}{four}" for four in fours if f"{old[:4]}{four}" not in known)
            for table in tables:
                made[table] += [_renamed(r, new) for r in rows[table] if r["code"] == old]
        for table, copies in made.items():
            for at in range(0, len(copies), 5000):
                connection.execute(insert(table), copies[at : at + 5000])
        connection.exec_driver_sql("ANALYZE")


def _renamed(row: Mapping[str, Any], code: str) -> dict[str, Any]:
    changed = {**row, "code": code}
    if "four" in row:
        facts = json.loads(row["facts"]) | {"code": code}
        changed |= {"four": code[4:], "facts": json.dumps(facts)}
    return changed
