"""Milliseconds of an enrolment: the tap on *Créer* taken and committed, its letters written."""

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from bench import inside
from bench.line import ROUNDS, Goal, Line
from bench.measures.statements import creation

EACH = 10


def measure() -> list[Line]:
    with (
        TemporaryDirectory() as folder,
        inside.ward(Path(folder), coordination=1, efs=1, greffe=1) as ward,
    ):
        _once(ward)
        spent = [median(_once(ward) for _ in range(EACH)) for _ in range(ROUNDS)]
    return [Line("an enrolment", "ms", spent, goal=Goal("ours", "≤", 6))]


def _once(ward: inside.Ward) -> float:
    create = creation(ward)
    began = perf_counter()
    ward.take([create])
    spent = 1000 * (perf_counter() - began)
    ward.flush()
    return spent
