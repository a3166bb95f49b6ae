"""The bell: it rings every two seconds; it decides nothing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.clock import Clock, system_clock
from bot.logs import Outage, described

logger = logging.getLogger(__name__)

INTERVAL = timedelta(seconds=2)
RING = "ring"


class Scheduler:
    """Rings until it is shut down, whatever the machine's clock does meanwhile."""

    def __init__(
        self,
        ring: Callable[[], Awaitable[object]],
        *,
        interval: timedelta = INTERVAL,
        wall: Clock = system_clock,
    ) -> None:
        self._ring = ring
        self._ringing = False
        self._outage = Outage(logger, "rings fail")
        self._interval = interval
        self._wall = wall
        # Its own defaults drop a job that is one second late.
        self._apscheduler = AsyncIOScheduler(
            timezone="UTC",
            # Two at once, of which the second sees that the first still rings and ends.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 2},
        )
        self._watch: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Ring until cancelled."""
        self.start()
        try:
            await asyncio.Event().wait()
        finally:
            self.shutdown()

    def start(self) -> None:
        """Ring at once, then at each interval."""
        seconds = self._interval.total_seconds()
        self._apscheduler.add_job(
            self._ring_once,
            IntervalTrigger(seconds=seconds, timezone="UTC"),
            id=RING,
            next_run_time=self._wall(),
        )
        self._apscheduler.start()
        self._watch_later()

    def shutdown(self) -> None:
        """No ring begins any more."""
        if self._watch is not None:
            self._watch.cancel()
        self._apscheduler.shutdown(wait=False)

    async def _ring_once(self) -> None:
        # A ring yields between items, and may last longer than the interval.
        if self._ringing:
            return
        self._ringing = True
        try:
            await self._ring()
        except Exception as error:
            # The next ring tries again: a bell that stops is the one thing nobody would hear.
            self._outage.failed(described(error))
        else:
            self._outage.over()
        finally:
            self._ringing = False

    def _watch_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._watch = loop.call_later(self._interval.total_seconds(), self._unstick)

    def _unstick(self) -> None:
        # APScheduler compares instants: if the machine's clock goes back an hour (NTP), its next
        # ring is an hour away. The loop's own time cannot go back.
        job = self._apscheduler.get_job(RING)
        if job is not None and is_stuck(job.next_run_time, self._wall(), self._interval):
            self._bring_forward(job)
        self._watch_later()

    def _bring_forward(self, job: Job) -> None:
        logger.warning("the machine's clock went back; ringing now")
        job.modify(next_run_time=self._wall())


def is_stuck(next_ring: datetime, now: datetime, interval: timedelta) -> bool:
    """Whether the next ring is farther away than any ring can be."""
    return next_ring - now > 2 * interval
