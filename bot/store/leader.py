"""Who leads: of the processes of one database, one rings, polls and sends.

Each leader has a number, one more than the leader before; what only a leader may write asks for
it in its own transaction, so that one who does not know yet that he was replaced writes nothing.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, Integer, bindparam, func, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlmodel import SQLModel

from bot import models
from bot.store.faults import NotLeading, NotWritable
from bot.store.place import Place

logger = logging.getLogger(__name__)

stamps = SQLModel.metadata.tables[str(models.Stamp.__tablename__)]

LEADER = "leader"
CLASS = 7_245_002
"""Of PostgreSQL's advisory locks, the one that the leader holds for its life."""
STILL = 6.0
"""Seconds without a sign after which a leader is replaced: its machine died, or was stopped."""

NUMBER = select(stamps.c.value).where(stamps.c.name == LEADER)
# Shared until the end of the transaction: whoever takes over waits for it, and counts on.
SHARED = NUMBER.with_for_update(read=True)
carrier = bindparam("carrier", type_=Integer)
LEADS = carrier == func.coalesce(SHARED.scalar_subquery(), 0)
"""Whether the number given as `carrier` is the leader's; 0 where nobody ever led."""

GROW = text(
    "INSERT INTO stamp (name, value) VALUES (:name, 1)"
    " ON CONFLICT (name) DO UPDATE SET value = stamp.value + 1 RETURNING value"
)
TRY = text("SELECT pg_try_advisory_lock(:class, 0)")
HOLDER = text(
    "SELECT a.application_name, a.state_change FROM pg_locks AS l, pg_stat_activity AS a"
    " WHERE l.pid = a.pid AND l.granted AND l.locktype = 'advisory' AND l.classid = :class"
    " AND l.objid = 0 AND l.objsubid = 2 AND a.datname = current_database()"
    " AND l.database = a.datid"
)
CUT = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = :name AND datname = current_database()"
)
SESSION = ("SET lock_timeout = '3s'", "SET statement_timeout = '5s'")


class Leader:
    """Whether this process leads, and by which number."""

    def __init__(
        self, engine: Engine, place: Place, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = engine
        self._place = place
        self._monotonic = monotonic
        self._connection: Connection | None = None
        self._sign: tuple[Any, float] = (None, 0)
        """The last sign of the one who leads, and when it was new."""
        self.number = 0
        """0: another one leads, or nobody."""
        self.trouble = ""
        """Why this process could not lead when it was its turn."""

    @property
    def leads(self) -> bool:
        return self.number > 0

    def take(self) -> bool:
        """Lead from now on, unless another one does; raises if there is nothing to lead."""
        if self.leads:
            return True
        self._place.require()
        if self._engine.dialect.name != "postgresql":
            if not self._place.lock():
                return False
            with self._engine.begin() as connection:
                self.number = _grown(connection)
            return True
        try:
            return self._take()
        except DBAPIError:
            # A lock without a number is no lead.
            self.close()
            raise

    def _take(self) -> bool:
        if self._connection is None:
            self._connection = self._connect()
        if not self._connection.execute(TRY, {"class": CLASS}).scalar():
            self._watch(self._connection)
            return False
        self.number = _grown(self._connection)
        return True

    def holds(self) -> bool:
        """Whether this process still leads; says so to whoever waits for its end."""
        if not self.leads:
            return False
        if self._place.gone():
            logger.error("the database is not the one that was opened any more")
            self.close()
        elif self._connection is None:
            self._keep_file()
        else:
            self._keep_session(self._connection)
        return self.leads

    def _keep_file(self) -> None:
        try:
            kept = self._place.lock()
        except NotWritable:
            # A disk that takes nothing now may do so again; nobody else can lock there either.
            return
        if not kept:
            logger.error("the lock of the database was deleted, and another process has it now")
            self.close()

    def _keep_session(self, connection: Connection) -> None:
        try:
            # The lock is the session's: it is ours as long as the session lives.
            connection.execute(text("SELECT 1"))
        except DBAPIError:
            self.close()

    def require(self, connection: Connection) -> None:
        """Raise unless this process leads, and go on leading until this transaction ends."""
        if not self.leads:
            raise NotLeading
        if connection.dialect.name != "postgresql":
            return  # one process has a file of SQLite
        if connection.execute(SHARED).scalar() != self.number:
            raise NotLeading

    def close(self) -> None:
        """Lead no more: whoever waits may take over."""
        self.number = 0
        self._place.unlock()
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(SQLAlchemyError):
            # The server notices a closed connection only a moment later.
            connection.execute(text("SELECT pg_advisory_unlock_all()"))
        with suppress(SQLAlchemyError):
            connection.close()

    def _watch(self, connection: Connection) -> None:
        """Cut off a leader that stands still: its machine died, and its server does not know."""
        found = connection.execute(HOLDER, {"class": CLASS}).first()
        now = self._monotonic()
        # Without the right to see it, nobody knows.
        if found is None or found.state_change is None or found != self._sign[0]:
            self._sign = found, now
        elif now - self._sign[1] >= STILL:
            self._sign = None, now
            logger.error("the leader gives no sign of life and is cut off")
            connection.execute(CUT, {"name": found.application_name})

    def _connect(self) -> Connection:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        # Not one of the pool's: it is never given back.
        connection.detach()
        for setting in SESSION:
            connection.execute(text(setting))
        return connection


def _grown(connection: Connection) -> int:
    return int(connection.execute(GROW, {"name": LEADER}).scalar_one())
