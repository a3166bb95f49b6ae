"""Enrolling a patient: what is asked, what cannot be, and the plan that is written down."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from bot.domain import schedule
from bot.domain.calendar import Calendar
from bot.domain.facts import Step
from bot.domain.message import Refused, Text, text
from bot.domain.network import Network
from bot.domain.pathway import Anchor, Anchors, Planned, Product, check_anchors
from bot.domain.people import Member
from bot.domain.record import Record

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

    def missing(self) -> str:
        """The next question; nothing when all is known."""
        return next((name for name, value in asdict(self).items() if not value), "")

    def known(self) -> list[str]:
        return [name for name, value in asdict(self).items() if value]

    def anchors(self, today: date) -> dict[Anchor, date]:
        found = {Anchor.RCP: today}
        if self.apheresis:
            found[Anchor.AP] = date.fromisoformat(self.apheresis)
        if self.day0:
            found[Anchor.J0] = date.fromisoformat(self.day0)
        return found


def must_be_possible(request: Request, network: Network, today: date) -> None:
    """Refuse at once what cannot be."""
    if request.product:
        product_named(request.product, network)
    if request.centre and request.centre not in network.centres:
        raise Refused(text("patient.centre_unknown", known=", ".join(network.centres)))
    check_anchors(request.anchors(today), today)


def product_named(typed: str, network: Network) -> Product:
    """The product by any of its names; refused when its regimen has no pathway here."""
    known = next((each for each in network.products if each.called(typed)), None)
    if known is None:
        names = ", ".join(each.brand for each in fitting(network))
        # Cut: what was pasted comes back into a chat.
        raise Refused(text("patient.product_unknown", typed=typed[:40], known=names))
    # Another regimen than 3 + 2 would put the chemotherapy on wrong days (clinique §4).
    if known.id not in network.pathway.products:
        raise Refused(text("patient.product_unfit", name=known.name, reason=known.reason))
    return known


def fitting(network: Network) -> list[Product]:
    """What the pathway of this network was written for."""
    return [each for each in network.products if each.id in network.pathway.products]


def by_team(planned: Sequence[Planned]) -> list[list[Planned]]:
    """The steps of each team, the team whose turn comes first before the others."""
    ordered = sorted(planned, key=lambda each: (each.step.team, each.due_at))
    grouped = [list(of) for _, of in groupby(ordered, key=lambda each: each.step.team)]
    return sorted(grouped, key=lambda of: of[0].due_at)


def plan_lines(of: Sequence[Planned], anchors: Anchors, calendar: Calendar) -> Text:
    """The plan of one team."""
    lines = tuple(
        text(
            "patient.plan_line",
            on=each.on,
            j=calendar.offset(anchors[Anchor.J0], each.on),
            label=each.step.label,
        )
        for each in of
    )
    return text("patient.plan_team", team=of[0].step.team.value, lines=lines)


def write_plan(record: Record, planned: Sequence[Planned], anchors: Anchors, by: Member) -> None:
    """The steps as they are planned; each team is told its own."""
    patient = record.patient
    for position, each in enumerate(planned):
        step = record.add(
            Step(
                key=each.step.id,
                position=position,
                team=each.step.team.value,
                on=each.on,
                due_at=_fair_hour(record, each),
            )
        )
        if each.step.anchor_of is Anchor.SO:
            patient.discharge_on = each.on
        schedule.plan_next(record, step)
    record.log(
        "patient_enrolled",
        by.id,
        product=patient.product,
        apheresis=patient.apheresis_on.isoformat(),
        day0=patient.day0_on.isoformat(),
    )
    # Each its own: only what is strictly necessary to its care (CSP L. 1110-4).
    for of in by_team(planned):
        lines = plan_lines(of, anchors, record.calendar)
        team = of[0].step.team
        record.news(team, "patient.created_team", silent=True, plan=lines)
    schedule.refresh(record)


def _fair_hour(record: Record, each: Planned) -> datetime:
    """A step of the day of enrolment is not late because its hour had passed before."""
    if each.due_at <= record.now and each.on == record.today:
        return record.calendar.instant(each.on, time.max)
    return each.due_at
