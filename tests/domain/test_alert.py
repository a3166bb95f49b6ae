"""Alerts: raised, climbing until taken, asked about until closed."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.cards import alerts as alert_cards
from bot.domain import alert
from bot.domain.facts import Alert, AlertState
from bot.domain.message import Priority, Refused
from bot.domain.people import Member
from bot.domain.record import Change, Record, Saying, To
from tests.domain.builders import (
    EFS,
    GREFFE,
    ICU,
    INJECTED,
    NEURO,
    NURSE,
    PATHWAY,
    a_record,
    an_alert,
    key,
    later,
    logged,
    quiet,
    said,
    shown,
    turn_to,
)

PLAN = PATHWAY.alerts
NOW = "2026-04-28T03:00"
RAISED, CLIMBED = ["reanimation", "coordination"], ["reanimation", "coordination", "greffe"]


def a_night() -> Record:
    return a_record(NOW, INJECTED)


def heard(record: Record, to: To = To.CHATS) -> list[str]:
    """The teams that an alarm was said to."""
    return [
        it.team
        for it in record.said
        if isinstance(it, Saying) and (it.card, it.to) == ("alert.card", to)
    ]


def minutes(record: Record, it: Alert) -> float:
    """How long until its next instant."""
    assert it.next_at is not None
    return (it.next_at - record.now) / timedelta(minutes=1)


# The ladder


@pytest.mark.parametrize(
    ("grade", "rung", "wait"),
    [(None, 0, 5), (1, 0, 15), (2, 1, 15), (3, 0, 5), (4, 1, 5), (1, 2, 5), (None, 9, 5)],
)
def test_the_wait_follows_the_grade_and_the_last_rung_repeats(
    grade: int | None, rung: int, wait: int
) -> None:
    assert alert.wait(PLAN, grade, rung) == timedelta(minutes=wait)


def test_past_the_last_rung_it_is_the_last_one_again() -> None:
    assert alert.rung_of(PLAN, 0) is PLAN.rungs[0]
    assert alert.rung_of(PLAN, 9) is PLAN.rungs[-1]


@pytest.mark.parametrize(
    ("sign", "icu", "neuro", "missing"),
    [
        ("src", False, False, ["reanimation"]),
        ("src", True, False, []),
        ("icans", False, False, ["reanimation", "neurologie"]),
        ("icans", True, False, ["neurologie"]),
        ("icans", False, True, ["reanimation"]),
        ("icans", True, True, []),
    ],
)
def test_the_icu_must_take_it_and_neurology_a_neurological_one(
    sign: str, icu: bool, neuro: bool, missing: list[str]
) -> None:
    record = a_night()
    it = an_alert(record, sign=sign, taken_at=record.now if icu else None,
                  neuro_at=record.now if neuro else None)  # fmt: skip

    assert alert.missing(PLAN, it) == missing
    assert alert.complete(PLAN, it) is (not missing)


@pytest.mark.parametrize(
    ("sign", "teams"),
    [
        ("src", {"reanimation", "coordination"}),
        ("icans", {"reanimation", "neurologie", "coordination"}),
    ],
)
def test_who_settles_it_is_who_must_take_it_or_the_coordination(
    sign: str, teams: set[str]
) -> None:
    it = an_alert(a_night(), sign=sign)

    assert set(alert.settlers(PLAN, it)) == teams


def test_who_says_more_of_it_is_its_team_the_ward_or_who_settles_it() -> None:
    it = an_alert(a_night(), team="pharmacie")

    assert set(alert.describers(PATHWAY, it)) == {
        "pharmacie", "greffe", "reanimation", "coordination",
    }  # fmt: skip


# Raised


@pytest.mark.parametrize(
    ("sign", "teams"), [("src", RAISED), ("", RAISED), ("icans", [*RAISED, "neurologie"])]
)
def test_it_is_said_at_once_and_waits_five_minutes(sign: str, teams: list[str]) -> None:
    record = a_night()

    raised = alert.raise_alert(record, GREFFE, sign)

    assert heard(record) == teams
    assert heard(record, To.ON_CALL) == ["reanimation"]
    assert {it.priority for it in record.said if isinstance(it, Saying)} == {Priority.ALERT}
    assert (raised.key, raised.raised_by, raised.team) == ("1", GREFFE.id, "greffe")
    assert minutes(record, raised) < 1

    later(record, seconds=10)
    alert.climb(record, raised)

    assert said(record, "alert.author") == ["greffe"]
    assert raised.rung == 0
    assert minutes(record, raised) == pytest.approx(5 - 1 / 6)


def test_nobody_in_person_raises_it_when_a_report_was_left() -> None:
    record = a_night()

    raised = alert.raise_alert(record, None, "", check="1", team="greffe")

    assert (raised.raised_by, raised.team, raised.check) == (None, "greffe", "1")


def test_a_pathway_that_ended_has_no_alert() -> None:
    record = a_night()
    record.patient.state = "ended"

    with pytest.raises(Refused) as no:
        alert.raise_alert(record, GREFFE, "src")

    assert key(no.value) == "patient.ended"


@pytest.mark.parametrize(
    ("by", "sign", "seconds", "same"),
    [
        (GREFFE, "src", 59, True),
        (GREFFE, "src", 60, False),
        (GREFFE, "icans", 1, False),
        (ICU, "src", 1, False),
        (None, "src", 1, False),
        # The wall clock was set back: nobody knows how long ago it was.
        (GREFFE, "src", -3600, False),
    ],
)
def test_a_double_tap_is_one_alert(by: Member | None, sign: str, seconds: int, same: bool) -> None:
    record = a_night()
    first = alert.raise_alert(record, GREFFE, "src")
    later(record, seconds=seconds)

    assert (alert.raise_alert(record, by, sign) is first) is same


# What people do


@pytest.mark.parametrize("state", ["closed", "cancelled"])
def test_what_is_over_is_not_changed(state: str) -> None:
    record = a_night()
    it = an_alert(record, state=state)

    changes: tuple[Callable[[], object], ...] = (
        lambda: alert.set_sign(record, it, ICU, "src"),
        lambda: alert.set_grade(record, it, ICU, 2),
        lambda: alert.take(record, it, ICU),
        lambda: alert.cancel(record, it, ICU),
        lambda: alert.settle(record, it, ICU, "stable"),
    )
    for change in changes:
        with pytest.raises(Refused) as no:
            change()
        assert key(no.value) == "alert.over"


def test_a_sign_or_a_grade_that_is_none_is_refused() -> None:
    record = a_night()
    it = an_alert(record)

    changes: tuple[Callable[[], object], ...] = (
        lambda: alert.set_sign(record, it, ICU, "fatigue"),
        lambda: alert.set_grade(record, it, ICU, 5),
    )
    for change in changes:
        with pytest.raises(Refused) as no:
            change()
        assert key(no.value) == "button.stale"


def test_the_same_sign_again_says_nothing() -> None:
    record = a_night()

    alert.set_sign(record, an_alert(record), ICU, "src")

    assert (record.said, record.logged) == ([], [])


def test_a_sign_that_turns_neurological_calls_neurology() -> None:
    record = a_night()
    it = an_alert(record, sign="")

    alert.set_sign(record, it, GREFFE, "icans")

    assert heard(record) == ["neurologie"]
    assert minutes(record, it) == 5


def test_a_taken_one_that_turns_neurological_waits_for_neurology() -> None:
    record = a_night()
    it = an_alert(record)
    alert.take(record, it, ICU)
    assert minutes(record, it) == 120

    alert.set_sign(record, it, ICU, "icans")

    assert (it.state, it.rung, minutes(record, it)) == ("taken", 0, 5)


@pytest.mark.parametrize("later_sign", ["src", "autre"])
def test_a_neurological_one_stays_so_whatever_is_said_later(later_sign: str) -> None:
    record = a_night()
    it = alert.raise_alert(record, GREFFE, "icans")
    alert.take(record, it, ICU)
    quiet(record)

    alert.set_sign(record, it, NURSE, later_sign)
    later(record, seconds=10)
    alert.climb(record, it)

    assert alert.missing(PLAN, it) == ["neurologie"]
    assert (it.signs, round(minutes(record, it)), it.rung) == (("icans", later_sign), 5, 0)


@pytest.mark.parametrize(
    ("first", "then", "woken"),
    [
        ("src", "autre", [*RAISED, "greffe"]),
        ("src", "icans", [*RAISED, "neurologie", "greffe"]),
        ("icans", "src", [*RAISED, "neurologie", "greffe"]),
        ("icans", "icans", []),
        # Unknown was called for as the gravest: what it was wakes nobody anew.
        ("", "src", []),
    ],
)
def test_a_sign_that_is_new_wakes_those_who_were_alerted(
    first: str, then: str, woken: list[str]
) -> None:
    record = a_night()
    it = an_alert(record, sign=first)

    alert.set_sign(record, it, NURSE, then)

    assert heard(record) == woken


def test_a_sign_said_before_says_nothing_again() -> None:
    record = a_night()
    it = an_alert(record)
    alert.set_sign(record, it, GREFFE, "icans")
    quiet(record)

    alert.set_sign(record, it, GREFFE, "src")

    assert (it.signs, record.said, record.logged) == (("src", "icans"), [], [])


def asked_about(record: Record) -> Alert:
    """Taken by the ICU two hours ago: what became of it is asked, and not answered."""
    it = an_alert(record)
    alert.take(record, it, ICU)
    later(record, hours=2)
    alert.climb(record, it)
    quiet(record)
    return it


def test_turned_neurological_while_its_outcome_is_asked_the_question_is_void() -> None:
    record = a_night()
    it = asked_about(record)
    it.rung = 3

    alert.set_sign(record, it, ICU, "icans")

    asked = [c.card for c in record.said if isinstance(c, Change)
             and c.cause == alert.outcome_cause(record, it)]  # fmt: skip
    assert asked == ["", "alert.card"]
    assert (it.state, it.asked_at, it.rung, minutes(record, it)) == ("taken", None, 0, 5)


@pytest.mark.parametrize("outcome", alert.OUTCOMES)
def test_an_alert_that_neurology_has_not_taken_is_not_settled(outcome: str) -> None:
    record = a_night()
    it = asked_about(record)
    alert.set_sign(record, it, ICU, "icans")

    with pytest.raises(Refused) as no:
        alert.settle(record, it, ICU, outcome)

    assert (key(no.value), it.state, minutes(record, it)) == ("button.stale", "taken", 5)


@pytest.mark.parametrize(
    ("was", "now", "after", "wait"), [(None, 1, 2, 13), (1, 3, 8, 0), (1, 3, 2, 3), (3, 4, 2, 3)]
)
def test_a_grade_changes_the_pace_from_when_it_was_raised(
    was: int | None, now: int, after: int, wait: int
) -> None:
    record = a_night()
    it = an_alert(record, grade=was)
    it.next_at = record.now + alert.wait(PLAN, was, 0)
    later(record, minutes=after)

    alert.set_grade(record, it, GREFFE, now)

    assert (it.grade, minutes(record, it)) == (now, wait)


def test_a_grade_after_it_was_taken_changes_no_hour() -> None:
    record = a_night()
    it = an_alert(record)
    alert.take(record, it, ICU)

    alert.set_grade(record, it, ICU, 4)

    assert minutes(record, it) == 120


@pytest.mark.parametrize(("sign", "teams"), [("src", RAISED), ("icans", [*RAISED, "neurologie"])])
def test_a_rise_wakes_a_taken_alert_from_the_first_rung(sign: str, teams: list[str]) -> None:
    record = a_night()
    it = an_alert(record, sign=sign, grade=1, rung=2)
    alert.take(record, it, ICU)
    later(record, minutes=30)

    alert.set_grade(record, it, GREFFE, 4)

    assert (it.state, it.rung, it.taken_by, minutes(record, it)) == ("open", 0, None, 5)
    assert heard(record) == teams
    assert heard(record, To.ON_CALL) == ["reanimation"]
    assert logged(record) == ["alert_grade", "alert_risen"]


def test_a_rise_while_the_outcome_is_asked_wakes_it_too() -> None:
    record = a_night()
    it = asked_about(record)
    it.grade = 2

    alert.set_grade(record, it, GREFFE, 3)

    assert (it.state, it.asked_at, heard(record)) == ("open", None, RAISED)


@pytest.mark.parametrize("grade", [3, 4])
def test_a_first_grade_that_is_high_wakes_those_who_took_it_without_one(grade: int) -> None:
    record = a_night()
    it = an_alert(record, sign="icans")
    for by in (ICU, NEURO):
        alert.take(record, it, by)
    later(record, minutes=30)

    alert.set_grade(record, it, GREFFE, grade)

    assert (it.state, it.rung, it.taken_by, minutes(record, it)) == ("open", 0, None, 5)
    assert heard(record) == [*RAISED, "neurologie"]
    assert logged(record) == ["alert_grade", "alert_risen"]


def test_a_first_grade_by_the_only_one_who_took_it_wakes_nobody() -> None:
    record = a_night()
    it = an_alert(record)
    alert.take(record, it, ICU)
    quiet(record)

    alert.set_grade(record, it, ICU, 4)

    assert (it.state, it.taken_by, heard(record)) == ("taken", ICU.id, [])


@pytest.mark.parametrize(("was", "now"), [(None, 2), (4, 4), (4, 2)])
def test_a_grade_that_is_no_rise_wakes_nobody(was: int | None, now: int) -> None:
    record = a_night()
    it = an_alert(record, grade=was)
    alert.take(record, it, ICU)
    quiet(record)

    alert.set_grade(record, it, GREFFE, now)

    assert (it.state, it.taken_by, heard(record)) == ("taken", ICU.id, [])


def test_taken_everybody_who_was_alerted_hears_by_whom() -> None:
    record = a_night()
    it = an_alert(record, sign="icans", rung=1)

    alert.take(record, it, ICU)
    assert (it.state, it.taken_by, it.neuro_by) == ("taken", ICU.id, None)
    assert heard(record) == ["reanimation", "coordination", "neurologie", "greffe"]
    assert minutes(record, it) == 5
    alert.take(record, it, NEURO)

    assert it.neuro_by == NEURO.id
    assert minutes(record, it) == 120


@pytest.mark.parametrize(("by", "void"), [(ICU, False), (NEURO, True)])
def test_what_still_calls_the_other_team_is_not_void(by: Member, void: bool) -> None:
    record = a_night()
    it = an_alert(record, sign="icans")
    if void:
        alert.take(record, it, ICU)
        quiet(record)

    alert.take(record, it, by)

    assert (Change(record.cause(it)) in record.said) is void


def test_an_alert_of_no_team_is_said_to_those_who_were_alerted() -> None:
    record = a_night()

    alert.take(record, an_alert(record, team=""), ICU)

    assert heard(record) == RAISED


@pytest.mark.parametrize(
    ("by", "sign", "refused"),
    [
        (GREFFE, "src", "alert.other_team"),
        (NURSE, "icans", "alert.other_team"),
        (NEURO, "src", "alert.other_team"),
    ],
)
def test_only_those_who_must_take_it(by: Member, sign: str, refused: str) -> None:
    record = a_night()

    with pytest.raises(Refused) as no:
        alert.take(record, an_alert(record, sign=sign), by)

    assert key(no.value) == refused


@pytest.mark.parametrize("by", [ICU, NEURO])
def test_nobody_takes_it_twice(by: Member) -> None:
    record = a_night()
    it = an_alert(record, sign="icans")
    alert.take(record, it, by)

    with pytest.raises(Refused) as no:
        alert.take(record, it, by)

    assert key(no.value) == "alert.already_taken"


@pytest.mark.parametrize(
    ("by", "may"), [(GREFFE, True), (NURSE, True), (ICU, True), (NEURO, False), (EFS, False)]
)
def test_a_false_alarm_is_its_authors_the_icus_or_the_coordinations(by: Member, may: bool) -> None:
    record = a_night()
    it = an_alert(record)

    if may:
        alert.cancel(record, it, by)
        assert heard(record) == [*RAISED, "greffe"]
    else:
        with pytest.raises(Refused) as no:
            alert.cancel(record, it, by)
        assert key(no.value) == "alert.cancel_whose"

    assert (it.state, it.next_at is None) == (("cancelled", True) if may else ("open", False))


@pytest.mark.parametrize("outcome", ["stable", "reanimation", "resolue"])
def test_an_outcome_closes_it(outcome: str) -> None:
    record = a_night()
    it = an_alert(record)
    alert.take(record, it, ICU)

    alert.settle(record, it, ICU, outcome)

    assert (it.state, it.outcome, it.closed_by) == ("closed", outcome, ICU.id)
    assert it.next_at is None


def test_what_goes_on_is_asked_about_again() -> None:
    record = a_night()
    it = an_alert(record)
    alert.take(record, it, ICU)
    later(record, hours=2)
    alert.climb(record, it)

    alert.settle(record, it, ICU, "suite")

    assert (it.state, it.asked_at, minutes(record, it)) == ("taken", None, 120)


@pytest.mark.parametrize(("state", "outcome"), [("open", "stable"), ("taken", "partie")])
def test_what_nobody_took_or_no_outcome_is_not_settled(state: str, outcome: str) -> None:
    record = a_night()

    with pytest.raises(Refused) as no:
        alert.settle(record, an_alert(record, state=state), ICU, outcome)

    assert key(no.value) == "button.stale"


# What the clock does


def test_not_taken_it_climbs_to_each_of_the_icu_in_private() -> None:
    record = a_night()
    it = alert.raise_alert(record, GREFFE, "icans")

    teams, privately = [], []
    for _ in range(3):
        later(record, minutes=5)
        alert.climb(record, it)
        teams.append(heard(record))
        privately.append(heard(record, To.EACH))

    last = ["reanimation", "neurologie"]
    assert teams == [[*CLIMBED, "neurologie"], last, last]
    assert privately == [[], last, last]
    assert (it.rung, minutes(record, it)) == (3, 5)


def test_who_took_it_is_not_called_any_more() -> None:
    record = a_night()
    it = an_alert(record, sign="icans")
    alert.take(record, it, ICU)
    later(record, minutes=5)

    alert.climb(record, it)

    assert heard(record, To.ON_CALL) == []
    assert heard(record) == ["coordination", "greffe", "neurologie"]
    assert logged(record) == ["alert_climbed"]
    later(record, minutes=5)
    alert.climb(record, it)
    assert (heard(record), heard(record, To.EACH)) == (["neurologie"], ["neurologie"])


@pytest.mark.parametrize(
    ("by", "rung", "left"),
    [
        (None, 0, []),
        (ICU, 0, ["neurologie"]),
        (NEURO, 0, ["reanimation"]),
        (ICU, 1, ["neurologie"]),
        (NEURO, 1, ["reanimation"]),
    ],
)
def test_taken_by_one_of_two_teams_it_names_the_one_that_is_missing(
    by: Member | None, rung: int, left: list[str]
) -> None:
    record = a_night()
    it = an_alert(record, sign="icans", rung=rung)
    if by:
        alert.take(record, it, by)

    for shown_now in (alert_cards.card(record, it), alert_cards.raised(record, it)):
        lines = shown_now.text.values["missing"]
        named = [each.values["team"] for each in lines] if isinstance(lines, tuple) else []
        assert named == left


def test_taken_its_outcome_is_asked_and_unanswered_it_reopens() -> None:
    record = a_night()
    it = an_alert(record, sign="icans")
    alert.take(record, it, ICU)
    alert.take(record, it, NEURO)
    later(record, hours=2)

    alert.climb(record, it)
    [asked] = [s for s in record.said if isinstance(s, Saying)]
    assert (asked.card, asked.team, asked.priority) == (
        "alert.ask_outcome",
        "reanimation",
        Priority.ALERT,
    )
    assert asked.cause == alert.outcome_cause(record, it)
    later(record, minutes=30)
    alert.climb(record, it)

    assert (it.state, it.rung) == (AlertState.OPEN, 1)
    assert {it.taken_at, it.taken_by, it.neuro_at, it.neuro_by, it.asked_at} == {None}
    assert heard(record) == [*CLIMBED, "neurologie"]
    assert shown(quiet(record)) == []


# Its receipt


def test_its_author_reads_whom_it_reached_and_when() -> None:
    record = a_night()
    it = alert.raise_alert(record, GREFFE, "src")
    later(record, seconds=3)

    alert.heard(record, it, "reanimation")
    alert.heard(record, it, "reanimation")

    assert it.heard == {"reanimation": record.now}
    assert shown(record) == ["alert.author"]


def test_what_reached_nobody_is_said_to_its_authors_team_within_ten_seconds() -> None:
    record = a_night()
    it = alert.raise_alert(record, GREFFE, "icans")
    alert.heard(record, it, "reanimation")
    assert it.next_at is not None
    assert it.next_at - it.raised_at <= timedelta(seconds=8)
    quiet(record)

    turn_to(record, it.next_at)
    alert.climb(record, it)

    assert alert.unheard(PLAN, it) == ["neurologie"]
    assert said(record, "alert.author") == ["greffe"]
    assert it.rung == 0


def test_what_was_heard_or_taken_in_time_tells_its_author_no_more() -> None:
    for taken in (False, True):
        record = a_night()
        it = alert.raise_alert(record, GREFFE, "src")
        alert.heard(record, it, "reanimation")
        if taken:
            alert.take(record, it, ICU)
        later(record, seconds=10)
        if it.next_at is not None and it.next_at <= record.now:
            alert.climb(record, it)

        assert said(record, "alert.author") == []
        assert it.rung == 0


def test_a_grade_after_a_clock_went_back_puts_the_next_call_no_farther_than_its_wait() -> None:
    record = a_record("2026-04-28T03:00", INJECTED)
    it = an_alert(record, checked=True, next_at=record.now + timedelta(minutes=10))

    alert.set_grade(record, it, ICU, 1)

    assert it.next_at == record.now + timedelta(minutes=15)


def test_a_grade_that_rises_calls_neurology_again_though_the_icu_has_not_taken_it() -> None:
    record = a_record("2026-04-28T03:00", INJECTED)
    it = an_alert(record, sign="icans", grade=1, checked=True)
    alert.take(record, it, NEURO)
    record.said.clear()

    alert.set_grade(record, it, GREFFE, 4)

    assert it.neuro_by is None
    assert "neurologie" in said(record, "alert.card")


def test_its_author_calls_it_a_false_alarm_only_until_it_is_taken() -> None:
    record = a_record("2026-04-28T03:00", INJECTED)
    it = an_alert(record, raised_by=GREFFE.id)
    alert.take(record, it, ICU)

    with pytest.raises(Refused) as refused:
        alert.cancel(record, it, GREFFE)

    assert refused.value.text.key == "alert.cancel_whose"
    assert it.state == "taken"
