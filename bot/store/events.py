"""The event chain: append-only, each event sealed with the hash of the one before."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, text
from sqlmodel import SQLModel

from bot import models

events = SQLModel.metadata.tables[str(models.Event.__tablename__)]
c = events.c

START = "0" * 64
CHAIN_LOCK = 7404
"""Any number, as long as nobody else locks with it."""
LAST_HASH = select(c.hash).order_by(c.id.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Event:
    """Who did what, when and why."""

    at: datetime
    kind: str
    code: str
    member_id: int | None
    data: Mapping[str, Any]
    id: int = 0


class Events:
    """What happened in this unit; chained and written at its end."""

    def __init__(self, connection: Connection, now: datetime, key: bytes) -> None:
        self._connection = connection
        self._now = now
        self._key = key
        self._new: list[Event] = []

    def record(self, kind: str, code: str = "", member: int | None = None, **data: Any) -> None:
        """Append one event; identifiers and values only, never a name."""
        # Sealed as it will be read: an instant or a tuple would come back as something else.
        plain = json.loads(json.dumps(data, default=str))
        self._new.append(Event(self._now, kind, code, member, plain))

    def write(self) -> None:
        if not self._new:
            return
        if self._connection.dialect.name == "postgresql":
            # SQLite has one writer; here two could read the same last hash.
            self._connection.execute(text(f"SELECT pg_advisory_xact_lock({CHAIN_LOCK})"))
        previous = str(self._connection.execute(LAST_HASH).scalar() or START)
        rows = []
        for event in self._new:
            sealed = seal(event, previous, self._key)
            rows.append(_row(event) | {"previous": previous, "hash": sealed})
            previous = sealed
        self._connection.execute(insert(events), rows)
        self._new = []

    def of(self, code: str, limit: int, offset: int = 0) -> Sequence[Event]:
        """What happened to a patient, oldest first, a page of it."""
        found = select(events).where(c.code == code).order_by(c.id).limit(limit).offset(offset)
        return [_event(row) for row in self._connection.execute(found).mappings()]

    def count_of(self, code: str) -> int:
        counted = select(func.count()).where(c.code == code)
        return int(self._connection.execute(counted).scalar_one())

    def count_since(self, kind: str, since: datetime) -> int:
        counted = select(func.count()).where(c.kind == kind, c.at >= since)
        return int(self._connection.execute(counted).scalar_one())

    def last(self, kind: str) -> Event | None:
        """The newest of a kind."""
        found = select(events).where(c.kind == kind).order_by(c.at.desc(), c.id.desc()).limit(1)
        row = self._connection.execute(found).mappings().first()
        return _event(row) if row else None

    def count(self) -> int:
        return int(self._connection.execute(select(func.count()).select_from(events)).scalar_one())

    def sealed_here(self) -> bool:
        """Whether our key sealed these events: the newest or, if that was changed, the first."""
        ends = [c.id.desc(), c.id]
        found = [self._connection.execute(select(events).order_by(end).limit(1)) for end in ends]
        rows = [row for each in found for row in each.mappings()]
        return not rows or any(self._is_sealed(row) for row in rows)

    def _is_sealed(self, row: Any) -> bool:
        return bool(row["hash"] == seal(_event(row), row["previous"], self._key))

    def first_broken(self) -> int | None:
        """The id of the first event whose seal does not hold; none if the chain verifies.

        What was cut off at its end is not seen: what is left is a whole chain. It shows beside an
        older copy kept elsewhere (a backup), which holds events that are no longer here.
        """
        previous = START
        # Of the statement, not of the connection: what comes after is no stream.
        whole = select(events).order_by(c.id).execution_options(yield_per=1000)
        with self._connection.execute(whole) as found:
            for row in found.mappings():
                if row["previous"] != previous or not self._is_sealed(row):
                    return int(row["id"])
                previous = row["hash"]
        return None


def _row(event: Event) -> dict[str, Any]:
    return {
        "at": event.at,
        "kind": event.kind,
        "code": event.code,
        "member_id": event.member_id,
        "data": dict(event.data),
    }


def _event(row: Any) -> Event:
    known = ("at", "kind", "code", "member_id", "data", "id")
    return Event(**{name: row[name] for name in known})


def seal(event: Event, previous: str, key: bytes) -> str:
    """HMAC-SHA256 over the event and the hash before it (RFC 2104)."""
    # Without the key nobody can seal a forged row, not even who owns the database.
    whole = [previous, event.at.isoformat(), event.member_id, event.code, event.kind, event.data]
    said = json.dumps(whole, ensure_ascii=False, sort_keys=True)
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()
