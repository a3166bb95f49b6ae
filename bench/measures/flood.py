"""600 messages to 60 groups under strict limits, beside PTB's AIORateLimiter.

The API accepts 30 in any second, one a second for each chat, 20 a minute for each group, and
answers 429 otherwise. The messages wait before the process starts, the groups either in turn or
one group after the other. What runs side by side here waits for limits, not for the processor.
"""

import importlib.util
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench import inside
from bench.api import Api
from bench.limits import Limits
from bench.line import ROUNDS, Goal, Line, skip
from bench.process import Process, bot

MESSAGES, GROUPS, FIRST_GROUP = 600, 60, -1000000003000
SILENT = 25.0
"""Seconds without a message accepted after which the rest is lost."""
ROUND_ROBIN, GROUPED = "in turn", "group after group"
RATES = {ROUND_ROBIN: 28.5, GROUPED: 28.0}
LIMITER = "AIORateLimiter"
Letters = list[tuple[int, str]]


@dataclass(frozen=True)
class Sent:
    """What became of the messages."""

    rate: float
    refused: float
    lost: float


Run = Callable[[Api, Path, Letters], Sent]


def measure() -> list[Line]:
    limiter = importlib.util.find_spec("aiolimiter") is not None
    senders: dict[str, Run] = {"ours": ours}
    if limiter:
        senders[LIMITER] = peer
    taken: dict[tuple[str, str], list[Sent]] = {}
    for _ in range(ROUNDS):
        for key, sent in _round(senders):
            taken.setdefault(key, []).append(sent)
    lines = [line for order in RATES for line in _lines(order, taken)]
    if not limiter:
        lines.append(skip("flood, AIORateLimiter", "aiolimiter is not installed"))
    return lines


def _round(senders: dict[str, Run]) -> list[tuple[tuple[str, str], Sent]]:
    keys = [(name, order) for order in RATES for name in senders]
    with ThreadPoolExecutor(len(keys)) as pool:
        sent = pool.map(lambda key: _one(senders[key[0]], key[1]), keys)
    return list(zip(keys, sent, strict=True))


def _one(run: Run, order: str) -> Sent:
    with TemporaryDirectory() as folder, Api(limits=Limits()) as api:
        return run(api, Path(folder), letters(api, order))


def letters(api: Api, order: str) -> Letters:
    groups = [FIRST_GROUP - place for place in range(GROUPS)]
    api.chats.known.update(groups)
    each = MESSAGES // GROUPS
    chats = groups * each if order == ROUND_ROBIN else sorted(groups * each)
    return [(chat, f"Message {n} à {chat}") for n, chat in enumerate(chats)]


def ours(api: Api, folder: Path, waiting: Letters) -> Sent:
    inside.write_letters(folder, waiting)
    with bot(api, folder):
        return until_sent(api)


def peer(api: Api, folder: Path, waiting: Letters) -> Sent:
    file = folder / "letters.json"
    file.write_text(json.dumps(waiting), encoding="utf-8")
    with ended(("bench.peers.limiter", api.url, str(file)), folder) as process:
        return until_sent(api, process.ended)


@contextmanager
def ended(words: tuple[str, ...], folder: Path) -> Iterator[Process]:
    process = Process(words, folder, {})
    try:
        yield process
    finally:
        process.kill()


def until_sent(api: Api, over: Callable[[], bool] = lambda: False) -> Sent:
    """Wait until all are accepted, or no more comes."""
    began = perf_counter()

    def arrived() -> Sequence[float]:
        return [call.at for call in api.accepted("sendMessage") if call.chat <= FIRST_GROUP]

    def reached() -> bool:
        times = arrived()
        last = times[-1] if times else began
        return len(times) >= MESSAGES or over() or perf_counter() - last > SILENT

    api.until(reached, "the messages", patience=180, look=0.2)
    times = arrived()
    rate = len(times) / (times[-1] - times[0])
    return Sent(rate, api.refused(), MESSAGES - len(times))


def _lines(order: str, taken: dict[tuple[str, str], list[Sent]]) -> list[Line]:
    mine, theirs = taken["ours", order], taken.get((LIMITER, order), [])
    name = LIMITER if theirs else ""

    def line(what: str, unit: str, goal: Goal) -> Line:
        field = {"msg/s": "rate", "429s": "refused", "lost": "lost"}[unit]
        values = [[getattr(sent, field) for sent in each] for each in (mine, theirs)]
        return Line(f"600 to 60 groups, {order}{what}", unit, values[0], name, values[1], goal)

    return [
        line("", "msg/s", Goal("ours", "≥", RATES[order])),
        line(", refused", "429s", Goal("ours", "≤", 1)),
        line(", lost", "lost", Goal("ours", "≤", 0)),
    ]
