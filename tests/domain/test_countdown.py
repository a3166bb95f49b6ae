"""The clock of a thawed product."""

import pytest

from bot.domain import countdown
from bot.domain.facts import Countdown
from bot.domain.record import Record
from tests.domain.builders import (
    BEFORE_THAW,
    a_record,
    at,
    cards,
    local,
    logged,
    quiet,
    said,
    turn_to,
    write_done,
)


def thawed() -> tuple[Record, Countdown]:
    """Yescarta, thawed at nine: three hours."""
    record = a_record("2026-04-27T09:05", BEFORE_THAW)
    step = write_done(record, "decongelation", debut=at("2026-04-27T09:00").isoformat())
    countdown.start_after(record, step)
    [running] = record.running_countdowns()
    return record, running


def test_the_thaw_starts_it_and_the_unit_knows_until_when() -> None:
    record, running = thawed()

    assert local(running.limit_at) == "04-27 12:00"
    assert local(running.next_at) == "04-27 11:30"
    assert (running.step, running.giver, running.product) == ("injection", "pharmacie", "Yescarta")
    assert said(record, "countdown.started") == ["greffe"]


ALL = ["greffe", "pharmacie", "coordination"]


def test_a_thaw_confirmed_after_its_limit_is_said_over_at_once() -> None:
    record = a_record("2026-04-27T12:10", BEFORE_THAW)
    step = write_done(record, "decongelation", debut=at("2026-04-27T09:00").isoformat())

    countdown.start_after(record, step)

    [running] = record.running_countdowns()
    assert said(record, "countdown.over") == ALL
    assert set(cards(record)) == {"countdown.over"}
    assert local(running.next_at) == "04-27 13:10"
    assert logged(record) == ["countdown_started", "countdown_over"]


@pytest.mark.parametrize("slug", ["decongelation", "feu_vert"])
def test_without_its_hour_nothing_starts(slug: str) -> None:
    record = a_record("2026-04-27T09:05", BEFORE_THAW)

    countdown.start_after(record, write_done(record, slug))

    assert record.running_countdowns() == []


def test_a_patient_without_a_product_thaws_nothing() -> None:
    record = a_record("2026-04-27T09:05", BEFORE_THAW)
    record.product = None
    step = write_done(record, "decongelation", debut=at("2026-04-27T09:00").isoformat())

    with pytest.raises(AssertionError):
        countdown.start_after(record, step)


@pytest.mark.parametrize(
    ("now", "card", "teams", "next_at"),
    [
        ("11:30", "countdown.left", ["greffe", "pharmacie"], "11:50"),
        ("11:50", "countdown.left", ["greffe", "pharmacie"], "12:00"),
        ("12:00", "countdown.over", ["greffe", "pharmacie", "coordination"], "13:00"),
        ("13:00", "countdown.over", ["greffe", "pharmacie", "coordination"], "14:00"),
    ],
)
def test_it_is_said_before_its_limit_and_every_hour_after(
    now: str, card: str, teams: list[str], next_at: str
) -> None:
    record, running = thawed()
    record = quiet(record)
    turn_to(record, at(f"2026-04-27T{now}"))

    countdown.tick(record, running)

    assert said(record, card) == teams
    assert set(cards(record)) == {card}
    assert local(running.next_at) == f"04-27 {next_at}"
    assert logged(record) == (["countdown_over"] if card.endswith("over") else [])


@pytest.mark.parametrize(
    ("slug", "stopped"), [("injection", True), ("decongelation", True), ("sortie", False)]
)
def test_the_injection_or_the_thaw_taken_back_stops_it(slug: str, stopped: bool) -> None:
    record, running = thawed()

    countdown.stop(record, record.steps[slug])

    assert (running.state == "stopped") is (running.next_at is None) is stopped


def test_an_injection_taken_back_finds_it_running() -> None:
    record, running = thawed()
    injection = record.steps["injection"]
    countdown.stop(record, injection)
    turn_to(record, at("2026-04-27T11:40"))

    for _ in range(2):
        countdown.resume(record, injection)

    assert (running.state, local(running.next_at)) == ("running", "04-27 11:50")


def test_an_injection_taken_back_after_the_limit_is_said_over_at_once() -> None:
    record, running = thawed()
    injection = record.steps["injection"]
    countdown.stop(record, injection)
    turn_to(record, at("2026-04-27T12:05"))
    quiet(record)

    for _ in range(2):
        countdown.resume(record, injection)

    assert (running.state, local(running.next_at)) == ("running", "04-27 13:05")
    assert said(record, "countdown.over") == ALL


def test_what_never_ran_is_not_resumed() -> None:
    record = a_record("2026-04-27T09:05", BEFORE_THAW)

    countdown.resume(record, record.steps["injection"])

    assert record.running_countdowns() == []
