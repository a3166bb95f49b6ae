"""Patients: the dialogue that enrols one, the plan shown before, the search by code."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from bot.care import drafts
from bot.care.planning import announce_ready, schedule
from bot.care.telling import tell
from bot.domain import codes
from bot.domain.message import Button, Card, Keyboard, Priority, Refused, Text, text
from bot.domain.pathway import Anchor, Anchors, Planned, Product, check_anchors, plan
from bot.domain.roles import Team
from bot.models import Draft, Member, Patient, Step
from bot.store import Unit

QUICK = timedelta(days=21)
"""Less than this between apheresis and injection is worth a warning (vein-to-vein, C4)."""
PRODUCT, CENTRE, APHERESIS, DAY0 = "product", "centre", "apheresis", "day0"


@dataclass
class Request:
    """What is known so far of a patient to enrol; a draft keeps it between two taps."""

    product: str = ""
    centre: str = ""
    apheresis: str = ""
    day0: str = ""

    @classmethod
    def of(cls, draft: Draft) -> "Request":
        return cls(**drafts.data_of(draft))

    def missing(self) -> str:
        """The next question; nothing when all is known."""
        return next((name for name, value in asdict(self).items() if not value), "")

    def anchors(self, today: date) -> Anchors:
        day0 = date.fromisoformat(self.day0)
        return {
            Anchor.RCP: today,
            Anchor.AP: date.fromisoformat(self.apheresis),
            Anchor.J0: day0,
        }


# The dialogue


def begin(unit: Unit, member: Member, chat_id: int, request: Request) -> Card:
    """Open the dialogue, or go straight to the plan when everything was said in one line."""
    if len(unit.network.centres) == 1:
        request.centre = unit.network.first_centre
    _check(unit, request)
    return _next(unit, drafts.begin(unit, member, chat_id, "enrol"), request)


def answer(unit: Unit, draft: Draft, asked: str, value: str) -> Card:
    """Take the answer to the question under way, and to no other, and ask the next one."""
    request = Request.of(draft)
    if not asked or asked != request.missing():
        raise Refused(text("button.stale"))
    setattr(request, asked, value)
    _check(unit, request)
    return _next(unit, draft, request)


def answer_day(unit: Unit, draft: Draft, on: date | None) -> Card:
    """A typed day, where a day was asked."""
    asked = Request.of(draft).missing()
    if asked not in (APHERESIS, DAY0):
        raise Refused(text("draft.press"))
    if on is None:
        raise Refused(text("date.unreadable"))
    return answer(unit, draft, asked, on.isoformat())


def back(unit: Unit, draft: Draft) -> Card:
    """One question back."""
    request = Request.of(draft)
    known = [name for name, value in asdict(request).items() if value]
    if len(unit.network.centres) == 1 and CENTRE in known:
        known.remove(CENTRE)
    if known:
        setattr(request, known[-1], "")
    return _next(unit, draft, request)


def _next(unit: Unit, draft: Draft, request: Request) -> Card:
    draft.data = json.dumps(asdict(request))
    draft.updated_at = unit.now
    unit.add(draft)
    asked = request.missing()
    return _question(unit, request, asked) if asked else preview(unit, request)


def _check(unit: Unit, request: Request) -> None:
    """Refuse at once what cannot be."""
    today = unit.network.calendar.day(unit.now)
    if request.product:
        product_of(unit, request.product)
    if request.centre and request.centre not in unit.network.centres:
        raise Refused(text("patient.centre_unknown", known=", ".join(unit.network.centres)))
    anchors: dict[Anchor, date] = {}
    if request.apheresis:
        anchors[Anchor.AP] = date.fromisoformat(request.apheresis)
    if request.day0:
        anchors[Anchor.J0] = date.fromisoformat(request.day0)
    check_anchors(anchors, today)


def product_of(unit: Unit, typed: str) -> Product:
    """The product by any of its names; refused when its regimen has no pathway here."""
    known = next((each for each in unit.network.products if each.called(typed)), None)
    if known is None:
        names = ", ".join(each.brand for each in fitting(unit))
        raise Refused(text("patient.product_unknown", typed=typed, known=names))
    if known.pathway != unit.network.pathway.id:
        raise Refused(text("patient.product_unfit", name=known.name, reason=known.reason))
    return known


def fitting(unit: Unit) -> Sequence[Product]:
    return [each for each in unit.network.products if each.pathway == unit.network.pathway.id]


def _question(unit: Unit, request: Request, asked: str) -> Card:
    buttons = {PRODUCT: _products, CENTRE: _centres, APHERESIS: _days, DAY0: _days}[asked]
    rows = [(button,) for button in buttons(unit, request)]
    last = [Button(text("draft.button.cancel"), "draft:leave")]
    if request.product:
        last.insert(0, Button(text("draft.button.back"), "enrol:back"))
    said = text(f"patient.ask.{asked}", known=_known(unit, request))
    return Card(said, (*rows, tuple(last)))


def _known(unit: Unit, request: Request) -> Text:
    if not request.product:
        return text("nothing")
    product = product_of(unit, request.product)
    if not request.apheresis:
        return text("patient.known_product", product=product.brand, centre=request.centre)
    return text(
        "patient.known_apheresis",
        product=product.brand,
        centre=request.centre,
        on=date.fromisoformat(request.apheresis),
    )


def _products(unit: Unit, _request: Request) -> list[Button]:
    return [
        Button(
            text("patient.button.product", brand=each.brand, name=each.name),
            f"enrol:is:{PRODUCT}:{each.id}",
        )
        for each in fitting(unit)
    ]


def _centres(unit: Unit, _request: Request) -> list[Button]:
    return [
        Button(text("patient.button.centre", name=name), f"enrol:is:{CENTRE}:{code}")
        for code, name in unit.network.centres.items()
    ]


def _days(unit: Unit, request: Request) -> list[Button]:
    """Some likely days: an apheresis next week or after, an injection four to six weeks on.

    Mondays for J0: the three days of chemotherapy then fall on working days (clinique §8).
    """
    calendar, asked = unit.network.calendar, request.missing()
    if asked == DAY0:
        first = date.fromisoformat(request.apheresis) + timedelta(days=28)
        monday = first + timedelta(days=-first.weekday() % 7)
        days = [monday + timedelta(weeks=n) for n in range(4)]
    else:
        first = calendar.day(unit.now) + timedelta(days=8)
        coming = (first + timedelta(days=n) for n in range(12))
        days = [day for day in coming if calendar.working(day)][:5]
    return [
        Button(text("date.button.day", on=day), f"enrol:is:{asked}:{day.isoformat()}")
        for day in days
    ]


# The plan


def preview(unit: Unit, request: Request) -> Card:
    """The dated plan, team by team, before anything is created."""
    today = unit.network.calendar.day(unit.now)
    anchors = request.anchors(today)
    planned = plan(unit.network.pathway, anchors, unit.network.calendar)
    said = text(
        "patient.preview",
        product=product_of(unit, request.product).brand,
        centre=request.centre,
        apheresis=anchors[Anchor.AP],
        day0=anchors[Anchor.J0],
        warnings=_warnings(unit, anchors, planned),
        teams=tuple(_team_plan(unit, anchors, of) for of in by_team(planned)),
    )
    rows: Keyboard = (
        (Button(text("patient.button.create"), "enrol:create"),),
        (
            Button(text("draft.button.back"), "enrol:back"),
            Button(text("draft.button.cancel"), "draft:leave"),
        ),
    )
    return Card(said, rows)


def by_team(planned: Sequence[Planned]) -> list[list[Planned]]:
    ordered = sorted(planned, key=lambda each: (each.step.team, each.due_at))
    grouped = [list(of) for _, of in groupby(ordered, key=lambda each: each.step.team)]
    return sorted(grouped, key=lambda of: of[0].due_at)


def _team_plan(unit: Unit, anchors: Anchors, planned: Sequence[Planned]) -> Text:
    calendar = unit.network.calendar
    lines = tuple(
        text(
            "patient.plan_line",
            on=each.on,
            j=calendar.offset(anchors[Anchor.J0], each.on),
            label=each.step.label,
        )
        for each in planned
    )
    return text("patient.plan_team", team=planned[0].step.team.value, lines=lines)


def _warnings(unit: Unit, anchors: Anchors, planned: Sequence[Planned]) -> Text | tuple[Text, ...]:
    today = unit.network.calendar.day(unit.now)
    said: list[Text] = []
    between = anchors[Anchor.J0] - anchors[Anchor.AP]
    if between < QUICK:
        said.append(text("patient.warn_quick", n=between.days))
    passed = [each for each in planned if each.on < today]
    if passed:
        labels = ", ".join(each.step.label for each in passed)
        said.append(text("patient.warn_passed", labels=labels, n=len(passed)))
    return tuple(said) or text("nothing")


# Creation


def create(unit: Unit, member: Member, draft: Draft) -> Patient:
    """Write the patient and the plan; the draft goes with it, so a second tap finds nothing."""
    request = Request.of(draft)
    if request.missing():
        raise Refused(text("button.stale"))
    _check(unit, request)
    today = unit.network.calendar.day(unit.now)
    anchors = request.anchors(today)
    product = product_of(unit, request.product)
    patient = unit.add(
        Patient(
            code=_new_code(unit, request.centre),
            centre=request.centre,
            product=product.id,
            definition=unit.network.pathway.to_json(),
            rcp_on=today,
            apheresis_on=anchors[Anchor.AP],
            day0_on=anchors[Anchor.J0],
            discharge_on=anchors[Anchor.J0],
            created_at=unit.now,
            created_by=member.id,
        )
    )
    drafts.end(unit, draft)
    unit.record(
        "patient_enrolled",
        member=member.id,
        patient=patient.id,
        product=product.id,
        apheresis=request.apheresis,
        day0=request.day0,
    )
    planned = plan(unit.network.pathway, anchors, unit.network.calendar)
    _write_steps(unit, patient, planned)
    _tell_teams(unit, patient, product, planned, anchors)
    announce_ready(unit, patient)
    return patient


def _new_code(unit: Unit, centre: str) -> str:
    # The four characters alone must be enough: they are unique across the centres.
    taken = {f"{centre}-{code.split('-')[1]}" for code in unit.codes()}
    return codes.issue(centre, secrets.randbelow, taken)


def _write_steps(unit: Unit, patient: Patient, planned: Sequence[Planned]) -> None:
    for position, each in enumerate(planned):
        step = Step(
            patient_id=patient.id,
            slug=each.step.id,
            position=position,
            team=each.step.team.value,
            on=each.on,
            due_at=_fair_hour(unit, each),
        )
        if each.step.anchor_of is Anchor.SO:
            patient.discharge_on = each.on
        schedule(unit, unit.add(step))
    unit.add(patient)


def _fair_hour(unit: Unit, each: Planned) -> datetime:
    """A step of the day of enrolment is not late because its hour had passed before."""
    calendar = unit.network.calendar
    if each.due_at <= unit.now and each.on == calendar.day(unit.now):
        return calendar.instant(each.on, time.max)
    return each.due_at


def _tell_teams(
    unit: Unit,
    patient: Patient,
    product: Product,
    planned: Sequence[Planned],
    anchors: Anchors,
) -> None:
    for of in by_team(planned):
        team = of[0].step.team
        said = text(
            "patient.created_team",
            code=patient.code,
            product=product.brand,
            centre=patient.centre,
            day0=patient.day0_on,
            plan=_team_plan(unit, anchors, of),
        )
        key = f"patient:{patient.id}:created:{team}"
        tell(unit, team, patient.centre, Card(said), key, priority=Priority.ANSWER)


def created(patient: Patient) -> Card:
    return Card(text("patient.created", code=patient.code, day0=patient.day0_on))


# Search


def find(unit: Unit, member: Member, typed: str) -> Patient:
    """The patient behind a typed code; a wrong one is refused with the nearest, never guessed.

    The nearest of those that the member may see: a slip of typing teaches nothing.
    """
    known = unit.codes()
    code = codes.normalise(typed)
    if code is not None and codes.valid(code):
        for whole in known:
            if whole == code or ("-" not in code and whole.endswith(f"-{code}")):
                found = unit.patient_by_code(whole)
                assert found is not None
                return found
    mine = known
    if member.team != Team.COORDINATION:
        mine = [whole for whole in known if whole.startswith(f"{member.centre}-")]
    near = codes.nearest(typed, mine)
    rows: Keyboard = tuple(
        (Button(text("patient.button.near", code=each), f"status:code:{each}"),) for each in near
    )
    key = "patient.unknown_near" if near else "patient.unknown"
    raise Refused(text(key, typed=typed[:20], n=len(near)), rows)
