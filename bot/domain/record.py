"""All that concerns one patient, in memory, at one instant; and what was said and logged on it.

A rule reads and changes a record, and appends to it what must be said and what is logged. It calls
nothing and asks nobody: the store wrote the record down before, and writes it down after.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from bot.domain.calendar import Calendar
from bot.domain.facts import (
    KINDS,
    RUNNING,
    UNANSWERED,
    Alert,
    Check,
    Countdown,
    CountdownState,
    Dated,
    Demand,
    DemandState,
    End,
    Patient,
    PatientState,
    Relay,
    RelayState,
    Step,
    Watch,
)
from bot.domain.message import Priority, Text, Value, text
from bot.domain.pathway import Pathway, Product, StepDef
from bot.domain.people import Roster

Thing = TypeVar("Thing", bound=Dated)
Draw = Callable[[int], int]
"""`draw(n)` gives 0..n-1; the machine's chance in production, a seed's in the simulation."""


class To(StrEnum):
    """How a team is reached."""

    CHATS = "chats"
    EACH = "each"
    ON_CALL = "on_call"


@dataclass(frozen=True, slots=True)
class Saying:
    """What must be said: which card of which thing, to which team, for what cause.

    Sayings of several records with the same card, cause and addressee are one message.
    """

    card: str
    about: Dated | None
    team: str
    to: To = To.CHATS
    cause: str = ""
    priority: Priority = Priority.REMINDER
    silent: bool = False
    """It rings nobody's phone: no hand is needed now."""
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the messages about a cause: they show another card, or never leave."""

    cause: str
    card: str = ""
    """Nothing: what waits to leave is void."""
    about: Dated | None = None
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hush:
    """What waits to be said about this patient is void, whatever it is about."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log; it becomes an event of the chain."""

    kind: str
    member: int | None
    data: Mapping[str, Any]


@dataclass(slots=True)
class Record:
    """One patient, whole."""

    patient: Patient
    pathway: Pathway
    calendar: Calendar
    now: datetime
    today: date
    """The local day of that instant."""
    draw: Draw
    roster: Roster
    product: Product | None = None
    phones: Mapping[str, str] = field(default_factory=dict)
    """By team of its centre, the number to call when a message reaches nobody."""
    things: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {kind.KIND: {} for kind in KINDS}
    )
    said: list[Saying | Change | Hush] = field(default_factory=list)
    logged: list[Entry] = field(default_factory=list)

    @property
    def code(self) -> str:
        return self.patient.code

    @property
    def active(self) -> bool:
        return self.patient.state == PatientState.ACTIVE

    @property
    def days(self) -> int:
        """Today's J±n."""
        return (self.today - self.patient.day0_on).days

    def who(self, member_id: int | None) -> Text:
        """Who, by first name and team."""
        member = self.roster.members.get(member_id) if member_id is not None else None
        if member is None:
            return text("member.nobody")
        return text("member.name", name=member.name, team=member.team)

    # What there is

    @property
    def steps(self) -> dict[str, Step]:
        return self.things[Step.KIND]

    @property
    def relays(self) -> dict[str, Relay]:
        return self.things[Relay.KIND]

    @property
    def checks(self) -> dict[str, Check]:
        return self.things[Check.KIND]

    @property
    def alerts(self) -> dict[str, Alert]:
        return self.things[Alert.KIND]

    @property
    def demands(self) -> dict[str, Demand]:
        return self.things[Demand.KIND]

    @property
    def ends(self) -> dict[str, End]:
        return self.things[End.KIND]

    @property
    def countdowns(self) -> dict[str, Countdown]:
        return self.things[Countdown.KIND]

    @property
    def watch(self) -> Watch:
        watch: Watch = self.things[Watch.KIND][""]
        return watch

    def plan(self) -> list[Step]:
        """The steps in the order of their hours."""
        return sorted(self.steps.values(), key=lambda step: (step.due_at, step.position))

    def open_relays(self) -> list[Relay]:
        return [each for each in self.relays.values() if each.state == RelayState.OFFERED]

    def unanswered(self) -> list[Check]:
        return [each for each in self.checks.values() if each.state in UNANSWERED]

    def running_alerts(self) -> list[Alert]:
        return [each for each in self.alerts.values() if each.state in RUNNING]

    def open_demands(self, step: str = "") -> list[Demand]:
        return [
            each
            for each in self.demands.values()
            if each.state == DemandState.OPEN and (not step or each.step == step)
        ]

    def running_countdowns(self) -> list[Countdown]:
        return [c for c in self.countdowns.values() if c.state == CountdownState.RUNNING]

    def definition(self, step: Step) -> StepDef:
        return self.pathway.step(step.key)

    # What changes

    def add(self, thing: Thing) -> Thing:
        """A new dated thing; its key is its own among those of its kind."""
        kept = self.things[thing.KIND]
        # Letters, buttons and events name it by its key: a second one would answer for the first.
        assert thing.key not in kept, f"{thing.KIND} {thing.key} is there already"
        kept[thing.key] = thing
        return thing

    def next_number(self, kind: type[Dated]) -> str:
        """The next one of those that are numbered: 1, 2, 3 … for each patient."""
        # Those that are over count too: people say « alerte 2 » long after.
        return str(max((int(key) for key in self.things[kind.KIND]), default=0) + 1)

    def cause(self, thing: Dated) -> str:
        """What the messages about a thing have in common."""
        # Its message shows the round's other patients too.
        if isinstance(thing, Check):
            return thing.round
        return f"{thing.KIND}:{self.code}:{thing.key}"

    def tell(
        self,
        team: str,
        card: str,
        about: Dated | None = None,
        *,
        to: To = To.CHATS,
        cause: str | None = None,
        priority: Priority = Priority.REMINDER,
        **values: Value,
    ) -> None:
        """Say it to a team; the cause is the thing itself unless another is named."""
        named = cause if cause is not None else (self.cause(about) if about else "")
        said = Saying(card, about, str(team), to, named, priority, values=values)
        self.said.append(said)

    def news(
        self,
        team: str,
        card: str,
        about: Dated | None = None,
        *,
        silent: bool = False,
        **values: Value,
    ) -> None:
        """Tell what happened: true whatever comes after, so that nothing makes it void."""
        urgency = Priority.ANSWER
        self.said.append(
            Saying(card, about, str(team), priority=urgency, silent=silent, values=values)
        )

    def show(self, cause: str, card: str, about: Dated, **values: Value) -> None:
        """In every message about this cause that still has buttons, show this instead."""
        self.said.append(Change(cause, card, about, values))

    def withdraw(self, cause: str) -> None:
        """What made it worth saying is so no longer: what waits to leave is void."""
        self.said.append(Change(cause))

    def hush(self) -> None:
        """Nothing that waits to be said about this patient leaves any more."""
        self.said.append(Hush())

    def log(self, kind: str, by: int | None = None, **data: Any) -> None:
        """One event: identifiers and values only, never a name."""
        self.logged.append(Entry(kind, by, data))

    def after(self, wait: timedelta) -> datetime:
        """That much later, or the end of the night that it falls in."""
        return self.calendar.awake(self.now + wait)
