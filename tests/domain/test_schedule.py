"""When a step wants attention, and what holds it back."""

import pytest

from bot.domain import schedule
from bot.domain.message import Refused
from bot.domain.record import Record
from tests.domain.builders import (
    BEFORE_STORAGE,
    BEFORE_THAW,
    CALENDAR,
    INJECTED,
    a_record,
    a_relay,
    at,
    cards,
    key,
    local,
    logged,
    quiet,
    said,
    turn_to,
    write_done,
)


@pytest.mark.parametrize(
    ("now", "since"),
    [
        ("2026-04-28T07:30", "2026-04-27T07:30"),
        ("2026-04-28T10:00", "2026-04-27T07:30"),
        ("2026-04-29T00:10", "2026-04-27T07:30"),
        # The clocks went back: 25 hours.
        ("2026-10-25T07:30", "2026-10-24T07:30"),
    ],
)
def test_between_two_digests_no_hour_is_left_out(now: str, since: str) -> None:
    assert schedule.last_morning(CALENDAR, at(now)) == at(since)


@pytest.mark.parametrize(
    ("now", "done", "late"),
    [
        ("2026-03-02T11:59", (), False),
        ("2026-03-02T12:00", (), True),
        ("2026-03-02T12:00", ("rcp",), False),
    ],
)
def test_a_planned_step_is_late_from_its_hour_on(
    now: str, done: tuple[str, ...], late: bool
) -> None:
    record = a_record(now, done)

    assert schedule.is_late(record, record.steps["rcp"]) is late


def held_by(record: Record, slug: str) -> list[str]:
    return [other.key for other in schedule.waits(record, record.steps[slug])]


def test_a_step_waits_for_what_is_not_closed() -> None:
    record = a_record(done=("rcp", "consentement"))

    assert held_by(record, "apherese") == ["bilan_apherese"]
    assert held_by(record, "bilan_apherese") == []


def test_a_step_waits_for_what_its_own_team_has_not_read_back() -> None:
    record = a_record(done=(*BEFORE_STORAGE, "stockage_azote"))
    relay = a_relay(record)

    assert held_by(record, "admission") == ["stockage_azote"]
    relay.to_team = "reanimation"
    assert held_by(record, "admission") == []
    relay.to_team, relay.state = "greffe", "accepted"
    assert held_by(record, "admission") == []


def test_a_waived_step_waits_for_nothing() -> None:
    record = a_record()
    record.steps["admission"].waived_by = "Dr Martin"

    assert held_by(record, "admission") == []


@pytest.mark.parametrize("slug", ["feu_vert", "decongelation"])
def test_an_admission_waived_thaws_nothing_that_was_never_stored(slug: str) -> None:
    done = tuple(each for each in BEFORE_THAW if each != "stockage_azote")
    record = a_record(done=done)
    record.steps["admission"].waived_by = "Dr Martin"

    assert held_by(record, slug) == ["stockage_azote"]


def test_what_it_waits_for_is_said_with_the_team() -> None:
    record = a_record()
    waiting = schedule.waits(record, record.steps["apherese"])

    lines = schedule.waits_text(record, waiting).values["lines"]
    assert isinstance(lines, tuple)
    assert [line.values["team"] for line in lines] == ["efs", "coordination"]


@pytest.mark.parametrize(
    ("after", "comes"),
    [
        ("2026-03-02T09:00", "03-11 09:00"),
        ("2026-03-11T09:00", "03-15 16:00"),
        ("2026-03-16T16:00", "03-16 20:00"),
        ("2026-03-16T20:00", "03-17 07:30"),
        ("2026-03-20T10:00", "03-21 07:30"),
    ],
)
def test_after_its_reminders_the_digest_of_each_morning(after: str, comes: str) -> None:
    record = a_record(done=("rcp",))

    assert local(schedule.next_for(record, record.steps["bilan_apherese"], at(after))) == comes


def test_what_is_closed_or_of_a_paused_patient_has_no_next_instant() -> None:
    record = a_record(done=("rcp",))
    assert schedule.next_for(record, record.steps["rcp"], record.now) is None

    record.patient.state = "paused"

    assert schedule.next_for(record, record.steps["consentement"], record.now) is None
    assert not schedule.first_reminder_passed(record, record.steps["consentement"])


def test_lateness_runs_from_when_it_became_possible() -> None:
    record = a_record("2026-03-18T10:00", ("rcp", "consentement"))
    step = record.steps["bilan_apherese"]
    step.ready_at = record.now

    assert local(schedule.next_for(record, step, record.now)) == "03-18 14:00"


# Refreshed


def test_a_step_that_became_free_is_told_when_its_hour_has_come() -> None:
    record = a_record("2026-03-12T10:00")
    write_done(record, "rcp")

    schedule.refresh(record)

    assert said(record, "step.card") == ["coordination", "efs"]
    assert record.steps["bilan_apherese"].ready_at == record.now
    assert record.steps["apherese"].ready_at is None


def test_a_step_that_became_free_early_is_not_told() -> None:
    record = a_record("2026-03-02T09:30")
    write_done(record, "rcp")

    schedule.refresh(record)

    assert record.steps["bilan_apherese"].ready_at == record.now
    assert cards(record) == []


def test_a_step_that_is_held_again_loses_its_reminders() -> None:
    record = a_record("2026-03-12T10:00", ("rcp",))
    rcp = record.steps["rcp"]
    rcp.state, rcp.done_at = "planned", None

    schedule.refresh(record)

    assert record.steps["bilan_apherese"].ready_at is None
    assert record.said
    again = quiet(record)
    schedule.refresh(again)
    assert again.said == []


# Reminded


@pytest.mark.parametrize(
    ("hour", "team"),
    [("2026-03-11T09:00", "efs"), ("2026-03-16T07:30", "efs"), ("2026-03-16T16:00", "efs")],
)
def test_its_team_is_reminded_at_its_hour(hour: str, team: str) -> None:
    record = a_record(done=("rcp",))
    step = record.steps["bilan_apherese"]
    step.next_at = turn_to(record, at(hour))

    schedule.remind(record, step)

    assert said(record, "step.card") == [team]
    assert step.next_at > record.now


def test_the_last_reminder_climbs_to_the_coordination() -> None:
    record = a_record(done=("rcp",))
    step = record.steps["bilan_apherese"]
    step.next_at = turn_to(record, at("2026-03-16T20:00"))

    schedule.remind(record, step)

    assert cards(record) == ["step.late_coordination"]
    assert logged(record) == ["step_late"]


@pytest.mark.parametrize(
    ("hour", "told"),
    [
        ("2026-03-16T09:30", ["todo.catch_up"]),
        ("2026-03-16T20:30", ["todo.catch_up", "step.late_coordination"]),
    ],
)
def test_after_an_outage_the_present_state_replaces_the_reminders(
    hour: str, told: list[str]
) -> None:
    record = a_record(done=("rcp",))
    step = record.steps["bilan_apherese"]
    step.next_at = at("2026-03-16T07:30")
    turn_to(record, at(hour))

    schedule.remind(record, step)

    assert cards(record) == told


def test_the_digests_hour_says_nothing_of_its_own() -> None:
    record = a_record(done=("rcp",))
    step = record.steps["bilan_apherese"]
    step.next_at = turn_to(record, at("2026-03-18T07:30"))

    schedule.remind(record, step)

    assert cards(record) == []
    assert local(step.next_at) == "03-19 07:30"


@pytest.mark.parametrize("why", ["held", "paused"])
def test_who_waits_and_who_is_paused_is_not_reminded(why: str) -> None:
    record = a_record(done=() if why == "held" else ("rcp",))
    step = record.steps["bilan_apherese"]
    step.next_at = turn_to(record, at("2026-03-16T07:30"))
    record.patient.state = "paused" if why == "paused" else "active"

    schedule.remind(record, step)

    assert cards(record) == []
    assert (step.next_at is None) is (why == "paused")


# What may be done now


@pytest.mark.parametrize(
    ("state", "patient", "refused"),
    [
        ("done", "active", "step.already_done"),
        ("not_required", "active", "step.already_done"),
        ("cancelled", "active", "step.cancelled_already"),
        ("planned", "paused", "step.cancelled_already"),
    ],
)
def test_what_is_over_is_refused(state: str, patient: str, refused: str) -> None:
    record = a_record()
    record.steps["rcp"].state, record.patient.state = state, patient

    with pytest.raises(Refused) as no:
        schedule.must_be_open(record, record.steps["rcp"])

    assert key(no.value) == refused


@pytest.mark.parametrize(("slug", "offers"), [("admission", True), ("apherese", False)])
def test_what_waits_is_refused_and_the_waiver_offered_where_there_is_one(
    slug: str, offers: bool
) -> None:
    record = a_record()

    with pytest.raises(Refused) as no:
        schedule.must_be_ready(record, record.steps[slug])

    assert key(no.value) == "step.waits"
    assert bool(no.value.keyboard) is offers


def test_what_is_free_is_not_refused() -> None:
    record = a_record("2026-05-12T10:00", INJECTED)

    schedule.must_be_ready(record, record.steps["sortie"])
