"""How the database fails, and all that it holds."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from sqlmodel import SQLModel

from bot.store import Unit
from tests.hospital import Hospital


@contextmanager
def failing(
    ward: Hospital,
    statement: str,
    error: Exception,
    when: Callable[[str], bool] = lambda _values: True,
) -> Iterator[None]:
    """The database raises at each statement that begins so, with such values."""

    def refuse(*call: Any) -> None:
        if call[2].startswith(statement) and when(str(call[3])):
            raise error

    event.listen(ward.database.engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        event.remove(ward.database.engine, "before_cursor_execute", refuse)


def raising(ward: Hospital, code: str) -> Any:
    """Whatever changes this patient's record meets a bug."""
    return failing(ward, "INSERT INTO dated", RuntimeError("a bug"), lambda said: code in said)


def full() -> OperationalError:
    return OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))


def everything(ward: Hospital) -> str:
    """Every value of every column of every table, as text."""

    def read(unit: Unit) -> str:
        tables = SQLModel.metadata.sorted_tables
        rows = (row for table in tables for row in unit.connection.execute(select(table)))
        return "\n".join(str(tuple(row)) for row in rows)

    found: str = ward.ask(read)
    return found
