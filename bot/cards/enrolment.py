"""How the dialogue that enrols a patient looks, and the plan before anything is created."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bot.cards.common import NOTHING, lines_or_nothing, rows
from bot.domain import enrolment
from bot.domain.enrolment import APHERESIS, CENTRE, DAY0, PRODUCT, Request
from bot.domain.message import Button, Card, Text, text
from bot.domain.network import Network
from bot.domain.pathway import Anchor, Anchors, Planned, plan
from bot.domain.record import Record


def question(request: Request, network: Network, now: datetime) -> Card:
    """The next thing to say, or the plan once all is said."""
    asked = request.missing()
    if not asked:
        return preview(request, network, now)
    choices = {PRODUCT: _products, CENTRE: _centres, APHERESIS: _days, DAY0: _days}[asked]
    last = [Button(text("draft.button.cancel"), "draft:leave")]
    if request.product:
        last.insert(0, Button(text("draft.button.back"), "enrol:back"))
    said = text(f"patient.ask.{asked}", known=_known(request, network))
    return Card(said, (*rows(*choices(request, network, now)), tuple(last)))


def _known(request: Request, network: Network) -> Text:
    if not request.product:
        return NOTHING
    brand = enrolment.product_named(request.product, network).brand
    if not request.apheresis:
        return text("patient.known_product", product=brand, centre=request.centre)
    on = date.fromisoformat(request.apheresis)
    return text("patient.known_apheresis", product=brand, centre=request.centre, on=on)


def _products(_request: Request, network: Network, _now: datetime) -> list[Button]:
    return [
        Button(
            text("patient.button.product", brand=each.brand, name=each.name),
            f"enrol:is:{PRODUCT}:{each.id}",
        )
        for each in enrolment.fitting(network)
    ]


def _centres(_request: Request, network: Network, _now: datetime) -> list[Button]:
    return [
        Button(text("patient.button.centre", name=name), f"enrol:is:{CENTRE}:{code}")
        for code, name in network.centres.items()
    ]


def _days(request: Request, network: Network, now: datetime) -> list[Button]:
    """Some likely days: an apheresis next week or after, an injection four to six weeks on.

    Mondays for J0: the three days of chemotherapy then fall on working days (clinique §8).
    """
    asked = request.missing()
    if asked == DAY0:
        # Four weeks: what labels say from vein to vein, at its longest (clinique §4).
        first = date.fromisoformat(request.apheresis) + timedelta(days=28)
        monday = first + timedelta(days=-first.weekday() % 7)
        days = [monday + timedelta(weeks=n) for n in range(4)]
    else:
        first = network.calendar.day(now) + timedelta(days=8)
        coming = (first + timedelta(days=n) for n in range(12))
        # The couriers who take the cells come on working days (clinique §8).
        days = [day for day in coming if network.calendar.working(day)][:5]
    return [
        Button(text("date.button.day", on=day), f"enrol:is:{asked}:{day.isoformat()}")
        for day in days
    ]


def preview(request: Request, network: Network, now: datetime) -> Card:
    """The dated plan, team by team, before anything is created."""
    calendar = network.calendar
    anchors = request.anchors(calendar.day(now))
    planned = plan(network.pathway, anchors, calendar)
    said = text(
        "patient.preview",
        product=enrolment.product_named(request.product, network).brand,
        centre=request.centre,
        apheresis=anchors[Anchor.AP],
        day0=anchors[Anchor.J0],
        warnings=lines_or_nothing(_warnings(anchors, planned, calendar.day(now))),
        teams=tuple(
            enrolment.plan_lines(of, anchors, calendar) for of in enrolment.by_team(planned)
        ),
    )
    create = Button(text("patient.button.create"), "enrol:create")
    back = Button(text("draft.button.back"), "enrol:back")
    return Card(said, ((create,), (back, Button(text("draft.button.cancel"), "draft:leave"))))


def _warnings(anchors: Anchors, planned: Sequence[Planned], today: date) -> list[Text]:
    # Said and not refused: the physician may have a reason that no rule knows.
    said: list[Text] = []
    between = anchors[Anchor.J0] - anchors[Anchor.AP]
    if between < enrolment.QUICK:
        said.append(text("patient.warn_quick", n=between.days))
    passed = [each for each in planned if each.on < today]
    if passed:
        labels = ", ".join(each.step.label for each in passed)
        said.append(text("patient.warn_passed", labels=labels, n=len(passed)))
    return said


def created(record: Record) -> Card:
    return Card(text("patient.created", code=record.code, day0=record.patient.day0_on))


def created_team(record: Record, _about: None, plan: Text) -> Card:
    said = text(
        "patient.created_team",
        code=record.code,
        product=record.product.brand if record.product else record.patient.product,
        centre=record.patient.centre,
        day0=record.patient.day0_on,
        plan=plan,
    )
    return Card(said)
