"""A bot that is born fast: forked from a process that has imported the program already."""

import ctypes
import os
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Self

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(["bot.__main__"])


def hatch(
    given: Mapping[str, str], folder: Path, before: Callable[[], object] = str
) -> BaseProcess:
    """A process like any other: it opens the database, meets Telegram and can be killed.

    `before` is done in it first.
    """
    process = FORKS.Process(target=live, args=(dict(given), folder, before), daemon=True)
    process.start()
    return process


def right() -> "Synchronized[float]":
    """A machine's clock that is right so far."""
    return FORKS.Value("d", 0.0)


def live(given: dict[str, str], folder: Path, before: Callable[[], object]) -> None:
    """The bot's own command line, with a log in `folder`."""
    from bot.__main__ import main

    log = os.open(folder / "bot.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, sys.stderr.fileno())
    os.chdir(folder)
    os.environ.update(given)
    before()
    sys.exit(main(["run"]))


def misread(shift: "Synchronized[float]") -> None:
    """The machine's clock is wrong by so many seconds, which whoever holds them may change."""
    from bot import clock

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            told = datetime.now(tz) + timedelta(seconds=shift.value)
            return cls.fromtimestamp(told.timestamp(), tz)

    clock.datetime = Wrong  # type: ignore[attr-defined]


def obey() -> None:
    """Even root, as whom tests may run, obeys the modes of files from now on."""
    if os.geteuid() == 0:
        version, none = 0x20080522, (ctypes.c_uint32 * 6)()
        ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(version, 0), none)
