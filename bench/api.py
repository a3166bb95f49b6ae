"""A Bot API on a loopback port, in a thread: raw asyncio, far faster than any bot beside it.

It speaks as Telegram does, counts and times every call, adds a round trip and flood limits.
"""

import asyncio
import json
import math
import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from threading import Thread
from time import monotonic, perf_counter, sleep
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from bench.chats import MESSAGES, Chats, Wrong, query_of, tapped, typed
from bench.limits import Gate, Limits

TOKEN = "100200300:bench-token-of-nobody-0000000000000"
BATCH = 100
"""The most that getUpdates gives at once."""
PATIENCE = 120.0
CALM = 0.06
"""Seconds of silence after which everything was said."""
LOOK = 0.01
"""Seconds between two looks of somebody who waits."""
PART = re.compile(rb'name="([^"]+)"[^\r]*\r\n(?:[^\r\n]+\r\n)*\r\n(.*?)\r\n--', re.DOTALL)
LONGEST_PART = 20_000


class Call(NamedTuple):
    """One request of the bot."""

    at: float
    method: str
    chat: int
    text: str
    query: str
    status: int


class Api:
    """What the bot talks to, and what people press."""

    def __init__(self, *, limits: Limits | None = None) -> None:
        self.chats = Chats()
        self.rtt = 0.0
        self.calls: list[Call] = []
        self.put: dict[str, float] = {}
        """When each tap was queued, by its query."""
        self.answered: dict[str, float] = {}
        self.first_poll = 0.0
        self._gate = Gate(limits) if limits else None
        self._queue: deque[tuple[int, bytes]] = deque()
        self._number = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self.url = ""

    def __enter__(self) -> "Api":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(PATIENCE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    async def _open(self) -> None:
        self._server = await self._loop.create_server(lambda: Wire(self), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _shut(self) -> None:
        assert self._server is not None
        self._server.close()
        pending = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    # What people do

    def say(self, person: int, text: str, chat: int = 0) -> int:
        """Write a line; gives the number of the update."""
        self.chats.known |= {person, chat or person}
        number = self.numbers(1)[0]
        self._deliver([(number, typed(number, person, text, chat))])
        return number

    def press(self, person: int, chat: int, message: int, data: str) -> str:
        """Press a button; gives the query."""
        return self.pour([(person, chat, message, data)])[0]

    def pour(self, taps: Sequence[tuple[int, int, int, str]]) -> list[str]:
        """Queue taps at once; gives their queries."""
        numbers = self.numbers(len(taps))
        made = [(n, tapped(n, *tap)) for n, tap in zip(numbers, taps, strict=True)]
        self.chats.asked |= {query_of(n) for n in numbers}
        self._deliver(made)
        return [query_of(n) for n in numbers]

    def pace(self, taps: Sequence[tuple[int, int, int, str]], rate: float) -> None:
        """Press one after the other, `rate` a second, whether or not they are answered."""
        begin = perf_counter()
        for place, tap in enumerate(taps):
            rest = begin + place / rate - perf_counter()
            if rest > 0:
                sleep(rest)
            self.pour([tap])

    def say_and_wait(self, person: int, text: str, chat: int = 0) -> None:
        """Write a line, and read until nothing more comes."""
        before = len(self.calls)
        self.say(person, text, chat)
        self.until(lambda: len(self.calls) > before, f"an answer to {text}")
        self.until_quiet(CALM)

    def press_and_wait(self, person: int, chat: int, message: int, data: str) -> None:
        """Press, and read until nothing more comes."""
        query = self.press(person, chat, message, data)
        self.until(lambda: query in self.answered, f"an answer to {data}")
        self.until_quiet(CALM)

    def rest(self) -> None:
        """Wait a moment for what is still under way."""
        sleep(5 * LOOK)

    def numbers(self, count: int) -> range:
        self._number += count
        return range(self._number - count + 1, self._number + 1)

    def _deliver(self, made: Iterable[tuple[int, dict[str, Any]]]) -> None:
        ready = [(number, json.dumps(update).encode()) for number, update in made]

        def deliver() -> None:
            now = perf_counter()
            self.put.update((query_of(number), now) for number, _ in ready)
            self._queue.extend(ready)
            self._wake()

        self._loop.call_soon_threadsafe(deliver)

    def _wake(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    # What is seen

    def forget(self) -> None:
        """Begin to count anew."""
        self.calls, self.put, self.answered = [], {}, {}

    def begin_anew(self, limits: Limits | None) -> None:
        """Another process comes, under these limits."""
        self.forget()
        self._gate = Gate(limits) if limits else None
        self.first_poll = 0.0

    def until(
        self,
        reached: Callable[[], bool],
        what: str,
        patience: float = PATIENCE,
        look: float = LOOK,
    ) -> None:
        """Wait until it is so; fails when it does not come."""
        end = monotonic() + patience
        while not reached():
            if monotonic() > end:
                raise TimeoutError(f"not in {patience:.0f} s: {what}")
            sleep(look)

    def until_quiet(self, seconds: float, patience: float = PATIENCE) -> None:
        """Wait until nothing was asked of us for so long, updates all delivered."""

        def quiet() -> bool:
            last = self.calls[-1].at if self.calls else 0.0
            return not self._queue and perf_counter() - last > seconds

        self.until(quiet, "silence", patience)

    def accepted(self, *methods: str) -> list[Call]:
        """The calls of these methods that were accepted."""
        return [call for call in list(self.calls) if call.status == 200 and call.method in methods]

    def refused(self, status: int = 429) -> int:
        return sum(call.status == status for call in list(self.calls))

    # What the bot asks

    def ask(self, method: str, given: dict[str, Any], now: float) -> tuple[int, bytes]:
        """Status and body of the answer to anything but getUpdates."""
        chat = int(given.get("chat_id") or 0)
        status, body = self._ask(method, given, chat, now)
        query = str(given.get("callback_query_id") or "")
        text = str(given.get("text") or "")
        self.calls.append(Call(now, method, chat, text, query, status))
        if query and status == 200:
            self.answered.setdefault(query, now)
        return status, body

    def _ask(self, method: str, given: dict[str, Any], chat: int, now: float) -> tuple[int, bytes]:
        wait = self._gate.wait(chat, now) if self._gate and method in MESSAGES else 0.0
        if wait > 0:
            return _too_many(math.ceil(wait))
        try:
            return 200, json.dumps({"ok": True, "result": self.chats.call(method, given)}).encode()
        except Wrong as wrong:
            said = {"ok": False, "error_code": 400, "description": f"Bad Request: {wrong}"}
            return 400, json.dumps(said).encode()

    async def updates(self, given: dict[str, Any]) -> bytes:
        """A long poll; the offset confirms what came before it."""
        self.first_poll = self.first_poll or perf_counter()
        offset = int(given.get("offset") or 0)
        while self._queue and self._queue[0][0] < offset:
            self._queue.popleft()
        if not self._queue:
            await self._wait(float(given.get("timeout") or 0))
        size = min(BATCH, int(given.get("limit") or BATCH), len(self._queue))
        batch = b",".join(self._queue[place][1] for place in range(size))
        return b'{"ok":true,"result":[' + batch + b"]}"

    async def _wait(self, seconds: float) -> None:
        waiter = self._loop.create_future()
        self._waiting.append(waiter)
        await asyncio.wait([waiter], timeout=seconds)


def _too_many(seconds: int) -> tuple[int, bytes]:
    said = {
        "ok": False,
        "error_code": 429,
        "description": f"Too Many Requests: retry after {seconds}",
        "parameters": {"retry_after": seconds},
    }
    return 429, json.dumps(said).encode()


class Wire(asyncio.Protocol):
    """One connection: HTTP/1.1 with keep-alive, one request at a time."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._read = b""
        self._busy = False
        self._polling: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._transport = None
        if self._polling is not None:
            self._polling.cancel()

    def data_received(self, data: bytes) -> None:
        self._read += data
        self._next()

    def _next(self) -> None:
        while not self._busy and self._transport is not None:
            end = self._read.find(b"\r\n\r\n") + 4
            if end < 4:
                return
            head = self._read[:end].lower()
            length = _length(head)
            if len(self._read) < end + length:
                return
            path = self._read[: self._read.find(b"\r\n")].split(b" ")[1].decode()
            body, self._read = self._read[end : end + length], self._read[end + length :]
            self._serve(path, head, body)

    def _serve(self, path: str, head: bytes, body: bytes) -> None:
        path, _, query = path.partition("?")
        method = path.rpartition("/")[2]
        given = dict(parse_qsl(query)) | _fields(head, body)
        if TOKEN not in path:
            self._write(401, b'{"ok":false,"error_code":401,"description":"Unauthorized"}')
        elif method.lower() == "getupdates":
            self._busy = True
            self._polling = self._loop.create_task(self._poll(given))
        else:
            status, answer = self._api.ask(method, given, perf_counter())
            self._answer(status, answer)

    async def _poll(self, given: dict[str, Any]) -> None:
        answer = await self._api.updates(given)
        self._busy = False
        self._answer(200, answer)
        self._next()

    def _answer(self, status: int, body: bytes) -> None:
        if not self._api.rtt:
            self._write(status, body)
            return
        self._busy = True
        self._loop.call_later(self._api.rtt, self._late, status, body)

    def _late(self, status: int, body: bytes) -> None:
        self._busy = False
        self._write(status, body)
        self._next()

    def _write(self, status: int, body: bytes) -> None:
        if self._transport is not None:
            head = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            self._transport.write(head % (status, len(body)) + body)


def _length(head: bytes) -> int:
    place = head.find(b"content-length:")
    return int(head[place + 15 : head.find(b"\r\n", place)]) if place >= 0 else 0


def _fields(head: bytes, body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    if b"multipart/form-data" in head:
        parts = ((key.decode(), part) for key, part in PART.findall(body))
        return {
            key: part.decode(errors="replace") for key, part in parts if len(part) < LONGEST_PART
        }
    if b"application/json" in head:
        found: dict[str, Any] = json.loads(body)
        return found
    return dict(parse_qsl(body.decode()))
