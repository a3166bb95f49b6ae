"""Where scenarios play: a hospital that must be found without fault at their end."""

from collections.abc import AsyncIterator

import pytest
from sqlmodel import SQLModel

from bot.domain.network import Network
from bot.store import Database
from tests.conftest import KINDS
from tests.fakes import FakeClock, Show
from tests.hospital import Hospital


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest) -> str:
    """Where a scenario plays: in memory, then on PostgreSQL."""
    if request.param == "sqlite":
        return "sqlite://"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def empty(address: str, clock: FakeClock, network: Network) -> AsyncIterator[Hospital]:
    """A bot that nobody joined yet."""
    database = Database(
        address, clock=clock, words=Show(), network=network, audit_key=b"key-of-the-tests"
    )
    if address == "sqlite://":
        SQLModel.metadata.create_all(database.engine)
    opened = Hospital(database, clock)
    await opened.open()
    yield opened
    found = opened.faults()
    database.close()
    assert found == []


@pytest.fixture
def ward(empty: Hospital) -> Hospital:
    """Six teams in Toulouse, each with its group and one member."""
    empty.staff()
    return empty


@pytest.fixture
async def any_ward(database: Database, clock: FakeClock) -> AsyncIterator[Hospital]:
    """The same on a file of SQLite, then on PostgreSQL."""
    opened = Hospital(database, clock)
    await opened.open()
    opened.staff()
    yield opened
    found = opened.faults()
    assert found == []
