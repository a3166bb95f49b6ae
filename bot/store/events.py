"""The event chain: append-only, each event sealed with the hash of the one before."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, text
from sqlmodel import col

from bot.models import Bell, Event
from bot.store.work import Work

START = "0" * 64


class Events(Work):
    """Who did what, when and why."""

    def record(
        self, kind: str, *, member: int | None = None, patient: int | None = None, **data: Any
    ) -> Event:
        """Append one event; identifiers and values only, never a name."""
        self._wait_for_chain()
        event = Event(
            at=self.now,
            member_id=member,
            patient_id=patient,
            kind=kind,
            data=json.dumps(data, ensure_ascii=False, sort_keys=True, default=str),
            previous=self._last_hash(),
            hash="",
        )
        event.hash = seal(event, self.audit_key)
        return self.add(event)

    def event(self, event_id: int) -> Event | None:
        return self.get(Event, event_id)

    def events_of(self, patient: int) -> Sequence[Event]:
        """All that happened to a patient, in order."""
        of_patient = select(Event).where(col(Event.patient_id) == patient)
        return self.all(of_patient.order_by(col(Event.id)))

    def newest_events(self, patient: int, kind: str) -> Sequence[Event]:
        """The events of one kind, the newest first."""
        of_kind = select(Event).where(col(Event.patient_id) == patient, col(Event.kind) == kind)
        return self.all(of_kind.order_by(col(Event.id).desc()))

    def first_broken_event(self) -> int | None:
        """The id of the first event whose seal does not hold; none if the chain verifies."""
        previous = START
        for event in self.session.scalars(select(Event).order_by(col(Event.id))):
            if event.previous != previous or event.hash != seal(event, self.audit_key):
                return event.id
            previous = event.hash
        return None

    def count_events(self) -> int:
        return int(self.session.scalar(select(func.count()).select_from(Event)) or 0)

    def bell(self, name: str) -> Bell | None:
        return self.get(Bell, name)

    def due_bells(self) -> Sequence[Bell]:
        return self.all(
            select(Bell).where(col(Bell.next_at) <= self.now).order_by(col(Bell.next_at))
        )

    def _last_hash(self) -> str:
        last = select(col(Event.hash)).order_by(col(Event.id).desc()).limit(1)
        return str(self.session.scalar(last) or START)

    def _wait_for_chain(self) -> None:
        # SQLite has one writer; on PostgreSQL two could read the same last hash.
        if self.session.get_bind().dialect.name == "postgresql":
            self.session.execute(text("SELECT pg_advisory_xact_lock(7404)"))


def seal(event: Event, audit_key: bytes) -> str:
    """HMAC-SHA256 over the event and the hash before it (RFC 2104)."""
    whole = json.dumps(
        [
            event.previous,
            event.at.isoformat(),
            event.member_id,
            event.patient_id,
            event.kind,
            event.data,
        ],
        ensure_ascii=False,
    )
    return hmac.new(audit_key, whole.encode(), hashlib.sha256).hexdigest()
