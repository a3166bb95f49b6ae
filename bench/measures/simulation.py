"""Seconds of the simulation for each simulated patient: python -m tests.simulation SEEDS FROM."""

import os
import re
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from bench.line import ROUNDS, Goal, Line, skip
from bench.process import ROOT

NAME = "the simulation, a patient"
SEEDS, FIRST, PATIENCE = 4, 9000, 300.0
PATIENTS = re.compile(r"(\d+)\s+(?:patient|pathway|parcours)")
"""How its last words say how many patients it played."""


def measure() -> list[Line]:
    if not _can_be_run():
        return [skip(NAME, "tests.simulation cannot be run yet")]
    spent = [_seconds(FIRST + place * SEEDS) for place in range(ROUNDS)]
    return [Line(NAME, "s", spent, goal=Goal("ours", "≤", 0.15))]


def _can_be_run() -> bool:
    """Whether it is there as a program, and not only as a module of the tests."""
    places = (ROOT / "tests" / "simulation.py", ROOT / "tests" / "simulation" / "__main__.py")
    return any(path.exists() and _is_program(path) for path in places)


def _is_program(path: Path) -> bool:
    return path.name == "__main__.py" or "__main__" in path.read_text(encoding="utf-8")


def _seconds(first: int) -> float:
    began = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation", str(SEEDS), str(first)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    found = PATIENTS.findall(done.stdout)
    return (perf_counter() - began) / int(found[-1] if found else SEEDS)
