"""The hospitals of the simulation on a real database: its twin in memory must say the same."""

import sys
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import zip_longest
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select, update
from sqlmodel import SQLModel

from bot import migrations, models
from bot.care.receipts import Landed
from bot.domain.message import Kind, Priority
from bot.store import Database
from bot.store.database import open_engine
from bot.store.memory import Memory, whole
from tests import postgres, simulation
from tests.simulation import NUMBERED_FROM, Clock, Keys, Simulation

OUTBOX = SQLModel.metadata.tables[str(models.Outbox.__tablename__)]
DELIVER = (
    update(OUTBOX)
    .where(OUTBOX.c.state == "pending")
    .values(state="sent", message_id=OUTBOX.c.id + NUMBERED_FROM)
)
CALLS = (
    select(OUTBOX.c.cause, OUTBOX.c.team, OUTBOX.c.chat_id)
    .where(
        OUTBOX.c.state == "pending",
        OUTBOX.c.kind == Kind.SEND.value,
        OUTBOX.c.priority == int(Priority.ALERT),
    )
    .order_by(OUTBOX.c.id)
)
SOME = 2
"""Seeds of each run of `make simulate` that are played on the databases too."""

Spoken = tuple[datetime, int, str, str, str]
"""When, to which chat, what kind of letter, its body, its key."""


def play_on(url: str, seed: int) -> Database:
    """The hospital of a seed on an empty database with its tables; closing it is yours."""
    clock = Clock(seed)
    database = Database(
        url,
        clock=clock,
        words=Keys(),
        network=simulation.network(),
        audit_key=b"key-of-the-simulation",
        draw=simulation.draws(seed),
    )
    try:
        assert database.leader.take()
        Simulation(seed, database, clock, partial(_deliver, database)).run()
    except BaseException:
        database.close()
        raise
    return database


def _deliver(database: Database) -> list[Landed]:
    with database.engine.begin() as connection:
        calls = [tuple(row) for row in connection.execute(CALLS)]
        connection.execute(DELIVER)
    return calls


def said(store: Memory | Database) -> list[Spoken]:
    """Every letter, however it was numbered."""
    if isinstance(store, Memory):
        rows = store.facts.letters
    else:
        with store.look() as unit:
            rows = [dict(row) for row in unit.connection.execute(select(OUTBOX)).mappings()]
    keys = {row["id"]: row["dedupe_key"] for row in rows}
    return sorted(
        (row["created_at"], row["chat_id"], row["kind"], row["body"], _key(row, keys))
        for row in rows
    )


def _key(row: dict[str, Any], keys: dict[int, str]) -> str:
    """The key of a message that is rewritten ends with the number of its letter."""
    key = str(row["dedupe_key"])
    if row["kind"] != Kind.EDIT.value or "#" not in key:
        return key
    kept, _, number = key.rpartition(":")
    return f"{kept} of {keys[int(number)]}"


def known(store: Memory | Database) -> dict[str, dict[str, Any]]:
    """Every fact of every patient; only the version of the pathway is named in two ways."""
    with store.look() as unit:
        codes = [code for code, _, _ in unit.records.patients("", 0, 50).lines]
        records = unit.records.look(codes)
    found = {code: whole(records[code]) for code in sorted(records)}
    for facts in found.values():
        del facts["patient"]["pathway"]
    return found


def disagreement(memory: Memory, database: Database) -> str:
    """The first thing in which they differ; nothing if they agree."""
    for here, there in zip_longest(said(memory), said(database)):
        if here != there:
            return f"in memory {here}, on the database {there}"
    ours, theirs = known(memory), known(database)
    for code in sorted({*ours, *theirs}):
        for kind, of in ours.get(code, {}).items():
            if of != theirs.get(code, {}).get(kind):
                return f"{kind} {code}: in memory {of}"
    return "" if ours == theirs else "the database knows more patients"


def compare(seeds: Sequence[int]) -> int:
    """Some hospitals on SQLite and on PostgreSQL; 1 if one of them differs."""
    with TemporaryDirectory(prefix="relais-twins-") as folder:
        for seed in seeds[:SOME]:
            memory = simulation.play(seed)[1]
            for url in (f"sqlite:///{folder}/{seed}.db", postgres.create(f"seed_{seed}")):
                found, name = _compare(url, seed, memory)
                sys.stdout.write(f"seed {seed} on {name}: {found or 'the same'}\n")
                if found:
                    return 1
    postgres.admin().dispose()
    return 0


def _compare(url: str, seed: int, memory: Memory) -> tuple[str, str]:
    engine = open_engine(url)
    migrations.upgrade(engine)
    engine.dispose()
    database = play_on(url, seed)
    found = disagreement(memory, database)
    database.close()
    return found, database.engine.dialect.name
