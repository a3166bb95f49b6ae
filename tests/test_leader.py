"""Of the processes of one database one leads; who was replaced does nothing more."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from bot.clock import let_others_run
from bot.domain.message import Priority
from bot.domain.network import Network
from bot.lead import lead
from bot.models import LetterState
from bot.outbox import Sender
from bot.store import Database, letters
from bot.store.faults import NotLeading
from bot.store.leader import STILL, Leader
from bot.store.letters import Outcome
from bot.throttle import Throttle
from tests.fakes import FakeClock, FakeTransport, Show
from tests.test_outbox import say, state


@pytest.fixture
def two(
    postgres_url: str, clock: FakeClock, network: Network
) -> Iterator[tuple[Database, Database]]:
    """Two processes on one PostgreSQL."""
    pair = tuple(
        Database(postgres_url, clock=clock, words=Show(), network=network) for _ in range(2)
    )
    yield pair[0], pair[1]
    for each in pair:
        each.close()


def cut(leading: Database, by: Database) -> None:
    """The connection that holds the lead ends, and its process does not know yet."""
    with by.engine.begin() as connection:
        ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
        connection.execute(text(ended))
    assert leading.leader.leads


def test_one_leads_and_the_other_waits_until_it_ends(two: tuple[Database, Database]) -> None:
    first, second = two

    assert (first.leader.take(), second.leader.take()) == (True, False)
    assert first.leader.holds()
    first.leader.close()

    assert second.leader.take()
    assert not first.leader.take()


def test_each_leader_has_a_number_of_its_own(database: Database) -> None:
    numbers = []
    for _ in range(3):
        assert database.leader.take()
        numbers.append(database.leader.number)
        database.leader.close()

    assert numbers == [1, 2, 3]


def test_a_leader_whose_connection_was_cut_sees_it_and_may_lead_again(
    two: tuple[Database, Database],
) -> None:
    first, second = two
    first.leader.take()
    before = first.leader.number

    cut(first, by=second)

    assert not first.leader.holds()
    assert first.leader.take()
    assert first.leader.number > before


def test_who_was_replaced_takes_no_letter_before_he_knows(
    two: tuple[Database, Database],
) -> None:
    first, second = two
    first.leader.take()
    say(first, "once")
    cut(first, by=second)
    second.leader.take()

    with first.unit() as unit:
        ids = [head.id for head in letters.waiting(unit)]
        assert letters.claim(unit, ids, first.leader.number) == []
    with second.unit() as unit:
        assert len(letters.claim(unit, ids, second.leader.number)) == 1


def test_who_was_replaced_writes_nothing_that_the_leader_may(
    two: tuple[Database, Database],
) -> None:
    first, second = two
    first.leader.take()
    cut(first, by=second)
    second.leader.take()

    with pytest.raises(NotLeading), first.ruling():
        pass
    with second.ruling():
        pass


def test_nobody_leads_before_what_the_last_leader_was_writing_is_written(
    two: tuple[Database, Database],
) -> None:
    first, second = two
    first.leader.take()
    with first.ruling() as unit:
        cut(first, by=second)
        with pytest.raises(OperationalError):
            second.leader.take()
        unit.outbox.send(1, "key", "written by the first", [])

    assert second.leader.take()
    with second.look() as unit:
        assert len(letters.waiting(unit)) == 1


async def test_what_a_dead_leader_carried_waits_again_and_is_said_to_be_a_repetition(
    two: tuple[Database, Database], clock: FakeClock
) -> None:
    first, second = two
    first.leader.take()
    say(first, "alert", priority=Priority.ALERT)
    with first.unit() as unit:
        [carried] = letters.claim(unit, [h.id for h in letters.waiting(unit)], 1)
    transport = FakeTransport(clock)
    sender = Sender(
        second.unit,
        transport,
        clock,
        Throttle(None),
        leader=second.leader,
        repeat_prefix="rappel ",
    )

    await sender.flush()
    assert transport.sent == []
    assert state(first, "alert")[0] == LetterState.SENDING
    first.leader.close()
    second.leader.take()
    # As the process that leads begins to send.
    sender._resync_at = None
    await sender.flush()

    assert [letter.body for _, letter in transport.sent] == ["rappel alert"]
    with first.unit() as unit:
        letters.settle(unit, [Outcome(carried, LetterState.FAILED)])
    assert state(first, "alert")[0] == LetterState.SENT


def test_an_outcome_that_comes_after_the_next_leader_took_the_letter_has_no_say(
    two: tuple[Database, Database],
) -> None:
    first, second = two
    first.leader.take()
    say(first, "once")
    with first.unit() as unit:
        [carried] = letters.claim(unit, [h.id for h in letters.waiting(unit)], 1)
    first.leader.close()
    second.leader.take()
    with second.unit() as unit:
        letters.recover(unit, 2)
        letters.claim(unit, [carried.id], 2)

    with first.unit() as unit:
        letters.settle(unit, [Outcome(carried, LetterState.PENDING)])

    assert state(first, "once")[0] == LetterState.SENDING


async def test_a_letter_that_did_not_leave_while_the_process_stood_still_is_left_to_others(
    database: Database, clock: FakeClock
) -> None:
    class Stopped(FakeTransport):
        """SIGSTOP, between the commit and the wire."""

        async def deliver(self, letter: object) -> int:
            raise AssertionError("it leaves")

    say(database, "once")
    sender = Sender(database.unit, Stopped(clock), clock, Throttle(None))
    with database.unit() as unit:
        [letter] = letters.claim(unit, [h.id for h in letters.waiting(unit)])

    found = await sender._carry(letter, clock.now - timedelta(seconds=60))

    assert str(found) == "stood still"


def test_a_leader_that_gives_no_sign_is_cut_off(
    two: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two
    seconds = [0.0]
    waiting = Leader(second.engine, second.place, lambda: seconds[0])
    first.leader.take()

    assert not waiting.take()
    seconds[0] += STILL
    first.leader.holds()
    assert not waiting.take()
    # From here on nothing is heard of it.
    seconds[0] += STILL
    assert not waiting.take()
    taken = any(waiting.take() for _ in range(200))
    waiting.close()

    assert taken
    assert not first.leader.holds()


async def test_duties_are_done_while_this_process_leads_and_no_longer(
    two: tuple[Database, Database],
) -> None:
    first, second = two
    done, began = list[str](), list[bool]()

    async def duty() -> None:
        try:
            while True:
                done.append("done")
                await let_others_run()
        finally:
            done.append("over")

    rests = 0

    async def rest(_: timedelta) -> None:
        nonlocal rests
        rests += 1
        await let_others_run()
        if rests == 2:
            first.leader.close()
        if rests == 4:
            cut(second, by=first)
        if rests == 5:
            raise asyncio.CancelledError

    first.leader.take()
    with pytest.raises(asyncio.CancelledError):
        await lead(
            second.leader,
            lambda: began.append(True),
            lambda: [duty()],
            lambda: None,
            rest=rest,
        )

    assert began == [True, True]
    assert done[0] == "done"
    assert "over" in done


# SQLite


def opened(file: Path, clock: FakeClock, network: Network) -> Database:
    return Database(f"sqlite:///{file}", clock=clock, words=Show(), network=network)


def test_one_process_has_a_file_of_sqlite(
    sqlite_url: str, tmp_path: Path, clock: FakeClock, network: Network
) -> None:
    first, second = (opened(tmp_path / "relais.db", clock, network) for _ in range(2))

    assert first.leader.take()
    assert not second.leader.take()
    with second.look() as unit:
        assert unit.events.count() == 0
    first.leader.close()

    assert second.leader.take()
    for each in (first, second):
        each.close()
