"""Outages: Telegram, the machine, the database, a bug; nothing is lost, nothing acts twice."""

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot.care import auditor
from bot.domain.network import Network
from bot.domain.roles import Team
from bot.landing import SendError
from bot.store import Database, letters
from bot.store.faults import FileGone
from tests.fakes import FakeClock, Show
from tests.hospital import Hospital
from tests.scenarios.faults import failing, full
from tests.ward import Person

GREFFE, COORDINATION, REANIMATION = Team.GREFFE, Team.COORDINATION, Team.REANIMATION
DOWN = (SendError("connection refused"),) * 500


def kinds(said: list[str]) -> list[str]:
    return [each.split()[0] for each in said]


# Telegram


async def test_after_two_hours_without_telegram_each_chat_hears_the_present_state_once(
    any_ward: Hospital,
) -> None:
    for _ in range(2):
        await any_ward.do(COORDINATION, await any_ward.enrol(), "rcp")
    efs = any_ward.chat(Team.EFS)
    await any_ward.at("2026-03-13T08:00")
    any_ward.transport.fail(efs, *DOWN)
    await any_ward.at("2026-03-16T08:00")

    any_ward.transport.recover()
    with any_ward.heard(efs) as heard:
        await any_ward.advance(minutes=2)

    assert kinds(heard) == ["todo.catch_up"]


async def test_after_an_outage_each_alert_leaves_once_with_its_newest_news(ward: Hospital) -> None:
    codes = await ward.injected(patients=2)
    icu = ward.chat(REANIMATION)
    ward.transport.fail(icu, *DOWN)
    for code in codes:
        await ward.alert(GREFFE, code)
    await ward.advance(hours=2)

    ward.transport.recover()
    with ward.heard(icu) as heard:
        await ward.advance(minutes=1)

    assert kinds(heard) == ["alert.again", "alert.again"]
    assert all(any(code in said for said in heard) for code in codes)


async def test_an_alert_reaches_the_others_while_one_chat_is_dead(ward: Hospital) -> None:
    [code] = await ward.injected()
    ward.transport.fail(ward.chat(REANIMATION), *DOWN)

    await ward.alert(GREFFE, code)

    assert ward.told(ward.chat(COORDINATION), "alert.raised")
    ward.transport.recover()
    await ward.advance(minutes=1)
    assert ward.told(ward.chat(REANIMATION), "alert.raised")


async def test_an_alert_without_an_answer_is_repeated_as_such(ward: Hospital) -> None:
    [code] = await ward.injected()
    icu = ward.chat(REANIMATION)
    ward.transport.fail(icu, SendError("timed out", unknown=True))

    await ward.alert(GREFFE, code)
    await ward.advance(seconds=10)

    assert ward.told(icu)[-1].startswith("outbox.again")


async def test_a_routine_message_without_an_answer_is_repeated_as_perhaps_known(
    ward: Hospital,
) -> None:
    await ward.injected()
    ward.transport.fail(ward.chat(GREFFE), SendError("timed out", unknown=True))

    await ward.at("2026-04-27T14:00")
    await ward.advance(seconds=10)

    [said] = ward.told(ward.chat(GREFFE), "check.round ")
    assert said.startswith("outbox.perhaps_again")


# The machine


async def test_a_night_without_the_bot_ends_in_one_message_for_each_team(
    any_ward: Hospital,
) -> None:
    for _ in range(2):
        await any_ward.do(COORDINATION, await any_ward.enrol(), "rcp")
    await any_ward.at("2026-03-15T15:00")

    any_ward.jump(hours=17)
    with any_ward.heard(any_ward.chat(Team.EFS)) as efs:
        await any_ward.restart()

    assert kinds(efs) == ["todo.catch_up"]


async def test_rounds_missed_while_the_bot_was_off_are_told_to_the_coordination(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    await any_ward.at("2026-04-27T21:00")

    any_ward.jump(hours=18)
    with any_ward.heard(any_ward.chat(COORDINATION)) as told:
        await any_ward.restart()

    [missed] = [said for said in told if said.startswith("check.never_asked")]
    assert missed.count("check.never_asked_line at=") == 2
    assert missed.count(f"code={code}") == 2
    assert "late=(check.late)" in any_ward.told(any_ward.chat(GREFFE), "check.round ")[-1]


async def test_the_ladder_goes_on_at_once_after_a_restart(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    await any_ward.alert(GREFFE, code)

    any_ward.jump(hours=3)
    with any_ward.heard(any_ward.chat(REANIMATION)) as icu:
        await any_ward.restart()

    assert kinds(icu)[0] == "alert.again"


async def test_a_restart_in_the_middle_of_a_dialogue_is_not_noticed(any_ward: Hospital) -> None:
    nurse = any_ward.who(COORDINATION)
    await any_ward.say(nurse, "/nouveau")
    await any_ward.press(nurse, "Yescarta")

    await any_ward.restart()
    await any_ward.press(nurse, "Toulouse")

    assert any_ward.last(nurse).startswith("patient.ask.apheresis")


async def test_an_alert_interrupted_on_its_way_goes_again_recognisably(ward: Hospital) -> None:
    [code] = await ward.injected()
    ward.relais.intake.take([ward.message(ward.who(GREFFE), text=f"/alerte {code}")])
    with ward.database.unit() as unit:
        first = [head.id for head in letters.waiting(unit)]
        letters.claim(unit, first, ward.database.leader.number)

    await ward.restart()

    assert ward.told(ward.chat(REANIMATION))[-1].startswith("outbox.again")


# The database, and bugs


async def test_a_full_disk_leaves_the_batch_with_telegram_and_it_acts_once_later(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    tap = any_ward.message(any_ward.who(GREFFE), text=f"/alerte {code}")
    with failing(any_ward, "INSERT INTO dated", full()), pytest.raises(OperationalError):
        any_ward.relais.intake.take([tap])
    assert any_ward.alerts(code) == []

    await any_ward.receive(tap)
    await any_ward.receive(tap)

    assert len(any_ward.alerts(code)) == 1


async def test_an_update_delivered_twice_in_one_batch_acts_once(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    update = any_ward.message(any_ward.who(GREFFE), text=f"/alerte {code}")

    await any_ward.receive(update, update)

    assert len(any_ward.told(any_ward.chat(REANIMATION), "alert.raised")) == 1


async def test_an_update_that_raises_is_undone_alone_and_its_author_hears_so(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    greffe, nurse = any_ward.who(GREFFE), any_ward.who(COORDINATION)
    any_ward.excused = ("update ",)

    with failing(any_ward, "INSERT INTO dated", RuntimeError("a bug")):
        await any_ward.receive(
            any_ward.message(nurse, text="/aide"),
            any_ward.message(greffe, text=f"/alerte {code}"),
            any_ward.message(nurse, text=f"/statut {code}"),
        )

    assert any_ward.told(greffe) == ["alert.none why=(edge.sorry)"]
    assert kinds(any_ward.told(nurse))[-2:] == ["help.all", "status.one"]
    assert any_ward.alerts(code) == []


async def test_in_a_group_too_an_alert_that_could_not_be_raised_is_said_not_to_have_left(
    ward: Hospital,
) -> None:
    [code] = await ward.injected()
    greffe, chat = ward.who(GREFFE), ward.chat(GREFFE)
    ward.excused = ("update ",)

    with ward.heard(chat) as heard, failing(ward, "INSERT INTO dated", RuntimeError("a bug")):
        await ward.say(greffe, f"/alerte {code}", chat)

    assert heard == ["alert.none why=(edge.sorry)"]


async def test_a_full_disk_while_ringing_is_made_up_for(ward: Hospital) -> None:
    await ward.injected()
    ward.clock.advance(hours=4)
    with failing(ward, "INSERT INTO dated", full()), pytest.raises(OperationalError):
        await ward.relais.ring()

    await ward.advance(minutes=6)

    assert len(ward.told(ward.chat(GREFFE), "check.round ")) == 1


# A second poller


async def test_a_second_poller_is_told_to_the_coordination_once_and_when_it_is_over(
    ward: Hospital,
) -> None:
    with ward.heard(ward.chat(COORDINATION)) as heard:
        for here in (False, True, True, False, False):
            with ward.database.unit() as unit:
                auditor.other_poller(unit, here)
            await ward.flush()

    assert kinds(heard) == ["poller.other", "poller.alone"]


async def test_a_webhook_that_telegram_cannot_call_is_told_once_and_when_it_is_over(
    ward: Hospital,
) -> None:
    with ward.heard(ward.chat(COORDINATION)) as heard:
        for here in (False, True, True, False, False):
            with ward.database.unit() as unit:
                auditor.deaf(unit, here)
            await ward.flush()

    assert kinds(heard) == ["webhook.deaf", "webhook.hears"]


async def test_health_is_red_and_the_heart_stops_while_a_second_poller_is_there(
    ward: Hospital,
) -> None:
    assert ward.relais.health()["status"] == "ok"
    assert ward.relais.explained()

    ward.relais.intake.rival.here = True

    assert ward.relais.health()["status"] == "another poller"
    assert ward.relais.health()["reasons"] == ["another poller"]
    assert not ward.relais.explained()


# A file that is no longer there


def put_aside(file: Path) -> None:
    file.rename(file.with_name("aside.db"))


async def test_health_is_red_and_a_tap_is_left_with_telegram_when_the_file_is_deleted(
    sqlite_url: str, clock: FakeClock, network: Network
) -> None:
    database = Database(sqlite_url, clock=clock, words=Show(), network=network, audit_key=b"key")
    ward = Hospital(database, clock)
    await ward.open()
    assert ward.relais.health()["status"] in ("ok", "unexplained")

    put_aside(Path(sqlite_url.removeprefix("sqlite:///")))

    assert ward.relais.health()["status"] == "database gone"
    assert not ward.relais.explained()
    with pytest.raises(FileGone):
        ward.relais.intake.take([ward.message(Person(7, "Ann"), text="/start")])
    database.close()
