"""The database: opens it, and gives one transaction at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import StaticPool
from sqlmodel import Session

from bot.domain.network import Network
from bot.store.unit import Unit
from bot.store.work import Words


class Database:
    """Where the facts are. A unit takes its instant from `clock`, its sentences from `words`."""

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], datetime],
        words: Words,
        network: Network,
        audit_key: bytes = b"",
    ) -> None:
        self.engine = open_engine(url)
        self.clock = clock
        self._words = words
        self.network = network
        self._audit_key = audit_key
        self.on_letters: Callable[[], None] = lambda: None
        """Called after each commit that wrote a letter."""

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """One transaction: committed at the end, rolled back if anything raises."""
        with Session(self.engine, expire_on_commit=False) as session:
            unit = Unit(session, self.clock(), self._words, self.network, self._audit_key)
            yield unit
            session.commit()
        if unit.wrote_letters:
            self.on_letters()

    def close(self) -> None:
        self.engine.dispose()


def open_engine(url: str) -> Engine:
    """An engine tuned for its database; makes the folder of an SQLite file."""
    where = make_url(url)
    if where.get_backend_name() != "sqlite":
        return create_engine(where, pool_pre_ping=True)
    if where.database in (None, "", ":memory:"):
        engine = create_engine(
            where, poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
    else:
        Path(str(where.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(where, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _set_pragmas(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN comes too late for savepoints: `_begin_immediate` does it instead.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=5000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Any) -> None:
    # A transaction that reads and then writes may otherwise find the file locked half-way.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
