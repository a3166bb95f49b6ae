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
        # Its log deleted, what is confirmed from now on is nowhere once this process ends.
        return self._log is not None and _identity(self._log_file) != self._log

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
        if self._log is None and self._open:
            self._log = _identity(self._log_file)

    @property
    def _log_file(self) -> Path:
        return Path(f"{self.path}{LOG}")

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


def write_whole(file: Path, said: str) -> None:
    """Write a file for its owner alone, whole or not at all, wherever the process is killed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    # Its own: who leads and who stands by may keep theirs on one machine.
    new = file.with_name(f"{file.name}.{os.getpid()}.part")
    new.touch(mode=0o600)
    new.write_text(said, "utf-8")
    new.replace(file)
