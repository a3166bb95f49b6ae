"""The sign of life to the outside, given only while everything is explained.

Whoever watches the address raises the alarm when it stays silent: the one failure that the bot
cannot tell by itself is its own.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

import aiohttp

from bot.clock import pause

logger = logging.getLogger(__name__)

EVERY = timedelta(minutes=10)
TIMEOUT = aiohttp.ClientTimeout(total=20)
YOUNG = timedelta(minutes=2)
"""Longer than any long poll, any pause after a fault and any ring."""


class Pulse:
    """When each duty last did its work, on a time that never jumps."""

    def __init__(
        self, duties: Iterable[str], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic = monotonic
        self._at = dict.fromkeys(duties, monotonic())

    def begin(self) -> None:
        """From now on they are done here: what was not done before is no fault."""
        self._at = dict.fromkeys(self._at, self._monotonic())

    def note(self, duty: str) -> Callable[[], None]:
        """What that duty calls each time its work is done."""

        def noted() -> None:
            self._at[duty] = self._monotonic()

        return noted

    def old(self) -> list[str]:
        """The duties that did nothing lately."""
        before = self._monotonic() - YOUNG.total_seconds()
        return [duty for duty, at in self._at.items() if at < before]


async def beat(
    url: str,
    explained: Callable[[], bool],
    pulse: Pulse | None = None,
    *,
    rest: Callable[[timedelta], Awaitable[None]] = pause,
) -> None:
    """Call `url` for ever, but never while something is unexplained or a duty is not done."""
    async with aiohttp.ClientSession(timeout=TIMEOUT, trust_env=True) as session:
        while True:
            try:
                await _beat_once(session, url, explained, pulse.old() if pulse else [])
            except Exception as error:
                # Whatever it is, it silences this beat and not the bot.
                logger.error("no heartbeat: %s", type(error).__name__)
            # On machine time: in training too, the outside watches the real one.
            await rest(EVERY)


async def _beat_once(
    session: aiohttp.ClientSession, url: str, explained: Callable[[], bool], old: list[str]
) -> None:
    if old:
        logger.error("no heartbeat: nothing lately from %s", ", ".join(old))
        return
    # Whatever else it gives is no proof.
    if explained() is not True:
        logger.error("no heartbeat: something is unexplained")
        return
    try:
        async with session.get(url) as answer:
            answer.raise_for_status()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        logger.warning("the heartbeat was not heard: %s", type(error).__name__)
