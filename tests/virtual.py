"""A loop whose time goes by only when nobody has anything to do."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
START = datetime(2026, 3, 2, 8, tzinfo=UTC)


class _Selector(selectors.SelectSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "everybody waits for somebody else"
        ready = super().select(0)
        if not ready:
            self.now += max(timeout, 0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An hour of it takes as long as what is done in that hour."""

    def __init__(self) -> None:
        self.selector = _Selector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now

    def wall(self) -> datetime:
        """The same as an instant."""
        return START + timedelta(seconds=self.selector.now)


def play(loop: VirtualLoop, coroutine: Coroutine[Any, Any, T]) -> T:
    """Run it to its end in a time of its own."""
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()
