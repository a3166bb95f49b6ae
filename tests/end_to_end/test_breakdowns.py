"""The machine, the database, Telegram break down: nobody is left without an answer, once."""

import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine

from simulator.client import ControlError
from tests import postgres
from tests.end_to_end import nest
from tests.end_to_end.ground import (
    AGAIN,
    PHONES,
    REQUEST,
    Ground,
    eventually,
    ground,
    measured,
)
from tests.end_to_end.programs import TOKEN
from tests.end_to_end.test_kill import assert_each_letter_left

CALL, NUMBERED, RECEIVED = "🚨 ALERTE", "ALERTE n°", "Reçue par la réanimation"
LAUNCHED, BLOCKED, AGAIN_CALLED = "lancée", "bloqués", "RAPPEL, ALERTE"
CHATS = ("claire", "reanimation", "greffe", "efs", "pharmacie", "neurologie", "roche", "sofia")
CATCH_UP = 5
"""Messages that a chat may find after an outage, however long it was."""
SOON = 15.0
"""Real seconds in which a bot that is well again has made up for what it missed."""


def pass_by(seconds: float) -> None:
    """Real time, in which something stays broken."""
    Event().wait(seconds)


def assert_called_once(place: Ground) -> None:
    """The unit heard of the alert, once, and its author knows it."""
    assert place.heard("greffe", RECEIVED, SOON)
    place.client.until_quiet()
    assert len(place.heard("reanimation", CALL)) == 1


def raise_unseen(place: Ground, code: str) -> None:
    """Typed, whether or not a bot is there to read it."""
    place.client.say("sofia", f"/alerte {code}", "greffe")


# The process


def test_killed_while_an_alert_is_on_its_way_it_leaves_again_as_a_reminder(
    any_place: Ground,
) -> None:
    code = any_place.town.enrol(REQUEST)
    any_place.cut_off("delay", "reanimation", delay_s=1, count=1)

    raise_unseen(any_place, code)
    any_place.heard("claire", CALL)
    any_place.kill()
    with measured("from SIGKILL and a new start to the alert"):
        any_place.live()
        again = any_place.heard("reanimation", AGAIN + CALL)

    eventually(lambda: len(any_place.heard("reanimation", CALL)) == 2)
    assert len(again) == 1
    assert any_place.heard("greffe", RECEIVED)
    any_place.audit()


def test_told_to_stop_while_an_alert_is_on_its_way_it_lets_it_arrive(place: Ground) -> None:
    code = place.town.enrol(REQUEST)
    place.cut_off("delay", "reanimation", delay_s=1, count=1)

    raise_unseen(place, code)
    place.heard("claire", CALL)
    assert place.stop() == 0
    place.live()
    place.client.until_quiet()

    assert_called_once(place)


def test_frozen_for_some_seconds_it_makes_up_for_them(place: Ground) -> None:
    code = place.town.enrol(REQUEST)

    place.signal(signal.SIGSTOP)
    raise_unseen(place, code)
    pass_by(3)
    assert not [said for said in place.texts("reanimation") if CALL in said]
    place.signal(signal.SIGCONT)

    with measured("from SIGCONT to the alert"):
        assert_called_once(place)


# The database


@pytest.fixture
def on_postgres(postgres_shared: Engine, postgres_url: str, tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path, postgres_url, PHONES=PHONES) as it:
        yield it
    # What it held of the server that went away is no connection any more.
    postgres_shared.dispose()


def test_an_alert_typed_while_postgresql_is_away_leaves_when_it_is_back(
    on_postgres: Ground, postgres_shared: Engine
) -> None:
    code = on_postgres.town.enrol(REQUEST)

    with postgres.away():
        raise_unseen(on_postgres, code)
        eventually(lambda: on_postgres.health()["code"] == 503)
        pass_by(3)
    postgres_shared.dispose()

    with measured("from PostgreSQL's return to the alert"):
        assert_called_once(on_postgres)
    on_postgres.audit()


def test_an_alert_typed_while_postgresql_is_read_only_leaves_when_it_may_write(
    on_postgres: Ground, postgres_shared: Engine
) -> None:
    code = on_postgres.town.enrol(REQUEST)

    with postgres.copying():
        raise_unseen(on_postgres, code)
        eventually(lambda: "leads no more" in on_postgres.log())
        assert eventually(lambda: on_postgres.health()["code"] == 503)
        assert not [said for said in on_postgres.texts("greffe") if LAUNCHED in said]
    postgres_shared.dispose()

    assert_called_once(on_postgres)
    assert " failed" not in on_postgres.log()
    on_postgres.audit()


def test_on_a_file_that_may_only_be_read_nobody_leads_and_health_says_so(place: Ground) -> None:
    place.stop()
    (place.folder / "relais.db").chmod(0o400)
    place.before = nest.obey

    place.live(follows=False)

    assert eventually(lambda: "nobody leads" in place.health().get("reasons", ()))
    assert place.health()["code"] == 503


def test_a_start_where_nothing_can_be_written_is_refused(place: Ground) -> None:
    place.stop()
    (place.folder / "relais.db.lock").chmod(0o400)
    place.before = nest.obey

    place.live(follows=False)
    place.bot.join(SOON)

    assert place.bot.exitcode == 1
    assert place.log().splitlines()[-1].startswith("DATABASE_URL: the database cannot be used")


# What Telegram answers


NO_LIST = ("object", "null", "word", "empty", "number", "list")
NO_TEXT = ("surrogate", "bytes", "deep", "huge_id")


def test_polls_that_bring_no_updates_hold_up_none(place: Ground) -> None:
    for shape in NO_LIST:
        assert_heard_past(place, shape)


def test_updates_that_cannot_be_read_hold_up_no_other(place: Ground) -> None:
    for shape in NO_TEXT:
        assert_heard_past(place, shape, count=2)

    assert "ended" not in place.log()
    assert place.bot.is_alive()


def assert_heard_past(place: Ground, shape: str, count: int = 1) -> None:
    """What is typed while a poll is answered so is answered, and no later than usual."""
    number = place.number("claire")
    place.client.fault("odd", shape=shape, writer=number, count=count)
    asked = len(place.texts("sofia"))
    for words in ("/aide", "/afaire"):
        place.client.say("sofia", words)
    eventually(lambda: place.client.state()["faults"] == [], SOON)
    eventually(lambda: len(place.texts("sofia")) >= asked + 2, SOON)


def test_while_a_second_bot_polls_nothing_is_lost(place: Ground) -> None:
    code = place.town.enrol(REQUEST)
    place.client.fault("409", count=3)
    # The poll that waits is answered as it should be; the next ones are not.
    place.town.say("sofia", "/aide")
    raise_unseen(place, code)

    assert_called_once(place)
    assert "Conflict" in place.log()
    assert TOKEN not in place.log()


# Telegram away


@pytest.mark.parametrize("kind", ["502", "cut_after"])
def test_after_two_hours_without_telegram_the_alert_is_heard_and_nobody_is_flooded(
    place: Ground, kind: str
) -> None:
    assert_made_up_for(place, kind, hours=2)


@pytest.mark.faults
@pytest.mark.time_limit(600)
@pytest.mark.parametrize("kind", ["502", "cut_before", "cut_after"])
def test_after_a_day_without_telegram_the_alert_is_heard_and_nobody_is_flooded(
    any_place: Ground, kind: str
) -> None:
    assert_made_up_for(any_place, kind, hours=24)


def assert_made_up_for(place: Ground, kind: str, hours: int) -> None:
    """Who had to be called is, the author knows it, the coordination hears of the outage."""
    code = place.town.enrol(REQUEST)
    place.client.until_quiet()
    place.client.fault(kind)
    raise_unseen(place, code)
    place.client.advance(hours=hours)
    # Cut after their effect, attempts were read meanwhile, as repetitions of each other.
    known = {chat: len(place.texts(chat)) for chat in CHATS}
    place.client.clear_faults()

    with measured(f"from the end of {hours} h of {kind} to the alert"):
        assert place.heard("reanimation", NUMBERED)
    assert place.heard("greffe", RECEIVED)
    assert place.heard("claire", BLOCKED)
    eventually(lambda: place.health()["code"] == 200)
    found = {chat: len(place.texts(chat)) - known[chat] for chat in CHATS}
    assert max(found.values()) <= CATCH_UP, found
    place.audit()


@pytest.mark.faults
@pytest.mark.time_limit(600)
def test_while_answers_are_lost_all_leaves_and_what_is_repeated_says_so(place: Ground) -> None:
    codes = [place.town.enrol(REQUEST) for _ in range(4)]
    place.client.fault("cut_after", method="sendMessage", probability=0.4, seed=1)

    for code in codes:
        place.alert(code)
        place.town.say("claire", f"/statut {code}")
        place.client.advance(minutes=15)
    place.client.clear_faults()

    eventually(lambda: place.health()["outbox"]["pending"] == 0)
    assert [call for call in place.client.calls(method="sendMessage") if call["fault"]]
    assert_each_letter_left(place.client, place.folder)


@pytest.mark.faults
@pytest.mark.time_limit(600)
def test_ten_minutes_without_postgresql_are_made_up_for(
    on_postgres: Ground, postgres_shared: Engine
) -> None:
    code = on_postgres.town.enrol(REQUEST)
    on_postgres.alert(code)
    end = on_postgres.client.now() + timedelta(minutes=10)

    with postgres.away():
        while on_postgres.client.now() < end:
            # It cannot settle what is due: the clock goes on without it.
            with suppress(ControlError):
                on_postgres.client.to(end)
        raise_unseen(on_postgres, code)
        assert on_postgres.health()["code"] == 503
    postgres_shared.dispose()

    with measured("from the return of PostgreSQL after ten minutes to the alert"):
        assert on_postgres.heard("reanimation", AGAIN_CALLED, SOON)
    assert on_postgres.heard("claire", AGAIN_CALLED, SOON)
    eventually(lambda: on_postgres.health()["code"] == 200, SOON)
    on_postgres.audit()


# The machine's clock


@pytest.mark.parametrize("hours", [2, -2])
def test_a_clock_that_jumps_holds_up_no_alert_and_is_told(
    sqlite_url: str, tmp_path: Path, hours: int
) -> None:
    shift, now = nest.right(), datetime.now().astimezone()
    day = now + timedelta(days=40)
    request = f"yescarta apherese {day - timedelta(days=30):%d/%m/%Y} j0 {day:%d/%m/%Y} centre TLS"
    with ground(tmp_path, sqlite_url, now.isoformat(), partial(nest.misread, shift)) as place:
        code = place.town.enrol(request)
        place.stop()
        # From here on by the machine's own clock.
        del place.given["CLOCK_URL"]
        place.live(follows=False)
        place.cut_off("500", "reanimation")
        raise_unseen(place, code)
        place.heard("claire", CALL)

        shift.value = 3600.0 * hours
        with measured(f"from a jump of {hours} h to the coordination"):
            assert place.heard("claire", "horloge", SOON)
        place.client.clear_faults()

        # Two hours later it is the next rung that calls.
        assert place.heard("reanimation", NUMBERED, SOON)
        assert place.heard("greffe", RECEIVED, SOON)
