"""The coordinator's work: enrolling, moving dates, asking who did what."""

from datetime import date

from bot.care import demands, drafts, moves, patients, questions, status
from bot.care.patients import Request
from bot.domain.calendar import parse_day
from bot.domain.message import Refused, text
from bot.domain.words import bare
from bot.handlers.visit import Visit


def typed_day(visit: Visit, typed: str) -> date | None:
    """A typed day; refused when no such day exists."""
    today = visit.unit.network.calendar.day(visit.unit.now)
    try:
        return parse_day(typed, today)
    except ValueError:
        raise Refused(text("date.impossible", typed=typed[:20])) from None


def enrol(visit: Visit) -> None:
    """`/nouveau` alone, or `/nouveau yescarta apherese 10/03/2026 j0 14/04/2026 [centre TLS]`."""
    visit.say(patients.begin(visit.unit, visit.me, visit.chat_id, read_request(visit)))


def read_request(visit: Visit) -> Request:
    """What one line says: a product, then words each followed by its value."""
    request, words = Request(), list(visit.args)
    names: list[str] = []
    while words:
        word = bare(words.pop(0))
        if word not in ("apherese", "j0", "centre"):
            names.append(word)
            continue
        value = words.pop(0) if words else ""
        if word == "centre":
            request.centre = value.upper()
            continue
        on = typed_day(visit, value)
        if on is None:
            raise Refused(text("date.unreadable"))
        setattr(request, "apheresis" if word == "apherese" else "day0", on.isoformat())
    request.product = " ".join(names)
    complete = request.product and request.apheresis and request.day0
    if complete and not request.centre:
        request.centre = visit.me.centre
    return request


def answer(visit: Visit) -> None:
    value = visit.arg(1) if visit.arg() in ("product", "centre") else visit.day(1).isoformat()
    visit.show(patients.answer(visit.unit, visit.draft("enrol"), visit.arg(), value))


def back(visit: Visit) -> None:
    visit.show(patients.back(visit.unit, visit.draft("enrol")))


def create(visit: Visit) -> None:
    patient = patients.create(visit.unit, visit.me, visit.draft("enrol"))
    visit.show(patients.created(patient))


def move(visit: Visit) -> None:
    """`/reporter 7K4Q apherese 12/03/2026`, `/reporter 7K4Q j0 16/04`; with less it asks."""
    if not visit.args:
        raise Refused(text("move.usage"))
    patient = patients.find(visit.unit, visit.me, visit.args[0])
    if len(visit.args) == 1:
        visit.say(moves.choose(visit.unit, patient))
        return
    found = moves.target(visit.unit, patient, visit.args[1])
    if len(visit.args) == 2:
        visit.say(moves.days_for(visit.unit, visit.me, found.id))
        return
    on = typed_day(visit, " ".join(visit.args[2:]))
    if on is None:
        raise Refused(text("date.unreadable"))
    visit.say(moves.preview(visit.unit, visit.me, visit.chat_id, found, on))


def choose_day(visit: Visit) -> None:
    """*Reporter* under a step: some days, or one that is typed."""
    shown = moves.days_for(visit.unit, visit.me, visit.number())
    drafts.begin(visit.unit, visit.me, visit.chat_id, "day", step=visit.number())
    visit.show(shown)


def ask_move(visit: Visit) -> None:
    step = moves.ask(visit.unit, visit.me, visit.number(), visit.day(1))
    drafts.leave(visit.unit, visit.me, visit.chat_id)
    visit.show(moves.asked(visit.unit, step, visit.day(1)))


def preview(visit: Visit) -> None:
    step = visit.unit.step(visit.number())
    if step is None:
        raise Refused(text("step.unknown"))
    on = visit.day(1)
    visit.show(moves.preview(visit.unit, visit.me, visit.chat_id, step, on))


def apply(visit: Visit) -> None:
    patient = moves.apply(visit.unit, visit.me, visit.draft("move"))
    visit.show(text("move.applied", code=patient.code))


def refuse_move(visit: Visit) -> None:
    demand = demands.refuse(visit.unit, visit.me, visit.number())
    visit.show(moves.kept(visit.unit, demands.step_of(visit.unit, demand)))


def late(visit: Visit) -> None:
    visit.say(questions.late(visit.unit))


def history(visit: Visit) -> None:
    if not visit.args:
        raise Refused(text("history.usage"))
    patient = patients.find(visit.unit, visit.me, " ".join(visit.args))
    visit.say(questions.history(visit.unit, patient))


def correct(visit: Visit) -> None:
    visit.show(status.correctable(visit.unit, visit.patient()))
