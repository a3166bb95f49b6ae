"""The movable clock."""

from datetime import timedelta

from simulator.world.clock import Clock
from tests.simulator.desk import START


class Hand:
    """The machine's monotonic seconds, in a test's hand."""

    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_running_clock_goes_with_the_machine() -> None:
    hand = Hand()
    clock = Clock(START, hand)
    hand.seconds += 90

    assert clock.now() == START + timedelta(seconds=90)


def test_a_paused_clock_stands_still() -> None:
    hand = Hand()
    clock = Clock(START, hand)
    hand.seconds += 10
    clock.set(rate=0)
    hand.seconds += 1000

    assert clock.now() == START + timedelta(seconds=10)


def test_every_move_bumps_the_version() -> None:
    clock = Clock(START, Hand(), rate=0)
    clock.set(START + timedelta(days=1))

    assert clock.state() == {
        "now": "2026-03-11T08:00:00+00:00",
        "rate": 0.0,
        "version": 2,
    }
