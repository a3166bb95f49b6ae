"""What stands in for the outside world in tests: the time, the words, the messenger."""

import json
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count

from telegram.request import BaseRequest

from bot.domain.message import Kind, Text, Value
from bot.store.letters import Letter


class FakeClock:
    """A clock that moves only when told to."""

    def __init__(self, now: datetime = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> datetime:
        """Move forward by timedelta's own words: `advance(hours=1)`."""
        self.now += timedelta(**amount)
        return self.now


def show(said: Text) -> str:
    """Name a text and its values, so that scenarios outlive the polishing of the French."""
    values = (f"{name}={_shown(value)}" for name, value in sorted(said.values.items()))
    return " ".join((said.key, *values))


def _shown(value: Value) -> str:
    match value:
        case Text():
            return f"({show(value)})"
        case tuple():
            return "".join(map(_shown, value)) or "()"
        case date():
            return value.isoformat()
    return str(value)


class Show:
    """Words that stay keys."""

    render = plain = staticmethod(show)


class FakeTransport:
    """A messenger that delivers at once, unless it was told how the next attempts go wrong."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.sent: list[tuple[datetime, Letter]] = []
        self.refused: list[tuple[datetime, Letter]] = []
        self.present: set[tuple[int, int]] = set()
        """(group, account) of those whom a look finds."""
        self._clock = clock
        self._ids = count(1)
        self._faults: defaultdict[int, deque[Exception]] = defaultdict(deque)

    def fail(self, chat: int, *faults: Exception) -> None:
        """The next attempts to reach this chat meet these, one each."""
        self._faults[chat].extend(faults)

    def recover(self) -> None:
        """What was to go wrong does not any more."""
        self._faults.clear()

    def to(self, chat: int) -> list[Letter]:
        """What reached a chat, in order."""
        return [letter for _, letter in self.sent if letter.chat_id == chat]

    async def deliver(self, letter: Letter) -> int | None:
        faults = self._faults[letter.chat_id]
        if faults:
            self.refused.append((self._clock(), letter))
            raise faults.popleft()
        self.sent.append((self._clock(), letter))
        if letter.kind is Kind.LOOK:
            return 1 if (letter.chat_id, letter.payload["user_id"]) in self.present else None
        return next(self._ids)


class FakeTelegram(BaseRequest):
    """PTB's network: it knows the bot's name, and anything else fails the test."""

    read_timeout = None

    async def initialize(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass

    async def do_request(self, url: str, *_: object, **__: object) -> tuple[int, bytes]:
        if not url.endswith("/getMe"):
            raise AssertionError(f"a handler called Telegram: {url.rpartition('/')[2]}")
        me = {"id": 1, "is_bot": True, "first_name": "Relais", "username": "relais_bot"}
        return 200, json.dumps({"ok": True, "result": me}).encode()
