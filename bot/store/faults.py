"""Whose fault an error is: the database's own, or the statement's."""

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError, TimeoutError

BROKEN = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR", "SQLITE_FULL")
# PostgreSQL's classes: no connection, read-only, to be tried again, full, in use by another,
# stopped by hand, damaged.
NOT_THE_STATEMENT = ("08", "25", "40", "53", "55", "57", "58", "XX")
AFTER_ANOTHER = "25P02"
"""Refused because a statement before it in its transaction was."""


class FileGone(SQLAlchemyError):
    """The file of the database is no longer the one that was opened."""


class NotWritable(SQLAlchemyError):
    """Nothing can be written beside the file of the database."""


class NotLeading(SQLAlchemyError):
    """Another process leads: what only the leader may write is not written."""


def storage_fault(error: BaseException) -> bool:
    """Whether the database itself is at fault (full, locked, gone), and not the statement."""
    # No connection of the pool came free, or none of them is to be written to.
    if isinstance(error, TimeoutError | FileGone | NotLeading):
        return True
    if not isinstance(error, DBAPIError):
        return False
    # Blamed on the update, a full disk would mark every tap as failed and lose it.
    name: str = getattr(error.orig, "sqlite_errorname", "")
    if error.connection_invalidated or name.startswith(BROKEN):
        return True
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state is not None:
        # One item that is too large for an index must not hold up all the others.
        return state.startswith(NOT_THE_STATEMENT) and state != AFTER_ANOTHER
    # SQLite calls a wrong statement an OperationalError too.
    return isinstance(error, OperationalError) and name != "SQLITE_ERROR"
