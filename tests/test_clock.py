"""The machine's clock, and the training ground's that the bot follows."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.clock import FollowedClock, steady_clock, system_clock

START = datetime(2026, 3, 10, 8, tzinfo=UTC)
NEXT = datetime(2026, 3, 10, 9, tzinfo=UTC)

TestServer.__test__ = False  # pytest would take it for a test


class FakeGround:
    """A training ground that tells the readings it was given, then lets its follower wait."""

    def __init__(self) -> None:
        self.readings: list[dict[str, Any] | int] = []
        self.asked: list[dict[str, str]] = []
        self.waited_for = asyncio.Event()

    async def clock(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.query))
        if not self.readings:
            self.waited_for.set()
            await asyncio.Event().wait()
        said = self.readings.pop(0)
        return web.json_response(said) if isinstance(said, dict) else web.Response(status=said)


def reading(version: int, hours: float = 0, rate: int = 0) -> dict[str, Any]:
    now = START + timedelta(hours=hours)
    return {"now": now.isoformat(), "rate": rate, "version": version}


@pytest.fixture
def ground() -> FakeGround:
    return FakeGround()


@pytest.fixture
async def url(ground: FakeGround) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/clock", ground.clock)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server(shutdown_timeout=0)
    yield str(server.make_url("/"))
    await server.close()


class Settling:
    """Notes at which instants it was asked to settle."""

    def __init__(self, clock: FollowedClock) -> None:
        self.at: list[datetime] = []
        self._clock = clock

    async def __call__(self) -> datetime | None:
        self.at.append(self._clock())
        return NEXT if len(self.at) == 1 else None


async def follow(clock: FollowedClock, settle: Any, ground: FakeGround) -> None:
    """Follow until the ground has nothing more to say."""
    following = asyncio.create_task(clock.follow(settle))
    await asyncio.wait_for(ground.waited_for.wait(), 5)
    following.cancel()


def test_the_machine_tells_an_aware_instant() -> None:
    assert system_clock().utcoffset() == timedelta(0)


async def test_a_running_clock_runs_on_between_two_readings(ground: FakeGround, url: str) -> None:
    seconds = 100.0
    clock = FollowedClock(url, monotonic=lambda: seconds)
    ground.readings = [reading(1, rate=1)]
    await clock.start()

    seconds += 90

    assert clock() == START + timedelta(seconds=90)


async def test_a_paused_clock_stands_still(ground: FakeGround, url: str) -> None:
    seconds = 100.0
    clock = FollowedClock(f"{url}clock", monotonic=lambda: seconds)
    ground.readings = [reading(1)]
    await clock.start()

    seconds += 90

    assert clock() == START


async def test_each_move_is_settled_and_said_so(ground: FakeGround, url: str) -> None:
    clock = FollowedClock(url)
    settle = Settling(clock)
    ground.readings = [reading(1), reading(2, hours=1)]

    await follow(clock, settle, ground)

    assert settle.at == [START, START + timedelta(hours=1)]
    assert ground.asked == [
        {},
        {"version": "1", "settled": "1", "next": NEXT.isoformat()},
        {"version": "2", "settled": "2"},
    ]


async def test_a_ground_that_starts_again_is_followed_again(
    ground: FakeGround, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FollowedClock(url)
    settle = Settling(clock)
    ground.readings = [reading(7), 500, reading(7, hours=5)]

    await follow(clock, settle, ground)

    assert settle.at == [START, START + timedelta(hours=5)]
    assert ground.asked[2] == {}


async def test_what_could_not_be_settled_is_not_reported(
    ground: FakeGround, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails() -> datetime | None:
        raise RuntimeError("a bug")

    ground.readings = [reading(1)]

    await follow(FollowedClock(url), fails, ground)

    assert ground.asked == [{}, {}]
    assert "could not be settled" in caplog.text


@pytest.mark.parametrize("said", [500, {}, {"now": "soon", "rate": 1, "version": 1}])
async def test_a_clock_that_cannot_be_read_is_an_error_at_the_start(
    said: Any, ground: FakeGround, url: str
) -> None:
    ground.readings = [said]

    with pytest.raises(ConnectionError):
        await FollowedClock(url).start()


def test_a_clock_not_yet_read_has_no_time() -> None:
    with pytest.raises(RuntimeError):
        FollowedClock("http://127.0.0.1:9")()


def test_a_steady_clock_does_not_follow_a_machine_whose_clock_jumps() -> None:
    walls, seconds = iter((START, NEXT)), iter((100.0, 102.5))

    steady = steady_clock(lambda: next(walls), lambda: next(seconds))

    assert steady() == START + timedelta(seconds=2.5)
