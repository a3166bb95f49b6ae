"""What was last seen of a database, kept beside its file: an older or empty one is told apart."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import SQLModel

from bot import models
from bot.store.place import Place

SEEN = ".seen"
"""Of the file beside the database."""
events = SQLModel.metadata.tables[str(models.Event.__tablename__)]
NEWEST = select(events.c.id, events.c.hash).order_by(events.c.id.desc()).limit(1)


class Seen:
    """The newest event that this machine knows of; a server's database has no place for it."""

    def __init__(self, engine: Engine, place: Place) -> None:
        self._engine = engine
        self._place = place
        self.stale = True
        """Something was committed since it was noted."""

    @property
    def _file(self) -> Path | None:
        path = self._place.path
        return path and path.with_name(f"{path.name}{SEEN}")

    def lost(self) -> bool:
        """Whether what was seen last is no longer there: another, older or empty database."""
        seen = self._read()
        if seen is None:
            return False
        with self._engine.connect() as connection:
            if not inspect(connection).has_table(events.name):
                return True
            found = select(events.c.hash).where(events.c.id == seen["event"])
            return bool(connection.execute(found).scalar() != seen["hash"])

    def note(self) -> None:
        """Remember the newest event, if there may be a newer one."""
        if self._file is None or not self.stale or self._place.gone():
            return
        self.stale = False
        try:
            with self._engine.connect().execution_options(reading=True) as connection:
                newest = connection.execute(NEWEST).first()
            if newest is not None:
                self._write(self._file, {"event": newest.id, "hash": newest.hash})
        except (OSError, SQLAlchemyError):
            # A full disk: what is remembered is a little older than it might be.
            self.stale = True

    def forget(self) -> None:
        """Whoever says so begins anew."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def _read(self) -> Any:
        with suppress(OSError, ValueError, TypeError, KeyError):
            if self._file is not None:
                seen = json.loads(self._file.read_text("utf-8"))
                return {"event": int(seen["event"]), "hash": str(seen["hash"])}
        return None

    @staticmethod
    def _write(file: Path, seen: dict[str, Any]) -> None:
        new = file.with_name(f"{file.name}.part")
        new.touch(mode=0o600)
        new.write_text(json.dumps(seen), "utf-8")
        # Whole or not at all, wherever the process is killed.
        new.replace(file)
