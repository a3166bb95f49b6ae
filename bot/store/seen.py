"""What was last seen of a database, kept outside of it: an older or empty one is told apart."""

import json
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from bot.logs import Outage
from bot.store.events import NEWEST, events
from bot.store.place import Place, write_whole
from bot.store.sayings import outbox

logger = logging.getLogger(__name__)

LETTER = select(outbox.c.dedupe_key).order_by(outbox.c.id.desc()).limit(1)
NOTHING: dict[str, Any] = {"event": 0, "hash": "", "letter": ""}
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
        self._outage = Outage(logger, "what is seen of the database is not kept outside of it")
        self.stale = True
        """Something was committed since it was noted."""
        self.cut = False
        """The newest events that were seen are gone, and nothing else is."""

    def lost(self) -> bool:
        """Whether what was seen last is no longer there: another, older or empty database."""
        seen = self._read()
        with self._engine.connect() as connection:
            if not inspect(connection).has_table(events.name):
                return bool(seen and seen["event"])
            return _is_gone(connection, seen) and _is_other(connection, seen)

    def note(self) -> None:
        """Remember the newest event; what has become older is not written to any more."""
        if self._file is None or not self.stale or self._place.gone():
            return
        self.stale = False
        try:
            with self._engine.connect().execution_options(reading=True) as connection:
                seen = self._last or self._read()
                gone, newest = _is_gone(connection, seen), _newest(connection)
                if gone and _is_other(connection, seen):
                    logger.error("what is in the database is older than what was")
                    self._place.lose()
                    return
        except SQLAlchemyError:
            self.stale = True
            return
        # What was seen stays as it was: whoever means what is there now says so (`accept`).
        self._note_cut(cut=gone)
        if not gone and newest["event"]:
            self._try_to_keep(self._file, newest)

    def cut_off(self) -> bool:
        """Whether the newest event that was seen is in the chain no more."""
        with self._engine.connect() as connection:
            return _is_gone(connection, self._read())

    def _note_cut(self, *, cut: bool) -> None:
        if cut and not self.cut:
            logger.error("the newest events that were seen are in the chain no more")
        self.cut = cut

    def _try_to_keep(self, file: Path, seen: dict[str, Any]) -> None:
        try:
            self._keep(file, seen)
        except OSError as error:
            # A full disk: what is remembered is a little older than it might be.
            self._outage.failed(type(error).__name__)
            self.stale = True
        else:
            self._outage.over()

    def accept(self) -> None:
        """Whoever says so takes the database as it is, whatever was here before."""
        if self._file is None:
            return
        seen = self._read()
        with self._engine.connect() as connection:
            known = inspect(connection).has_table(events.name)
            gone = bool(seen and seen["event"]) and (not known or _is_gone(connection, seen))
            newest = _newest(connection) if known else NOTHING
        self._keep(self._file, {**newest, "before": seen["event"]} if gone and seen else newest)

    def before(self) -> int:
        """The number of the event that was seen last before an older database was accepted."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            if self._file is not None:
                return int(json.loads(self._file.read_text("utf-8"))["before"])
        return 0

    def _keep(self, file: Path, seen: dict[str, Any]) -> None:
        self._last = seen
        write_whole(file, json.dumps(seen))

    def _read(self) -> dict[str, Any] | None:
        with suppress(OSError, ValueError, TypeError, KeyError):
            if self._file is not None:
                seen = json.loads(self._file.read_text("utf-8"))
                said = {name: str(seen[name]) for name in ("hash", "letter")}
                return {"event": int(seen["event"]), **said}
        return None


def _newest(connection: Connection) -> dict[str, Any]:
    newest = connection.execute(NEWEST).first()
    seen = {"event": newest.id, "hash": newest.hash} if newest else {}
    return {**NOTHING, **seen, "letter": connection.execute(LETTER).scalar() or ""}


def _is_gone(connection: Connection, seen: dict[str, Any] | None) -> bool:
    if seen is None or not seen["event"]:
        return False
    found = select(events.c.hash).where(events.c.id == seen["event"])
    return bool(connection.execute(found).scalar() != seen["hash"])


def _is_other(connection: Connection, seen: dict[str, Any] | None) -> bool:
    """By the letter itself: another one may have its number by now."""
    if seen is None:
        return False
    found = select(outbox.c.id).where(outbox.c.dedupe_key == seen["letter"])
    return connection.execute(found).scalar() is None
