"""What both databases say in the same words."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


@cache
def _upsert(table: Table, dialect: str) -> Any:
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    keys = [column.name for column in table.primary_key]
    rest = {c.name: insert.excluded[c.name] for c in table.c if c.name not in keys}
    return insert.on_conflict_do_update(index_elements=keys, set_=rest)


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert these whole rows; those whose key is there already are replaced."""
    connection.execute(_upsert(table, connection.dialect.name), list(rows))


@cache
def insert_new(table: Table, unique: str, dialect: str) -> Any:
    """Insert rows, leaving those out that are there already."""
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    return insert.on_conflict_do_nothing(index_elements=[unique])
