"""Moving a date: what is meant, what follows, what cannot be, who is told."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain import move
from bot.domain.facts import DemandState, PatientState
from bot.domain.message import Refused
from bot.domain.record import Change, Record, Saying
from bot.domain.roles import Team
from tests.domain.patients import (
    CALENDAR,
    DAY0,
    NOW,
    NURSE,
    TODAY,
    closed,
    enrolled,
    labels,
    on,
    told,
)

WEEK = timedelta(days=7)


def days(record: Record) -> dict[str, date]:
    return {slug: step.on for slug, step in record.steps.items()}


def refused_key(record: Record, slug: str, day: date) -> str:
    with pytest.raises(Refused) as refused:
        move.must_be_possible(record, record.steps[slug], day)
    return refused.value.text.key


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("J0", "injection"),
        ("j0", "injection"),
        ("injection", "injection"),
        ("Injection", "injection"),
        ("Aphérèse", "apherese"),
        ("APHERESE", "apherese"),
        ("irm", "irm"),
        ("chimio_2", "chimio_2"),
        ("chimio2", "chimio_2"),
        ("feu vert", "feu_vert"),
        ("consult", "consultation_neuro"),
    ],
)
def test_a_step_is_named_by_its_id_its_label_or_its_beginning(typed: str, slug: str) -> None:
    assert move.target(enrolled(), typed).key == slug


@pytest.mark.parametrize("typed", ["chimio", "neuro", "cuisine", "", "-", "j1"])
def test_a_step_is_never_guessed_between_several(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        move.target(enrolled(), typed)

    assert refused.value.text.key == "move.which_step"


@pytest.mark.parametrize(
    ("slug", "day", "key"),
    [
        ("injection", DAY0, "move.same_day"),
        ("injection", TODAY - timedelta(days=1), "date.past"),
        ("injection", date(2062, 4, 27), "date.too_far"),
        ("irm", date(2062, 4, 27), "date.too_far"),
        ("injection", date(2026, 3, 23), "patient.day0_before_apheresis"),
        ("apherese", DAY0, "patient.day0_before_apheresis"),
        ("rcp", date(2026, 3, 3), "move.closed"),
    ],
)
def test_a_date_that_cannot_be_is_refused(slug: str, day: date, key: str) -> None:
    record = enrolled()
    closed(record, "rcp")

    assert refused_key(record, slug, day) == key


def test_nothing_of_a_patient_whose_pathway_ended_is_moved() -> None:
    record = enrolled()
    record.patient.state = PatientState.ENDED.value

    assert refused_key(record, "irm", TODAY + WEEK) == "patient.ended"


def test_day_0_takes_with_it_what_is_counted_from_it_and_still_to_do() -> None:
    record = enrolled()
    closed(record, "consultation_neuro")
    before = days(record)

    move.apply(record, record.steps["injection"], NURSE, DAY0, DAY0 + WEEK)

    after = days(record)
    moved = {slug for slug in after if after[slug] != before[slug]}
    assert all(after[slug] - before[slug] == WEEK for slug in moved)
    assert {"admission", "liberation_lot", "injection", "sortie", "fin_surveillance"} <= moved
    assert not {"rcp", "apherese", "expedition", "consultation_neuro"} & moved
    assert record.patient.day0_on == DAY0 + WEEK
    assert record.patient.discharge_on == after["sortie"]


@pytest.mark.parametrize(
    ("slug", "alone"), [("irm", True), ("sortie", True), ("apherese", False), ("injection", False)]
)
def test_only_a_step_that_bears_an_anchor_takes_others_with_it(slug: str, alone: bool) -> None:
    record = enrolled()

    assert (move.affected(record, record.steps[slug]) == [record.steps[slug]]) is alone


def test_each_team_hears_once_of_its_own_changes_and_the_old_reminders_are_void() -> None:
    record = enrolled()

    move.apply(record, record.steps["injection"], NURSE, DAY0, DAY0 + WEEK)

    teams = told(record, "move.told")
    assert len(teams) == len(set(teams))
    assert Team.EFS not in teams
    said = [each for each in record.said if isinstance(each, Saying) and each.card == "move.told"]
    for each in said:
        of_team = {record.definition(s).label for s in record.plan() if s.team == each.team}
        assert set(labels(each.values["lines"])) <= of_team
    void = {each.cause for each in record.said if isinstance(each, Change) and not each.card}
    assert {f"step:{record.code}:{slug}" for slug in ("injection", "admission")} <= void
    assert [entry.kind for entry in record.logged] == ["date_moved"]


def test_every_step_still_wants_attention_after_a_move() -> None:
    record = enrolled()

    move.apply(record, record.steps["injection"], NURSE, DAY0, DAY0 + WEEK)

    assert all(step.next_at is not None and step.next_at > NOW for step in record.plan())


@pytest.mark.parametrize("was", [DAY0 + WEEK, DAY0 - WEEK])
def test_what_was_not_previewed_is_not_applied(was: date) -> None:
    record = enrolled()
    before = days(record)

    with pytest.raises(Refused) as refused:
        move.apply(record, record.steps["injection"], NURSE, was, DAY0 + 2 * WEEK)

    assert refused.value.text.key == "move.changed_meanwhile"
    assert days(record) == before
    assert not record.said
    assert not record.logged


def test_asking_moves_nothing_and_the_answer_is_owed_by_the_coordination() -> None:
    record = enrolled()
    before = days(record)

    move.ask(record, record.steps["irm"], NURSE, on(record, "irm") + WEEK)

    [asked] = record.open_demands("irm")
    assert asked.on == before["irm"] + WEEK
    assert asked.next_at is not None
    assert days(record) == before


def test_a_move_answers_what_was_asked() -> None:
    record = enrolled()
    irm = record.steps["irm"]
    move.ask(record, irm, NURSE, irm.on + WEEK)

    move.apply(record, irm, NURSE, irm.on, irm.on + WEEK)

    assert [each.state for each in record.demands.values()] == [DemandState.ANSWERED]


def test_what_would_fall_before_what_it_needs_is_named() -> None:
    record = enrolled()
    changes = move.shifts(record, record.steps["consentement"], date(2026, 3, 30))

    pairs = {(late.id, early.id) for late, early in move.disorders(record, changes)}

    assert ("apherese", "consentement") in pairs
    assert move.disorders(record, move.shifts(record, record.steps["irm"], TODAY + WEEK)) == []


def test_what_took_place_on_its_day_moves_nothing_and_on_another_takes_the_rest_with_it() -> None:
    record = enrolled(datetime(2026, 3, 2, 8, tzinfo=UTC))
    injection, before = record.steps["injection"], days(record)

    move.follow_reality(record, injection, DAY0, NURSE)
    same = days(record)
    closed(record, "injection")
    move.follow_reality(record, injection, DAY0 + timedelta(days=1), NURSE)

    assert same == before
    assert injection.on == record.patient.day0_on == date(2026, 4, 28)
    assert CALENDAR.day(injection.due_at) == date(2026, 4, 28)
    assert on(record, "sortie") == before["sortie"] + timedelta(days=1)
    assert on(record, "admission") == before["admission"] + timedelta(days=1)


def test_a_second_tap_on_the_same_move_says_that_it_is_done() -> None:
    record = enrolled()
    move.apply(record, record.steps["injection"], NURSE, DAY0, DAY0 + WEEK)

    with pytest.raises(Refused) as refused:
        move.apply(record, record.steps["injection"], NURSE, DAY0, DAY0 + WEEK)

    assert refused.value.text.key == "move.already"
    assert [entry.kind for entry in record.logged] == ["date_moved"]


def test_what_is_brought_into_the_past_is_late_from_then_on_and_not_since_it_was_free() -> None:
    record = enrolled(datetime(2026, 3, 2, 8, tzinfo=UTC))
    free = next(step for step in record.plan() if step.ready_at is not None)
    record.now = datetime(2026, 3, 5, 8, tzinfo=UTC)
    record.today = CALENDAR.day(record.now)

    move.apply(record, free, NURSE, free.on, record.today)

    assert free.ready_at == record.now
