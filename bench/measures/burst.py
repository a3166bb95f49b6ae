"""A burst of ticks, committed, answered and shown; bare peers do the same calls, keeping nothing.

1,500 taps queued at once, from 20 people in 15 chats on the checklists of 20 patients, each item
ticked and cleared by turns. Ours commits with synchronous=FULL before it answers.
"""

from bench.line import ROUNDS, Goal, Line
from bench.stage import AIOGRAM, KEPT, OURS, PTB, Burst, burst, stage

TAPS, WARM_UP = 1500, 100
GOALS = {
    PTB: Goal("ratio", "≥", 1.2),
    AIOGRAM: Goal("ratio", "≥", 1.0),
    KEPT: None,
}


def measure() -> list[Line]:
    taken: dict[str, list[Burst]] = {name: [] for name in (OURS, *GOALS)}
    with stage(*GOALS) as players:
        for player in players.values():
            burst(player, WARM_UP)
        for _ in range(ROUNDS):
            for name, player in players.items():
                taken[name].append(burst(player, TAPS))
    edits = ", ".join(f"{name} {taken[name][0].edits:.2f}" for name in taken)
    return [*_rates(taken, f"edits a tap: {edits}"), *_costs(taken)]


def _rates(taken: dict[str, list[Burst]], note: str) -> list[Line]:
    ours = [each.rate for each in taken[OURS]]
    return [
        Line("burst", "taps/s", ours, name, [each.rate for each in taken[name]], goal, note)
        for name, goal in GOALS.items()
    ]


def _costs(taken: dict[str, list[Burst]]) -> list[Line]:
    ours = [each.cpu for each in taken[OURS]]
    return [
        Line("burst, processor", "ms/tap", ours, name, [each.cpu for each in taken[name]])
        for name in GOALS
    ]
