"""Letters on their way out: which may leave, who took them, what became of them."""

import json
from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    type_coerce,
    update,
)
from sqlmodel import SQLModel, col

from bot.domain.message import Kind, Priority
from bot.models import Group, LetterState, Outbox
from bot.store.unit import Unit

# Core statements on the table, not the ORM: this is the hot path.
outbox = SQLModel.metadata.tables[str(Outbox.__tablename__)]
c = outbox.c

PATIENCE = 10
"""A letter tried this often no longer holds up those behind it in its chat."""
MAY_HAVE_LEFT = "unknown: "
"""How the error of a letter begins that may already have arrived once."""


def _past(instant: ColumnElement[Any]) -> ColumnElement[bool]:
    return or_(instant.is_(None), instant <= bindparam("now", type_=instant.type))


# The statements of the hot path, built once: building costs more than running.
PENDING = c.state == LetterState.PENDING.value
SENDING = c.state == LetterState.SENDING.value
WAITING = c.state.in_((LetterState.PENDING.value, LetterState.SENDING.value))
DUE = or_(and_(PENDING, _past(c.retry_at)), and_(SENDING, _past(c.lease_until)))

QUEUE = (
    select(c.id, c.chat_id, c.kind, c.priority, case((DUE, 1), else_=0))
    .where(WAITING, ~c.withdrawn, or_(c.attempts < PATIENCE, DUE))
    .order_by(c.priority, c.id)
)

CLAIM = (
    update(outbox)
    .where(c.id.in_(bindparam("ids", expanding=True)), DUE, ~c.withdrawn)
    .values(
        state=LetterState.SENDING.value,
        lease_until=bindparam("lease_until"),
        attempts=c.attempts + 1,
        # Found `sending` with its lease over, it may have left before the process died.
        error=case((SENDING, MAY_HAVE_LEFT + "interrupted"), else_=c.error),
    )
    .returning(*c)
)

to_state = bindparam("to_state", type_=c.state.type)
SETTLE = (
    update(outbox)
    .where(c.id == bindparam("letter_id"), SENDING)
    .values(
        # To be tried again, but its cause went meanwhile: never to be tried again.
        state=case(
            (
                and_(c.withdrawn, to_state == LetterState.PENDING.value),
                LetterState.CANCELLED.value,
            ),
            else_=to_state,
        ),
        message_id=bindparam("to_message_id"),
        retry_at=bindparam("to_retry_at"),
        sent_at=bindparam("to_sent_at"),
        error=bindparam("to_error"),
        lease_until=None,
    )
)


@dataclass(frozen=True)
class Head:
    """A letter that is first in its lane and due."""

    id: int
    chat_id: int
    kind: Kind
    priority: Priority

    @property
    def lane(self) -> tuple[Kind, int]:
        """What keeps its order: a chat; a pop-up belongs to its tap and waits for nobody."""
        if self.kind is Kind.POPUP:
            return Kind.POPUP, self.id
        return Kind.SEND, self.chat_id


@dataclass(frozen=True)
class Letter(Head):
    """One message to deliver, as the transport sees it."""

    created_at: datetime
    body: str = ""
    keyboard: Sequence[Sequence[Mapping[str, str]]] = ()
    payload: Mapping[str, Any] = field(default_factory=dict)
    silent: bool = False
    protect: bool = True
    attempts: int = 1
    repeated: bool = False
    """An attempt before this one may have arrived."""


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt."""

    letter: Letter
    state: LetterState
    message_id: int | None = None
    retry_at: datetime | None = None
    error: str = ""


def heads(unit: Unit, now: datetime) -> Generator[Head]:
    """The first letter of each lane, if it is due by `now`; the most urgent first.

    A letter that waits for its next attempt holds up those behind it: a chat stays in order.
    Read only as far as is asked for, so that a long queue costs no more than a short one.
    """
    seen: set[tuple[Kind, int]] = set()
    with unit.session.connection().execute(QUEUE, {"now": now}) as rows:
        for id, chat_id, kind, priority, is_due in rows:
            head = Head(id, chat_id, Kind(kind), Priority(priority))
            if head.lane not in seen and is_due:
                yield head
            seen.add(head.lane)


def claim(unit: Unit, ids: Collection[int], now: datetime, lease_until: datetime) -> list[Letter]:
    """Take these letters, if they still may be taken: of two processes one wins."""
    if not ids:
        return []
    values = {"ids": list(ids), "now": now, "lease_until": lease_until}
    rows = unit.session.connection().execute(CLAIM, values).mappings()
    return sorted((_letter(row) for row in rows), key=lambda letter: (letter.priority, letter.id))


def settle(unit: Unit, outcomes: Sequence[Outcome]) -> None:
    """Write what became of these attempts, in one go."""
    if outcomes:
        values = [_values(unit, outcome) for outcome in outcomes]
        unit.session.connection().execute(SETTLE, values)


def recover(unit: Unit) -> int:
    """After a start: whatever was on its way belongs to nobody; take it up at once."""
    connection = unit.session.connection()
    sending = update(outbox).where(SENDING)
    connection.execute(sending.where(c.withdrawn).values(state=LetterState.UNKNOWN.value))
    return connection.execute(sending.values(lease_until=None)).rowcount


def hasten(unit: Unit) -> None:
    """The network is back: nobody waits for his next attempt any more."""
    waiting = update(outbox).where(PENDING, c.retry_at.is_not(None))
    unit.session.connection().execute(waiting.values(retry_at=None))


def next_attempt(unit: Unit, after: datetime) -> datetime | None:
    """The first instant later than `after` at which a letter that waits may be tried again."""
    until = case((SENDING, c.lease_until), else_=c.retry_at)
    waits = type_coerce(until, c.retry_at.type)
    earliest = select(func.min(waits)).where(WAITING, ~c.withdrawn, waits > after)
    found: datetime | None = unit.session.connection().execute(earliest).scalar()
    return found


def counts(unit: Unit) -> dict[LetterState, int]:
    """How many letters are in each state."""
    grouped = select(c.state, func.count().label("n")).group_by(c.state)
    found = {row.state: row.n for row in unit.session.connection().execute(grouped)}
    return {state: found.get(state.value, 0) for state in LetterState}


def move_chat(unit: Unit, old: int, new: int) -> None:
    """A group became a supergroup: its team and what waits for it go to its new number."""
    waiting = update(outbox).where(c.chat_id == old, WAITING).values(chat_id=new)
    unit.session.connection().execute(waiting)
    group = update(Group).where(col(Group.chat_id) == old).values(chat_id=new)
    unit.session.execute(group)


def _letter(row: RowMapping) -> Letter:
    return Letter(
        id=row["id"],
        chat_id=row["chat_id"],
        kind=Kind(row["kind"]),
        priority=Priority(row["priority"]),
        created_at=row["created_at"],
        body=row["body"],
        keyboard=json.loads(row["keyboard"]),
        payload=json.loads(row["payload"]),
        silent=row["silent"],
        protect=row["protect"],
        attempts=row["attempts"],
        repeated=row["error"].startswith(MAY_HAVE_LEFT),
    )


def _values(unit: Unit, outcome: Outcome) -> dict[str, Any]:
    return {
        "letter_id": outcome.letter.id,
        "to_state": outcome.state.value,
        "to_message_id": outcome.message_id,
        "to_retry_at": outcome.retry_at,
        "to_sent_at": unit.now if outcome.state is LetterState.SENT else None,
        "to_error": outcome.error,
    }
