"""Telegram's flood limits, as a table. Pure; takes `now`."""

from collections import deque
from datetime import datetime, timedelta
from math import ceil

# How many messages in how long: to everyone, to one chat, to one group.
OVERALL = (30, timedelta(seconds=1))
PER_CHAT = (1, timedelta(seconds=1))
PER_GROUP = (20, timedelta(minutes=1))
SENDING = ("sendmessage", "sendphoto", "senddocument", "editmessagetext", "editmessagecaption")


class Floods:
    """Counts what was sent, and says how long to wait when it is too much."""

    def __init__(self, *, on: bool = False) -> None:
        self.on = on
        self._sent: dict[object, deque[datetime]] = {}

    def check(self, method: str, chat_id: int | None, now: datetime) -> int | None:
        """Seconds to wait, or None when the message may pass (it is then counted)."""
        if not self.on or method.lower() not in SENDING or chat_id is None:
            return None
        rules = [("overall", OVERALL), (chat_id, PER_CHAT)]
        if chat_id < 0:
            rules.append((("group", chat_id), PER_GROUP))
        waits = [self._wait(key, rule, now) for key, rule in rules]
        if max(waits) > 0:
            return max(1, ceil(max(waits)))
        for key, _ in rules:
            self._sent.setdefault(key, deque()).append(now)
        return None

    def _wait(self, key: object, rule: tuple[int, timedelta], now: datetime) -> float:
        allowed, window = rule
        sent = self._sent.setdefault(key, deque())
        while sent and now - sent[0] >= window:
            sent.popleft()
        if len(sent) < allowed:
            return 0.0
        return (sent[0] + window - now).total_seconds()
