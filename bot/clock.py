"""What time it is: the machine's clock, or, in training, the simulator's movable one."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from bot.logs import Outage, described

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

TURNS = 8
"""Of the loop: as many as a letter needs from its commit to the wire."""
JUMP = timedelta(seconds=30)
"""Far more than a clock that is kept right is ever moved by."""
LONG_POLL = timedelta(seconds=40)
RETRY = timedelta(milliseconds=300)

UNREADABLE = (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError)
"""No answer, or one that is not a clock's."""


def system_clock() -> datetime:
    """The machine's time, as an aware UTC instant."""
    return datetime.now(UTC)


def steady_clock(
    wall: Clock = system_clock, monotonic: Callable[[], float] = time.monotonic
) -> Clock:
    """The machine's time of this instant, moved on by what goes by since: it never jumps."""
    # A wait counted on the machine's clock would last an hour longer when NTP sets it back.
    start, since = wall(), monotonic()
    return lambda: start + timedelta(seconds=monotonic() - since)


class Jumps:
    """How far the machine's clock was moved, told by a time that never jumps."""

    def __init__(self, wall: Clock, steady: Clock) -> None:
        self._wall, self._steady = wall, steady
        self._ahead = wall() - steady()

    def __call__(self) -> timedelta:
        """By how much since it was last followed; slow corrections are none."""
        moved = self._wall() - self._steady() - self._ahead
        if abs(moved) >= JUMP:
            return moved
        self._ahead += moved
        return timedelta(0)

    def followed(self, moved: timedelta) -> None:
        """What depends on this one was set right; another one meanwhile is still counted."""
        self._ahead += moved


@dataclass(frozen=True)
class Reading:
    """What the followed clock said, and when (monotonic seconds) it said so."""

    now: datetime
    rate: float
    version: int
    heard: float


class FollowedClock:
    """Follows the movable clock of a training ground; a call gives its present instant."""

    def __init__(self, url: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        base = url.rstrip("/")
        self._url = base if base.endswith("/clock") else f"{base}/clock"
        self._monotonic = monotonic
        self._reading: Reading | None = None
        self._outage = Outage(logger, "the followed clock cannot be followed")

    def __call__(self) -> datetime:
        """The instant last heard, moved on by the time that went by since."""
        reading = self._reading
        if reading is None:
            raise RuntimeError("the followed clock was not read yet")
        elapsed = timedelta(seconds=self._monotonic() - reading.heard)
        return reading.now + elapsed * reading.rate

    async def start(self) -> None:
        """Read the clock once; raises OSError if nobody tells the time there."""
        async with aiohttp.ClientSession() as session:
            await self._read(session, {})

    async def follow(self, settle: Callable[[], Awaitable[datetime | None]]) -> None:
        """Follow for ever: at each move settle what is due, then say so and wait for the next.

        `settle` handles everything due at this instant and gives the next due one.
        """
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    await self._follow(session, settle)
                except ConnectionError as error:
                    # The simulator was stopped or starts again: keep the time last heard.
                    self._outage.failed(described(error))
                except Exception as error:
                    # Not reported as settled: whoever moves the clock sees that we hang.
                    self._outage.failed(f"what is due could not be settled, {described(error)}")
                await pause(RETRY)

    async def _follow(
        self, session: aiohttp.ClientSession, settle: Callable[[], Awaitable[datetime | None]]
    ) -> None:
        # Asked without a version, so that a restarted simulator cannot be taken for the old one.
        reading = await self._read(session, {})
        while True:
            settled = reading.version
            due = await settle()
            self._outage.over()
            # The hand that moves the clock waits for this before it moves it on.
            params = {"version": str(settled), "settled": str(settled)}
            if due is not None:
                params["next"] = due.astimezone(UTC).isoformat()
            reading = await self._read(session, params)

    async def _read(self, session: aiohttp.ClientSession, params: dict[str, str]) -> Reading:
        timeout = aiohttp.ClientTimeout(total=LONG_POLL.total_seconds())
        try:
            async with session.get(self._url, params=params, timeout=timeout) as answer:
                answer.raise_for_status()
                self._reading = self._understood(await answer.json())
        except UNREADABLE as error:
            raise ConnectionError(type(error).__name__) from None
        return self._reading

    def _understood(self, said: dict[str, Any]) -> Reading:
        return Reading(
            now=datetime.fromisoformat(said["now"]).astimezone(UTC),
            rate=float(said["rate"]),
            version=int(said["version"]),
            heard=self._monotonic(),
        )


async def pause(delay: timedelta) -> None:
    """Let machine time pass; only the network's edges do, between two attempts."""
    await asyncio.sleep(delay.total_seconds())


async def let_others_run() -> None:
    """Between two transactions: taps are taken, and an alert just written gets on its way."""
    for _ in range(TURNS):
        await pause(timedelta(0))
