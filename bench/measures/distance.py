"""Answers a second when each request takes 40 ms there and back, as to a server far away."""

from bench.line import ROUNDS, Goal, Line
from bench.stage import AIOGRAM, OURS, PTB, Burst, burst, stage

ROUND_TRIP = 0.040
TAPS = {OURS: 600, AIOGRAM: 600, PTB: 40}
"""A bare PTB bot waits for each of its requests, so that few are enough."""


def measure() -> list[Line]:
    taken: dict[str, list[Burst]] = {name: [] for name in TAPS}
    with stage(PTB, AIOGRAM) as players:
        for player in players.values():
            player.api.rtt = ROUND_TRIP
        for _ in range(ROUNDS):
            for name, player in players.items():
                taken[name].append(burst(player, TAPS[name]))
    answers = {name: [each.answers for each in bursts] for name, bursts in taken.items()}
    shown = {name: [each.rate for each in bursts] for name, bursts in taken.items()}
    goal = Goal("ours", "≥", 300)
    lines = []
    for name, aim in ((PTB, goal), (AIOGRAM, None)):
        said = "taps at 40 ms of round trip"
        lines += [
            Line(f"{said}, answered", "taps/s", answers[OURS], name, answers[name], aim),
            Line(f"{said}, answered and shown", "taps/s", shown[OURS], name, shown[name]),
        ]
    return lines
