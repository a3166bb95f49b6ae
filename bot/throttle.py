"""Telegram's flood limits as a table, and when a chat may next be written to."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.message import Priority

SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Quota:
    """At most `count` messages in any `per`; the last `reserve` of them are kept for alerts."""

    count: int
    per: timedelta
    reserve: int = 0

    def free_at(self, sent: deque[datetime], priority: Priority) -> datetime | None:
        """When one more fits; None: it does already."""
        room = self.count if priority is Priority.ALERT else self.count - self.reserve
        return sent[-room] + self.per if len(sent) >= room else None


@dataclass(frozen=True)
class Limits:
    """What Telegram allows (core.telegram.org/bots/faq, "My bot is hitting limits")."""

    overall: Quota
    private: Quota
    group: Quota
    gap: timedelta
    """Between two routine messages to one chat: only people who wait may have a burst."""


# A little longer than Telegram's own second and minute: it counts arrivals, we count departures.
LIMITS_TELEGRAM = Limits(
    overall=Quota(30, timedelta(seconds=1.02), reserve=1),
    private=Quota(3, timedelta(seconds=3)),
    group=Quota(20, timedelta(seconds=61), reserve=2),
    gap=SECOND,
)
LIMITS_NONE = None


class Throttle:
    """What left lately, who is banned; it never waits, it tells until when to."""

    def __init__(self, limits: Limits | None = LIMITS_TELEGRAM) -> None:
        self._limits = limits
        self._all: deque[datetime] = deque(maxlen=limits.overall.count if limits else 1)
        self._chats: dict[int, deque[datetime]] = {}
        self._parked: dict[int | None, datetime] = {}

    def free_at(self, chat: int, priority: Priority, now: datetime) -> datetime:
        """The first instant, `now` or later, at which a message may leave for `chat`."""
        self._forget_the_future(chat, now)
        waits = [self._parked.get(None), self._parked.get(chat), *self._waits(chat, priority)]
        return max([now, *(wait for wait in waits if wait is not None)])

    def sent(self, chat: int, now: datetime) -> None:
        """Count one message to `chat`."""
        if self._limits is None:
            return
        self._all.append(now)
        quota = self._quota(self._limits, chat)
        self._chats.setdefault(chat, deque(maxlen=quota.count)).append(now)

    def park(self, chat: int | None, until: datetime) -> None:
        """Telegram said 429: nothing more to `chat` (None: to anybody) before `until`."""
        self._parked[chat] = max(until, self._parked.get(chat, until))

    def _waits(self, chat: int, priority: Priority) -> Iterable[datetime | None]:
        limits = self._limits
        if limits is None:
            return
        lately = self._chats.get(chat, deque())
        yield limits.overall.free_at(self._all, priority)
        yield self._quota(limits, chat).free_at(lately, priority)
        if priority < Priority.REMINDER:
            return
        # Even spacing, so that an alert never finds a whole second's quota just used up.
        everyone = limits.overall
        spacing = everyone.per / (everyone.count - everyone.reserve)
        yield self._all[-1] + spacing if self._all else None
        yield lately[-1] + limits.gap if lately else None

    def _forget_the_future(self, chat: int, now: datetime) -> None:
        # The machine's clock went back (NTP): what "left later than now" would block for long.
        for sent in (self._all, self._chats.get(chat)):
            while sent and sent[-1] > now:
                sent.pop()

    @staticmethod
    def _quota(limits: Limits, chat: int) -> Quota:
        # Telegram numbers groups below zero.
        return limits.group if chat < 0 else limits.private
