"""A bot that is born fast: forked from a process that has imported the program already."""

import os
import sys
from collections.abc import Mapping
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(["bot.__main__"])


def hatch(given: Mapping[str, str], folder: Path) -> BaseProcess:
    """A process like any other: it opens the database, meets Telegram and can be killed."""
    process = FORKS.Process(target=live, args=(dict(given), folder), daemon=True)
    process.start()
    return process


def live(given: dict[str, str], folder: Path) -> None:
    """The bot's own command line, with a log in `folder`."""
    from bot.__main__ import main

    log = os.open(folder / "bot.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, sys.stderr.fileno())
    os.chdir(folder)
    os.environ.update(given)
    sys.exit(main(["run"]))
