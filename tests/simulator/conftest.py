"""Fixtures of the simulator's tests."""

from collections.abc import Iterator

import pytest

from simulator.client import Client
from simulator.ground import Options
from simulator.server import Running
from tests.simulator.desk import START, TOKEN, Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    """One simulator over HTTP on a free port, its clock stopped, every answer validated."""
    options = Options(START, tokens=(TOKEN,), paused=True, self_check=True, patience=3.0)
    with Running(options) as simulator:
        yield simulator


@pytest.fixture
def running(server: Running) -> Running:
    """The same simulator, emptied."""
    Client(server.url).reset()
    return server


@pytest.fixture
def client(running: Running) -> Client:
    return Client(running.url)
