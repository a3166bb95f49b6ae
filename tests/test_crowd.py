"""The crowd before the door: counted cheaply, within bounds, and by the right clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from bot.domain import privacy
from bot.domain.people import Member
from bot.handlers import crowd as crowds
from bot.handlers import guesses as guessing
from bot.handlers.crowd import Crowd
from bot.handlers.door import VERDICT, screen
from bot.handlers.guesses import Guesses
from bot.store import Database, Unit
from tests.fakes import FakeClock

MEMBER, STRANGER, GROUP = 7, 8, -9


@pytest.fixture
def guesses(clock: FakeClock) -> Guesses:
    return Guesses(clock)


@pytest.fixture
def crowd(clock: FakeClock, guesses: Guesses) -> Crowd:
    return Crowd(clock, guesses, "relais_bot", budgets=True)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def peopled(database: Database) -> Database:
    with database.unit() as unit:
        unit.people.join(Member(0, MEMBER, "Ann", "greffe", "TLS", unit.now))
    return database


def said(number: int, text: str, account: int = MEMBER, **more: Any) -> dict[str, Any]:
    message = {"message_id": number, "chat": {"id": account}, "from": {"id": account}}
    return {"update_id": number, "message": message | {"date": 1000, "text": text} | more}


def verdicts(crowd: Crowd, unit: Unit, updates: list[dict[str, Any]]) -> list[str]:
    """One by one; nothing where nobody reads it."""
    found = []
    for raw in updates:
        admitted = crowd.admit(unit, [raw])
        found.append(admitted[0].get(VERDICT, "read") if admitted else "")
    return found


@contextmanager
def looking(database: Database) -> Iterator[Unit]:
    with database.look() as unit:
        yield unit


def test_of_a_flood_nothing_is_read_until_it_has_been_quiet_for_ten_seconds(
    crowd: Crowd, peopled: Database
) -> None:
    with looking(peopled) as unit:
        flood = [said(n, "bonjour", date=1000 + n // 100) for n in range(3000)]
        found = verdicts(crowd, unit, flood)
        after = verdicts(crowd, unit, [said(5000, "bonjour", date=1038)])
        later = verdicts(crowd, unit, [said(5001, "bonjour", date=1050)])

    assert found[:32] == ["read"] * 30 + ["too_many", ""]
    assert set(found[31:]) == {""}
    assert (after, later) == ([""], ["read"])
    assert crowd.dropped["flood"] == 2970


def test_of_what_comes_after_an_outage_the_urgent_first_nothing_is_too_much(
    crowd: Crowd, peopled: Database
) -> None:
    """Said over an hour, one a minute; a call for help that was said last is read first."""
    hour = [said(n, "bonjour", date=1000 + 60 * n) for n in range(60)]
    calls = [said(100 + n, "/alerte 7K4Q", date=4600 + 60 * n) for n in range(40)]
    with looking(peopled) as unit:
        found = verdicts(crowd, unit, calls + hour)

    assert set(found) == {"read"}


def test_long_messages_count_for_several(crowd: Crowd, peopled: Database) -> None:
    with looking(peopled) as unit:
        found = verdicts(crowd, unit, [said(n, "a" * 4096) for n in range(10)])

    assert found == ["read"] * 4 + ["too_many"] + [""] * 5


@pytest.mark.parametrize("call", ["/alerte 7K4Q", "/toxicité", "fièvre 39 chez TLS-7K4Z"])
def test_a_call_for_help_is_read_however_much_was_said(
    call: str, crowd: Crowd, peopled: Database
) -> None:
    with looking(peopled) as unit:
        verdicts(crowd, unit, [said(n, "bonjour") for n in range(100)])

        assert verdicts(crowd, unit, [said(200, call)]) == ["read"]


def test_a_flood_of_calls_for_help_is_heard_and_then_told_that_it_is_too_much(
    crowd: Crowd, peopled: Database
) -> None:
    with looking(peopled) as unit:
        found = verdicts(crowd, unit, [said(n, "/alerte 7K4Q") for n in range(1000)])

    assert found[:34] == ["read"] * 32 + ["too_many", ""]
    assert set(found[34:]) == {""}


def test_an_update_that_is_brought_again_gets_the_same_verdict(
    crowd: Crowd, peopled: Database
) -> None:
    updates = [said(n, "bonjour") for n in range(32)]
    updates += [said(100 + n, "bonjour", STRANGER) for n in range(2)]
    with looking(peopled) as unit:
        first, again = (verdicts(crowd, unit, updates) for _ in range(2))

    assert first == again
    assert first == ["read"] * 30 + ["too_many", "", "stranger", ""]


def test_many_accounts_fill_no_memory(
    crowd: Crowd, guesses: Guesses, peopled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowds, "KEPT", 50)
    monkeypatch.setattr(crowds, "READ_LATELY", 50)
    monkeypatch.setattr(guessing, "KEPT", 50)
    with looking(peopled) as unit:
        for account in range(100, 400):
            verdicts(crowd, unit, [said(account, "/start a-wrong-code", account)])
            verdicts(crowd, unit, [said(1000 + account, "bonjour", account)])
            guesses.wrong(account)

    assert max(len(crowd._lately), len(crowd._answered)) <= 50
    assert max(len(crowd._entering), len(crowd._read)) <= 50
    assert max(len(guesses._tries), len(guesses._since_told)) <= 50


def test_wrong_codes_of_the_day_before_are_forgotten(guesses: Guesses, clock: FakeClock) -> None:
    for _ in range(6):
        guesses.wrong(STRANGER)
    assert guesses.wait(STRANGER) == timedelta(minutes=2)

    clock.advance(days=1, minutes=3)

    assert guesses.wait(STRANGER) is None
    assert STRANGER not in guesses._tries


def test_a_burst_that_goes_on_is_told_each_hour(guesses: Guesses, clock: FakeClock) -> None:
    told = []
    for _ in range(180):
        guesses.wrong(STRANGER)
        told.append(guesses.burst())
        clock.advance(minutes=1)

    assert [found.tries for found in told if found] == [6, 60, 60]


def test_a_group_that_moves_is_never_passed_over(crowd: Crowd, peopled: Database) -> None:
    moved = said(1, "", STRANGER, chat={"id": GROUP}, migrate_to_chat_id=-10)
    with looking(peopled) as unit:
        assert verdicts(crowd, unit, [moved] * 50) == ["read"] * 50


@pytest.mark.parametrize(
    "odd",
    [
        {"message": {"from": 3, "chat": [], "date": "x", "text": 5}},
        {"message": {}},
        {"callback_query": {"message": 4, "data": None}},
        {"edited_message": {"from": {"id": "x"}}},
        {"message": 3},
        {
            "message": {
                "date": 10**400,
                "from": {"id": MEMBER},
                "chat": {"id": MEMBER},
                "text": "x",
            }
        },
        {},
    ],
    ids=str,
)
def test_an_update_of_no_shape_raises_nothing(
    odd: dict[str, Any], crowd: Crowd, peopled: Database
) -> None:
    with looking(peopled) as unit:
        for raw in crowd.admit(unit, [{"update_id": 1} | odd]):
            screen(raw)


def test_a_name_is_screened_once_and_what_is_typed_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(privacy, "screen", seen.append)
    name = "Quelqu’un de nouveau"
    for n in range(3):
        came = said(n, "bonjour")
        came["message"]["from"] = {"id": MEMBER, "first_name": name}
        screen(came)

    assert seen.count(name) == 1
    assert seen.count("bonjour") == 3
