"""Beside each other: who only reads holds up nobody, of two who write each counts."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from bot.clock import pause
from bot.domain.people import Member
from bot.domain.roles import Team
from bot.models import LetterState
from bot.store import letters
from bot.store.backup import backup
from tests.hospital import Hospital
from tests.scenarios.test_together import press, two

__all__ = ["two"]

GREFFE, REANIMATION, NEUROLOGIE = Team.GREFFE, Team.REANIMATION, Team.NEUROLOGIE
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


@pytest.mark.parametrize("alive", [True, False])
async def test_only_the_letters_of_a_process_that_died_are_taken_over(
    two: tuple[Hospital, Hospital], alive: bool
) -> None:
    first, second = two
    [code] = await first.injected()
    first.relais.intake.take([first.message(first.who(GREFFE), text=f"/alerte {code}")])
    with first.database.unit() as unit:
        letters.claim(unit, [head.id for head in letters.waiting(unit)], first.relais.owner.number)
    carried = first.ask(letters.counts)[LetterState.SENDING]
    if not alive:
        first.relais.owner.close()

    with second.database.unit() as unit:
        found = letters.recover(unit, second.relais.owner.number)

    assert carried
    assert found == (0 if alive else carried)
    if alive:
        first.relais.owner.close()
    await second.flush()
