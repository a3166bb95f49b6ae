"""What is typed without a command: the answer to a dialogue, or free text to understand.

Nothing said in free text changes anything before a button is pressed, except the answer to
a question that a dialogue has just asked.
"""

import re

from bot.cards import ends as end_cards
from bot.cards import status as status_cards
from bot.cards import steps as cards
from bot.cards.common import head
from bot.care import drafts, lists, patients
from bot.domain import check, checklist, ending, move, schedule, step
from bot.domain.access import Action, Subject
from bot.domain.calendar import parse_hour
from bot.domain.codes import find
from bot.domain.enrolment import Request
from bot.domain.facts import Step
from bot.domain.message import Refused, text
from bot.domain.pathway import Item, ItemKind
from bot.handlers import people, subjects, team, toxicity
from bot.handlers.desk import Entry, enter
from bot.handlers.pathway import typed_day
from bot.handlers.visit import Visit
from bot.store.people import Draft
from bot.understanding import cries, toxic, understand, unwell

LONGEST = 500
"""Characters of a message that can be a question or a reason; more is pasted from elsewhere."""
VALUE = 120
"""Characters of a typed value of a checklist."""


def typed(visit: Visit) -> None:
    """A text: for the dialogue under way here, else read as a person would."""
    draft = drafts.current(visit.unit, visit.me, visit.chat_id)
    # An emergency is nobody's reason for a problem: it ends whatever was being asked.
    if draft is not None and unwell(visit.typed):
        _done(visit)
        _understand(visit)
    elif draft is not None and draft.kind in ANSWERS and _answers(visit, draft):
        _must_be_short(visit)
        _answer(visit, draft)
    else:
        _understand(visit)


def _answers(visit: Visit, draft: Draft) -> bool:
    """In private whatever comes next; in a group, where people talk, only a reply to it."""
    if not visit.in_group:
        return True
    asked = visit.unit.outbox.asked_by(visit.chat_id, visit.reply_to) if visit.reply_to else ""
    return bool(visit.reply_to) and draft.asked_by in (str(visit.reply_to), asked)


def _must_be_short(visit: Visit) -> None:
    if len(visit.typed) > LONGEST:
        raise Refused(text("typed.too_long", most=LONGEST))


# Answers to a dialogue


def _answer(visit: Visit, draft: Draft) -> None:
    """A date that cannot be read may be said again; any other refusal ends the dialogue."""
    try:
        enter(visit, ANSWERS[draft.kind])
    except Refused as no:
        # A question that can only be refused again would swallow all that is typed next.
        if not no.text.key.startswith(AGAIN):
            visit.unit.people.end_draft(draft)
        raise


AGAIN = ("date.", "item.hour_", "draft.press", "patient.day0_before")


def drafted_step(visit: Visit) -> Subject:
    """The step that a dialogue is about; a reply was looked for before."""
    draft = drafts.current(visit.unit, visit.me, visit.chat_id)
    if draft is None:
        raise Refused(text("button.stale"))
    visit.args = [draft.data["code"], draft.data["step"], draft.data.get("item", "")]
    return subjects.step(visit)


def _done(visit: Visit) -> None:
    drafts.leave(visit.unit, visit.me, visit.chat_id)


def _enrol(visit: Visit) -> None:
    draft = visit.draft("enrol")
    asked = Request(**draft.data).missing()
    if asked not in ("apheresis", "day0"):
        raise Refused(text("draft.press"))
    on = typed_day(visit, visit.typed)
    card = patients.answer(visit.unit, draft, asked, on.isoformat())
    again = drafts.current(visit.unit, visit.me, visit.chat_id)
    assert again is not None
    drafts.asks(visit.unit, again, visit.say(card))


def _day(visit: Visit) -> None:
    """Another day for a step: the coordination sees the effect, a team asks."""
    record, it, on = visit.patient, visit.about(Step), typed_day(visit, visit.typed)
    schedule.must_be_open(record, it)
    if visit.me.coordinates:
        move.must_be_possible(record, it, on)
        card = cards.move_preview(record, it, on)
    else:
        move.ask(record, it, visit.me, on)
        card = cards.move_asked(record, it, on)
    _done(visit)
    visit.say(card)


def _item(visit: Visit) -> None:
    """The exact value of an item that was ticked."""
    record, it = visit.patient, visit.about(Step)
    schedule.must_be_ready(record, it)
    item = record.definition(it).item(visit.arg(2))
    # Cut: a checklist is shown whole, in one message.
    value = _hour(visit, item) if item.kind is ItemKind.TIME else visit.typed[:VALUE]
    step.tick(record, it, item, value)
    _done(visit)
    visit.say(cards.checklist(record, it))


EVE = re.compile(r"^\s*hier\b[\s,]*", re.IGNORECASE)
"""« hier 23 h 50 »: said, and not guessed."""


def _hour(visit: Visit, item: Item) -> str:
    said = EVE.sub("", visit.typed)
    try:
        at = parse_hour(said)
    except ValueError:
        at = None
    if at is None:
        raise Refused(text("item.hour_unreadable", label=item.label))
    now, calendar = visit.patient.now, visit.patient.calendar
    return checklist.read_hour(at, now, calendar, item, eve=said != visit.typed)


def _problem(visit: Visit) -> None:
    step.report_problem(visit.patient, visit.about(Step), visit.me, visit.typed)
    _done(visit)
    visit.say(text("problem.sent", head=head(visit.patient)))


def _skip(visit: Visit) -> None:
    step.skip(visit.patient, visit.about(Step), visit.me, visit.typed)
    _done(visit)
    visit.say(cards.confirmed(visit.patient, visit.about(Step)))


def _waive(visit: Visit) -> None:
    step.waive(visit.patient, visit.about(Step), visit.me, visit.typed)
    _done(visit)
    visit.say(cards.card(visit.patient, visit.about(Step)))


def _undo(visit: Visit) -> None:
    step.undo(visit.patient, visit.about(Step), visit.me, visit.typed)
    _done(visit)
    visit.say(cards.card(visit.patient, visit.about(Step)))


ANSWERS: dict[str, Entry] = {
    "enrol": Entry(Action.ENROL, _enrol),
    "day": Entry(Action.DO_STEP, _day, drafted_step),
    "item": Entry(Action.DO_STEP, _item, drafted_step),
    "problem": Entry(Action.DO_STEP, _problem, drafted_step),
    "skip": Entry(Action.DO_STEP, _skip, drafted_step),
    "waive": Entry(Action.DO_STEP, _waive, drafted_step),
    "undo": Entry(Action.CORRECT, _undo, drafted_step),
}


# Free text


def _understand(visit: Visit) -> None:
    # Who describes an emergency at length is heard before it is measured.
    if len(visit.typed) > LONGEST and not unwell(visit.typed):
        if not visit.in_group:
            _must_be_short(visit)
        return
    # Without a code too, and among people who talk to one another: nobody cries into silence.
    named = find(visit.typed, visit.unit.network.centres)
    if cries(visit.typed) or (not visit.in_group and not named and toxic(visit.typed)):
        visit.args = list(named[:1])
        enter(visit, CRY)
        return
    # Read by rules of our own: nothing that is typed leaves this machine.
    meaning = understand(visit.typed, visit.unit.network.pathway)
    if meaning.intent not in INTENTS:
        # In a group people also talk to one another: silence, unless a code was named.
        if not visit.in_group or named:
            raise Refused(text("typed.not_understood"))
        return
    visit.args = [meaning.patient, meaning.step]
    enter(visit, INTENTS[meaning.intent])


def _cry(visit: Visit) -> None:
    """For whom is asked first, what is seen after it."""
    if visit.record is None:
        toxicity.raise_alert(visit)
    else:
        toxicity.ask_sign(visit)


CRY = Entry(Action.ALERT, _cry, subjects.reported)


def said_patient(visit: Visit) -> Subject:
    """The patient that was named in a sentence."""
    return subjects.meant(visit, visit.arg())


def said_step(visit: Visit) -> Subject:
    """The step of the patient that was named."""
    said = said_patient(visit)
    if visit.record is None:
        return said
    try:
        visit.thing = found = move.target(visit.record, visit.arg(1))
    except Refused:
        return said  # which one is meant is asked after the gate
    return Subject(said.centre, (found.team,), "step")


def _confirm(visit: Visit) -> None:
    """Propose the confirmation: the checklist, whose button is what confirms."""
    it = move.target(visit.patient, visit.arg(1))
    schedule.must_be_ready(visit.patient, it)
    visit.say(cards.checklist(visit.patient, it))


def _toxicity(visit: Visit) -> None:
    toxicity.ask_sign(visit)


def _death(visit: Visit) -> None:
    """Nothing is stopped before it is pressed, and a second person has confirmed it."""
    ending.must_run(visit.patient)
    visit.say(end_cards.death(visit.patient))


def _status(visit: Visit) -> None:
    visit.say(status_cards.one(visit.patient, visit.me))


def _round(visit: Visit) -> None:
    """« RAS 7K4Q »: the open round, whose button is what answers; without one, the status."""
    record = visit.patient
    asked = [it for it in record.unanswered() if visit.me.team in check.answers(record, it)]
    if asked:
        visit.say(lists.round_card(visit.unit, asked[-1]), cause=asked[-1].round)
    else:
        _status(visit)


def _late(visit: Visit) -> None:
    visit.say(lists.late(visit.unit))


INTENTS: dict[str, Entry] = {
    "confirmer_etape": Entry(Action.DO_STEP, _confirm, said_step),
    "signaler_toxicite": Entry(Action.ALERT, _toxicity, subjects.reported),
    "deces": Entry(Action.SEE, _death, said_patient),
    "ras": Entry(Action.SEE, _round, said_patient),
    "statut_patient": Entry(Action.SEE, _status, said_patient),
    "retards": Entry(Action.LATE, _late),
    "a_faire": Entry(Action.TODO, team.todo, subjects.own),
    "aide": Entry(Action.HELP, people.help_),
    "qui_garde": Entry(Action.ON_CALL, team.on_call, subjects.home),
}


# What is not a text


def edited(visit: Visit) -> None:
    """A message edited after the fact changes nothing, and its author knows."""
    # In a group people mend their messages to one another all the time.
    if not visit.in_group or visit.command is not None:
        visit.say(text("typed.edited"))


def forwarded(visit: Visit) -> None:
    """Somebody else's words confirm nothing."""
    if not visit.in_group:
        raise Refused(text("typed.forwarded"))


def not_text(visit: Visit) -> None:
    """A sticker, a game, an animation: nothing to understand."""
    if not visit.in_group:
        raise Refused(text("typed.only_text"))


def identifying(visit: Visit) -> None:
    """A picture, a voice, a poll, a file may show who the patient is: it is taken away."""
    _take_away(visit, "content")
    visit.say(text("typed.identifying"))


def identity(visit: Visit) -> None:
    """What was written names a patient: it was read by nobody, and is taken away."""
    _take_away(visit, visit.refused)
    visit.say(text("typed.identity", what=text(f"identity.{visit.refused}")))


def _take_away(visit: Visit, category: str) -> None:
    # In a group this needs an administrator's rights, and 48 hours at most (Bot API).
    visit.unit.outbox.delete(visit.chat_id, visit.message_id)
    # What strangers do enters no chain of events.
    if visit.member:
        visit.unit.events.record("identity_refused", member=visit.member.id, category=category)


def too_many(_visit: Visit) -> None:
    raise Refused(text("typed.too_many"))


def unknown_command(_visit: Visit) -> None:
    raise Refused(text("typed.unknown_command"))


def stale_button(_visit: Visit) -> None:
    raise Refused(text("button.stale"))
