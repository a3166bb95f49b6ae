"""Beside each other: who only reads holds up nobody, of two who write each counts."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

from sqlalchemy import event, text

from bot.clock import pause
from bot.domain.people import Member
from bot.domain.roles import Team
from bot.store import inbox
from bot.store.backup import backup
from tests.hospital import Hospital
from tests.scenarios.test_together import line, press, sent_by, two
from tests.ward import Person

__all__ = ["two"]

GREFFE, REANIMATION, NEUROLOGIE = Team.GREFFE, Team.REANIMATION, Team.NEUROLOGIE
ROUNDS = 5
LOCKED_OUT = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def write(ward: Hospital, name: str) -> None:
    """A commit of somebody else: a member joins."""
    with ward.database.unit() as unit:
        number = 9_000 + len(unit.people.roster.members)
        unit.people.join(Member(0, number, name, "efs", "TLS", unit.now))


def names(ward: Hospital) -> list[str]:
    members = ward.ask(lambda unit: unit.people.roster.members.values())
    return [member.name for member in members]


@contextmanager
def at_each_reading(ward: Hospital, table: str) -> Iterator[list[str]]:
    """Somebody else commits in the middle of each reading of a table."""
    wrote: list[str] = []
    busy = False

    def interrupt(*call: Any) -> None:
        nonlocal busy
        if busy or not call[2].startswith("SELECT") or f"FROM {table}" not in call[2]:
            return
        busy = True
        wrote.append(f"Guest {len(wrote)}")
        write(ward, wrote[-1])
        busy = False

    event.listen(ward.database.engine, "after_cursor_execute", interrupt)
    yield wrote
    event.remove(ward.database.engine, "after_cursor_execute", interrupt)


async def test_a_unit_commits_while_somebody_looks(any_ward: Hospital) -> None:
    with any_ward.database.look() as unit:
        before = unit.events.count()
        write(any_ward, "Guest")
        assert unit.events.count() == before

    assert "Guest" in names(any_ward)


async def test_a_unit_commits_while_the_auditor_reads(any_ward: Hospital) -> None:
    await any_ward.enrol()

    with at_each_reading(any_ward, "dated") as wrote:
        any_ward.unexplained()

    assert wrote
    assert set(wrote) <= set(names(any_ward))


async def test_a_unit_commits_while_a_backup_is_written(
    any_ward: Hospital, tmp_path: Path
) -> None:
    await any_ward.enrol()

    with at_each_reading(any_ward, "patient") as wrote:
        backup(any_ward.database.engine, tmp_path / "relais.backup")

    assert wrote
    assert set(wrote) <= set(names(any_ward))


# Two processes on one PostgreSQL


async def until_locked_out(ward: Hospital) -> None:
    """Somebody waits for a lock that another unit holds."""
    while True:
        with ward.database.engine.connect() as connection:
            if connection.execute(LOCKED_OUT).scalar():
                return
        await pause(timedelta(0))


async def test_neurology_takes_while_the_other_process_rings_and_both_count(
    two: tuple[Hospital, Hospital],
) -> None:
    first, second = two
    [code] = await first.injected()
    number = await first.alert(GREFFE, code, "icans")
    await first.advance(seconds=10)
    first.clock.advance(seconds=290)
    neuro, chat = first.who(NEUROLOGIE), first.chat(NEUROLOGIE)
    tap = press(second, neuro, chat, f"alert:take:{code}:{number}", "a")

    with first.database.unit() as unit:
        record = unit.records.get(code)
        assert record is not None
        taken = asyncio.create_task(asyncio.to_thread(second.relais.intake.take, [tap]))
        await until_locked_out(first)
        record.alerts[str(number)].rung += 1
    await taken
    await first.flush()
    await second.flush()

    [alert] = first.alerts(code)
    assert alert.rung == 1
    assert alert.neuro_by is not None
    assert first.broken_event() is None


async def test_a_ring_that_comes_after_the_take_of_the_other_process_sees_it(
    two: tuple[Hospital, Hospital],
) -> None:
    first, second = two
    [code] = await first.injected()
    number = await first.alert(GREFFE, code)
    first.clock.advance(minutes=5)
    data = f"alert:take:{code}:{number}"
    tap = press(second, first.who(REANIMATION), first.chat(REANIMATION), data, "a")

    second.relais.intake.take([tap])
    await first.relais.ring()

    [alert] = first.alerts(code)
    assert (alert.rung, alert.taken_by is not None) == (0, True)


# Two people, one on each process, at the same instant


async def at_once(wards: tuple[Hospital, Hospital], *updates: dict[str, Any]) -> None:
    """Each process is given its update; neither begins before the other."""
    ready = Barrier(len(updates))

    def take(ward: Hospital, update: dict[str, Any]) -> None:
        ready.wait(10)
        ward.relais.intake.take([update])

    pairs = zip(wards, updates, strict=True)
    await asyncio.gather(*(asyncio.to_thread(take, *pair) for pair in pairs))


def failed(ward: Hospital) -> list[int]:
    found: list[int] = ward.ask(
        lambda unit: inbox.failures(unit, unit.now - timedelta(days=9), 10)
    )
    return found


async def test_a_round_that_two_people_report_at_the_same_instant_is_one_alert(
    two: tuple[Hospital, Hospital],
) -> None:
    first, _ = two
    codes = await first.injected(patients=ROUNDS)
    one, other = first.who(GREFFE), first.person("Ines", GREFFE)
    await first.at("2026-04-27T14:00")
    chat = first.chat(GREFFE)

    for code in codes:
        data = f"report:sign:{line(first, code)}:src"
        taps = (press(first, who, chat, data, f"{code} {who.id}") for who in (one, other))
        await at_once(two, *taps)

    assert failed(first) == []
    assert {len(first.alerts(code)) for code in codes} == {1}
    assert first.broken_event() is None


async def test_one_tap_that_telegram_gives_to_two_processes_at_once_acts_once(
    two: tuple[Hospital, Hospital],
) -> None:
    first, second = two
    codes = await first.injected(patients=ROUNDS)

    for code in codes:
        update = first.message(first.who(GREFFE), text=f"/alerte {code}")
        await at_once(two, update, update)
    await first.flush()
    await second.flush()

    assert failed(first) == []
    assert {len(first.alerts(code)) for code in codes} == {1}
    assert sent_by(two, first.chat(REANIMATION), "alert.raised") == ROUNDS


async def test_ticks_of_two_people_on_one_checklist_at_the_same_instant_both_count(
    two: tuple[Hospital, Hospital],
) -> None:
    first, _ = two
    nurse, other = first.who(Team.COORDINATION), first.person("Ines", Team.COORDINATION)

    for _ in range(ROUNDS):
        code = await first.enrol()
        taps = (
            press(first, who, who.id, f"step:set:{code}:rcp:{item}:1", f"{code} {item}")
            for item, who in enumerate((nurse, other))
        )
        await at_once(two, *taps)
        assert len(first.step(code, "rcp").values) == 2

    assert failed(first) == []


async def test_two_people_who_come_in_at_the_same_instant_are_both_there(
    two: tuple[Hospital, Hospital],
) -> None:
    first, second = two
    token = first.token(GREFFE, uses=2)
    new = [Person(7001, "Lea"), Person(7002, "Tom")]

    await at_once(two, *(first.message(who, text=f"/start {token}") for who in new))

    assert failed(first) == []
    assert {"Lea", "Tom"} <= set(names(first)) & set(names(second))
