"""What the chain was when it was posted in a chat: what is cut off later is missed here.

The last proof is kept twice: in the book, which outlives the events, and in a file outside the
database, which outlives the database. Whoever spoils both has still to change the chat.
"""

import logging
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, Field, TypeAdapter
from sqlalchemy import Connection, select
from sqlalchemy.engine import make_url

from bot.domain import due
from bot.logs import described
from bot.store.events import Events
from bot.store.place import write_whole
from bot.store.records import d, dated
from bot.store.statements import upsert

logger = logging.getLogger(__name__)

KIND = "proof"
Number = Annotated[int, Field(ge=0, lt=2**63)]
SHOWN = 12
"""So many characters of a hash are read aloud, and tell it from every other."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The newest event and how many there were, at an instant."""

    number: Number
    count: Number
    hash: str
    at: AwareDatetime

    @property
    def mark(self) -> str:
        return self.hash[:SHOWN]


PROOF = TypeAdapter(Proof)


class Proofs:
    """The last proof that was posted, and whether the chain still holds it."""

    def __init__(
        self, connection: Connection, events: Events, now: datetime, file: Path | None
    ) -> None:
        self._connection = connection
        self._events = events
        self._now = now
        self._file = file
        self._new: Proof | None = None

    def take(self) -> Proof | None:
        """A proof of the chain as it is, kept in place of the last one; none of an empty one."""
        newest = self._events.newest()
        if newest is None:
            return None
        number, hash_ = newest
        proof = Proof(number, self._events.count(number), hash_, self._now)
        upsert(self._connection, dated, [_row(proof)])
        self._new = proof
        return proof

    def lost(self) -> list[Proof]:
        """What was posted and is not in the chain any more."""
        kept = {proof.hash: proof for proof in (self._in_book(), self._in_file()) if proof}
        return [each for each in kept.values() if self._events.hash_of(each.number) != each.hash]

    def committed(self) -> None:
        """Keep it outside too."""
        if self._new is None or self._file is None:
            return
        try:
            write_whole(self._file, PROOF.dump_json(self._new).decode())
        except OSError as error:
            logger.error("the proof is not kept outside of the database: %s", described(error))

    def _in_book(self) -> Proof | None:
        found = select(d.facts).where(d.code == "", d.kind == KIND, d.key == "")
        return _read(self._connection.execute(found).scalar())

    def _in_file(self) -> Proof | None:
        if self._file is None:
            return None
        try:
            return _read(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return None


def _read(said: str | None) -> Proof | None:
    try:
        return PROOF.validate_json(said) if said else None
    except ValueError:
        # Spoilt, it proves nothing; the chat does.
        return None


def _row(proof: Proof) -> dict[str, object]:
    # Never due and nobody's: no list of the book finds it.
    columns = dict.fromkeys(column.name for column in dated.columns)
    named = {"centre": "", "state": "", "owed_by": "", "together": "", "fault": ""}
    facts = PROOF.dump_json(proof).decode()
    own = {"code": "", "kind": KIND, "key": "", "rank": len(due.BOOK), "open": False}
    return columns | named | own | {"facts": facts}


def usual_file(database_url: str) -> Path | None:
    """Next to the file of an SQLite database; for a server's, in this machine's `var`."""
    where = make_url(database_url)
    if where.get_backend_name() != "sqlite":
        parts = (where.host or "local", where.port or 5432, where.database)
        name = re.sub(r"[^\w.-]", "_", "-".join(map(str, parts)))
        return Path("var", f"{name}.proof")
    if where.database in (None, "", ":memory:"):
        return None
    return Path(f"{where.database}.proof")
