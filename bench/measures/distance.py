"""Answers a second when each request takes 40 ms there and back, as to a server far away."""

from bench.line import ROUNDS, Goal, Line
from bench.stage import AIOGRAM, OURS, PTB, burst, stage

ROUND_TRIP = 0.040
TAPS = {OURS: 600, AIOGRAM: 600, PTB: 40}
"""A bare PTB bot waits for each of its requests, so that few are enough."""


def measure() -> list[Line]:
    taken: dict[str, list[float]] = {name: [] for name in TAPS}
    with stage(PTB, AIOGRAM) as players:
        for player in players.values():
            player.api.rtt = ROUND_TRIP
        for _ in range(ROUNDS):
            for name, player in players.items():
                taken[name].append(burst(player, TAPS[name]).rate)
    goal = Goal("ours", "≥", 300)
    return [
        Line("answers at 40 ms of round trip", "taps/s", taken[OURS], name, taken[name], aim)
        for name, aim in ((PTB, goal), (AIOGRAM, None))
    ]
