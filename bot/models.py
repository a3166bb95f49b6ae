"""The tables: stored facts, no rules."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: refuses a naive one, gives back an aware one (SQLite forgets the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime is not an instant")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def instant(*, index: bool = False) -> Any:
    return Field(sa_type=UtcDateTime, index=index)


def instant_or_none(*, index: bool = False) -> Any:
    return Field(default=None, sa_type=UtcDateTime, nullable=True, index=index)


def big(*, unique: bool = False, index: bool = False) -> Any:
    """Telegram's ids need up to 52 bits."""
    return Field(sa_type=BigInteger, unique=unique, index=index)


def long_text(default: str = "") -> Any:
    return Field(default=default, sa_type=Text)


def key() -> Any:
    # SQLite numbers a row by itself only when its key is a plain INTEGER.
    kind = BigInteger().with_variant(Integer, "sqlite")
    return Field(default=None, primary_key=True, sa_type=kind)


class PatientState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class StepState(StrEnum):
    PLANNED = "planned"
    DONE = "done"
    NOT_REQUIRED = "not_required"
    CANCELLED = "cancelled"


class RelayState(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"


class CheckState(StrEnum):
    ASKED = "asked"
    REPORTING = "reporting"
    RAS = "ras"
    REPORTED = "reported"
    MISSED = "missed"
    CANCELLED = "cancelled"


class AlertState(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class DemandKind(StrEnum):
    PROBLEM = "problem"
    MOVE = "move"


class DemandState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"


class LetterState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class Member(SQLModel, table=True):
    """A Telegram account that joined one team."""

    id: int = key()
    telegram_id: int = big(unique=True)
    name: str
    team: str = Field(index=True)
    centre: str
    joined_at: datetime = instant()
    left_at: datetime | None = instant_or_none()
    on_call_until: datetime | None = instant_or_none()
    reachable: bool = True


class Group(SQLModel, table=True):
    """A Telegram group; bound to a team once a coordinator said so."""

    __tablename__ = "team_group"

    id: int = key()
    chat_id: int = big(unique=True)
    title: str
    team: str = Field(default="", index=True)
    centre: str = ""
    bound_at: datetime | None = instant_or_none()
    reachable: bool = True


class Invitation(SQLModel, table=True):
    """A way in; only the hash of its token is kept."""

    token_hash: str = Field(primary_key=True)
    team: str
    centre: str
    uses_left: int
    expires_at: datetime = instant()
    created_by: int | None = None


class Patient(SQLModel, table=True):
    """A code and dates; who it is stays in the hospital."""

    id: int = key()
    code: str = Field(unique=True)
    centre: str
    product: str
    definition: str = long_text()
    rcp_on: date
    apheresis_on: date
    day0_on: date
    discharge_on: date
    state: str = Field(default=PatientState.ACTIVE.value, index=True)
    ending: str = ""
    created_at: datetime = instant()
    created_by: int | None = None
    next_at: datetime | None = instant_or_none(index=True)
    """The next toxicity check; none before the injection and after the watch."""


class Step(SQLModel, table=True):
    """One dated step of one patient."""

    __table_args__ = (UniqueConstraint("patient_id", "slug"),)

    id: int = key()
    patient_id: int = Field(foreign_key="patient.id", index=True)
    slug: str
    position: int
    team: str
    on: date
    due_at: datetime = instant()
    state: str = StepState.PLANNED.value
    next_at: datetime | None = instant_or_none(index=True)
    ready_at: datetime | None = instant_or_none()
    """Since when nothing holds it back; lateness runs from it if it came after the hour."""
    done_at: datetime | None = instant_or_none()
    done_by: int | None = None
    data: str = long_text("{}")
    """Checklist values, `{item: value}`, as JSON."""
    note: str = long_text()
    waived_by: str = ""
    moved: int = 0
    """How often the date moved; part of each reminder's key."""


class Relay(SQLModel, table=True):
    """A patient handed over: offered by one team, read back by the other."""

    id: int = key()
    patient_id: int = Field(foreign_key="patient.id", index=True)
    step_id: int = Field(foreign_key="step.id", index=True)
    from_team: str
    to_team: str
    title: str = ""
    label: str
    answer: str
    choices: str = long_text("[]")
    state: str = RelayState.OFFERED.value
    offered_at: datetime = instant()
    deadline_at: datetime = instant()
    next_at: datetime | None = instant_or_none(index=True)
    rung: int = 0
    wrong: int = 0
    accepted_at: datetime | None = instant_or_none()
    accepted_by: int | None = None


class Round(SQLModel, table=True):
    """One toxicity round: what is asked of one team at one instant."""

    __tablename__ = "toxicity_round"

    id: int = key()
    team: str
    centre: str
    at: datetime = instant()
    next_at: datetime | None = instant_or_none(index=True)
    rung: int = 0


class Check(SQLModel, table=True):
    """One patient's line in a round."""

    __tablename__ = "toxicity_check"
    __table_args__ = (UniqueConstraint("round_id", "patient_id"),)

    id: int = key()
    round_id: int = Field(foreign_key="toxicity_round.id", index=True)
    patient_id: int = Field(foreign_key="patient.id", index=True)
    state: str = Field(default=CheckState.ASKED.value, index=True)
    next_at: datetime | None = instant_or_none(index=True)
    """When a report that was begun and not finished becomes an alert."""
    answered_at: datetime | None = instant_or_none()
    answered_by: int | None = None


class Alert(SQLModel, table=True):
    """A toxicity that somebody must take in charge."""

    id: int = key()
    patient_id: int = Field(foreign_key="patient.id", index=True)
    check_id: int | None = Field(default=None, foreign_key="toxicity_check.id")
    sign: str = ""
    """`src`, `icans`, `autre`, or nothing when not said."""
    grade: int | None = None
    raised_at: datetime = instant()
    raised_by: int | None = None
    team: str = ""
    state: str = Field(default=AlertState.OPEN.value, index=True)
    rung: int = 0
    next_at: datetime | None = instant_or_none(index=True)
    taken_at: datetime | None = instant_or_none()
    taken_by: int | None = None
    neuro_at: datetime | None = instant_or_none()
    neuro_by: int | None = None
    asked_at: datetime | None = instant_or_none()
    outcome: str = ""
    closed_at: datetime | None = instant_or_none()
    closed_by: int | None = None


class Demand(SQLModel, table=True):
    """What a team asked of the coordination: a problem to see to, a date to move."""

    id: int = key()
    patient_id: int = Field(foreign_key="patient.id", index=True)
    step_id: int = Field(foreign_key="step.id", index=True)
    kind: str
    was: date
    on: date | None = None
    note: str = long_text()
    asked_by: int | None = None
    asked_at: datetime = instant()
    state: str = DemandState.OPEN.value
    rung: int = 0
    next_at: datetime | None = instant_or_none(index=True)
    answered_at: datetime | None = instant_or_none()
    answered_by: int | None = None


class Countdown(SQLModel, table=True):
    """The stability of a thawed product, from the start of its clock to its limit."""

    id: int = key()
    patient_id: int = Field(foreign_key="patient.id", index=True)
    step_id: int = Field(foreign_key="step.id")
    started_at: datetime = instant()
    limit_at: datetime = instant()
    next_at: datetime | None = instant_or_none(index=True)
    stopped_at: datetime | None = instant_or_none()


class Draft(SQLModel, table=True):
    """A guided dialogue under way: one per member and chat, so it survives a restart."""

    __table_args__ = (UniqueConstraint("member_id", "chat_id"),)

    id: int = key()
    member_id: int = Field(foreign_key="member.id")
    chat_id: int = big()
    kind: str
    data: str = long_text("{}")
    message_id: int | None = None
    updated_at: datetime = instant()


AUDIT, DIGEST = "audit", "digest"


class Bell(SQLModel, table=True):
    """A duty that comes back: the morning digest, the daily proof, the audit."""

    name: str = Field(primary_key=True)
    next_at: datetime = instant(index=True)


class Outbox(SQLModel, table=True):
    """Something to say; also the record of exactly what was said."""

    __table_args__ = (
        Index("ix_outbox_leaving", "state", "priority", "id"),
        Index("ix_outbox_chat", "chat_id", "state"),
    )

    id: int = key()
    chat_id: int = big()
    kind: str
    priority: int
    body: str = long_text()
    keyboard: str = long_text("[]")
    payload: str = long_text("{}")
    dedupe_key: str = Field(unique=True)
    cause: str = Field(default="", index=True)
    """What makes it worth saying, `step:42`; when that is gone, it is cancelled unsent."""
    live: bool = False
    """Its buttons are still on the screen."""
    silent: bool = False
    protect: bool = True
    state: str = LetterState.PENDING.value
    withdrawn: bool = False
    """The cause went while it was on its way: never to be tried again."""
    created_at: datetime = instant()
    retry_at: datetime | None = instant_or_none()
    lease_until: datetime | None = instant_or_none()
    attempts: int = 0
    sent_at: datetime | None = instant_or_none()
    message_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    error: str = ""


class Inbox(SQLModel, table=True):
    """An update of Telegram, taken once."""

    update_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: datetime = instant()
    failed: bool = False
    error: str = long_text()


class Event(SQLModel, table=True):
    """Who did what, when and why; never changed, each chained to the one before."""

    id: int = key()
    at: datetime = instant()
    member_id: int | None = None
    patient_id: int | None = Field(default=None, index=True)
    kind: str
    data: str = long_text("{}")
    previous: str
    hash: str
