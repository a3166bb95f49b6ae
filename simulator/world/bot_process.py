"""Runs the bot as a child process, so that a button can kill it and start it again."""

import asyncio
import os
import shlex
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from simulator.errors import Misuse

# Real seconds that a bot may take to end by itself.
GRACE = 8.0


@dataclass(frozen=True)
class BotCommand:
    """How to start the bot; `{url}` and `{folder}` are filled in, in words and settings."""

    command: str = ""
    settings: dict[str, str] = field(default_factory=dict)


class BotProcess:
    """One child at a time; each fresh start gets an empty folder."""

    def __init__(self, bot: BotCommand, tell: Callable[..., None]) -> None:
        self._bot, self._tell = bot, tell
        self.url = ""
        self._root: TemporaryDirectory[str] | None = None
        self._runs = 0
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def able(self) -> bool:
        """Whether a command was given."""
        return bool(self._bot.command)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def state(self) -> dict[str, object]:
        """For the page."""
        code = self._process.returncode if self._process else None
        return {"able": self.able, "running": self.running, "code": code}

    async def start(self, *, fresh: bool = False) -> None:
        """Start the bot where it was, or with an empty folder."""
        if not self.able:
            raise Misuse("Le simulateur ne sait pas lancer le bot (--bot-command).")
        if self.running:
            return
        if fresh or self._root is None:
            self._runs += 1
        folder = self._folder()
        words = [self._filled(word, folder) for word in shlex.split(self._bot.command)]
        settings = {k: self._filled(v, folder) for k, v in self._bot.settings.items()}
        log = (folder / "bot.log").open("ab")
        self._process = await asyncio.create_subprocess_exec(
            *words,
            cwd=folder,
            env={**os.environ, **settings},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C is for the simulator, which then ends the bot.
            start_new_session=True,
        )
        log.close()
        self._watch = asyncio.create_task(self._wait(self._process))
        self._tell("bot", **self.state())

    async def do(self, what: str) -> None:
        """What a button or a scene names: kill, stop or start."""
        acts = {"kill": self.kill, "stop": self.stop, "start": self.start}
        if what not in acts:
            raise Misuse(
                f"Le bot se tue, s’arrête ou se lance (kill, stop, start), pas « {what} »."
            )
        await acts[what]()

    async def kill(self) -> None:
        """End the bot at once, as a power cut does."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Ask the bot to end; kill it if it does not."""
        await self._end(signal.SIGTERM)

    async def close(self) -> None:
        await self.stop()
        if self._watch:
            self._watch.cancel()
        if self._root:
            self._root.cleanup()

    def log(self) -> str:
        """What the bot has written last."""
        if self._root is None:
            return ""
        path = self._folder() / "bot.log"
        return path.read_text(encoding="utf-8", errors="replace")[-4000:]

    async def _end(self, number: signal.Signals) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            await asyncio.wait_for(process.wait(), GRACE)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _wait(self, process: asyncio.subprocess.Process) -> None:
        await process.wait()
        self._tell("bot", **self.state())

    def _folder(self) -> Path:
        if self._root is None:
            self._root = TemporaryDirectory(prefix="simulator-bot-")
        folder = Path(self._root.name) / f"run-{self._runs}"
        folder.mkdir(exist_ok=True)
        return folder

    def _filled(self, text: str, folder: Path) -> str:
        return text.replace("{url}", self.url).replace("{folder}", str(folder))
