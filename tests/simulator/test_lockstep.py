"""The clock is pushed in lock-step with the bot that follows it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from simulator.errors import Misuse
from simulator.ground import Ground, Options
from simulator.world.lockstep import Lockstep, Stalled
from tests.simulator.desk import START

HOUR = timedelta(hours=1)


class Bot:
    """A bot that follows the clock and notes at which instants it was woken."""

    def __init__(self, ground: Ground, due: list[datetime], *, obstinate: bool = False) -> None:
        self.ground, self.due, self.obstinate = ground, list(due), obstinate
        self.woken: list[datetime] = []
        self.handled: list[datetime] = []

    async def follow(self) -> None:
        """What the bot does over HTTP: report, wait for the next version, do what is due."""
        lockstep, version = self.ground.lockstep, 0
        lockstep.follower.polling = 1
        while True:
            lockstep.report(version or None, min(self.due, default=None))
            await self.ground.changes.until(lambda seen=version: lockstep.clock.version != seen, 5)  # type: ignore[misc]
            version = lockstep.clock.version
            self._work(lockstep)

    def _work(self, lockstep: Lockstep) -> None:
        now = lockstep.clock.now()
        self.ground.world.inbox.waiting.clear()
        self.woken.append(now)
        ready = [instant for instant in sorted(self.due) if instant <= now]
        self.handled += ready
        if not self.obstinate:
            self.due = [instant for instant in self.due if instant > now]


@pytest.fixture
async def ground() -> AsyncIterator[Ground]:
    ground = Ground(Options(START, paused=True, patience=0.3))
    yield ground
    await ground.close()


async def follow(ground: Ground, *hours: float, obstinate: bool = False) -> Bot:
    """A bot with something due in so many hours, already following."""
    bot = Bot(ground, [START + hour * HOUR for hour in hours], obstinate=obstinate)
    ground.lockstep._player = asyncio.create_task(bot.follow())
    assert await ground.changes.until(ground.lockstep.followed, 1)
    return bot


async def test_without_a_bot_the_clock_jumps(ground: Ground) -> None:
    await ground.lockstep.advance(START + 30 * 24 * HOUR)

    assert ground.clock.now() == START + 30 * 24 * HOUR


async def test_every_due_instant_is_visited_in_order(ground: Ground) -> None:
    bot = await follow(ground, 3, 1, 2.5)

    await ground.lockstep.advance(START + 2.75 * HOUR)

    assert bot.handled == [START + HOUR, START + 2.5 * HOUR]
    assert START + HOUR in bot.woken
    assert ground.clock.now() == START + 2.75 * HOUR


async def test_next_goes_exactly_to_the_next_due_instant(ground: Ground) -> None:
    bot = await follow(ground, 5)
    await ground.lockstep.quiet(1)

    await ground.lockstep.next()

    assert bot.handled == [START + 5 * HOUR]


async def test_nothing_due_is_said(ground: Ground) -> None:
    with pytest.raises(Misuse, match="Rien n’est prévu"):
        await ground.lockstep.next()


async def test_an_instant_that_never_ends_is_an_error(ground: Ground) -> None:
    await follow(ground, 1, obstinate=True)

    with pytest.raises(Stalled, match="toujours le même instant"):
        await ground.lockstep.advance(START + 2 * HOUR)


async def test_a_bot_that_does_not_settle_is_named(ground: Ground) -> None:
    ground.lockstep.follower.polling = 1

    with pytest.raises(Stalled, match="fini ce qui était dû"):
        await ground.lockstep.advance(START + HOUR)


async def test_updates_are_acknowledged_before_time_goes_on(ground: Ground) -> None:
    ground.world.deliver("message", {})
    ground.lockstep.follower.polling = 1

    with pytest.raises(Stalled, match="pris ses messages"):
        await ground.lockstep.advance(START + HOUR)

    assert ground.clock.now() == START


async def test_while_telegram_is_down_nobody_waits_for_updates(ground: Ground) -> None:
    await follow(ground)
    ground.order_fault({"kind": "502", "for_s": 7200})

    await ground.lockstep.advance(START + HOUR)

    assert ground.clock.now() == START + HOUR
    assert ground.lockstep.acknowledged()


async def test_a_bot_that_dies_on_the_way_holds_nobody_up(ground: Ground) -> None:
    ground.lockstep.follower.polling = 1
    going = asyncio.create_task(ground.lockstep.advance(START + HOUR))
    assert await ground.changes.until(lambda: ground.lockstep.moving, 1)

    ground.lockstep.follower.polling = 0
    ground.lockstep.gone()
    await going

    assert ground.clock.now() == START + HOUR


async def test_time_stands_still_on_the_way_and_runs_again_after(ground: Ground) -> None:
    ground.lockstep.play(1)
    bot = await follow(ground, 1)

    await ground.lockstep.advance(START + 2 * HOUR)

    assert START + HOUR in bot.woken
    assert ground.clock.rate == 1


async def test_a_forward_goes_on_in_the_background_and_further_when_asked(
    ground: Ground,
) -> None:
    bot = await follow(ground, 1, 3)
    ground.forward.by(2 * HOUR)
    ground.forward.by(2 * HOUR)
    assert ground.lockstep.state()["goal"] == [
        START.isoformat(),
        (START + 4 * HOUR).isoformat(),
    ]

    assert await ground.changes.until(lambda: ground.lockstep.goal is None, 5)
    assert bot.handled == [START + HOUR, START + 3 * HOUR]
    assert ground.clock.now() == START + 4 * HOUR


async def test_a_forward_is_stopped_on_its_way_and_goes_on_later(ground: Ground) -> None:
    await follow(ground, *range(1, 700))
    ground.forward.by(700 * HOUR)
    assert await ground.changes.until(lambda: ground.clock.now() >= START + 20 * HOUR, 5)

    ground.forward.stop()
    await ground.changes.until(lambda: not ground.lockstep.moving, 1)
    stopped = ground.clock.now()

    assert ground.lockstep.goal is None
    assert stopped < START + 700 * HOUR
    ground.lockstep.play(1)
    ground.lockstep.play(0)
    ground.forward.by(HOUR)
    assert await ground.changes.until(lambda: ground.lockstep.goal is None, 5)
    assert ground.clock.now() >= stopped + HOUR


async def test_a_forward_waits_for_a_slow_bot_however_long_it_takes(ground: Ground) -> None:
    ground.lockstep.follower.polling = 1
    ground.forward.by(HOUR)

    await ground.changes.until(lambda: False, 0.5)  # its patience is 0.3 s

    assert ground.lockstep.goal is not None
    ground.forward.stop()


async def test_a_forward_that_can_never_end_says_why(ground: Ground) -> None:
    await follow(ground, 1, obstinate=True)
    ground.forward.by(2 * HOUR)

    assert await ground.changes.until(lambda: ground.lockstep.goal is None, 5)
    assert "toujours le même instant" in ground.lockstep.trouble


async def test_an_unknown_speed_is_refused(ground: Ground) -> None:
    with pytest.raises(Misuse, match="vitesse"):
        ground.lockstep.play(7)


async def test_a_played_clock_goes_through_every_instant(ground: Ground) -> None:
    bot = Bot(ground, [START + 0.25 * HOUR])
    task = asyncio.create_task(bot.follow())
    ground.lockstep.play(3600)

    assert await ground.changes.until(lambda: ground.clock.now() >= START + HOUR, 5)
    ground.lockstep.play(0)
    task.cancel()

    assert bot.handled == [START + 0.25 * HOUR]
    assert START + 0.25 * HOUR in bot.woken
