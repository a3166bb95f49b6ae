"""The clock is pushed in lock-step with the bot that follows it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from simulator.drive import Driver, Stalled
from simulator.errors import Misuse
from simulator.house import House, Options
from tests.simulator.desk import START

HOUR = timedelta(hours=1)


class Bot:
    """A bot that follows the clock and notes at which instants it was woken."""

    def __init__(self, house: House, due: list[datetime], *, obstinate: bool = False) -> None:
        self.house, self.due, self.obstinate = house, list(due), obstinate
        self.woken: list[datetime] = []
        self.handled: list[datetime] = []

    async def follow(self) -> None:
        """What the bot does over HTTP: report, wait for the next version, do what is due."""
        driver, version = self.house.driver, 0
        driver.follower.polling = 1
        while True:
            driver.report(version or None, min(self.due, default=None))
            await self.house.bell.until(lambda seen=version: driver.clock.version != seen, 5)  # type: ignore[misc]
            version = driver.clock.version
            self._work(driver)

    def _work(self, driver: Driver) -> None:
        now = driver.clock.now()
        self.house.world.inbox.waiting.clear()
        self.woken.append(now)
        ready = [instant for instant in sorted(self.due) if instant <= now]
        self.handled += ready
        if not self.obstinate:
            self.due = [instant for instant in self.due if instant > now]


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House(Options(START, paused=True, patience=0.3))
    yield house
    await house.close()


async def follow(house: House, *hours: float, obstinate: bool = False) -> Bot:
    """A bot with something due in so many hours, already following."""
    bot = Bot(house, [START + hour * HOUR for hour in hours], obstinate=obstinate)
    house.driver._player = asyncio.create_task(bot.follow())
    assert await house.bell.until(house.driver.followed, 1)
    return bot


async def test_without_a_bot_the_clock_jumps(house: House) -> None:
    await house.driver.advance(START + 30 * 24 * HOUR)

    assert house.clock.now() == START + 30 * 24 * HOUR


async def test_every_due_instant_is_visited_in_order(house: House) -> None:
    bot = await follow(house, 3, 1, 2.5)

    await house.driver.advance(START + 2.75 * HOUR)

    assert bot.handled == [START + HOUR, START + 2.5 * HOUR]
    assert START + HOUR in bot.woken
    assert house.clock.now() == START + 2.75 * HOUR


async def test_next_goes_exactly_to_the_next_due_instant(house: House) -> None:
    bot = await follow(house, 5)
    await house.driver.quiet(1)

    await house.driver.next()

    assert bot.handled == [START + 5 * HOUR]


async def test_nothing_due_is_said(house: House) -> None:
    with pytest.raises(Misuse, match="nothing is due"):
        await house.driver.next()


async def test_an_instant_that_never_ends_is_an_error(house: House) -> None:
    await follow(house, 1, obstinate=True)

    with pytest.raises(Stalled, match="stays at"):
        await house.driver.advance(START + 2 * HOUR)


async def test_a_bot_that_does_not_settle_is_named(house: House) -> None:
    house.driver.follower.polling = 1

    with pytest.raises(Stalled, match="settle version"):
        await house.driver.advance(START + HOUR)


async def test_updates_are_acknowledged_before_time_goes_on(house: House) -> None:
    house.world.deliver("message", {})
    house.driver.follower.polling = 1

    with pytest.raises(Stalled, match="acknowledge its updates"):
        await house.driver.advance(START + HOUR)

    assert house.clock.now() == START


async def test_while_telegram_is_down_nobody_waits_for_updates(house: House) -> None:
    await follow(house)
    house.order_fault({"kind": "502", "for_s": 7200})

    await house.driver.advance(START + HOUR)

    assert house.clock.now() == START + HOUR
    assert house.driver.acknowledged()


async def test_a_bot_that_dies_on_the_way_holds_nobody_up(house: House) -> None:
    house.driver.follower.polling = 1
    going = asyncio.create_task(house.driver.advance(START + HOUR))
    assert await house.bell.until(lambda: house.driver.moving, 1)

    house.driver.follower.polling = 0
    house.driver.gone()
    await going

    assert house.clock.now() == START + HOUR


async def test_time_stands_still_on_the_way_and_runs_again_after(house: House) -> None:
    house.driver.play(1)
    bot = await follow(house, 1)

    await house.driver.advance(START + 2 * HOUR)

    assert START + HOUR in bot.woken
    assert house.clock.rate == 1


async def test_an_unknown_speed_is_refused(house: House) -> None:
    with pytest.raises(Misuse, match="speed"):
        house.driver.play(7)


async def test_a_played_clock_goes_through_every_instant(house: House) -> None:
    bot = Bot(house, [START + 0.25 * HOUR])
    task = asyncio.create_task(bot.follow())
    house.driver.play(3600)

    assert await house.bell.until(lambda: house.clock.now() >= START + HOUR, 5)
    house.driver.play(0)
    task.cancel()

    assert bot.handled == [START + 0.25 * HOUR]
    assert START + 0.25 * HOUR in bot.woken
