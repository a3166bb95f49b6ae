"""Enrolling: what is asked next, what cannot be, and what the plan says to whom."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain import enrolment
from bot.domain.enrolment import Request
from bot.domain.facts import StepState
from bot.domain.message import Refused
from bot.domain.pathway import Anchor, Product, plan
from bot.domain.roles import Team
from tests.domain.patients import (
    APHERESIS,
    CALENDAR,
    DAY0,
    NETWORK,
    NOW,
    NURSE,
    PATHWAY,
    TODAY,
    a_record,
    told,
)

ANCHORS = {Anchor.RCP: TODAY, Anchor.AP: APHERESIS, Anchor.J0: DAY0}
PLANNED = plan(PATHWAY, ANCHORS, CALENDAR)


@pytest.mark.parametrize(
    ("wanted", "missing", "known"),
    [
        (Request(), "product", []),
        (Request("yescarta"), "centre", ["product"]),
        (Request("yescarta", "TLS"), "apheresis", ["product", "centre"]),
        (Request("yescarta", "TLS", "2026-03-23"), "day0", ["product", "centre", "apheresis"]),
        (
            Request("yescarta", "TLS", "2026-03-23", "2026-04-27"),
            "",
            ["product", "centre", "apheresis", "day0"],
        ),
        (Request(apheresis="2026-03-23"), "product", ["apheresis"]),
    ],
)
def test_the_first_thing_that_is_missing_is_asked(
    wanted: Request, missing: str, known: list[str]
) -> None:
    assert wanted.missing() == missing
    assert wanted.known() == known


def test_the_pathway_begins_on_the_day_of_enrolment() -> None:
    assert Request().anchors(TODAY) == {Anchor.RCP: TODAY}
    assert Request(apheresis="2026-03-23", day0="2026-04-27").anchors(TODAY) == ANCHORS


@pytest.mark.parametrize(
    ("wanted", "key"),
    [
        (Request("aspirine"), "patient.product_unknown"),
        (Request("yescarta", "PAR"), "patient.centre_unknown"),
        (Request(apheresis="2026-03-01"), "date.past"),
        (Request(day0="2026-03-01"), "date.past"),
        (Request(day0="2062-04-27"), "date.too_far"),
        (Request(apheresis="2029-03-05"), "date.too_far"),
        (Request(apheresis="2026-04-27", day0="2026-04-27"), "patient.day0_before_apheresis"),
        (Request(apheresis="2026-04-28", day0="2026-04-27"), "patient.day0_before_apheresis"),
    ],
)
def test_what_cannot_be_is_refused_at_once(wanted: Request, key: str) -> None:
    with pytest.raises(Refused) as refused:
        enrolment.must_be_possible(wanted, NETWORK, TODAY)

    assert refused.value.text.key == key


@pytest.mark.parametrize(
    "wanted",
    [
        Request(),
        Request("Yescarta", "MPL"),
        Request(apheresis="2026-03-02"),
        Request(day0="2029-03-04"),
        Request("yescarta", "TLS", "2026-03-23", "2026-04-27"),
    ],
)
def test_what_can_be_is_let_through(wanted: Request) -> None:
    enrolment.must_be_possible(wanted, NETWORK, TODAY)


FIT = [product for product in NETWORK.products if product.id in PATHWAY.products]
UNFIT = [product for product in NETWORK.products if product.id not in PATHWAY.products]


@pytest.mark.parametrize("product", FIT, ids=lambda product: product.id)
def test_a_product_is_known_by_any_of_its_names(product: Product) -> None:
    for name in (product.id, product.name, product.brand.upper(), *product.aliases):
        assert enrolment.product_named(name, NETWORK) == product


@pytest.mark.parametrize("product", UNFIT, ids=lambda product: product.id)
def test_a_product_that_has_no_pathway_here_is_refused_with_the_reason(product: Product) -> None:
    with pytest.raises(Refused) as refused:
        enrolment.product_named(product.id, NETWORK)

    assert refused.value.text.key == "patient.product_unfit"
    assert refused.value.text.values["reason"] == product.reason


def test_the_team_whose_turn_comes_first_is_shown_first_and_each_once() -> None:
    of = enrolment.by_team(PLANNED)

    teams = [each[0].step.team for each in of]
    assert teams[0] == Team.COORDINATION
    assert len(teams) == len(set(teams)) == len(Team)
    assert sum(map(len, of)) == len(PLANNED)
    assert all(each.step.team == of_one[0].step.team for of_one in of for each in of_one)


def test_the_plan_is_written_down_and_each_team_is_told_once() -> None:
    record = a_record()

    enrolment.write_plan(record, PLANNED, ANCHORS, NURSE)

    assert [step.key for step in record.plan()] == [each.step.id for each in PLANNED]
    assert all(step.state == StepState.PLANNED and step.next_at for step in record.plan())
    assert record.patient.discharge_on == record.steps["sortie"].on
    assert sorted(told(record, "patient.created_team")) == sorted(Team)
    assert [entry.kind for entry in record.logged] == ["patient_enrolled"]
    assert record.steps["rcp"].ready_at == NOW
    assert record.steps["apherese"].ready_at is None


@pytest.mark.parametrize(
    ("hour", "due"),
    [
        (8, datetime(2026, 3, 2, 11, tzinfo=UTC)),  # 09:00 in Toulouse: noon is to come
        (15, datetime(2026, 3, 2, 22, 59, 59, 999999, tzinfo=UTC)),  # noon has passed: tonight
    ],
)
def test_a_step_of_today_is_not_late_because_its_hour_had_passed_before(
    hour: int, due: datetime
) -> None:
    record = a_record(NOW + timedelta(hours=hour - 8))

    enrolment.write_plan(record, PLANNED, ANCHORS, NURSE)

    assert record.steps["rcp"].due_at == due


def test_a_step_of_an_earlier_day_stays_late() -> None:
    record, early = a_record(), {**ANCHORS, Anchor.AP: date(2026, 3, 4)}

    enrolment.write_plan(record, plan(PATHWAY, early, CALENDAR), early, NURSE)

    assert record.steps["bilan_apherese"].on < TODAY
    assert record.steps["bilan_apherese"].due_at < NOW
