"""What time it is: the machine's clock, or, in training, the simulator's movable one."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

LONG_POLL = timedelta(seconds=40)
RETRY = timedelta(milliseconds=300)


def system_clock() -> datetime:
    """The machine's time, as an aware UTC instant."""
    return datetime.now(UTC)


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

    def __call__(self) -> datetime:
        """The instant last heard, moved on by the time that went by since."""
        reading = self._reading
        if reading is None:
            raise RuntimeError("the followed clock was not read yet")
        elapsed = timedelta(seconds=self._monotonic() - reading.heard)
        return reading.now + elapsed * reading.rate

    async def start(self) -> None:
        """Read the clock once; raises if nobody answers."""
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
                except (aiohttp.ClientError, TimeoutError, OSError) as error:
                    logger.warning("the followed clock does not answer: %s", type(error).__name__)
                    await pause(RETRY)

    async def _follow(
        self, session: aiohttp.ClientSession, settle: Callable[[], Awaitable[datetime | None]]
    ) -> None:
        # Asked without a version, so that a restarted simulator cannot be taken for the old one.
        reading = await self._read(session, {})
        while True:
            settled = reading.version
            due = await settle()
            params = {"version": str(settled), "settled": str(settled)}
            if due is not None:
                params["next"] = due.astimezone(UTC).isoformat()
            reading = await self._read(session, params)

    async def _read(self, session: aiohttp.ClientSession, params: dict[str, str]) -> Reading:
        timeout = aiohttp.ClientTimeout(total=LONG_POLL.total_seconds())
        async with session.get(self._url, params=params, timeout=timeout) as answer:
            answer.raise_for_status()
            said = await answer.json()
        self._reading = Reading(
            now=datetime.fromisoformat(said["now"]),
            rate=float(said["rate"]),
            version=int(said["version"]),
            heard=self._monotonic(),
        )
        return self._reading


async def pause(delay: timedelta) -> None:
    """Let machine time pass; only the network's edges do, between two attempts."""
    await asyncio.sleep(delay.total_seconds())
