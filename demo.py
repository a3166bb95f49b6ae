"""`make demo`: the simulator, and the bot on it, until Ctrl-C."""

import argparse
import asyncio
import os
import secrets
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent
CAST = ROOT / "simulator" / "data" / "onco_occitanie.toml"
SETUP_CODE = "premiere-infirmiere"


def main() -> int:
    parser = argparse.ArgumentParser("demo", description="The simulator, and the bot on it.")
    parser.add_argument("--port", type=int, default=8765, help="port of the page (8765)")
    port = parser.parse_args().port
    with TemporaryDirectory(prefix="relais-demo-") as folder:
        return asyncio.run(_play(Path(folder), port))


async def _play(folder: Path, port: int) -> int:
    """Run both until one ends or somebody stops them."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopped.set)
    health_port = _free_port()
    health = f"http://127.0.0.1:{health_port}/healthz"
    options = ("--port", str(port), "--cast", str(CAST), "--bot-health", health)
    simulator = await _start(folder, {}, "simulator", *options, stdout=PIPE)
    assert simulator.stdout is not None
    ready = (await simulator.stdout.readline()).decode()
    if not ready:  # it said why on stderr
        return await simulator.wait()
    rest = asyncio.create_task(simulator.stdout.read())  # a full pipe would block it
    url = ready.split()[-1]
    bot = await _start(folder, _settings(folder, url, health_port), "bot", "run")
    sys.stdout.write(
        f"{url}\nOpen this page. To begin, one of the phones writes to the bot:\n"
        f"/start {SETUP_CODE}\nCtrl-C stops the simulator and the bot.\n"
    )
    sys.stdout.flush()
    code = await _until_one_ends(stopped, bot, simulator)
    await rest
    return code


def _settings(folder: Path, url: str, health_port: int) -> dict[str, str]:
    return {
        "TELEGRAM_TOKEN": f"100000:{secrets.token_urlsafe(26)}",
        "TELEGRAM_API_URL": url,
        "CLOCK_URL": url,
        "FLOOD_LIMITS": "none",
        "DATABASE_URL": f"sqlite:///{folder / 'relais.db'}",
        "AUDIT_KEY": secrets.token_urlsafe(26),
        "SETUP_CODE": SETUP_CODE,
        "HTTP_PORT": str(health_port),
    }


async def _start(
    folder: Path, settings: dict[str, str], *arguments: str, stdout: int | None = None
) -> Process:
    """Start a module away from the user's own settings: no `.env` here, no variable of theirs."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return await create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), **settings},
        stdout=stdout,
        # Ctrl-C reaches us alone; we then stop the bot first, and the simulator after it.
        start_new_session=True,
    )


async def _until_one_ends(stopped: asyncio.Event, *processes: Process) -> int:
    """Give 0 if somebody stopped us, else the code of the process that ended by itself."""
    stop = asyncio.create_task(stopped.wait())
    waits = [asyncio.create_task(process.wait()) for process in processes]
    await asyncio.wait([stop, *waits], return_when=asyncio.FIRST_COMPLETED)
    code = 0 if stop.done() else next(wait.result() for wait in waits if wait.done())
    stop.cancel()
    for process in processes:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
    return code


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    raise SystemExit(main())
