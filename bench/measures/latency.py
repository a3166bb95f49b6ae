"""From a tap to its answer while 50 taps come in each second, whether or not they are answered."""

from collections.abc import Sequence

from bench.line import ROUNDS, Goal, Line, percentile
from bench.stage import OURS, PTB, Player, burst, stage

TAPS, RATE, WARM_UP = 250, 50.0, 100
MEDIAN, WORST = 0.50, 0.99


def measure() -> list[Line]:
    taken: dict[str, list[Sequence[float]]] = {OURS: [], PTB: []}
    with stage(PTB) as players:
        for player in players.values():
            burst(player, WARM_UP)
        for _ in range(ROUNDS):
            for name, player in players.items():
                taken[name].append(paced(player))

    def at(share: float, name: str) -> list[float]:
        return [percentile(each, share) for each in taken[name]]

    half = [at(MEDIAN, name) for name in (OURS, PTB)]
    worst = [at(WORST, name) for name in (OURS, PTB)]
    return [
        Line("tap to answer at 50/s, p50", "ms", half[0], PTB, half[1], Goal("ratio", "≤", 1.2)),
        Line("tap to answer at 50/s, p99", "ms", worst[0], PTB, worst[1], Goal("ratio", "≤", 1.5)),
    ]


def paced(player: Player) -> list[float]:
    """Milliseconds from each press to its answer."""
    api = player.api
    api.forget()
    api.pace(player.taps(TAPS), RATE)
    api.until(lambda: len(api.answered) >= TAPS, "answers at a pace")
    api.until_quiet(0.1)
    return [1000 * (at - api.put[query]) for query, at in api.answered.items()]
