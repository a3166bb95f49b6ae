"""When steps, reminders and toxicity checks fall for one patient."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calendar import Calendar
from bot.domain.message import Refused
from bot.domain.pathway import (
    Anchor,
    Item,
    ItemKind,
    Planned,
    ReminderKind,
    StepDef,
    check_anchors,
    next_check,
    next_reminder,
    plan,
    planned,
    reminders,
)
from bot.domain.roles import Team
from bot.pathways import load, load_products

FRENCH = holidays.country_holidays("FR", years=range(2025, 2030))
CALENDAR = Calendar(ZoneInfo("Europe/Paris"), FRENCH.__contains__)
PATHWAY = load("onco-occitanie")
DAY0 = date(2026, 4, 14)
ANCHORS = {Anchor.RCP: date(2026, 2, 20), Anchor.AP: date(2026, 3, 10), Anchor.J0: DAY0}
DAYS = st.dates(date(2025, 2, 1), date(2028, 11, 30))


def local(instant: datetime) -> str:
    return f"{CALENDAR.local(instant):%d/%m %H:%M}"


def the(step_id: str, on: date) -> Planned:
    return planned(PATHWAY.step(step_id), on, CALENDAR)


def said(step_id: str, on: date) -> list[tuple[str, str]]:
    one = the(step_id, on)
    return [(local(at), kind) for at, kind in reminders(one.step, on, one.due_at, CALENDAR)]


def test_the_plan_holds_every_step_in_order_of_its_hour() -> None:
    steps = plan(PATHWAY, ANCHORS, CALENDAR)

    assert [each.step.id for each in steps] == [
        "rcp", "consentement", "bilan_apherese", "apherese", "expedition", "arrivee_labo",
        "consultation_neuro", "irm", "eeg", "liberation_lot", "reception_produit",
        "stockage_azote", "admission", "chimio_1", "chimio_2", "chimio_3", "feu_vert",
        "decongelation", "injection", "neuro_j3", "neuro_j7", "neuro_j14", "sortie", "neuro_j28",
        "fin_surveillance",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("step_id", "due"),
    [
        ("rcp", "20/02 12:00"),
        ("consentement", "27/02 12:00"),
        ("apherese", "10/03 08:00"),
        ("reception_produit", "06/04 12:00"),
        ("stockage_azote", "06/04 16:00"),
        ("chimio_1", "09/04 12:00"),
        ("feu_vert", "13/04 14:00"),
        ("decongelation", "14/04 09:00"),
        ("injection", "14/04 10:00"),
        ("fin_surveillance", "14/05 12:00"),
    ],
)
def test_a_step_falls_at_its_local_hour(step_id: str, due: str) -> None:
    steps = {each.step.id: each for each in plan(PATHWAY, ANCHORS, CALENDAR)}

    assert local(steps[step_id].due_at) == due
    assert CALENDAR.day(steps[step_id].due_at) == steps[step_id].on


def test_a_step_whose_anchor_has_no_date_is_not_planned() -> None:
    steps = plan(PATHWAY, {Anchor.AP: date(2026, 3, 10)}, CALENDAR)

    assert [each.step.id for each in steps] == [
        "bilan_apherese",
        "apherese",
        "expedition",
        "arrivee_labo",
    ]


@given(DAYS)
def test_every_step_keeps_its_local_hour_over_both_clock_changes(day0: date) -> None:
    for each in plan(PATHWAY, {Anchor.J0: day0}, CALENDAR):
        hour = (datetime.combine(day0, each.step.at) + each.step.delay).time()

        assert CALENDAR.local(each.due_at).time() == hour
        assert CALENDAR.offset(day0, each.due_at) == each.step.offset


def test_a_delay_is_of_real_hours_over_the_clock_change() -> None:
    night = replace(PATHWAY.step("stockage_azote"), at=time(1), delay=timedelta(hours=4))

    assert local(planned(night, date(2026, 3, 29), CALENDAR).due_at) == "29/03 06:00"
    assert local(planned(night, date(2026, 10, 25), CALENDAR).due_at) == "25/10 04:00"


def test_a_step_is_recalled_before_its_hour_and_said_late_after() -> None:
    assert said("chimio_1", date(2026, 3, 12)) == [
        ("09/03 09:00", "early"),
        ("11/03 16:00", "eve"),
        ("12/03 07:30", "same_day"),
        ("12/03 16:00", "late_team"),
        ("12/03 20:00", "late_coordinator"),
    ]


def test_the_early_reminder_counts_working_days_over_easter() -> None:
    assert said("chimio_1", date(2026, 4, 8))[0] == ("02/04 09:00", "early")


def test_a_reminder_keeps_its_local_hour_over_the_clock_change() -> None:
    assert said("chimio_1", date(2026, 3, 30))[:3] == [
        ("25/03 09:00", "early"),
        ("29/03 16:00", "eve"),
        ("30/03 07:30", "same_day"),
    ]
    assert said("chimio_1", date(2026, 10, 26))[:3] == [
        ("21/10 09:00", "early"),
        ("25/10 16:00", "eve"),
        ("26/10 07:30", "same_day"),
    ]


def test_lateness_in_the_night_waits_for_the_morning() -> None:
    assert said("feu_vert", date(2026, 3, 12))[-2:] == [
        ("12/03 18:00", "late_team"),
        ("13/03 07:00", "late_coordinator"),
    ]


def test_the_night_does_not_merge_the_two_latenesses() -> None:
    step = replace(PATHWAY.step("chimio_1"), at=time(19))
    due_at = planned(step, date(2026, 3, 12), CALENDAR).due_at

    late = reminders(step, date(2026, 3, 12), due_at, CALENDAR)[-2:]

    assert [(local(at), kind) for at, kind in late] == [
        ("13/03 07:00", "late_team"),
        ("13/03 07:01", "late_coordinator"),
    ]


def test_thaw_and_injection_are_late_much_sooner() -> None:
    assert said("decongelation", DAY0)[-2:] == [
        ("14/04 09:30", "late_team"),
        ("14/04 10:00", "late_coordinator"),
    ]
    assert said("injection", DAY0)[-2:] == [
        ("14/04 10:30", "late_team"),
        ("14/04 11:00", "late_coordinator"),
    ]


def test_a_reminder_that_would_follow_the_hour_is_left_out() -> None:
    step = replace(PATHWAY.step("chimio_1"), at=time(7))
    due_at = planned(step, DAY0, CALENDAR).due_at

    kinds = [kind for _, kind in reminders(step, DAY0, due_at, CALENDAR)]

    assert ReminderKind.SAME_DAY not in kinds


def test_a_step_may_have_no_reminder_on_its_day() -> None:
    step = PATHWAY.step("chimio_1")
    step = replace(step, reminders=replace(step.reminders, same_day=None))
    due_at = planned(step, DAY0, CALENDAR).due_at

    kinds = [kind for _, kind in reminders(step, DAY0, due_at, CALENDAR)]

    assert kinds == ["early", "eve", "late_team", "late_coordinator"]


@given(DAYS, st.sampled_from(PATHWAY.steps))
def test_reminders_are_in_order_and_never_in_quiet_hours(on: date, step: StepDef) -> None:
    due_at = planned(step, on, CALENDAR).due_at
    instants = [at for at, _ in reminders(step, on, due_at, CALENDAR)]

    assert instants == sorted(set(instants))
    assert not any(CALENDAR.quiet(at) for at in instants)


def test_the_next_reminder_is_strictly_after() -> None:
    one = the("chimio_1", date(2026, 3, 12))
    first, *_, last = reminders(one.step, one.on, one.due_at, CALENDAR)

    def after(instant: datetime) -> ReminderKind | None:
        found = next_reminder(one.step, one.on, one.due_at, CALENDAR, instant)
        return found[1] if found else None

    assert after(first[0] - timedelta(seconds=1)) == "early"
    assert after(first[0]) == "eve"
    assert after(last[0]) is None


def all_checks(day0: date) -> list[datetime]:
    at = CALENDAR.instant(day0, time(0)) - timedelta(days=3)
    found = []
    while following := next_check(PATHWAY.checks, day0, CALENDAR, at):
        assert following > at  # or this would never end
        found.append(at := following)
    return found


def test_checks_follow_the_timetable_to_day_30() -> None:
    found = all_checks(DAY0)
    times: dict[int, list[str]] = {}
    for instant in found:
        hour = f"{CALENDAR.local(instant):%H:%M}"
        times.setdefault(CALENDAR.offset(DAY0, instant), []).append(hour)

    assert list(times) == list(range(31))
    assert all(times[day] == ["06:00", "14:00", "22:00"] for day in range(11))
    assert all(times[day] == ["08:00", "20:00"] for day in range(11, 15))
    assert all(times[day] == ["10:00"] for day in range(15, 31))


@pytest.mark.parametrize("day0", [date(2026, 3, 25), date(2026, 10, 20)])
def test_checks_keep_their_local_hours_over_the_clock_change(day0: date) -> None:
    found = all_checks(day0)

    assert len(found) == 11 * 3 + 4 * 2 + 16
    assert {f"{CALENDAR.local(each):%H:%M}" for each in found} == {
        "06:00", "14:00", "22:00", "08:00", "20:00", "10:00",
    }  # fmt: skip


def test_a_check_is_strictly_after_the_injection() -> None:
    injected_at = CALENDAR.instant(DAY0, time(14))

    following = next_check(PATHWAY.checks, DAY0, CALENDAR, injected_at)

    assert following is not None
    assert local(following) == "14/04 22:00"


def test_checks_are_asked_of_the_unit_then_of_the_coordinator() -> None:
    assert PATHWAY.checks.team(discharged=False) is Team.GREFFE
    assert PATHWAY.checks.team(discharged=True) is Team.COORDINATION


@pytest.mark.parametrize(
    ("grade", "minutes"), [(None, 5), (0, 15), (1, 15), (2, 15), (3, 5), (4, 5), (5, 5)]
)
def test_a_high_or_unknown_grade_climbs_sooner(grade: int | None, minutes: int) -> None:
    assert PATHWAY.alerts.wait(grade) == timedelta(minutes=minutes)


def test_an_unknown_step_or_item_is_an_error() -> None:
    with pytest.raises(KeyError):
        PATHWAY.step("irmm")
    with pytest.raises(StopIteration):
        PATHWAY.step("irm").item("ice")
    assert PATHWAY.step("sortie").item("premier_appel").kind is ItemKind.DAY


def test_the_values_of_a_number_are_shown_in_its_order() -> None:
    assert Item("n", "N", ItemKind.NUMBER, low=1, high=4).values == (1, 2, 3, 4)
    assert Item("n", "N", ItemKind.NUMBER, low=0, high=2, descending=True).values == (2, 1, 0)


@pytest.mark.parametrize(
    ("step_id", "closed", "to"),
    [
        ("expedition", {"expedition"}, ["pharmacie"]),
        ("irm", {"irm", "eeg"}, []),
        ("irm", {"irm", "eeg", "consultation_neuro"}, ["greffe"]),
        ("consultation_neuro", {"irm", "eeg", "consultation_neuro"}, ["greffe"]),
        ("feu_vert", {"irm", "eeg", "consultation_neuro", "feu_vert"}, ["reanimation"]),
        ("injection", {"injection"}, ["reanimation", "neurologie"]),
        ("rcp", {"rcp"}, []),
    ],
)
def test_the_last_of_the_awaited_steps_hands_over(
    step_id: str, closed: set[str], to: list[str]
) -> None:
    assert [handover.to for _, handover in PATHWAY.handovers_after(step_id, closed)] == to


def test_a_product_answers_to_its_names() -> None:
    def called(typed: str) -> list[str]:
        return [product.id for product in load_products() if product.called(typed)]

    assert called("Yescarta") == called("axi cel") == called("AXI-CEL") == ["yescarta"]
    assert called("tecartus") == ["tecartus_lcm", "tecartus_lal"]
    assert called("tecartus LAL") == ["tecartus_lal"]
    assert called("aspirine") == called("") == []


TODAY = date(2026, 3, 1)


def test_dates_still_to_come_and_in_order_are_accepted() -> None:
    check_anchors(ANCHORS, TODAY)
    check_anchors({Anchor.J0: TODAY}, TODAY)
    check_anchors({}, TODAY)


@pytest.mark.parametrize(
    ("anchors", "key"),
    [
        ({Anchor.AP: date(2026, 2, 28)}, "date.past"),
        ({Anchor.J0: date(2025, 4, 14)}, "date.past"),
        ({Anchor.J0: date(2062, 4, 14)}, "date.too_far"),
        ({Anchor.AP: DAY0, Anchor.J0: DAY0}, "patient.day0_before_apheresis"),
        ({Anchor.AP: DAY0, Anchor.J0: date(2026, 3, 10)}, "patient.day0_before_apheresis"),
    ],
)
def test_dates_that_cannot_be_are_refused(anchors: dict[Anchor, date], key: str) -> None:
    with pytest.raises(Refused) as refused:
        check_anchors(anchors, TODAY)

    assert refused.value.text.key == key


def test_only_the_date_just_chosen_has_to_be_to_come() -> None:
    collected = {Anchor.AP: date(2026, 2, 1), Anchor.J0: DAY0}

    check_anchors(collected, TODAY, moved=DAY0)
    with pytest.raises(Refused):
        check_anchors(collected, TODAY)


def test_what_was_worked_out_for_one_patient_is_not_told_of_another() -> None:
    others = replace(CALENDAR, is_holiday=lambda _: False)
    step, on = PATHWAY.step("chimio_1"), date(2026, 4, 8)  # after Easter
    sooner = replace(step, reminders=replace(step.reminders, late_team=timedelta(hours=1)))
    due_at = planned(step, on, CALENDAR).due_at

    usual = reminders(step, on, due_at, CALENDAR)

    assert reminders(step, on, due_at, others)[0] != usual[0]
    assert reminders(sooner, on, due_at, CALENDAR)[-2] != usual[-2]
    assert next_check(PATHWAY.checks, DAY0, CALENDAR, due_at) != next_check(
        replace(PATHWAY.checks, times=PATHWAY.checks.times[1:]), DAY0, CALENDAR, due_at
    )
