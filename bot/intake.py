"""The outside to us: take updates, handle them, and only then acknowledge them."""

import json
import logging
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.exc import OperationalError, SQLAlchemyError
from telegram import Update
from telegram.error import InvalidToken, RetryAfter, TelegramError
from telegram.ext import Application, ExtBot

from bot.clock import pause
from bot.logs import redact
from bot.store import inbox
from bot.store.unit import Unit

logger = logging.getLogger(__name__)

Raw = dict[str, Any]
"""An update as Telegram wrote it."""

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
BATCH = 100
"""The most that getUpdates gives at once."""
FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(seconds=15)
ANSWER_WITHIN = 10.0
"""Seconds that a server may take beyond the long poll."""

PACKAGE = str(Path(__file__).parent)


def _say_nothing(_unit: Unit, _update: Update) -> None:
    pass


class Intake:
    """Takes batches of updates: one transaction for a batch, one savepoint for each update."""

    def __init__(
        self,
        bot: ExtBot[None],
        units: Callable[[], AbstractContextManager[Unit]],
        handle: Callable[[Unit, Update], object],
        *,
        apologise: Callable[[Unit, Update], object] = _say_nothing,
        poll_timeout: timedelta = timedelta(seconds=30),
        poll_interval: timedelta = timedelta(0),
        rest: Callable[[timedelta], Awaitable[None]] = pause,
    ) -> None:
        self._bot = bot
        self._units = units
        self._handle = handle
        self._apologise = apologise
        self._poll_timeout = poll_timeout
        self._poll_interval = poll_interval
        self._rest = rest
        self._retry = FIRST_RETRY
        self._complaint = ""

    async def run(self) -> None:
        """Poll for ever. Only a token that Telegram never knew ends it."""
        offset: int | None = None
        heard = False
        while True:
            try:
                updates = await self._poll(offset)
                heard = True
                offset = self._acknowledged(updates, offset)
            except InvalidToken as error:
                if not heard:
                    raise
                await self._back_off(error)
            except (TelegramError, SQLAlchemyError) as error:
                await self._back_off(error)
            else:
                await self._go_on()

    def take(self, updates: Sequence[Raw]) -> None:
        """Handle a batch and commit; raises, with nothing done, when the database is at fault."""
        with self._units() as unit:
            new = inbox.take(unit, {update["update_id"] for update in updates})
            for update in updates:
                if update["update_id"] in new:
                    new.discard(update["update_id"])
                    self._take_one(unit, update)

    def _acknowledged(self, updates: Sequence[Raw], offset: int | None) -> int | None:
        # The next poll's offset is the acknowledgement, so it moves only after the commit.
        if not updates:
            return offset
        self.take(updates)
        return max(int(update["update_id"]) for update in updates) + 1

    def _take_one(self, unit: Unit, raw: Raw) -> None:
        update: Update | None = None
        try:
            with unit.savepoint():
                update = Update.de_json(raw, self._bot)
                self._handle(unit, update)
        except Exception as error:
            if _storage_fault(error):
                raise
            trace = described(error)
            logger.error("update %s failed: %s", raw["update_id"], trace)
            inbox.fail(unit, raw["update_id"], trace)
            if update is not None:
                self._say_sorry(unit, update)

    def _say_sorry(self, unit: Unit, update: Update) -> None:
        try:
            with unit.savepoint():
                self._apologise(unit, update)
        except Exception as error:
            if _storage_fault(error):
                raise
            logger.error("no apology for update %s: %s", update.update_id, described(error))

    async def _poll(self, offset: int | None) -> Sequence[Raw]:
        # Not `bot.get_updates`: one update that PTB cannot read would spoil its whole batch,
        # and would be written to the log with all that it says.
        seconds = int(self._poll_timeout.total_seconds())
        query = {
            "timeout": str(seconds),
            "limit": str(BATCH),
            "allowed_updates": json.dumps(ALLOWED_UPDATES),
        }
        if offset is not None:
            query["offset"] = str(offset)
        answer = await self._bot.request.retrieve(
            f"{self._bot.base_url}/getUpdates?{urlencode(query)}",
            read_timeout=seconds + ANSWER_WITHIN,
        )
        try:
            return list(json.loads(answer)["result"])
        except (ValueError, KeyError, TypeError):
            raise TelegramError("Invalid server response") from None

    async def _go_on(self) -> None:
        if self._complaint:
            logger.info("updates come in again")
        self._complaint, self._retry = "", FIRST_RETRY
        if self._poll_interval:
            await self._rest(self._poll_interval)

    async def _back_off(self, error: Exception) -> None:
        complaint = complaint_about(error)
        if complaint != self._complaint:
            logger.error("no updates: %s", complaint)
        self._complaint = complaint
        wait = self._retry
        if isinstance(error, RetryAfter) and isinstance(error.retry_after, timedelta):
            wait = max(wait, error.retry_after)
        self._retry = min(self._retry * 2, LONGEST_RETRY)
        await self._rest(wait)


def dispatcher(application: Application[Any, Any, Any, Any, Any, Any]) -> Callable[[Update], None]:
    """Give updates to PTB's handlers, and let out what they raise (PTB would only log it)."""
    raised: list[Exception] = []

    async def keep(_update: object, context: Any) -> None:
        raised.append(context.error)

    def dispatch(update: Update) -> None:
        raised.clear()
        straight_through(application.process_update(update))
        if raised:
            raise raised[0]

    application.add_error_handler(keep)
    return dispatch


def straight_through(coroutine: Coroutine[Any, Any, object]) -> None:
    """Run it to its end here and now: a handler writes, it never waits."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("a handler waited")


def described(error: BaseException) -> str:
    """An error for the record: kinds and places, never what it says, which may be about people."""
    kinds = []
    cause: BaseException | None = error
    while cause is not None:
        kinds.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    places = [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(PACKAGE)
    ]
    return " < ".join(kinds) + " at " + ", ".join(reversed(places))


def complaint_about(error: Exception) -> str:
    """One line for the log."""
    if isinstance(error, OperationalError):
        return f"the database does not take them: {error.orig}"
    if isinstance(error, SQLAlchemyError):
        return f"the database does not take them: {described(error)}"
    return f"{type(error).__name__}: {redact(str(error))}"


def _storage_fault(error: BaseException) -> bool:
    """Whether the database itself is at fault (full, locked, gone), and not the statement."""
    if not isinstance(error, OperationalError):
        return False
    # SQLite calls a wrong statement an OperationalError too.
    return getattr(error.orig, "sqlite_errorname", "") != "SQLITE_ERROR"
