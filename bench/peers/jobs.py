"""APScheduler with an SQLAlchemyJobStore and a job for each reminder, on a durable SQLite file."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from time import perf_counter
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import create_engine, event

PATIENCE = 60.0
FAR = timedelta(days=365)
_left = [0]
_over = Event()


def fire(_number: int) -> None:
    """The job, found by its name in the store: it does nothing but count."""
    _left[0] -= 1
    if _left[0] <= 0:
        _over.set()


def _durable(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


@contextmanager
def scheduler(folder: Path) -> Iterator[BackgroundScheduler]:
    """Paused: jobs are stored, none fires yet."""
    engine = create_engine(f"sqlite:///{folder / 'jobs.db'}")
    event.listen(engine, "connect", _durable)
    made = BackgroundScheduler(
        jobstores={"default": SQLAlchemyJobStore(engine=engine)},
        executors={"default": ThreadPoolExecutor(1)},
        job_defaults={"misfire_grace_time": None, "coalesce": True},
        timezone="UTC",
    )
    made.start(paused=True)
    try:
        yield made
    finally:
        made.shutdown()
        engine.dispose()


def add(made: BackgroundScheduler, count: int, *, due: bool = False) -> float:
    """Milliseconds for each job added."""
    at = datetime.now(UTC) + (timedelta(0) if due else FAR)
    began = perf_counter()
    for number in range(count):
        made.add_job(fire, "date", run_date=at, args=(number,))
    return 1000 * (perf_counter() - began) / count


def fire_all(made: BackgroundScheduler, count: int) -> float:
    """Milliseconds for each job that was due, from the first look to the last of them."""
    _left[0] = count
    _over.clear()
    add(made, count, due=True)
    began = perf_counter()
    made.resume()
    if not _over.wait(PATIENCE):
        raise TimeoutError("the jobs did not fire")
    made.pause()
    return 1000 * (perf_counter() - began) / count
