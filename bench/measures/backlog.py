"""An alert's request on the wire while 5,000 messages wait under the flood limits, and without.

Two bots side by side, one of them with the messages in its outbox before it starts; alerts are
raised on both in turn. While they drain, the processor that the loaded one uses is read.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from bench import inside
from bench.api import Api
from bench.limits import Limits
from bench.line import ROUNDS, Goal, Line
from bench.measures.crowd import ICU, ready
from bench.process import Process, bot
from bench.stage import TEAM
from bench.town import Tap, Town

WAITING, GROUPS_WAITING = 5000, 250
ALERTS = 4 * ROUNDS
APART = 4.0
"""Seconds between two alerts of one bot: their own messages must not meet a limit."""
LOOKED = 5.0
"""Seconds over which the processor is read, each time."""
FIRST_GROUP = -1000000002000


@dataclass
class Side:
    """One of the two bots, an alert ready for each patient."""

    api: Api
    process: Process
    alerts: Sequence[tuple[str, Tap]]


def measure() -> list[Line]:
    with (
        TemporaryDirectory() as one,
        TemporaryDirectory() as other,
        side(Path(one), WAITING) as loaded,
        side(Path(other), 0) as idle,
    ):
        waited, alone = _alerts(loaded, idle)
        drains = [_share(loaded.process) for _ in range(ROUNDS)]
    name = f"an alert over {WAITING:,} waiting"
    return [
        Line(name, "ms", waited, "nothing waits", alone, Goal("ratio", "≤", 1.2)),
        Line("processor while they drain", "% of a core", drains, goal=Goal("ours", "≤", 10)),
    ]


def _alerts(loaded: Side, idle: Side) -> tuple[list[float], list[float]]:
    waited, alone = [], []
    sleep(APART)
    for place in range(ALERTS):
        alone.append(_wire(idle, place))
        sleep(APART / 2)
        waited.append(_wire(loaded, place))
        sleep(APART / 2)
    return waited, alone


def _wire(side: Side, place: int) -> float:
    """Milliseconds from the tap to the request that tells the ICU's group."""
    code, tap = side.alerts[place]
    api, before = side.api, len(side.api.calls)

    def told() -> list[float]:
        return [c.at for c in api.calls[before:] if c.chat == ICU and code in c.text]

    [query] = api.pour([tap])
    api.until(lambda: bool(told()), f"the alert of {code}")
    return 1000 * (told()[0] - api.put[query])


def _share(process: Process) -> float:
    used, began = process.cpu(), perf_counter()
    sleep(LOOKED)
    return 100 * (process.cpu() - used) / (perf_counter() - began)


@contextmanager
def side(folder: Path, waiting: int) -> Iterator[Side]:
    """A network is set up without limits; then the bot starts anew, with what waits."""
    with Api() as api:
        with bot(api, folder, FLOOD_LIMITS="none"):
            alerts = _ready(Town(api))
        inside.write_letters(folder, letters(api, waiting))
        api.begin_anew(Limits())
        with bot(api, folder) as process:
            yield Side(api, process, alerts)


def _ready(town: Town) -> list[tuple[str, Tap]]:
    """`/alerte` is written once; each patient's button is an alert."""
    town.gather(**{TEAM: 1, "reanimation": 1, "greffe": 1, "neurologie": 1})
    codes = [town.enrol() for _ in range(ALERTS)]
    return list(zip(codes, ready(town, *codes), strict=True))


def letters(api: Api, waiting: int) -> list[tuple[int, str]]:
    """Messages to many groups, each group in its turn."""
    groups = [FIRST_GROUP - place for place in range(GROUPS_WAITING)]
    api.chats.known.update(groups)
    return [(groups[n % GROUPS_WAITING], f"Message {n} de la file.") for n in range(waiting)]
