"""What was last seen of a database, kept outside of it: an older or empty one is told apart."""

import json
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import SQLModel

from bot import models
from bot.store.place import Place

logger = logging.getLogger(__name__)

events = SQLModel.metadata.tables[str(models.Event.__tablename__)]
NEWEST = select(events.c.id, events.c.hash).order_by(events.c.id.desc()).limit(1)
outbox = SQLModel.metadata.tables[str(models.Outbox.__tablename__)]
LETTER = select(func.coalesce(func.max(outbox.c.id), 0))
NOTHING: dict[str, Any] = {"event": 0, "hash": "", "letter": 0}
"""What is seen of a database in which nothing happened yet."""


class Seen:
    """The newest event and letter that this machine knows of, in `file`; compared with nothing
    where there is none.

    Where the event is gone and the letter is there, the chain was cut by hand, which the proofs
    tell (`bot/store/proofs.py`); where both are, it is another database.
    """

    def __init__(self, engine: Engine, place: Place, file: Path | None) -> None:
        self._engine = engine
        self._place = place
        self._file = file
        self._last: dict[str, Any] | None = None
        self.stale = True
        """Something was committed since it was noted."""

    def lost(self) -> bool:
        """Whether what was seen last is no longer there: another, older or empty database."""
        seen = self._read()
        with self._engine.connect() as connection:
            if not inspect(connection).has_table(events.name):
                return bool(seen and seen["event"])
            return _is_older(connection, seen)

    def note(self) -> None:
        """Remember the newest event; what has become older is not written to any more."""
        if self._file is None or not self.stale or self._place.gone():
            return
        self.stale = False
        try:
            with self._engine.connect().execution_options(reading=True) as connection:
                if _is_older(connection, self._last or self._read()):
                    logger.error("what is in the database is older than what was")
                    self._place.lose()
                    return
                newest = _newest(connection)
            if newest["event"]:
                self._keep(self._file, newest)
        except (OSError, SQLAlchemyError):
            # A full disk: what is remembered is a little older than it might be.
            self.stale = True

    def accept(self) -> None:
        """Whoever says so takes the database as it is, whatever was here before."""
        if self._file is None:
            return
        with self._engine.connect() as connection:
            known = inspect(connection).has_table(events.name)
            self._keep(self._file, _newest(connection) if known else NOTHING)

    def _keep(self, file: Path, seen: dict[str, Any]) -> None:
        self._last = seen
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f"{file.name}.part")
        new.touch(mode=0o600)
        new.write_text(json.dumps(seen), "utf-8")
        # Whole or not at all, wherever the process is killed.
        new.replace(file)

    def _read(self) -> dict[str, Any] | None:
        with suppress(OSError, ValueError, TypeError, KeyError):
            if self._file is not None:
                seen = json.loads(self._file.read_text("utf-8"))
                numbers = {name: int(seen[name]) for name in ("event", "letter")}
                return {**numbers, "hash": str(seen["hash"])}
        return None


def _newest(connection: Connection) -> dict[str, Any]:
    newest = connection.execute(NEWEST).first()
    seen = {"event": newest.id, "hash": newest.hash} if newest else {}
    return {**NOTHING, **seen, "letter": connection.execute(LETTER).scalar_one()}


def _is_older(connection: Connection, seen: dict[str, Any] | None) -> bool:
    if seen is None or not seen["event"]:
        return False
    found = select(events.c.hash).where(events.c.id == seen["event"])
    if connection.execute(found).scalar() == seen["hash"]:
        return False
    return bool(connection.execute(LETTER).scalar_one() < seen["letter"])
