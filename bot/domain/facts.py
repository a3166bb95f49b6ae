"""What is known of one patient: plain facts and the states that they may pass through.

Every dated thing (a step, a relay, a check …) is a `Dated`: it has a key among those of its kind,
a state, and the instant at which it next wants attention. `TRANSITIONS` says which state may
follow which; the diagrams of docs/architecture.md are drawn from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar


class Illegal(Exception):
    """A rule asked for a change of state that the machine does not know: a bug."""


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


class WatchState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"


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
    ENDED = "ended"
    """With the pathway of its patient."""


class DemandKind(StrEnum):
    PROBLEM = "problem"
    MOVE = "move"


class DemandState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"


class EndState(StrEnum):
    ASKED = "asked"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


class CountdownState(StrEnum):
    RUNNING = "running"
    STOPPED = "stopped"


@dataclass(slots=True)
class Patient:
    """A code and dates; who it is stays in the hospital."""

    # Random, and personal data all the same (RGPD art. 4-5): two centres are a small cohort.
    code: str
    centre: str
    product: str
    pathway: str
    """The digest of the version of the pathway that the patient started with."""
    rcp_on: date
    apheresis_on: date
    day0_on: date
    discharge_on: date
    created_at: datetime
    created_by: int | None = None
    state: str = PatientState.ACTIVE.value


@dataclass(slots=True, kw_only=True)
class Dated:
    """What every dated thing has; its kind adds the rest."""

    KIND: ClassVar[str]
    TRANSITIONS: ClassVar[Mapping[str, frozenset[str]]]
    key: str
    state: str
    next_at: datetime | None = None
    """When it next wants attention; none once it is over."""

    def become(self, state: str) -> None:
        """Pass to another state, if the machine allows it."""
        if state not in self.TRANSITIONS.get(self.state, frozenset()):
            raise Illegal(f"{self.KIND} {self.key} cannot go from {self.state} to {state}")
        self.state = str(state)


@dataclass(slots=True, kw_only=True)
class Step(Dated):
    """One dated step; its key is the slug that the pathway gives it."""

    KIND = "step"
    TRANSITIONS = {
        StepState.PLANNED: frozenset(
            {StepState.DONE, StepState.NOT_REQUIRED, StepState.CANCELLED}
        ),
        # A tap may be wrong: it is taken back in the open, its event stays.
        StepState.DONE: frozenset({StepState.PLANNED}),
        StepState.NOT_REQUIRED: frozenset({StepState.PLANNED}),
    }
    state: str = StepState.PLANNED.value
    position: int
    team: str
    on: date
    due_at: datetime
    ready_at: datetime | None = None
    """Since when nothing holds it back; lateness runs from it if it came after the hour."""
    planned_on: date | None = None
    """The day that was planned when it was closed, given back if it is taken back."""
    done_at: datetime | None = None
    done_by: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    """The checklist, `{item: value}`."""
    note: str = ""
    waived_by: str = ""
    """By whom and why it may go on without what it needs, as it was typed."""
    waived_at: datetime | None = None
    waived_member: int | None = None
    """Who wrote that down."""


@dataclass(slots=True, kw_only=True)
class Relay(Dated):
    """The patient between two teams: offered by one, read back by the other."""

    KIND = "relay"
    TRANSITIONS = {
        RelayState.OFFERED: frozenset({RelayState.ACCEPTED, RelayState.CANCELLED}),
        # Read back or not, a handover goes with the step that it rests on.
        RelayState.ACCEPTED: frozenset({RelayState.CANCELLED}),
    }
    state: str = RelayState.OFFERED.value
    step: str
    from_team: str
    to_team: str
    title: str = ""
    label: str
    # Drawn once and kept: drawn anew at each look, the answer is what always comes back.
    answer: str
    choices: tuple[str, ...]
    offered_at: datetime
    deadline_at: datetime
    rung: int = 0
    wrong: int = 0
    accepted_at: datetime | None = None
    accepted_by: int | None = None


@dataclass(slots=True, kw_only=True)
class Watch(Dated):
    """The toxicity watch; it wants attention when the next round is to be asked."""

    KIND = "watch"
    TRANSITIONS = {
        WatchState.CLOSED: frozenset({WatchState.OPEN}),
        WatchState.OPEN: frozenset({WatchState.CLOSED}),
    }
    key: str = ""
    state: str = WatchState.CLOSED.value
    team: str = ""
    """Whom the next round is for: patients of the same team and hour share one message."""
    asked_at: datetime | None = None
    """The hour of the last round that was asked; none before it is asked again."""
    last_state: str = ""
    """What became of the last check that was settled, by whom and when."""
    last_by: int | None = None
    last_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Check(Dated):
    """One patient's line in a toxicity round, whose key is the round's minute.

    Or what somebody began to report without being asked; its key is the second of that.
    """

    KIND = "check"
    TRANSITIONS = {
        CheckState.ASKED: frozenset(
            {
                CheckState.RAS,
                CheckState.REPORTING,
                CheckState.REPORTED,
                CheckState.MISSED,
                CheckState.CANCELLED,
            }
        ),
        # Never straight to `ras` or `missed`: somebody saw something.
        CheckState.REPORTING: frozenset(
            {CheckState.ASKED, CheckState.REPORTED, CheckState.CANCELLED}
        ),
    }
    state: str = CheckState.ASKED.value
    team: str
    centre: str
    at: datetime
    asked_at: datetime | None = None
    """None: nobody was asked, somebody reports of their own accord."""
    rung: int = 0
    held_at: datetime | None = None
    """The instant that a report put off when it was begun; given up, the line has it again."""
    began: tuple[int, ...] = ()
    """Who began a report of it and has not given it up, the first one first."""
    answered_at: datetime | None = None
    answered_by: int | None = None

    @property
    def round(self) -> str:
        """What the checks of one team at one hour have in common: they share a message."""
        return f"round:{self.team}:{self.centre}:{self.key}"


@dataclass(slots=True, kw_only=True)
class Alert(Dated):
    """A toxicity that somebody must take in charge; numbered among those of its patient."""

    KIND = "alert"
    TRANSITIONS = {
        # Not closed before it is taken: what nobody answers for does not end quietly.
        AlertState.OPEN: frozenset({AlertState.TAKEN, AlertState.CANCELLED, AlertState.ENDED}),
        AlertState.TAKEN: frozenset(
            {AlertState.OPEN, AlertState.CLOSED, AlertState.CANCELLED, AlertState.ENDED}
        ),
    }
    state: str = AlertState.OPEN.value
    check: str = ""
    sign: str = ""
    """`src`, `icans`, `autre`, or nothing when not said."""
    also: tuple[str, ...] = ()
    """What was seen besides, in the order in which it was said."""
    grade: int | None = None
    raised_at: datetime
    raised_by: int | None = None
    team: str = ""
    heard: dict[str, datetime] = field(default_factory=dict)
    """By team, when its first call arrived in some chat there."""
    checked: bool = False
    """It was looked, some seconds after, whether anybody was reached."""
    rung: int = 0
    taken_at: datetime | None = None
    taken_by: int | None = None
    neuro_at: datetime | None = None
    neuro_by: int | None = None
    asked_at: datetime | None = None
    outcome: str = ""
    closed_at: datetime | None = None
    closed_by: int | None = None

    @property
    def signs(self) -> tuple[str, ...]:
        """All that was seen: what one says takes nothing back of what another said."""
        return (self.sign, *self.also) if self.sign else ()


@dataclass(slots=True, kw_only=True)
class Demand(Dated):
    """What a team asked of the coordination: a problem to see to, a date to move."""

    KIND = "demand"
    TRANSITIONS = {DemandState.OPEN: frozenset({DemandState.ANSWERED})}
    state: str = DemandState.OPEN.value
    step: str
    what: str
    was: date
    on: date | None = None
    note: str = ""
    asked_by: int | None = None
    asked_at: datetime
    rung: int = 0
    answered_at: datetime | None = None
    answered_by: int | None = None


@dataclass(slots=True, kw_only=True)
class Countdown(Dated):
    """The stability of a thawed product, from the start of its clock to its limit."""

    KIND = "countdown"
    TRANSITIONS = {
        CountdownState.RUNNING: frozenset({CountdownState.STOPPED}),
        # The injection was taken back, and its product is thawed all the same.
        CountdownState.STOPPED: frozenset({CountdownState.RUNNING}),
    }
    state: str = CountdownState.RUNNING.value
    step: str
    giver: str
    """The team whose step started the clock."""
    product: str
    started_at: datetime
    limit_at: datetime


@dataclass(slots=True, kw_only=True)
class End(Dated):
    """The end of the pathway: said by one person, in force once another has confirmed it."""

    KIND = "end"
    TRANSITIONS = {EndState.ASKED: frozenset({EndState.CONFIRMED, EndState.WITHDRAWN})}
    state: str = EndState.ASKED.value
    reason: str
    asked_by: int
    asked_at: datetime
    rung: int = 0
    answered_at: datetime | None = None
    answered_by: int | None = None


KINDS: tuple[type[Dated], ...] = (Alert, Countdown, Check, Relay, Watch, Step, Demand, End)
CLOSED = (StepState.DONE.value, StepState.NOT_REQUIRED.value)
UNANSWERED = (CheckState.ASKED.value, CheckState.REPORTING.value)
RUNNING = (AlertState.OPEN.value, AlertState.TAKEN.value)
