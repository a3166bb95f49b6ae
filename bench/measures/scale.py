"""Questions to a network of 10,000 patients, beside the same with 10, asked in turn."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from types import FrameType

from bench import inside
from bench.line import ROUNDS, Goal, Line
from bench.town import NURSE

LONGEST_ASKED = 20.0
"""Seconds after which a question is broken off; the figure is then at least that."""
FEW, MANY, EACH = 10, 10_000, 3
LONGEST = Goal("ours", "≤", 20.0)
GROWTH = Goal("ratio", "≤", 1.5)
HOPELESS = 2000.0
"""Milliseconds: a hundred times the goal and more need no second look."""
WRONG = "/statut TLS-7K4A"
"""Its check character is not the right one."""

Ask = Callable[[inside.Ward], object]


def _said(text: str) -> Ask:
    def ask(ward: inside.Ward) -> None:
        ward.take([ward.typed(NURSE, text)])

    return ask


def _todo(ward: inside.Ward) -> None:
    member = ward.town.members["efs"][0]
    ward.take([ward.typed(member, "/afaire")])


QUESTIONS: dict[str, Ask] = {
    "/statut": _said("/statut"),
    "/afaire of a team": _todo,
    "/afaire of the coordination": _said("/afaire"),
    "/retards": _said("/retards"),
    "the digest": inside.Ward.digest,
    "/alerte without code": _said("/alerte"),
    "the auditor": inside.Ward.audit,
    "/healthz": inside.Ward.health,
    "a wrong code": _said(WRONG),
}


def measure() -> list[Line]:
    lines = []
    with (
        TemporaryDirectory() as few,
        TemporaryDirectory() as many,
        inside.ward(Path(few), coordination=1, efs=1, greffe=1) as small,
        inside.ward(Path(many), coordination=1, efs=1, greffe=1) as large,
    ):
        for ward in (small, large):
            ward.enrol(FEW)
            ward.settle(days=2)  # the first step of each is late by then
        large.multiply(MANY)
        for name, ask in QUESTIONS.items():
            lines += _lines(name, ask, small, large)
    return lines


def _lines(name: str, ask: Ask, small: inside.Ward, large: inside.Ward) -> list[Line]:
    few, many = [_spent(ask, small)], [_spent(ask, large)]
    if many[0] < HOPELESS:  # else the first has said it, and nobody waits for more
        few, many = [], []
        for _ in range(ROUNDS):
            few.append(_spent(ask, small))
            many.append(_spent(ask, large))
    said = f"{name}, {MANY:,} patients"
    peer = f"{FEW} patients"
    broken = max(many) >= 1000 * LONGEST_ASKED
    return [
        Line(said, "ms", many, goal=LONGEST, broken_off=broken),
        Line(said, "ms", many, peer, few, GROWTH, broken_off=broken),
    ]


class OutOfTime(Exception):
    """It took longer than anybody waits."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Break off what is inside; what it had begun is rolled back as after any error."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        with suppress(OutOfTime):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _spent(ask: Ask, ward: inside.Ward) -> float:
    """Milliseconds, the median of a few; what is answered leaves in between."""
    spent = []
    for _ in range(EACH):
        began = perf_counter()
        with at_most(LONGEST_ASKED):
            ask(ward)
        spent.append(1000 * (perf_counter() - began))
        ward.flush()
        if spent[-1] > HOPELESS:
            break
    return median(spent)
