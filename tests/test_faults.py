"""Whose fault an error of the database is: what holds all up, or one statement alone."""

import sqlite3
from typing import Any

import pytest
from sqlalchemy.exc import DataError, InternalError, OperationalError

from bot.store.faults import storage_fault


class FromPostgres(Exception):
    """What psycopg raises: it bears the code that PostgreSQL gave, if it gave one."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("…")
        self.sqlstate = sqlstate


def operational(original: Any) -> OperationalError:
    return OperationalError("INSERT", {}, original)


@pytest.mark.parametrize(
    ("sqlstate", "expected"),
    [
        (None, True),  # the connection is gone
        ("08006", True),
        ("53100", True),  # the disk is full
        ("55P03", True),  # locked by another
        ("57P01", True),  # stopped by hand
        ("57014", True),  # out of time
        ("40001", True),
        ("54000", False),  # a row too large for an index
        ("42P01", False),
    ],
)
def test_on_postgresql_the_code_says_whose_fault_it_is(
    sqlstate: str | None, expected: bool
) -> None:
    assert storage_fault(operational(FromPostgres(sqlstate))) is expected


@pytest.mark.parametrize(
    ("sqlstate", "expected"),
    [
        ("25006", True),  # read-only: a copy that is not in charge
        ("XX001", True),  # a damaged page
        ("25P02", False),  # refused after another statement of its transaction
    ],
)
def test_what_postgresql_calls_internal_is_told_apart_by_its_code_too(
    sqlstate: str, expected: bool
) -> None:
    assert storage_fault(InternalError("INSERT", {}, FromPostgres(sqlstate))) is expected


def test_a_locked_sqlite_file_is_the_storages_fault() -> None:
    assert storage_fault(operational(sqlite3.OperationalError("database is locked")))


def test_a_wrong_value_is_the_statements_fault() -> None:
    assert not storage_fault(DataError("INSERT", {}, FromPostgres("22001")))
    assert not storage_fault(ValueError("…"))
