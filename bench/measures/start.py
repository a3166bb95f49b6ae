"""From the start of the process to its first getUpdates, and its memory then."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.api import Api
from bench.line import ROUNDS, Goal, Line
from bench.process import Process, bot, running
from bench.stage import KEPT, OURS, PTB

Start = Callable[[Api, Path], AbstractContextManager[Process]]


def _ptb(api: Api, folder: Path) -> AbstractContextManager[Process]:
    return running(api, folder, "bench.peers.ptb", api.url)


def _kept(api: Api, folder: Path) -> AbstractContextManager[Process]:
    return running(api, folder, "bench.peers.ptb", api.url, str(folder / "kept.db"))


STARTS: dict[str, Start] = {OURS: bot, PTB: _ptb, KEPT: _kept}
GOALS = {
    PTB: (Goal("ratio", "≤", 2.0), Goal("ratio", "≤", 1.6)),
    KEPT: (None, None),
}


def measure() -> list[Line]:
    seconds: dict[str, list[float]] = {name: [] for name in STARTS}
    memory: dict[str, list[float]] = {name: [] for name in STARTS}
    with TemporaryDirectory() as folder:
        for start in STARTS.values():
            once(start, Path(folder))  # files are read, the schema is made
        for _ in range(ROUNDS):
            for name, start in STARTS.items():
                took, size = once(start, Path(folder))
                seconds[name].append(took)
                memory[name].append(size)
    return [
        line
        for name, (quick, small) in GOALS.items()
        for line in (
            Line("start to first getUpdates", "s", seconds[OURS], name, seconds[name], quick),
            Line("memory then", "MB", memory[OURS], name, memory[name], small),
        )
    ]


def once(start: Start, folder: Path) -> tuple[float, float]:
    with Api() as api, start(api, folder) as process:
        api.until_quiet(0.2)
        return api.first_poll - process.began, process.memory()
