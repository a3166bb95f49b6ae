"""Where an SQLite database is: whether its file is still the one opened, and who has it."""

import fcntl
import os
from pathlib import Path

from bot.store.faults import FileGone, NotWritable

LOG = "-wal"
LOCK = ".lock"
"""Of the file beside the database that its one process locks."""


Identity = tuple[int, int]
"""Of a file: its device and its number there."""


class Place:
    """The file of a database; without a path (memory, a server) there is nothing to watch."""

    def __init__(self, path: Path | None = None) -> None:
        # Wherever a link leads later, this file is meant.
        self.path = path and path.resolve()
        self._is: Identity | None = None
        self._lock: int | None = None
        self._lost = False
        self._log: Identity | None = None
        """The write-ahead log, which holds what is not in the file yet."""
        self._open = 0

    def opened(self) -> None:
        """The first connection has opened it: this file and no other from now on."""
        self._open += 1
        if self._is is None:
            self._is = _identity(self.path)

    def closed(self) -> None:
        """With the last connection SQLite itself takes its log away."""
        self._open -= 1
        if not self._open:
            self._log = None

    def lose(self) -> None:
        """Another database was put into what this process has open."""
        self._lost = True

    def gone(self) -> bool:
        """Whether it was deleted or replaced while this process had it open."""
        if self._lost or (self._is is not None and _identity(self.path) != self._is):
            return True
        log = _identity(Path(f"{self.path}{LOG}")) if self._open else None
        # Deleted, what is confirmed from now on is nowhere once this process ends.
        gone, self._log = self._log is not None and log != self._log, self._log or log
        return gone

    def shared(self) -> bool:
        """Whether the file has another name, under which another process would not be seen."""
        try:
            return self.path is not None and self.path.stat().st_nlink > 1
        except OSError:
            return False

    def require(self) -> None:
        """Raise if it is gone; SQLite would silently make an empty file in its stead."""
        if self.gone():
            raise FileGone

    def lock(self) -> bool:
        """Have it alone until `unlock` or the end of this process, however it ends."""
        if self.path is None or self._has_lock():
            return True
        # Not the database's own file: SQLite would lose its locks as this one is closed.
        try:
            opened = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            raise NotWritable from None
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(opened)
            return False
        self.unlock()
        self._lock = opened
        return self._has_lock()

    def unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def _lock_file(self) -> Path:
        return Path(f"{self.path}{LOCK}")

    def _has_lock(self) -> bool:
        """Whether what it locked is what others would lock: a deleted file keeps nobody out."""
        if self._lock is None:
            return False
        mine = os.fstat(self._lock)
        return (mine.st_dev, mine.st_ino) == _identity(self._lock_file)


def _identity(path: Path | None) -> Identity | None:
    try:
        found = path.stat() if path else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None
