"""Updates that came in: each taken once; those that wait are kept, those that failed noted."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, null, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from bot.models import Inbox

if TYPE_CHECKING:
    from bot.store.unit import Unit

inbox = SQLModel.metadata.tables[str(Inbox.__tablename__)]
c = inbox.c

Raw = dict[str, Any]
"""An update as Telegram wrote it."""

FIRST = select(c.urgency).where(c.waiting).order_by(c.urgency).limit(1)
NEXT = (
    select(c.content)
    .where(c.waiting, c.urgency == bindparam("urgency"))
    .order_by(c.update_id)
    .limit(bindparam("limit"))
)
HANDLED = (
    update(inbox)
    .where(c.update_id.in_(bindparam("ids", expanding=True)))
    # Kept no longer than its turn: it is what people typed.
    .values(waiting=False, content=null())
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch of updates."""

    new: set[int]
    """Nobody took them before."""
    others: list[int]
    """Of these, the ones whose number another update had lately."""


def digest(raw: Raw) -> int:
    """Eight bytes of what an update says: brought again, it says the same."""
    # Of the message under a button Telegram may show the present state, and not the tapped one.
    query = raw.get("callback_query")
    said = raw
    if isinstance(query, dict):
        said = raw | {"callback_query": {name: query[name] for name in query if name != "message"}}
    whole = json.dumps(said, sort_keys=True, default=str).encode()
    return int.from_bytes(blake2b(whole, digest_size=8).digest(), signed=True)


@cache
def _insert(dialect: str) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    # Telegram brings an update again until it is acknowledged: the second does nothing.
    return insert(inbox).on_conflict_do_nothing()


@cache
def _insert_or_reuse(dialect: str, *, aside: bool) -> Any:
    """As above; but another update under a known number is another update."""
    new = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(inbox)
    row = new.excluded
    again = {"at": row.at, "digest": row.digest, "reused": c.reused + 1}
    if aside:
        again |= {"waiting": row.waiting, "urgency": row.urgency, "content": row.content}
    # One that waits has its turn first.
    other = (c.digest != row.digest) & ~(c.waiting & aside)
    return new.on_conflict_do_update(
        index_elements=[c.update_id], set_=again, where=other
    ).returning(c.update_id, c.reused)


def take(unit: "Unit", updates: Sequence[Raw]) -> Taken:
    """Record these updates; tells those that nobody took before."""
    if not updates:
        return Taken(set(), [])
    return _put(unit, [_row(unit, raw) for raw in updates], aside=False)


def note(unit: "Unit", raw: Raw) -> None:
    """Record it, unless it is known."""
    unit.connection.execute(_insert(unit.connection.dialect.name), [_row(unit, raw)])


def set_aside(
    unit: "Unit", updates: Sequence[tuple[int, Raw]], came: Sequence[Raw] = ()
) -> list[int]:
    """Keep updates, each with its urgency, until their turn; known ones are left as they are.

    `came`: the same before they were screened. Gives the numbers that others had before.
    """
    if not updates:
        return []
    digests = {raw["update_id"]: digest(raw) for raw in came}
    rows = [
        _row(unit, content) | {"waiting": True, "urgency": urgency, "content": content}
        for urgency, content in updates
    ]
    for row in rows:
        row["digest"] = digests.get(row["update_id"], row["digest"])
    return _put(unit, rows, aside=True).others


def _row(unit: "Unit", raw: Raw) -> dict[str, Any]:
    return {
        "update_id": raw["update_id"],
        "at": unit.now,
        "waiting": False,
        "urgency": 0,
        "digest": digest(raw),
        "reused": 0,
    } | FINE


def _put(unit: "Unit", rows: list[dict[str, Any]], *, aside: bool) -> Taken:
    put = _insert_or_reuse(unit.connection.dialect.name, aside=aside)
    found = unit.connection.execute(put, rows).all()
    return Taken({number for number, _ in found}, [number for number, again in found if again])


def known(unit: "Unit", update_ids: Collection[int]) -> set[int]:
    """Those of these numbers that came, to whichever process of ours."""
    came = select(c.update_id).where(c.update_id.in_(list(update_ids)))
    return set(unit.connection.execute(came).scalars())


def waiting(unit: "Unit", limit: int) -> list[Raw]:
    """The next to be handled: the most urgent ones alone, in the order in which they came."""
    # Only the most urgent at a time: what comes meanwhile may be more urgent than the rest.
    first = unit.connection.execute(FIRST).scalar()
    if first is None:
        return []
    return list(unit.connection.execute(NEXT, {"urgency": first, "limit": limit}).scalars())


def handled(unit: "Unit", update_ids: Collection[int]) -> None:
    """Their turn has come and gone: what they said is forgotten."""
    unit.connection.execute(HANDLED, {"ids": list(update_ids)})


def fail(unit: "Unit", update_id: int, error: str) -> None:
    """Remember that handling it raised."""
    failed = update(inbox).where(c.update_id == update_id).values(failed=True, error=error)
    unit.connection.execute(failed)


def failures(unit: "Unit", since: datetime, limit: int) -> list[int]:
    """The numbers of updates that failed since then, the oldest first."""
    failed = select(c.update_id).where(c.failed, c.at >= since).order_by(c.update_id)
    return list(unit.connection.execute(failed.limit(limit)).scalars())


def troubles(unit: "Unit", stuck_before: datetime, since: datetime, limit: int) -> list[str]:
    """Updates that wait since before then, and those that failed since: one line each."""
    waits = select(c.update_id, c.at).where(c.waiting, c.at < stuck_before)
    waits = waits.order_by(c.urgency, c.update_id).limit(limit)
    stuck = unit.connection.execute(waits)
    return [f"update {id_} waits since {at.isoformat()}" for id_, at in stuck] + [
        f"update {id_} failed" for id_ in failures(unit, since, limit)
    ]


def purge(unit: "Unit", before: datetime, limit: int) -> int:
    """Forget old updates: Telegram keeps one for 24 hours, then never delivers it again."""
    # What waits has still to be done, however old.
    old = select(c.update_id).where(c.at < before, ~c.waiting).order_by(c.at).limit(limit)
    return unit.connection.execute(delete(inbox).where(c.update_id.in_(old))).rowcount


FINE = {"failed": False, "error": ""}
