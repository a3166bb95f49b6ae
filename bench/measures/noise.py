"""From a tap to its answer while somebody else sends 200 messages a second, beside nobody.

The noise comes from an account that has not joined, then from a member; half of what they send
is as long as Telegram lets it be. The limits are those of a real bot.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from bench.api import Api
from bench.line import ROUNDS, Goal, Line, percentile
from bench.process import bot
from bench.stage import TEAM
from bench.town import Box, Town, alternately

STRANGER, NOISE = 9001, 200.0
PEOPLE, TAPS, RATE, WARM_UP = 4, 75, 25.0, 20
WORDS = ("bonjour", "le patient va bien, on a fait le point à 14 h 30. " * 80)
IDLE, OUTSIDE, INSIDE = "nobody", "a stranger", "a member"
SHARES = {"p50": 0.5, "p99": 0.99}
LEFT = 5.0
"""Seconds after the noise at which its answers should have left."""


def measure() -> list[Line]:
    taken: dict[str, list[Sequence[float]]] = {IDLE: [], OUTSIDE: [], INSIDE: []}
    with TemporaryDirectory() as folder, Api() as api:
        boxes, loud = settled(api, Path(folder))
        with bot(api, Path(folder)):
            _rounds(api, boxes, loud, taken)
    return [
        _line(f"tap to answer beside {name} at 200/s, {share}", share, taken[name], taken[IDLE])
        for name in (OUTSIDE, INSIDE)
        for share in SHARES
    ]


def settled(api: Api, folder: Path) -> tuple[list[Box], int]:
    """The checklists of three people, and a fourth one; made without limits, it takes no time."""
    with bot(api, folder, FLOOD_LIMITS="none"):
        town = Town(api)
        town.gather(**{TEAM: PEOPLE})
        *people, loud = town.members[TEAM]
        boxes = [town.box(person, person, town.enrol()) for person in people]
    api.begin_anew(None)
    return boxes, loud


def _rounds(
    api: Api, boxes: Sequence[Box], loud: int, taken: dict[str, list[Sequence[float]]]
) -> None:
    taps(api, boxes, WARM_UP)
    for _ in range(ROUNDS):
        taken[IDLE].append(taps(api, boxes, TAPS))
        for name, who in ((OUTSIDE, STRANGER), (INSIDE, loud)):
            with noise(api, who):
                taken[name].append(taps(api, boxes, TAPS))
            # What was one burst is over: the next is another.
            api.until_quiet(LEFT)


def _line(
    measure: str, share: str, ours: list[Sequence[float]], idle: list[Sequence[float]]
) -> Line:
    both = [[percentile(each, SHARES[share]) for each in taken] for taken in (ours, idle)]
    return Line(measure, "ms", both[0], "idle", both[1], Goal("ratio", "≤", 2.0))


def taps(api: Api, boxes: Sequence[Box], count: int) -> list[float]:
    """Milliseconds from each press to its answer."""
    before = set(api.answered)
    api.pace(alternately(boxes, count), RATE)
    api.until(lambda: len(api.answered) >= len(before) + count, "answers beside the noise")
    return [1000 * (at - api.put[q]) for q, at in list(api.answered.items()) if q not in before]


@contextmanager
def noise(api: Api, person: int) -> Iterator[None]:
    """Somebody who sends as fast as a machine, until the end of the block."""
    over = Event()

    def send() -> None:
        place = 0
        while not over.wait(1 / NOISE):
            api.say(person, WORDS[place % len(WORDS)])
            place += 1

    sending = Thread(target=send, daemon=True)
    sending.start()
    try:
        yield
    finally:
        over.set()
        sending.join()
