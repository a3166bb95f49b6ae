"""Letters on their way out: which wait, who took them, what became of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, bindparam, case, exists, func, select, update
from sqlmodel import SQLModel

from bot.domain.message import Kind, Priority
from bot.models import LetterState, Outbox
from bot.store.leader import LEADS, carrier
from bot.store.outbox import LETTER, TAPPED
from bot.store.unit import Unit

outbox = SQLModel.metadata.tables[str(Outbox.__tablename__)]
c = outbox.c

MAY_HAVE_LEFT = "unknown: "
"""How the error of a letter begins that may already have arrived once."""
UNSETTLED = (LetterState.PENDING, LetterState.SENDING, LetterState.FAILED, LetterState.UNKNOWN)

# The statements of the hot path, built once: building costs more than running.
PENDING = c.state == LetterState.PENDING.value
SENDING = c.state == LetterState.SENDING.value

# Each priority named, so that the index leads to the new ones past however many wait.
WAITING = select(
    c.id, c.chat_id, c.kind, c.priority, c.created_at, c.cause, c.attempts, c.retry_at
).where(
    PENDING,
    # Of another version of this program: left alone, and named by the audit.
    c.priority.in_([int(each) for each in Priority]),
    c.kind.in_([each.value for each in Kind]),
    c.id > bindparam("after"),
)

newer = outbox.alias("newer")
# Taps come faster than a chat may be written to: only the last state of a message is shown.
OUTDONE = and_(
    c.kind == Kind.EDIT.value,
    exists().where(
        newer.c.chat_id == c.chat_id,
        newer.c.message_id == c.message_id,
        newer.c.state == LetterState.PENDING.value,
        newer.c.kind == Kind.EDIT.value,
        newer.c.id > c.id,
    ),
)
CLAIM = (
    update(outbox)
    # The state is asked in the same statement that changes it: of two processes one gets it.
    # And the leader's number too: who was replaced and does not know it yet takes nothing.
    .where(c.id.in_(bindparam("ids", expanding=True)), PENDING, ~c.withdrawn, LEADS)
    .values(
        state=case((OUTDONE, LetterState.CANCELLED.value), else_=LetterState.SENDING.value),
        owner=carrier,
        attempts=c.attempts + 1,
    )
    .returning(*c)
)

to_state = bindparam("to_state", type_=c.state.type)
SETTLE = (
    update(outbox)
    # Taken over meanwhile, it waits again or is on its way with another: this attempt has no say.
    .where(c.id == bindparam("letter_id"), SENDING, c.owner == bindparam("by_owner"))
    .values(
        # To be tried again, but its cause went meanwhile: never to be tried again.
        state=case(
            (
                and_(c.withdrawn, to_state == LetterState.PENDING.value),
                LetterState.CANCELLED.value,
            ),
            # Whoever said it to others withdrew it here: nobody did.
            (
                and_(~c.withdrawn, to_state == LetterState.REROUTED.value),
                LetterState.FAILED.value,
            ),
            else_=to_state,
        ),
        message_id=bindparam("to_message_id"),
        retry_at=bindparam("to_retry_at"),
        sent_at=bindparam("to_sent_at"),
        error=bindparam("to_error"),
    )
)
COUNTS = (
    select(c.state, func.count())
    .where(c.state.in_([state.value for state in UNSETTLED]))
    .group_by(c.state)
)


@dataclass(slots=True, eq=False)
class Head:
    """A letter that waits, as much of it as is needed to choose."""

    id: int
    chat_id: int
    kind: Kind
    priority: Priority
    created_at: datetime
    routine: bool = False
    """When it is late, the present state says it better."""
    attempts: int = 0
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to deliver, as the transport sees it."""

    id: int
    chat_id: int
    kind: Kind
    priority: Priority
    created_at: datetime
    body: str = ""
    keyboard: Sequence[Sequence[Mapping[str, str]]] = ()
    payload: Mapping[str, Any] = field(default_factory=dict)
    silent: bool = False
    protect: bool = True
    cause: str = ""
    team: str = ""
    centre: str = ""
    attempts: int = 1
    repeated: bool = False
    """An attempt before this one may have arrived."""
    owner: int = 0
    """The number of the leader that carries it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt."""

    letter: Letter
    state: LetterState
    message_id: int | None = None
    retry_at: datetime | None = None
    error: str = ""


def waiting(unit: Unit, after: int = 0) -> list[Head]:
    """What waits, of the letters with a number above `after`."""
    return [_head(*row) for row in unit.connection.execute(WAITING, {"after": after})]


def waiting_for(unit: Unit, chat: int) -> set[int]:
    """The numbers of what waits for one chat."""
    found = select(c.id).where(c.chat_id == chat, PENDING)
    return set(unit.connection.execute(found).scalars())


def claim(unit: Unit, ids: Collection[int], owner: int = 0) -> list[Letter]:
    """Take these letters, if they still may be taken: of two processes one wins."""
    if not ids:
        return []
    rows = unit.connection.execute(CLAIM, {"ids": list(ids), "carrier": owner}).mappings().all()
    ours = (row for row in rows if row["state"] == LetterState.SENDING)
    taken = [found for row in ours if (found := _placed(unit, _letter(row)))]
    return sorted(taken, key=lambda letter: (letter.priority, letter.id))


def _placed(unit: Unit, letter: Letter) -> Letter | None:
    """A change that was written while its message was on its way learns which one it became."""
    if LETTER not in letter.payload:
        return letter
    became = select(c.message_id).where(c.id == letter.payload[LETTER])
    message = unit.connection.execute(became).scalar()
    if message is None or [letter.chat_id, message] == letter.payload[TAPPED]:
        # It never arrived, or its own handler has changed it.
        void = update(outbox).where(c.id == letter.id)
        unit.connection.execute(void.values(state=LetterState.CANCELLED.value))
        return None
    return replace(letter, payload={"message_id": message})


def settle(unit: Unit, outcomes: Sequence[Outcome]) -> None:
    """Write what became of these attempts, in one go."""
    if outcomes:
        unit.connection.execute(SETTLE, [_values(unit, outcome) for outcome in outcomes])


def recover(unit: Unit, owner: int, carried: Collection[int] = ()) -> int:
    """Whatever was on its way with a leader before this one waits again; gives how much."""
    # Our own that memory does not carry, too: a transaction failed between claim and flight.
    lost = update(outbox).where(SENDING, c.id.not_in(list(carried)), LEADS)
    values = {
        "state": case((c.withdrawn, LetterState.CANCELLED.value), else_=LetterState.PENDING.value),
        # Killed before or after it left: sent again, and said to be perhaps a repetition.
        "error": MAY_HAVE_LEFT + "interrupted",
        "retry_at": None,
    }
    return unit.connection.execute(lost.values(values), {"carrier": owner}).rowcount


def hasten(unit: Unit) -> None:
    """The network is back: nobody waits for his next attempt any more."""
    late = update(outbox).where(PENDING, c.retry_at.is_not(None))
    unit.connection.execute(late.values(retry_at=None))


def counts(unit: Unit) -> dict[LetterState, int]:
    """How many letters are in each state that is not the end; the sent ones are too many."""
    found = {row[0]: row[1] for row in unit.connection.execute(COUNTS)}
    return {state: found.get(state.value, 0) for state in UNSETTLED}


def move_chat(unit: Unit, old: int, new: int) -> None:
    """A group became a supergroup: its team and what waits for it go to its new number."""
    unit.outbox.move(old, new)
    if unit.people.move_group(old, new):
        unit.events.record("group_moved", was=old, chat=new)


def _head(
    id_: int,
    chat: int,
    kind: str,
    priority: int,
    created_at: datetime,
    cause: str,
    attempts: int,
    retry_at: datetime | None,
) -> Head:
    # Without a cause it is news, which no present state says again.
    routine = priority >= Priority.REMINDER and kind == Kind.SEND and cause != ""
    return Head(id_, chat, Kind(kind), Priority(priority), created_at, routine, attempts, retry_at)


def _letter(row: RowMapping) -> Letter:
    return Letter(
        id=row["id"],
        chat_id=row["chat_id"],
        kind=Kind(row["kind"]),
        priority=Priority(row["priority"]),
        created_at=row["created_at"],
        body=row["body"],
        keyboard=row["keyboard"],
        payload=row["payload"],
        silent=row["silent"],
        protect=row["protect"],
        cause=row["cause"],
        team=row["team"],
        centre=row["centre"],
        attempts=row["attempts"],
        repeated=row["error"].startswith(MAY_HAVE_LEFT),
        owner=row["owner"],
    )


def _values(unit: Unit, outcome: Outcome) -> dict[str, Any]:
    return {
        "letter_id": outcome.letter.id,
        "by_owner": outcome.letter.owner,
        "to_state": outcome.state.value,
        "to_message_id": outcome.message_id,
        "to_retry_at": outcome.retry_at,
        "to_sent_at": unit.now if outcome.state is LetterState.SENT else None,
        "to_error": outcome.error,
    }
