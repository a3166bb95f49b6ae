"""One line of the table: a measure, its peer, its goal, and the pairs that were taken in turn."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

ROUNDS = 5
"""Fewest pairs of a line, each peer in its turn: A B C A B C …"""


@dataclass(frozen=True)
class Goal:
    """What the ratio, or the figure itself, should be."""

    of: Literal["ratio", "ours"]
    sign: Literal["≤", "≥"]
    bound: float

    def reached(self, value: float) -> bool:
        return value <= self.bound if self.sign == "≤" else value >= self.bound

    def __str__(self) -> str:
        return f"{self.sign} {number(self.bound)}{' ×' if self.of == 'ratio' else ''}"


@dataclass(frozen=True)
class Line:
    """`ours` and `theirs` are of the same rounds, so that their ratios are pair by pair."""

    measure: str
    unit: str
    ours: Sequence[float]
    peer: str = ""
    theirs: Sequence[float] = ()
    goal: Goal | None = None
    note: str = ""
    broken_off: bool = field(default=False, kw_only=True)
    """It took at least so much; nobody waited for the end."""
    skipped: str = field(default="", kw_only=True)

    @property
    def ratios(self) -> list[float]:
        pairs = zip(self.ours, self.theirs, strict=True) if self.theirs else ()
        return [ours / theirs for ours, theirs in pairs if theirs]

    @property
    def reached(self) -> bool | None:
        values = self.ratios if self.goal and self.goal.of == "ratio" else self.ours
        if self.goal is None or not values or self.skipped:
            return None
        return self.goal.reached(median(values))

    def cells(self) -> list[str]:
        """A row of the table."""
        if self.skipped:
            return [self.measure, self.peer, "–", "–", "–", str(self.goal or ""), self.skipped]
        verdict = {True: "yes", False: "no", None: ""}[self.reached]
        theirs = f"{spread(self.theirs)} {self.unit}" if self.theirs else ""
        ours = f"{'≥ ' if self.broken_off else ''}{spread(self.ours)} {self.unit}"
        ratio = spread(self.ratios)
        return [self.measure, self.peer, ours, theirs, ratio, str(self.goal or ""), verdict]

    def facts(self) -> dict[str, Any]:
        """The same for a machine."""
        return {
            "measure": self.measure,
            "unit": self.unit,
            "peer": self.peer,
            "ours": list(self.ours),
            "theirs": list(self.theirs),
            "ratios": self.ratios,
            "goal": str(self.goal) if self.goal else None,
            "reached": self.reached,
            "note": self.note,
            "broken_off": self.broken_off,
            "skipped": self.skipped,
        }


def skip(measure: str, why: str) -> Line:
    return Line(measure, "", (), skipped=f"skipped: {why}")


def spread(values: Sequence[float]) -> str:
    """Median, and least to most in brackets."""
    if not values:
        return ""
    middle = number(median(values))
    if len(values) == 1 or min(values) == max(values):
        return middle
    return f"{middle} ({number(min(values))}–{number(max(values))})"


def number(value: float) -> str:
    """Three figures that count."""
    if 0 < abs(value) < 0.095:
        return f"{value:.2g}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{2 if abs(value) < 10 else 1}f}".rstrip("0").rstrip(".")


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
