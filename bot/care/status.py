"""Where patients are: all of them, worries first; or one, with who said so and when."""

from collections.abc import Sequence
from datetime import date, timedelta

from bot.care import alerts, checks
from bot.care.planning import CLOSED, definition, is_late, values_of, waits_for
from bot.care.telling import days, head, name_of, pathway_of
from bot.domain.message import Button, Card, Keyboard, Refused, Text, text
from bot.domain.pathway import Anchor
from bot.domain.roles import Team
from bot.models import (
    Member,
    Patient,
    PatientState,
    Relay,
    RelayState,
    Step,
    StepState,
)
from bot.store import Unit

PHASES = (
    "inclusion",
    "apherese",
    "fabrication",
    "preparation",
    "hospitalisation",
    "surveillance",
    "suivi",
)
SHOWN = 12
"""How many buttons a list has at the most: a phone's screen."""


# All patients


def everyone(unit: Unit, member: Member) -> Card:
    """Every running pathway by phase, those with a worry first."""
    mine = [patient for patient in unit.patients() if sees(member, patient)]
    if not mine:
        raise Refused(text("patient.none"))
    worried = [patient for patient in mine if worries(unit, patient)]
    blocks: list[Text] = []
    if worried:
        blocks.append(_block(unit, text("status.worries", n=len(worried)), worried))
    for phase in PHASES:
        there = [p for p in mine if p not in worried and phase_of(unit, p) == phase]
        if there:
            blocks.append(_block(unit, text(f"status.phase.{phase}"), there))
    rows: Keyboard = tuple(
        (
            Button(
                text("patient.button.one", code=patient.code, j=days(unit, patient)),
                f"status:show:{patient.id}",
            ),
        )
        for patient in (worried + [p for p in mine if p not in worried])[:SHOWN]
    )
    return Card(text("status.all", n=len(mine), blocks=tuple(blocks), at=unit.now), rows)


def sees(member: Member, patient: Patient) -> bool:
    """The coordination follows everyone; a team follows the patients of its centre."""
    return member.team == Team.COORDINATION or member.centre == patient.centre


def _block(unit: Unit, title: Text, patients: Sequence[Patient]) -> Text:
    return text(
        "status.block", title=title, lines=tuple(_patient_line(unit, each) for each in patients)
    )


def _patient_line(unit: Unit, patient: Patient) -> Text:
    found = worries(unit, patient)
    coming = _next_step(unit, patient)
    return text(
        "status.line",
        code=patient.code,
        j=days(unit, patient),
        what=found[0] if found else _step_short(unit, coming),
    )


def _step_short(unit: Unit, step: Step | None) -> Text:
    if step is None:
        return text("status.nothing_next")
    return text("status.next_short", label=definition(unit, step).label, on=step.on)


def _next_step(unit: Unit, patient: Patient) -> Step | None:
    planned = [s for s in unit.steps_of(patient.id) if s.state == StepState.PLANNED]
    return planned[0] if planned else None


def phase_of(unit: Unit, patient: Patient) -> str:
    """The phase, read from what is closed, not from the date."""
    closed = {step.slug for step in unit.steps_of(patient.id) if step.state in CLOSED}
    for slug, phase in (
        ("fin_surveillance", "suivi"),
        ("injection", "surveillance"),
        ("admission", "hospitalisation"),
        ("stockage_azote", "preparation"),
        ("apherese", "fabrication"),
        ("rcp", "apherese"),
    ):
        if slug in closed:
            return phase
    return "inclusion"


def worries(unit: Unit, patient: Patient) -> list[Text]:
    """What is wrong now, the gravest first."""
    found = [
        text("status.worry_alert", number=alert.id, sign=alerts.sign_text(alert.sign))
        for alert in unit.running_alerts(patient.id)
    ]
    found += [
        text("status.worry_check", at=unit.round(check.round_id).at)
        for check in unit.open_checks_of(patient.id)
        if unit.round(check.round_id).rung > 0
    ]
    found += [
        text("status.worry_relay", team=relay.to_team, until=relay.deadline_at)
        for relay in unit.relays_of(patient.id)
        if relay.state == RelayState.OFFERED and relay.deadline_at <= unit.now
    ]
    found += [
        text("status.worry_countdown", until=countdown.limit_at)
        for countdown in unit.countdowns_of(patient.id)
    ]
    found += [
        text("status.worry_demand", what=text(f"demand.{demand.kind}"), at=demand.asked_at)
        for demand in unit.open_demands()
        if demand.patient_id == patient.id
    ]
    found += [
        text("status.worry_step", label=definition(unit, step).label, since=step.due_at)
        for step in unit.steps_of(patient.id)
        if is_late(unit, step)
    ]
    return found


# One patient


def one(unit: Unit, member: Member, patient: Patient) -> Card:
    """Phase, J±n, what is done, now, next, late; who said so and when; what is not known."""
    if not sees(member, patient):
        raise Refused(text("check.other_centre", centre=patient.centre))
    planned = [s for s in unit.steps_of(patient.id) if s.state == StepState.PLANNED]
    ready = [step for step in planned if not waits_for(unit, step)]
    late = [step for step in planned if is_late(unit, step)]
    now = [s for s in ready if s not in late][:3]
    after = [s for s in planned if s not in late and s not in now][:3]
    said = text(
        "status.one",
        head=head(unit, patient),
        phase=text(f"status.phase.{phase_of(unit, patient)}"),
        product=_brand(unit, patient),
        centre=patient.centre,
        day0=patient.day0_on,
        state=text("nothing")
        if patient.state == PatientState.ACTIVE
        else text(f"status.state.{patient.state}"),
        parts=tuple(
            part
            for part in (
                _part("status.part_worries", worries(unit, patient)),
                _part("status.part_relays", _relay_lines(unit, patient)),
                _part("status.part_now", [_step_line(unit, step) for step in now]),
                _part("status.part_next", [_step_line(unit, step) for step in after]),
                _part("status.part_done", _done_lines(unit, patient)),
                _part("status.part_checks", _check_lines(unit, patient)),
                _part("status.part_unknown", _unknown(unit, patient)),
            )
            if part is not None
        ),
    )
    return Card(said, _status_buttons(unit, member, patient, late + now))


def _brand(unit: Unit, patient: Patient) -> str:
    """What people call the product; its id if the file of products forgot it since."""
    brands = {product.id: product.brand for product in unit.network.products}
    return brands.get(patient.product, patient.product)


def _part(key: str, lines: Sequence[Text]) -> Text | None:
    return text(key, lines=tuple(lines), n=len(lines)) if lines else None


def _step_line(unit: Unit, step: Step) -> Text:
    waiting = waits_for(unit, step)
    pathway = pathway_of(unit.patient(step.patient_id))
    held = text("nothing")
    if waiting:
        held = text(
            "status.held_by", labels=", ".join(pathway.step(w.slug).label for w in waiting)
        )
    return text(
        "status.step",
        label=definition(unit, step).label,
        team=step.team,
        when=step.due_at,
        held=held,
    )


def _done_lines(unit: Unit, patient: Patient) -> list[Text]:
    """The last steps closed, each with its evidence."""
    closed = [s for s in unit.steps_of(patient.id) if s.state in CLOSED and s.done_at]
    newest = sorted(closed, key=lambda step: step.done_at or unit.now)[-6:]
    accepted = [relay for relay in unit.relays_of(patient.id) if relay.accepted_at]
    return [
        _done_line(unit, step, [relay for relay in accepted if relay.step_id == step.id])
        for step in newest
    ]


def _done_line(unit: Unit, step: Step, accepted: Sequence[Relay]) -> Text:
    key = "status.done" if step.state == StepState.DONE else "status.not_required"
    read_back = tuple(
        text(
            "status.read_back",
            who=name_of(unit, relay.accepted_by),
            at=relay.accepted_at or unit.now,
        )
        for relay in accepted
    )
    return text(
        key,
        label=definition(unit, step).label,
        who=name_of(unit, step.done_by),
        at=step.done_at or unit.now,
        read_back=read_back or text("nothing"),
    )


def _relay_lines(unit: Unit, patient: Patient) -> list[Text]:
    return [
        text("status.relay", giver=r.from_team, team=r.to_team, until=r.deadline_at)
        for r in unit.relays_of(patient.id)
        if r.state == RelayState.OFFERED
    ]


def _check_lines(unit: Unit, patient: Patient) -> list[Text]:
    """The watch: the last answer, the next question, the grades of this episode."""
    said: list[Text] = []
    last = unit.last_check_of(patient.id)
    if last is not None and last.answered_at:
        said.append(
            text(
                f"status.check.{last.state}",
                who=name_of(unit, last.answered_by),
                at=last.answered_at,
            )
        )
    if patient.next_at is not None:
        team = checks.asked_team(unit, patient)
        said.append(text("status.next_check", at=patient.next_at, team=team.value))
    grades = [alert.grade for alert in unit.alerts_of(patient.id) if alert.grade]
    if grades:
        said.append(text("status.worst_grade", grade=max(grades)))
    return said


def _unknown(unit: Unit, patient: Patient) -> list[Text]:
    """What was not said, named instead of guessed."""
    said = [
        text("status.unknown_grade", number=alert.id)
        for alert in unit.running_alerts(patient.id)
        if alert.grade is None
    ]
    for step in unit.steps_of(patient.id):
        values = values_of(step)
        said += [
            text("status.unknown_value", label=definition(unit, step).label, item=item.label)
            for item in definition(unit, step).items
            if step.state == StepState.DONE and values.get(item.id, "") == ""
        ]
        if is_late(unit, step) and not waits_for(unit, step):
            label = definition(unit, step).label
            said.append(text("status.unknown_step", label=label, team=step.team))
    return said


def _status_buttons(
    unit: Unit, member: Member, patient: Patient, steps: Sequence[Step]
) -> Keyboard:
    rows: list[tuple[Button, ...]] = []
    for step in [s for s in steps if member.team in (s.team, Team.COORDINATION)][:4]:
        label = text("status.button.step", label=definition(unit, step).label)
        rows.append((Button(label, f"step:show:{step.id}"),))
    rows.append((Button(text("status.button.alert"), f"alert:new:{patient.id}"),))
    if member.team == Team.COORDINATION:
        plan = Button(text("status.button.plan"), f"status:plan:{patient.id}")
        correct = Button(text("status.button.correct"), f"status:correct:{patient.id}")
        rows.append((plan, correct))
    return tuple(rows)


def plan(unit: Unit, member: Member, patient: Patient) -> Card:
    """Every step with its day; the pause days are shown and ask nothing."""
    if not sees(member, patient):
        raise Refused(text("check.other_centre", centre=patient.centre))
    lines = [(step.on, _plan_line(unit, patient, step)) for step in unit.steps_of(patient.id)]
    for pause in pathway_of(patient).pauses:
        for offset in pause.offsets:
            on = _anchor_day(patient, pause.anchor) + timedelta(days=offset)
            lines.append((on, text("plan.pause", on=on, j=offset, label=pause.label)))
    ordered = tuple(line for _, line in sorted(lines, key=lambda pair: pair[0]))
    back = Button(text("step.button.back"), f"status:show:{patient.id}")
    return Card(text("plan.all", head=head(unit, patient), lines=ordered), ((back,),))


def _anchor_day(patient: Patient, anchor: Anchor) -> date:
    return {
        Anchor.RCP: patient.rcp_on,
        Anchor.AP: patient.apheresis_on,
        Anchor.J0: patient.day0_on,
        Anchor.SO: patient.discharge_on,
    }[anchor]


def _plan_line(unit: Unit, patient: Patient, step: Step) -> Text:
    mark = "late" if is_late(unit, step) else step.state
    return text(
        f"plan.line.{mark}",
        on=step.on,
        j=unit.network.calendar.offset(patient.day0_on, step.on),
        label=definition(unit, step).label,
        team=step.team,
    )


def correctable(unit: Unit, patient: Patient) -> Card:
    """Which confirmation to take back, with a reason."""
    closed = [s for s in unit.steps_of(patient.id) if s.state in CLOSED and s.done_at]
    if not closed:
        raise Refused(text("step.nothing_to_undo"))
    newest = sorted(closed, key=lambda step: step.done_at or unit.now, reverse=True)
    rows: Keyboard = tuple(
        (
            Button(
                text("status.button.undo", label=definition(unit, step).label),
                f"step:undo_why:{step.id}",
            ),
        )
        for step in newest[:SHOWN]
    )
    return Card(text("status.correct_which", head=head(unit, patient)), rows)
