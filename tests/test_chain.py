"""The chain of events: what was changed behind its back is found, and named."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, delete, select, update

from bot.store import Database
from bot.store.events import c, events

Harm = Callable[[Connection], None]


@pytest.fixture
def chain(database: Database) -> Database:
    """Five events, each in a unit of its own."""
    for n in range(1, 6):
        with database.unit() as unit:
            unit.events.record("check_ras", "TLS-7K4Z", 1, n=n)
    return database


def harm(chain: Database, how: Harm) -> int | None:
    """Do it without the bot; gives the first event that does not hold."""
    with chain.unit() as unit:
        how(unit.connection)
    with chain.look() as unit:
        found: int | None = unit.events.first_broken()
    return found


def change(id: int, **values: object) -> Harm:
    return lambda connection: connection.execute(  # type: ignore[return-value]
        update(events).where(c.id == id).values(**values)
    )


def swap(one: int, other: int) -> Harm:
    """Two rows change places, each with all that it holds."""

    def how(connection: Connection) -> None:
        for was, becomes in ((one, -1), (other, one), (-1, other)):
            connection.execute(update(events).where(c.id == was).values(id=becomes))

    return how


def test_an_untouched_chain_holds(chain: Database) -> None:
    assert harm(chain, lambda _: None) is None


@pytest.mark.parametrize(
    "values",
    [
        {"data": {"n": 9}},
        {"kind": "check_missed"},
        {"code": "TLS-2223"},
        {"member_id": 2},
        {"hash": "0" * 64},
    ],
    ids=lambda values: str(next(iter(values))),
)
def test_a_changed_event_is_found(chain: Database, values: dict[str, object]) -> None:
    assert harm(chain, change(3, **values)) == 3


@pytest.mark.parametrize("id", [1, 3, 5])
def test_a_changed_link_is_found(chain: Database, id: int) -> None:
    """The seal alone does not see it: it is made with the hash that the row before really has."""
    assert harm(chain, change(id, previous="f" * 64)) == id


@pytest.mark.parametrize(("one", "other"), [(1, 2), (2, 3), (2, 5)])
def test_two_rows_that_changed_places_are_found(chain: Database, one: int, other: int) -> None:
    assert harm(chain, swap(one, other)) == one


def test_a_row_that_was_taken_out_is_found_at_the_one_after(chain: Database) -> None:
    assert harm(chain, lambda it: _drop(it, 3)) == 4


def test_a_tail_that_was_cut_is_not_found_by_the_chain_itself(chain: Database) -> None:
    """What is left is a whole chain: only a copy of the last hash, kept elsewhere, tells."""
    with chain.look() as unit:
        last = unit.connection.execute(select(c.hash).order_by(c.id.desc())).scalar()

    assert harm(chain, lambda it: _drop(it, 5)) is None

    with chain.look() as unit:
        assert unit.connection.execute(select(c.hash).order_by(c.id.desc())).scalar() != last


def sealed_here(chain: Database, key: bytes = b"key-of-the-tests") -> bool:
    chain.audit_key = key
    with chain.look() as unit:
        found: bool = unit.events.sealed_here()
    return found


def test_a_key_is_known_by_the_events_that_it_sealed(chain: Database) -> None:
    assert sealed_here(chain)
    assert not sealed_here(chain, b"another-key-of-the-tests")


@pytest.mark.parametrize("id", [1, 5])
def test_the_right_key_is_not_taken_for_another_because_an_event_was_changed(
    chain: Database, id: int
) -> None:
    harm(chain, change(id, kind="check_missed"))

    assert sealed_here(chain)
    assert not sealed_here(chain, b"another-key-of-the-tests")


def test_any_key_may_seal_the_first_event(database: Database) -> None:
    assert sealed_here(database, b"a-new-key")


def _drop(connection: Connection, id: int) -> None:
    connection.execute(delete(events).where(c.id == id))
