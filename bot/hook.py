"""The webhook: set at the start, and looked at each minute by the one who leads.

Whoever sets another address, or polls with our token, makes Telegram call us no more, and nothing
else would show it: the pages answer, the bell rings, and nobody is heard.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot, WebhookInfo

from bot.clock import pause
from bot.logs import Outage, described
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
        self._known: tuple[str, frozenset[str]] | None = None
        """Our address and the kinds of updates, as Telegram writes them."""
        self._failed_at: datetime | None = None
        self._looked = False
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
        found = await self._bot.get_webhook_info()
        # Written in Telegram's own way it is ours; taken at this very moment it is not.
        ours = urlsplit(found.url).path.rstrip("/") == urlsplit(self._url).path.rstrip("/")
        self._known = found.url if ours else self._url, frozenset(self._allowed)

    async def watch(self, rest: Callable[[timedelta], Awaitable[None]] = pause) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await rest(LOOK)

    async def look(self) -> None:
        """Once: what was taken is taken back, and what was found is told."""
        try:
            found = await self._bot.get_webhook_info()
            self.taken = self._known is not None and _known(found) != self._known
            self._count(found)
        except Exception as error:
            # Whatever Telegram answers, the other duties go on; unseen for long, the heart stops.
            self._outage.failed(described(error))
            return
        self._tell("taken", self.taken)
        self._tell("deaf", self.deaf)
        if (self.taken or self.deaf) and not await self._set_again():
            return
        self._outage.over()
        self._on_look()

    async def _set_again(self) -> bool:
        # Also when we are only deaf: another secret than ours has the same address.
        try:
            await self.set()
        except Exception as error:
            self._outage.failed(described(error))
            return False
        return True

    def _count(self, found: WebhookInfo) -> None:
        # No clock is asked: that the failure is another one than at the last look is enough.
        at, before = found.last_error_date, self._failed_at
        again = self._looked and at is not None and at != before
        self._looked, self._failed_at = True, at
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
        if here or self._told.get(what):
            logger.error("the webhook is %s%s", "" if here else "no longer ", what)
        self._told[what] = here


def _known(found: WebhookInfo) -> tuple[str, frozenset[str]]:
    # Fewer kinds than ours, and every button is dead.
    return found.url, frozenset(found.allowed_updates or ())
