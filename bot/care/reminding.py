"""Reminders of steps: on time one by one; after an outage, one catch-up message a team."""

from datetime import timedelta

from bot.care.planning import card, cause, definition, next_for, waits_for
from bot.care.questions import todo
from bot.care.telling import head, tell
from bot.domain.message import Card, text
from bot.domain.pathway import ReminderKind, latest_reminder
from bot.domain.roles import Team
from bot.models import PatientState, Step, StepState
from bot.store import Unit

LATE = timedelta(minutes=15)
"""A reminder whose hour is further back than this is replaced by the current state."""


def is_overdue(unit: Unit, step: Step) -> bool:
    return step.next_at is not None and unit.now - step.next_at > LATE


def remind(unit: Unit, steps: list[Step]) -> None:
    """Say one step's reminder and move on to its next one.

    A step that waits for another is not reminded: the one it waits for is.
    """
    (step,) = steps
    kind, due = _kind(unit, step), step.next_at
    moved_on = _move_on(unit, step)
    if not moved_on or kind is None or waits_for(unit, step):
        return
    if kind is ReminderKind.LATE_COORDINATOR:
        _tell_coordination(unit, step)
    else:
        patient = unit.patient(step.patient_id)
        # A pathway may recall a step early more than once: each has its own instant.
        key = f"step:{step.id}:{kind}:{step.moved}:{_since(step)}:{due}"
        tell(unit, step.team, patient.centre, card(unit, step), key, cause=cause(step))


def _since(step: Step) -> str:
    """Lateness may run again after an undo; its reminders are then new ones."""
    return step.ready_at.isoformat() if step.ready_at else "planned"


def _kind(unit: Unit, step: Step) -> ReminderKind | None:
    return latest_reminder(
        definition(unit, step),
        step.on,
        max(step.due_at, step.ready_at or step.due_at),
        unit.network.calendar,
        unit.now,
    )


def _move_on(unit: Unit, step: Step) -> bool:
    """Set the next instant; false when the step no longer runs."""
    running = (
        step.state == StepState.PLANNED
        and unit.patient(step.patient_id).state == PatientState.ACTIVE
    )
    step.next_at = next_for(unit, step, unit.now) if running else None
    unit.add(step)
    return running


def _tell_coordination(unit: Unit, step: Step) -> None:
    """What is late climbs to the coordination, with the step's own buttons."""
    patient = unit.patient(step.patient_id)
    shown = card(unit, step)
    said = text(
        "step.late_coordination",
        head=head(unit, patient),
        label=definition(unit, step).label,
        team=step.team,
        centre=patient.centre,
        since=step.due_at,
    )
    unit.record("step_late", patient=patient.id, step=step.slug)
    tell(
        unit,
        Team.COORDINATION,
        patient.centre,
        Card(said, shown.keyboard),
        f"step:{step.id}:late_coordination:{step.moved}:{_since(step)}",
        cause=cause(step),
    )


def catch_up(unit: Unit, steps: list[Step]) -> None:
    """The bot was off at the hour of these: one message a team, the state as it is now."""
    team, centre = steps[0].team, unit.patient(steps[0].patient_id).centre
    to_say: list[Step] = []
    climbing: list[Step] = []
    for step in steps:
        kind = _kind(unit, step)
        if not _move_on(unit, step) or waits_for(unit, step):
            continue
        (climbing if kind is ReminderKind.LATE_COORDINATOR else to_say).append(step)
    unit.record("caught_up", team=team, centre=centre, steps=[step.id for step in steps])
    if to_say or climbing:
        shown = todo(unit, team, centre, "todo.catch_up")
        tell(unit, team, centre, shown, f"catch_up:{team}:{centre}:{unit.now.isoformat()}")
    for step in climbing:
        _tell_coordination(unit, step)
