"""Updates that came in: each taken once; those that wait are kept, those that failed noted."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
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


@cache
def _insert(dialect: str) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    # Telegram brings an update again until it is acknowledged: the second does nothing.
    return insert(inbox).on_conflict_do_nothing()


def take(unit: "Unit", update_ids: Collection[int]) -> set[int]:
    """Record these updates; gives those that nobody took before."""
    if not update_ids:
        return set()
    rows = [
        {"update_id": id_, "at": unit.now, "waiting": False, "urgency": 0} | FINE
        for id_ in update_ids
    ]
    new = _insert(unit.connection.dialect.name).returning(c.update_id)
    return set(unit.connection.execute(new, rows).scalars())


def set_aside(unit: "Unit", updates: Mapping[int, tuple[int, Raw]]) -> None:
    """Keep updates, each with its urgency, until their turn; known ones are left as they are."""
    rows = [
        {
            "update_id": id_,
            "at": unit.now,
            "waiting": True,
            "urgency": urgency,
            "content": content,
        }
        | FINE
        for id_, (urgency, content) in updates.items()
    ]
    unit.connection.execute(_insert(unit.connection.dialect.name), rows)


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
