"""Whole pathways with random teams, delays, wrong answers and faults; `make simulate` for more."""

import pytest

from tests import simulation, twins

pytestmark = pytest.mark.time_limit(600)

SEEDS, TOGETHER = 100, 10


@pytest.mark.parametrize("first", range(0, SEEDS, TOGETHER))
def test_whatever_happens_every_pathway_is_explained_at_every_step(first: int) -> None:
    for seed in range(first, first + TOGETHER):
        try:
            ended, _ = simulation.play(seed)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
        assert ended >= 1


def test_a_seed_replays_exactly() -> None:
    first, again = simulation.play(7)[1], simulation.play(7)[1]

    assert len(simulation.transcript(first)) > 500
    assert simulation.transcript(first) == simulation.transcript(again)


def test_two_seeds_are_two_stories() -> None:
    assert simulation.transcript(simulation.play(1)[1]) != simulation.transcript(
        simulation.play(2)[1]
    )


@pytest.mark.parametrize("seed", [9, 15])
def test_sqlite_says_and_knows_what_its_twin_in_memory_does(seed: int, sqlite_url: str) -> None:
    database = twins.play_on(sqlite_url, seed)

    assert twins.disagreement(simulation.play(seed)[1], database) == ""
    assert twins.disagreement(simulation.play(seed + 1)[1], database) != ""
    database.close()


def test_postgresql_says_and_knows_what_its_twin_in_memory_does(postgres_url: str) -> None:
    database = twins.play_on(postgres_url, 11)

    assert twins.disagreement(simulation.play(11)[1], database) == ""
    database.close()
