"""The two-key relay: one team gives, the other reads back; between them a clock runs."""

import json
from datetime import date, datetime, timedelta

from bot.care.planning import announce_ready, definition, values_of
from bot.care.telling import head, name_of, pathway_of, tell
from bot.domain import relay as rules
from bot.domain.message import Button, Card, Keyboard, Priority, Refused, Text, text
from bot.domain.pathway import Handover, ItemKind, ReadBack
from bot.domain.roles import Team
from bot.models import Member, Patient, Relay, RelayState, Step, StepState
from bot.store import Unit

AT_ONCE = timedelta(minutes=15)
"""A relay that must be read back within this overtakes everything else."""
AGAIN = timedelta(minutes=30)
"""The least time between two reminders of a relay that nobody reads back."""


def offer_after(unit: Unit, step: Step) -> None:
    """Offer what closing this step hands over."""
    patient = unit.patient(step.patient_id)
    closed = {
        other.slug
        for other in unit.steps_of(patient.id)
        if other.state in (StepState.DONE, StepState.NOT_REQUIRED)
    }
    for _, handover in pathway_of(patient).handovers_after(step.slug, closed):
        _offer(unit, patient, step, handover)


def _offer(unit: Unit, patient: Patient, step: Step, handover: Handover) -> None:
    if handover.inform:
        said = text("relay.informed", **_given(unit, patient, step))
        key = f"relay:inform:{step.id}:{handover.to}:{unit.stamp()}"
        tell(unit, handover.to, patient.centre, Card(said), key)
        return
    relay = unit.add(
        Relay(
            patient_id=patient.id,
            step_id=step.id,
            from_team=step.team,
            to_team=handover.to.value,
            label=handover.label,
            title=handover.title,
            answer="",
            offered_at=unit.now,
            deadline_at=unit.now + handover.within,
            next_at=_first_climb(unit, handover.within),
        )
    )
    _set_question(unit, patient, relay, handover)
    unit.record("relay_offered", patient=patient.id, relay=relay.id, to=relay.to_team)
    _tell_receiver(unit, relay, f"relay:{relay.id}:offered")


def _set_question(unit: Unit, patient: Patient, relay: Relay, handover: Handover) -> None:
    """Choose what must be read back; the seed keeps the choices the same at each look."""
    relay.answer = patient.code
    choices = rules.code_choices(patient.code, relay.id)
    if handover.read_back is ReadBack.VALUE:
        slug, item_id = handover.source.split(".")
        source = next(step for step in unit.steps_of(patient.id) if step.slug == slug)
        value = values_of(source).get(item_id)
        item = definition(unit, source).item(item_id)
        if value is None:
            # The source was closed without it (« non requis »): the code is read back instead.
            relay.label = ""
        elif item.kind is ItemKind.DAY:
            relay.answer = str(value)
            choices = rules.date_choices(date.fromisoformat(value), relay.id)
        else:
            relay.answer = str(value)
            choices = rules.number_choices(int(value), item.low, item.high, relay.id)
    relay.choices = json.dumps(choices)
    unit.add(relay)


def _given(unit: Unit, patient: Patient, step: Step) -> dict[str, Text | str]:
    return {
        "head": head(unit, patient),
        "label": definition(unit, step).label,
        "who": name_of(unit, step.done_by),
    }


def _handed(unit: Unit, relay: Relay, step: Step) -> dict[str, Text | str]:
    """As `_given`, under the name of the whole where several steps make one relay."""
    given = _given(unit, unit.patient(relay.patient_id), step)
    return given | ({"label": relay.title} if relay.title else {})


def _within(relay: Relay) -> timedelta:
    return relay.deadline_at - relay.offered_at


def _priority(relay: Relay) -> Priority:
    return Priority.ALERT if _within(relay) <= AT_ONCE else Priority.ANSWER


def _tell_receiver(unit: Unit, relay: Relay, key: str) -> None:
    patient = unit.patient(relay.patient_id)
    tell(
        unit,
        relay.to_team,
        patient.centre,
        card(unit, relay),
        key,
        priority=_priority(relay),
        cause=f"relay:{relay.id}",
    )


def card(unit: Unit, relay: Relay) -> Card:
    """The relay as its receiver sees it, with its clock."""
    step = unit.step(relay.step_id)
    assert step is not None
    given = _handed(unit, relay, step)
    if relay.state == RelayState.ACCEPTED:
        at = relay.accepted_at or unit.now
        said = text("relay.accepted", **given, by=name_of(unit, relay.accepted_by), at=at)
        return Card(said)
    if relay.state == RelayState.CANCELLED:
        return Card(text("relay.cancelled", **given))
    late = relay.deadline_at <= unit.now
    said = text(
        "relay.offered_late" if late else "relay.offered",
        **given,
        giver=relay.from_team,
        team=relay.to_team,
        at=relay.offered_at,
        until=relay.deadline_at,
    )
    return Card(said, ((Button(text("relay.button.receive"), f"relay:receive:{relay.id}"),),))


def question(unit: Unit, member: Member, relay_id: int) -> Card:
    """*Je reçois*: the read-back, one right answer among several."""
    relay = offered(unit, member, relay_id)
    patient = unit.patient(relay.patient_id)
    by_code = relay.answer == patient.code
    # Reading the code back is worth nothing if it stands above the question.
    asked = (
        text("relay.ask_code", team=relay.from_team)
        if by_code
        else text("relay.ask", head=head(unit, patient), what=relay.label)
    )
    choices = json.loads(relay.choices)
    buttons = [
        Button(_choice(choice), f"relay:answer:{relay.id}:{place}")
        for place, choice in enumerate(choices)
    ]
    rows: Keyboard = (tuple(buttons[:2]), tuple(buttons[2:]))
    back = Button(text("step.button.back"), f"relay:show:{relay.id}")
    return Card(asked, (*rows, (back,)))


def _choice(choice: str) -> Text:
    try:
        return text("relay.button.day", on=date.fromisoformat(choice))
    except ValueError:
        return text("relay.button.choice", value=choice)


def offered(unit: Unit, member: Member, relay_id: int) -> Relay:
    """The relay if this member may read it back now, else why not."""
    relay = unit.relay(relay_id)
    if relay is None or relay.state == RelayState.CANCELLED:
        raise Refused(text("relay.gone"))
    if relay.state == RelayState.ACCEPTED:
        by = name_of(unit, relay.accepted_by)
        raise Refused(text("relay.already", who=by, at=relay.accepted_at or unit.now))
    patient = unit.patient(relay.patient_id)
    if member.team != relay.to_team or not _near(member, patient):
        raise Refused(text("relay.other_team", team=relay.to_team, centre=patient.centre))
    return relay


def _near(member: Member, patient: Patient) -> bool:
    return member.team == Team.COORDINATION or member.centre == patient.centre


def answer(unit: Unit, member: Member, relay_id: int, place: int) -> bool:
    """The receiver's key: true if read back right; a wrong answer is recorded and told to both."""
    relay = offered(unit, member, relay_id)
    choices = json.loads(relay.choices)
    if not 0 <= place < len(choices):
        raise Refused(text("button.stale"))
    if choices[place] != relay.answer:
        _wrong(unit, member, relay, choices[place])
        return False
    won = unit.claim(
        relay,
        RelayState.OFFERED.value,
        state=RelayState.ACCEPTED.value,
        accepted_at=unit.now,
        accepted_by=member.id,
        next_at=None,
    )
    if not won:
        by = name_of(unit, relay.accepted_by)
        raise Refused(text("relay.already", who=by, at=relay.accepted_at or unit.now))
    patient = unit.patient(relay.patient_id)
    unit.record("relay_accepted", member=member.id, patient=patient.id, relay=relay.id)
    unit.withdraw(f"relay:{relay.id}")
    unit.rewrite(f"relay:{relay.id}", card(unit, relay), f"relay:{relay.id}:accepted")
    _tell_giver(unit, relay, card(unit, relay), f"relay:{relay.id}:received")
    announce_ready(unit, patient)
    return True


def _tell_giver(unit: Unit, relay: Relay, shown: Card, key: str) -> None:
    patient = unit.patient(relay.patient_id)
    tell(unit, relay.from_team, patient.centre, shown, key, priority=_priority(relay))


def _wrong(unit: Unit, member: Member, relay: Relay, given: str) -> None:
    relay.wrong += 1
    unit.add(relay)
    patient = unit.patient(relay.patient_id)
    step = unit.step(relay.step_id)
    assert step is not None
    unit.record("relay_misread", member=member.id, patient=patient.id, relay=relay.id, given=given)
    said = text(
        "relay.misread",
        **_handed(unit, relay, step) | {"who": name_of(unit, member.id)},
        what=relay.label or text("relay.the_code"),
        given=_choice(given),
    )
    key = f"relay:{relay.id}:wrong:{relay.wrong}"
    for team in dict.fromkeys((relay.from_team, relay.to_team, Team.COORDINATION.value)):
        tell(unit, team, patient.centre, Card(said), f"{key}:{team}", priority=_priority(relay))


def cancel_of(unit: Unit, step: Step) -> None:
    """The giver took the step back: what it handed over is void, and its receiver knows."""
    slug_of = {other.id: other.slug for other in unit.steps_of(step.patient_id)}
    handovers = _resting_on(unit, step)
    for relay in unit.relays_of(step.patient_id):
        if (slug_of[relay.step_id], relay.to_team) not in handovers:
            continue
        relay.state, relay.next_at = RelayState.CANCELLED.value, None
        unit.add(relay)
        unit.withdraw(f"relay:{relay.id}")
        shown = card(unit, relay)
        unit.rewrite(f"relay:{relay.id}", shown, f"relay:{relay.id}:cancelled")
        patient = unit.patient(relay.patient_id)
        key = f"relay:{relay.id}:void"
        tell(unit, relay.to_team, patient.centre, shown, key, priority=_priority(relay))
    _take_word_back(unit, step)


def _take_word_back(unit: Unit, step: Step) -> None:
    """Those who were only informed hear that it is not so after all."""
    patient = unit.patient(step.patient_id)
    said = text("relay.cancelled", **_given(unit, patient, step))
    for handover in definition(unit, step).handovers:
        if handover.inform:
            key = f"relay:inform:{step.id}:{handover.to}:void:{unit.stamp()}"
            tell(unit, handover.to, patient.centre, Card(said), key)


def _resting_on(unit: Unit, step: Step) -> set[tuple[str, str]]:
    """What this step helps to hand over: the step whose closing offered it, and to whom."""
    return {
        (slug, handover.to.value)
        for each in pathway_of(unit.patient(step.patient_id)).steps
        for handover in each.handovers
        if step.slug in handover.once
        for slug in handover.once
    }


def climb(unit: Unit, relay: Relay) -> None:
    """Nobody read it back in time: the receiver and the giver first, then the coordination."""
    relay.rung += 1
    relay.next_at = _next_climb(unit, relay)
    unit.add(relay)
    patient = unit.patient(relay.patient_id)
    unit.record("relay_late", patient=patient.id, relay=relay.id, rung=relay.rung)
    key = f"relay:{relay.id}:late:{relay.rung}"
    _tell_receiver(unit, relay, key)
    step = unit.step(relay.step_id)
    assert step is not None
    said = text(
        "relay.unread",
        **_handed(unit, relay, step),
        team=relay.to_team,
        at=relay.offered_at,
        until=relay.deadline_at,
    )
    if relay.rung == 1:
        _tell_giver(unit, relay, Card(said), f"{key}:giver")
    else:
        tell(
            unit,
            Team.COORDINATION,
            patient.centre,
            Card(said),
            f"{key}:coordination",
            priority=_priority(relay),
            cause=f"relay:{relay.id}",
        )


def _first_climb(unit: Unit, within: timedelta) -> datetime:
    """At the deadline; a slow relay lets the night pass."""
    deadline = unit.now + within
    return deadline if within <= AT_ONCE else unit.network.calendar.awake(deadline)


def _next_climb(unit: Unit, relay: Relay) -> datetime:
    coming = unit.now + _within(relay)
    if _within(relay) <= AT_ONCE:
        return coming
    return unit.network.calendar.awake(max(coming, unit.now + AGAIN))
