"""The sign of life to the outside, given only while everything is explained.

Whoever watches the address raises the alarm when it stays silent: the one failure that the bot
cannot tell by itself is its own.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

import aiohttp

from bot.clock import pause

logger = logging.getLogger(__name__)

EVERY = timedelta(minutes=10)
TIMEOUT = aiohttp.ClientTimeout(total=20)


async def beat(url: str, unexplained: Callable[[], list[str]]) -> None:
    """Call `url` for ever, but never while something is unexplained."""
    async with aiohttp.ClientSession(timeout=TIMEOUT, trust_env=True) as session:
        while True:
            await _beat_once(session, url, unexplained())
            await pause(EVERY)


async def _beat_once(session: aiohttp.ClientSession, url: str, found: list[str]) -> None:
    if found:
        logger.error("no heartbeat: %d unexplained, first: %s", len(found), found[0])
        return
    try:
        async with session.get(url) as answer:
            answer.raise_for_status()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        logger.warning("the heartbeat was not heard: %s", type(error).__name__)
