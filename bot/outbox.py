"""Us to the outside: claim letters, send them, settle them; what is urgent goes first."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.clock import Clock, pause
from bot.domain.message import Kind, Priority
from bot.landing import (
    REPEATABLE,
    Landing,
    SendError,
    is_lost,
    longest_retry,
    outcome_of,
    retry_delay,
)
from bot.logs import Outage, described
from bot.queue import UNLIMITED, Queue
from bot.store import letters
from bot.store.faults import storage_fault
from bot.store.leader import Leader
from bot.store.letters import Head, Letter
from bot.store.unit import Unit
from bot.throttle import Throttle

logger = logging.getLogger(__name__)

LANES = 24
"""Chats that are written to side by side: enough for 300 answers a second 40 ms away."""
SAME_FLOOD = timedelta(seconds=5)
"""429 for two chats within this time is meant for the whole bot."""
DATABASE_RETRY = timedelta(seconds=1)
STALE = timedelta(minutes=10)
"""A reminder that waited longer is replaced by the present state of things."""

LOOK = timedelta(seconds=1)
"""Between two looks at what is new, in case another process wrote it."""
RESYNC = timedelta(seconds=15)
"""Between two looks at the whole queue, and at what nobody carries any more."""
HELD = timedelta(seconds=3)
"""A letter that was taken longer ago and did not leave may be another leader's by now."""
LATE = 20
"""On PostgreSQL a lower number may be committed after a higher one, by so much."""
GATHER = timedelta(milliseconds=4)
"""What lands within this time of each other is written down together."""
MANY = 4
"""Fewer on their way are not worth waiting for."""
CLAIMS = 10
"""Claims in one transaction, when what memory believes to wait is gone."""


class Transport(Protocol):
    """Whatever carries a letter."""

    async def deliver(self, letter: Letter) -> int | None:
        """Deliver it; gives the id of the message, raises `SendError`."""
        ...


def _say_nothing(*_: object) -> None:
    pass


def _as_it_is(letter: Letter) -> Letter:
    return letter


def _complain(what: str, letter: Letter, error: Exception) -> None:
    """Of a bug about one letter: at its first attempt, and not at each of a day of them."""
    if letter.attempts <= 1:
        logger.error("letter %s %s: %s", letter.id, what, described(error))


def _arrived_call(landing: Landing) -> bool:
    letter = landing.letter
    urgent = letter.priority is Priority.ALERT and letter.kind is Kind.SEND
    return urgent and not isinstance(landing.result, SendError)


def _in_doubt(letter: Letter, error: SendError) -> bool:
    """A call of which nobody knows at its first attempt whether it arrived: others hear it too."""
    urgent = letter.priority is Priority.ALERT and letter.kind is Kind.SEND
    return urgent and error.hung and letter.attempts == 1


class Sender:
    """Carries letters from the outbox to the messenger, several side by side.

    `wall` is this process's own time: no wait depends on what the machine's clock does.
    """

    def __init__(
        self,
        units: Callable[[], AbstractContextManager[Unit]],
        transport: Transport,
        wall: Clock,
        throttle: Throttle,
        *,
        leader: Leader | None = None,
        on_unreachable: Callable[[Unit, int, str], object] = _say_nothing,
        on_failed: Callable[[Unit, Letter], object] = _say_nothing,
        on_stale: Callable[[Unit, int], object] | None = None,
        on_refused: Callable[[Unit, Letter], object] = _say_nothing,
        on_doubt: Callable[[Unit, Letter], object] = _say_nothing,
        on_calls: Callable[[Unit, Sequence[Letter]], object] = _say_nothing,
        on_look: Callable[[], object] = _say_nothing,
        fill: Callable[[Letter], Letter] = _as_it_is,
        repeat_prefix: str = "",
        repeat_prefix_routine: str = "",
        lanes: int = LANES,
    ) -> None:
        self._units = units
        self._transport = transport
        self._wall = wall
        self._throttle = throttle
        self._leader = leader
        self._on_unreachable, self._on_failed = on_unreachable, on_failed
        self._on_stale = on_stale
        self._on_refused, self._on_doubt = on_refused, on_doubt
        self._on_calls = on_calls
        self._on_look = on_look
        self._fill = fill
        self._prefixes = {True: repeat_prefix, False: repeat_prefix_routine}
        self._queue = Queue(throttle, lanes)
        self._stirred = asyncio.Event()
        """Something is new: a letter was written, or an attempt came to its end."""
        self._written = asyncio.Event()
        """Of these, a letter was written."""
        # The training clock flushes too; side by side both would claim from one queue.
        self._one_flush = asyncio.Lock()
        self._flying: dict[asyncio.Task[int | SendError | None], tuple[Head, Letter]] = {}
        self._landed: list[Landing] = []
        self._failing: set[int] = set()
        """Letters that failed and have not arrived: two or more are an outage."""
        # Whether others arrived while these failed.
        self._outage_over, self._landing_beside = False, False
        self._away = Outage(logger, "letters do not arrive")
        self._flood: tuple[int, datetime] | None = None
        self._seen, self._unread = 0, True
        """The highest number of a letter that was read, and whether there are newer ones."""
        self._resync_at: datetime | None = None
        self._suspect: set[int] = set()
        """Chats for which memory may believe too much."""

    @property
    def _number(self) -> int:
        return self._leader.number if self._leader else 0

    @property
    def _leads(self) -> bool:
        return self._leader is None or self._leader.leads

    # When

    def wake(self) -> None:
        """Letters were written: look now, do not wait for the ring."""
        self._unread = True
        self._written.set()
        self._stirred.set()

    async def run(self) -> None:
        """Send for ever; what an earlier leader left half-way comes first."""
        self._resync_at = None
        outage = Outage(logger, "nothing can be sent")
        while True:
            try:
                await self.flush()
            except Exception as error:
                # A sender that ends is a bot that is mute.
                outage.failed(described(error))
                await pause(DATABASE_RETRY)
            else:
                outage.over()
                await self._until_stirred()

    async def flush(self) -> int:
        """Send until nothing may leave now; gives how many attempts were settled."""
        settled, self._unread = 0, True
        async with self._one_flush:
            while True:
                self._stirred.clear()
                self._written.clear()
                settled += self._exchange()
                if not self._flying and not self._stirred.is_set():
                    return settled
                await self._until_stirred()
                await self._gather()

    async def close(self, patience: timedelta) -> None:
        """Let what is on its way arrive, and write down that it did."""
        if self._flying:
            # Cut off now, it would be sent again and said to be perhaps a repetition.
            await asyncio.wait(self._flying, timeout=patience.total_seconds())
        self._settle_singly()

    async def _until_stirred(self) -> None:
        wait, now = LOOK, self._wall()
        if self._queue.next_at is not None:
            wait = min(wait, max(self._queue.next_at - now, timedelta(0)))
        if self._stirred.is_set():
            # Others of this process have their turn all the same.
            await pause(timedelta(0))
            return
        # Not `wait_for`: before Python 3.12 it may swallow the order to stop.
        with suppress(TimeoutError):
            async with asyncio.timeout(wait.total_seconds()):
                await self._stirred.wait()

    async def _gather(self) -> None:
        """One commit serves all that lands together; a letter just written is not kept waiting."""
        if len(self._flying) + len(self._landed) < MANY or not self._flying:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(GATHER.total_seconds()):
                await self._written.wait()

    # One transaction

    def _exchange(self) -> int:
        """Settle what landed and claim what may leave, in one transaction; then let it fly."""
        try:
            settled = self._exchange_once()
        except Exception as error:
            if storage_fault(error) or not self._landed:
                raise
            logger.error("what landed is settled one by one: %s", described(error))
            settled = self._settle_singly()
        self._on_look()
        return settled

    def _exchange_once(self) -> int:
        landed, chosen, late = list(self._landed), list[Head](), list[Head]()
        claimed: list[Letter] = []
        try:
            with self._units() as unit:
                self._settle(unit, landed)
                # Who does not lead writes down what landed, and takes nothing.
                if self._leads:
                    self._look(unit)
                    claimed = self._claim(unit, chosen, late)
        except BaseException:
            self._put_back(chosen + late)
            raise
        # Only a commit makes it true; before it, what landed would have to be settled again.
        self._put_back(late)
        self._let_fly(chosen, claimed)
        self._settled(landed)
        for head in late:
            self._freshen(head)
        return len(landed)

    def _put_back(self, heads: Sequence[Head]) -> None:
        for head in heads:
            self._queue.put_back(head)

    def _look(self, unit: Unit) -> None:
        """Learn what waits: what is new at each look, everything now and then."""
        now = self._wall()
        whole = self._resync_at is None or now >= self._resync_at
        if whole:
            letters.recover(unit, self._number, self._carried())
            self._read_all(unit, now)
        elif self._unread:
            self._learn(letters.waiting(unit, self._seen - LATE), now)
        for chat in self._suspect:
            self._queue.keep_only(letters.waiting_for(unit, chat), chat)
        self._suspect.clear()
        self._unread = False

    def _read_all(self, unit: Unit, now: datetime) -> None:
        heads = letters.waiting(unit)
        # Withdrawn or folded by others: memory must not go on believing in it.
        self._queue.keep_only({head.id for head in heads})
        # Withdrawn or folded, one of them would keep what follows from an outage for ever.
        self._failing &= {*(head.id for head in heads), *self._carried()}
        self._learn(heads, now)
        self._resync_at = now + RESYNC

    def _learn(self, heads: Sequence[Head], now: datetime) -> None:
        for head in heads:
            self._seen = max(self._seen, head.id)
            if head.not_before is not None:
                # Another process's clock set it: it delays by its own length at most.
                longest = now + longest_retry(head.priority)
                head.not_before = min(head.not_before, longest)
            self._queue.add(head)

    def _carried(self) -> list[int]:
        flying = [letter.id for _, letter in self._flying.values()]
        return flying + [landing.letter.id for landing in self._landed]

    def _claim(self, unit: Unit, chosen: list[Head], late: list[Head]) -> list[Letter]:
        """Take what may leave; what memory believed to wait and does not is forgotten."""
        claimed: list[Letter] = []
        for _ in range(CLAIMS):
            heads = self._queue.choose(self._wall())
            late += [head for head in heads if self._is_stale(unit, head)]
            heads = [head for head in heads if head not in late]
            chosen += heads
            got = letters.claim(unit, [head.id for head in heads], self._number)
            claimed += got
            # Fewer: somebody withdrew or took some of them, and their room is free for others.
            if len(got) == len(heads):
                return claimed
            self._forget_all_but({letter.id for letter in claimed}, chosen)
        self._stirred.set()
        return claimed

    def _forget_all_but(self, ids: set[int], chosen: list[Head]) -> None:
        for head in [head for head in chosen if head.id not in ids]:
            chosen.remove(head)
            self._queue.forget(head)

    def _is_stale(self, unit: Unit, head: Head) -> bool:
        return self._on_stale is not None and head.routine and unit.now - head.created_at > STALE

    def _freshen(self, head: Head) -> None:
        """After an outage a chat hears how things are, and not how they were."""
        assert self._on_stale is not None
        try:
            with self._units() as unit:
                self._on_stale(unit, head.chat_id)
        except Exception as error:
            if storage_fault(error):
                raise
            logger.error("letter %s leaves as it was: %s", head.id, described(error))
        # Asked once, whatever becomes of it: a letter that is still there then leaves.
        head.routine = False
        self._suspect.add(head.chat_id)
        self.wake()

    def _let_fly(self, chosen: Sequence[Head], claimed: Sequence[Letter]) -> None:
        heads = {head.id: head for head in chosen}
        for letter in sorted(claimed, key=lambda each: (each.priority, each.id)):
            task = asyncio.create_task(self._carry(letter, self._wall()))
            self._flying[task] = heads[letter.id], letter
            task.add_done_callback(self._land)

    # One letter

    async def _carry(self, letter: Letter, taken_at: datetime) -> int | SendError | None:
        if self._wall() - taken_at > HELD:
            # The process was stopped between the two: it may have been replaced meanwhile.
            return SendError("stood still", ours=True)
        try:
            ready = self._fill(self._marked(letter))
        except Exception as error:
            _complain("was not made ready", letter, error)
            return SendError(type(error).__name__, ours=True)
        try:
            return await self._transport.deliver(ready)
        except SendError as error:
            return error
        except Exception as error:
            # Before the request left or after: nobody can tell which.
            _complain("was not carried", letter, error)
            return SendError(type(error).__name__, unknown=True, ours=True)

    def _marked(self, letter: Letter) -> Letter:
        """What may arrive a second time says so."""
        if not letter.repeated or letter.kind in REPEATABLE or not letter.body:
            return letter
        prefix = self._prefixes[letter.priority is Priority.ALERT]
        return replace(letter, body=prefix + letter.body)

    def _land(self, task: asyncio.Task[int | SendError | None]) -> None:
        head, letter = self._flying.pop(task)
        if task.cancelled():
            return
        result, retry_at = task.result(), None
        hung = isinstance(result, SendError) and result.hung
        self._queue.answered(head, in_time=not hung)
        # Memory runs ahead: whoever claims next settles this first, in the same transaction.
        self._queue.landed(head)
        if isinstance(result, SendError):
            retry_at = self._failed(letter, result)
            if retry_at is not None:
                head.not_before, head.attempts = retry_at, letter.attempts
                self._queue.add(head, aside=result.ours)
        else:
            self._arrived(letter)
        self._landed.append(Landing(head, letter, result, retry_at))
        self._stirred.set()

    def _arrived(self, letter: Letter) -> None:
        """The network is back when what failed arrives, or the first of all since it failed.

        Two chats that never answer are no outage: what lands beside them hastens nothing.
        """
        failed_before = letter.id in self._failing
        if len(self._failing) > 1 and (failed_before or not self._landing_beside):
            self._outage_over = True
        self._failing.discard(letter.id)
        self._landing_beside = bool(self._failing)
        if not self._failing or self._outage_over:
            self._away.over()

    def _failed(self, letter: Letter, error: SendError) -> datetime | None:
        """When to try again."""
        if error.moved_to is not None:
            return self._wall()
        if error.retry_after is not None:
            return self._park(letter, error)
        if error.permanent or error.gone or error.refused:
            self._failing.discard(letter.id)
            return None
        self._failing.add(letter.id)
        if not error.ours and (letter.attempts > 1 or len(self._failing) > 1):
            # Once is a cut of the line; more is a network, or a Telegram, that is away.
            self._away.failed(error.reason)
        return self._wall() + retry_delay(letter)

    def _park(self, letter: Letter, error: SendError) -> datetime:
        """429 stops that chat alone, unless another chat had one just before."""
        now, chat = self._wall(), letter.chat_id
        until = now + (error.retry_after or timedelta(0))
        if letter.kind in UNLIMITED:
            return until
        flood, self._flood = self._flood, (chat, now)
        # Telegram does not say whose limit it was; two chats at once are no coincidence.
        elsewhere = flood is not None and flood[0] != chat and now - flood[1] <= SAME_FLOOD
        # A busy group must not silence the others, nor the alerts of the whole network.
        self._throttle.park(None if error.everyone or elsewhere else chat, until)
        return until

    # What became of it

    def _settle(self, unit: Unit, landed: Sequence[Landing]) -> None:
        if self._outage_over:
            # The network is back: who had to wait a minute for the next attempt need not.
            letters.hasten(unit)
        # Before any letter is touched: it locks patients, and a tap locks them first too.
        calls = [landing.letter for landing in landed if _arrived_call(landing)]
        if calls:
            self._on_calls(unit, calls)
        for landing in landed:
            if isinstance(landing.result, SendError):
                self._follow(unit, landing.letter, landing.result)
                if landing.retry_at is None:
                    self._on_failed(unit, landing.letter)
        letters.settle(unit, [outcome_of(landing) for landing in landed])

    def _follow(self, unit: Unit, letter: Letter, error: SendError) -> None:
        """A chat moved or is lost: its letter still counts as on its way there."""
        chat = letter.chat_id
        if error.moved_to is not None:
            letters.move_chat(unit, chat, error.moved_to)
            self._queue.keep_only(set(), chat)
            self._resync_at = None
        elif is_lost(letter, error):
            self._suspect.add(chat)
            self._on_unreachable(unit, chat, error.reason)
        elif error.refused:
            self._on_refused(unit, letter)
        elif _in_doubt(letter, error):
            self._on_doubt(unit, letter)

    def _settled(self, landed: Sequence[Landing]) -> None:
        """It is committed: memory follows, and who asked is told."""
        del self._landed[: len(landed)]
        if self._outage_over:
            self._queue.hasten()
            self._outage_over = False
            self._stirred.set()
        for landing in landed:
            self._tell(landing.letter, landing.result)

    def _tell(self, letter: Letter, result: int | SendError | None) -> None:
        if not isinstance(result, SendError):
            return
        if is_lost(letter, result):
            logger.warning("nothing reaches the chat of letter %s: %s", letter.id, result.reason)
        elif result.refused:
            logger.error("letter %s is refused: %s", letter.id, result.reason)

    def _settle_singly(self) -> int:
        """A rule raised: its own letter is settled without it, and those beside it as ever."""
        landed = list(self._landed)
        for landing in landed:
            try:
                with self._units() as unit:
                    self._settle(unit, [landing])
            except Exception as error:
                if storage_fault(error):
                    raise
                logger.error(
                    "nobody could be told of letter %s: %s", landing.letter.id, described(error)
                )
                with self._units() as unit:
                    letters.settle(unit, [outcome_of(landing)])
            self._settled([landing])
        self._stirred.set()
        return len(landed)
