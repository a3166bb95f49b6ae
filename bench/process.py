"""The bot and its peers as real processes; ended by their own number, and no other."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from time import perf_counter
from typing import IO

from bench.api import TOKEN, Api

ROOT = Path(__file__).parents[1]
SETUP_CODE = "first-coordinator-of-the-bench"
END = 10.0
TICKS = os.sysconf("SC_CLK_TCK")


class Process:
    """A module in a process of its own."""

    def __init__(self, words: tuple[str, ...], folder: Path, given: Mapping[str, str]) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
        self._log: IO[bytes] = TemporaryFile()  # noqa: SIM115
        self.began = perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=folder,  # no `.env` of the developer here
            env={**kept, "PYTHONPATH": path, **given},
            stdout=self._log,
            stderr=self._log,
        )

    def cpu(self) -> float:
        """Seconds of processor that it used so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> float:
        """Resident megabytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def ended(self) -> bool:
        return self._process.poll() is not None

    def log(self) -> str:
        """The last of what it wrote."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-3000:]

    def kill(self) -> None:
        if not self.ended():
            self._process.kill()
        self._process.wait(END)


@contextmanager
def running(
    api: Api, folder: Path, *words: str, given: Mapping[str, str] | None = None
) -> Iterator[Process]:
    """A process, from its first poll until the end of the block."""
    process = Process(words, folder, given or {})
    try:
        api.until(lambda: bool(api.first_poll) or process.ended(), f"first poll of {words}")
        if process.ended():
            raise RuntimeError(f"{words} ended: {process.log()}")
        yield process
    except BaseException as error:
        error.add_note(process.log())
        raise
    finally:
        process.kill()


def settings(api: Api, folder: Path, **more: str) -> dict[str, str]:
    """What the bot is given; the flood limits are Telegram's unless a measure says otherwise."""
    return {
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_URL": api.url,
        "DATABASE_URL": f"sqlite:///{folder / 'relais.db'}",
        "AUDIT_KEY": "the-key-of-the-bench",
        "SETUP_CODE": SETUP_CODE,
        "LOG_LEVEL": "WARNING",
        **more,
    }


@contextmanager
def bot(api: Api, folder: Path, **more: str) -> Iterator[Process]:
    """`python -m bot run`, the real one."""
    with running(api, folder, "bot", "run", given=settings(api, folder, **more)) as process:
        yield process
