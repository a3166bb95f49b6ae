"""Small records for tables of cases: a patient, six people, an hour; no database."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain import check, schedule
from bot.domain.calendar import Calendar
from bot.domain.facts import (
    Alert,
    Check,
    Dated,
    Demand,
    Patient,
    Relay,
    Step,
    StepState,
    Watch,
)
from bot.domain.message import Refused
from bot.domain.pathway import Anchor, plan
from bot.domain.people import Group, Member, Roster
from bot.domain.record import Change, Record, Saying
from bot.domain.roles import Team
from bot.pathways import load, load_products

PARIS = ZoneInfo("Europe/Paris")
CALENDAR = Calendar(PARIS, is_holiday=lambda _: False)
PATHWAY = load("onco-occitanie")
PRODUCTS = {product.id: product for product in load_products()}
CODE = "TLS-7K4Z"
RCP, APHERESIS, DAY0 = date(2026, 3, 2), date(2026, 3, 23), date(2026, 4, 27)

BEFORE_STORAGE = (
    "rcp", "consentement", "bilan_apherese", "apherese", "expedition", "arrivee_labo",
    "liberation_lot", "reception_produit",
)  # fmt: skip
BEFORE_THAW = (
    *BEFORE_STORAGE, "stockage_azote", "consultation_neuro", "irm", "eeg", "admission",
    "chimio_1", "chimio_2", "chimio_3", "feu_vert",
)  # fmt: skip
BEFORE_INJECTION = (*BEFORE_THAW, "decongelation")
INJECTED = (*BEFORE_INJECTION, "injection")


def at(typed: str) -> datetime:
    """A local instant: `2026-04-27T10:00`."""
    return datetime.fromisoformat(typed).replace(tzinfo=PARIS)


def turn_to(record: Record, now: datetime) -> datetime:
    """The clock of a record goes on, with its day."""
    record.now, record.today = now, record.calendar.day(now)
    return now


def a_member(
    team: Team, id: int = 0, *, centre: str = "TLS", left: bool = False, **more: Any
) -> Member:
    number = id or 1 + list(Team).index(team)
    since = at("2026-01-05T09:00")
    made = Member(number, 100 + number, team.value.title(), team.value, centre, since)
    return replace(made, left_at=since if left else None, **more)


CAST = {team: a_member(team) for team in Team}
NURSE, EFS, GREFFE = CAST[Team.COORDINATION], CAST[Team.EFS], CAST[Team.GREFFE]
PHARMACIST, ICU, NEURO = CAST[Team.PHARMACIE], CAST[Team.REANIMATION], CAST[Team.NEUROLOGIE]


def a_roster(members: Iterable[Member] = CAST.values(), groups: Iterable[Group] = ()) -> Roster:
    return Roster({each.id: each for each in members}, {each.chat_id: each for each in groups})


def a_record(now: str = "2026-03-02T09:00", done: Iterable[str] = ()) -> Record:
    """A patient at an hour; these steps were closed in time by the nurse, and nothing is said."""
    patient = Patient(
        code=CODE,
        centre="TLS",
        product="yescarta",
        pathway="",
        rcp_on=RCP,
        apheresis_on=APHERESIS,
        day0_on=DAY0,
        discharge_on=DAY0 + timedelta(days=15),
        created_at=at("2026-03-02T09:00"),
    )
    record = Record(
        patient,
        PATHWAY,
        CALENDAR,
        at(now),
        CALENDAR.day(at(now)),
        Random(1).randrange,
        a_roster(),
        PRODUCTS["yescarta"],
    )
    record.add(Watch())
    anchors = {Anchor.RCP: RCP, Anchor.AP: APHERESIS, Anchor.J0: DAY0}
    for position, each in enumerate(plan(PATHWAY, anchors, CALENDAR)):
        slug, team = each.step.id, each.step.team.value
        step = Step(key=slug, position=position, team=team, on=each.on, due_at=each.due_at)
        record.add(step)
        schedule.plan_next(record, step)
    closed = tuple(done)
    for slug in closed:
        write_done(record, slug)
    schedule.refresh(record)
    check.adjust_watch(record)
    return quiet(record)


def write_done(record: Record, slug: str, **values: object) -> Step:
    """Closed in time, with nothing that follows from it."""
    step = record.steps[slug]
    step.state, step.next_at = StepState.DONE.value, None
    step.done_at, step.done_by, step.planned_on = step.due_at, NURSE.id, step.on
    step.values = {"poches": 2, "ice": 10} | values
    return step


def quiet(record: Record) -> Record:
    """Forget what was said and logged so far."""
    record.said, record.logged = [], []
    return record


def later(record: Record, **amount: float) -> Record:
    """Time passes, and what was said before is forgotten."""
    turn_to(record, record.now + timedelta(**amount))
    return quiet(record)


def filled(record: Record, slug: str) -> Step:
    """The whole checklist ticked, the hours at the present one."""
    step, shown = record.steps[slug], record.pathway.step(slug)
    for item in shown.items:
        value: object = True
        match item.kind.value:
            case "number":
                value = max(item.low, min(item.high, 2))
            case "time":
                value = record.now.isoformat()
            case "day":
                value = record.today.isoformat()
        step.values[item.id] = value
    return step


def said(record: Record, card: str) -> list[str]:
    """The teams that this was said to, in order."""
    return [it.team for it in record.said if isinstance(it, Saying) and it.card == card]


def cards(record: Record) -> list[str]:
    return [it.card for it in record.said if isinstance(it, Saying)]


def shown(record: Record) -> list[str]:
    """What messages are changed to; nothing where they are void."""
    return [it.card for it in record.said if isinstance(it, Change)]


def logged(record: Record) -> list[str]:
    return [entry.kind for entry in record.logged]


def sayings(record: Record, card: str) -> list[Saying]:
    return [it for it in record.said if isinstance(it, Saying) and it.card == card]


def local(instant: datetime | None) -> str:
    assert instant is not None
    return f"{instant.astimezone(PARIS):%m-%d %H:%M}"


def key(no: Refused) -> str:
    return no.text.key


# Things in a state


def a_relay(record: Record, **more: Any) -> Relay:
    """The product between pharmacy and unit, offered now; two bags are right."""
    given: dict[str, Any] = {
        "key": record.next_number(Relay),
        "step": "stockage_azote",
        "from_team": "pharmacie",
        "to_team": "greffe",
        "label": "nombre de poches",
        "answer": "2",
        "choices": ("1", "2", "3", "4"),
        "offered_at": record.now,
        "deadline_at": record.now + timedelta(hours=2),
        "next_at": record.now + timedelta(hours=2),
    }
    return record.add(Relay(**(given | more)))


def a_check(record: Record, **more: Any) -> Check:
    """The unit is asked now."""
    given: dict[str, Any] = {
        "key": str(int(record.now.timestamp()) // 60),
        "team": "greffe",
        "centre": "TLS",
        "at": record.now,
        "asked_at": record.now,
        "next_at": record.now + timedelta(hours=1),
    }
    return record.add(Check(**(given | more)))


def an_alert(record: Record, **more: Any) -> Alert:
    given: dict[str, Any] = {
        "key": record.next_number(Alert),
        "sign": "src",
        "raised_at": record.now,
        "raised_by": GREFFE.id,
        "team": "greffe",
        "next_at": record.now + timedelta(minutes=5),
        "checked": True,
    }
    return record.add(Alert(**(given | more)))


def a_demand(record: Record, **more: Any) -> Demand:
    given: dict[str, Any] = {
        "key": record.next_number(Demand),
        "step": "irm",
        "what": "problem",
        "was": record.steps["irm"].on,
        "asked_by": NEURO.id,
        "asked_at": record.now,
        "next_at": record.now + timedelta(hours=1),
    }
    return record.add(Demand(**(given | more)))


def states(of: Iterable[Dated]) -> list[str]:
    return [each.state for each in of]
