"""What waits to leave, as this process knows it: the next letter is found without a search.

Letters of one chat form a lane and leave in order. A lane is either ready (in a heap by its
first letter), asleep until its chat is free, or held by a letter on its way.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from bot.domain.message import Kind, Priority
from bot.store.letters import Head
from bot.throttle import Throttle

UNLIMITED = frozenset({Kind.POPUP, Kind.MENU, Kind.LOOK})
"""Not messages: Telegram's flood limits do not count them."""
ALERT_LANES = 8
"""Kept free: an alert does not wait for routine messages that hang."""
HANGS_AFTER = timedelta(seconds=2)
"""A letter on its way for so long hangs, and gives its lane to others."""
MOST_HANGING = 48
"""With these a connection is left for whatever is on its way besides."""
SLOW_LANES = 4
"""For what is routine to chats whose last letter was never answered, all together."""
POPUPS = 64
"""Pop-ups on their way at once; each belongs to its tap and needs no lane."""
PATIENCE = 10
"""A letter tried this often no longer holds up those behind it in its chat."""


@dataclass(slots=True, eq=False)
class Lane:
    """What keeps its order."""

    waiting: list[tuple[Priority, int, int, Head]] = field(default_factory=list)
    """By priority and age; a number that no two share keeps letters from being compared."""
    alerts: int = 0
    others: int = 0
    stamp: int = 0
    """Of its last place in a heap; older places are void."""

    @property
    def may_go(self) -> bool:
        """Whether what is on its way lets the first one go beside it."""
        if not self.waiting:
            return False
        # An alert does not wait behind a routine message that hangs, not even in its own chat.
        return not self.alerts and (not self.others or self.waiting[0][0] is Priority.ALERT)


Place = tuple[Priority, int, int, int, Lane]


class Queue:
    """Every letter that waits, once; the most urgent first."""

    def __init__(self, throttle: Throttle, lanes: int) -> None:
        self._throttle = throttle
        self._most = lanes
        self._known: dict[int, Head] = {}
        self._lanes: dict[Hashable, Lane] = {}
        self._limited: list[Place] = []
        self._unlimited: list[Place] = []
        self._asleep: list[tuple[datetime, int, Lane]] = []
        self._aside: list[tuple[datetime, int, int, Head]] = []
        self._stamps = count(1)
        self._popups = 0
        self._since: dict[int, datetime] = {}
        """When each of those in a lane left, the oldest first."""
        self._hanging: set[int] = set()
        self._slow: set[int] = set()
        """Chats whose last letter was not answered in time."""
        self._held: list[tuple[int, Lane]] = []
        """Of slow chats: they wait until one of the slow lanes is free."""
        self.next_at: datetime | None = None
        """When something may leave that may not leave now."""

    def __contains__(self, letter_id: int) -> bool:
        return letter_id in self._known

    def add(self, head: Head, *, aside: bool = False) -> None:
        """Let it wait for its turn; one that is known already has its turn.

        One put aside holds up nobody until its time has come.
        """
        if head.id in self._known:
            return
        self._known[head.id] = head
        # Its chat must not wait for a letter that may never leave.
        if head.not_before is not None and (aside or head.attempts >= PATIENCE):
            heappush(self._aside, (head.not_before, head.id, next(self._stamps), head))
        else:
            self._put(head)

    def keep_only(self, ids: set[int], chat: int | None = None) -> None:
        """Forget what waits (for one chat) and is not among these any more."""
        gone = [
            head
            for head in self._known.values()
            if head.id not in ids and chat in (None, head.chat_id)
        ]
        for head in gone:
            del self._known[head.id]
        for lane in {id(lane): lane for lane in map(self._lane, gone)}.values():
            self._rank(lane)

    def hasten(self) -> None:
        """Nobody waits for his next attempt any more."""
        for head in self._known.values():
            if head.not_before is not None:
                head.not_before = None
                self._rank(self._lane(head))
        for head in self._emptied_aside():
            self._put(head)

    def choose(self, now: datetime) -> list[Head]:
        """What may leave now, counted as on its way: chosen at the last instant."""
        self._wake_up(now)
        self._give_up_lanes(now)
        self.next_at = None
        chosen = [*self._take(self._unlimited, now), *self._take(self._limited, now)]
        self._soon(self._aside[0][0] if self._aside else None)
        self._soon(self._asleep[0][0] if self._asleep else None)
        if self._limited or self._unlimited:
            self._soon(next((at + HANGS_AFTER for at in self._since.values()), None))
        return chosen

    def put_back(self, head: Head) -> None:
        """It did not leave: it waits as before."""
        self.landed(head)
        if head.kind not in UNLIMITED:
            self._throttle.give_back(head.chat_id)
        self.add(head)

    def forget(self, head: Head) -> None:
        """Whoever has it, it is not ours to send."""
        self.landed(head)
        if head.kind not in UNLIMITED:
            self._throttle.give_back(head.chat_id)

    def answered(self, head: Head, *, in_time: bool) -> None:
        """Whether its chat was heard of: one that hangs may do so again."""
        if in_time:
            self._slow.discard(head.chat_id)
        elif head.kind is not Kind.POPUP:
            self._slow.add(head.chat_id)

    def landed(self, head: Head) -> None:
        """It is no longer on its way."""
        lane = self._lane(head)
        self._count(head, lane, -1)
        held, self._held = self._held, []
        for stamp, each in held:
            if stamp == each.stamp:
                self._rank(each)
        self._rank(lane)
        if not lane.waiting and not lane.alerts and not lane.others:
            del self._lanes[_lane_of(head)]

    def _put(self, head: Head) -> None:
        lane = self._lane(head)
        heappush(lane.waiting, (head.priority, head.id, next(self._stamps), head))
        self._rank(lane)

    def _rank(self, lane: Lane) -> None:
        """Give it the place that its first letter deserves."""
        while lane.waiting and not self._waits(lane.waiting[0][3]):
            heappop(lane.waiting)
        lane.stamp = next(self._stamps)
        if lane.may_go:
            priority, number, _, head = lane.waiting[0]
            # Of routine chats the fullest first: no tail of slow ones is left at the end.
            fullest = -len(lane.waiting) if priority >= Priority.REMINDER else 0
            heap = self._unlimited if head.kind in UNLIMITED else self._limited
            heappush(heap, (priority, fullest, number, lane.stamp, lane))

    def _give_up_lanes(self, now: datetime) -> None:
        """What hangs holds up its own chat, and nobody else."""
        while self._since and len(self._hanging) < MOST_HANGING:
            number, since = next(iter(self._since.items()))
            if now - since < HANGS_AFTER:
                return
            del self._since[number]
            self._hanging.add(number)

    def _wake_up(self, now: datetime) -> None:
        while self._asleep and self._is_over(self._asleep[0], now):
            _, stamp, lane = heappop(self._asleep)
            if stamp == lane.stamp:
                self._rank(lane)
        while self._aside and self._aside[0][0] <= now:
            head = heappop(self._aside)[3]
            head.not_before = None
            if self._waits(head):
                self._put(head)

    @staticmethod
    def _is_over(asleep: tuple[datetime, int, Lane], now: datetime) -> bool:
        until, stamp, lane = asleep
        return until <= now or stamp != lane.stamp

    def _waits(self, head: Head) -> bool:
        return self._known.get(head.id) is head

    def _emptied_aside(self) -> list[Head]:
        aside, self._aside = self._aside, []
        return [head for *_, head in aside if self._waits(head)]

    def _take(self, heap: list[Place], now: datetime) -> Iterator[Head]:
        while heap:
            priority, _, _, stamp, lane = heap[0]
            if stamp != lane.stamp:
                heappop(heap)
                continue
            head = lane.waiting[0][3]
            if self._is_slow(head) and len(self._hanging) >= SLOW_LANES:
                heappop(heap)
                self._held.append((stamp, lane))
                continue
            # The first of the heap has to wait: whoever is behind it is no more urgent.
            if not self._has_room(head) or not self._has_slot(head, priority, now):
                return
            heappop(heap)
            free_at = self._free_at(head, now)
            if free_at > now:
                heappush(self._asleep, (free_at, stamp, lane))
                continue
            yield self._depart(head, lane, now)

    def _is_slow(self, head: Head) -> bool:
        # An alert is always tried: perhaps its chat is heard of again.
        slow = head.chat_id in self._slow and head.kind is not Kind.POPUP
        return slow and head.priority is not Priority.ALERT

    def _has_room(self, head: Head) -> bool:
        if head.kind is Kind.POPUP:
            return self._popups < POPUPS
        if self._is_slow(head):
            return True
        # Routine letters that hang for their full timeout hold all the other lanes.
        reserve = ALERT_LANES if head.priority is Priority.ALERT else 0
        return len(self._since) < self._most + reserve

    def _has_slot(self, head: Head, priority: Priority, now: datetime) -> bool:
        if head.kind in UNLIMITED:
            return True
        at = self._throttle.slot_at(priority, now)
        # Whoever comes after it in the heap is less urgent, and has to wait as long.
        self._soon(at if at > now else None)
        return at <= now

    def _free_at(self, head: Head, now: datetime) -> datetime:
        waits = head.not_before or now
        if head.kind in UNLIMITED:
            return waits
        return max(waits, self._throttle.chat_free_at(head.chat_id, head.priority, now))

    def _depart(self, head: Head, lane: Lane, now: datetime) -> Head:
        heappop(lane.waiting)
        del self._known[head.id]
        self._count(head, lane, 1)
        if self._is_slow(head):
            self._hanging.add(head.id)
        elif head.kind is not Kind.POPUP:
            self._since[head.id] = now
        if head.kind not in UNLIMITED:
            # Counted as it leaves: Telegram counts it too, whether or not it answers.
            self._throttle.sent(head.chat_id, now)
        self._rank(lane)
        return head

    def _count(self, head: Head, lane: Lane, by: int) -> None:
        if head.priority is Priority.ALERT:
            lane.alerts += by
        else:
            lane.others += by
        if head.kind is Kind.POPUP:
            self._popups += by
        elif by < 0:
            self._since.pop(head.id, None)
            self._hanging.discard(head.id)

    def _lane(self, head: Head) -> Lane:
        key = _lane_of(head)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane()
        return lane

    def _soon(self, at: datetime | None) -> None:
        if at is not None and (self.next_at is None or at < self.next_at):
            self.next_at = at


def _lane_of(head: Head) -> Hashable:
    if head.kind is Kind.POPUP:
        # A pop-up belongs to its tap, and has no order with what is said in the chat.
        return head.kind, head.id
    return (head.kind if head.kind in UNLIMITED else Kind.SEND), head.chat_id
