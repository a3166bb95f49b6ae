"""The tables: where facts are kept, and the columns by which they are found again.

What is known of a patient is kept as JSON, one row a thing (`bot/domain/facts.py` says what it
holds); the columns beside it are derived from it at each write by `bot/domain/due.py`, and serve
the lists and the clock. The one exception is `next_at`, which is kept in its column alone.
"""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Index,
    Integer,
    Text,
    cast,
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
            # Taken for UTC, a local hour would ring one or two hours late.
            raise ValueError("a naive datetime is not an instant")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Document(TypeDecorator[str]):
    """JSON in the database, its text here: what reads it makes dataclasses of it directly."""

    impl = JSON
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:
        """The text goes in as it is."""

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        """The text comes out as it is."""

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        # psycopg would take it apart by itself.
        return cast(column, Text)


def instant(*, index: bool = False) -> Any:
    return Field(sa_type=UtcDateTime, index=index)


def instant_or_none() -> Any:
    return Field(default=None, sa_type=UtcDateTime, nullable=True)


def big(*, unique: bool = False) -> Any:
    """Telegram's ids need up to 52 bits."""
    return Field(sa_type=BigInteger, unique=unique)


def json(default: Any) -> Any:
    return Field(default_factory=default, sa_type=JSON)


def long_text(default: str = "") -> Any:
    return Field(default=default, sa_type=Text)


def numbered() -> Any:
    # SQLite numbers a row by itself only when its key is a plain INTEGER.
    kind = BigInteger().with_variant(Integer, "sqlite")
    return Field(default=None, primary_key=True, sa_type=kind)


class LetterState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    REROUTED = "rerouted"
    FOLDED = "folded"
    """A newer message to the same chat says it too."""


# Who is there


class Member(SQLModel, table=True):
    """A Telegram account that joined one team."""

    id: int = numbered()
    # One account, one team: a button must know for whom it is pressed.
    telegram_id: int = big(unique=True)
    name: str
    team: str
    centre: str
    joined_at: datetime = instant()
    left_at: datetime | None = instant_or_none()
    on_call_until: datetime | None = instant_or_none()
    reachable: bool = True


class Group(SQLModel, table=True):
    """A Telegram group; bound to a team once a coordinator said so."""

    __tablename__ = "team_group"

    chat_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    title: str
    team: str = ""
    centre: str = ""
    bound_at: datetime | None = instant_or_none()
    reachable: bool = True
    admin: bool = True
    """Whether the bot is an administrator there: else it reads only commands, and takes nothing
    away."""


class Invitation(SQLModel, table=True):
    """A way in; its token is made from the number and the key, and is kept nowhere."""

    token_hash: str = Field(primary_key=True)
    team: str
    centre: str
    uses_left: int
    expires_at: datetime = instant()
    created_by: int | None = None


class Draft(SQLModel, table=True):
    """A guided dialogue under way: one per member and chat, so it survives a restart."""

    member_id: int = Field(primary_key=True)
    chat_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    kind: str
    data: dict[str, Any] = json(dict)
    asked_by: str = ""
    """The key of the letter that asks, or the number of the message that was changed to ask."""
    updated_at: datetime = instant()


class Stamp(SQLModel, table=True):
    """A number that grows whenever what it names changes: whoever keeps a copy looks here."""

    name: str = Field(primary_key=True)
    value: int


# Patients


class PathwayVersion(SQLModel, table=True):
    """A pathway as it was when a patient started with it, found by its content."""

    __tablename__ = "pathway"

    digest: str = Field(primary_key=True)
    definition: str = long_text()


class Patient(SQLModel, table=True):
    """One patient: the facts, and what lists are made by."""

    __table_args__ = (
        Index("ix_patient_list", "state", "day0_on", "code", "centre"),
        Index("ix_patient_phase", "state", "phase", "centre"),
        Index("ix_patient_late", "late_at", "code", "centre"),
    )

    code: str = Field(primary_key=True)
    four: str = Field(index=True)
    """The code without its centre, as people say it."""
    centre: str
    state: str
    phase: str
    day0_on: date
    late_at: datetime | None = instant_or_none()
    """Since when, or from when, something of this patient is late."""
    version: int
    """How often it was written; part of the key of each letter."""
    facts: str = Field(default="{}", sa_type=Document)


class Dated(SQLModel, table=True):
    """One dated thing of a patient, or of the whole network (no code): the book of what is due."""

    __table_args__ = (
        # The ring reads it every two seconds, and finds what is due without walking the rest.
        Index("ix_dated_next", "next_at", "open"),
        Index("ix_dated_owed", "owed_by", "rank", "due_at", "code", "centre"),
        Index("ix_dated_late", "rank", "late_at"),
        Index("ix_dated_state", "kind", "state", "due_at", "code"),
        Index("ix_dated_together", "together"),
        Index("ix_dated_fault", "fault"),
    )

    code: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    rank: int
    """The place of its kind in the book: the most urgent is 0."""
    centre: str
    state: str
    open: bool
    owed_by: str = ""
    """The team that it waits for now; nothing if it waits for nobody."""
    together: str = ""
    """What it shares a message with."""
    due_at: datetime | None = instant_or_none()
    late_at: datetime | None = instant_or_none()
    next_at: datetime | None = instant_or_none()
    missed_at: datetime | None = instant_or_none()
    """When it was due, if it raised then and was put off until `next_at`."""
    fault: str = ""
    """Why it could not be handled when it was due."""
    facts: str = Field(default="{}", sa_type=Document)


# What goes out, what came in, what happened


class Outbox(SQLModel, table=True):
    """Something to say; also the record of exactly what was said."""

    __table_args__ = (
        # By priority: however many reminders wait, alerts are found past them.
        Index("ix_outbox_leaving", "state", "priority", "id"),
        Index("ix_outbox_chat", "chat_id", "state"),
        # A tap finds the message that it was on, however many that chat was ever sent.
        Index("ix_outbox_message", "chat_id", "message_id", "state"),
        Index("ix_outbox_cause", "cause", "state"),
        Index("ix_outbox_created", "created_at"),
    )

    id: int = numbered()
    chat_id: int = big()
    kind: str
    priority: int
    body: str = long_text()
    keyboard: list[Any] = json(list)
    payload: dict[str, Any] = json(dict)
    # The database itself refuses to say a thing twice, whoever tries.
    dedupe_key: str = Field(unique=True)
    cause: str = ""
    """What makes it worth saying, `step:TLS-7K4Z:rcp`; when that is gone, it is void."""
    team: str = ""
    """The team that it is for; who cannot be reached is replaced by whoever else may act."""
    centre: str = ""
    live: bool = False
    """Its buttons are still on the screen."""
    silent: bool = False
    # Against forwarding and saving; a screenshot it cannot prevent (clinique §6.3).
    protect: bool = True
    state: str = LetterState.PENDING.value
    withdrawn: bool = False
    """The cause went while it was on its way: never to be tried again."""
    created_at: datetime = instant()
    retry_at: datetime | None = instant_or_none()
    owner: int = 0
    """The number of the leader that carries it."""
    attempts: int = 0
    sent_at: datetime | None = instant_or_none()
    message_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    error: str = ""


class Inbox(SQLModel, table=True):
    """An update of Telegram, taken once; what must wait for its turn is kept until then."""

    __table_args__ = (
        Index("ix_inbox_waiting", "waiting", "urgency", "update_id"),
        Index("ix_inbox_failed", "failed", "at"),
    )

    update_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: datetime = instant(index=True)
    waiting: bool = False
    urgency: int = 0
    content: dict[str, Any] | None = Field(default=None, sa_type=JSON, nullable=True)
    """What it says, screened of identities; nothing once it was handled."""
    failed: bool = False
    error: str = long_text()


class Event(SQLModel, table=True):
    """Who did what, when and why; never changed, each chained to the one before."""

    __table_args__ = (
        Index("ix_event_code", "code", "id"),
        Index("ix_event_kind", "kind", "at"),
    )

    id: int = numbered()
    at: datetime = instant()
    member_id: int | None = None
    code: str = ""
    kind: str
    data: dict[str, Any] = json(dict)
    # A row that is changed or taken out breaks every seal after it.
    previous: str
    hash: str
