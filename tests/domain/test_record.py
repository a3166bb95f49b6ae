"""A record: what there is of one patient, what is said and logged on it."""

from datetime import date

import pytest

from bot.domain.facts import CheckState, Demand, Relay, Step
from bot.domain.message import Priority
from bot.domain.record import Change, Saying, To
from bot.domain.roles import Team
from tests.domain.builders import (
    BEFORE_THAW,
    CODE,
    GREFFE,
    a_check,
    a_demand,
    a_record,
    a_relay,
    an_alert,
    at,
    local,
)


def test_it_knows_its_day() -> None:
    record = a_record("2026-04-30T00:30")

    assert (record.code, record.active, record.days) == (CODE, True, 3)
    assert record.today == date(2026, 4, 30)
    record.patient.state = "paused"
    assert not record.active


def test_somebody_is_named_and_nobody_is_nobody() -> None:
    record = a_record()

    named = record.who(GREFFE.id)
    assert (named.key, named.values["name"]) == ("member.name", "Greffe")
    assert record.who(None).key == record.who(99).key == "member.nobody"


def test_what_is_open_is_told_from_what_is_over() -> None:
    record = a_record("2026-04-27T10:00")
    offered, _ = a_relay(record), a_relay(record, state="accepted")
    asked, _ = a_check(record), a_check(record, key="1", state=CheckState.RAS.value)
    reporting = a_check(record, key="2", state=CheckState.REPORTING.value)
    opened, taken, _ = (an_alert(record, state=s) for s in ("open", "taken", "closed"))
    about_irm, _ = a_demand(record), a_demand(record, state="answered")
    about_eeg = a_demand(record, step="eeg")

    assert record.open_relays() == [offered]
    assert record.unanswered() == [asked, reporting]
    assert record.running_alerts() == [opened, taken]
    assert record.open_demands() == [about_irm, about_eeg]
    assert record.open_demands("eeg") == [about_eeg]
    assert record.running_countdowns() == []


def test_the_plan_is_in_the_order_of_its_hours() -> None:
    hours = [step.due_at for step in a_record().plan()]

    assert hours == sorted(hours)


def test_a_thing_has_its_key_alone_and_the_next_number() -> None:
    record = a_record()
    assert record.next_number(Relay) == "1"
    first = a_relay(record, key="9")

    assert record.next_number(Relay) == "10"
    assert record.next_number(Demand) == "1"
    with pytest.raises(AssertionError):
        record.add(first)


def test_what_is_said_has_the_thing_as_its_cause_unless_another_is_named() -> None:
    record = a_record("2026-04-27T10:00")
    relay, check = a_relay(record), a_check(record)

    record.tell(Team.GREFFE, "a", relay)
    record.tell(Team.GREFFE, "b", check, to=To.EACH, priority=Priority.ALERT)
    record.tell(Team.GREFFE, "c", relay, cause="", n=2)
    record.tell(Team.GREFFE, "d")
    record.news(Team.EFS, "e", relay)

    causes = [it.cause for it in record.said if isinstance(it, Saying)]
    assert causes == [f"relay:{CODE}:1", f"round:greffe:TLS:{check.key}", "", "", ""]
    assert [it.priority for it in record.said if isinstance(it, Saying)] == [
        Priority.REMINDER,
        Priority.ALERT,
        Priority.REMINDER,
        Priority.REMINDER,
        Priority.ANSWER,
    ]


def test_messages_are_changed_or_void() -> None:
    record = a_record()
    step: Step = record.steps["rcp"]

    record.show("a cause", "a.card", step, n=1)
    record.withdraw("another")

    assert record.said == [Change("a cause", "a.card", step, {"n": 1}), Change("another")]


def test_what_is_logged_holds_who_and_values() -> None:
    record = a_record()

    record.log("a_kind", GREFFE.id, step="rcp")

    [entry] = record.logged
    assert (entry.kind, entry.member, entry.data) == ("a_kind", GREFFE.id, {"step": "rcp"})


def test_a_wait_that_ends_at_night_ends_in_the_morning() -> None:
    record = a_record("2026-04-27T20:00")

    assert local(record.after(at("2026-04-27T21:00") - record.now)) == "04-27 21:00"
    assert local(record.after(at("2026-04-27T23:00") - record.now)) == "04-28 07:00"


def test_a_step_knows_its_definition() -> None:
    record = a_record(done=BEFORE_THAW)

    assert record.definition(record.steps["irm"]).not_required
