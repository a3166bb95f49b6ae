"""Questions to a network of 10,000 patients, beside the same with 10, asked in turn."""

from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from bench import inside
from bench.line import ROUNDS, Goal, Line
from bench.town import NURSE

FEW, MANY, EACH = 10, 10_000, 3
LONGEST = Goal("ours", "≤", 20.0)
GROWTH = Goal("ratio", "≤", 1.5)
WRONG = "/statut TLS-2222"
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
    ask(small), ask(large)
    few, many = [], []
    for _ in range(ROUNDS):
        few.append(_spent(ask, small))
        many.append(_spent(ask, large))
    said = f"{name}, {MANY:,} patients"
    peer = f"{FEW} patients"
    return [
        Line(said, "ms", many, goal=LONGEST),
        Line(said, "ms", many, peer, few, GROWTH),
    ]


def _spent(ask: Ask, ward: inside.Ward) -> float:
    """Milliseconds, the median of a few; what is answered leaves in between."""
    spent = []
    for _ in range(EACH):
        began = perf_counter()
        ask(ward)
        spent.append(1000 * (perf_counter() - began))
        ward.flush()
        if spent[-1] > 1000:
            break
    return median(spent)
