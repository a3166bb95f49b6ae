"""The coordinator's work: enrolling, moving dates, asking who did what."""

from datetime import date

from bot.cards import ends as end_cards
from bot.cards import enrolment as enrolment_cards
from bot.cards import status as status_cards
from bot.cards import steps as cards
from bot.care import drafts, lists, patients
from bot.domain import ending, move
from bot.domain.calendar import parse_day
from bot.domain.enrolment import CENTRE, PRODUCT, Request
from bot.domain.facts import CLOSED, End, Step, StepState
from bot.domain.message import Refused, text
from bot.domain.words import bare
from bot.handlers.visit import Visit


def typed_day(visit: Visit, typed: str) -> date:
    """A typed day; refused when it is none, or when no such day exists."""
    today = visit.unit.network.calendar.day(visit.unit.now)
    try:
        found = parse_day(typed, today)
    except ValueError:
        raise Refused(text("date.impossible", typed=typed[:20])) from None
    if found is None:
        raise Refused(text("date.unreadable"))
    return found


# Enrolling


def enrol(visit: Visit) -> None:
    """`/nouveau` alone, or `/nouveau yescarta apherese 10/03/2026 j0 14/04/2026 [centre TLS]`."""
    request = read_request(visit)
    draft, card = patients.begin(visit.unit, visit.me, visit.chat_id, request)
    drafts.asks(visit.unit, draft, visit.say(card))


def read_request(visit: Visit) -> Request:
    """What one line says: a product, then words each followed by its value."""
    request, words = Request(), list(visit.args)
    names: list[str] = []
    while words:
        word = bare(words.pop(0))
        if word not in ("apherese", "j0", CENTRE):
            names.append(word)
            continue
        value = words.pop(0) if words else ""
        if word == CENTRE:
            request.centre = value.upper()
        else:
            on = typed_day(visit, value).isoformat()
            setattr(request, "apheresis" if word == "apherese" else "day0", on)
    request.product = " ".join(names)
    complete = request.product and request.apheresis and request.day0
    if complete and not request.centre:
        request.centre = visit.me.centre
    return request


def answer(visit: Visit) -> None:
    asked = visit.arg()
    # A day on a button is read again: its data may have been made by hand.
    value = visit.arg(1) if asked in (PRODUCT, CENTRE) else visit.day(1).isoformat()
    draft = visit.draft("enrol")
    visit.show(patients.answer(visit.unit, draft, asked, value))


def back(visit: Visit) -> None:
    visit.show(patients.back(visit.unit, visit.draft("enrol")))


def create(visit: Visit) -> None:
    record = patients.create(visit.unit, visit.me, visit.draft("enrol"))
    visit.show(enrolment_cards.created(record))


# Moving


def ask_to_move(visit: Visit) -> None:
    """`/reporter 7K4Q apherese 12/03/2026`, `/reporter 7K4Q j0 16/04`; with less it asks."""
    if visit.record is None:
        raise Refused(text("move.usage"))
    record = visit.record
    if len(visit.args) == 1:
        # A question without an answer to choose from is no help.
        if all(step.state != StepState.PLANNED for step in record.steps.values()):
            raise Refused(text("move.closed"))
        visit.say(cards.which_step(record))
        return
    visit.thing = found = move.target(record, visit.args[1])
    if found.state in CLOSED:
        raise Refused(text("move.closed"))
    if len(visit.args) == 2:
        visit.say(cards.which_day(record, found, "move:preview"))
        return
    _preview(visit, typed_day(visit, " ".join(visit.args[2:])))


def _preview(visit: Visit, on: date) -> None:
    record, it = visit.patient, visit.about(Step)
    # Refused before it is shown: a preview is a promise.
    move.must_be_possible(record, it, on)
    visit.show(cards.move_preview(record, it, on))


def preview(visit: Visit) -> None:
    _preview(visit, visit.day(2))


def apply(visit: Visit) -> None:
    record, it = visit.patient, visit.about(Step)
    # The day it was moved from travels too: of two who move it, the second sees the first.
    move.apply(record, it, visit.me, visit.day(2), visit.day(3))
    visit.show(text("move.applied", code=record.code))


# Ending


def ask_which_end(visit: Visit) -> None:
    """`/cloturer 7K4Q`: why, in one tap; a second person confirms."""
    if visit.record is None:
        raise Refused(text("end.usage"))
    ending.must_run(visit.record)
    visit.say(end_cards.which(visit.record))


def ask_to_end(visit: Visit) -> None:
    asked = ending.ask(visit.patient, visit.me, visit.arg(1))
    visit.show(end_cards.card(visit.patient, asked), cause=visit.patient.cause(asked))


def show_end(visit: Visit) -> None:
    visit.show(end_cards.card(visit.patient, visit.about(End)))


def confirm_end(visit: Visit) -> None:
    ending.confirm(visit.patient, visit.about(End), visit.me)
    visit.show(end_cards.card(visit.patient, visit.about(End)))


def withdraw_end(visit: Visit) -> None:
    ending.withdraw(visit.patient, visit.about(End), visit.me)
    visit.show(end_cards.card(visit.patient, visit.about(End)))


# Questions


def late(visit: Visit) -> None:
    visit.say(lists.late(visit.unit))


def late_page(visit: Visit) -> None:
    visit.show(lists.late(visit.unit, visit.number()))


def history(visit: Visit) -> None:
    if visit.record is None:
        raise Refused(text("history.usage"))
    visit.say(lists.history(visit.unit, visit.record))


def history_page(visit: Visit) -> None:
    visit.show(lists.history(visit.unit, visit.patient, visit.number(1)))


def correct(visit: Visit) -> None:
    card = status_cards.correctable(visit.patient)
    if not card.keyboard:
        raise Refused(text("step.nothing_to_undo"))
    visit.show(card)
