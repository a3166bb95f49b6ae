"""Us to the outside: claim letters, send them, settle them; what is urgent goes first."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from bot.clock import Clock, pause
from bot.domain.message import Kind, Priority
from bot.models import LetterState
from bot.store import letters
from bot.store.letters import MAY_HAVE_LEFT, Head, Letter, Outcome
from bot.store.unit import Unit
from bot.throttle import Throttle

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=90)
"""Longer than any attempt may take, so that no letter has two carriers."""
LANES = 4
ALERT_LANES = 2
"""Kept free: an alert does not wait for four routine messages that hang."""
FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(seconds=60)
LONGEST_ALERT_RETRY = timedelta(seconds=5)
SAME_FLOOD = timedelta(seconds=5)
"""429 for two chats within this time is meant for the whole bot."""
DATABASE_RETRY = timedelta(seconds=1)

LONGEST_WAIT = timedelta(seconds=30)
"""Between two looks, whatever the clock of the machine did meanwhile."""

UNLIMITED = frozenset({Kind.POPUP, Kind.MENU})
"""Not messages: Telegram's flood limits do not count them."""
REPEATABLE = frozenset({Kind.EDIT, Kind.DELETE, Kind.POPUP, Kind.MENU})
"""Done twice, they have done the same as once."""


class SendError(Exception):
    """The messenger did not take a letter; the fields say what to do about it."""

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        everyone: bool = False,
        unknown: bool = False,
        moved_to: int | None = None,
        gone: bool = False,
        refused: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        """Nothing reaches this chat any more."""
        self.retry_after = retry_after
        self.everyone = everyone
        """`retry_after` holds for all chats."""
        self.unknown = unknown
        """The request left, the answer did not come."""
        self.moved_to = moved_to
        self.gone = gone
        """What it was about is no longer there; nobody misses it."""
        self.refused = refused
        """This letter is malformed; its chat is fine."""


Landing = tuple[Letter, int | SendError | None]
"""A letter with the id of its message, or with why there is none."""


class Transport(Protocol):
    """Whatever carries a letter."""

    async def deliver(self, letter: Letter) -> int | None:
        """Deliver it; gives the id of the message, raises `SendError`."""
        ...


def _say_nothing(*_: object) -> None:
    pass


class Sender:
    """Carries letters from the outbox to the messenger, several side by side."""

    def __init__(
        self,
        units: Callable[[], AbstractContextManager[Unit]],
        transport: Transport,
        wall: Clock,
        throttle: Throttle,
        *,
        on_unreachable: Callable[[Unit, int, str], None] = _say_nothing,
        on_moved: Callable[[Unit, int, int], None] = _say_nothing,
        on_alert_sent: Callable[[timedelta], None] = _say_nothing,
        repeat_prefix: str = "",
        lanes: int = LANES,
    ) -> None:
        self._units = units
        self._transport = transport
        self._wall = wall
        self._throttle = throttle
        self._on_unreachable = on_unreachable
        self._on_moved = on_moved
        self._on_alert_sent = on_alert_sent
        self._repeat_prefix = repeat_prefix
        self._lanes = lanes
        self._stirred = asyncio.Event()
        """Something is new: a letter was written, or an attempt came to its end."""
        self._one_flush = asyncio.Lock()
        self._flying: dict[asyncio.Task[int | SendError | None], Letter] = {}
        self._landed: list[Landing] = []
        self._failing: set[int] = set()
        """Letters that failed since the last one that arrived: two or more are an outage."""
        self._flood: tuple[int, datetime] | None = None
        self._next: datetime | None = None

    def wake(self) -> None:
        """Letters were written: look now, do not wait for the ring."""
        self._stirred.set()

    async def run(self) -> None:
        """Send for ever; what an earlier process left half-way comes first."""
        recovered = False
        while True:
            try:
                recovered = recovered or self._recover()
                await self.flush()
            except SQLAlchemyError as error:
                logger.error("the outbox is out of reach: %s", type(error).__name__)
                await pause(DATABASE_RETRY)
            else:
                await self._until_stirred()

    async def flush(self) -> int:
        """Send until nothing may leave now; gives how many attempts were settled."""
        settled = 0
        async with self._one_flush:
            while True:
                self._stirred.clear()
                settled += self._exchange()
                if not self._flying:
                    return settled
                await self._until_stirred()

    async def close(self, patience: timedelta) -> None:
        """Let what is on its way arrive, and write down that it did."""
        if self._flying:
            await asyncio.wait(self._flying, timeout=patience.total_seconds())
        with self._units() as unit:
            self._settle(unit)

    def _recover(self) -> bool:
        with self._units() as unit:
            letters.recover(unit)
        return True

    async def _until_stirred(self) -> None:
        waits = [LONGEST_WAIT]
        if self._next is not None:
            waits.append(max(self._next - self._wall(), timedelta(0)))
        # Not `wait_for`: before Python 3.12 it may swallow the order to stop.
        with suppress(TimeoutError):
            async with asyncio.timeout(min(waits).total_seconds()):
                await self._stirred.wait()

    def _exchange(self) -> int:
        """In one transaction settle what landed and claim what may leave; then let it fly."""
        with self._units() as unit:
            settled = self._settle(unit)
            now = self._wall()
            with closing(letters.heads(unit, now)) as heads:
                chosen = self._choose(heads, now)
            claimed = letters.claim(unit, chosen, now, now + LEASE)
            if not claimed and not self._flying:
                self._next = _earliest(self._next, letters.next_attempt(unit, now))
        # Only a commit makes it true; before it, what landed would have to be settled again.
        del self._landed[:settled]
        for letter in claimed:
            task = asyncio.create_task(self._carry(letter))
            self._flying[task] = letter
            task.add_done_callback(self._land)
        return settled

    def _settle(self, unit: Unit) -> int:
        landed = list(self._landed)
        letters.settle(unit, [self._outcome(unit, letter, result) for letter, result in landed])
        return len(landed)

    def _choose(self, heads: Iterable[Head], now: datetime) -> list[int]:
        """Chosen at the last instant, so that whatever came meanwhile overtakes."""
        self._next = None
        chosen: list[int] = []
        for head in heads:
            lanes = self._lanes + (ALERT_LANES if head.priority is Priority.ALERT else 0)
            if len(self._flying) + len(chosen) >= lanes:
                break
            if self._may_leave(head, now):
                chosen.append(head.id)
        return chosen

    def _may_leave(self, head: Head, now: datetime) -> bool:
        if any(_holds_up(flying, head) for flying in self._flying.values()):
            return False
        if head.kind in UNLIMITED:
            return True
        free_at = self._throttle.free_at(head.chat_id, head.priority, now)
        if free_at > now:
            self._next = _earliest(self._next, free_at)
            return False
        self._throttle.sent(head.chat_id, now)
        return True

    async def _carry(self, letter: Letter) -> int | SendError | None:
        try:
            return await self._transport.deliver(self._marked(letter))
        except SendError as error:
            return error
        except Exception as error:
            # A bug of ours, before the request left or after: nobody can tell which.
            logger.exception("letter %s was not carried", letter.id)
            return SendError(type(error).__name__, unknown=True)

    def _land(self, task: asyncio.Task[int | SendError | None]) -> None:
        letter = self._flying.pop(task)
        if not task.cancelled():
            self._landed.append((letter, task.result()))
        self._stirred.set()

    def _marked(self, letter: Letter) -> Letter:
        """An alert that may arrive a second time says so."""
        if not (letter.repeated and letter.priority is Priority.ALERT and letter.body):
            return letter
        return replace(letter, body=self._repeat_prefix + letter.body)

    def _outcome(self, unit: Unit, letter: Letter, result: int | SendError | None) -> Outcome:
        if isinstance(result, SendError):
            return self._not_sent(unit, letter, result)
        if letter.priority is Priority.ALERT and letter.kind is Kind.SEND:
            self._on_alert_sent(unit.now - letter.created_at)
        if len(self._failing) > 1:
            letters.hasten(unit)
        self._failing.clear()
        return Outcome(letter, LetterState.SENT, message_id=result)

    def _not_sent(self, unit: Unit, letter: Letter, error: SendError) -> Outcome:
        if error.moved_to is not None:
            letters.move_chat(unit, letter.chat_id, error.moved_to)
            self._on_moved(unit, letter.chat_id, error.moved_to)
            return self._again(letter, error, self._wall())
        if error.retry_after is not None:
            return self._again(letter, error, self._park(letter.chat_id, error))
        if error.permanent or error.gone or error.refused:
            return self._lost(unit, letter, error)
        if error.unknown and not _repeatable(letter):
            return Outcome(letter, LetterState.UNKNOWN, error=MAY_HAVE_LEFT + error.reason)
        self._failing.add(letter.id)
        return self._again(letter, error, self._wall() + retry_delay(letter))

    def _again(self, letter: Letter, error: SendError, at: datetime) -> Outcome:
        may_have_left = letter.repeated or error.unknown
        reason = (MAY_HAVE_LEFT if may_have_left else "") + error.reason
        return Outcome(letter, LetterState.PENDING, retry_at=at, error=reason)

    def _lost(self, unit: Unit, letter: Letter, error: SendError) -> Outcome:
        if error.refused:
            logger.error("letter %s is refused: %s", letter.id, error.reason)
        if error.permanent and letter.kind not in UNLIMITED:
            logger.warning("nothing reaches the chat of letter %s: %s", letter.id, error.reason)
            self._tell_unreachable(unit, letter, error)
        return Outcome(letter, LetterState.FAILED, error=error.reason)

    def _tell_unreachable(self, unit: Unit, letter: Letter, error: SendError) -> None:
        try:
            with unit.savepoint():
                self._on_unreachable(unit, letter.chat_id, error.reason)
        except Exception:
            # Whatever that rule does wrong, what landed beside it is settled.
            logger.exception("nobody could be told that letter %s is lost", letter.id)

    def _park(self, chat: int, error: SendError) -> datetime:
        """429 stops that chat alone, unless another chat had one just before."""
        now = self._wall()
        until = now + (error.retry_after or timedelta(0))
        flood, self._flood = self._flood, (chat, now)
        elsewhere = flood is not None and flood[0] != chat and now - flood[1] <= SAME_FLOOD
        self._throttle.park(None if error.everyone or elsewhere else chat, until)
        return until


def _holds_up(flying: Letter, head: Head) -> bool:
    # An alert does not wait behind a routine message that hangs, not even in its own chat.
    overtakes = head.priority is Priority.ALERT and flying.priority is not Priority.ALERT
    return flying.lane == head.lane and not overtakes


def retry_delay(letter: Letter) -> timedelta:
    """1 s, 2, 4 … with a cap; nobody gives up."""
    longest = LONGEST_ALERT_RETRY if letter.priority is Priority.ALERT else LONGEST_RETRY
    doublings = min(max(letter.attempts - 1, 0), 10)
    return min(FIRST_RETRY * (1 << doublings), longest)


def _repeatable(letter: Letter) -> bool:
    return letter.priority is Priority.ALERT or letter.kind in REPEATABLE


def _earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)
