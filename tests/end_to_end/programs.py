"""The simulator and the bot as two real processes, each on a port of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread
from time import monotonic
from types import TracebackType

from simulator.client import Client, View

ROOT = Path(__file__).parents[2]
CAST = ROOT / "simulator" / "data" / "onco_occitanie.toml"
TOKEN = "100200300:an-end-to-end-token-of-no-bot-000"
SETUP_CODE = "first-coordinator-of-the-town"
PATIENCE = 60.0
"""Real seconds that a process may take to start, to follow or to end."""


class Program:
    """A module of ours in a process of its own; what it writes to stderr is kept."""

    def __init__(self, folder: Path, settings: Mapping[str, str], *arguments: str) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=folder,  # no `.env` of the developer here
            env={**kept, "PYTHONPATH": str(ROOT), **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log: list[str] = []
        self._lines: Queue[str] = Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Program":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        if error is not None and self.log:
            error.add_note("".join(self.log[-30:]))

    def line(self) -> str:
        """The next line that it says on stdout; nothing when it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def until_it_says(self, words: str) -> str:
        """Wait for a line of its log; fails with the whole log if it ends before."""
        for line in iter(lambda: self._lines.get(timeout=PATIENCE), ""):
            if words in line:
                return line
        raise AssertionError(f"it ended without {words!r}:\n" + "".join(self.log))

    def kill(self) -> None:
        """SIGKILL: no instruction more."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM: as a service manager stops it; gives its exit code."""
        return self._end(signal.SIGTERM)

    def wait(self) -> int:
        """Let it end by itself; gives its exit code."""
        code = self.process.wait(PATIENCE)
        self._close()
        return code

    def _end(self, number: signal.Signals) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.wait()

    def _close(self) -> None:
        self._reader.join(PATIENCE)
        assert not self._reader.is_alive(), "a child of it lives on"
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)
            self._lines.put(line)
        self._lines.put("")


def settings(url: str, folder: Path, **more: str) -> dict[str, str]:
    """What a bot on that simulator is given."""
    return {
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_URL": url,
        "CLOCK_URL": url,
        "FLOOD_LIMITS": "none",
        "DATABASE_URL": f"sqlite:///{folder / 'relais.db'}",
        "AUDIT_KEY": "the-key-of-the-chain",
        "SETUP_CODE": SETUP_CODE,
    } | more


@contextmanager
def simulator(folder: Path, start: str, *options: str) -> Iterator[str]:
    """A simulator whose clock stands at `start`; gives its address."""
    arguments = ("--port", "0", "--paused", "--start", start, "--token", TOKEN, *options)
    with Program(folder, {}, "simulator", *arguments) as program:
        yield program.line().split()[-1]


@contextmanager
def bot(given: Mapping[str, str], folder: Path) -> Iterator[Program]:
    """A bot that has begun to follow the clock of its simulator."""
    with Program(folder, given, "bot", "run") as program:
        program.until_it_says("running as")
        until_it_follows(Client(given["TELEGRAM_API_URL"]))
        yield program


def until_it_follows(client: Client) -> None:
    """Wait until the bot has settled the present instant of the simulator's clock."""
    client.pause()  # it stands already: what changes is its version, for a living bot to settle
    end = monotonic() + PATIENCE
    while not _follows(client.state()):
        assert monotonic() < end, "the bot does not follow the clock"


def _follows(state: View) -> bool:
    return bool(state["follower"]["settled"] == state["clock"]["version"])


def run(folder: Path, given: Mapping[str, str], *arguments: str) -> tuple[int, str, str]:
    """A command from its start to its end: exit code, stdout, stderr."""
    with Program(folder, given, "bot", *arguments) as program:
        assert program.process.stdout is not None
        said = program.process.stdout.read()
        code = program.process.wait(PATIENCE)
    return code, said, "".join(program.log)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
