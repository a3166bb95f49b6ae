"""The book of what is due: each kind once, and each moves on when it is handled."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.domain import due, ending, facts, step
from bot.domain.facts import Dated, Relay
from bot.domain.record import Record
from tests.domain.builders import (
    BEFORE_THAW,
    INJECTED,
    NURSE,
    PHARMACIST,
    a_check,
    a_demand,
    a_record,
    a_relay,
    an_alert,
    at,
    filled,
    later,
    local,
    turn_to,
)


def a_running_countdown() -> tuple[Record, Dated]:
    record = a_record("2026-04-27T09:00", BEFORE_THAW)
    step.confirm(record, filled(record, "decongelation"), PHARMACIST)
    return record, record.countdowns["1"]


def injected(make: Callable[[Record], Dated]) -> tuple[Record, Dated]:
    record = a_record("2026-04-27T11:00", INJECTED)
    return record, make(record)


OPEN: dict[str, Callable[[], tuple[Record, Dated]]] = {
    "alert": lambda: injected(an_alert),
    "countdown": a_running_countdown,
    "check": lambda: injected(a_check),
    "relay": lambda: injected(a_relay),
    "watch": lambda: injected(lambda record: record.watch),
    "step": lambda: injected(lambda record: record.steps["sortie"]),
    "demand": lambda: injected(lambda record: a_demand(record, step="sortie")),
    "end": lambda: injected(lambda record: ending.ask(record, NURSE, "deces")),
}


def test_every_kind_is_in_the_book_once() -> None:
    assert sorted(kind.facts.KIND for kind in due.BOOK) == sorted(k.KIND for k in facts.KINDS)
    assert {kind.facts for kind in due.BOOK} == set(facts.KINDS)
    assert set(due.KINDS) == set(due.RANKS) == set(OPEN)


def test_an_alert_comes_before_everything() -> None:
    assert due.RANKS["alert"] == 0


@pytest.mark.parametrize("kind", due.BOOK, ids=lambda kind: str(kind.name))
def test_an_open_thing_moves_on_when_it_is_handled(kind: due.Kind) -> None:
    record, thing = OPEN[kind.name]()
    assert kind.is_open(record, thing)
    assert thing.next_at is not None
    turn_to(record, max(record.now, thing.next_at))

    kind.handle(record, thing)

    assert not kind.is_open(record, thing) or (
        thing.next_at is not None and thing.next_at > record.now
    )


@pytest.mark.parametrize(
    ("kind", "owed", "due_at", "late_at"),
    [
        ("alert", "", "04-27 11:00", "04-27 11:00"),
        ("countdown", "", "04-27 12:00", "04-27 12:00"),
        ("check", "greffe", "04-27 11:00", "04-27 12:00"),
        ("relay", "greffe", "04-27 13:00", "04-27 13:00"),
        ("watch", "", "04-27 14:00", None),
        ("step", "greffe", "05-12 12:00", "05-12 12:00"),
        ("demand", "coordination", "04-27 11:00", "04-27 12:00"),
        ("end", "coordination", "04-27 11:00", "04-27 12:00"),
    ],
)
def test_the_store_finds_an_open_thing_by_its_columns(
    kind: str, owed: str, due_at: str, late_at: str | None
) -> None:
    columns = due.columns(*OPEN[kind]())

    assert (columns.open, columns.owed_by, columns.rank) == (True, owed, due.RANKS[kind])
    assert local(columns.due_at) == due_at
    assert (local(columns.late_at) if columns.late_at else None) == late_at


def test_what_is_over_is_owed_by_nobody_and_late_for_nobody() -> None:
    record = a_record("2026-04-27T11:00", INJECTED)
    columns = due.columns(record, a_relay(record, state="accepted", next_at=None))

    assert (columns.open, columns.owed_by, columns.late_at) == (False, "", None)


def test_a_step_that_waits_is_owed_by_nobody_and_one_of_a_paused_patient_is_not_open() -> None:
    record = a_record()
    assert due.columns(record, record.steps["apherese"]).owed_by == ""

    record.patient.state = "paused"

    assert not due.columns(record, record.steps["rcp"]).open


@pytest.mark.parametrize(
    ("kind", "together"),
    [("check", "round:greffe:TLS:"), ("watch", "greffe:TLS"), ("step", "greffe:TLS"),
     ("relay", ""), ("alert", "")],
)  # fmt: skip
def test_what_says_the_same_is_handled_together(kind: str, together: str) -> None:
    found = due.columns(*OPEN[kind]()).together

    assert found.startswith(together)
    assert bool(found) is bool(together)


@pytest.mark.parametrize("kind", ["check", "demand"])
def test_what_was_recalled_is_late_since_it_was_asked(kind: str) -> None:
    record, thing = OPEN[kind]()
    thing.rung = 1  # type: ignore[attr-defined]

    assert local(due.columns(record, thing).late_at) == "04-27 11:00"


def test_what_is_late_stands_from_the_gravest_on() -> None:
    record = a_record("2026-04-27T11:00", INJECTED)
    assert due.late_things(record) == []
    relay, alert = a_relay(record), an_alert(record)
    a_check(record)
    later(record, minutes=30)
    assert due.late_things(record) == [alert]

    later(record, hours=2)

    found = due.late_things(record)
    assert [thing.KIND for thing in found] == ["alert", "check", "relay"]
    assert isinstance(relay, Relay)
    assert due.late_from(record) == at("2026-04-27T11:00")


def test_a_record_with_nothing_open_is_never_late() -> None:
    record = a_record(done=tuple(a_record().steps))

    assert due.late_from(record) is None


@pytest.mark.parametrize(
    ("done", "phase"),
    [
        ((), "inclusion"),
        (("rcp",), "apherese"),
        (("rcp", "apherese"), "fabrication"),
        (("stockage_azote",), "preparation"),
        (("admission",), "hospitalisation"),
        (INJECTED, "surveillance"),
        ((*INJECTED, "fin_surveillance"), "suivi"),
    ],
)
def test_the_phase_is_read_from_what_was_done(done: tuple[str, ...], phase: str) -> None:
    assert due.phase(a_record(done=done)) == phase
    assert phase in due.PHASES


def test_what_raised_is_left_alone_longer_than_the_auditor_waits() -> None:
    assert due.TOLERANCE < due.PUT_OFF
    assert timedelta(0) < due.TOLERANCE
