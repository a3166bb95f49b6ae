"""The webhook: set at the start, and looked at each minute by the one who leads.

Whoever sets another address, or polls with our token, makes Telegram call us no more, and nothing
else would show it: the pages answer, the bell rings, and nobody is heard.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot, WebhookInfo
from telegram.error import TelegramError

from bot.clock import pause
from bot.logs import Outage
from bot.store import Unit

logger = logging.getLogger(__name__)

LOOK = timedelta(minutes=1)
FAILED = 2
"""Looks in a row at updates that wait while our answers fail: one is a server that restarts."""

Tell = Callable[[Unit, bool], object]


class Hook:
    """Whether Telegram still calls our address, and gets an answer there."""

    def __init__(
        self,
        bot: Bot,
        url: str,
        secret: str,
        units: Callable[[], AbstractContextManager[Unit]],
        *,
        allowed: Sequence[str],
        on_look: Callable[[], object],
        on_taken: Tell,
        on_deaf: Tell,
    ) -> None:
        self._bot = bot
        self._url = url
        self._secret = secret
        self._units = units
        self._allowed = allowed
        self._on_look = on_look
        self._tells = {"taken": on_taken, "deaf": on_deaf}
        self._told: dict[str, bool] = {}
        self._known = url
        """Our address as Telegram writes it."""
        self._failed_at: datetime | None = None
        self._failures = 0
        self._outage = Outage(logger, "the webhook cannot be looked at")
        self.taken = False
        """At the last look it was not ours."""

    @property
    def deaf(self) -> bool:
        """Updates wait, and what Telegram gets from our address is no answer."""
        return self._failures >= FAILED

    async def set(self) -> None:
        """Ask Telegram to call us; raises what it answers."""
        await self._bot.set_webhook(
            self._url, secret_token=self._secret or None, allowed_updates=self._allowed
        )
        self._known = (await self._bot.get_webhook_info()).url

    async def watch(self, rest: Callable[[timedelta], Awaitable[None]] = pause) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await rest(LOOK)

    async def look(self) -> None:
        """Once: what was taken is taken back, and what was found is told."""
        try:
            found = await self._bot.get_webhook_info()
            self.taken = found.url != self._known
            if self.taken:
                logger.error("another program has taken the webhook; it is set again")
                await self.set()
        except TelegramError as error:
            # Unseen for two minutes, the heart stops.
            self._outage.failed(type(error).__name__)
            return
        self._outage.over()
        self._count(found)
        self._on_look()
        self._tell("taken", self.taken)
        self._tell("deaf", self.deaf)

    def _count(self, found: WebhookInfo) -> None:
        # No clock is asked: that the failure is another one than before is enough.
        again = found.last_error_date != self._failed_at
        self._failed_at = found.last_error_date
        waits = found.pending_update_count > 0
        self._failures = self._failures + 1 if waits and (again or self._failures) else 0

    def _tell(self, what: str, here: bool) -> None:
        if self._told.get(what) == here:
            return
        try:
            with self._units() as unit:
                self._tells[what](unit, here)
        except SQLAlchemyError:
            return  # told at the next look
        self._told[what] = here
