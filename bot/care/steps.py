"""Steps: who ticks, confirms, undoes, reports a problem; what that sets off."""

import json
from datetime import date, datetime, timedelta
from typing import Any

from bot.care import checks, countdowns, demands, moves, relays
from bot.care.checklist import complete, describe, keyboard
from bot.care.planning import (
    CLOSED,
    announce_ready,
    buttons,
    cause,
    closed_text,
    definition,
    hold_back,
    opened,
    schedule,
    values_of,
    waits_for,
    waits_text,
)
from bot.care.telling import head, name_of, pathway_of, tell
from bot.domain.message import Button, Card, Keyboard, Refused, Text, text
from bot.domain.pathway import ItemKind
from bot.domain.roles import Team
from bot.models import Demand, DemandKind, Member, Step, StepState
from bot.store import Unit

UNDO_WAIT = timedelta(minutes=10)


def checklist(unit: Unit, step: Step) -> Card:
    """The checklist of a step, ready to be ticked; *Confirmer* once it is complete."""
    shown = definition(unit, step)
    patient = unit.patient(step.patient_id)
    values = values_of(step)
    said = text(
        "step.checklist",
        head=head(unit, patient),
        label=shown.label,
        lines=tuple(describe(shown, values)) or text("nothing"),
    )
    rows = keyboard(shown, step.id, values, unit.now, unit.network.calendar)
    last: tuple[Button, ...] = (Button(text("step.button.back"), f"step:show:{step.id}"),)
    if shown.not_required and not values:
        rows += ((Button(text("step.button.not_required"), f"step:skip:{step.id}"),),)
    if complete(shown, values):
        rows += ((Button(text("step.button.confirm"), f"step:confirm:{step.id}"),),)
    return Card(said, (*rows, last))


def confirmed(unit: Unit, step: Step) -> Card:
    """What its author sees just after: done, and the way back for ten minutes."""
    undo = Button(text("step.button.undo"), f"step:undo:{step.id}")
    return Card(closed_text(unit, step), ((undo,),))


def actionable(unit: Unit, member: Member, step_id: int) -> Step:
    """As `opened`, and nothing holds the step back."""
    step = opened(unit, member, step_id)
    waiting = waits_for(unit, step)
    if not waiting:
        return step
    rows: Keyboard = ()
    if definition(unit, step).waivable:
        rows = ((Button(text("step.button.waive"), f"step:waive:{step.id}"),),)
    raise Refused(waits_text(waiting, unit.patient(step.patient_id)), rows)


def tick(unit: Unit, member: Member, step_id: int, item: str, value: Any) -> Step:
    """Set one item of the checklist, or clear it with None; shared by the whole team."""
    step = actionable(unit, member, step_id)
    shown = definition(unit, step)
    wanted = shown.item(item)
    values = values_of(step)
    if value is None:
        values.pop(item, None)
    else:
        _same_as_announced(unit, step, wanted.equals, wanted.label, value)
        values[item] = value
    step.data = json.dumps(values, ensure_ascii=False)
    unit.add(step)
    return step


def _same_as_announced(unit: Unit, step: Step, equals: str, label: str, value: Any) -> None:
    """What is counted must be what was announced, else it is a problem and not a tick."""
    if not equals:
        return
    slug, item = equals.split(".")
    other = next(known for known in unit.steps_of(step.patient_id) if known.slug == slug)
    announced = values_of(other).get(item)
    if announced is not None and announced != value:
        rows = ((Button(text("step.button.problem"), f"step:problem:{step.id}"),),)
        said = text("step.differs", label=label, counted=str(value), announced=str(announced))
        raise Refused(said, rows)


def confirm(unit: Unit, member: Member, step_id: int) -> Step:
    """The giver's key: the step is done, and everything that follows from it starts."""
    step = actionable(unit, member, step_id)
    if not complete(definition(unit, step), values_of(step)):
        raise Refused(text("step.incomplete"))
    if definition(unit, step).closes_checks and unit.network.calendar.day(unit.now) < step.on:
        # A tap too early would silence the watch; the coordination may bring the day forward.
        raise Refused(text("step.watch_not_over", on=step.on))
    _close(unit, member, step, StepState.DONE, "step_done")
    return step


def skip(unit: Unit, member: Member, step_id: int, reason: str) -> Step:
    """Close a step as not required, with its reason (reference: clinique §3.4)."""
    step = actionable(unit, member, step_id)
    if not definition(unit, step).not_required:
        raise Refused(text("button.stale"))
    step.note = reason
    _close(unit, member, step, StepState.NOT_REQUIRED, "step_not_required")
    return step


def waive(unit: Unit, member: Member, step_id: int, reason: str) -> Step:
    """A named physician lets the step go on without what it waits for (gate, clinique §4)."""
    step = opened(unit, member, step_id)
    if not definition(unit, step).waivable:
        raise Refused(text("button.stale"))
    step.waived_by = reason
    unit.add(step)
    patient = unit.patient(step.patient_id)
    event = unit.record(
        "step_waived", member=member.id, patient=patient.id, step=step.slug, reason=reason
    )
    said = text(
        "step.waived",
        head=head(unit, patient),
        label=definition(unit, step).label,
        who=name_of(unit, member.id),
        reason=reason,
    )
    tell(unit, Team.COORDINATION, patient.centre, Card(said), f"step:{step.id}:waived:{event.id}")
    return step


def _close(unit: Unit, member: Member, step: Step, state: StepState, event: str) -> None:
    won = unit.claim(
        step,
        StepState.PLANNED.value,
        state=state.value,
        done_at=unit.now,
        done_by=member.id,
        next_at=None,
    )
    if not won:
        raise Refused(
            text("step.already_done", who=name_of(unit, step.done_by), at=step.done_at or unit.now)
        )
    patient = unit.patient(step.patient_id)
    unit.record(
        event,
        member=member.id,
        patient=patient.id,
        step=step.slug,
        values=values_of(step),
        note=step.note,
        planned=step.on.isoformat(),
    )
    unit.withdraw(f"step:{step.id}")
    unit.rewrite(f"step:{step.id}", Card(closed_text(unit, step)), f"step:{step.id}:closed")
    _follow(unit, member, step)
    demands.void(unit, step, closed_text(unit, step))
    countdowns.stop(unit, step)
    countdowns.start_after(unit, step)
    relays.offer_after(unit, step)
    announce_ready(unit, patient)


def _follow(unit: Unit, member: Member, step: Step) -> None:
    """What closing a step changes for its patient: real dates, the toxicity watch."""
    patient, shown = unit.patient(step.patient_id), definition(unit, step)
    if shown.anchor_of is not None:
        moves.follow_reality(unit, member, step, day_of(unit, step))
    if shown.opens_checks:
        patient.next_at = checks.next_for(unit, patient)
    if shown.closes_checks:
        checks.stop(unit, patient)
    unit.add(patient)


def day_of(unit: Unit, step: Step) -> date:
    """The day it really took place: that of its first noted hour, else today."""
    values = values_of(step)
    for item in definition(unit, step).items:
        if item.kind is ItemKind.TIME and item.id in values:
            return unit.network.calendar.day(datetime.fromisoformat(values[item.id]))
    return unit.network.calendar.day(unit.now)


def undo(unit: Unit, member: Member, step_id: int, reason: str = "") -> Step:
    """Take a confirmation back: its author for ten minutes, then the coordinator with a reason."""
    step = unit.step(step_id)
    if step is None or step.state not in CLOSED or step.done_at is None:
        raise Refused(text("step.nothing_to_undo"))
    fresh = step.done_by == member.id and unit.now <= step.done_at + UNDO_WAIT
    if not fresh and not (member.team == Team.COORDINATION and reason):
        raise Refused(text("step.undo_too_late"))
    _not_built_upon(unit, step)
    won = unit.claim(
        step,
        step.state,
        state=StepState.PLANNED.value,
        done_at=None,
        done_by=None,
        note="",
        ready_at=unit.now,  # whatever its reminders said before, they start again
    )
    if not won:
        raise Refused(text("step.nothing_to_undo"))
    patient = unit.patient(step.patient_id)
    unit.record("step_undone", member=member.id, patient=patient.id, step=step.slug, reason=reason)
    relays.cancel_of(unit, step)
    countdowns.stop(unit, step)
    countdowns.resume(unit, step)
    _restore(unit, member, step)
    schedule(unit, step)
    hold_back(unit, patient)
    _say_undone(unit, member, step, reason)
    return step


def _restore(unit: Unit, member: Member, step: Step) -> None:
    """Take back what closing it changed for its patient: the dates, the toxicity watch."""
    patient, shown = unit.patient(step.patient_id), definition(unit, step)
    if shown.anchor_of is not None:
        was = _planned_day(unit, step)
        # A day that has passed is no plan any more: the coordination chooses another.
        if was >= unit.network.calendar.day(unit.now):
            moves.follow_reality(unit, member, step, was)
    if shown.opens_checks:
        checks.stop(unit, patient)
    if shown.closes_checks:
        checks.resume(unit, patient)


def _planned_day(unit: Unit, step: Step) -> date:
    """The day that was planned when the step was confirmed."""
    for event in unit.newest_events(step.patient_id, "step_done"):
        data = json.loads(event.data)
        if data["step"] == step.slug and "planned" in data:
            return date.fromisoformat(data["planned"])
    return step.on


def _not_built_upon(unit: Unit, step: Step) -> None:
    pathway = pathway_of(unit.patient(step.patient_id))
    for other in unit.steps_of(step.patient_id):
        if other.state in CLOSED and step.slug in pathway.step(other.slug).needs:
            raise Refused(text("step.built_upon", label=pathway.step(other.slug).label))


def _say_undone(unit: Unit, member: Member, step: Step, reason: str) -> None:
    patient = unit.patient(step.patient_id)
    said = text(
        "step.undone",
        head=head(unit, patient),
        label=definition(unit, step).label,
        who=name_of(unit, member.id),
        reason=text("step.because", reason=reason) if reason else text("nothing"),
    )
    key = f"step:{step.id}:undone:{unit.stamp()}"
    tell(unit, step.team, patient.centre, Card(said, buttons(step)), key, cause=cause(step))


def report_problem(unit: Unit, member: Member, step_id: int, reason: str | Text) -> Demand:
    """Tell the coordination what is wrong, until somebody there has seen it."""
    step = opened(unit, member, step_id)
    note = unit.words.plain(reason) if isinstance(reason, Text) else reason
    unit.record("problem", member=member.id, patient=step.patient_id, step=step.slug, reason=note)
    return demands.make(unit, member, step, DemandKind.PROBLEM, note=note)
