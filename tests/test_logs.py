"""The log: what happened and where, and nothing that people or secrets are known by."""

import logging
from collections.abc import Callable

import pytest

from bot.intake import urgency
from bot.logs import Outage, Redacting, described, redact

TOKEN = "123456:" + "A" * 35
logger = logging.getLogger("tests.logs")


class Driver(Exception):
    """A database's own error."""

    sqlite_errorname = "SQLITE_FULL"


def written(said: str, *arguments: object, error: Exception | None = None) -> str:
    """A line as the handler writes it."""
    trace = None
    try:
        if error is not None:
            raise error
    except Exception as raised:
        trace = (type(raised), raised, raised.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, said, arguments, trace)
    Redacting().filter(record)
    return logging.Formatter().format(record)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"GET /bot{TOKEN}/getMe at 12:30", "GET /bot<token>/getMe at 12:30"),
        (
            "URL https://t.me/x_bot?start=Ab-9_z is wrong",
            "URL https://t.me/x_bot?start=<token> is wrong",
        ),
        ("the record of TLS-7K4Z", "the record of <code>"),
        ('unsupported tag "Mme Dupont" at 4', 'unsupported tag "…" at 4'),
        ("ring 12 of RELAIS-CART ends", "ring 12 of RELAIS-CART ends"),
    ],
)
def test_what_no_line_may_hold_is_taken_out(said: str, shown: str) -> None:
    assert redact(said) == shown
    assert written("%s", said) == shown


def test_a_library_that_logs_an_error_logs_one_line_without_what_it_says() -> None:
    """As asyncio does of a task whose error nobody fetched: it shows the error in its message."""
    error = ValueError("Mme Dupont")

    said = written("Task exception was never retrieved\n%s", repr(error), error=error)

    assert said == "Task exception was never retrieved: ValueError"


def test_an_error_is_described_by_kinds_and_places() -> None:
    with pytest.raises(AttributeError) as raised:
        urgency(None)  # type: ignore[arg-type]

    raised.value.__cause__ = KeyError("a secret")
    kinds, _, places = described(raised.value).partition(" at ")
    assert kinds == "AttributeError < KeyError"
    assert places.startswith("intake.py:")


def test_an_error_of_the_database_is_described_by_its_code() -> None:
    error = RuntimeError("INSERT … 'Mme Dupont'")
    error.orig = Driver("Mme Dupont")  # type: ignore[attr-defined]

    assert described(error) == "RuntimeError SQLITE_FULL"


def test_errors_that_cause_each_other_are_described_too() -> None:
    one, other = KeyError(), ValueError()
    one.__cause__, other.__cause__ = other, one

    assert described(one).startswith("KeyError < ValueError < KeyError")


@pytest.fixture
def tick() -> Callable[[], float]:
    seconds = iter(range(0, 1000, 60))
    return lambda: float(next(seconds))


def test_an_outage_is_one_line_when_it_begins_and_one_when_it_ends(
    tick: Callable[[], float], caplog: pytest.LogCaptureFixture
) -> None:
    outage = Outage(logger, "nothing leaves", tick)

    for _ in range(300):
        outage.failed("refused by TLS-7K4Z")
    outage.over()
    outage.over()

    assert caplog.messages == [
        "nothing leaves: refused by <code>",
        "nothing leaves: over, after 300 times in 60 s",
    ]


def test_a_second_outage_is_told_like_the_first(
    tick: Callable[[], float], caplog: pytest.LogCaptureFixture
) -> None:
    outage = Outage(logger, "nothing leaves", tick)

    for why in ("refused", "away"):
        outage.failed(why)
        outage.over()

    assert caplog.messages[2:] == [
        "nothing leaves: away",
        "nothing leaves: over, after 1 times in 60 s",
    ]
