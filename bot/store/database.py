"""The database: opens it, and gives one transaction at a time."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import StaticPool

from bot.domain.network import Network
from bot.domain.record import Draw
from bot.store.leader import Leader
from bot.store.people import Kept
from bot.store.place import Place
from bot.store.seen import Seen
from bot.store.unit import Unit, Words

LINE = {
    # A machine that is gone without a word is noticed before its letters are late.
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 9000,
}
"""How PostgreSQL is met over a network."""


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
        draw: Draw | None = None,
        proof_file: Path | None = None,
    ) -> None:
        self.engine = open_engine(url)
        self.place = place_of(self.engine)
        self.leader = Leader(self.engine, self.place)
        self.seen = Seen(self.engine, self.place, proof_file and proof_file.with_suffix(".seen"))
        self.proof_file = proof_file
        self.clock = clock
        self.words = words
        self.network = network
        self.audit_key = audit_key
        self.draw = draw or secrets.randbelow
        self.kept = Kept()
        self.on_letters: Callable[[], None] = lambda: None
        """Called after each commit that wrote a letter."""

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """One transaction: written and committed at the end, rolled back if anything raises."""
        with self.engine.connect() as connection, connection.begin():
            unit = Unit(self, connection)
            yield unit
            # Inside the transaction: what a rule said and what it changed become true together.
            unit.write()
            # Into a deleted file it would be true for nobody: whoever asked must ask again.
            self.place.require()
        # Only now: memory must not know what a failed commit took back.
        unit.committed()
        self.seen.stale = True
        # At once: an alert does not wait for the next look at the outbox.
        if unit.wrote_letters:
            self.on_letters()

    @contextmanager
    def ruling(self) -> Iterator[Unit]:
        """A unit of the one process that leads; raises, with nothing done, if another does."""
        with self.unit() as unit:
            self.leader.require(unit.connection)
            yield unit

    @contextmanager
    def look(self) -> Iterator[Unit]:
        """Read only, beside whoever writes: for questions, health, the audit, the backup."""
        with reading(self.engine) as connection:
            yield Unit(self, connection, reads_only=True)

    def token(self, nonce: int) -> str:
        """An invitation's token: 22 characters that only whoever has the key can make."""
        made = hmac.new(self.audit_key, f"invitation:{nonce}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(made.digest())[:22].decode()

    def close(self) -> None:
        self.leader.close()
        self.engine.dispose()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one instant and takes no lock that a writer waits for."""
    options: dict[str, Any] = {"reading": True}
    if engine.dialect.name == "postgresql":
        # PostgreSQL would otherwise show each statement another instant.
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection:
        yield connection


def open_engine(url: str) -> Engine:
    """An engine tuned for its database; makes the folder of an SQLite file."""
    where = make_url(url)
    options: dict[str, Any] = {
        "json_serializer": lambda value: to_json(value).decode(),
        "json_deserializer": from_json,
        # What a statement was given is what people typed: it goes into no log.
        "hide_parameters": True,
    }
    if where.get_backend_name() != "sqlite":
        options["connect_args"] = {"application_name": f"relais-{secrets.token_hex(8)}"} | LINE
        # A server that restarted has cut the pool's connections without a word.
        return create_engine(where, pool_pre_ping=True, **options)
    options["connect_args"] = {"check_same_thread": False}
    if where.database in (None, "", ":memory:"):
        # In memory each new connection would be another, empty database.
        engine = create_engine(where, poolclass=StaticPool, **options)
    else:
        # Not the link: led elsewhere meanwhile, the next connection would open another database.
        file = Path(str(where.database)).resolve()
        file.parent.mkdir(parents=True, exist_ok=True)
        # For its owner alone; what SQLite puts beside it takes after it. Where that fails, SQLite
        # says why as it opens the file.
        with suppress(OSError):
            file.touch(mode=0o600, exist_ok=False)
        engine = create_engine(where.set(database=str(file)), **options)
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def place_of(engine: Engine) -> Place:
    """The file of this engine, from its first connection on the only one that it may write to."""
    name = engine.url.database
    if engine.dialect.name != "sqlite" or name in (None, "", ":memory:"):
        return Place()
    place = Place(Path(str(name)))
    event.listen(engine, "connect", lambda *_: place.opened())
    event.listen(engine, "close", lambda *_: place.closed())
    event.listen(engine, "do_connect", lambda *_: place.require())
    return place


def _set_pragmas(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN comes too late for what `_begin` promises.
    connection.isolation_level = None
    for pragma in (
        # Who reads does not wait for the one who writes.
        "journal_mode=WAL",
        # A commit is the answer to Telegram, which never brings the update again: it must survive
        # a power cut, and with NORMAL the last ones of a WAL would not.
        "synchronous=FULL",
        "foreign_keys=ON",
        # A command beside the running bot may hold the writer's lock for a moment.
        "busy_timeout=5000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Any) -> None:
    # A transaction that reads and then writes may otherwise find the file locked half-way.
    looks = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if looks else "BEGIN IMMEDIATE")
