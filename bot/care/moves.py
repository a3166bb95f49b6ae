"""Moving a date: asked by a team, shown before, told once to each team, old reminders void."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from bot.care import demands, drafts
from bot.care.planning import CLOSED, buttons, cause, definition, opened, schedule
from bot.care.telling import head, name_of, pathway_of, tell
from bot.domain.message import Button, Card, Keyboard, Priority, Refused, Text, text
from bot.domain.pathway import Anchor, StepDef, check_anchors, planned
from bot.domain.roles import Team
from bot.domain.words import bare
from bot.models import DemandKind, Draft, Member, Patient, PatientState, Step, StepState
from bot.store import Unit


@dataclass(frozen=True)
class Move:
    """One step to another day; when an anchor hangs on it, all that is counted from it follows."""

    step_id: int
    was: str
    on: str

    @property
    def delta(self) -> timedelta:
        return date.fromisoformat(self.on) - date.fromisoformat(self.was)


def target(unit: Unit, patient: Patient, typed: str) -> Step:
    """The step that is meant: its id, its label, or J0 for the injection."""
    wanted = bare(typed)
    of_patient = {step.slug: step for step in unit.steps_of(patient.id)}
    pathway = pathway_of(patient)
    if wanted == "j0":
        return of_patient[anchor_step(patient, Anchor.J0).id]
    for slug, step in of_patient.items():
        if wanted in (bare(slug), bare(pathway.step(slug).label)):
            return step
    close = [s for slug, s in of_patient.items() if bare(slug).startswith(wanted)]
    if wanted and len(close) == 1:
        return close[0]
    raise Refused(text("move.which_step", known=", ".join(of_patient)))


def anchor_step(patient: Patient, anchor: Anchor) -> StepDef:
    return next(step for step in pathway_of(patient).steps if step.anchor_of is anchor)


def choose(unit: Unit, patient: Patient) -> Card:
    """Which step to move: those still to do, one button each."""
    rows: Keyboard = tuple(
        (
            Button(
                text("move.button.step", label=definition(unit, step).label, on=step.on),
                f"step:move:{step.id}",
            ),
        )
        for step in unit.steps_of(patient.id)
        if step.state == StepState.PLANNED
    )
    if not rows:
        raise Refused(text("move.closed"))
    return Card(text("move.which", head=head(unit, patient)), rows)


# Asked by a team


def days_for(unit: Unit, member: Member, step_id: int) -> Card:
    """*Reporter*: some days to choose from; another one can be typed."""
    step = opened(unit, member, step_id)
    patient = unit.patient(step.patient_id)
    shown = definition(unit, step)
    first = max(step.on, unit.network.calendar.day(unit.now))
    ahead = [first + timedelta(days=n) for n in (1, 2, 3, 4, 7, 14)]
    verb = "move:preview" if member.team == Team.COORDINATION else "move:ask"
    days = [
        Button(text("date.button.day", on=day), f"{verb}:{step.id}:{day.isoformat()}")
        for day in ahead
    ]
    rows: Keyboard = tuple(tuple(days[at : at + 2]) for at in range(0, len(days), 2))
    back = (Button(text("step.button.back"), f"step:show:{step.id}"),)
    said = text("move.which_day", head=head(unit, patient), label=shown.label, on=step.on)
    return Card(said, (*rows, back))


def ask(unit: Unit, member: Member, step_id: int, on: date) -> Step:
    """The team asks; only the coordination moves."""
    step = opened(unit, member, step_id)
    patient = unit.patient(step.patient_id)
    _possible(unit, patient, step, on)
    unit.record(
        "move_asked", member=member.id, patient=patient.id, step=step.slug, on=on.isoformat()
    )
    demands.make(unit, member, step, DemandKind.MOVE, on=on)
    return step


def asked(unit: Unit, step: Step, on: date) -> Card:
    """What the team sees: asked, not moved."""
    shown = text(
        "move.asked_by_you",
        head=head(unit, unit.patient(step.patient_id)),
        label=definition(unit, step).label,
        was=step.on,
        on=on,
    )
    return Card(shown, buttons(step))


def kept(unit: Unit, step: Step) -> Text:
    """What the coordination sees once it has refused."""
    patient = unit.patient(step.patient_id)
    label = definition(unit, step).label
    return text("move.kept", head=head(unit, patient), label=label, on=step.on)


def _planned(unit: Unit, step_id: int) -> Step:
    step = unit.step(step_id)
    if step is None or step.state != StepState.PLANNED:
        raise Refused(text("move.closed"))
    return step


# Shown, then applied


def preview(unit: Unit, member: Member, chat_id: int, step: Step, on: date) -> Card:
    """What the move would change, team by team; nothing changes yet."""
    patient = unit.patient(step.patient_id)
    _possible(unit, patient, step, on)
    move = Move(step.id, step.on.isoformat(), on.isoformat())
    drafts.begin(unit, member, chat_id, "move", **asdict(move))
    affected = _affected(unit, patient, step)
    said = text(
        "move.preview",
        head=head(unit, patient),
        label=definition(unit, step).label,
        was=step.on,
        on=on,
        teams=tuple(_team_changes(unit, of, move.delta) for of in _by_team(affected)),
        warnings=_warnings(unit, patient, affected, move.delta),
        n=len(affected),
    )
    rows: Keyboard = (
        (Button(text("move.button.apply"), "move:apply"),),
        (Button(text("draft.button.cancel"), "draft:leave"),),
    )
    return Card(said, rows)


def _possible(unit: Unit, patient: Patient, step: Step, on: date) -> None:
    if patient.state != PatientState.ACTIVE:
        raise Refused(text("patient.ended", code=patient.code))
    if step.state in CLOSED or step.state == StepState.CANCELLED:
        raise Refused(text("move.closed"))
    if on == step.on:
        raise Refused(text("move.same_day", on=on))
    anchor = definition(unit, step).anchor_of
    anchors = {Anchor.AP: patient.apheresis_on, Anchor.J0: patient.day0_on}
    if anchor in anchors:
        anchors[anchor] = on
    today = unit.network.calendar.day(unit.now)
    if on < today:
        raise Refused(text("date.past", day=on))
    check_anchors(anchors, today, chosen=())


def _affected(unit: Unit, patient: Patient, step: Step) -> list[Step]:
    """The step and, when it bears an anchor, all that is counted from it and still to do."""
    pathway, anchor = pathway_of(patient), definition(unit, step).anchor_of
    return [
        other
        for other in unit.steps_of(patient.id)
        if other.state == StepState.PLANNED
        and (other.id == step.id or (anchor and pathway.step(other.slug).anchor is anchor))
    ]


def _by_team(steps: Sequence[Step]) -> list[list[Step]]:
    teams = dict.fromkeys(step.team for step in steps)
    return [[step for step in steps if step.team == team] for team in teams]


def _team_changes(unit: Unit, steps: Sequence[Step], delta: timedelta) -> Text:
    lines = tuple(
        text(
            "move.line",
            label=definition(unit, step).label,
            was=step.on,
            on=step.on + delta,
        )
        for step in steps
    )
    return text("move.team", team=steps[0].team, lines=lines)


def _warnings(
    unit: Unit, patient: Patient, affected: Sequence[Step], delta: timedelta
) -> tuple[Text, ...] | Text:
    """A step that would fall before one that it needs, or after one that needs it."""
    pathway = pathway_of(patient)
    moved = {step.slug for step in affected}
    on = {
        step.slug: step.on + (delta if step.slug in moved else timedelta())
        for step in unit.steps_of(patient.id)
    }
    said = [
        text("move.warn_order", label=each.label, before=pathway.step(need).label)
        for each in pathway.steps
        for need in each.needs
        if (each.id in moved or need in moved) and on[each.id] < on[need]
    ]
    return tuple(said) or text("nothing")


def apply(unit: Unit, member: Member, draft: Draft) -> Patient:
    """Move: old reminders are void now; each team hears once, with its own changes only."""
    move = Move(**drafts.data_of(draft))
    step = _planned(unit, move.step_id)
    if step.on.isoformat() != move.was:
        raise Refused(text("move.changed_meanwhile"))
    patient = unit.patient(step.patient_id)
    on = date.fromisoformat(move.on)
    _possible(unit, patient, step, on)
    drafts.end(unit, draft)
    _carry_out(unit, member, step, on, _affected(unit, patient, step))
    return patient


def follow_reality(unit: Unit, member: Member, step: Step, on: date) -> None:
    """A step that bears an anchor took place on another day: what is counted from it follows."""
    if on != step.on:
        patient = unit.patient(step.patient_id)
        _carry_out(unit, member, step, on, _affected(unit, patient, step))


def _carry_out(unit: Unit, member: Member, step: Step, on: date, affected: Sequence[Step]) -> None:
    patient, shown = unit.patient(step.patient_id), definition(unit, step)
    was, delta = step.on, on - step.on
    changes = [(of[0].team, _team_changes(unit, of, delta)) for of in _by_team(affected)]
    _shift_anchor(unit, patient, shown.anchor_of, delta)
    for other in affected:
        _shift(unit, patient, other, delta)
    if step not in affected:
        again = planned(shown, on, unit.network.calendar)
        step.on, step.due_at = again.on, again.due_at
        unit.add(step)
    event = unit.record(
        "date_moved",
        member=member.id,
        patient=patient.id,
        step=step.slug,
        was=was.isoformat(),
        on=on.isoformat(),
    )
    demands.void(unit, step, _moved_text(unit, patient, step), DemandKind.MOVE)
    for team, lines in changes:
        said = text(
            "move.told",
            head=head(unit, patient),
            label=shown.label,
            on=on,
            who=name_of(unit, member.id),
            changes=lines,
        )
        key = f"move:{event.id}:{team}"
        tell(unit, team, patient.centre, Card(said), key, priority=Priority.ANSWER)


def _shift(unit: Unit, patient: Patient, step: Step, delta: timedelta) -> None:
    shown = definition(unit, step)
    again = planned(shown, step.on + delta, unit.network.calendar)
    step.on, step.due_at = again.on, again.due_at
    step.moved += 1
    if step.ready_at is not None:
        step.ready_at = unit.now  # brought into the past, it is late from now on, not for ever
    unit.withdraw(cause(step))
    moved = Card(_moved_text(unit, patient, step))
    unit.rewrite(cause(step), moved, f"step:{step.id}:moved:{step.moved}")
    schedule(unit, step)


def _moved_text(unit: Unit, patient: Patient, step: Step) -> Text:
    return text(
        "move.moved", head=head(unit, patient), label=definition(unit, step).label, on=step.on
    )


def _shift_anchor(unit: Unit, patient: Patient, anchor: Anchor | None, delta: timedelta) -> None:
    if anchor is Anchor.AP:
        patient.apheresis_on += delta
    elif anchor is Anchor.J0:
        patient.day0_on += delta
        patient.discharge_on += delta
    elif anchor is Anchor.SO:
        patient.discharge_on += delta
    unit.add(patient)
