"""Telegram's flood limits as the loopback API applies them: a plain count, no mercy."""

from collections import deque
from dataclasses import dataclass

SLACK = 0.05
"""Share of a chat's second that is forgiven, for the clocks of two processes."""


@dataclass(frozen=True)
class Limits:
    """At most `overall` in any second, `chat` a second to a chat, `group` a minute to a group."""

    overall: int = 30
    chat: float = 1.0
    group: int = 20
    minute: float = 60.0


class Gate:
    """Counts what was accepted; tells how long the next one has to wait."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._all: deque[float] = deque()
        self._groups: dict[int, deque[float]] = {}
        self._last: dict[int, float] = {}

    def wait(self, chat: int, now: float) -> float:
        """Seconds until one more to this chat is accepted; 0: it is, and counts."""
        limits = self._limits
        gap = (1 - SLACK) / limits.chat
        group = self._groups.setdefault(chat, deque()) if chat < 0 else deque[float]()
        waits = (
            _over(self._all, limits.overall, 1.0, now),
            _over(group, limits.group, limits.minute, now),
            self._last.get(chat, now - gap) + gap - now,
        )
        longest = max(waits)
        if longest > 0:
            return longest
        self._all.append(now)
        group.append(now)
        self._last[chat] = now
        return 0.0


def _over(accepted: deque[float], room: int, window: float, now: float) -> float:
    while accepted and accepted[0] <= now - window:
        accepted.popleft()
    return accepted[0] + window - now if len(accepted) >= room else 0.0
