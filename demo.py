"""`make demo`: the simulator, and the bot that it runs, until Ctrl-C."""

import argparse
import asyncio
import os
import secrets
import shlex
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from simulator.client import Client, ControlError

ROOT = Path(__file__).parent
CAST = ROOT / "simulator" / "data" / "onco_occitanie.toml"
SETUP_CODE = "premiere-infirmiere"
STORY = "_patient"
"""What was already done when the page opens: everybody joined, one patient is on the way."""
LOOK = 0.3
"""Seconds between two looks at it."""


def main() -> int:
    parser = argparse.ArgumentParser("demo", description="The simulator, and the bot on it.")
    parser.add_argument("--port", type=int, default=8765, help="port of the page (8765)")
    parser.add_argument("--empty", action="store_true", help="nobody has joined yet")
    given = parser.parse_args()
    with TemporaryDirectory(prefix="relais-demo-") as folder:
        return asyncio.run(_play(Path(folder), given.port, empty=given.empty))


async def _play(folder: Path, port: int, *, empty: bool) -> int:
    """Run until somebody stops us, or the simulator ends by itself."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopped.set)
    simulator = await _start(folder, *_options(port))
    assert simulator.stdout is not None
    ready = (await simulator.stdout.readline()).decode()
    if not ready:  # it said why on stderr
        return await simulator.wait()
    rest = asyncio.create_task(simulator.stdout.read())  # a full pipe would block it
    url = ready.split()[-1]
    if not empty:
        _say("Les équipes arrivent et un patient est inclus : quelques secondes.\n")
        await _until_they_joined(Client(url), stopped)
    _say(_welcome(url, empty=empty))
    code = await _until_it_ends(stopped, simulator)
    await rest
    return code


async def _until_they_joined(client: Client, stopped: asyncio.Event) -> None:
    """Play the prologue to its end, then leave the stage to whoever opens the page."""
    with suppress(OSError, ControlError):  # it ended: the wait for its end says so
        await asyncio.to_thread(client.post, "story", play=STORY)
        while not stopped.is_set() and await asyncio.to_thread(_prologue_runs, client):
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), LOOK)
        await asyncio.to_thread(client.post, "story", stop=True)


def _prologue_runs(client: Client) -> bool:
    story = client.state()["story"]
    return bool(story) and story["phase"] not in ("debrief", "broken")


def _say(words: str) -> None:
    sys.stdout.write(words)
    sys.stdout.flush()


def _welcome(url: str, *, empty: bool) -> str:
    first = f"Pour commencer, un des téléphones écrit au bot :\n/start {SETUP_CODE}\n"
    return f"{url}\nOuvrez cette page. {first if empty else ''}Ctrl-C arrête tout.\n"


def _options(port: int) -> Iterator[str]:
    """The simulator's command line; it starts the bot itself, so that its page can kill it."""
    health_port = _free_port()
    yield from ("--port", str(port), "--port-hint", "make demo PORT=", "--cast", str(CAST))
    yield from ("--bot-health", f"http://127.0.0.1:{health_port}/healthz")
    yield from ("--bot-command", f"{shlex.quote(sys.executable)} -m bot run")
    for name, value in _settings(health_port).items():
        yield from ("--bot-env", f"{name}={value}")
    yield from ("--set", f"setup={SETUP_CODE}")


def _settings(health_port: int) -> dict[str, str]:
    """The bot's; the simulator fills in its own address and an empty folder."""
    return {
        "TELEGRAM_TOKEN": f"100000:{secrets.token_urlsafe(26)}",
        "TELEGRAM_API_URL": "{url}",
        "CLOCK_URL": "{url}",
        "FLOOD_LIMITS": "none",
        "DATABASE_URL": "sqlite:///{folder}/relais.db",
        "AUDIT_KEY": secrets.token_urlsafe(26),
        "SETUP_CODE": SETUP_CODE,
        "HTTP_PORT": str(health_port),
    }


async def _start(folder: Path, *options: str) -> Process:
    """Start it away from the user's own settings: no `.env` here, no variable of theirs."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return await create_subprocess_exec(
        sys.executable,
        "-m",
        "simulator",
        *options,
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT)},
        stdout=PIPE,
        # Ctrl-C reaches us alone; the simulator then stops its bot first.
        start_new_session=True,
    )


async def _until_it_ends(stopped: asyncio.Event, simulator: Process) -> int:
    """Give 0 if somebody stopped us, else the code of the simulator that ended by itself."""
    stop, end = asyncio.create_task(stopped.wait()), asyncio.create_task(simulator.wait())
    await asyncio.wait([stop, end], return_when=asyncio.FIRST_COMPLETED)
    code = 0 if stop.done() else end.result()
    stop.cancel()
    with suppress(ProcessLookupError):
        simulator.terminate()
    await end
    return code


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    raise SystemExit(main())
