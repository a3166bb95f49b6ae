"""What is typed without a command: the answer to a dialogue, or free text to understand.

Nothing said in free text changes anything before a button is pressed, except the answer to
a question that a dialogue has just asked.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.care import drafts, duty, moves, patients, planning, questions, reports, status, steps
from bot.care.telling import head
from bot.domain.calendar import parse_hour
from bot.domain.codes import find
from bot.domain.message import Card, Refused, text
from bot.domain.pathway import Item, ItemKind
from bot.handlers.pathway import typed_day
from bot.handlers.people import help_
from bot.handlers.visit import Visit
from bot.models import Draft, Patient
from bot.understanding import Meaning, understand

LONGEST = 500
"""Characters of a message that can be a question or a reason; more is pasted from elsewhere."""


def typed(visit: Visit) -> None:
    """A text: for the dialogue under way here, else read as a person would."""
    draft = drafts.current(visit.unit, visit.me, visit.chat_id)
    if draft is not None and draft.kind in ANSWERS:
        if len(visit.typed) > LONGEST:
            raise Refused(text("typed.too_long", most=LONGEST))
        ANSWERS[draft.kind](visit, draft)
        return
    if len(visit.typed) > LONGEST:
        raise Refused(text("typed.too_long", most=LONGEST))
    _understand(visit)


# Answers to a dialogue


def _enrol(visit: Visit, draft: Draft) -> None:
    visit.say(patients.answer_day(visit.unit, draft, typed_day(visit, visit.typed)))


def _day(visit: Visit, draft: Draft) -> None:
    """Another day for a step: the coordination sees the effect, a team asks."""
    on = typed_day(visit, visit.typed)
    if on is None:
        raise Refused(text("date.unreadable"))
    step_id = drafts.data_of(draft)["step"]
    step = planning.opened(visit.unit, visit.me, step_id)
    if planning.coordinates(visit.me):
        visit.say(moves.preview(visit.unit, visit.me, visit.chat_id, step, on))
        return
    drafts.end(visit.unit, draft)
    moves.ask(visit.unit, visit.me, step_id, on)
    visit.say(moves.asked(visit.unit, step, on))


def _item(visit: Visit, draft: Draft) -> None:
    """The exact value of an item that was ticked."""
    data = drafts.data_of(draft)
    step = steps.actionable(visit.unit, visit.me, data["step"])
    item = planning.definition(visit.unit, step).item(data["item"])
    value = _hour(visit, item) if item.kind is ItemKind.TIME else visit.typed[:120]
    step = steps.tick(visit.unit, visit.me, step.id, item.id, value)
    drafts.end(visit.unit, draft)
    visit.say(steps.checklist(visit.unit, step))


def _hour(visit: Visit, item: Item) -> str:
    """A typed hour: the last time that it was that hour."""
    try:
        at = parse_hour(visit.typed)
    except ValueError:
        at = None
    if at is None:
        raise Refused(text("item.hour_unreadable", label=item.label))
    calendar, now = visit.unit.network.calendar, visit.unit.now
    instant = calendar.instant(calendar.day(now), at)
    if instant > now + timedelta(minutes=1):
        instant = calendar.instant(calendar.day(now) - timedelta(days=1), at)
    return datetime.isoformat(instant)


def _problem(visit: Visit, draft: Draft) -> None:
    step_id = drafts.data_of(draft)["step"]
    steps.report_problem(visit.unit, visit.me, step_id, visit.typed)
    drafts.end(visit.unit, draft)
    step = visit.unit.step(step_id)
    assert step is not None
    patient = visit.unit.patient(step.patient_id)
    visit.say(text("problem.sent", head=head(visit.unit, patient)))


def _skip(visit: Visit, draft: Draft) -> None:
    step = steps.skip(visit.unit, visit.me, drafts.data_of(draft)["step"], visit.typed)
    drafts.end(visit.unit, draft)
    visit.say(steps.confirmed(visit.unit, step))


def _waive(visit: Visit, draft: Draft) -> None:
    step = steps.waive(visit.unit, visit.me, drafts.data_of(draft)["step"], visit.typed)
    drafts.end(visit.unit, draft)
    visit.say(planning.card(visit.unit, step))


def _undo(visit: Visit, draft: Draft) -> None:
    step = steps.undo(visit.unit, visit.me, drafts.data_of(draft)["step"], visit.typed)
    drafts.end(visit.unit, draft)
    visit.say(planning.card(visit.unit, step))


ANSWERS: dict[str, Callable[[Visit, Draft], None]] = {
    "enrol": _enrol,
    "day": _day,
    "item": _item,
    "problem": _problem,
    "skip": _skip,
    "waive": _waive,
    "undo": _undo,
}


# Free text


def _understand(visit: Visit) -> None:
    meaning = understand(visit.typed, visit.unit.network.pathway)
    if meaning.intent == "hors_sujet":
        # In a group people also talk to one another: silence, unless a code was named.
        if not visit.in_group or find(visit.typed):
            raise Refused(text("typed.not_understood"))
        return
    INTENTS[meaning.intent](visit, meaning)


def _patient(visit: Visit, meaning: Meaning) -> Patient:
    return patients.find(visit.unit, visit.me, meaning.patient)


def _confirm(visit: Visit, meaning: Meaning) -> None:
    """Propose the confirmation: the checklist, whose button is what confirms."""
    patient = _patient(visit, meaning)
    step = moves.target(visit.unit, patient, meaning.step)
    step = steps.actionable(visit.unit, visit.me, step.id)
    visit.say(steps.checklist(visit.unit, step))


def _toxicity(visit: Visit, meaning: Meaning) -> None:
    patient = _patient(visit, meaning)
    if not status.sees(visit.me, patient):
        raise Refused(text("check.other_centre", centre=patient.centre))
    visit.say(reports.sign_question(visit.unit, patient, None))


def _status(visit: Visit, meaning: Meaning) -> None:
    visit.say(status.one(visit.unit, visit.me, _patient(visit, meaning)))


def _late(visit: Visit, _meaning: Meaning) -> None:
    if not planning.coordinates(visit.me):
        raise Refused(text("role.forbidden"))
    visit.say(questions.late(visit.unit))


def _todo(visit: Visit, _meaning: Meaning) -> None:
    visit.say(questions.todo(visit.unit, visit.me.team, visit.me.centre))


def _on_call(visit: Visit, _meaning: Meaning) -> None:
    visit.say(duty.board(visit.unit, visit.me))


def _help(visit: Visit, _meaning: Meaning) -> None:
    help_(visit)


INTENTS: dict[str, Callable[[Visit, Meaning], None]] = {
    "confirmer_etape": _confirm,
    "signaler_toxicite": _toxicity,
    "statut_patient": _status,
    "retards": _late,
    "a_faire": _todo,
    "aide": _help,
    "qui_garde": _on_call,
}


# What is not a text


def edited(visit: Visit) -> None:
    """A message edited after the fact changes nothing, and its author knows."""
    if not visit.in_group or visit.typed.startswith("/"):
        visit.say(text("typed.edited"))


def forwarded(visit: Visit) -> None:
    """Somebody else's words confirm nothing."""
    if not visit.in_group:
        raise Refused(text("typed.forwarded"))


def not_text(visit: Visit) -> None:
    """A sticker, a poll, an animation: nothing to understand."""
    if not visit.in_group:
        raise Refused(text("typed.only_text"))


def identifying(visit: Visit) -> None:
    """A picture, a voice, a place, a file may show who the patient is: it is taken away."""
    visit.unit.delete(visit.chat_id, visit.message_id)
    visit.unit.record("identifying_refused", member=visit.member.id if visit.member else None)
    visit.say(Card(text("typed.identifying")))


def unknown_command(visit: Visit) -> None:
    if not visit.in_group or visit.typed.startswith("/"):
        raise Refused(text("typed.unknown_command"))


def stale_button(_visit: Visit) -> None:
    raise Refused(text("button.stale"))
