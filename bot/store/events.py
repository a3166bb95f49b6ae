"""The event chain: append-only, each event sealed with the hash of the one before."""

import hashlib
import hmac
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, text
from sqlmodel import SQLModel

from bot import models
from bot.domain.record import Entry

events = SQLModel.metadata.tables[str(models.Event.__tablename__)]
c = events.c

START = "0" * 64
CHAIN_LOCK = 7404
"""Any number, as long as nobody else locks with it."""
NEWEST = select(c.id, c.hash).order_by(c.id.desc()).limit(1)


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
        newest = self.newest()
        previous = newest[1] if newest else START
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

    def about(self, codes: Collection[str], kinds: Collection[str]) -> dict[str, list[Entry]]:
        """What of these kinds was logged of these patients, oldest first."""
        asked = select(c.code, c.kind, c.member_id, c.data).where(
            c.code.in_(list(codes)), c.kind.in_(list(kinds))
        )
        found: dict[str, list[Entry]] = {}
        for code, *entry in self._connection.execute(asked.order_by(c.code, c.id)):
            found.setdefault(code, []).append(Entry(*entry))
        return found

    def of_kinds(self, kinds: Collection[str]) -> list[Entry]:
        """All of these kinds, oldest first."""
        asked = select(c.kind, c.member_id, c.data).where(c.kind.in_(list(kinds))).order_by(c.id)
        return [Entry(*row) for row in self._connection.execute(asked)]

    def codes_of(self, kind: str) -> set[str]:
        """The patients of whom such an event was logged."""
        return set(self._connection.execute(select(c.code).where(c.kind == kind)).scalars())

    def count_of(self, code: str) -> int:
        counted = select(func.count()).where(c.code == code)
        return int(self._connection.execute(counted).scalar_one())

    def count_since(self, kind: str, since: datetime) -> int:
        counted = select(func.count()).where(c.kind == kind, c.at >= since)
        return int(self._connection.execute(counted).scalar_one())

    def last(self, kind: str) -> Event | None:
        """The newest of a kind."""
        found = select(events).where(c.kind == kind).order_by(c.id.desc()).limit(1)
        row = self._connection.execute(found).mappings().first()
        return _event(row) if row else None

    def count(self, up_to: int | None = None) -> int:
        """How many there are, to the end or up to a number."""
        counted = select(func.count()).select_from(events)
        if up_to is not None:
            counted = counted.where(c.id <= up_to)
        return int(self._connection.execute(counted).scalar_one())

    def newest(self) -> tuple[int, str] | None:
        """The number and the hash of the newest event."""
        row = self._connection.execute(NEWEST).first()
        return tuple(row) if row else None

    def hash_of(self, number: int) -> str | None:
        found: str | None = self._connection.execute(select(c.hash).where(c.id == number)).scalar()
        return found

    def hash_at(self, place: int) -> str | None:
        """The hash of the first, second … event; none if there are fewer."""
        if place < 1:
            return None
        found = select(c.hash).order_by(c.id).offset(place - 1).limit(1)
        at: str | None = self._connection.execute(found).scalar()
        return at

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

        What was cut off at its end is not seen: what is left is a whole chain. What was posted of
        it shows that (`bot/store/proofs.py`).
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
