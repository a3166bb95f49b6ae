"""No silence: what is wrong is seen, is told to somebody who can act, and is told again."""

import itertools
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from bot.care import auditor
from bot.care.auditor import AUDIT_EVERY, PURGE
from bot.domain.facts import Countdown, PatientState, WatchState
from bot.domain.message import Priority
from bot.domain.roles import Team
from bot.landing import SendError
from bot.store.records import dated
from tests.hospital import ANY, Hospital
from tests.scenarios.faults import failing, full, raising
from tests.scenarios.played import written_down
from tests.ward import PARIS

EFS, GREFFE, PHARMACIE, REANIMATION = Team.EFS, Team.GREFFE, Team.PHARMACIE, Team.REANIMATION
COORDINATION, NEUROLOGIE = Team.COORDINATION, Team.NEUROLOGIE
DOWN = (SendError("connection refused"),) * 20_000
REFUSED = SendError("Bad Request: can't parse entities", refused=True)
LOST = SendError("Forbidden: bot was kicked from the group chat", permanent=True)
MEANT = ("",)
"""A scenario that leaves its fault behind: that it is found is what it is about."""


@pytest.fixture
async def broken(ward: Hospital) -> Hospital:
    """A hospital in which something goes wrong and stays so."""
    await ward.relais.ring()
    ward.excused = MEANT
    return ward


def health(ward: Hospital) -> tuple[str, list[str]]:
    """What an operator sees: the state on the page of health, and the lines of the audit."""
    found, lines = ward.relais.health(), ward.unexplained()
    assert sum(found["unexplained"].values()) == len(lines)
    return found["status"], lines


def names(ward: Hospital, fault: str) -> bool:
    """Whether the auditor names this, and the page of health is not well."""
    state, found = health(ward)
    return state == "unexplained" and any(fault in each for each in found)


def told_at(ward: Hospital, team: Team, about: str) -> list[datetime]:
    """When the group of a team was told this."""
    return [
        at
        for at, letter in ward.transport.sent
        if (letter.chat_id, letter.kind) == (ward.chat(team), "send") and about in letter.body
    ]


# What raises


async def test_what_raises_is_seen_and_told_to_the_coordination_within_the_same_ring(
    ward: Hospital,
) -> None:
    [code] = await ward.injected()
    await ward.alert(GREFFE, code)
    ward.jump(minutes=5)

    with raising(ward, code):
        await ward.relais.ring()
        await ward.flush()

    assert names(ward, f"alert {code} 1 raised")
    assert told_at(ward, COORDINATION, "audit.unexplained") == [ward.clock()]
    await ward.advance(minutes=5)
    assert health(ward)[1] == []


async def test_a_database_that_is_busy_for_a_moment_puts_no_call_off(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.alert(GREFFE, code)
    ward.jump(minutes=5)

    with failing(ward, "INSERT INTO dated", full()), pytest.raises(OperationalError):
        await ward.relais.ring()
    ward.jump(seconds=2)
    with ward.heard(ward.chat(REANIMATION)) as heard:
        await ward.relais.ring()
        await ward.flush()

    assert heard


async def test_what_raised_is_seen_whatever_else_is_done_for_the_patient_until_it_is_handled(
    ward: Hospital,
) -> None:
    [code] = await ward.injected()
    number = await ward.alert(GREFFE, code)
    ward.jump(minutes=5)
    with raising(ward, code):
        await ward.relais.ring()

    await ward.say(ward.who(GREFFE), f"/lieu {code}")
    await ward.alert(NEUROLOGIE, code)
    with ward.change(code) as record:
        record.alerts[str(number)].sign = "src"
    assert names(ward, f"alert {code} {number} raised")

    await ward.advance(minutes=5)
    assert health(ward)[1] == []


async def test_an_alert_that_cannot_climb_for_three_hours_is_never_silent(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.alert(GREFFE, code)
    began = ward.clock()

    with raising(ward, code):
        for _ in range(36):
            await ward.advance(minutes=5)
            await ward.relais.ring()
            assert names(ward, f"alert {code} 1 raised")

    told = [began, *told_at(ward, COORDINATION, "audit.unexplained"), ward.clock()]
    assert max(b - a for a, b in itertools.pairwise(told)) <= AUDIT_EVERY
    with ward.heard(ward.chat(REANIMATION)) as heard:
        await ward.advance(minutes=5)
    assert [said for said in heard if said.startswith("alert.again")]
    await ward.relais.ring()
    assert health(ward) == ("ok", [])


async def test_a_round_that_cannot_be_asked_is_told_again_each_hour_until_it_can(
    ward: Hospital,
) -> None:
    [code] = await ward.injected()
    await ward.at("2026-04-27T13:59")

    with raising(ward, code):
        await ward.advance(hours=3)
    await ward.relais.ring()
    assert names(ward, f"watch {code} raised")
    await ward.advance(hours=2)

    hours = [at.astimezone(PARIS).hour for at in told_at(ward, COORDINATION, "audit.unexplained")]
    assert hours == [14, 15, 16]
    assert ward.told(ward.chat(GREFFE), "check.round ")


async def test_something_new_that_is_wrong_is_told_although_the_hour_has_heard_of_another(
    ward: Hospital,
) -> None:
    one, other = await ward.injected(patients=2)
    for code in (one, other):
        await ward.alert(GREFFE, code)
    with raising(ward, one):
        await ward.advance(minutes=5)
    await ward.advance(minutes=5)

    with ward.heard(ward.chat(COORDINATION)) as heard, raising(ward, other):
        await ward.advance(minutes=6)

    assert [said for said in heard if said.startswith("audit.unexplained")]
    await ward.advance(minutes=5)


async def test_a_record_that_cannot_be_read_blinds_nobody_to_the_others(
    broken: Hospital,
) -> None:
    sick, sound = await broken.injected(patients=2)
    with broken.change(sick) as record:
        record.patient.pathway = "a version that nobody kept"
    with broken.change(sound) as record:
        record.watch.state, record.watch.next_at = WatchState.CLOSED.value, None
    await broken.relais.ring()

    assert names(broken, f"{sick}: cannot be read")
    assert names(broken, f"{sound}: under watch without a next check")
    with broken.heard(broken.chat(COORDINATION)) as heard:
        await broken.at("2026-04-28T07:30")
    assert [said for said in heard if said.startswith("audit.unexplained")]
    assert [said for said in heard if said.startswith("digest.morning")]


# What the auditor sees


async def test_an_overdue_demand_is_unexplained(broken: Hospital) -> None:
    code = await broken.enrol()
    who, chat = broken.who(COORDINATION), broken.chat(COORDINATION)
    await broken.tap(who, chat, ANY, f"step:why:{code}:rcp:patient")
    await broken.relais.ring()

    with broken.change(code) as record:
        [demand] = record.open_demands()
        demand.next_at = record.now - timedelta(minutes=2)

    assert names(broken, f"demand {code} 1 overdue")


async def test_an_overdue_countdown_is_unexplained(broken: Hospital) -> None:
    [code] = await broken.injected()
    await broken.relais.ring()

    with broken.change(code) as record:
        late = record.now - timedelta(minutes=2)
        record.add(
            Countdown(
                key="1",
                step="injection",
                giver=PHARMACIE.value,
                product="yescarta",
                started_at=late,
                limit_at=late,
                next_at=late,
            )
        )

    assert names(broken, f"countdown {code} 1 overdue")


async def test_an_overdue_duty_is_unexplained(broken: Hospital) -> None:
    with broken.database.unit() as unit:
        unit.records.set_duty(PURGE, unit.now - timedelta(minutes=2))

    assert names(broken, f"duty {PURGE} overdue")


async def test_a_planned_step_without_an_instant_is_unexplained(broken: Hospital) -> None:
    code = await broken.enrol()
    await broken.relais.ring()

    with broken.change(code) as record:
        record.steps["irm"].next_at = None

    assert names(broken, f"step {code} irm is open without a next instant")


async def test_an_alert_letter_that_is_refused_is_unexplained(broken: Hospital) -> None:
    [code] = await broken.injected()
    broken.transport.fail(broken.chat(REANIMATION), REFUSED)

    await broken.alert(GREFFE, code)
    await broken.relais.ring()

    assert names(broken, "failed")


async def test_an_alert_of_which_nothing_arrives_at_the_icu_is_unexplained(
    any_ward: Hospital,
) -> None:
    any_ward.excused = MEANT
    [code] = await any_ward.injected()
    icu = (any_ward.chat(REANIMATION), any_ward.who(REANIMATION).id)
    for chat in icu:
        any_ward.transport.fail(chat, *DOWN)
    await any_ward.alert(GREFFE, code)

    await any_ward.advance(minutes=9)
    await any_ward.relais.ring()
    assert health(any_ward) == ("ok", [])
    await any_ward.advance(minutes=2)
    await any_ward.relais.ring()
    assert names(any_ward, f"alert {code} 1 reached nobody of reanimation")
    await any_ward.advance(minutes=10)
    assert told_at(any_ward, COORDINATION, "audit.unexplained")

    any_ward.transport.recover()
    await any_ward.advance(minutes=10)
    await any_ward.relais.ring()
    assert health(any_ward)[1] == []


async def test_a_neurological_alert_of_which_nothing_arrives_at_neurology_is_unexplained(
    broken: Hospital,
) -> None:
    [code] = await broken.injected()
    for chat in (broken.chat(NEUROLOGIE), broken.who(NEUROLOGIE).id):
        broken.transport.fail(chat, *DOWN)
    await broken.alert(GREFFE, code, "src")
    await broken.advance(minutes=10)
    await broken.take(REANIMATION)

    await broken.tap(broken.who(GREFFE), broken.chat(GREFFE), ANY, f"alert:sign:{code}:1:icans")
    await broken.relais.ring()
    assert health(broken)[1] == []
    await broken.advance(minutes=11)
    await broken.relais.ring()

    assert names(broken, f"alert {code} 1 reached nobody of neurologie")
    assert not names(broken, f"alert {code} 1 reached nobody of reanimation")


async def test_an_alert_whose_takers_have_no_chat_is_unexplained(broken: Hospital) -> None:
    [code] = await broken.injected()
    for chat in (broken.chat(REANIMATION), broken.who(REANIMATION).id):
        broken.transport.fail(chat, LOST)

    await broken.alert(GREFFE, code)
    await broken.advance(minutes=11)
    await broken.relais.ring()

    assert names(broken, f"alert {code} 1 reached nobody of reanimation")


async def test_every_running_record_is_read_through_however_many_are_over(
    broken: Hospital,
) -> None:
    one, other, *over = [await broken.enrol() for _ in range(6)]
    for code in over:
        with broken.change(code) as record:
            record.patient.state = PatientState.ENDED.value
    for code in (one, other):
        with broken.change(code) as record:
            record.patient.pathway = "a version that nobody kept"

    found = [broken.ask(lambda unit: auditor.unexplained(unit, 1))]
    broken.jump(seconds=AUDIT_EVERY.total_seconds())
    found.append(broken.ask(lambda unit: auditor.unexplained(unit, 1)))

    said = {fault for each in found for fault in each if "cannot be read" in fault}
    assert said == {f"{code}: cannot be read" for code in (one, other)}


@pytest.mark.parametrize("total", [0, 1, 15, 16, 2161, 10_000, 14_400])
def test_the_audits_of_a_day_read_through_all(total: int) -> None:
    share = auditor.a_days_share(total)
    parts = [auditor.turn(number, total, share) for number in range(7, 7 + 144)]

    assert {n for begins, ends in parts for n in range(begins, ends)} == set(range(total))
    assert all(ends - begins <= share <= auditor.AT_MOST for begins, ends in parts)


def test_of_however_many_the_audit_holds_up_nobody_and_comes_round() -> None:
    share = auditor.a_days_share(50_000)
    parts = [auditor.turn(number, 50_000, share) for number in range(500)]

    assert share == auditor.AT_MOST
    assert {n for begins, ends in parts for n in range(begins, ends)} == set(range(50_000))


async def test_an_audit_reads_more_than_a_glance(
    broken: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditor, "AUDIT_EVERY", timedelta(days=1))
    codes = [await broken.enrol() for _ in range(auditor.GLANCE + 1)]
    for code in codes:
        with broken.change(code) as record:
            record.patient.pathway = "a version that nobody kept"
    assert len(broken.ask(auditor.unexplained)) <= auditor.GLANCE

    with broken.database.unit() as unit:
        auditor.audit(unit)

    told = broken.ask(lambda unit: unit.events.last(auditor.TOLD))
    assert told.data["items"] == [f"{code}: cannot be read" for code in sorted(codes)]


async def test_nothing_that_waits_is_beyond_what_the_audit_looks_at(broken: Hospital) -> None:
    code = await broken.enrol()
    row = {"code": code, "rank": 0, "centre": "TLS", "state": "open", "open": False}
    rows = [
        row | {"kind": "alert", "key": str(n), "due_at": broken.clock(), "facts": "{}"}
        for n in range(300)
    ]
    with broken.database.engine.begin() as connection:
        connection.execute(insert(dated), rows)

    found = broken.ask(auditor.unexplained)

    assert len([fault for fault in found if fault.endswith("reached nobody")]) == 300


async def test_what_reached_nobody_is_named_behind_thousands_that_were_heard(
    broken: Hospital,
) -> None:
    code = await broken.enrol()
    row = {"code": code, "centre": "TLS", "open": False, "due_at": broken.clock(), "facts": "{}"}
    asked = {"kind": "check", "rank": 2, "state": "asked", "together": "round"}
    rows = [row | asked | {"key": str(n)} for n in range(4000)]
    unheard = {"kind": "relay", "key": "1", "rank": 3, "state": "offered", "together": ""}
    with broken.database.engine.begin() as connection:
        connection.execute(insert(dated), [*rows, row | unheard])
    with broken.database.unit() as unit:
        unit.outbox.send(1, "key", "asked", [], cause="round", team="greffe")

    found = broken.ask(auditor.unexplained)

    assert [fault for fault in found if "reached" in fault] == [f"relay {code} 1 reached nobody"]


async def test_an_update_that_failed_is_unexplained(broken: Hospital) -> None:
    [code] = await broken.injected()

    with raising(broken, code):
        await broken.say(broken.who(GREFFE), f"/alerte {code}")
    await broken.relais.ring()

    assert names(broken, "update ")


async def test_a_coordination_that_cannot_be_reached_is_unexplained(broken: Hospital) -> None:
    code = await broken.enrol()
    for chat in (broken.chat(COORDINATION), broken.who(COORDINATION).id):
        broken.transport.fail(chat, LOST)

    await broken.tap(
        broken.who(EFS), broken.chat(EFS), ANY, f"step:why:{code}:bilan_apherese:patient"
    )
    await broken.relais.ring()

    assert names(broken, "nobody of the coordination can be reached")


async def test_what_nobody_was_left_to_hear_is_unexplained_even_when_somebody_is_back(
    broken: Hospital,
) -> None:
    code = await broken.enrol()
    nurse = broken.who(COORDINATION)
    for chat in (broken.chat(COORDINATION), nurse.id):
        broken.transport.fail(chat, LOST)

    why = f"step:why:{code}:bilan_apherese:patient"
    await broken.tap(broken.who(EFS), broken.chat(EFS), ANY, why)
    await broken.say(nurse, "/aide")
    await broken.relais.ring()

    assert not names(broken, "nobody of the coordination can be reached")
    assert names(broken, "failed since")


async def test_a_round_that_reached_nobody_is_unexplained(broken: Hospital) -> None:
    [code] = await broken.injected()
    broken.transport.fail(broken.chat(GREFFE), REFUSED)

    await broken.at("2026-04-27T14:00")
    await broken.relais.ring()

    [asked] = broken.record(code).unanswered()
    assert names(broken, f"check {code} {asked.key} reached nobody")


async def test_health_is_not_well_while_every_ring_raises(ward: Hospital) -> None:
    await ward.relais.ring()
    assert health(ward)[0] == "ok"

    with failing(ward, "SELECT dated.code, dated.kind", full()):
        for _ in range(3):
            with pytest.raises(OperationalError):
                await ward.relais.ring()
    assert health(ward)[0] == "failing"

    await ward.relais.ring()
    assert health(ward)[0] == "ok"


async def test_the_page_of_health_says_what_is_wrong_and_about_nobody(broken: Hospital) -> None:
    [code] = await broken.injected()
    await broken.alert(GREFFE, code)
    with broken.change(code) as record:
        record.alerts["1"].next_at = None

    found = broken.relais.health()

    assert found["unexplained"] == {"alert": 1}
    assert code not in str(found)


# Who cannot be reached


async def test_news_of_a_moved_date_whose_group_is_lost_reaches_its_members(
    ward: Hospital,
) -> None:
    code = await ward.enrol()
    ward.transport.fail(ward.chat(EFS), LOST)
    nurse = ward.who(COORDINATION)

    await ward.say(nurse, f"/reporter {code} apherese 26/03/2026")
    with ward.heard(ward.who(EFS)) as heard:
        await ward.press(nurse, "move.button.apply")

    assert [said.split()[0] for said in heard] == ["move.told"]


async def test_news_of_a_relay_whose_group_is_lost_reaches_its_members(ward: Hospital) -> None:
    code = await ward.enrol()
    await ward.do(COORDINATION, code, "rcp")
    written_down(ward, code, "consentement", "bilan_apherese", "apherese")
    ward.transport.fail(ward.chat(PHARMACIE), LOST)

    with ward.heard(ward.who(PHARMACIE)) as heard:
        await ward.do(EFS, code, "expedition")

    assert [said.split()[0] for said in heard] == ["relay.informed"]


async def test_news_of_a_new_patient_whose_group_is_lost_reaches_its_members(
    ward: Hospital,
) -> None:
    ward.transport.fail(ward.chat(EFS), LOST)

    with ward.heard(ward.who(EFS)) as heard:
        await ward.enrol()

    assert [said.split()[0] for said in heard] == ["patient.created_team"]


async def test_what_nobody_of_a_team_hears_reaches_the_coordination_as_fast_as_an_answer(
    ward: Hospital,
) -> None:
    for chat in (ward.chat(EFS), ward.who(EFS).id):
        ward.transport.fail(chat, LOST)
    await ward.enrol()
    code = await ward.enrol()

    said = [it for _, it in ward.transport.sent if it.body.startswith("team.nobody")]

    assert {(it.chat_id, it.priority) for it in said} == {
        (ward.chat(COORDINATION), Priority.ANSWER)
    }
    assert code in said[-1].body
    assert not said[-1].silent


async def test_what_telegram_refuses_to_a_team_is_passed_on_by_the_coordination(
    broken: Hospital,
) -> None:
    [code] = await broken.injected()
    broken.transport.fail(broken.chat(REANIMATION), REFUSED)

    with broken.heard(broken.chat(COORDINATION)) as heard:
        await broken.alert(GREFFE, code)

    [said] = [each for each in heard if each.startswith("team.not_received")]
    assert "team=reanimation" in said
    # Its members hear of it in private all the same.
    assert [it for it in broken.told(broken.who(REANIMATION)) if it.startswith("alert.")]
    assert names(broken, "failed since")


async def test_what_wants_no_hand_now_rings_no_phone(ward: Hospital) -> None:
    code = await ward.enrol()
    await ward.do(COORDINATION, code, "rcp")
    written_down(ward, code, "consentement", "bilan_apherese", "apherese")
    await ward.do(EFS, code, "expedition")

    silent = {it.body.split()[0] for _, it in ward.transport.sent if it.silent}

    assert silent == {"patient.created_team", "relay.informed"}


# After an outage


async def test_after_a_day_without_telegram_each_chat_hears_once_how_things_are(
    ward: Hospital,
) -> None:
    codes = [await ward.enrol() for _ in range(3)]
    for code in codes:
        await ward.do(COORDINATION, code, "rcp")
    await ward.at("2026-03-15T15:00")
    await ward.enrol()
    for team in Team:
        ward.transport.fail(ward.chat(team), *DOWN)
    await ward.advance(hours=26)

    ward.transport.recover()
    with (
        ward.heard(ward.chat(EFS)) as efs,
        ward.heard(ward.chat(NEUROLOGIE)) as neuro,
        ward.heard(ward.chat(COORDINATION)) as nurse,
    ):
        await ward.advance(minutes=3)

    assert [said.split()[0] for said in efs] == ["todo.catch_up"]
    assert [said.split()[0] for said in neuro] == []
    assert [said.split()[0] for said in nurse] == [
        "audit.unexplained", "digest.morning", "todo.catch_up", "late.list",
    ]  # fmt: skip
    with ward.heard(ward.chat(COORDINATION)) as morning:
        await ward.at("2026-03-17T07:30")
    [digest] = [said for said in morning if said.startswith("digest.morning")]
    assert "proof=(audit.was_unexplained" in digest or "proof=(audit.see_" in digest


async def test_rounds_that_were_asked_while_telegram_was_down_are_not_called_unheard(
    ward: Hospital,
) -> None:
    [code] = await ward.injected()
    await ward.at("2026-04-27T13:59")
    ward.transport.fail(ward.chat(GREFFE), *DOWN)
    await ward.advance(minutes=30)

    ward.transport.recover()
    with ward.heard(ward.chat(GREFFE)) as heard:
        await ward.advance(minutes=3)

    assert [said.split()[0] for said in heard] == ["todo.catch_up"]
    assert ward.screen(ward.chat(GREFFE))[-1].button(f"check.button.ras code={code}")
    assert ward.unexplained() == []


async def test_rounds_that_were_never_asked_are_one_message(ward: Hospital) -> None:
    codes = await ward.injected(patients=2)
    await ward.at("2026-04-27T21:00")

    ward.jump(hours=26)
    with ward.heard(ward.chat(COORDINATION)) as heard:
        await ward.restart()

    [said] = [said for said in heard if said.startswith("check.never_asked")]
    assert [said.count(f"code={code}") for code in codes] == [3, 3]


# The morning


async def test_the_digest_lists_the_round_of_the_night_that_nobody_answered(
    ward: Hospital,
) -> None:
    [code] = await ward.injected()
    await ward.at("2026-04-27T14:00")
    await ward.ras(GREFFE, code)
    await ward.at("2026-04-28T06:00")
    await ward.ras(GREFFE, code)

    with ward.heard(ward.chat(COORDINATION)) as heard:
        await ward.at("2026-04-28T07:30")

    [digest] = [said for said in heard if said.startswith("digest.morning")]
    assert f"digest.missed_line at=2026-04-27T20:00:00+00:00 code={code}" in digest
    assert "audit.all_explained" not in digest


async def test_a_round_of_the_morning_that_is_missed_at_noon_is_in_the_next_digest_alone(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    with any_ward.heard(any_ward.chat(COORDINATION)) as heard:
        for hour in ("04-27T14:00", "04-27T22:00", "04-28T06:00", "04-28T14:00", "04-28T22:00",
                     "04-29T06:00", "04-29T14:00", "04-29T22:00", "04-30T06:00"):  # fmt: skip
            await any_ward.at(f"2026-{hour}")
            if hour != "04-28T06:00":
                await any_ward.ras(GREFFE, code)
        await any_ward.at("2026-04-30T07:30")

    digests = [said for said in heard if said.startswith("digest.morning")]
    line = f"digest.missed_line at=2026-04-28T04:00:00+00:00 code={code}"
    assert [line in digest for digest in digests] == [False, True, False]
    assert [digest.count("digest.missed_line") for digest in digests] == [0, 1, 0]
    assert "audit.all_explained" not in digests[1]


async def test_the_digest_lists_the_round_of_the_night_that_was_never_delivered(
    ward: Hospital,
) -> None:
    [code] = await ward.injected()
    await ward.at("2026-04-27T14:00")
    await ward.ras(GREFFE, code)
    await ward.at("2026-04-27T21:59")
    ward.transport.fail(ward.chat(GREFFE), *DOWN)
    await ward.at("2026-04-28T05:59")
    ward.transport.recover()
    await ward.at("2026-04-28T06:00")
    await ward.ras(GREFFE, code)

    with ward.heard(ward.chat(COORDINATION)) as heard:
        await ward.at("2026-04-28T07:30")

    [digest] = [said for said in heard if said.startswith("digest.morning")]
    assert f"digest.missed_line at=2026-04-27T20:00:00+00:00 code={code}" in digest
    assert "audit.all_explained" not in digest


# At one instant


async def test_two_grades_at_one_instant_are_both_shown(ward: Hospital) -> None:
    [code] = await ward.injected()
    number = await ward.alert(GREFFE, code)
    chat, icu = ward.chat(GREFFE), ward.chat(REANIMATION)
    before = len(ward.transport.to(icu))

    for grade in (2, 3):
        await ward.tap(ward.who(GREFFE), chat, ANY, f"alert:grade:{code}:{number}:{grade}")

    changed = [letter.body for letter in ward.transport.to(icu)[before:] if letter.kind == "edit"]
    assert ["grade=2" in body for body in changed] == [True, False]
    assert ["grade=3" in body for body in changed] == [False, True]
