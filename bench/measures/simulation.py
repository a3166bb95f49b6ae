"""Seconds of processor for each simulated patient, from the decision to J+31, in memory."""

from time import process_time

from bench.line import ROUNDS, Goal, Line
from tests.simulation import play

SEEDS, FIRST = 6, 9000


def measure() -> list[Line]:
    play(FIRST - 1)  # loads the pathway and the sentences
    spent = [_seconds_a_patient(FIRST + place * SEEDS) for place in range(ROUNDS)]
    return [Line("the simulation, a patient", "s", spent, goal=Goal("ours", "≤", 0.15))]


def _seconds_a_patient(first: int) -> float:
    began = process_time()
    patients = sum(play(seed)[0] for seed in range(first, first + SEEDS))
    return (process_time() - began) / patients
