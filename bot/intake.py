"""The outside to us: take updates, handle them, and only then acknowledge them."""

import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.clock import let_others_run, pause
from bot.domain.commands import URGENT, URGENT_DATA, command
from bot.logs import Outage, described, redact
from bot.rival import Holes, Rival
from bot.store import inbox
from bot.store.faults import storage_fault
from bot.store.inbox import Raw
from bot.store.unit import Unit
from bot.transport import Unreadable, request_of

logger = logging.getLogger(__name__)

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
BATCH = 100
"""The most that getUpdates gives at once."""
CHUNK = 50
"""How many of those that wait are handled between two polls: something urgent may have come."""
CHARACTERS = 1_000
"""So much of what was typed is read without letting others run: it takes 3 ms (4,000: 10 ms)."""
MOST = 5_000
"""So many are set aside before the first of them is handled."""
LARGEST_ID = 2**53
"""No update of Telegram has a number above."""
FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(seconds=15)
NUMBER = re.compile(rb'"update_id"\s*:\s*(\d{1,15})\b')
ANSWER_WITHIN = 10.0
"""Seconds that a server may take beyond the long poll."""


def _say_nothing(*_: object) -> None:
    pass


def _as_it_is(raw: Raw) -> Raw:
    return raw


def _everybody(_unit: Unit, updates: Sequence[Raw]) -> Sequence[Raw]:
    return updates


def urgency(raw: Raw) -> int:
    """0: somebody raises or takes an alert, or reports; it is handled before all others."""
    if _found(raw, "callback_query", "data").startswith(URGENT_DATA):
        return 0
    asked = command(_found(raw, "message", "text") or _found(raw, "message", "caption"))
    return 0 if asked is not None and asked.name in URGENT else 1


def urgent_first(batch: Sequence[Raw]) -> Iterator[list[Raw]]:
    """In parts that hold nobody up: the urgent alone, then few at a time, of few words."""
    urgent = [raw for raw in batch if not urgency(raw)]
    if urgent:
        yield urgent
    part, long = list[Raw](), 0
    for raw in batch:
        if not urgency(raw):
            continue
        words = len(_found(raw, "message", "text") or _found(raw, "edited_message", "text"))
        if part and (len(part) >= CHUNK or long + words > CHARACTERS):
            yield part
            part, long = [], 0
        part.append(raw)
        long += words
    if part:
        yield part


def _found(raw: Raw, kind: str, field: str) -> str:
    said = raw.get(kind)
    value = said.get(field) if isinstance(said, dict) else ""
    return value if isinstance(value, str) else ""


class Intake:
    """Takes batches of updates, each in one transaction; keeps long queues, the urgent first."""

    def __init__(
        self,
        bot: Bot,
        units: Callable[[], AbstractContextManager[Unit]],
        handle: Callable[[Unit, Sequence[Raw]], object],
        *,
        apologise: Callable[[Unit, Raw], object] = _say_nothing,
        admit: Callable[[Unit, Sequence[Raw]], Sequence[Raw]] = _everybody,
        screen: Callable[[Raw], Raw] = _as_it_is,
        on_poll: Callable[[], object] = _say_nothing,
        on_rival: Callable[[Unit, bool], object] = _say_nothing,
        rival: Rival | None = None,
        holes: Holes | None = None,
        poll_timeout: timedelta = timedelta(seconds=30),
        poll_interval: timedelta = timedelta(0),
        rest: Callable[[timedelta], Awaitable[None]] = pause,
    ) -> None:
        self._bot = bot
        self._units = units
        self._handle = handle
        self._apologise = apologise
        self._admit = admit
        self._screen = screen
        self._on_poll = on_poll
        self._on_rival = on_rival
        self.rival = rival or Rival()
        self._told_rival: bool | None = None
        self._holes = holes or Holes()
        self._poll_timeout = poll_timeout
        self._poll_interval = poll_interval
        self._rest = rest
        self._offset: int | None = None
        self._heard = False
        self._waits = False
        """Something was set aside and is not handled yet."""
        self._retry = FIRST_RETRY
        self._outage = Outage(logger, "no updates")
        self._odd = False
        self._alone = False
        """Updates are asked for one by one: one of them spoils its batch."""

    async def run(self) -> None:
        """Poll for ever. Only a token that Telegram never knew ends it."""
        looked = False
        while True:
            try:
                if not looked:
                    # What an earlier process set aside comes first.
                    self._handle_waiting()
                    looked = True
                await self._turn()
            except InvalidToken as error:
                if not self._heard:
                    raise
                await self._back_off(error)
            except Exception as error:
                # Whatever it is, polling goes on: a bot that hears nobody is no bot.
                await self._back_off(error)
            else:
                await self._go_on()

    def take(self, updates: Sequence[Raw]) -> None:
        """Handle a batch and commit; raises, with nothing done, when the database is at fault."""
        batch = {id_: each for each in updates if (id_ := id_of(each)) is not None}
        if batch:
            # A report stands before the chatter that was typed before it.
            self._each_or_all(sorted(batch.values(), key=urgency), self._take)

    async def _take_all(self, batch: Sequence[Raw]) -> None:
        """The urgent in a transaction of their own, on their way before the rest is looked at."""
        for part in urgent_first(batch):
            self.take(part)
            await let_others_run()

    async def drain(self) -> None:
        """Handle what an earlier process set aside; a webhook brings only what is new."""
        while True:
            try:
                self._handle_waiting()
            except SQLAlchemyError as error:
                await self._back_off(error)
                continue
            if not self._waits:
                return
            await let_others_run()

    # A batch, or each alone

    def _each_or_all(
        self, updates: Sequence[Raw], do: Callable[[Unit, Sequence[Raw]], None]
    ) -> None:
        """In one transaction; if one of them breaks it, each in its own."""
        if self._done(updates, do) is None:
            return
        for raw in updates:
            error = self._done([raw], do)
            if error is not None:
                self._fail(raw, error)

    def _done(
        self, updates: Sequence[Raw], do: Callable[[Unit, Sequence[Raw]], None]
    ) -> Exception | None:
        try:
            with self._units() as unit:
                do(unit, updates)
        except Exception as error:
            # The database's own fault is no update's: nothing is acknowledged, and all come again.
            if storage_fault(error):
                raise
            return error
        return None

    def _take(self, unit: Unit, updates: Sequence[Raw]) -> None:
        admitted = {each["update_id"]: each for each in self._admit(unit, updates)}
        # By what came, whatever is made of it.
        taken = inbox.take(unit, [each for each in updates if each["update_id"] in admitted])
        for number in taken.others:
            logger.warning("update %s has other content than the one that had its number", number)
        mine = [each for number, each in admitted.items() if number in taken.new]
        if mine:
            self._handle(unit, mine)

    def _take_waiting(self, unit: Unit, updates: Sequence[Raw]) -> None:
        inbox.handled(unit, [each["update_id"] for each in updates])
        self._handle(unit, updates)

    def _fail(self, raw: Raw, error: Exception) -> None:
        trace = described(error)
        logger.error("update %s failed: %s", raw["update_id"], trace)
        sorry = self._done([raw], lambda unit, _: self._write_off(unit, raw, trace, sorry=True))
        if sorry is None:
            return
        logger.error("no apology for update %s: %s", raw["update_id"], described(sorry))
        with self._units() as unit:
            self._write_off(unit, raw, trace, sorry=False)

    def _write_off(self, unit: Unit, raw: Raw, trace: str, *, sorry: bool) -> None:
        # Taken although it failed: it would break every batch that brings it again.
        inbox.note(unit, raw)
        inbox.handled(unit, [raw["update_id"]])
        inbox.fail(unit, raw["update_id"], trace)
        if sorry:
            self._apologise(unit, raw)

    # The queue

    async def _turn(self) -> None:
        """Poll once, and handle what came or what waits."""
        try:
            batch = await self._poll()
            # A full batch means that more is waiting, perhaps an alert at its end.
            if not self._waits and len(batch) < BATCH:
                await self._take_all(batch)
                self._acknowledge(batch)
            else:
                await self._set_all_aside(batch)
        finally:
            # Telegram may be out of reach: what is here is handled all the same.
            if self._waits:
                self._handle_waiting()

    async def _set_all_aside(self, batch: list[Raw]) -> None:
        """Keep them, cheaply, and go on as long as batches are full."""
        kept = 0
        while batch:
            for part in urgent_first(batch):
                if urgency(part[0]):
                    self._waits |= self._set_aside(part)
                else:
                    # What is here already is less urgent: it is handled at once, and first.
                    self.take(part)
                await let_others_run()
            self._acknowledge(batch)
            kept += len(batch)
            if len(batch) < BATCH or kept >= MOST:
                return
            batch = await self._poll()

    def _set_aside(self, batch: Sequence[Raw]) -> bool:
        """Keep what is to be taken of them, screened; whether anything was."""
        with self._units() as unit:
            admitted = {each["update_id"]: each for each in self._admit(unit, batch)}
            came = [raw for raw in batch if raw["update_id"] in admitted]
            kept = [self._screened(admitted[raw["update_id"]]) for raw in came]
            others = inbox.set_aside(unit, [(urgency(raw), raw) for raw in kept], came)
        for number in others:
            logger.warning("update %s has other content than the one that had its number", number)
        return bool(kept)

    def _screened(self, raw: Raw) -> Raw:
        try:
            return {**self._screen(raw), "update_id": raw["update_id"]}
        except Exception as error:
            # What cannot be screened is not kept.
            logger.error("update %s is not kept: %s", raw["update_id"], described(error))
            return {"update_id": raw["update_id"]}

    def _handle_waiting(self) -> None:
        with self._units() as unit:
            chunk = inbox.waiting(unit, CHUNK)
        self._waits = bool(chunk)
        if chunk:
            self._each_or_all(chunk, self._take_waiting)

    def _acknowledge(self, batch: Iterable[Raw]) -> None:
        # The next poll's offset is the acknowledgement, so it moves only after the commit.
        numbers = [int(raw["update_id"]) for raw in batch]
        if numbers:
            self._offset = max(numbers) + 1

    # The line

    async def _poll(self) -> list[Raw]:
        # Not `bot.get_updates`: one update that PTB cannot read would spoil its whole batch,
        # and would be written to the log with all that it says.
        seconds = 0 if self._waits else int(self._poll_timeout.total_seconds())
        given = {
            "timeout": seconds,
            "limit": 1 if self._alone else BATCH,
            # The rest would only be refused, and some of it is about people (clinique §6.3).
            "allowed_updates": list(ALLOWED_UPDATES),
        }
        if self._offset is not None:
            given["offset"] = self._offset
        try:
            answer = await self._bot.request.post(
                f"{self._bot.base_url}/getUpdates",
                request_of(given),
                read_timeout=seconds + ANSWER_WITHIN,
            )
            batch = self._read(answer)
        except Unreadable as error:
            batch = self._read_alone(error)
        # From here on « unauthorized » is a fault of theirs, not a mistyped token.
        self._heard = True
        self._on_poll()
        # What could not be read is missing too, and went to nobody else.
        if self._misses(batch) and not self._odd:
            logger.warning("updates are missing before update %s", batch[0]["update_id"])
            self.rival.noticed()
        else:
            self.rival.undisturbed()
        self._tell_of_rival()
        return batch

    def _misses(self, batch: Sequence[Raw]) -> bool:
        """Whether somebody else took what came between: the numbers of updates are in a row."""
        numbers: list[int] = [raw["update_id"] for raw in batch]
        if not numbers or self._offset is None:
            return False
        return max(numbers) - self._offset + 1 > len(set(numbers))

    def _read(self, said: Any) -> list[Raw]:
        if not isinstance(said, list):
            raise Unreadable
        batch = [raw for raw in said if id_of(raw) is not None]
        if said and not batch:
            # Nothing moves the offset past them: the next poll brings them again.
            raise Unreadable
        self._note_odd(len(said) - len(batch))
        # Asked for one by one, they have all been read.
        self._alone = self._alone and bool(said)
        return batch

    def _read_alone(self, error: Unreadable) -> list[Raw]:
        """An update that nobody can read holds up no other: alone, it is passed over, and seen."""
        found = NUMBER.search(error.answer) if self._alone else None
        if found is None:
            # Only what holds an update can hold one that spoils the rest.
            self._alone = NUMBER.search(error.answer) is not None
            raise error
        self._alone = False
        number = {"update_id": int(found[1])}
        logger.error("update %s cannot be read and is passed over", number["update_id"])
        with self._units() as unit:
            self._write_off(unit, number, type(error).__name__, sorry=False)
        return [number]

    def _note_odd(self, odd: int) -> None:
        if odd and not self._odd:
            logger.error("%d updates cannot be read and are passed over", odd)
        self._odd = bool(odd)

    async def _go_on(self) -> None:
        self._outage.over()
        self._retry = FIRST_RETRY
        if self._poll_interval and not self._waits:
            await self._rest(self._poll_interval)

    async def _back_off(self, error: Exception) -> None:
        self._outage.failed(complaint_about(error))
        if isinstance(error, Conflict):
            self.rival.noticed()
            self._tell_of_rival()
            if "webhook" in str(error).lower():
                await self._take_back()
        wait = self._retry
        if isinstance(error, RetryAfter) and isinstance(error.retry_after, timedelta):
            # Telegram says when to ask again; asked earlier, it refuses again.
            wait = max(wait, error.retry_after)
        elif self._waits:
            # What is set aside is handled between two polls, however long none succeeds.
            wait = FIRST_RETRY
        self._retry = min(self._retry * 2, LONGEST_RETRY)
        await self._rest(wait)

    async def _take_back(self) -> None:
        """Whoever set a webhook meanwhile makes us deaf for ever, and not only for a poll."""
        with suppress(Exception):  # whatever the answer is, polling goes on
            await self._bot.delete_webhook()

    def called(self, updates: Sequence[Raw]) -> None:
        """What a webhook brings: taken like a poll's, and looked through for what is missing."""
        self.take(updates)
        numbers = [id_ for each in updates if (id_ := id_of(each)) is not None]
        missing = [lost for number in numbers for lost in self._holes.came(number)]
        if missing and self._went_elsewhere(missing):
            logger.warning("updates before update %s never came", max(numbers))
            self.rival.noticed()
        elif numbers:
            self.rival.undisturbed()
        self._tell_of_rival()

    def _went_elsewhere(self, missing: Sequence[int]) -> bool:
        """Whether no process of ours took some of them: several may serve one webhook."""
        with self._units() as unit:
            return bool(set(missing) - inbox.known(unit, missing))

    def _tell_of_rival(self) -> None:
        """Once when there is one, and once when it is gone; letters leave all the same."""
        here = self.rival.here
        if here is None or here == self._told_rival:
            return
        try:
            with self._units() as unit:
                self._on_rival(unit, here)
        except SQLAlchemyError:
            return  # said with the next poll
        self._told_rival = here


def id_of(raw: Any) -> int | None:
    """The number of an update; nothing if this is none of Telegram's."""
    number = raw.get("update_id") if isinstance(raw, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        return None
    return number if 0 <= number < LARGEST_ID else None


def complaint_about(error: Exception) -> str:
    """One line for the log."""
    if isinstance(error, SQLAlchemyError):
        return f"the database does not take them: {described(error)}"
    if not isinstance(error, TelegramError):
        return described(error)
    return f"{type(error).__name__}: {redact(str(error))}"
