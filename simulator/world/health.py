"""Asks the bot how it is, for the panel behind the scenes."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from simulator.world.changes import Changes

# Real seconds between two questions, and to wait for an answer.
EVERY, PATIENCE = 2.0, 2.0


class Health:
    """The last answer of the bot's `/healthz`; a bot that is down answers nothing."""

    def __init__(self, url: str, changes: Changes, tell: Callable[..., None]) -> None:
        self.url, self._changes, self._tell = url, changes, tell
        self.last: dict[str, Any] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self.url:
            self._task = asyncio.create_task(self._watch())

    def stop(self) -> None:
        if self._task:
            self._task.cancel()

    async def ask(self) -> None:
        """One question; the page is told when the answer differs."""
        answer = await asyncio.to_thread(read, self.url)
        if answer != self.last:
            self.last = answer
            self._tell("health", health=answer)

    async def _watch(self) -> None:
        while not self._changes.closing:
            await self.ask()
            await self._changes.until(lambda: False, EVERY)


def read(url: str) -> dict[str, Any] | None:
    """The JSON that the bot answers, with its HTTP status if it is bad; None if nobody does."""
    bad = {}
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as response:
            body = response.read()
    except urllib.error.HTTPError as error:
        with error:
            body, bad = error.read(), {"http": error.code}
    except OSError:
        return None
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer | bad if isinstance(answer, dict) else None
