"""Where scenarios play: a hospital that must be found without fault at their end."""

from collections.abc import AsyncIterator

import pytest
from sqlmodel import SQLModel

from bot.domain.network import Network
from bot.store import Database
from tests.fakes import FakeClock, Show
from tests.hospital import Hospital


@pytest.fixture
async def empty(clock: FakeClock, network: Network) -> AsyncIterator[Hospital]:
    """A bot that nobody joined yet, on a database in memory."""
    memory = Database(
        "sqlite://", clock=clock, words=Show(), network=network, audit_key=b"key-of-the-tests"
    )
    SQLModel.metadata.create_all(memory.engine)
    opened = Hospital(memory, clock)
    await opened.open()
    yield opened
    found = opened.faults()
    memory.close()
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
    assert opened.faults() == []
