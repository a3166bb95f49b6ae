"""The clock: both changes of hour, jumps, the morning digest, the auditor, what raises."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from bot.care import cycle
from bot.care.auditor import DIGEST
from bot.domain import check
from bot.domain.roles import Team
from bot.store import Database
from tests.hospital import Hospital
from tests.scenarios.faults import raising
from tests.ward import PARIS

GREFFE, COORDINATION = Team.GREFFE, Team.COORDINATION


def local(ward: Hospital, chat: int, about: str) -> list[str]:
    """When a chat was told this, by the clock on the wall."""
    return [
        at.astimezone(PARIS).isoformat(timespec="minutes")
        for at, letter in ward.transport.sent
        if (letter.kind, letter.chat_id) == ("send", chat) and letter.body.startswith(about)
    ]


@pytest.mark.parametrize(
    ("apheresis", "reminders"),
    [
        ("30/03/2026", ["2026-03-18T09:00+01:00", "2026-03-22T16:00+01:00",
                        "2026-03-23T07:30+01:00"]),
        ("06/04/2026", ["2026-03-25T09:00+01:00", "2026-03-29T16:00+02:00",
                        "2026-03-30T07:30+02:00"]),
    ],
)  # fmt: skip
async def test_reminders_keep_their_local_hour_when_summer_comes(
    ward: Hospital, apheresis: str, reminders: list[str]
) -> None:
    code = await ward.enrol(apheresis=apheresis, day0="11/05/2026")
    await ward.do(COORDINATION, code, "rcp")

    await ward.at("2026-03-30T08:00")

    assert local(ward, ward.chat(Team.EFS), "step.card")[:3] == reminders


async def test_reminders_keep_their_local_hour_when_winter_comes(ward: Hospital) -> None:
    ward.clock.now = datetime(2026, 10, 12, 9, tzinfo=PARIS)
    code = await ward.enrol(apheresis="02/11/2026", day0="07/12/2026")
    await ward.do(COORDINATION, code, "rcp")

    await ward.at("2026-10-26T08:00")

    assert local(ward, ward.chat(Team.EFS), "step.card") == [
        "2026-10-21T09:00+02:00", "2026-10-25T16:00+01:00", "2026-10-26T07:30+01:00",
    ]  # fmt: skip


@pytest.mark.parametrize(("day", "before", "after"), [
    ("2026-03-29", "22:00+01:00", "06:00+02:00"),
    ("2026-10-25", "22:00+02:00", "06:00+01:00"),
])  # fmt: skip
async def test_rounds_keep_their_local_hour_through_the_night_of_the_change(
    ward: Hospital, day: str, before: str, after: str
) -> None:
    change = datetime.fromisoformat(day).replace(tzinfo=PARIS)
    eve = change - timedelta(days=1)
    [code] = await ward.injected()
    ward.clock.now = eve.replace(hour=21)
    with ward.change(code) as record:
        record.patient.day0_on = eve.date()
        check.adjust_watch(record)
        for step in (step for step in record.plan() if step.next_at):
            step.next_at = change + timedelta(days=30)

    await ward.at(f"{day}T07:00")

    rounds = local(ward, ward.chat(GREFFE), "check.round ")
    assert rounds == [f"{eve.date()}T{before}", f"{day}T{after}"]


async def test_a_jump_forward_is_made_up_for_within_one_ring(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    await any_ward.alert(GREFFE, code)

    any_ward.jump(hours=2)
    await any_ward.relais.ring()
    await any_ward.flush()

    due = any_ward.relais.next_due()
    assert due is not None
    assert due > any_ward.clock()
    assert any_ward.told(any_ward.chat(Team.REANIMATION), "alert.again")


async def test_a_jump_backwards_is_harmless(any_ward: Hospital) -> None:
    await any_ward.injected()
    await any_ward.at("2026-04-27T14:00")

    any_ward.clock.advance(hours=-3)
    await any_ward.advance(hours=3, minutes=1)

    assert len(any_ward.told(any_ward.chat(GREFFE), "check.round ")) == 1


async def test_the_morning_digest_says_what_is_late(ward: Hospital) -> None:
    await ward.enrol()

    await ward.at("2026-03-03T07:30")

    [said] = ward.told(ward.chat(COORDINATION), "digest.morning")
    assert "label=RCP" in said
    assert "proof=(audit.see_above" in said


async def test_the_morning_digest_numbers_its_alerts(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.alert(GREFFE, code)
    await ward.alert(Team.REANIMATION, code)

    await ward.at("2026-04-28T07:30")

    *_, said = ward.told(ward.chat(COORDINATION), "digest.morning")
    assert said.count("late.alert ") == 2
    assert "number=1" in said
    assert "number=2" in said


async def test_a_quiet_network_is_proved_quiet_every_morning(ward: Hospital) -> None:
    code = await ward.enrol()
    await ward.do(COORDINATION, code, "rcp")

    await ward.at("2026-03-05T08:00")

    said = ward.told(ward.chat(COORDINATION), "digest.morning")
    assert len(said) == 3
    assert all("proof=(audit.all_explained" in each for each in said)


async def test_the_auditor_names_what_is_overdue(ward: Hospital) -> None:
    [code] = await ward.injected()

    ward.clock.now = datetime(2026, 4, 27, 14, 6, tzinfo=PARIS)

    assert f"watch {code}" in [found.split(" overdue")[0] for found in ward.unexplained()]
    await ward.advance()
    assert ward.unexplained() == []


async def test_the_coordination_is_told_that_something_is_unexplained(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.alert(GREFFE, code)
    with ward.change(code) as record:
        record.alerts["1"].next_at = None
    ward.excused = (f"alert {code} 1 is open without a next instant",)

    ward.jump(minutes=11)
    await ward.advance()

    assert ward.told(ward.chat(COORDINATION), "audit.unexplained")


async def test_what_raises_is_put_off_and_its_neighbours_are_handled(any_ward: Hospital) -> None:
    good, bad = await any_ward.injected(patients=2)
    numbers = [await any_ward.alert(GREFFE, code) for code in (bad, good)]
    any_ward.excused = (f"alert {bad} 1 raised",)

    assert numbers == [1, 1]
    any_ward.jump(minutes=5)
    with raising(any_ward, bad):
        await any_ward.relais.ring()

    def rungs() -> tuple[int, ...]:
        return tuple(any_ward.alerts(code)[0].rung for code in (bad, good))

    any_ward.jump(minutes=4)
    await any_ward.relais.ring()
    assert rungs() == (0, 1)
    any_ward.jump(minutes=1)
    await any_ward.relais.ring()
    assert rungs() == (1, 2)


async def test_a_reminder_that_raised_at_its_hour_is_said_when_it_is_tried_again(
    any_ward: Hospital,
) -> None:
    code = await any_ward.enrol()
    with any_ward.change(code) as record:
        step = next(s for s in record.plan() if s.ready_at)
    assert step.next_at is not None
    chat = any_ward.chat(Team(step.team))
    any_ward.excused = (f"step {code} {step.key} raised",)
    said = len(any_ward.told(chat, "step.card"))
    any_ward.clock.now = step.next_at
    with raising(any_ward, code):
        await any_ward.relais.ring()
    assert len(any_ward.told(chat, "step.card")) == said

    any_ward.jump(minutes=6)
    await any_ward.advance()

    assert len(any_ward.told(chat, "step.card")) == said + 1


async def test_a_round_that_raised_at_its_hour_is_asked_when_it_is_tried_again(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    with any_ward.change(code) as record:
        at = record.watch.next_at
    assert at is not None
    any_ward.excused = (f"watch {code} raised",)
    any_ward.clock.now = at
    with raising(any_ward, code):
        await any_ward.relais.ring()

    any_ward.jump(minutes=6)
    await any_ward.advance()

    with any_ward.change(code) as record:
        assert [check.at for check in record.checks.values()] == [at]


async def test_duties_hang_once_however_often_the_bot_starts(ward: Hospital) -> None:
    for _ in range(3):
        await ward.restart()

    assert ward.ask(lambda unit: unit.records.duty(DIGEST)) is not None
    await ward.enrol()
    await ward.at("2026-03-03T08:00")
    assert len(ward.told(ward.chat(COORDINATION), "digest.morning")) == 1


async def test_however_much_is_due_at_one_instant_one_ring_handles_it(
    ward: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cycle, "AT_ONCE", 2)
    codes = [await ward.enrol() for _ in range(5)]
    for code in codes:
        with ward.change(code) as record:
            record.steps["rcp"].next_at = ward.clock()

    await ward.relais.ring()

    due = ward.relais.next_due()
    assert due is not None
    assert due > ward.clock()


async def test_an_alert_that_rang_while_the_clock_was_ahead_goes_on_ringing_when_it_is_right(
    ward: Hospital,
) -> None:
    [code] = await ward.injected()
    await ward.alert(GREFFE, code)
    ward.move_clock(hours=2)
    await ward.advance()

    ward.move_clock(hours=-2)
    with ward.heard(ward.chat(Team.REANIMATION)) as heard:
        await ward.advance(minutes=6)

    assert [said for said in heard if said.startswith("alert.again")]
    assert ward.unexplained() == []


async def test_a_clock_that_jumps_is_told_to_the_coordination(ward: Hospital) -> None:
    await ward.enrol()

    with ward.heard(ward.chat(COORDINATION)) as heard:
        for hours in (2, -2):
            ward.move_clock(hours=hours)
            await ward.advance()
            await ward.advance()

    assert [said.split()[0] for said in heard if said.startswith("clock.")] == [
        "clock.ahead",
        "clock.back",
    ]


async def test_a_jump_that_met_a_fault_of_the_database_is_followed_by_the_next_ring(
    ward: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    [code] = await ward.injected()
    ward.move_clock(hours=2)
    await ward.advance()
    await ward.alert(GREFFE, code)
    await ward.advance()
    ward.move_clock(hours=-2)

    with monkeypatch.context() as patch:
        patch.setattr(cycle, "hasten", locked)
        with pytest.raises(OperationalError):
            await ward.relais.ring()
    with (
        ward.heard(ward.chat(Team.REANIMATION)) as icu,
        ward.heard(ward.chat(COORDINATION)) as coordination,
    ):
        await ward.advance()
        await ward.advance(minutes=6)

    assert [said for said in icu if said.startswith("alert.again")]
    assert len([said for said in coordination if said.startswith("clock.back")]) == 1


def locked(_database: Database) -> None:
    raise OperationalError("x", {}, Exception("database is locked"))


async def test_an_alert_raised_by_a_clock_that_was_ahead_rings_after_a_restart(
    ward: Hospital,
) -> None:
    [code] = await ward.injected()
    ward.clock.advance(hours=3)
    await ward.alert(GREFFE, code)
    ward.clock.advance(hours=-3)

    with ward.heard(ward.chat(Team.REANIMATION)) as heard:
        await ward.restart()
        await ward.advance(minutes=6)

    assert [said for said in heard if said.startswith("alert.again")]


async def test_while_a_clock_that_jumped_is_made_up_for_others_may_write(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    await any_ward.alert(GREFFE, code)

    # On SQLite a second writer of this process would wait for the first for ever.
    for _ in cycle.hasten(any_ward.database):
        with any_ward.database.unit() as unit:
            unit.events.record("heard")


async def test_an_alert_that_waits_longer_than_it_may_is_a_fault(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.alert(GREFFE, code)
    with ward.change(code) as record:
        record.alerts["1"].next_at = record.now + timedelta(hours=1)

    assert f"alert {code} 1 waits longer than it may" in ward.unexplained()
    assert any("waits longer than it may" in each for each in ward.faults())
    ward.excused = ("",)


async def test_one_record_that_cannot_be_read_keeps_the_bot_from_nobody_else(
    ward: Hospital,
) -> None:
    sick, sound = await ward.injected(patients=2)
    for code in (sick, sound):
        await ward.alert(GREFFE, code)
    with ward.change(sick) as record:
        record.patient.pathway = "a version that nobody kept"
    with ward.change(sound) as record:
        record.alerts["1"].next_at = record.now + timedelta(hours=3)
    ward.excused = ("",)

    with ward.heard(ward.chat(Team.REANIMATION)) as heard:
        await ward.restart()
        await ward.advance(minutes=6)

    assert [said for said in heard if sound in said]


async def test_what_was_put_off_by_a_clock_that_was_ahead_is_tried_again_when_it_is_right(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    await any_ward.alert(GREFFE, code)
    any_ward.excused = ("",)
    any_ward.move_clock(days=30)
    with raising(any_ward, code):
        await any_ward.relais.ring()

    any_ward.move_clock(days=-30)
    with any_ward.heard(any_ward.chat(Team.REANIMATION)) as heard:
        await any_ward.advance(minutes=10)

    assert [said for said in heard if said.startswith("alert.again")]


async def test_rounds_go_on_after_a_clock_that_was_two_days_ahead(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    any_ward.move_clock(hours=48)
    await any_ward.advance()
    any_ward.excused = ("",)

    any_ward.move_clock(hours=-48)
    await any_ward.advance(seconds=2)
    with any_ward.heard(any_ward.chat(GREFFE)) as heard:
        await any_ward.at("2026-04-27T14:01")

    assert len([said for said in heard if said.startswith("check.round ")]) == 1
    now = any_ward.clock()
    assert all(it.at <= now for it in any_ward.record(code).checks.values())
    any_ward.excused = ()
    assert any_ward.unexplained() == []


async def test_the_digest_keeps_its_morning_after_a_clock_that_was_ahead(ward: Hospital) -> None:
    await ward.enrol()
    ward.move_clock(hours=48)
    await ward.advance()
    ward.move_clock(hours=-48)
    await ward.advance(seconds=2)

    with ward.heard(ward.chat(COORDINATION)) as heard:
        await ward.at("2026-03-03T07:31")

    assert [said for said in heard if said.startswith("digest.morning")]
