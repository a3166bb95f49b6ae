"""Where an SQLite database is: whether its file is still the one opened, and who has it."""

import fcntl
import os
from pathlib import Path

from bot.store.faults import FileGone, NotWritable

LOCK = ".lock"
"""Of the file beside the database that its one process locks."""


class Place:
    """The file of a database; without a path (memory, a server) there is nothing to watch."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._is: tuple[int, int] | None = None
        self._lock: int | None = None

    def opened(self) -> None:
        """The first connection has opened it: this file and no other from now on."""
        if self._is is None:
            self._is = self._found()

    def gone(self) -> bool:
        """Whether it was deleted or replaced while this process had it open."""
        return self._is is not None and self._found() != self._is

    def require(self) -> None:
        """Raise if it is gone; SQLite would silently make an empty file in its stead."""
        if self.gone():
            raise FileGone

    def _found(self) -> tuple[int, int] | None:
        if self.path is None:
            return None
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def lock(self) -> bool:
        """Have it alone until `unlock` or the end of this process, however it ends."""
        if self.path is None or self._lock is not None:
            return True
        # Not the database's own file: SQLite would lose its locks as this one is closed.
        try:
            opened = os.open(f"{self.path}{LOCK}", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            raise NotWritable from None
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(opened)
            return False
        self._lock = opened
        return True

    def unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
