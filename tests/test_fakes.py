"""The fakes behave as the tests that lean on them believe."""

from datetime import UTC, date, datetime

import pytest

from bot.domain.message import Kind, Priority, Text, text
from bot.store.letters import Letter
from tests.fakes import FakeClock, FakeTransport, show


def note(number: int, chat: int) -> Letter:
    return Letter(number, chat, Kind.SEND, Priority.ANSWER, FakeClock().now)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            text("alert.raised", patient="TLS-7K4Q", grade=3),
            "alert.raised grade=3 patient=TLS-7K4Q",
        ),
        (text("plan.shown"), "plan.shown"),
        (text("a.b", x=text("c.d", y=1)), "a.b x=(c.d y=1)"),
        (text("a.b", x=(text("c.d"), text("c.e"))), "a.b x=(c.d)(c.e)"),
        (text("a.b", x=()), "a.b x=()"),
        (text("a.b", on=date(2026, 4, 14)), "a.b on=2026-04-14"),
        (
            text("a.b", at=datetime(2026, 4, 14, 12, tzinfo=UTC)),
            "a.b at=2026-04-14T12:00:00+00:00",
        ),
        (text("a.b", x=None), "a.b x=None"),
    ],
)
def test_a_text_is_shown_by_its_key_and_values(said: Text, shown: str) -> None:
    assert show(said) == shown


def test_the_clock_moves_only_when_told_to() -> None:
    clock = FakeClock(datetime(2026, 3, 2, 8, 0, tzinfo=UTC))

    clock.advance(days=1, minutes=5)

    assert clock() == clock.now == datetime(2026, 3, 3, 8, 5, tzinfo=UTC)


async def test_the_messenger_numbers_what_it_delivers_and_fails_as_told() -> None:
    clock = FakeClock()
    transport = FakeTransport(clock)
    first, second, other = note(1, 7), note(2, 7), note(3, 8)
    transport.fail(7, TimeoutError())

    with pytest.raises(TimeoutError):
        await transport.deliver(first)

    assert [await transport.deliver(other), await transport.deliver(second)] == [1, 2]
    assert transport.to(7) == [second]
    assert transport.refused == [(clock.now, first)]
