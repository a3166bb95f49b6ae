"""A ring at which 842 things are due at once: the longest time that it holds the event loop."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench import inside
from bench.chats import Chats
from bench.line import ROUNDS, Goal, Line

DUE, ENROLLED = 842, 10
HELD, WHOLE = 50.0, "the whole ring"
INSTANTS = 50
"""Due instants that are looked at."""


def measure() -> list[Line]:
    held, whole, handled = [], [], 0
    with TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        chats = prepare(model)
        for place in range(ROUNDS):
            copied = Path(folder) / str(place)
            shutil.copytree(model, copied)
            with inside.reopened(copied, chats) as ward:
                handled, longest, took = crowded(ward)
                whole.append(1000 * took)
                held.append(1000 * longest)
    goal = Goal("ours", "≤", HELD)
    name = f"{handled} due items: the loop held"
    return [Line(name, "ms", held, WHOLE, whole, goal)]


def crowded(ward: inside.Ward) -> tuple[int, float, float]:
    """The first ring with so many due: how many, the longest hold, the whole of it."""
    for _ in range(INSTANTS):
        ward.until_due()
        began = perf_counter()
        handled, longest = ward.held()
        if handled >= DUE:
            return handled, longest, perf_counter() - began
    raise LookupError(f"no instant at which {DUE} things are due")


def prepare(folder: Path) -> Chats:
    """So many patients who were enrolled at one instant, so that all is due together."""
    folder.mkdir()
    with inside.ward(folder, coordination=1, efs=1, greffe=1) as ward:
        ward.enrol(ENROLLED)
        ward.multiply(DUE)
        return ward.chats
