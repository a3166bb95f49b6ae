"""A patient as the rules see one: in memory, without a database."""

from datetime import UTC, date, datetime
from random import Random
from zoneinfo import ZoneInfo

from bot.domain import enrolment
from bot.domain.calendar import Calendar
from bot.domain.facts import Patient, Step, StepState, Watch
from bot.domain.message import Text
from bot.domain.network import Network
from bot.domain.pathway import Anchor, plan
from bot.domain.people import Member, Roster
from bot.domain.record import Record, Saying
from bot.domain.roles import Team
from bot.pathways import load, load_products

CALENDAR = Calendar(ZoneInfo("Europe/Paris"), is_holiday=lambda _: False)
PATHWAY = load("onco-occitanie")
NETWORK = Network(
    {"TLS": "Toulouse", "MPL": "Montpellier"}, PATHWAY, tuple(load_products()), CALENDAR
)
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
APHERESIS, DAY0 = date(2026, 3, 23), date(2026, 4, 27)
NURSE = Member(1, 101, "Anne", Team.COORDINATION.value, "TLS", NOW)


def a_record(now: datetime = NOW) -> Record:
    """A patient who is known and has no plan yet."""
    patient = Patient(
        code="TLS-7K4Z",
        centre="TLS",
        product="yescarta",
        pathway="",
        rcp_on=CALENDAR.day(now),
        apheresis_on=APHERESIS,
        day0_on=DAY0,
        discharge_on=DAY0,
        created_at=now,
    )
    record = Record(patient, PATHWAY, CALENDAR, now, Random(1).randrange, Roster({1: NURSE}, {}))
    record.add(Watch())
    return record


def enrolled(now: datetime = NOW) -> Record:
    """A patient whose plan was just written down; what was said of it is another test's."""
    record = a_record(now)
    anchors = {Anchor.RCP: CALENDAR.day(now), Anchor.AP: APHERESIS, Anchor.J0: DAY0}
    enrolment.write_plan(record, plan(PATHWAY, anchors, CALENDAR), anchors, NURSE)
    record.said, record.logged = [], []
    return record


def closed(record: Record, *slugs: str) -> None:
    for slug in slugs:
        step = record.steps[slug]
        step.state, step.done_at, step.next_at = StepState.DONE.value, record.now, None


def on(record: Record, slug: str) -> date:
    step: Step = record.steps[slug]
    return step.on


def told(record: Record, card: str) -> list[str]:
    """The teams that are told this, in order."""
    return [said.team for said in record.said if isinstance(said, Saying) and said.card == card]


def labels(lines: object) -> list[object]:
    assert isinstance(lines, tuple)
    return [line.values["label"] for line in lines if isinstance(line, Text)]
