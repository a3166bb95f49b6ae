"""The pathway: its steps as data, and when each of them falls for one patient."""

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache

from bot.domain.calendar import DAY, MINUTE, Calendar
from bot.domain.message import Refused, text
from bot.domain.roles import Team
from bot.domain.words import bare


class Anchor(StrEnum):
    """A day from which steps are counted."""

    RCP = "RCP"  # the regional multidisciplinary meeting decides
    AP = "AP"  # apheresis
    J0 = "J0"  # injection
    SO = "SO"  # discharge


class ItemKind(StrEnum):
    """How an item of a checklist is answered."""

    CHECK = "check"
    NUMBER = "number"
    CHOICE = "choice"
    TIME = "time"
    DAY = "day"
    TEXT = "text"


@dataclass(frozen=True)
class Item:
    """One line of a checklist; a DAY ranges over offsets from today."""

    id: str
    label: str
    kind: ItemKind = ItemKind.CHECK
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = 0
    descending: bool = False
    equals: str = ""  # "step.item" whose answer this one must repeat
    optional: bool = False

    @property
    def values(self) -> tuple[int, ...]:
        """What a NUMBER or a DAY offers, in the order shown."""
        rising = tuple(range(self.low, self.high + 1))
        return rising[::-1] if self.descending else rising


class ReadBack(StrEnum):
    """What the receiver of a relay reads back."""

    NONE = ""
    CODE = "code"
    VALUE = "value"


@dataclass(frozen=True)
class Handover:
    """A relay (or, with `inform`, a word) to another team, `once` these steps are closed."""

    to: Team
    within: timedelta
    read_back: ReadBack = ReadBack.NONE
    source: str = ""  # "step.item" that holds the value read back
    label: str = ""
    title: str = ""  # what is handed over, where it is more than the one step
    once: tuple[str, ...] = ()
    inform: bool = False


@dataclass(frozen=True)
class Reminders:
    """When a step is recalled before its hour, and said late after it."""

    # The hospital's own: couriers and pharmacies keep them too (clinique §8).
    working_days_before: tuple[tuple[int, time], ...]
    days_before: tuple[tuple[int, time], ...]
    same_day: time | None
    late_team: timedelta
    late_coordinator: timedelta


@dataclass(frozen=True)
class StepDef:
    """One step: whose, when, what is checked, what it waits for, to whom it passes."""

    id: str
    label: str
    team: Team
    anchor: Anchor
    # In days from an anchor: labels count « two days after » in two ways (clinique §0).
    offset: int
    at: time
    reminders: Reminders
    delay: timedelta = timedelta()
    needs: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    handovers: tuple[Handover, ...] = ()
    waivable: bool = False  # its team may open it before what it needs
    not_required: bool = False  # may be closed as "non requis", with a reason
    anchor_of: Anchor | None = None  # confirming or moving it moves that anchor
    opens_checks: bool = False
    countdown_from: str = ""  # "step.item" whose hour starts the product's stability window
    closes_checks: bool = False

    def item(self, item_id: str) -> Item:
        return next(item for item in self.items if item.id == item_id)


@dataclass(frozen=True)
class CheckTimes:
    """The local hours of the toxicity checks, from one J to another, both included."""

    from_day: int
    to_day: int
    times: tuple[time, ...]


@dataclass(frozen=True)
class CheckPlan:
    """The toxicity checks: when, asked of whom, and what happens unanswered."""

    in_hospital: Team
    after_discharge: Team
    # J+30, not J+14: one ICANS in ten begins after the third week (clinique §1.3).
    until_day: int
    remind: timedelta
    escalate: timedelta
    escalate_to: tuple[Team, ...]
    times: tuple[CheckTimes, ...]

    def team(self, discharged: bool) -> Team:
        return self.after_discharge if discharged else self.in_hospital


@dataclass(frozen=True)
class Rung:
    """Who hears at one rung: groups, every member in private, those on call in private."""

    to: tuple[Team, ...] = ()
    privately: tuple[Team, ...] = ()
    on_call: tuple[Team, ...] = ()


@dataclass(frozen=True)
class AlertPlan:
    """The alert ladder; the last rung repeats every `again` until the alert is taken."""

    neuro_team: Team
    takers: tuple[Team, ...]
    # From grade 3 a vasopressor or high-flow oxygen is needed (clinique §1.1).
    urgent_from_grade: int
    urgent_after: timedelta
    calm_after: timedelta
    again: timedelta
    outcome_after: timedelta
    outcome_wait: timedelta
    rungs: tuple[Rung, ...]

    def wait(self, grade: int | None) -> timedelta:
        """From one rung to the next; an unknown grade is treated as a high one."""
        urgent = grade is None or grade >= self.urgent_from_grade
        return self.urgent_after if urgent else self.calm_after


@dataclass(frozen=True)
class Pause:
    """Days that are shown and ask nothing."""

    label: str
    anchor: Anchor
    offsets: tuple[int, ...]


@dataclass(frozen=True)
class Pathway:
    """A version of a pathway; a patient keeps the one that it started with."""

    id: str
    version: int
    title: str
    products: tuple[str, ...]
    checks: CheckPlan
    alerts: AlertPlan
    steps: tuple[StepDef, ...]
    pauses: tuple[Pause, ...] = ()

    @cached_property
    def _by_id(self) -> dict[str, StepDef]:
        return {step.id: step for step in self.steps}

    @cached_property
    def _resting_on(self) -> dict[str, tuple[tuple[StepDef, Handover], ...]]:
        """By step: the handovers that wait for it."""
        every = [(step, handover) for step in self.steps for handover in step.handovers]
        return {id: tuple(e for e in every if id in e[1].once) for id in self._by_id}

    def step(self, step_id: str) -> StepDef:
        return self._by_id[step_id]

    def handovers_after(
        self, step_id: str, closed: Collection[str]
    ) -> tuple[tuple[StepDef, Handover], ...]:
        """The handovers that closing `step_id` completes, `closed` holding it too."""
        return tuple(
            (step, handover)
            for step, handover in self._resting_on[step_id]
            if all(other in closed for other in handover.once)
        )


class StabilityFrom(StrEnum):
    """The instant that starts a product's stability window."""

    # Abecma the first, Yescarta and Kymriah the second, Breyanzi the third (clinique §4).
    THAW_START = "thaw_start"
    THAW_END = "thaw_end"
    REMOVAL = "removal"


@dataclass(frozen=True)
class Product:
    """A product as its label describes it; `pathway` is empty while none suits it."""

    id: str
    name: str
    brand: str
    aliases: tuple[str, ...]
    pathway: str
    storage_limit_c: int
    stability: timedelta
    containers: str
    source: str
    stability_from: StabilityFrom | None = None  # None: not in the label's copies that were read
    indication: str = ""
    reason: str = ""  # why no pathway suits it, in French
    lymphodepletion_days: tuple[int, ...] = ()
    infuse_within: timedelta | None = None
    monitoring_days: int | None = None  # None: likewise

    def called(self, typed: str) -> bool:
        said = bare(typed)
        return said in {bare(each) for each in (self.id, self.name, self.brand, *self.aliases)}


Anchors = Mapping[Anchor, date]

# When things fall is asked at every change of every step, and pure: what was worked out is kept.
KEPT = 4096


@dataclass(frozen=True)
class Planned:
    """A step with its day and its hour for one patient."""

    step: StepDef
    on: date
    due_at: datetime


def plan(pathway: Pathway, anchors: Anchors, calendar: Calendar) -> tuple[Planned, ...]:
    """Every step whose anchor has a date, in order of its hour."""
    steps = (
        planned(step, anchors[step.anchor] + step.offset * DAY, calendar)
        for step in pathway.steps
        if step.anchor in anchors
    )
    return tuple(sorted(steps, key=lambda each: each.due_at))


@lru_cache(KEPT)
def planned(step: StepDef, on: date, calendar: Calendar) -> Planned:
    return Planned(step, on, calendar.instant(on, step.at) + step.delay)


class ReminderKind(StrEnum):
    """What a reminder says."""

    EARLY = "early"
    EVE = "eve"
    SAME_DAY = "same_day"
    LATE_TEAM = "late_team"
    LATE_COORDINATOR = "late_coordinator"


Reminder = tuple[datetime, ReminderKind]


def reminders(
    step: StepDef, on: date, due_at: datetime, calendar: Calendar
) -> tuple[Reminder, ...]:
    """Every reminder of a step in order; none of them in quiet hours."""
    return _reminders(step.reminders, on, due_at, calendar)


@lru_cache(KEPT)
def _reminders(
    rules: Reminders, on: date, due_at: datetime, calendar: Calendar
) -> tuple[Reminder, ...]:
    before = [(calendar.awake(instant), kind) for instant, kind in _before(rules, on, calendar)]
    team = calendar.awake(due_at + rules.late_team)
    coordinator = calendar.awake(due_at + rules.late_coordinator)
    late = [
        (team, ReminderKind.LATE_TEAM),
        # A night may bring both to its end: a minute apart, neither hides the other.
        (max(coordinator, team + MINUTE), ReminderKind.LATE_COORDINATOR),
    ]
    useful = [each for each in before if each[0] < due_at]
    return tuple(sorted(useful + late, key=lambda each: each[0]))


@lru_cache(KEPT)
def _before(rules: Reminders, on: date, calendar: Calendar) -> tuple[Reminder, ...]:
    early = [
        (calendar.instant(calendar.working_days_before(on, n), at), ReminderKind.EARLY)
        for n, at in rules.working_days_before
    ]
    eve = [(calendar.instant(on - n * DAY, at), ReminderKind.EVE) for n, at in rules.days_before]
    if rules.same_day is None:
        return (*early, *eve)
    return (*early, *eve, (calendar.instant(on, rules.same_day), ReminderKind.SAME_DAY))


def next_reminder(
    step: StepDef, on: date, due_at: datetime, calendar: Calendar, after: datetime
) -> Reminder | None:
    for each in _reminders(step.reminders, on, due_at, calendar):
        if each[0] > after:
            return each
    return None


def next_check(
    checks: CheckPlan, day0: date, calendar: Calendar, after: datetime
) -> datetime | None:
    """The first toxicity check strictly after an instant; quiet hours do not hold it back."""
    instants = _checks(checks, day0, calendar)
    coming = bisect_right(instants, after)
    return instants[coming] if coming < len(instants) else None


@lru_cache(KEPT // 8)  # some sixty instants each
def _checks(checks: CheckPlan, day0: date, calendar: Calendar) -> tuple[datetime, ...]:
    """Every toxicity check of a patient, in order."""
    return tuple(
        sorted(
            calendar.instant(day0 + day * DAY, at)
            for each in checks.times
            for day in range(each.from_day, min(each.to_day, checks.until_day) + 1)
            for at in each.times
        )
    )


FARTHEST = timedelta(days=3 * 366)
"""No date of a pathway is planned further ahead than this: it was mistyped."""


def check_anchors(anchors: Anchors, today: date, moved: date | None = None) -> None:
    """Refuse dates that cannot be; those just chosen have to be still to come."""
    apheresis, day0 = anchors.get(Anchor.AP), anchors.get(Anchor.J0)
    for on in (apheresis, day0) if moved is None else (moved,):
        if on is not None and on < today:
            raise Refused(text("date.past", day=on))
        if on is not None and on > today + FARTHEST:
            raise Refused(text("date.too_far", day=on))
    if apheresis and day0 and day0 <= apheresis:
        raise Refused(text("patient.day0_before_apheresis", apheresis=apheresis, day0=day0))
