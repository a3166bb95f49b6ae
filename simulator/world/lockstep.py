"""Moves the clock in lock-step with the bot that follows it: no due instant is skipped."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.errors import Misuse
from simulator.world.changes import Changes
from simulator.world.clock import Clock
from simulator.world.faults import Faults
from simulator.world.state import World

# A follower that has not been heard for this long (real seconds) is down.
SILENCE = 2.0
# How long a bot may take over one instant (real seconds).
PATIENCE = 10.0
# An instant that stays due this often will never be done.
MAX_STUCK = 50
# Real seconds between two slices of a played clock.
SLICE = 0.5
SPEEDS = (0, 1, 60, 3600)


class Stalled(Exception):
    """The bot did not do in time what the clock waits for."""


@dataclass
class Follower:
    """What the bot last said about the clock."""

    settled: int = 0
    next: datetime | None = None
    heard: float = float("-inf")
    polling: int = 0
    # Its long poll broke off: it was killed, or its machine was.
    lost: bool = False


class Lockstep:
    """Turns the hands: nobody else does."""

    def __init__(
        self,
        clock: Clock,
        world: World,
        faults: Faults,
        changes: Changes,
        monotonic: Callable[[], float],
        patience: float = PATIENCE,
    ) -> None:
        self.clock, self.world, self.faults, self.changes = clock, world, faults, changes
        self.follower = Follower()
        self.speed = 1 if clock.rate else 0
        self.moving = False
        # Where a forward in the background began and where it goes.
        self.goal: tuple[datetime, datetime] | None = None
        self.trouble = ""
        self._monotonic, self._patience = monotonic, patience
        self._lock = asyncio.Lock()
        self._player: asyncio.Task[None] | None = None

    def state(self) -> dict[str, object]:
        """The clock, how fast it is played, how far it is pushed, and why it stopped."""
        goal = [instant.isoformat() for instant in self.goal] if self.goal else None
        return self.clock.state() | {"speed": self.speed, "goal": goal, "trouble": self.trouble}

    def followed(self) -> bool:
        """Whether a bot follows this clock right now."""
        follower = self.follower
        return follower.polling > 0 or self._monotonic() - follower.heard < SILENCE

    def report(self, settled: int | None, next_at: datetime | None) -> None:
        """The bot says what it has settled and what it waits for."""
        self.follower.heard, self.follower.lost = self._monotonic(), False
        if settled is not None:
            self.follower.settled, self.follower.next = settled, next_at
        self.changes.notify()

    def gone(self) -> None:
        """The bot's long poll broke off: nobody follows until it is heard again."""
        self.follower.heard, self.follower.lost = float("-inf"), True
        self.changes.notify()

    def acknowledged(self) -> bool:
        """Whether the bot holds no update that it has not confirmed."""
        self.world.inbox.expire(self.clock.now())
        deaf = self.faults.blocks("getUpdates")
        return not self.world.inbox.waiting or deaf

    async def advance(self, until: datetime, patience: float | None = None) -> None:
        """Go to an instant, stopping at each one at which the bot has something due."""
        async with self._lock:
            self.moving = True
            try:
                await self._advance(until, self._patience if patience is None else patience)
            finally:
                self.moving = False
                if self.speed == 1:
                    self._turn(rate=1)

    async def next(self) -> None:
        """Go to the bot's next due instant."""
        if self.follower.next is None:
            raise Misuse("Rien n’est prévu.")
        await self.advance(max(self.follower.next, self.clock.now()))

    async def quiet(self, patience: float) -> None:
        """Wait until the bot has taken every update and said all it had to say."""
        async with self._lock:
            for _ in range(MAX_STUCK):
                # A bot that follows no clock can still take its updates.
                await self._wait(self.acknowledged, patience, "pris ses messages")
                await self._settle(patience)
                if self.acknowledged():
                    return
            raise Stalled("les messages ne cessent d’arriver")

    def play(self, speed: int) -> None:
        """Let the clock run by itself: 0 paused, 1 real time, faster in slices."""
        if speed not in SPEEDS:
            raise Misuse(f"La vitesse est l’une de {', '.join(map(str, SPEEDS))}.")
        self.speed, self.trouble = speed, ""
        if self.moving:  # time stands still on the way; the new speed holds from its end on
            self.tell()
        else:
            self._turn(rate=1 if speed == 1 else 0)
        if speed > 1 and (self._player is None or self._player.done()):
            self._player = asyncio.create_task(self._play())

    def stop(self) -> None:
        if self._player:
            self._player.cancel()

    async def _play(self) -> None:
        while self.speed > 1:
            speed, began = self.speed, self._monotonic()
            step = timedelta(seconds=speed * SLICE)
            try:
                await self.advance(self.clock.now() + step)
            except Stalled as stalled:
                self.trouble, self.speed = str(stalled), 0
            left = SLICE - (self._monotonic() - began)
            await self.changes.until(lambda then=speed: self.speed != then, max(left, 0))  # type: ignore[misc]
        self._turn(rate=1 if self.speed == 1 else 0)

    async def _advance(self, until: datetime, patience: float) -> None:
        self._turn(rate=0)
        if not self.followed():
            self._turn(max(until, self.clock.now()))
            return
        await self._settle(patience)
        stuck = 0
        while (due := self.follower.next) is not None and due < until and self.followed():
            before = self.clock.now()
            stuck = stuck + 1 if due <= before else 0
            if stuck > MAX_STUCK:
                raise Stalled("le bot attend toujours le même instant")
            await self._reach(max(due, before), patience)
        await self._reach(max(until, self.clock.now()), patience)

    async def _settle(self, patience: float) -> None:
        """Wait for the updates to be acknowledged, then for the bot to settle this instant."""
        if not self.followed():
            return
        await self._wait(self.acknowledged, patience, "pris ses messages")
        await self._reach(None, patience)

    async def _reach(self, instant: datetime | None, patience: float) -> None:
        """Set an instant and wait until the bot has done everything due at it."""
        self._turn(instant)
        if not self.followed():
            return
        version = self.clock.version
        await self._wait(
            lambda: self.follower.settled >= version, patience, "fini ce qui était dû"
        )

    async def _wait(self, holds: Callable[[], bool], patience: float, what: str) -> None:
        """Wait for the bot, or for its end: one that is down holds nobody up."""

        def over() -> bool:
            return holds() or self.follower.lost

        if not await self.changes.until(over, patience):
            raise Stalled(f"le bot n’a pas {what} en {patience:g} s")

    def _turn(self, instant: datetime | None = None, rate: int | None = None) -> None:
        self.clock.set(instant, rate)
        self.world.inbox.expire(self.clock.now())
        self.tell()

    def tell(self) -> None:
        """Say how the clock stands."""
        self.world.tell("clock", **self.state())
