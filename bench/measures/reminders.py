"""A reminder, beside a job for each in APScheduler's SQLAlchemyJobStore.

Added: an enrolment, everything that it writes included, by the dated things that it makes. Fired:
a ring at which hundreds are due, by those that it handled; ours has rendered and stored what is
said, theirs has called an empty function.
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench import inside
from bench.line import ROUNDS, Goal, Line
from bench.measures.ring import crowded, prepare
from bench.measures.statements import creation
from bench.peers import jobs

JOBS = 200
PEER = "APScheduler job store"


def measure() -> list[Line]:
    added: tuple[list[float], list[float]] = ([], [])
    fired: tuple[list[float], list[float]] = ([], [])
    with TemporaryDirectory() as name:
        folder = Path(name)
        chats = prepare(folder / "model")
        for place in range(ROUNDS):
            with jobs.scheduler(folder) as scheduler:
                added[1].append(jobs.add(scheduler, JOBS))
                fired[1].append(jobs.fire_all(scheduler, JOBS))
            copied = folder / str(place)
            shutil.copytree(folder / "model", copied)
            with inside.reopened(copied, chats) as ward:
                added[0].append(_added(ward))
                handled, _, took = crowded(ward)
                fired[0].append(1000 * took / handled)
    return [
        Line("a reminder added", "ms", added[0], PEER, added[1], Goal("ratio", "≤", 0.33)),
        Line("a reminder fired", "ms", fired[0], PEER, fired[1], Goal("ratio", "≤", 1.0)),
    ]


def _added(ward: inside.Ward) -> float:
    """Milliseconds of an enrolment for each dated thing that it makes."""
    create, before = creation(ward), ward.dated()
    began = perf_counter()
    ward.take([create])
    took = 1000 * (perf_counter() - began)
    return took / (ward.dated() - before)
