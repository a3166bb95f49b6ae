"""The bot's queue of updates: what waits, what was acknowledged, which kinds are wanted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Update = dict[str, Any]

FIRST_ID = 700_000_001
# Telegram keeps updates for 24 hours.
KEPT = timedelta(hours=24)
MAX_BATCH = 100
# Kinds that must be asked for by name.
ON_REQUEST = ("chat_member", "message_reaction", "message_reaction_count")


@dataclass
class Inbox:
    """Updates in order; those before the last offset are gone."""

    waiting: list[tuple[datetime, Update]] = field(default_factory=list)
    next_id: int = FIRST_ID
    allowed: tuple[str, ...] = ()
    lost: int = 0

    def add(self, kind: str, content: object, now: datetime) -> bool:
        """Queue an update of a wanted kind."""
        if not self._wants(kind):
            return False
        self.waiting.append((now, {"update_id": self.next_id, kind: content}))
        self.next_id += 1
        return True

    def allow(self, kinds: Sequence[str]) -> None:
        """An empty list means the default kinds."""
        self.allowed = tuple(kinds)

    def acknowledge(self, offset: int) -> None:
        """Forget what came before the offset; a negative one counts from the end."""
        if offset < 0:
            self.waiting = self.waiting[offset:]
        else:
            self.waiting = [(at, u) for at, u in self.waiting if u["update_id"] >= offset]

    def expire(self, now: datetime) -> None:
        """Drop what Telegram would have dropped."""
        kept = [(at, update) for at, update in self.waiting if now - at < KEPT]
        self.lost += len(self.waiting) - len(kept)
        self.waiting = kept

    def peek(self, limit: int = MAX_BATCH) -> list[Update]:
        """The oldest updates, still unacknowledged."""
        return [update for _, update in self.waiting[:limit]]

    def _wants(self, kind: str) -> bool:
        if self.allowed:
            return kind in self.allowed
        return kind not in ON_REQUEST
