"""The schema's history: brings a database up to date, and says how far it is."""

from enum import StrEnum
from pathlib import Path

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


def ensure(engine: Engine) -> None:
    """Fill an empty database; refuse one that is older or newer than the program."""
    found = state(engine)
    if found in REFUSALS:
        raise SchemaError(REFUSALS[found])
    if found is State.EMPTY:
        upgrade(engine)


def state(engine: Engine) -> State:
    """How far the database is; a revision that we do not know comes from a newer program."""
    script = ScriptDirectory(str(HERE))
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        return State.EMPTY
    if revision == script.get_current_head():
        return State.CURRENT
    known = {step.revision for step in script.walk_revisions()}
    return State.OLDER if revision in known else State.NEWER


def upgrade(engine: Engine) -> None:
    """Bring the schema to the newest revision, all of it or nothing."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    with engine.begin() as connection:
        _lock(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
    else:
        # A table that is changed is copied and dropped while others refer to it.
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
