"""What is asked of the coordination is answered, or said again."""

from datetime import date

import pytest

from bot.cards import demands as demand_cards
from bot.domain import demand
from bot.domain.message import Refused
from bot.domain.record import Saying, To
from tests.domain.builders import (
    NEURO,
    NURSE,
    a_demand,
    a_record,
    cards,
    key,
    later,
    local,
    logged,
    said,
    shown,
)


def test_a_problem_and_a_move_are_numbered_and_told() -> None:
    record = a_record()
    irm = record.steps["irm"]

    trouble = demand.make_problem(record, irm, NEURO, "panne")
    moved = demand.make_move(record, irm, NEURO, date(2026, 4, 14))

    assert (trouble.key, trouble.what, trouble.note, trouble.on) == ("1", "problem", "panne", None)
    assert (moved.key, moved.what, moved.was) == ("2", "move", irm.on)
    assert said(record, "demand.card") == ["coordination"] * 2
    assert local(moved.next_at) == "03-02 10:00"


def test_unanswered_it_is_said_again_then_to_each_in_private() -> None:
    record = a_record()
    it = a_demand(record)

    told = []
    for _ in range(3):
        later(record, hours=1)
        demand.climb(record, it)
        told.append([s.to for s in record.said if isinstance(s, Saying)])

    assert told == [[To.CHATS], [To.CHATS, To.EACH], [To.CHATS, To.EACH]]
    assert (it.rung, local(it.next_at)) == (3, "03-02 16:00")
    assert logged(record) == ["demand_late"]


def test_a_problem_that_was_seen_is_told_to_its_team() -> None:
    record = a_record()
    it = a_demand(record)

    demand.see(record, it, NURSE)

    assert (it.state, it.answered_by, it.next_at) == ("answered", NURSE.id, None)
    assert said(record, "demand.seen") == ["neurologie"]
    assert logged(record) == ["problem_seen"]


@pytest.mark.parametrize("on", [date(2026, 4, 14), None])
def test_a_date_that_is_kept_is_told_to_its_team(on: date | None) -> None:
    record = a_record()
    it = a_demand(record, what="move", on=on)

    demand.refuse(record, it, NURSE)

    assert said(record, "demand.refused") == ["neurologie"]
    assert record.logged[0].data["on"] == (on.isoformat() if on else "")


@pytest.mark.parametrize(
    ("what", "state", "refused"),
    [("move", "open", "button.stale"), ("problem", "answered", "demand.already")],
)
def test_another_kind_or_an_answered_one_is_refused(what: str, state: str, refused: str) -> None:
    record = a_record()

    with pytest.raises(Refused) as no:
        demand.see(record, a_demand(record, what=what, state=state), NURSE)

    assert key(no.value) == refused


def test_what_happens_to_the_step_settles_the_day_that_was_asked_for_and_no_problem() -> None:
    record = a_record()
    trouble, moved = a_demand(record), a_demand(record, what="move")
    other = a_demand(record, step="eeg", what="move")

    demand.settle_moves(record, "irm", "move.moved")

    assert [it.state for it in (trouble, moved, other)] == ["open", "answered", "open"]
    assert moved.answered_by is None
    assert [card for card in shown(record) if card] == ["move.moved"]
    assert cards(record) == []


@pytest.mark.parametrize(("state", "buttons"), [("planned", 2), ("done", 1)])
def test_a_problem_with_a_step_that_is_closed_is_seen_and_moves_it_no_more(
    state: str, buttons: int
) -> None:
    record = a_record()
    trouble = a_demand(record)
    record.steps["irm"].state = state

    keys = demand_cards.card(record, trouble).keyboard

    assert keys[0][0].data == f"demand:seen:{record.code}:1"
    assert len(keys) == buttons
