"""Patients: enrolled, and found by what people type."""

from dataclasses import asdict

from bot.cards import enrolment as cards
from bot.cards.lists import near
from bot.care import drafts
from bot.domain import codes, enrolment
from bot.domain.enrolment import CENTRE, Request
from bot.domain.facts import Patient
from bot.domain.message import Card, Refused, text
from bot.domain.pathway import Anchor, plan
from bot.domain.people import Member
from bot.domain.record import Record
from bot.store import Unit
from bot.store.people import Draft

DRAWN = 16
"""Codes drawn at once; one look tells which of them are free."""
TRIES = 8
NEAR = 3

# The dialogue


def begin(unit: Unit, member: Member, chat_id: int, request: Request) -> tuple[Draft, Card]:
    """Open the dialogue, or go straight to the plan when everything was said in one line."""
    # A question with one answer is not asked.
    if len(unit.network.centres) == 1:
        request.centre = unit.network.first_centre
    _check(unit, request)
    draft = drafts.begin(unit, member, chat_id, "enrol", **asdict(request))
    return draft, cards.question(request, unit.network, unit.now)


def answer(unit: Unit, draft: Draft, asked: str, value: str) -> Card:
    """Take the answer to the question under way, and to no other, and ask the next one."""
    request = Request(**draft.data)
    # A button of an earlier question, still on the screen, would change what was agreed since.
    if not asked or asked != request.missing():
        raise Refused(text("button.stale"))
    setattr(request, asked, value)
    _check(unit, request)
    drafts.go_on(unit, draft, **asdict(request))
    return cards.question(request, unit.network, unit.now)


def back(unit: Unit, draft: Draft) -> Card:
    """One question back."""
    request = Request(**draft.data)
    known = request.known()
    if len(unit.network.centres) == 1 and CENTRE in known:
        known.remove(CENTRE)
    if known:
        setattr(request, known[-1], "")
    drafts.go_on(unit, draft, **asdict(request))
    return cards.question(request, unit.network, unit.now)


def _check(unit: Unit, request: Request) -> None:
    today = unit.network.calendar.day(unit.now)
    enrolment.must_be_possible(request, unit.network, today)


def create(unit: Unit, member: Member, draft: Draft) -> Record:
    """Write the patient and the plan; the draft goes with it, so a second tap finds nothing."""
    request = Request(**draft.data)
    if request.missing():
        raise Refused(text("button.stale"))
    _check(unit, request)
    calendar = unit.network.calendar
    anchors = request.anchors(calendar.day(unit.now))
    record = unit.records.new(
        Patient(
            code=_new_code(unit, request.centre),
            centre=request.centre,
            product=enrolment.product_named(request.product, unit.network).id,
            pathway=unit.records.digest_of_pathway(),
            rcp_on=anchors[Anchor.RCP],
            apheresis_on=anchors[Anchor.AP],
            day0_on=anchors[Anchor.J0],
            discharge_on=anchors[Anchor.J0],
            created_at=unit.now,
            created_by=member.id,
        )
    )
    unit.people.end_draft(draft)
    planned = plan(unit.network.pathway, anchors, calendar)
    enrolment.write_plan(record, planned, anchors, member)
    return record


def _new_code(unit: Unit, centre: str) -> str:
    """A code that nobody ever had; its four characters alone are enough while there are any."""
    for _ in range(TRIES):
        drawn = codes.candidates(unit.draw, DRAWN)
        taken = unit.records.codes(drawn, limit=None)
        # Without its centre too: people say « 7K4Q », and it has to be one patient.
        free = [four for four in drawn if not any(code.endswith(four) for code in taken)]
        if free:
            return f"{centre}-{free[0]}"
    return _any_code(unit, centre)


def _any_code(unit: Unit, centre: str) -> str:
    """Nearly all are taken: the first that this centre has left, though another may have it."""
    fours = list(codes.every_four())
    for at in range(0, len(fours), 500):
        some = fours[at : at + 500]
        taken = set(unit.records.codes(some, limit=None))
        for four in some:
            if f"{centre}-{four}" not in taken:
                return f"{centre}-{four}"
    raise Refused(text("patient.no_code_left", centre=centre))


# Found


def find(unit: Unit, member: Member, typed: str, verb: str) -> str:
    """The code that is meant by what was typed; a wrong one is refused, never guessed.

    Of the patients that the member may see: a slip of typing teaches nothing of the others.
    """
    code = codes.normalise(typed)
    if code is None or not codes.valid(code):
        raise unknown(unit, member, typed, verb)
    if "-" in code:
        return code
    found = [whole for whole in unit.records.codes([code]) if _visible(member, whole)]
    if len(found) > 1:
        raise Refused(text("patient.which", n=len(found)), near(found, verb))
    if not found:
        raise unknown(unit, member, typed, verb)
    return found[0]


def _visible(member: Member, code: str) -> bool:
    return member.coordinates or code.startswith(f"{member.centre}-")


def unknown(unit: Unit, member: Member, typed: str, verb: str) -> Refused:
    """The refusal of a wrong code, or of one that is nobody's, with the nearest patients."""
    for slips in (1, 2):
        found = unit.records.codes(codes.meant(typed, slips))
        mine = [code for code in found if _visible(member, code)][:NEAR]
        if mine:
            # A tap that alerts is not made to look.
            key = "patient.near_alerts" if verb == "alert:new" else "patient.unknown_near"
            return Refused(text(key, typed=typed[:20], n=len(mine)), near(mine, verb))
    key = "patient.unknown" if verb == "status:show" else "patient.none_near"
    return Refused(text(key, typed=typed[:20]))
