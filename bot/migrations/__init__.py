"""The schema's history: brings a database up to date, and says how far it is.

Alembic is dear to import, and a start on a database that is up to date does without it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

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
    known = revisions(scripts)
    revision = _revision(engine)
    if revision is None:
        return State.EMPTY
    if revision == known[-1]:
        return State.CURRENT
    return State.OLDER if revision in known else State.NEWER


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def revisions(scripts: Path = HERE) -> list[str]:
    """Those that this program knows, oldest first: each file's name begins with its own."""
    return sorted(each.name.split("_")[0] for each in (scripts / "versions").glob("*.py"))


def head(scripts: Path = HERE) -> str:
    """The newest revision that this program knows."""
    return revisions(scripts)[-1]


def upgrade(engine: Engine, scripts: Path = HERE) -> None:
    """Bring the schema to the newest revision, all of it or nothing."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts))
    with _alone(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """One transaction that no other program migrates beside."""
    with engine.begin() as connection:
        # SQLite has one writer anyway.
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        yield connection
