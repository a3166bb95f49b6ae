"""The toxicity watch: asked, answered, or escalated."""

from datetime import timedelta

import pytest

from bot.cards import alerts as alert_cards
from bot.cards import checks
from bot.domain import check, invariants
from bot.domain.facts import CheckState, WatchState
from bot.domain.message import Priority, Refused, text
from bot.domain.people import Member
from tests.domain.builders import (
    BEFORE_INJECTION,
    EFS,
    GREFFE,
    ICU,
    INJECTED,
    NEURO,
    NURSE,
    a_check,
    a_record,
    an_alert,
    at,
    cards,
    key,
    later,
    local,
    logged,
    quiet,
    said,
    sayings,
    shown,
    states,
    turn_to,
    write_done,
)

INJECTION = "2026-04-27T11:00"


@pytest.mark.parametrize(
    ("done", "patient", "watched"),
    [
        (BEFORE_INJECTION, "active", False),
        (INJECTED, "active", True),
        (INJECTED, "paused", False),
        ((*INJECTED, "fin_surveillance"), "active", False),
    ],
)
def test_a_patient_is_watched_from_the_injection_to_the_end(
    done: tuple[str, ...], patient: str, watched: bool
) -> None:
    record = a_record(INJECTION, done)
    record.patient.state = patient

    assert check.watched(record) is watched


@pytest.mark.parametrize(
    ("done", "team"), [(INJECTED, "greffe"), ((*INJECTED, "sortie"), "coordination")]
)
def test_the_unit_is_asked_then_the_coordination(done: tuple[str, ...], team: str) -> None:
    assert check.asked_team(a_record("2026-05-13T09:00", done)) == team


def test_the_team_that_is_asked_and_those_it_climbs_to_may_answer() -> None:
    record = a_record(INJECTION, INJECTED)

    answers = check.answers(record, a_check(record))

    assert set(answers) == {"greffe", "coordination", "reanimation"}


# The watch


def test_the_watch_follows_the_steps() -> None:
    record = a_record(INJECTION, BEFORE_INJECTION)
    assert (record.watch.state, record.watch.next_at) == (WatchState.CLOSED, None)

    write_done(record, "injection")
    for _ in range(2):
        check.adjust_watch(record)
        assert record.watch.state == WatchState.OPEN
        assert local(record.watch.next_at) == "04-27 14:00"

    asked = a_check(record)
    begun = a_check(record, key="1", state=CheckState.REPORTING.value)
    write_done(record, "fin_surveillance")
    check.adjust_watch(record)

    assert record.watch.state == WatchState.CLOSED
    assert (asked.state, begun.state) == ("cancelled", "reporting")


def test_after_its_last_hour_the_watch_asks_no_more_but_waits_for_its_answer() -> None:
    record = a_record("2026-05-27T10:00", INJECTED)
    asked = a_check(record)

    check.adjust_watch(record)

    assert (record.watch.state, asked.state) == (WatchState.CLOSED, "asked")


def test_a_round_is_asked_at_its_hour_once() -> None:
    record = a_record(INJECTION, INJECTED)
    turn_to(record, at("2026-04-27T14:00"))

    check.ask(record, record.watch)
    [asked] = record.unanswered()
    record.watch.next_at = record.now
    check.ask(record, record.watch)

    assert record.unanswered() == [asked]
    assert said(record, "check.round") == ["greffe"]
    assert (local(asked.next_at), local(record.watch.next_at)) == ("04-27 15:00", "04-27 22:00")


def test_a_newer_round_makes_an_older_one_missed_unless_somebody_reports() -> None:
    record = a_record(INJECTION, INJECTED)
    asked, begun = a_check(record, key="1"), a_check(record, key="2", state="reporting")
    turn_to(record, at("2026-04-27T14:00"))

    check.ask(record, record.watch)

    assert (asked.state, begun.state) == ("missed", "reporting")
    assert logged(record) == ["check_missed"]


def test_hours_at_which_the_bot_was_off_are_missed_and_told() -> None:
    record = a_record(INJECTION, INJECTED)
    turn_to(record, at("2026-04-28T07:00"))

    check.ask(record, record.watch)

    assert states(record.checks.values()) == ["missed", "missed", "asked"]
    assert said(record, "check.never_asked") == ["coordination"] * 2
    assert said(record, "check.round") == ["greffe"]


# What the clock does


def test_unanswered_it_is_recalled_then_escalated_then_said_as_missed() -> None:
    record = a_record(INJECTION, INJECTED)
    asked = a_check(record)

    later(record, hours=1)
    check.due(record, asked)
    assert said(record, "check.round_again") == ["greffe"]
    assert local(asked.next_at) == "04-27 13:00"
    later(record, hours=1)
    check.due(record, asked)
    assert said(record, "check.round_escalated") == ["coordination", "reanimation", "greffe"]
    assert local(asked.next_at) == "04-27 23:00"
    later(record, hours=10)
    check.due(record, asked)

    assert (asked.state, asked.next_at) == ("missed", None)
    assert logged(record) == ["check_late", "check_missed"]
    assert cards(record) == []


def test_an_escalated_round_overtakes_everything() -> None:
    record = a_record(INJECTION, INJECTED)
    asked = a_check(record, rung=1)

    check.due(record, asked)

    escalated = sayings(record, "check.round_escalated")
    assert {saying.priority for saying in escalated} == {Priority.ALERT}


def test_a_recall_that_came_late_still_leaves_time_before_it_climbs() -> None:
    record = a_record(INJECTION, INJECTED)
    asked = a_check(record)
    later(record, hours=5)

    check.due(record, asked)

    assert asked.next_at == record.now + timedelta(hours=1)


def test_a_report_that_was_begun_and_left_becomes_an_alert() -> None:
    record = a_record(INJECTION, INJECTED)
    asked = a_check(record)
    check.begin_report(record, asked, GREFFE)

    check.due(record, asked)

    [alert] = record.running_alerts()
    assert (alert.check, alert.team, alert.sign, alert.raised_by) == (
        asked.key,
        "greffe",
        "",
        GREFFE.id,
    )
    assert (asked.state, asked.answered_by) == ("reported", GREFFE.id)


def test_an_alert_of_a_report_that_was_left_names_who_began_it() -> None:
    record = a_record(INJECTION, INJECTED)
    asked = a_check(record)
    check.begin_report(record, asked, GREFFE)
    check.due(record, asked)

    shown_now = alert_cards.card(record, record.running_alerts()[0])

    assert shown_now.text.values["who"] == text("member.name", name="Greffe", team="greffe")


def test_a_report_of_the_line_by_another_team_is_an_alert_of_its_own() -> None:
    record = a_record(INJECTION, INJECTED)
    asked = a_check(record)
    first = check.report(record, GREFFE, "src", asked)

    second = check.report(record, EFS, "icans", asked)

    assert (first.signs, second.signs, second.raised_by) == (("src",), ("icans",), EFS.id)


# What people do


def test_nothing_to_report_closes_the_line() -> None:
    record = a_record(INJECTION, INJECTED)
    asked = a_check(record)

    check.answer_ras(record, asked, GREFFE)

    assert (asked.state, asked.answered_by, asked.next_at) == ("ras", GREFFE.id, None)
    assert (record.watch.last_state, record.watch.last_by) == ("ras", GREFFE.id)
    assert shown(record) == ["check.round"]


@pytest.mark.parametrize(
    ("state", "patient", "refused"),
    [
        ("cancelled", "active", "check.gone"),
        ("missed", "active", "check.gone"),
        ("asked", "paused", "check.gone"),
        ("ras", "active", "check.already"),
        ("reported", "active", "check.already"),
        ("reporting", "active", "check.being_reported"),
    ],
)
def test_what_waits_no_more_is_not_answered(state: str, patient: str, refused: str) -> None:
    record = a_record(INJECTION, INJECTED)
    record.patient.state = patient
    asked = a_check(record, state=state)

    with pytest.raises(Refused) as no:
        check.answer_ras(record, asked, GREFFE)

    assert (key(no.value), asked.state) == (refused, state)


def test_a_second_press_on_report_gives_no_more_time() -> None:
    record = a_record(INJECTION, INJECTED)
    asked = a_check(record)
    check.begin_report(record, asked, GREFFE)
    first = asked.next_at
    later(record, minutes=2)

    check.begin_report(record, asked, ICU)

    assert (asked.next_at, asked.began) == (first, (GREFFE.id, ICU.id))
    assert logged(record) == ["report_begun"]


@pytest.mark.parametrize(("minutes", "next_at"), [(2, "04-27 12:00"), (90, "04-27 12:30")])
def test_a_report_given_up_is_asked_again_on_the_clock_that_it_had(
    minutes: int, next_at: str
) -> None:
    record = a_record(INJECTION, INJECTED)
    asked = a_check(record)
    check.begin_report(record, asked, GREFFE)
    later(record, minutes=minutes)

    for _ in range(2):
        check.give_up_report(record, asked, GREFFE)

    assert (asked.state, local(asked.next_at)) == ("asked", next_at)
    assert logged(record) == ["report_given_up"]


@pytest.mark.parametrize(
    ("rung", "next_at"), [(1, "04-27 13:00"), (2, "04-27 23:00")], ids=["recalled", "escalated"]
)
def test_a_report_given_up_goes_on_from_the_rung_that_it_had_reached(
    rung: int, next_at: str
) -> None:
    record = a_record(INJECTION, INJECTED)
    asked = a_check(record)
    for _ in range(rung):
        later(record, hours=1)
        check.due(record, asked)
    later(record, minutes=11)

    check.begin_report(record, asked, GREFFE)
    check.give_up_report(record, asked, GREFFE)

    assert (asked.state, asked.rung, local(asked.next_at)) == ("asked", rung, next_at)


def test_a_report_given_up_whose_rung_came_meanwhile_climbs_at_once() -> None:
    record = a_record(INJECTION, INJECTED)
    asked = a_check(record)
    later(record, minutes=58)
    check.begin_report(record, asked, GREFFE)
    later(record, minutes=4)

    check.give_up_report(record, asked, GREFFE)

    assert asked.next_at == record.now


@pytest.mark.parametrize(
    ("by", "may"), [(GREFFE, True), (NEURO, True), (EFS, False), (ICU, False), (NURSE, False)]
)
def test_a_report_is_given_up_by_the_team_that_is_asked_or_by_whoever_began_it(
    by: Member, may: bool
) -> None:
    record = a_record(INJECTION, INJECTED)
    asked = a_check(record)
    check.begin_report(record, asked, NEURO)

    if may:
        check.give_up_report(record, asked, by)
    else:
        with pytest.raises(Refused) as no:
            check.give_up_report(record, asked, by)
        assert key(no.value) == "check.other_team"

    assert asked.state == ("asked" if may else "reporting")


def test_a_report_given_up_after_the_next_round_was_asked_is_missed() -> None:
    record = a_record(INJECTION, INJECTED)
    older = a_check(record)
    turn_to(record, at("2026-04-27T13:59"))
    check.begin_report(record, older, GREFFE)
    turn_to(record, at("2026-04-27T14:00"))
    check.ask(record, record.watch)
    turn_to(record, at("2026-04-27T14:01"))
    quiet(record)

    check.give_up_report(record, older, GREFFE)

    assert (older.state, older.next_at) == ("missed", None)
    assert [each.at for each in record.unanswered()] == [at("2026-04-27T14:00")]
    assert logged(record) == ["report_given_up", "check_missed"]
    assert invariants.of_record(record) == []


@pytest.mark.parametrize(
    ("state", "after"),
    [
        ("asked", "reported"),
        ("reporting", "reported"),
        ("ras", "ras"),
        ("missed", "missed"),
        ("cancelled", "cancelled"),
    ],
)
def test_a_report_is_never_refused(state: str, after: str) -> None:
    record = a_record(INJECTION, INJECTED)
    asked = a_check(record, state=state)

    raised = check.report(record, GREFFE, "src", asked)

    assert (raised.check, raised.sign, asked.state) == (asked.key, "src", after)


def test_a_report_of_no_round_is_an_alert() -> None:
    record = a_record(INJECTION, INJECTED)

    assert check.report(record, NURSE, "autre", None).check == ""


def test_a_line_whose_alert_is_closed_is_reported_anew() -> None:
    record = a_record(INJECTION, INJECTED)
    asked = a_check(record, state="reported")
    closed = an_alert(record, state="closed", check=asked.key)

    raised = check.report(record, GREFFE, "src", asked)

    assert raised is not closed
    assert said(record, "alert.card") == ["reanimation", "coordination", "reanimation"]


def test_a_round_shows_the_day_on_which_it_was_asked() -> None:
    record = a_record(INJECTION, INJECTED)
    asked = a_check(record)
    later(record, days=2)

    for card in (checks.round_card([(record, asked)]), checks.never_asked([(record, asked)])):
        lines = card.text.values["lines"]
        assert isinstance(lines, tuple)
        assert [line.values["j"] for line in lines] == [0]


def test_what_was_seen_is_said_of_the_alert_that_its_line_already_raised() -> None:
    record = a_record(INJECTION, INJECTED)
    asked = a_check(record, state="reported")
    known, _ = an_alert(record, sign="", check=asked.key), an_alert(record)
    quiet(record)

    assert check.report(record, GREFFE, "icans", asked) is known
    assert known.sign == "icans"
