"""Telegram's flood limits are kept, and never more than they ask for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.message import Priority
from bot.throttle import CHATS_KEPT, LIMITS_NONE, LIMITS_TELEGRAM, Throttle

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HERE, THERE, GROUP = 1, 2, -100


def after(**amount: float) -> datetime:
    return NOW + timedelta(**amount)


@pytest.fixture
def throttle() -> Throttle:
    return Throttle()


def send(throttle: Throttle, chat: int, priority: Priority, now: datetime) -> datetime:
    """Send as soon as allowed; gives when that was."""
    at = throttle.free_at(chat, priority, now)
    throttle.sent(chat, at)
    return at


def departures(throttle: Throttle, chats: list[int], priority: Priority) -> list[datetime]:
    at, left = NOW, []
    for chat in chats:
        at = send(throttle, chat, priority, at)
        left.append(at)
    return left


def test_a_first_message_leaves_at_once(throttle: Throttle) -> None:
    assert throttle.free_at(HERE, Priority.BULK, NOW) == NOW


def test_a_private_chat_has_a_small_burst_of_answers(throttle: Throttle) -> None:
    left = departures(throttle, [HERE] * 4, Priority.ANSWER)

    assert left == [NOW, NOW, NOW, NOW + LIMITS_TELEGRAM.private.per]


def test_routine_messages_to_one_chat_are_a_second_apart(throttle: Throttle) -> None:
    gap = LIMITS_TELEGRAM.gap

    assert departures(throttle, [HERE] * 3, Priority.BULK) == [NOW, NOW + gap, NOW + 2 * gap]


def test_lateness_does_not_add_up(throttle: Throttle) -> None:
    late, at = timedelta(milliseconds=8), NOW
    for chat in range(1, 601):
        at = throttle.free_at(chat, Priority.BULK, at) + late
        throttle.sent(chat, at)

    assert 600 / (at - NOW).total_seconds() >= 28.5


def test_a_pause_is_not_made_good_by_a_burst(throttle: Throttle) -> None:
    departures(throttle, [HERE], Priority.BULK)
    at = later = after(minutes=1)

    left = [at := send(throttle, chat, Priority.BULK, at) for chat in range(100, 130)]

    assert sum(at == later for at in left) <= 4


def test_what_did_not_leave_after_all_is_given_back(throttle: Throttle) -> None:
    departures(throttle, [HERE], Priority.BULK)

    throttle.give_back(HERE)

    assert throttle.free_at(HERE, Priority.BULK, NOW) == NOW


def test_bulk_to_many_chats_is_evenly_spaced_near_the_limit(throttle: Throttle) -> None:
    left = departures(throttle, list(range(1, 601)), Priority.BULK)

    assert 0.93 * 30 <= 600 / (left[-1] - left[0]).total_seconds() <= 30


def test_an_alert_finds_room_in_the_middle_of_a_bulk(throttle: Throttle) -> None:
    last = departures(throttle, list(range(1, 101)), Priority.BULK)[-1]

    assert throttle.free_at(1000, Priority.ALERT, last) == last


def test_a_group_keeps_two_of_its_twenty_for_alerts(throttle: Throttle) -> None:
    departures(throttle, [GROUP] * 18, Priority.ANSWER)
    now = after(seconds=30)

    assert throttle.free_at(GROUP, Priority.ANSWER, now) > now
    assert throttle.free_at(GROUP, Priority.ALERT, now) == now


def test_a_full_group_delays_no_other_chat(throttle: Throttle) -> None:
    departures(throttle, [GROUP] * 18, Priority.ANSWER)

    assert throttle.free_at(-101, Priority.ANSWER, NOW) == NOW


def test_a_parked_chat_waits_alone(throttle: Throttle) -> None:
    throttle.park(HERE, after(seconds=10))

    assert throttle.free_at(HERE, Priority.ALERT, NOW) == after(seconds=10)
    assert throttle.free_at(THERE, Priority.BULK, NOW) == NOW


def test_a_shorter_ban_does_not_end_a_longer_one(throttle: Throttle) -> None:
    throttle.park(HERE, after(seconds=10))
    throttle.park(HERE, after(seconds=2))

    assert throttle.free_at(HERE, Priority.ALERT, NOW) == after(seconds=10)


def test_when_everybody_is_parked_an_alert_tries_all_the_same(throttle: Throttle) -> None:
    throttle.park(None, after(seconds=10))

    assert throttle.free_at(HERE, Priority.ANSWER, NOW) == after(seconds=10)
    assert throttle.free_at(HERE, Priority.ALERT, NOW) == NOW

    throttle.park(HERE, after(seconds=20))
    assert throttle.free_at(HERE, Priority.ALERT, NOW) == after(seconds=20)


def test_a_machine_whose_clock_went_back_is_not_blocked(throttle: Throttle) -> None:
    departures(throttle, [HERE] * 3, Priority.ANSWER)

    assert throttle.free_at(HERE, Priority.ANSWER, after(hours=-1)) == after(hours=-1)


def test_without_limits_only_a_ban_holds_back() -> None:
    throttle = Throttle(LIMITS_NONE)

    assert departures(throttle, [GROUP] * 100, Priority.BULK) == [NOW] * 100
    throttle.park(GROUP, after(seconds=1))
    assert throttle.free_at(GROUP, Priority.ALERT, NOW) == after(seconds=1)


CHATS = st.sampled_from([1, 2, 3, 4, 5, -1, -2, -3])
PRIORITIES = st.sampled_from(Priority)
WAITS = st.integers(0, 2000).map(lambda ms: timedelta(milliseconds=ms))


@given(st.lists(st.tuples(CHATS, PRIORITIES, WAITS), max_size=150))
def test_whatever_is_asked_telegram_has_nothing_to_refuse(
    wishes: list[tuple[int, Priority, timedelta]],
) -> None:
    throttle, now = Throttle(), NOW
    left: list[tuple[datetime, int]] = []
    for chat, priority, wait in wishes:
        now = send(throttle, chat, priority, now + wait)
        left.append((now, chat))

    assert most_within(timedelta(seconds=1), [at for at, _ in left]) <= 30
    for chat in {chat for _, chat in left}:
        own = [at for at, other in left if other == chat]
        if chat < 0:
            assert most_within(timedelta(minutes=1), own) <= 20
        else:
            assert most_within(timedelta(seconds=3), own) <= 3


@given(st.lists(st.tuples(CHATS, PRIORITIES), max_size=80), CHATS)
def test_who_waits_longer_is_never_less_free(
    wishes: list[tuple[int, Priority]], chat: int
) -> None:
    throttle = Throttle()
    at = NOW
    for other, priority in wishes:
        at = send(throttle, other, priority, at)

    free = throttle.free_at(chat, Priority.BULK, at)

    assert throttle.free_at(chat, Priority.BULK, free) == free
    assert throttle.free_at(chat, Priority.ALERT, at) <= free
    assert LIMITS_TELEGRAM.group.per >= free - at


def most_within(window: timedelta, instants: list[datetime]) -> int:
    """The most instants that any window holds."""
    return max(
        (sum(1 for at in instants if start <= at < start + window) for start in instants),
        default=0,
    )


def test_chats_of_long_ago_are_forgotten_and_recent_ones_are_not(throttle: Throttle) -> None:
    throttle.sent(-1, NOW)
    later = after(hours=2)
    for chat in range(1, CHATS_KEPT + 1):
        throttle.sent(chat, later)

    assert throttle.counted == CHATS_KEPT
    assert throttle.chat_free_at(1, Priority.REMINDER, later) > later
