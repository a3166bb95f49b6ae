"""Whole pathways with random teams, delays, wrong answers and faults; `make simulate` for more."""

from datetime import timedelta

import pytest

from bot.store.memory import Memory
from bot.store.records import Due
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


def test_in_memory_too_the_mark_of_what_raised_stays_until_it_moves_on() -> None:
    store = simulation.play(7)[1]
    with store.unit() as unit:
        [code, *_], far = unit.records.after("", 1), unit.now + timedelta(days=9999)
        record = unit.records.get(code)
        assert record is not None
        thing = next(iter(record.steps.values()))
        item = Due(code, thing.KIND, thing.key, "", unit.now)
        unit.records.put_off([item], far, "ValueError")
    assert marked(store) == [(code, thing.KIND, thing.key)]

    with store.unit() as unit:
        unit.records.hold([code])
    assert marked(store) == [(code, thing.KIND, thing.key)]

    thing.next_at = far + timedelta(days=1)
    assert marked(store) == []


def marked(store: Memory) -> list[tuple[str, str, str]]:
    with store.look() as unit:
        lines = unit.records.suspects(unit.now, 10)
    return [(line.code, line.kind, line.key) for line in lines if line.fault]


def test_in_memory_too_what_nobody_is_left_to_hear_has_failed() -> None:
    store = simulation.play(7)[1]

    with store.unit() as unit:
        unit.outbox.send(1, "for a team", "…", [], team="greffe")
        unit.outbox.send(1, "for a person", "…", [])
        unit.outbox.reroute(1, [])

        [lost] = unit.outbox.troubles(unit.now, unit.now, 10)
    assert "failed since" in lost


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
