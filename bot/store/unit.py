"""One transaction seen at one instant: people, records, outbox, events."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection

from bot.domain.message import Text
from bot.domain.record import Record
from bot.store import inbox
from bot.store.events import Events
from bot.store.misfiled import misfiled
from bot.store.outbox import Outbox
from bot.store.people import People
from bot.store.proofs import Proofs
from bot.store.records import Records

if TYPE_CHECKING:
    from bot.store.database import Database


class Words(Protocol):
    """What turns keys into sentences: with Telegram's HTML, or plain where it reads none."""

    def render(self, said: Text, /) -> str: ...
    def plain(self, said: Text, /) -> str: ...


class Unit:
    """Everything in it is true at once, and written at once."""

    def __init__(
        self, database: "Database", connection: Connection, *, reads_only: bool = False
    ) -> None:
        self.connection = connection
        # Asked once: a rule that saw two times could find a thing due and not due.
        self.now = database.clock().astimezone(UTC)
        self.words = database.words
        self.network = database.network
        self.draw = database.draw
        self._database = database
        self._reads_only = reads_only
        self.people = People(connection, database.kept)
        self.outbox = Outbox(connection, self.now)
        self.events = Events(connection, self.now, database.audit_key)
        self.proofs = Proofs(connection, self.events, self.now, database.proof_file)
        self.records = Records(
            connection,
            database.network,
            self.now,
            database.draw,
            lambda: self.people.roster,
            locks=not reads_only,
        )

    def token(self, nonce: int) -> str:
        """The secret of an invitation, made from its number and the key: it is kept nowhere."""
        return self._database.token(nonce)

    def update_troubles(self, stuck_before: datetime, since: datetime, limit: int) -> list[str]:
        """Updates that should have been handled by then, and those that raised: one line each."""
        return inbox.troubles(self, stuck_before, since, limit)

    def forget_updates(self, before: datetime, limit: int) -> int:
        """So many at once; gives how many."""
        return inbox.purge(self, before, limit)

    def misfiled(self, records: Mapping[str, Record]) -> Iterable[str]:
        """Rows of these records that are found as what they are not: one line each."""
        return misfiled(self.connection, records)

    @property
    def wrote_letters(self) -> bool:
        return self.outbox.wrote

    def write(self) -> None:
        """Everything that changed, once; nothing of it is true before the commit."""
        assert not self._reads_only, "a unit that only looks has nothing to write"
        self.people.write()
        self.records.write()
        self.outbox.write()
        # The chain last: on PostgreSQL it takes a lock that all wait for, held until the commit.
        self.events.write()

    def committed(self) -> None:
        """It is true now: what this process keeps may be kept."""
        self._database.kept = self.people.kept
        self.proofs.committed()
