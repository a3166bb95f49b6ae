"""Questions: what is to do, what is late, who did what; answered from what is stored."""

import json
from datetime import date

from bot.care import checks
from bot.care.planning import definition, is_late, waits_for
from bot.care.telling import head, name_of, pathway_of
from bot.domain.message import Button, Card, Text, text
from bot.domain.roles import Team
from bot.models import (
    Event,
    Patient,
    Step,
)
from bot.store import Unit

NOTHING_LATE = "late.nothing"
"""The key of the answer when nothing is late."""
SHOWN = 12
"""How many buttons a list has at the most: a phone's screen."""


# What is to do


def todo(unit: Unit, team: str, centre: str, key: str = "todo.list") -> Card:
    """What one team has open, most urgent first: relays, checks, steps."""
    near = "" if team == Team.COORDINATION else centre
    lines: list[Text] = []
    rows: list[tuple[Button, ...]] = []
    for relay in unit.open_relays(team, near):
        patient = unit.patient(relay.patient_id)
        shown = head(unit, patient)
        lines.append(text("todo.relay", head=shown, until=relay.deadline_at, team=relay.from_team))
        label = text("todo.button.relay", code=patient.code)
        rows.append((Button(label, f"relay:show:{relay.id}"),))
    for round_ in unit.open_rounds(team, near):
        shown_round = checks.card(unit, round_)
        lines.append(text("todo.round", at=round_.at))
        rows += list(shown_round.keyboard)
    steps = [step for step in unit.planned_steps(team, near) if not waits_for(unit, step)]
    for step in steps[:SHOWN]:
        lines.append(_todo_step(unit, step))
        label = text(
            "todo.button.step",
            label=definition(unit, step).label,
            code=unit.patient(step.patient_id).code,
        )
        rows.append((Button(label, f"step:show:{step.id}"),))
    if not lines:
        return Card(text("todo.nothing", team=team))
    return Card(text(key, team=team, lines=tuple(lines), n=len(lines)), tuple(rows))


def _todo_step(unit: Unit, step: Step) -> Text:
    patient = unit.patient(step.patient_id)
    return text(
        "todo.step_late" if is_late(unit, step) else "todo.step",
        head=head(unit, patient),
        label=definition(unit, step).label,
        when=step.due_at,
    )


def late(unit: Unit) -> Card:
    """Everything that is late in the network, whoever owes it."""
    lines = [
        text("late.alert", head=head(unit, unit.patient(alert.patient_id)), at=alert.raised_at)
        for alert in unit.running_alerts()
        if alert.taken_at is None
    ]
    lines += [
        text("late.round", team=round_.team, centre=round_.centre, at=round_.at)
        for round_ in unit.open_rounds()
        if round_.rung > 0
    ]
    lines += [
        text(
            "late.relay",
            head=head(unit, unit.patient(relay.patient_id)),
            team=relay.to_team,
            until=relay.deadline_at,
        )
        for relay in unit.open_relays()
        if relay.deadline_at <= unit.now
    ]
    lines += [
        text(
            "late.demand",
            head=head(unit, unit.patient(demand.patient_id)),
            what=text(f"demand.{demand.kind}"),
            who=name_of(unit, demand.asked_by),
            at=demand.asked_at,
        )
        for demand in unit.open_demands()
        if demand.rung > 0
    ]
    overdue = [step for step in unit.planned_steps() if is_late(unit, step)]
    rows: list[tuple[Button, ...]] = []
    for step in overdue:
        patient = unit.patient(step.patient_id)
        shown = definition(unit, step).label
        key = "late.step_held" if waits_for(unit, step) else "late.step"
        lines.append(
            text(key, head=head(unit, patient), label=shown, team=step.team, since=step.due_at)
        )
        button = text("todo.button.step", label=shown, code=patient.code)
        rows.append((Button(button, f"step:show:{step.id}"),))
    if not lines:
        return Card(text(NOTHING_LATE, at=unit.now))
    return Card(text("late.list", lines=tuple(lines), n=len(lines)), tuple(rows[:SHOWN]))


# Who did what


def history(unit: Unit, patient: Patient) -> Card:
    """All that happened to a patient, oldest first, from the chain itself."""
    events = unit.events_of(patient.id)
    lines = tuple(_event_line(unit, patient, event) for event in events)
    return Card(text("history.list", head=head(unit, patient), lines=lines, n=len(lines)))


def _event_line(unit: Unit, patient: Patient, event: Event) -> Text:
    data = json.loads(event.data)
    slug = data.get("step", "")
    return text(
        f"event.{event.kind}",
        at=event.at,
        who=name_of(unit, event.member_id),
        label=pathway_of(patient).step(slug).label if slug else text("nothing"),
        detail=_detail(data),
    )


def _detail(data: dict[str, object]) -> str | date:
    if data.get("on"):
        return date.fromisoformat(str(data["on"]))
    for key in ("reason", "note", "outcome", "grade", "sign", "to", "given", "rung"):
        if data.get(key):
            return str(data[key])
    return ""
