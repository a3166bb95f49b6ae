"""The book of what is due: each kind of dated thing says once where its instants are.

From this one table come the ring and its order, the next due instant, the lists of what is to
do and of what is late, the columns by which the store finds them, the audit and the tests' own
checks. A kind that is added here is in all of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain import alert, check, countdown, demand, ending, relay, schedule
from bot.domain.facts import (
    RUNNING,
    UNANSWERED,
    Alert,
    AlertState,
    Check,
    CheckState,
    Countdown,
    CountdownState,
    Dated,
    Demand,
    DemandState,
    End,
    EndState,
    Relay,
    RelayState,
    Step,
    StepState,
    Watch,
    WatchState,
)
from bot.domain.record import Record
from bot.domain.roles import Team

TOLERANCE = timedelta(minutes=1)
"""A due thing that has not been handled after this is unexplained (the ring comes every 2 s)."""
PUT_OFF = timedelta(minutes=5)
"""How long a thing that raised is left alone; it is unexplained from the first moment."""


@dataclass(frozen=True)
class Kind:
    """One kind of dated thing; `rank` is its place in the book, the most urgent first."""

    facts: type[Dated]
    handle: Callable[[Record, Any], None]
    """The rule that is called when its instant has come; it moves `next_at` on."""
    is_open: Callable[[Record, Any], bool]
    """It waits for something: then it must have a next instant."""
    owed_by: Callable[[Record, Any], str]
    """The team that it waits for, as `/afaire` lists it; none if it is no team's own task."""
    due_at: Callable[[Any], datetime | None]
    late_at: Callable[[Any], datetime | None]
    """From when on an open one is late, as `/retards` lists it."""
    calls: Callable[[Record, Any], Sequence[str]] = lambda _record, _thing: ()
    """The teams that it calls besides: `/afaire` of each begins with it."""
    together: Callable[[Record, Any], str] = lambda _record, _thing: ""
    """What is handled in one go with the others that say the same, and shares their message."""
    farthest: Callable[[Record, Any], timedelta] | None = None
    """Its next instant is never farther away than this; farther, a wrong clock put it there."""
    put_in: str = ""
    """The state in which it is put to a team, so that somebody must have heard of it."""
    keeps_closed: bool = True
    """Whether a record is read with those that are over."""

    @property
    def name(self) -> str:
        return self.facts.KIND


def _nobody(_record: Record, _thing: Dated) -> str:
    return ""


def _step_team(_record: Record, step: Step) -> str:
    return step.team if step.ready_at is not None else ""


def _step_open(record: Record, step: Step) -> bool:
    return step.state == StepState.PLANNED and record.active


def _watch_round(record: Record, watch: Watch) -> str:
    return f"{watch.team}:{record.patient.centre}"


def _check_due(check: Check) -> datetime | None:
    """Its hour; of a missed one when it became so, hours later: each is told the next morning."""
    return check.answered_at if check.state == CheckState.MISSED else check.at


def _step_group(record: Record, step: Step) -> str:
    """Reminders whose hour is far back share one message a team (an outage)."""
    return f"{step.team}:{record.patient.centre}"


BOOK: tuple[Kind, ...] = (
    Kind(
        Alert,
        alert.climb,
        is_open=lambda _, it: it.state in RUNNING,
        owed_by=_nobody,
        due_at=lambda it: it.raised_at,
        # Late from the first moment: /retards shows it before all else.
        late_at=lambda it: it.raised_at,
        farthest=alert.farthest,
        # Two teams may have to take it: no column says both.
        calls=lambda record, it: alert.missing(record.pathway.alerts, it),
        put_in=AlertState.OPEN.value,
    ),
    Kind(
        Countdown,
        # Before the rounds: a thawed product is lost in minutes.
        countdown.tick,
        is_open=lambda _, it: it.state == CountdownState.RUNNING,
        owed_by=_nobody,
        due_at=lambda it: it.limit_at,
        late_at=lambda it: it.limit_at,
    ),
    Kind(
        Check,
        check.due,
        is_open=lambda _, it: it.state in UNANSWERED,
        owed_by=lambda _, it: it.team if it.asked_at else "",
        due_at=_check_due,
        late_at=lambda it: it.next_at if it.rung == 0 else it.at,
        calls=check.called,
        together=lambda _, it: it.round,
        farthest=check.farthest,
        put_in=CheckState.ASKED.value,
        # Some sixty a patient: read with the record, they would weigh on every tap.
        keeps_closed=False,
    ),
    Kind(
        Relay,
        relay.climb,
        is_open=lambda _, it: it.state == RelayState.OFFERED,
        owed_by=lambda _, it: it.to_team,
        due_at=lambda it: it.deadline_at,
        late_at=lambda it: it.deadline_at,
        put_in=RelayState.OFFERED.value,
    ),
    Kind(
        Watch,
        check.ask,
        is_open=lambda _, it: it.state == WatchState.OPEN,
        owed_by=_nobody,
        due_at=lambda it: it.next_at,
        # Its checks are late, never the watch itself.
        late_at=lambda _: None,
        together=_watch_round,
        farthest=lambda _, __: check.LONGEST_WATCH,
    ),
    Kind(
        Step,
        schedule.remind,
        is_open=_step_open,
        owed_by=_step_team,
        due_at=lambda it: it.due_at,
        late_at=lambda it: it.due_at,
        together=_step_group,
    ),
    Kind(
        Demand,
        demand.climb,
        is_open=lambda _, it: it.state == DemandState.OPEN,
        owed_by=lambda _, __: Team.COORDINATION.value,
        due_at=lambda it: it.asked_at,
        late_at=lambda it: it.next_at if it.rung == 0 else it.asked_at,
    ),
    Kind(
        End,
        ending.climb,
        is_open=lambda _, it: it.state == EndState.ASKED,
        owed_by=lambda _, __: Team.COORDINATION.value,
        due_at=lambda it: it.asked_at,
        late_at=lambda it: it.next_at if it.rung == 0 else it.asked_at,
        put_in=EndState.ASKED.value,
    ),
)
KINDS = {kind.name: kind for kind in BOOK}
RANKS = {kind.name: rank for rank, kind in enumerate(BOOK)}


@dataclass(frozen=True, slots=True)
class Columns:
    """What the store finds a thing by."""

    rank: int
    state: str
    open: bool
    owed_by: str
    together: str
    due_at: datetime | None
    late_at: datetime | None


def columns(record: Record, thing: Dated) -> Columns:
    kind = KINDS[thing.KIND]
    is_open = kind.is_open(record, thing)
    return Columns(
        rank=RANKS[kind.name],
        state=thing.state,
        open=is_open,
        owed_by=kind.owed_by(record, thing) if is_open else "",
        together=kind.together(record, thing),
        due_at=kind.due_at(thing),
        late_at=kind.late_at(thing) if is_open else None,
    )


def is_far(record: Record, thing: Dated) -> bool:
    """Its next instant is farther away than any can be: the clock was ahead, and went back."""
    farthest = KINDS[thing.KIND].farthest
    if farthest is None or thing.next_at is None:
        return False
    return thing.next_at > record.now + farthest(record, thing)


def hasten(record: Record) -> int:
    """What a wrong clock put too far away is due now; gives how many there were."""
    far = [it for kind in BOOK for it in record.things[kind.name].values() if is_far(record, it)]
    for thing in far:
        if not isinstance(thing, Watch):
            thing.next_at = record.now
    if far or any(it.at > record.now for it in record.unanswered()):
        check.set_right(record)
    return len(far)


def calls(record: Record, thing: Dated, team: str) -> bool:
    """Whether it calls a team that does not owe it alone."""
    kind = KINDS[thing.KIND]
    return kind.is_open(record, thing) and team in kind.calls(record, thing)


def late_things(record: Record) -> list[Dated]:
    """What is late of this patient now, the gravest first."""
    return [
        thing
        for kind in BOOK
        for thing in record.things[kind.name].values()
        if kind.is_open(record, thing) and _has_come(kind.late_at(thing), record.now)
    ]


def late_from(record: Record) -> datetime | None:
    """Since when, or from when on, something of this patient is late."""
    found = (
        kind.late_at(thing)
        for kind in BOOK
        for thing in record.things[kind.name].values()
        if kind.is_open(record, thing)
    )
    return min((at for at in found if at is not None), default=None)


def _has_come(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


PHASES = (
    "inclusion",
    "apherese",
    "fabrication",
    "preparation",
    "hospitalisation",
    "surveillance",
    "suivi",
)
_PHASE_AFTER = (
    ("fin_surveillance", "suivi"),
    ("injection", "surveillance"),
    ("admission", "hospitalisation"),
    ("stockage_azote", "preparation"),
    ("apherese", "fabrication"),
    ("rcp", "apherese"),
)


def phase(record: Record) -> str:
    """The phase, read from what is closed, not from the date."""
    closed = {step.key for step in record.steps.values() if step.done_at is not None}
    return next((name for slug, name in _PHASE_AFTER if slug in closed), PHASES[0])
