"""Telegram's flood limits as a table, and when a chat may next be written to."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.message import Priority


@dataclass(frozen=True)
class Quota:
    """At most `count` messages in any `per`; the last `reserve` of them are kept for alerts."""

    count: int
    per: timedelta
    reserve: int = 0

    def free_at(self, sent: deque[datetime], priority: Priority) -> datetime | None:
        """When one more fits; None: it does already."""
        # A reserve: routine messages may fill the rest, and an alert still leaves at once.
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
    pace: timedelta
    """Between two routine slots, whatever their chats."""


# A little longer than Telegram's own second and minute: it counts arrivals, we count departures.
LIMITS_TELEGRAM = Limits(
    overall=Quota(30, timedelta(seconds=1.002), reserve=1),
    private=Quota(3, timedelta(seconds=3.02)),
    group=Quota(20, timedelta(seconds=61), reserve=2),
    gap=timedelta(seconds=1.02),
    pace=timedelta(seconds=0.0348),
)
LIMITS_NONE = None

CATCH_UP = timedelta(seconds=0.1)
"""A slot missed by so little is made good; one missed by more is lost, or a burst would follow."""
CHATS_KEPT = 2_000
"""So many chats are counted before those of long ago are forgotten."""
REMEMBERED = timedelta(hours=1)
"""Longer than any quota of Telegram's."""
GIVEN_BACK = 64
"""As many as may be counted and then given back at once."""


class Throttle:
    """What left lately, who is banned; it never waits, it tells until when to."""

    def __init__(self, limits: Limits | None = LIMITS_TELEGRAM) -> None:
        self._limits = limits
        self._all = _lately(limits.overall.count if limits else 1)
        self._chats: dict[int, deque[datetime]] = {}
        self._parked: dict[int | None, datetime] = {}
        self._slot: datetime | None = None

    def free_at(self, chat: int, priority: Priority, now: datetime) -> datetime:
        """The first instant, `now` or later, at which a message may leave for `chat`."""
        return max(self.slot_at(priority, now), self.chat_free_at(chat, priority, now))

    def slot_at(self, priority: Priority, now: datetime) -> datetime:
        """When a message may leave for any chat that is free itself."""
        self._forget_the_future(self._all, now)
        # Whether a ban is everybody's is a guess: an alert to another chat tries all the same.
        banned = None if priority is Priority.ALERT else self._parked.get(None)
        return _latest(now, banned, *self._overall(priority))

    def chat_free_at(self, chat: int, priority: Priority, now: datetime) -> datetime:
        """When this chat may be written to, as far as it alone decides."""
        sent = self._chats.get(chat)
        if sent is None:
            return _latest(now, self._parked.get(chat))
        self._forget_the_future(sent, now)
        return _latest(now, self._parked.get(chat), *self._own(chat, sent, priority))

    @property
    def counted(self) -> int:
        """Of how many chats it is known what left lately."""
        return len(self._chats)

    def sent(self, chat: int, now: datetime) -> None:
        """Count one message to `chat`."""
        if self._limits is None:
            return
        # From slot to slot, not from departure to departure: lateness does not add up.
        earliest = now - CATCH_UP
        slot = max(self._slot, earliest) if self._slot else now
        self._slot = slot + self._limits.pace
        self._all.append(now)
        if chat not in self._chats:
            if len(self._chats) >= CHATS_KEPT:
                self._forget_the_past(now)
            self._chats[chat] = _lately(self._quota(self._limits, chat).count)
        self._chats[chat].append(now)

    def give_back(self, chat: int) -> None:
        """The message counted last for `chat` did not leave after all."""
        if self._limits is None or not self._chats.get(chat):
            return
        self._all.remove(self._chats[chat].pop())
        if self._slot is not None:
            self._slot -= self._limits.pace

    def park(self, chat: int | None, until: datetime) -> None:
        """Telegram said 429: nothing more to `chat` (None: to anybody) before `until`."""
        # Two answers may come in any order: the longer ban holds.
        self._parked[chat] = max(until, self._parked.get(chat, until))

    def _overall(self, priority: Priority) -> Iterable[datetime | None]:
        if self._limits is None:
            return
        yield self._limits.overall.free_at(self._all, priority)
        if priority >= Priority.REMINDER:
            # Evenly, so that an alert never finds a whole second's quota just used up.
            yield self._slot

    def _own(
        self, chat: int, sent: deque[datetime], priority: Priority
    ) -> Iterable[datetime | None]:
        if self._limits is None:
            return
        yield self._quota(self._limits, chat).free_at(sent, priority)
        if priority >= Priority.REMINDER and sent:
            yield sent[-1] + self._limits.gap

    def _forget_the_future(self, sent: deque[datetime], now: datetime) -> None:
        # A clock that went back: what "left later than now" would block for long.
        while sent and sent[-1] > now:
            sent.pop()
            self._slot = None

    def _forget_the_past(self, now: datetime) -> None:
        """Of whoever was not written to for an hour nothing limits anything any more."""
        long_ago = now - REMEMBERED
        self._chats = {
            chat: sent for chat, sent in self._chats.items() if sent and sent[-1] > long_ago
        }
        self._parked = {chat: until for chat, until in self._parked.items() if until > now}

    @staticmethod
    def _quota(limits: Limits, chat: int) -> Quota:
        # Telegram numbers groups below zero.
        return limits.group if chat < 0 else limits.private


def _lately(count: int) -> deque[datetime]:
    return deque(maxlen=count + GIVEN_BACK)


def _latest(now: datetime, *others: datetime | None) -> datetime:
    return max([now, *(other for other in others if other is not None)])
