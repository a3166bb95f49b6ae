"""An instant at which 842 things are due: the longest time that the event loop is held."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench import inside
from bench.chats import Chats
from bench.line import ROUNDS, Goal, Line

DUE, ENROLLED = 842, 10
HELD, WHOLE = 50.0, "all its rings"
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
    """All rings of the first instant with so many due: how many, the longest hold, the whole."""
    for _ in range(INSTANTS):
        ward.until_due()
        handled, longest, began = 0, 0.0, perf_counter()
        while (ring := ward.held())[0]:
            handled, longest = handled + ring[0], max(longest, ring[1])
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
