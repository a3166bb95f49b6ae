"""The schema's history: brings a database up to date, and says how far it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

HERE = Path(__file__).parent
# Any number, as long as nobody else locks with it: two replicas may start on an empty database.
LOCK = 7_245_001


class State(StrEnum):
    """Where a database stands, seen from this program."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


class SchemaError(Exception):
    """The database does not fit the program; one sentence says what to do."""


REFUSALS = {
    State.OLDER: "The database is older than the program: run python -m bot migrate.",
    State.NEWER: "The database is newer than the program: start the newer program.",
}

NOTHING_YET = "The database is empty: python -m bot run fills it, or python -m bot restore FILE."


def require(engine: Engine, scripts: Path = HERE) -> None:
    """Refuse a database that this program cannot read."""
    found = state(engine, scripts)
    if found is not State.CURRENT:
        raise SchemaError(REFUSALS.get(found, NOTHING_YET))


def ensure(engine: Engine, scripts: Path = HERE) -> None:
    """Fill an empty database; refuse one that is older or newer than the program."""
    found = state(engine, scripts)
    if found in REFUSALS:
        raise SchemaError(REFUSALS[found])
    if found is State.EMPTY:
        upgrade(engine, scripts)


def state(engine: Engine, scripts: Path = HERE) -> State:
    """How far the database is; a revision that we do not know comes from a newer program."""
    history = ScriptDirectory(str(scripts))
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        return State.EMPTY
    if revision == history.get_current_head():
        return State.CURRENT
    known = {step.revision for step in history.walk_revisions()}
    return State.OLDER if revision in known else State.NEWER


def head(scripts: Path = HERE) -> str:
    """The newest revision that this program knows."""
    return str(ScriptDirectory(str(scripts)).get_current_head())


def upgrade(engine: Engine, scripts: Path = HERE) -> None:
    """Bring the schema to the newest revision, all of it or nothing."""
    config = Config()
    config.set_main_option("script_location", str(scripts))
    with _alone(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """One transaction that no other program migrates beside."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            yield connection
        return
    with engine.connect() as connection, _references_unchecked(connection), connection.begin():
        yield connection
        if connection.execute(text("PRAGMA foreign_key_check")).first():
            raise SchemaError("The migration would leave rows that refer to nothing.")


@contextmanager
def _references_unchecked(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by copying it and dropping the old one, which others refer to."""
    # Of the driver: inside a transaction, and SQLAlchemy would begin one, this does nothing.
    driver: Any = connection.connection.dbapi_connection
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")
