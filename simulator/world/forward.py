"""Pushes the clock in the background: one sees how far it is, and can stop it."""

import asyncio
import math
from collections.abc import Callable
from datetime import datetime, timedelta

from simulator.errors import Misuse
from simulator.world.lockstep import Lockstep, Stalled


class Forward:
    """At most one is under way; asked for more meanwhile, it goes further."""

    def __init__(self, lockstep: Lockstep, ended: Callable[[], None]) -> None:
        self._lockstep, self._ended = lockstep, ended
        self._task: asyncio.Task[None] | None = None

    def by(self, span: timedelta) -> None:
        """Go on by so much, from where the present one will end."""
        goal = self._lockstep.goal
        self.to((goal[1] if goal else self._lockstep.clock.now()) + span)

    def to(self, until: datetime) -> None:
        """Go to an instant; a nearer one than the present goal changes nothing."""
        now, goal = self._lockstep.clock.now(), self._lockstep.goal
        began, end = goal or (now, until)
        self._lockstep.goal, self._lockstep.trouble = (began, max(end, until)), ""
        self._lockstep.tell()
        if goal is None:
            self._task = asyncio.create_task(self._go())

    def next(self) -> None:
        """Go to the bot's next due instant."""
        due = self._lockstep.follower.next
        if due is None:
            raise Misuse("Rien n’est prévu.")
        self.to(max(due, self._lockstep.clock.now()))

    def stop(self) -> None:
        """Leave the clock where it is."""
        task, self._task = self._task, None
        if task and not task.done():
            task.cancel()
            self._end()

    async def _go(self) -> None:
        """However long the bot takes: whoever waits sees it, and may stop."""
        lockstep = self._lockstep
        try:
            while lockstep.goal and (until := lockstep.goal[1]) > lockstep.clock.now():
                await lockstep.advance(until, math.inf)
        except Stalled as stalled:
            lockstep.trouble = str(stalled)
        finally:
            if self._task is asyncio.current_task():  # stopped, it has ended already
                self._end()

    def _end(self) -> None:
        self._lockstep.goal = None
        self._lockstep.tell()
        self._ended()
