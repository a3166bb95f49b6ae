"""Whose fault an error is: the database's own, or the statement's."""

from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError

BROKEN = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR", "SQLITE_FULL")


def storage_fault(error: BaseException) -> bool:
    """Whether the database itself is at fault (full, locked, gone), and not the statement."""
    # No connection of the pool came free.
    if isinstance(error, TimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    # Blamed on the update, a full disk would mark every tap as failed and lose it.
    name: str = getattr(error.orig, "sqlite_errorname", "")
    if error.connection_invalidated or name.startswith(BROKEN):
        return True
    # SQLite calls a wrong statement an OperationalError too.
    return isinstance(error, OperationalError) and name != "SQLITE_ERROR"
