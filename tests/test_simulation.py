"""Whole pathways with random teams, delays, wrong answers and faults; `SIMULATE=1000` for more."""

import os

import pytest
from sqlmodel import SQLModel

from bot.domain.network import Network
from bot.store import Database
from tests.fakes import Show
from tests.hospital import Hospital
from tests.simulation import Simulation, seeded_clock

FIRST = int(os.environ.get("SIMULATE_FROM", "0"))
SEEDS = int(os.environ.get("SIMULATE", "1"))
"""Hospitals played in the suite; each takes half a minute."""


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
async def test_whatever_happens_every_pathway_is_explained_at_every_step(
    network: Network, seed: int
) -> None:
    clock = seeded_clock(seed)
    memory = Database("sqlite://", clock=clock, words=Show(), network=network, audit_key=b"key")
    SQLModel.metadata.create_all(memory.engine)
    ward = Hospital(memory, clock)
    await ward.open()

    played = await Simulation(seed, ward).run()

    assert played >= 1
    memory.close()
