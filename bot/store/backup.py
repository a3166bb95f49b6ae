"""The whole database in one file, and back; the same file for SQLite and for PostgreSQL."""

import gzip
import json
import os
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, Engine, Table, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from bot import migrations
from bot.models import Member, Patient, UtcDateTime
from bot.store.database import reading

CHUNK = 500
"""Rows written at once."""
MAGIC = b"\x1f\x8b"
"""What a gzip file begins with."""
UNREADABLE = (
    OSError,
    EOFError,
    zlib.error,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    IntegrityError,
)
"""What a file raises that is not what this program writes."""


class BackupError(Exception):
    """The file cannot be written or taken back; one sentence says why."""


class WrongFile(BackupError):
    """The file that was named holds something else."""


def backup(engine: Engine, file: Path) -> int:
    """Write every row, seen at one instant, to a file; gives how many.

    The file takes its name only once it is whole: a full disk leaves no half of one, and an older
    backup of that name stands until then.
    """
    if migrations.state(engine) is not migrations.State.CURRENT:
        raise BackupError("The database is not of this program's version: run migrate first.")
    # In the same folder: a file takes another name at once only within its own disk.
    half = file.with_name(f"{file.name}.part")
    try:
        for each in (file, half):
            _must_be_free(engine, each)
        return _replace(engine, file, half)
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror}.") from None


def _replace(engine: Engine, file: Path, half: Path) -> int:
    try:
        with reading(engine) as connection:
            _must_hold_something(connection)
            # For its owner alone, from its first byte on; one left over may be anybody's.
            half.unlink(missing_ok=True)
            half.touch(mode=0o600)
            with gzip.open(half, "wt", encoding="utf-8") as out:
                rows = _write(connection, out)
        # On the disk before it takes the place of an older one.
        _sync(half)
        half.replace(file)
        _sync(file.parent)
    finally:
        half.unlink(missing_ok=True)
    return rows


def _must_be_free(engine: Engine, file: Path) -> None:
    """Nothing may stand there but a backup, or what is left of one that was cut short."""
    database = engine.url.database if engine.dialect.name == "sqlite" else None
    if database and file.exists() and file.samefile(database):
        raise WrongFile(f"{file} is the database itself: name another file for its backup.")
    if file.exists() and not (file.is_file() and _begun(file)):
        raise WrongFile(f"{file} is there already and is no backup: name another file.")


def _begun(file: Path) -> bool:
    with file.open("rb") as raw:
        start = raw.read(len(MAGIC))
    return start == MAGIC or (not start and file.suffix == ".part")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _must_hold_something(connection: Connection) -> None:
    """A backup of a database that nobody ever used is the wrong database's."""
    tables = (SQLModel.metadata.tables[str(t.__tablename__)] for t in (Member, Patient))
    if not any(connection.execute(select(table).limit(1)).first() for table in tables):
        raise BackupError("The database holds no member and no patient: nothing was written.")


def _write(connection: Connection, out: Any) -> int:
    rows = 0
    # Columns are named by the schema: another version would not know where to put them.
    out.write(json.dumps({"head": migrations.head()}) + "\n")
    for table in SQLModel.metadata.sorted_tables:
        for row in connection.execute(select(table)).mappings():
            out.write(json.dumps([table.name, dict(row)], default=_plain) + "\n")
            rows += 1
    # The last line counts the others: a file that was cut short is known by its absence.
    out.write(json.dumps({"rows": rows}) + "\n")
    return rows


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def restore(engine: Engine, file: Path) -> int:
    """Fill an empty database from a file; all of it or nothing. Gives how many rows."""
    # Two histories in one chain would break its seals, and nothing could tell them apart.
    if not _empty(engine):
        raise BackupError("The database is not empty: restore into a new one.")
    # Before the database is touched: only at the end of the file does its sum tell.
    _verify(file)
    if migrations.state(engine) is migrations.State.EMPTY:
        migrations.upgrade(engine)
    try:
        with engine.begin() as connection:
            return _fill(connection, _read(file))
    except UNREADABLE:
        raise BackupError(f"{file} is damaged: nothing was taken from it.") from None


def _verify(file: Path) -> None:
    """Read it to its end, where gzip says whether this is what was written."""
    try:
        lines = _read(file)
        head, rows, last = next(lines), -1, None
        for line in lines:
            rows, last = rows + 1, line
    except (*UNREADABLE, StopIteration):
        raise BackupError(f"{file} is not a backup, or is damaged.") from None
    if head != {"head": migrations.head()}:
        raise BackupError(f"{file} was made by another version of the program.")
    if last != {"rows": rows}:
        raise BackupError(f"{file} is damaged: it does not hold all its rows.")


def _empty(engine: Engine) -> bool:
    """Without tables, or with tables that hold nothing (an earlier try that failed)."""
    found = migrations.state(engine)
    if found is not migrations.State.CURRENT:
        return found is migrations.State.EMPTY
    with engine.connect() as connection:
        tables = SQLModel.metadata.sorted_tables
        return not any(connection.execute(select(table).limit(1)).first() for table in tables)


def _read(file: Path) -> Iterator[Any]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _fill(connection: Connection, lines: Iterator[Any]) -> int:
    tables = {table.name: table for table in SQLModel.metadata.sorted_tables}
    rows, waiting = 0, list[tuple[Table, dict[str, Any]]]()
    for line in lines:
        # The first line and the last one are not rows.
        if isinstance(line, dict):
            continue
        table = tables[line[0]]
        if waiting and (waiting[0][0] is not table or len(waiting) == CHUNK):
            _put(connection, waiting)
        waiting.append((table, _values(table, line[1])))
        rows += 1
    _put(connection, waiting)
    _renumber(connection)
    return rows


def _values(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """JSON has neither days nor instants: the column says which it was."""

    def read(name: str, value: Any) -> Any:
        kind = table.c[name].type
        if value is None or not isinstance(kind, Date | UtcDateTime):
            return value
        return (date if isinstance(kind, Date) else datetime).fromisoformat(value)

    return {name: read(name, value) for name, value in row.items()}


def _put(connection: Connection, waiting: list[tuple[Table, dict[str, Any]]]) -> None:
    if waiting:
        connection.execute(insert(waiting[0][0]), [row for _, row in waiting])
        waiting.clear()


def _renumber(connection: Connection) -> None:
    """PostgreSQL counts on from its sequences, which an insert with a given id does not move."""
    if connection.dialect.name != "postgresql":
        return
    for table in SQLModel.metadata.sorted_tables:
        if "id" in table.c:
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'),"
                    f" COALESCE((SELECT MAX(id) FROM {table.name}), 0) + 1, false)"
                )
            )
