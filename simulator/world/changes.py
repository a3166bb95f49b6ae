"""Tells whoever waits for a condition that something has changed, so that they look again."""

import asyncio
from collections.abc import Callable


class Changes:
    """Lets coroutines wait for a condition without polling."""

    def __init__(self) -> None:
        self._waiters: set[asyncio.Future[None]] = set()
        self.closing = False

    def notify(self) -> None:
        """Wake everyone who waits."""
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def close(self) -> None:
        """Let every long poll end, so that the server can stop."""
        self.closing = True
        self.notify()

    async def until(self, holds: Callable[[], bool], patience: float) -> bool:
        """Wait until the condition holds; False when the time is up first."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        while not holds():
            left = deadline - loop.time()
            if left <= 0 or self.closing:
                return False
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters.add(waiter)
            await asyncio.wait([waiter], timeout=left)
            self._waiters.discard(waiter)
        return True
