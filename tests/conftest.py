"""What every test may ask for: a clock, and a database of each kind; and the end of a hang."""

import faulthandler
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, create_engine, text
from sqlmodel import SQLModel

from bot import migrations
from bot.domain.network import Network
from bot.store import Database
from bot.store.database import open_engine
from tests import postgres, simulation
from tests.browser import ARGUMENTS, chromium
from tests.fakes import FakeClock, Show

KINDS = ("sqlite", "postgres")
LIMIT = 120
"""Seconds that a test may take; `@pytest.mark.time_limit(seconds)` gives it more."""
STDERR = 2
GRACE = 10
"""Seconds after which a process that does not even hear the alarm is ended."""


# A hang is a failure


class TooLong(Exception):
    """The test did not end."""


@contextmanager
def limited(item: pytest.Item) -> Iterator[None]:
    marker = item.get_closest_marker("time_limit")
    seconds = float(marker.args[0] if marker else LIMIT)

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TooLong(f"not over after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    faulthandler.dump_traceback_later(seconds + GRACE, exit=True, file=STDERR)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with limited(item):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with limited(item):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    with limited(item):
        yield


# What a test may ask for


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for one module: the loop of Playwright would bar those of async tests."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def network() -> Network:
    """The network of the defaults, with a set-up code for the first coordinator."""
    return replace(simulation.network(), setup_code="a-setup-code")


@pytest.fixture
def database(database_url: str, clock: FakeClock, network: Network) -> Iterator[Database]:
    """A database of each kind in turn, its tables there and empty."""
    opened = Database(
        database_url, clock=clock, words=Show(), network=network, audit_key=b"key-of-the-tests"
    )
    yield opened
    opened.close()


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a database of each kind in turn, its tables there and empty."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=KINDS)
def blank_url(request: pytest.FixtureRequest) -> str:
    """The address of a database of each kind in turn, without tables."""
    url: str = request.getfixturevalue(f"blank_{request.param}_url")
    return url


@pytest.fixture(scope="session")
def sqlite_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, to be copied: faster than migrating for each test."""
    path = tmp_path_factory.mktemp("model") / "model.db"
    engine = create_engine(f"sqlite:///{path}")
    migrations.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def sqlite_url(sqlite_model: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(sqlite_model, tmp_path / 'relais.db')}"


@pytest.fixture
def blank_sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'blank.db'}"


@pytest.fixture(scope="session")
def postgres_admin() -> Iterator[Engine]:
    """What makes databases."""
    yield postgres.admin()
    postgres.admin().dispose()


@pytest.fixture(scope="session")
def postgres_shared(postgres_admin: Engine) -> Iterator[Engine]:
    """The one migrated database that tests have in turn: emptying it is faster than making one."""
    engine = open_engine(postgres.create("shared"))
    migrations.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def postgres_url(postgres_shared: Engine) -> Iterator[str]:
    yield postgres_shared.url.render_as_string(hide_password=False)
    _empty(postgres_shared)


@pytest.fixture
def blank_postgres_url(postgres_admin: Engine) -> Iterator[str]:
    yield postgres.create("blank")
    postgres.drop("blank")


def _empty(engine: Engine) -> None:
    """Delete every row and number from 1 again; what a test left open fails it, never hangs."""
    tables = (f'DELETE FROM "{table}"' for table in SQLModel.metadata.tables)
    restart = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        # Foreign keys are triggers, which do not fire for a replica.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.exec_driver_sql("; ".join((*tables, restart)))
