"""What a tap costs inside, taken and committed, beside the same written by hand (`bench.floor`).

The same raw updates go to the bot's intake and to the floor, alone and a hundred at a time.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from bench import inside
from bench.floor import Floor
from bench.line import ROUNDS, Goal, Line
from bench.town import Box, alternately

Batch = list[dict[str, Any]]
Take = Callable[[Sequence[Mapping[str, Any]]], None]
PEOPLE, WARM_UP = 20, 50
SIZES = {1: 60, 100: 4}
"""How many batches of each size in a round."""


def measure() -> list[Line]:
    with (
        TemporaryDirectory() as folder,
        inside.ward(Path(folder), coordination=PEOPLE) as ward,
    ):
        floor = Floor(Path(folder))
        boxes = checklists(ward)
        for batch in batches(ward, boxes, 1, WARM_UP):
            ward.take(batch)
            floor.take(batch)
        lines = [_line(ward, floor, boxes, size) for size in SIZES]
        floor.close()
    return lines


def _line(ward: inside.Ward, floor: Floor, boxes: Sequence[Box], size: int) -> Line:
    ours, theirs = [], []
    for _ in range(ROUNDS):
        made = batches(ward, boxes, size, SIZES[size])
        theirs.append(_each(floor.take, made))
        ours.append(_each(ward.take, made))
        ward.flush()
    goal = Goal("ratio", "≤", 3.0)
    return Line(f"a tap taken, {size} at a time", "ms/tap", ours, "by hand", theirs, goal)


def _each(take: Take, made: Sequence[Batch]) -> float:
    """Milliseconds a tap, the median of the batches."""
    spent = []
    for batch in made:
        began = perf_counter()
        take(batch)
        spent.append(1000 * (perf_counter() - began) / len(batch))
    return median(spent)


def checklists(ward: inside.Ward) -> list[Box]:
    """A patient's open checklist before each of the coordination."""
    people = ward.town.members["coordination"]
    codes = ward.enrol(len(people))
    ward.settle()
    return [ward.town.box(who, who, code) for who, code in zip(people, codes, strict=True)]


def batches(ward: inside.Ward, boxes: Sequence[Box], size: int, count: int) -> list[Batch]:
    """So many batches of taps, each box ticked and cleared by turns."""
    taps = [ward.tapped(*tap) for tap in alternately(boxes, size * count)]
    return [taps[at : at + size] for at in range(0, len(taps), size)]
