"""What is to be done: by whom, what holds it back, when it next wants attention, how it shows."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bot.care.checklist import describe
from bot.care.telling import head, name_of, pathway_of, tell
from bot.domain.message import Button, Card, Keyboard, Refused, Text, text
from bot.domain.pathway import StepDef, next_reminder
from bot.domain.roles import Team
from bot.models import Member, Patient, PatientState, RelayState, Step, StepState
from bot.store import Unit

CLOSED = (StepState.DONE, StepState.NOT_REQUIRED)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def definition(unit: Unit, step: Step) -> StepDef:
    return pathway_of(unit.patient(step.patient_id)).step(step.slug)


def values_of(step: Step) -> dict[str, Any]:
    return dict(json.loads(step.data))


def waits_for(unit: Unit, step: Step) -> list[Step]:
    """The steps that hold this one back: not closed, or closed but not yet read back to us."""
    if step.waived_by:
        return []
    of_patient = {other.slug: other for other in unit.steps_of(step.patient_id)}
    unread = {
        relay.step_id
        for relay in unit.relays_of(step.patient_id)
        if relay.state == RelayState.OFFERED and relay.to_team == step.team
    }
    needed = [of_patient[slug] for slug in definition(unit, step).needs]
    return [other for other in needed if other.state not in CLOSED or other.id in unread]


def is_late(unit: Unit, step: Step) -> bool:
    return step.state == StepState.PLANNED and step.due_at <= unit.now


def card(unit: Unit, step: Step) -> Card:
    """The step as its team sees it: what, who, when, what to press."""
    shown = definition(unit, step)
    patient = unit.patient(step.patient_id)
    if step.state != StepState.PLANNED:
        return Card(closed_text(unit, step))
    waiting = waits_for(unit, step)
    said = text(
        "step.card",
        head=head(unit, patient),
        label=shown.label,
        team=step.team,
        centre=patient.centre,
        when=step.due_at,
        late=_lateness(unit, step),
        limit=_limit_text(unit, step),
        waits=waits_text(waiting, patient) if waiting else text("nothing"),
    )
    return Card(said, buttons(step))


def _limit_text(unit: Unit, step: Step) -> Text:
    """Until when a thawed product may be given, while its clock runs."""
    running = [c for c in unit.countdowns_of(step.patient_id) if c.step_id == step.id]
    return text("step.limit", until=running[-1].limit_at) if running else text("nothing")


def buttons(step: Step) -> Keyboard:
    return (
        (Button(text("step.button.done"), f"step:done:{step.id}"),),
        (
            Button(text("step.button.move"), f"step:move:{step.id}"),
            Button(text("step.button.problem"), f"step:problem:{step.id}"),
        ),
    )


def _lateness(unit: Unit, step: Step) -> Text:
    return text("step.late", since=step.due_at) if is_late(unit, step) else text("nothing")


def waits_text(waiting: Sequence[Step], patient: Patient) -> Text:
    pathway = pathway_of(patient)
    return text(
        "step.waits",
        lines=tuple(
            text("step.waits_line", label=pathway.step(other.slug).label, team=other.team)
            for other in waiting
        ),
    )


def closed_text(unit: Unit, step: Step) -> Text:
    patient = unit.patient(step.patient_id)
    shown = definition(unit, step)
    key = {
        StepState.DONE.value: "step.done",
        StepState.NOT_REQUIRED.value: "step.not_required",
        StepState.CANCELLED.value: "step.cancelled",
    }[step.state]
    return text(
        key,
        head=head(unit, patient),
        label=shown.label,
        who=name_of(unit, step.done_by),
        at=step.done_at or unit.now,
        values=tuple(describe(shown, values_of(step))) or text("nothing"),
        note=step.note,
    )


def opened(unit: Unit, member: Member, step_id: int) -> Step:
    """The step if it is this member's to act on now, else why not."""
    step = unit.step(step_id)
    if step is None:
        raise Refused(text("step.unknown"))
    patient = unit.patient(step.patient_id)
    if step.state in CLOSED:
        raise Refused(
            text("step.already_done", who=name_of(unit, step.done_by), at=step.done_at or unit.now)
        )
    if step.state == StepState.CANCELLED or patient.state != PatientState.ACTIVE:
        raise Refused(text("step.cancelled_already", code=patient.code))
    if not belongs(unit, member, step):
        raise Refused(text("step.other_team", team=step.team, centre=patient.centre))
    return step


def belongs(unit: Unit, member: Member, step: Step) -> bool:
    """The step's team of the patient's centre, or the coordination."""
    if member.team == Team.COORDINATION:
        return True
    return (member.team, member.centre) == (step.team, unit.patient(step.patient_id).centre)


def coordinates(member: Member) -> bool:
    return member.team == Team.COORDINATION


def cause(step: Step) -> str:
    return f"step:{step.id}"


def next_for(unit: Unit, step: Step, after: datetime) -> datetime | None:
    """The next instant at which the step wants attention."""
    coming = next_reminder(
        definition(unit, step),
        step.on,
        max(step.due_at, step.ready_at or step.due_at),
        unit.network.calendar,
        after,
    )
    return coming[0] if coming else None


def schedule(unit: Unit, step: Step) -> None:
    """Set when a planned step next wants attention."""
    step.next_at = next_for(unit, step, unit.now)
    unit.add(step)


def announce_ready(unit: Unit, patient: Patient) -> None:
    """Tell the teams of steps that nothing holds back any more and whose reminders have passed."""
    for step in unit.steps_of(patient.id):
        if step.state != StepState.PLANNED or step.ready_at is not None:
            continue
        if waits_for(unit, step):
            continue
        step.ready_at = unit.now
        schedule(unit, step)
        if _first_reminder_passed(unit, step):
            key = f"step:{step.id}:ready:{unit.stamp()}"
            tell(unit, step.team, patient.centre, card(unit, step), key, cause=cause(step))


def hold_back(unit: Unit, patient: Patient) -> None:
    """A confirmation was taken back: what needed it waits again."""
    for step in unit.steps_of(patient.id):
        if step.state == StepState.PLANNED and step.ready_at and waits_for(unit, step):
            step.ready_at = None
            unit.withdraw(cause(step))
            schedule(unit, step)


def _first_reminder_passed(unit: Unit, step: Step) -> bool:
    first = next_for(unit, step, LONG_AGO)
    return first is not None and first <= unit.now
