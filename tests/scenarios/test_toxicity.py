"""Toxicity rounds: asked at their hours, of the right team, answered, escalated or missed."""

from datetime import datetime, timedelta

import pytest

from bot.domain.message import Priority
from bot.domain.roles import Team
from tests.hospital import ANY, Hospital
from tests.ward import PARIS

GREFFE, COORDINATION, REANIMATION = Team.GREFFE, Team.COORDINATION, Team.REANIMATION


def hours(ward: Hospital, team: Team, about: str = "check.round ") -> list[str]:
    """When the rounds of a team were asked, as `J+n HH:MM` local."""
    day0 = datetime(2026, 4, 27, tzinfo=PARIS).date()
    said = []
    for at, letter in ward.transport.sent:
        if (letter.kind, letter.chat_id) == ("send", ward.chat(team)) and letter.body.startswith(
            about
        ):
            local = at.astimezone(PARIS)
            said.append(f"J+{(local.date() - day0).days} {local:%H:%M}")
    return said


@pytest.mark.parametrize(
    ("since", "until", "asked"),
    [
        ("04-27T12:00", "04-28T23:00",
         ["J+0 14:00", "J+0 22:00", "J+1 06:00", "J+1 14:00", "J+1 22:00"]),
        ("05-07T12:00", "05-08T23:00", ["J+10 14:00", "J+10 22:00", "J+11 08:00", "J+11 20:00"]),
        ("05-11T07:00", "05-13T23:00", ["J+14 08:00", "J+14 20:00", "J+15 10:00", "J+16 10:00"]),
        ("05-26T07:00", "05-30T23:00", ["J+29 10:00", "J+30 10:00"]),
    ],
)  # fmt: skip
async def test_checks_are_asked_at_the_hours_of_their_day(
    ward: Hospital, since: str, until: str, asked: list[str]
) -> None:
    await ward.injected()
    await ward.skip_to(f"2026-{since}")

    await ward.at(f"2026-{until}")

    assert hours(ward, GREFFE) == asked


async def test_after_discharge_the_coordination_is_asked(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.skip_to("2026-05-12T11:00")
    await ward.do(GREFFE, code, "sortie")

    await ward.at("2026-05-13T10:00")

    assert hours(ward, COORDINATION) == ["J+16 10:00"]
    assert hours(ward, GREFFE) == []


async def test_patients_of_a_unit_share_one_message_with_a_line_and_two_buttons_each(
    any_ward: Hospital,
) -> None:
    codes = await any_ward.injected(patients=3)

    with any_ward.heard(any_ward.chat(GREFFE)) as heard:
        await any_ward.at("2026-04-27T14:00")

    [said] = heard
    shown = any_ward.newest(any_ward.chat(GREFFE), "check.button.ras")
    assert all(code in said for code in codes)
    assert [[button["text"] for button in row] for row in shown.keyboard] == [
        [f"check.button.ras code={code}", f"check.button.report code={code}"]
        for code in sorted(codes)
    ]


async def test_ras_for_one_patient_leaves_the_others_asked(ward: Hospital) -> None:
    first, second = await ward.injected(patients=2)
    await ward.at("2026-04-27T14:00")

    await ward.ras(GREFFE, first)

    shown = ward.newest(ward.chat(GREFFE), "check.button.ras")
    assert not shown.button(first)
    assert shown.button(second)
    assert f"check.line.ras at=2026-04-27T12:00:00+00:00 code={first}" in shown.text


async def test_two_centres_have_their_own_rounds(ward: Hospital) -> None:
    ward.staff(*(team for team in Team if team is not COORDINATION), centre="MPL")
    [here] = await ward.injected()

    await ward.at("2026-04-27T14:00")

    assert any(here in said for said in ward.told(ward.chat(GREFFE), "check.round "))
    assert ward.told(ward.chat(GREFFE, "MPL"), "check.round ") == []


async def test_a_sign_alerts_at_once_and_the_grade_is_asked_after(ward: Hospital) -> None:
    await ward.injected()
    await ward.at("2026-04-27T14:00")
    greffe = ward.chat(GREFFE)
    await ward.press(ward.who(GREFFE), "check.button.report", greffe)

    with ward.heard(ward.chat(REANIMATION)) as icu:
        await ward.press(ward.who(GREFFE), "alert.button.sign_src", greffe)

    assert "alert.raised" in icu[0]
    assert "grade=(alert.grade_unknown)" in icu[0]
    await ward.press(ward.who(GREFFE), "alert.button.grade grade=2", greffe)
    assert "grade=(alert.grade grade=2)" in ward.last(ward.chat(REANIMATION))


async def test_a_reported_line_is_answered(ward: Hospital) -> None:
    await ward.injected()
    await ward.at("2026-04-27T14:00")
    greffe = ward.chat(GREFFE)
    await ward.press(ward.who(GREFFE), "check.button.report", greffe)
    await ward.press(ward.who(GREFFE), "alert.button.sign_src", greffe)
    await ward.take(REANIMATION)

    await ward.at("2026-04-27T17:00")

    assert ward.told(greffe, "check.round_again") == []


async def test_a_report_begun_and_left_becomes_an_alert_after_five_minutes(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    await any_ward.at("2026-04-27T14:00")
    await any_ward.press(any_ward.who(GREFFE), "check.button.report", any_ward.chat(GREFFE))

    await any_ward.advance(minutes=4)
    assert any_ward.alerts(code) == []
    await any_ward.advance(minutes=2)

    assert "alert.raised" in any_ward.last(any_ward.chat(REANIMATION))
    assert "sign=(alert.sign_unknown)" in any_ward.last(any_ward.chat(REANIMATION))


async def test_a_report_given_up_is_asked_again_and_alerts_nobody(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.at("2026-04-27T14:00")
    greffe = ward.chat(GREFFE)
    await ward.press(ward.who(GREFFE), "check.button.report", greffe)

    await ward.press(ward.who(GREFFE), "report.button.cancel", greffe)
    await ward.advance(minutes=10)

    assert ward.alerts(code) == []
    assert await ward.ras(GREFFE, code) == ""


async def test_an_unanswered_round_is_recalled_after_an_hour(ward: Hospital) -> None:
    await ward.injected()
    await ward.at("2026-04-27T14:59")
    assert ward.told(ward.chat(GREFFE), "check.round_again") == []

    await ward.at("2026-04-27T15:00")

    assert len(ward.told(ward.chat(GREFFE), "check.round_again")) == 1
    assert ward.told(ward.chat(COORDINATION), "check.round") == []


async def test_an_unanswered_check_reaches_the_icu_after_two_hours(any_ward: Hospital) -> None:
    await any_ward.injected()

    await any_ward.at("2026-04-27T16:00")

    for team in (COORDINATION, REANIMATION, GREFFE):
        assert len(any_ward.told(any_ward.chat(team), "check.round_escalated")) == 1


async def test_an_escalated_round_overtakes_what_waits(ward: Hospital) -> None:
    await ward.injected()

    await ward.at("2026-04-27T16:00")

    escalated = [
        letter
        for _, letter in ward.transport.sent
        if letter.kind == "send" and letter.body.startswith("check.round_escalated")
    ]
    assert {letter.priority for letter in escalated} == {Priority.ALERT}


async def test_an_escalated_round_can_be_answered_by_the_coordination(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.at("2026-04-27T16:00")

    assert await ward.ras(COORDINATION, code) == ""

    shown = ward.screen(ward.chat(REANIMATION))[-1]
    assert f"check.line.ras at=2026-04-27T14:00:00+00:00 code={code}" in shown.text
    assert shown.keyboard == []


async def test_a_newer_round_makes_an_unanswered_one_missed(ward: Hospital) -> None:
    await ward.injected()
    await ward.at("2026-04-27T14:00")
    shown = ward.newest(ward.chat(GREFFE), "check.button.ras")
    stale = shown.keyboard[0][0]["data"]

    await ward.at("2026-04-27T22:00")

    assert "check.line.missed" in ward.message_at(ward.chat(GREFFE), shown.id).text
    query = await ward.tap(ward.who(GREFFE), ward.chat(GREFFE), shown.id, stale)
    assert ward.popup(query) == "check.gone"


async def test_a_second_answer_is_told_who_was_first(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    other = any_ward.person("Ines", GREFFE)
    await any_ward.at("2026-04-27T14:00")
    shown = any_ward.newest(any_ward.chat(GREFFE), "check.button.ras")
    await any_ward.ras(GREFFE, code)

    said = await any_ward.press(other, "check.button.ras", any_ward.chat(GREFFE), shown)

    assert said.startswith("check.already")
    assert "name=Greffe" in said


async def test_the_end_of_the_watch_asks_nothing_more(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.skip_to("2026-05-27T09:00")

    await ward.do(REANIMATION, code, "fin_surveillance")
    await ward.advance(days=3)

    assert hours(ward, GREFFE) == []


async def test_undoing_the_injection_stops_the_watch(ward: Hospital) -> None:
    [code] = await ward.injected()

    query = await ward.tap(ward.who(GREFFE), ward.chat(GREFFE), 0, f"step:undo:{code}:injection")
    await ward.at("2026-04-27T15:30")

    assert ward.popup(query) == ""
    assert hours(ward, GREFFE) == []
    assert ward.record(code).watch.next_at is None


async def test_a_check_is_not_answered_by_another_centre(ward: Hospital) -> None:
    stranger = ward.person("Luc", GREFFE, "MPL")
    await ward.injected()
    await ward.at("2026-04-27T14:00")
    shown = ward.newest(ward.chat(GREFFE), "check.button.ras")

    said = await ward.press(stranger, "check.button.ras", ward.chat(GREFFE), shown)

    assert said.startswith("button.stale")


async def test_a_report_at_night_is_not_held_back(ward: Hospital) -> None:
    await ward.injected()

    await ward.at("2026-04-28T06:00")

    assert hours(ward, GREFFE)[-1] == "J+1 06:00"
    assert ward.clock() - timedelta(minutes=1) < ward.transport.sent[-1][0]


# A report that is begun and left


def nurse_id(ward: Hospital) -> int:
    """The first member of the unit, as the facts name them."""
    account = ward.who(GREFFE).id
    found = ward.ask(lambda unit: unit.people.roster.account(account))
    assert found is not None
    return int(found.id)


@pytest.mark.parametrize("begun", ["/toxicite {code}", "{code} convulse", "signaler"])
async def test_a_report_that_answers_no_round_and_is_left_becomes_an_alert(
    ward: Hospital, begun: str
) -> None:
    [code] = await ward.injected()
    nurse = ward.who(GREFFE)
    if begun == "signaler":
        await ward.at("2026-04-27T14:00")
        line = next(iter(ward.record(code).checks.values()))
        await ward.ras(GREFFE, code)
        await ward.tap(nurse, ward.chat(GREFFE), ANY, f"check:report:{code}:{line.key}")
    else:
        await ward.say(nurse, begun.format(code=code))
    assert ward.alerts(code) == []

    await ward.advance(minutes=6)

    assert [alert.raised_by for alert in ward.alerts(code)] == [nurse_id(ward)]


async def test_a_report_of_ones_own_that_is_given_up_alerts_nobody(ward: Hospital) -> None:
    [code] = await ward.injected()
    nurse = ward.who(GREFFE)
    await ward.say(nurse, f"/toxicite {code}")
    await ward.press(nurse, "report.button.cancel")

    await ward.advance(minutes=10)

    assert ward.alerts(code) == []


async def test_who_gives_up_a_report_takes_nothing_back_of_what_another_saw(
    ward: Hospital,
) -> None:
    [code] = await ward.injected()
    await ward.at("2026-04-27T14:00")
    line, chat = next(iter(ward.record(code).checks.values())), ward.chat(GREFFE)
    one, other = ward.who(GREFFE), ward.person("Bea", GREFFE)
    for nurse in (one, other):
        await ward.tap(nurse, chat, ANY, f"check:report:{code}:{line.key}")
    await ward.tap(other, chat, ANY, f"report:cancel:{code}:{line.key}")

    await ward.advance(minutes=6)

    assert [alert.raised_by for alert in ward.alerts(code)] == [nurse_id(ward)]
