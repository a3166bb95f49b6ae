"""What must always be true, of a record and of the whole: the tests and the auditor ask here.

Each function gives what is wrong, one line a fault, identifiers only; nothing when all holds.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from bot.domain import check, due, schedule
from bot.domain.facts import (
    CLOSED,
    CheckState,
    PatientState,
    RelayState,
    Step,
    StepState,
    WatchState,
)
from bot.domain.pathway import Anchor
from bot.domain.record import Record


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the book as the auditor sees it."""

    code: str
    kind: str
    key: str
    open: bool
    next_at: datetime | None
    fault: str = ""

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.kind, self.code, self.key) if part)


def fault_of(is_open: bool, next_at: datetime | None, now: datetime) -> str:
    """An open thing has its next instant, and is handled when it comes."""
    if next_at is None:
        return "is open without a next instant" if is_open else ""
    if next_at < now - due.TOLERANCE:
        return f"overdue since {next_at.isoformat()}"
    # What is over and still rings would call people for nothing.
    return "" if is_open else "is over and has a next instant"


def of_line(line: Line, now: datetime) -> list[str]:
    """The same of a row of the book; what raised is a fault from that moment on."""
    found = f"raised: {line.fault}" if line.fault else fault_of(line.open, line.next_at, now)
    return [f"{line.name} {found}"] if found else []


def of_record(record: Record) -> list[str]:
    """Everything that must be true of one patient."""
    found = [f"{record.code}: {fault}" for fault in _every_step_is_there(record)]
    if found:
        # The other rules look steps up.
        return found
    for kind in due.BOOK:
        for thing in record.things[kind.name].values():
            fault = fault_of(kind.is_open(record, thing), thing.next_at, record.now)
            if not fault and due.is_far(record, thing):
                fault = "waits longer than it may"
            if fault:
                found.append(f"{kind.name} {record.code} {thing.key}".rstrip() + f" {fault}")
    for rule in RULES:
        found += [f"{record.code}: {fault}" for fault in rule(record)]
    return found


def _watched_until_the_end(record: Record) -> list[str]:
    """Between the injection and the end of the watch somebody is going to be asked."""
    coming = check.next_for(record, record.now)
    if check.watched(record) and coming and record.watch.state != WatchState.OPEN:
        return ["under watch without a next check"]
    if record.watch.state == WatchState.OPEN and not check.watched(record):
        return ["asked about although nobody watches"]
    return []


def _asked_once_at_a_time(record: Record) -> list[str]:
    asked = [each for each in record.checks.values() if each.state == CheckState.ASKED]
    return [f"asked {len(asked)} times at once"] if len(asked) > 1 else []


def _relays_stand_on_closed_steps(record: Record) -> list[str]:
    return [
        f"relay {relay.key} hands over {relay.step}, which is not closed"
        for relay in record.relays.values()
        if relay.state == RelayState.OFFERED and record.steps[relay.step].state not in CLOSED
    ]


def _one_relay_at_a_time(record: Record) -> list[str]:
    # Of two questions for one handover, one would be read back and the other go on climbing.
    offered = Counter((relay.step, relay.to_team) for relay in record.open_relays())
    return [f"{step} offered {n} times to {team}" for (step, team), n in offered.items() if n > 1]


def _every_step_is_there(record: Record) -> list[str]:
    # A step that is not there is never late, and its silence would pass for a proof of quiet.
    planned = (Anchor.RCP, Anchor.AP, Anchor.J0)
    return [
        f"{step.id} is gone"
        for step in record.pathway.steps
        if step.anchor in planned and step.id not in record.steps
    ]


def _done_in_order(record: Record) -> list[str]:
    """Nothing is done before what it needs, unless it was waived."""
    return [
        f"{step.key} is done before {need}"
        for step in record.steps.values()
        if step.state == StepState.DONE and not step.waived_by
        for need in record.definition(step).needs
        if record.steps[need].state not in CLOSED
    ]


def _ready_means_free(record: Record) -> list[str]:
    """A step is shown as to do exactly when nothing holds it back."""
    return [
        f"{step.key} is {'held' if step.ready_at else 'free'} and said to be the contrary"
        for step in record.steps.values()
        if step.state == StepState.PLANNED
        and bool(step.ready_at) == bool(schedule.waits(record, step))
    ]


def _ended_means_over(record: Record) -> list[str]:
    """Of a patient whose pathway is over nothing waits for anybody (a death stops everything)."""
    if record.patient.state != PatientState.ENDED:
        return []
    return [
        f"{kind.name} {thing.key}".rstrip() + " is open after the end"
        for kind in due.BOOK
        for thing in record.things[kind.name].values()
        if kind.is_open(record, thing)
        or (isinstance(thing, Step) and thing.state == StepState.PLANNED)
    ]


def _taken_means_named(record: Record) -> list[str]:
    # « Somebody has it » is how an alert is lost: it has a name, or it is not taken.
    return [
        f"alert {alert.key} is taken by nobody"
        for alert in record.alerts.values()
        if (alert.taken_at is None) != (alert.taken_by is None)
    ]


RULES = (
    _watched_until_the_end,
    _asked_once_at_a_time,
    _relays_stand_on_closed_steps,
    _one_relay_at_a_time,
    _done_in_order,
    _ready_means_free,
    _taken_means_named,
    _ended_means_over,
)
