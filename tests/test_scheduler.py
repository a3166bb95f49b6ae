"""The bell rings, whatever a ring does and whatever the machine's clock does."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import system_clock
from bot.scheduler import Scheduler, is_stuck

QUICK = timedelta(milliseconds=20)
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


class Rings:
    """Counts rings, and says when there were `enough`."""

    def __init__(self, enough: int) -> None:
        self.count = 0
        self.enough = asyncio.Event()
        self._enough = enough

    async def __call__(self) -> None:
        self.look()

    def look(self) -> None:
        self.count += 1
        if self.count >= self._enough:
            self.enough.set()


async def test_it_rings_at_once_and_again() -> None:
    rings = Rings(3)
    scheduler = Scheduler(rings, interval=QUICK)

    scheduler.start()
    await asyncio.wait_for(rings.enough.wait(), 5)
    scheduler.shutdown()

    assert rings.count >= 3


async def test_a_ring_that_raises_is_followed_by_the_next(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What it says may be about people: no line shows it, and one is enough for all of them."""
    rings = Rings(4)

    async def ring() -> None:
        await rings()
        if rings.count < 4:
            raise RuntimeError("Mme Dupont, TLS-7K4Z")

    scheduler = Scheduler(ring, interval=QUICK)
    scheduler.start()
    await asyncio.wait_for(rings.enough.wait(), 5)
    scheduler.shutdown()

    begins, ends = caplog.messages
    assert begins.startswith("rings fail: RuntimeError at scheduler.py:")
    assert ends.startswith("rings fail: over, after 3 times in ")
    assert "Dupont" not in caplog.text


async def test_two_rings_never_overlap() -> None:
    rings, intervals, release = Rings(2), Rings(4), asyncio.Event()

    async def ring() -> None:
        rings.look()
        await release.wait()

    def wall() -> datetime:
        intervals.look()
        return system_clock()

    scheduler = Scheduler(ring, interval=QUICK, wall=wall)
    scheduler.start()
    await asyncio.wait_for(intervals.enough.wait(), 5)
    assert rings.count == 1

    release.set()
    await asyncio.wait_for(rings.enough.wait(), 5)
    scheduler.shutdown()


async def test_a_clock_that_went_back_does_not_silence_the_bell() -> None:
    rings = Rings(1)
    ahead = timedelta(hours=1)

    # The first ring was planned while the machine was an hour ahead.
    instants = iter([system_clock() + ahead])
    scheduler = Scheduler(
        rings, interval=QUICK, wall=lambda: next(instants, None) or system_clock()
    )
    scheduler.start()
    await asyncio.wait_for(rings.enough.wait(), 5)
    scheduler.shutdown()

    assert rings.count >= 1


@pytest.mark.parametrize(
    ("seconds", "stuck"), [(-3600, False), (0, False), (2, False), (4, False), (5, True)]
)
def test_a_ring_too_far_away_is_stuck(seconds: int, stuck: bool) -> None:
    next_ring = NOW + timedelta(seconds=seconds)

    assert is_stuck(next_ring, NOW, timedelta(seconds=2)) is stuck
