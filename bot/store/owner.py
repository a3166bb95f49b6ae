"""Who carries a letter: a number for each process, and whether that process still lives."""

from contextlib import suppress

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from bot.domain.record import Draw

CLASS = 7_245_002
"""Of PostgreSQL's advisory locks, those that say that an owner of letters lives."""
MOST = 2**31 - 1

HOLD = text("SELECT pg_try_advisory_lock(:class, :owner)")
TRY = text("SELECT pg_try_advisory_xact_lock(:class, :owner)")


class Owner:
    """This process. On PostgreSQL a lock lives as long as it does; SQLite has one process."""

    def __init__(self, engine: Engine, draw: Draw) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self.number = 1 + draw(MOST)
        while not self.hold():
            # Somebody has it already.
            self.number = 1 + draw(MOST)

    def hold(self) -> bool:
        """Hold the lock; take it again if the connection that held it was cut."""
        if self._engine.dialect.name != "postgresql":
            return True
        if self._connection is None:
            self._connection = self._connect()
        try:
            # A lock of the session: the server lets go of it however the process dies.
            held = self._connection.execute(HOLD, {"class": CLASS, "owner": self.number})
            return bool(held.scalar())
        except DBAPIError:
            self.close()
            return False

    def close(self) -> None:
        """What is still on its way is anybody's now."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError):
                connection.close()

    def _connect(self) -> Connection:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        # Not one of the pool's: it is never given back.
        connection.detach()
        return connection


def is_dead(connection: Connection, owner: int) -> bool:
    """Whether nobody of this number lives; until the end of this transaction nobody will."""
    if connection.dialect.name != "postgresql":
        # One process has the file; whatever it did not carry itself is an earlier one's.
        return True
    return bool(connection.execute(TRY, {"class": CLASS, "owner": owner}).scalar())
