"""The two-key relay: offered, read back, misread, taken back, left."""

from datetime import date, timedelta

import pytest

from bot.cards import relays as relay_cards
from bot.domain import relay
from bot.domain.codes import valid
from bot.domain.facts import Relay, RelayState
from bot.domain.message import Priority, Refused
from bot.domain.people import Member
from bot.domain.record import Record, Saying
from bot.domain.roles import Team
from tests.domain.builders import (
    BEFORE_INJECTION,
    BEFORE_STORAGE,
    BEFORE_THAW,
    CODE,
    GREFFE,
    INJECTED,
    NURSE,
    PHARMACIST,
    a_member,
    a_record,
    a_relay,
    cards,
    key,
    later,
    local,
    logged,
    quiet,
    said,
    write_done,
)

STORED = (*BEFORE_STORAGE, "stockage_azote")


@pytest.mark.parametrize(
    ("minutes", "urgent"),
    [(10, Priority.ALERT), (15, Priority.ALERT), (16, Priority.ANSWER), (120, Priority.ANSWER)],
)
def test_what_must_be_read_back_at_once_overtakes_everything(
    minutes: int, urgent: Priority
) -> None:
    record = a_record()
    offered = a_relay(record, deadline_at=record.now + timedelta(minutes=minutes))

    assert relay.priority(offered) is urgent


# Offered


@pytest.mark.parametrize(
    ("slug", "before", "offered"),
    [
        ("rcp", (), []),
        ("expedition", BEFORE_STORAGE[:4], []),
        ("irm", (), []),
        ("stockage_azote", BEFORE_STORAGE, [("greffe", "nombre de poches", "2")]),
        ("eeg", ("consultation_neuro", "irm"), [("greffe", "ICE de référence", "10")]),
        ("feu_vert", BEFORE_THAW[:-1], [("reanimation", "", CODE)]),
    ],
)
def test_closing_a_step_offers_what_it_hands_over(
    slug: str, before: tuple[str, ...], offered: list[tuple[str, str, str]]
) -> None:
    record = a_record("2026-04-20T10:00", before)
    write_done(record, slug)

    relay.offer_after(record, record.steps[slug])

    found = record.open_relays()
    assert [(each.to_team, each.label, each.answer) for each in found] == offered
    assert all(each.answer in each.choices and len(each.choices) == 4 for each in found)
    assert said(record, "relay.informed") == (["pharmacie"] if slug == "expedition" else [])


def test_a_day_is_read_back_among_days() -> None:
    record = a_record("2026-05-12T10:00", INJECTED)
    write_done(record, "sortie", premier_appel="2026-05-13")
    record.draw = lambda _: 0

    relay.offer_after(record, record.steps["sortie"])

    [offered] = record.open_relays()
    assert offered.choices == ("2026-05-13", "2026-05-14", "2026-05-15", "2026-05-16")
    assert offered.answer == "2026-05-13"


def test_what_was_closed_without_its_value_is_proved_by_the_code() -> None:
    record = a_record("2026-04-19T16:00", BEFORE_STORAGE)
    record.steps["reception_produit"].values = {}
    write_done(record, "stockage_azote")

    relay.offer_after(record, record.steps["stockage_azote"])

    assert record.open_relays()[0].answer == CODE


@pytest.mark.parametrize(
    ("slug", "before", "now", "next_at"),
    [
        ("stockage_azote", BEFORE_STORAGE, "2026-04-19T21:00", "04-20 07:00"),
        ("decongelation", BEFORE_THAW, "2026-04-27T23:00", "04-27 23:10"),
    ],
)
def test_a_slow_relay_lets_the_night_pass_and_a_thawed_product_does_not(
    slug: str, before: tuple[str, ...], now: str, next_at: str
) -> None:
    record = a_record(now, before)
    write_done(record, slug)

    relay.offer_after(record, record.steps[slug])

    assert local(record.open_relays()[0].next_at) == next_at


@pytest.mark.parametrize(
    ("answer", "draw", "choices"),
    [
        (2, 0, ("2", "3", "4", "5")),
        (2, 3, ("1", "2", "3", "4")),
        (8, 0, ("5", "6", "7", "8")),
    ],
)
def test_numbers_are_neighbours_within_their_bounds(
    answer: int, draw: int, choices: tuple[str, ...]
) -> None:
    assert relay.number_choices(answer, 1, 8, lambda _: draw) == choices


def test_days_follow_one_another() -> None:
    found = relay.date_choices(date(2026, 3, 1), lambda _: 2)

    assert found == ("2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02")


def test_codes_are_four_different_and_valid_ones() -> None:
    drawn = iter([6, 0, 6, 0, 7, 1, 8, 2])

    found = relay.code_choices(CODE, lambda _: next(drawn))

    assert len(set(found)) == 4
    assert CODE in found
    assert all(valid(code) for code in found)


# Read back


def test_read_back_right_the_giver_knows_and_the_receiver_is_free() -> None:
    record = a_record("2026-04-20T10:00", STORED)
    offered = a_relay(record)

    assert relay.answer(record, offered, GREFFE, "2")

    assert (offered.state, offered.accepted_by, offered.next_at) == ("accepted", GREFFE.id, None)
    assert said(record, "relay.card") == ["pharmacie"]
    assert logged(record) == ["relay_accepted"]


def test_each_wrong_read_back_is_counted_and_told_to_both_and_the_coordination() -> None:
    record = a_record("2026-04-20T10:00", STORED)
    offered = a_relay(record)

    for n in (1, 2):
        assert not relay.answer(record, offered, GREFFE, "1")
        assert offered.wrong == n

    assert offered.state == RelayState.OFFERED
    assert said(record, "relay.misread") == ["pharmacie", "greffe", "coordination", "greffe"]
    assert said(record, "relay.locked") == ["pharmacie", "coordination"]
    assert logged(record) == ["relay_misread"] * 2
    assert {saying.cause for saying in record.said if isinstance(saying, Saying)} == {""}


def taps(record: Record, offered: Relay) -> list[str]:
    """What the answers to its question carry, in order."""
    shown = relay_cards.question(record, offered).keyboard
    return [button.data for row in shown for button in row if "answer" in button.data]


def misread_twice(record: Record) -> Relay:
    offered = a_relay(record)
    for given in ("1", "3"):
        relay.answer(record, offered, GREFFE, given)
    quiet(record)
    return offered


@pytest.mark.parametrize("given", ["1", "2", "3", "4"])
def test_two_wrong_read_backs_lock_it(given: str) -> None:
    record = a_record("2026-04-20T10:00", STORED)
    offered = misread_twice(record)

    with pytest.raises(Refused) as no:
        relay.answer(record, offered, GREFFE, given)

    assert (key(no.value), offered.state, offered.wrong) == ("relay.is_locked", "offered", 2)
    assert (record.said, record.logged) == ([], [])


@pytest.mark.parametrize("by", [PHARMACIST, NURSE])
def test_the_giver_or_the_coordination_unlocks_it_and_it_is_read_back_anew(by: Member) -> None:
    record = a_record("2026-04-20T10:00", STORED)
    offered = misread_twice(record)
    record.draw = lambda _: 0

    relay.unlock(record, offered, by)

    assert (offered.wrong, offered.choices) == (0, ("2", "3", "4", "5"))
    assert said(record, "relay.card") == ["greffe"]
    assert logged(record) == ["relay_unlocked"]
    assert relay.answer(record, offered, GREFFE, "2")


def test_a_tap_on_an_older_draw_counts_for_the_value_that_was_tapped() -> None:
    record = a_record("2026-04-20T10:00", STORED)
    offered = misread_twice(record)
    before, record.draw = taps(record, offered), lambda _: 0

    relay.unlock(record, offered, PHARMACIST)
    first = before[0].rpartition(":")[2]
    with pytest.raises(Refused) as no:
        relay.answer(record, offered, GREFFE, first)

    assert (first, offered.choices[0]) == ("1", "2")
    assert (key(no.value), offered.state, offered.wrong) == ("relay.redrawn", "offered", 0)


@pytest.mark.parametrize(
    ("by", "wrong", "state", "refused"),
    [
        (GREFFE, 2, "offered", "relay.is_locked"),
        (PHARMACIST, 1, "offered", "button.stale"),
        (PHARMACIST, 2, "cancelled", "relay.gone"),
        (PHARMACIST, 1, "accepted", "relay.already"),
    ],
)
def test_it_is_not_unlocked_by_its_receiver_nor_when_it_is_not_locked(
    by: Member, wrong: int, state: str, refused: str
) -> None:
    record = a_record("2026-04-20T10:00", STORED)
    offered = a_relay(record, wrong=wrong, state=state)

    with pytest.raises(Refused) as no:
        relay.unlock(record, offered, by)

    assert (key(no.value), offered.wrong) == (refused, wrong)


def test_a_handover_of_several_steps_is_unlocked_too() -> None:
    record = a_record("2026-04-20T10:00", ("consultation_neuro", "irm", "eeg"))
    offered = a_relay(record, step="irm", from_team="neurologie", answer="10", wrong=2)

    relay.unlock(record, offered, NURSE)

    assert offered.answer in offered.choices


@pytest.mark.parametrize(
    ("state", "given", "refused"),
    [
        ("cancelled", "2", "relay.gone"),
        ("accepted", "2", "relay.already"),
        ("offered", "5", "relay.redrawn"),
        ("offered", "", "relay.redrawn"),
    ],
)
def test_what_is_over_or_was_never_offered_is_refused(
    state: str, given: str, refused: str
) -> None:
    record = a_record("2026-04-20T10:00", STORED)
    offered = a_relay(record, state=state)

    with pytest.raises(Refused) as no:
        relay.answer(record, offered, GREFFE, given)

    assert key(no.value) == refused
    assert offered.wrong == 0


def test_who_closed_the_step_reads_nothing_back_of_it() -> None:
    record = a_record("2026-04-20T10:00", STORED)
    offered = a_relay(record, to_team="coordination")

    with pytest.raises(Refused) as no:
        relay.answer(record, offered, NURSE, "2")
    assert (key(no.value), offered.state) == ("relay.same_person", "offered")

    assert relay.answer(record, offered, a_member(Team.COORDINATION, 40), "2")


# Taken back, or left


@pytest.mark.parametrize(
    ("state", "step", "to_team", "after"),
    [
        ("offered", "stockage_azote", "greffe", "cancelled"),
        ("accepted", "stockage_azote", "greffe", "cancelled"),
        ("cancelled", "stockage_azote", "greffe", "cancelled"),
        ("offered", "stockage_azote", "reanimation", "offered"),
        ("offered", "feu_vert", "reanimation", "offered"),
    ],
)
def test_a_step_taken_back_voids_what_rests_on_it(
    state: str, step: str, to_team: str, after: str
) -> None:
    record = a_record("2026-04-20T10:00", STORED)
    resting = a_relay(record, state=state, step=step, to_team=to_team)

    relay.cancel_resting_on(record, record.steps["stockage_azote"])

    assert resting.state == after
    changed = state != after
    assert said(record, "relay.card") == (["greffe"] if changed else [])
    assert (resting.next_at is None) is changed


def test_a_handover_of_several_steps_rests_on_each() -> None:
    record = a_record("2026-04-20T10:00", ("consultation_neuro", "irm", "eeg"))
    resting = a_relay(record, step="eeg", from_team="neurologie")

    relay.cancel_resting_on(record, record.steps["irm"])

    assert resting.state == RelayState.CANCELLED


def test_those_who_were_only_informed_hear_that_it_is_not_so() -> None:
    record = a_record(done=BEFORE_STORAGE[:5])

    relay.cancel_resting_on(record, record.steps["expedition"])

    assert said(record, "relay.uninformed") == ["pharmacie"]


def test_left_it_climbs_to_the_giver_then_to_the_coordination() -> None:
    record = a_record("2026-04-20T10:00", STORED)
    offered = a_relay(record)

    told = []
    for _ in range(3):
        later(record, hours=2)
        relay.climb(record, offered)
        told.append(said(record, "relay.unread"))
        assert said(record, "relay.card") == ["greffe"]

    assert told == [["pharmacie"], ["coordination"], ["coordination"]]
    assert offered.rung == 3


@pytest.mark.parametrize(
    ("minutes", "now", "next_at"),
    [
        (10, "2026-04-26T23:10", "04-26 23:20"),
        (20, "2026-04-20T10:00", "04-20 10:30"),
        (120, "2026-04-20T10:00", "04-20 12:00"),
        (120, "2026-04-20T21:00", "04-21 07:00"),
    ],
)
def test_it_climbs_again_no_oftener_than_half_an_hour_unless_it_is_urgent(
    minutes: int, now: str, next_at: str
) -> None:
    record = a_record(now, BEFORE_INJECTION)
    offered = a_relay(record, deadline_at=record.now + timedelta(minutes=minutes))

    relay.climb(record, offered)

    assert local(offered.next_at) == next_at
    assert cards(record) == ["relay.card", "relay.unread"]
