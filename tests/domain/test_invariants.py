"""What must always be true: each rule holds on a sound record, and each can be made to fire."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from bot.domain import due, invariants
from bot.domain.invariants import Line
from bot.domain.record import Record
from tests.domain.builders import (
    BEFORE_STORAGE,
    CODE,
    ICU,
    INJECTED,
    a_check,
    a_record,
    a_relay,
    an_alert,
    at,
)

NOW = at("2026-04-27T11:00")


@pytest.mark.parametrize("done", [(), ("rcp",), BEFORE_STORAGE, INJECTED])
def test_a_sound_record_has_no_fault(done: tuple[str, ...]) -> None:
    record = a_record("2026-03-02T09:00" if len(done) < 2 else "2026-04-27T11:00", done)
    for step in record.steps.values():
        step.next_at = step.next_at and max(step.next_at, record.now)

    assert invariants.of_record(record) == []


@pytest.mark.parametrize(
    ("is_open", "next_at", "fault"),
    [
        (True, None, "is open without a next instant"),
        (False, None, ""),
        (True, NOW - due.TOLERANCE - timedelta(seconds=1), "overdue since"),
        (False, NOW - timedelta(hours=1), "overdue since"),
        (True, NOW - due.TOLERANCE, ""),
        (True, NOW + timedelta(hours=1), ""),
        (False, NOW + timedelta(hours=1), "is over and has a next instant"),
    ],
)
def test_an_open_thing_has_its_next_instant_and_is_handled_when_it_comes(
    is_open: bool, next_at: datetime | None, fault: str
) -> None:
    found = invariants.fault_of(is_open, next_at, NOW)

    assert found.startswith(fault)
    assert bool(found) is bool(fault)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (Line(CODE, "relay", "1", True, NOW), []),
        (Line(CODE, "relay", "1", True, None),
         [f"relay {CODE} 1 is open without a next instant"]),
        (Line(CODE, "watch", "", True, None), [f"watch {CODE} is open without a next instant"]),
        (Line(CODE, "step", "rcp", True, NOW, "KeyError"),
         [f"step {CODE} rcp raised: KeyError"]),
    ],
)  # fmt: skip
def test_a_row_of_the_book_says_the_same_and_what_raised(line: Line, found: list[str]) -> None:
    assert invariants.of_line(line, NOW) == found


def the_watch_forgotten(record: Record) -> None:
    record.watch.state, record.watch.next_at = "closed", None


def a_watch_of_nobody(record: Record) -> None:
    record.steps["injection"].state, record.steps["injection"].done_at = "planned", None


def asked_twice(record: Record) -> None:
    a_check(record)
    a_check(record, key="1")


def a_relay_of_an_open_step(record: Record) -> None:
    a_relay(record, step="sortie")


def a_relay_offered_twice(record: Record) -> None:
    a_relay(record)
    a_relay(record)


def done_too_early(record: Record) -> None:
    record.steps["admission"].state, record.steps["admission"].done_at = "planned", None


def free_and_said_to_be_held(record: Record) -> None:
    record.steps["sortie"].ready_at = None


def held_and_said_to_be_free(record: Record) -> None:
    record.steps["admission"].state = "planned"
    record.steps["chimio_1"].state = "planned"
    record.steps["chimio_1"].ready_at = record.now


def taken_by_nobody(record: Record) -> None:
    an_alert(record, state="taken", taken_at=record.now)


def nobody_took_it_when(record: Record) -> None:
    an_alert(record, taken_by=ICU.id)


def a_step_taken_away(record: Record) -> None:
    del record.steps["fin_surveillance"]


def open_after_the_end(record: Record) -> None:
    record.patient.state = "ended"


BROKEN: list[tuple[Callable[[Record], None], str]] = [
    (the_watch_forgotten, "under watch without a next check"),
    (a_watch_of_nobody, "asked about although nobody watches"),
    (asked_twice, "asked 2 times at once"),
    (a_relay_of_an_open_step, "relay 1 hands over sortie, which is not closed"),
    (a_relay_offered_twice, "stockage_azote offered 2 times to greffe"),
    (done_too_early, "chimio_1 is done before admission"),
    (free_and_said_to_be_held, "sortie is free and said to be the contrary"),
    (held_and_said_to_be_free, "chimio_1 is held and said to be the contrary"),
    (taken_by_nobody, "alert 1 is taken by nobody"),
    (nobody_took_it_when, "alert 1 is taken by nobody"),
    (a_step_taken_away, "fin_surveillance is gone"),
    (open_after_the_end, "step sortie is open after the end"),
]


@pytest.mark.parametrize(("harm", "fault"), BROKEN, ids=lambda it: getattr(it, "__name__", ""))
def test_what_is_broken_is_named(harm: Callable[[Record], None], fault: str) -> None:
    record = a_record("2026-04-27T11:00", INJECTED)

    harm(record)

    assert f"{CODE}: {fault}" in invariants.of_record(record)


def test_each_rule_can_be_made_to_fire_and_holds_on_a_sound_record() -> None:
    sound, fired = a_record("2026-04-27T11:00", INJECTED), set()
    for harm, _ in BROKEN:
        record = a_record("2026-04-27T11:00", INJECTED)
        harm(record)
        fired |= {rule for rule in invariants.RULES if rule(record)}

    assert fired == set(invariants.RULES)
    assert [fault for rule in invariants.RULES for fault in rule(sound)] == []


def test_a_waived_step_may_be_done_before_what_it_needs() -> None:
    record = a_record("2026-04-27T11:00", INJECTED)
    done_too_early(record)
    record.steps["chimio_1"].waived_by = "Dr Martin"

    assert [fault for fault in invariants.of_record(record) if "chimio_1" in fault] == []


def test_a_thing_without_its_instant_is_named_with_its_kind() -> None:
    record = a_record("2026-04-27T11:00", INJECTED)
    record.steps["sortie"].next_at = record.watch.next_at = None

    assert set(invariants.of_record(record)) == {
        f"step {CODE} sortie is open without a next instant",
        f"watch {CODE} is open without a next instant",
    }
