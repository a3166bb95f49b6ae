"""Alerts: two taps from nothing to the ICU, climbing until taken, asked about until closed."""

from dataclasses import replace

import pytest

from bot.domain.codes import called, every_four, valid
from bot.domain.roles import Team
from bot.landing import SendError
from bot.store.records import Page
from tests.hospital import ANY, Hospital

GREFFE, COORDINATION, REANIMATION = Team.GREFFE, Team.COORDINATION, Team.REANIMATION
NEUROLOGIE = Team.NEUROLOGIE


def alerted(ward: Hospital, team: Team) -> list[str]:
    """The alarms that reached the group of a team."""
    return [said.split()[0] for said in ward.told(ward.chat(team)) if said.startswith("alert.")]


def wrong(code: str) -> str:
    """The same code with its last character wrong: the check sees it."""
    # Not one that reads as something else, as an hour does: « 12H3 ».
    others = (code[:-1] + last for last in "23456789ABC" if last != code[-1])
    return next(other for other in others if called([other]) and not valid(other))


def _chooser(ward: Hospital, offset: int, limit: int) -> Page:
    page: Page = ward.ask(lambda unit: unit.records.watched("TLS", offset, limit))
    return page


async def test_two_taps_lead_from_nothing_to_the_icu(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    nurse = any_ward.who(GREFFE)

    await any_ward.say(nurse, "/alerte")
    await any_ward.press(nurse, f"code={code}")

    assert alerted(any_ward, REANIMATION) == ["alert.raised"]
    assert alerted(any_ward, COORDINATION) == ["alert.raised"]


async def test_those_under_watch_come_first_and_then_all_the_others(any_ward: Hospital) -> None:
    [watched] = await any_ward.injected()
    later = [await any_ward.enrol("23/05/2026", f"{day}/06/2026") for day in (29, 27, 28)]
    expected = [watched, later[1], later[2], later[0]]

    for limit in (1, 2, 3, 9):
        pages = [_chooser(any_ward, at, limit) for at in range(0, 4, limit)]
        assert [code for page in pages for code, _, _ in page.lines] == expected
        assert {page.total for page in pages} == {4}

    nurse = any_ward.who(GREFFE)
    await any_ward.say(nurse, "/alerte")
    await any_ward.press(nurse, f"code={later[0]}")
    assert alerted(any_ward, REANIMATION) == ["alert.raised"]


async def test_a_code_alone_alerts(ward: Hospital) -> None:
    [code] = await ward.injected()

    await ward.say(ward.who(GREFFE), f"/alerte {code.removeprefix('TLS-').lower()}")

    assert alerted(ward, REANIMATION) == ["alert.raised"]


@pytest.mark.parametrize(
    "said",
    [
        "{0} convulse",
        "{0} !",
        "{0}!",
        "{0} grade 3",
        "{0}, convulse, sat 82 %",
        "{1} svp",
        "TLS {1} ne répond plus",
        "patient {0} convulse",
        "svp {1} convulse",
    ],
)
async def test_what_follows_the_code_never_holds_an_alert_back(ward: Hospital, said: str) -> None:
    [code] = await ward.injected()

    await ward.say(ward.who(GREFFE), f"/alerte {said.format(code, code[4:].lower())}")

    assert alerted(ward, REANIMATION) == ["alert.raised"]


@pytest.mark.parametrize("command", ["/toxicite", "/statut"])
async def test_what_follows_the_code_of_a_question_is_left_aside(
    ward: Hospital, command: str
) -> None:
    code = await ward.enrol()
    greffe = ward.who(GREFFE)

    await ward.say(greffe, f"{command} {code} svp, confus")

    assert not ward.last(greffe).startswith("patient.unknown")
    assert code in ward.last(greffe)


async def test_a_mistyped_code_before_other_words_still_proposes_the_nearest(
    ward: Hospital,
) -> None:
    [code] = await ward.injected()

    await ward.say(ward.who(GREFFE), f"/alerte {code[:-1]} convulse")

    assert alerted(ward, REANIMATION) == []
    assert ward.newest(ward.who(GREFFE), code)


async def test_a_mistyped_code_alerts_about_nobody_and_proposes_the_nearest(
    ward: Hospital,
) -> None:
    [code] = await ward.injected()
    nurse = ward.who(GREFFE)

    await ward.say(nurse, f"/alerte {wrong(code)}")

    assert ward.last(nurse).startswith(f"alert.none_for typed={wrong(code)}")
    assert alerted(ward, REANIMATION) == []
    assert ward.newest(nurse, code)


@pytest.mark.parametrize("said", ["/toxicite {0}", "{0} a de la fièvre"])
async def test_the_nearest_of_a_mistyped_report_opens_the_report(
    ward: Hospital, said: str
) -> None:
    [code] = await ward.injected()
    nurse = ward.who(GREFFE)

    await ward.say(nurse, said.format(wrong(code)))
    await ward.press(nurse, f"patient.button.near code={code}")

    assert ward.last(nurse).startswith("report.which_sign")


async def test_the_nearest_of_a_mistyped_alert_alerts_when_it_is_touched(ward: Hospital) -> None:
    [code] = await ward.injected()
    nurse = ward.who(GREFFE)

    await ward.say(nurse, f"/alerte {wrong(code)}")
    await ward.press(nurse, f"patient.button.near code={code}")

    assert alerted(ward, REANIMATION) == ["alert.raised"]


@pytest.mark.parametrize(
    "said",
    ["/alert {0}", "/Alerté {0}", "/alertes {0}", "/alrte {0}", "/alerte{1}", "/alerte{0} svp"],
)
async def test_an_alert_is_raised_however_its_command_is_typed(ward: Hospital, said: str) -> None:
    [code] = await ward.injected()

    await ward.say(ward.who(GREFFE), said.format(code, code[4:]))

    assert alerted(ward, REANIMATION) == ["alert.raised"]


@pytest.mark.parametrize("said", ["/toxicité {0}", "/Toxicité {0}", "/toxicité{1}"])
async def test_a_report_is_opened_however_its_command_is_typed(ward: Hospital, said: str) -> None:
    [code] = await ward.injected()

    await ward.say(ward.who(GREFFE), said.format(code, code[4:]))

    assert ward.last(ward.who(GREFFE)).startswith("report.which_sign")


async def test_an_alert_about_two_patients_is_raised_for_both(any_ward: Hospital) -> None:
    one, other = await any_ward.injected(patients=2)
    nurse = any_ward.who(GREFFE)

    with any_ward.heard(nurse) as heard:
        await any_ward.say(nurse, f"/alerte {one} et {other[4:]} convulsent")

    assert [each.split()[0] for each in heard] == ["alert.sent", "alert.sent"]
    assert [len(any_ward.alerts(code)) for code in (one, other)] == [1, 1]


async def test_of_two_patients_the_one_about_whom_no_alert_left_is_named(ward: Hospital) -> None:
    one, other = await ward.injected(patients=2)
    nurse = ward.who(GREFFE)

    with ward.heard(nurse) as heard:
        await ward.say(nurse, f"/alerte {one} et {wrong(other)}")

    assert heard[0].startswith("alert.sent")
    assert heard[1].startswith(f"alert.none_for typed={wrong(other)}")
    await ward.press(nurse, f"patient.button.near code={other}")
    assert [len(ward.alerts(code)) for code in (one, other)] == [1, 1]


async def test_a_report_about_two_patients_is_opened_for_both(ward: Hospital) -> None:
    one, other = await ward.injected(patients=2)
    nurse = ward.who(GREFFE)

    with ward.heard(nurse) as heard:
        await ward.say(nurse, f"/toxicite {one}, {other}")

    assert [each.split()[0] for each in heard] == ["report.which_sign", "report.which_sign"]
    assert one in heard[0]
    assert other in heard[1]


async def test_what_is_beyond_ten_patients_is_said_not_to_have_been_heard(ward: Hospital) -> None:
    nurse = ward.who(GREFFE)
    fours = [each for each in every_four() if len(set(each)) == 4][:12]

    with ward.heard(nurse) as heard:
        await ward.say(nurse, f"/alerte {' '.join(fours)}")

    assert len(heard) == 11
    assert heard[-1] == "alert.none_for_the_rest n=2"


@pytest.mark.parametrize("said", ["/alerte svp", "/alerte aide moi", "/alerte chambre 12"])
async def test_an_alert_that_names_nobody_asks_for_which_patient(
    ward: Hospital, said: str
) -> None:
    [code] = await ward.injected()
    nurse = ward.who(GREFFE)

    await ward.say(nurse, said)
    await ward.press(nurse, code)

    assert alerted(ward, REANIMATION) == ["alert.raised"]


@pytest.mark.parametrize("place", ["nobody's", "another centre's"])
async def test_an_alert_in_a_foreign_group_leaves_and_shows_nothing_there(
    ward: Hospital, place: str
) -> None:
    [code] = await ward.injected()
    ward.staff(GREFFE, centre="MPL")
    nurse, chat = ward.who(GREFFE), ward.chat(GREFFE, "MPL") if "centre" in place else -5

    with ward.heard(chat) as here, ward.heard(nurse) as privately:
        await ward.say(nurse, f"/alerte {code}", chat)

    assert alerted(ward, REANIMATION) == ["alert.raised"]
    assert here == ["alert.sent_elsewhere"]
    assert [each.split()[0] for each in privately] == ["alert.sent"]


@pytest.mark.parametrize("said", ["/alerte", "/alerte {0}", "/toxicite {1}", "{1} convulse"])
async def test_a_call_in_a_foreign_group_goes_on_in_private(ward: Hospital, said: str) -> None:
    [code] = await ward.injected()
    nurse = ward.who(GREFFE)

    with ward.heard(-5) as here, ward.heard(nurse) as privately:
        await ward.say(nurse, said.format(wrong(code), code), -5)

    assert here == ["alert.asked_elsewhere"]
    assert len(privately) == 1
    assert ward.alerts(code) == []


async def test_who_may_not_alert_is_told_that_no_alert_has_left(ward: Hospital) -> None:
    [code] = await ward.injected()
    stranger = ward.person("Stranger")

    await ward.say(stranger, f"/alerte {code}")

    assert ward.last(stranger).startswith(f"alert.none_for typed={code} why=(joining.stranger")
    assert ward.alerts(code) == []


async def test_a_neurological_alert_calls_neurology_too(ward: Hospital) -> None:
    [code] = await ward.injected()

    await ward.alert(GREFFE, code, "icans")

    assert alerted(ward, NEUROLOGIE) == ["alert.raised"]


async def test_another_alert_leaves_neurology_alone(ward: Hospital) -> None:
    [code] = await ward.injected()

    await ward.alert(GREFFE, code, "src")

    assert alerted(ward, NEUROLOGIE) == []


async def test_an_alert_of_unknown_grade_climbs_after_five_minutes_with_the_unit(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    await any_ward.alert(COORDINATION, code)

    await any_ward.advance(minutes=4, seconds=59)
    assert alerted(any_ward, GREFFE) == []
    await any_ward.advance(seconds=1)

    assert alerted(any_ward, GREFFE) == ["alert.again"]
    assert alerted(any_ward, REANIMATION) == ["alert.raised", "alert.again"]


async def test_a_low_grade_gives_fifteen_minutes(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.alert(GREFFE, code)
    await ward.press(ward.who(GREFFE), "alert.button.grade grade=2", ward.chat(GREFFE))

    await ward.advance(minutes=14)
    assert alerted(ward, REANIMATION) == ["alert.raised"]
    await ward.advance(minutes=1)

    assert alerted(ward, REANIMATION) == ["alert.raised", "alert.again"]


async def test_a_high_grade_typed_late_climbs_at_once(ward: Hospital) -> None:
    [code] = await ward.injected()
    number = await ward.alert(GREFFE, code)
    await ward.press(ward.who(GREFFE), "alert.button.grade grade=1", ward.chat(GREFFE))
    await ward.advance(minutes=8)

    await ward.tap(ward.who(GREFFE), ward.chat(GREFFE), 1, f"alert:grade:{code}:{number}:3")
    await ward.advance()

    assert alerted(ward, REANIMATION) == ["alert.raised", "alert.again"]


async def test_the_last_rung_calls_each_of_the_icu_in_private_until_taken(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    others = [any_ward.person(name, REANIMATION) for name in ("Yann", "Zoe")]
    await any_ward.alert(GREFFE, code)

    await any_ward.advance(minutes=20)

    everyone = [any_ward.who(REANIMATION), *others]
    assert [len(any_ward.told(each, "alert.again")) for each in everyone] == [3, 3, 3]
    await any_ward.press(others[0], "alert.button.take")
    await any_ward.advance(hours=1)
    assert len(any_ward.told(others[1], "alert.again")) == 3


async def test_the_ladder_climbs_at_night_as_by_day(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.at("2026-04-28T03:00")

    with ward.heard(ward.chat(REANIMATION)) as icu:
        await ward.alert(GREFFE, code)
        await ward.advance(minutes=10)

    assert [said.split()[0] for said in icu] == ["alert.raised", "alert.again", "alert.again"]


async def test_only_the_icu_takes_an_alert(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.alert(GREFFE, code)

    said = await ward.take(COORDINATION)

    assert said.startswith("alert.other_team")
    assert ward.alerts(code)[0].taken_at is None


async def test_everybody_who_was_alerted_learns_who_took_it(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.alert(GREFFE, code)

    await ward.take(REANIMATION)

    for team in (REANIMATION, COORDINATION, GREFFE):
        assert "name=Reanimation" in ward.told(ward.chat(team), "alert.taken ")[-1]


async def test_a_neurological_alert_waits_for_both_teams(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    await any_ward.alert(GREFFE, code, "icans")
    await any_ward.take(REANIMATION)
    await any_ward.advance(minutes=5)
    assert alerted(any_ward, NEUROLOGIE).count("alert.taken_half") == 2

    await any_ward.take(NEUROLOGIE)
    await any_ward.advance(minutes=30)

    assert alerted(any_ward, NEUROLOGIE)[-1] == "alert.taken"


async def test_who_took_it_is_left_in_peace_while_the_other_team_is_called(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    await any_ward.alert(GREFFE, code, "icans")
    await any_ward.take(REANIMATION)

    with (
        any_ward.heard(any_ward.chat(REANIMATION)) as icu,
        any_ward.heard(any_ward.chat(NEUROLOGIE)) as neuro,
    ):
        await any_ward.advance(hours=1)

    assert icu == []
    assert len(neuro) == 12


async def test_neurology_first_leaves_the_icu_called(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.alert(GREFFE, code, "icans")

    await ward.take(NEUROLOGIE)
    await ward.advance(minutes=5)

    assert alerted(ward, REANIMATION)[-1] == "alert.again"
    assert "alert.missing team=reanimation" in ward.last(ward.chat(REANIMATION))
    assert await ward.take(REANIMATION) == ""


async def test_the_second_to_take_is_told_who_did(ward: Hospital) -> None:
    [code] = await ward.injected()
    other = ward.person("Zoe", REANIMATION)
    await ward.alert(GREFFE, code)
    shown = ward.newest(ward.chat(REANIMATION), "alert.button.take")
    await ward.take(REANIMATION)

    said = await ward.press(other, "alert.button.take", ward.chat(REANIMATION), shown)

    assert said.startswith("alert.already_taken")
    assert "name=Reanimation" in said


async def test_its_author_calls_a_false_alarm_and_everybody_knows(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.alert(GREFFE, code)

    await ward.press(ward.who(GREFFE), "alert.button.false", ward.chat(GREFFE))
    await ward.advance(hours=1)

    assert alerted(ward, REANIMATION) == ["alert.raised", "alert.cancelled"]


async def test_a_colleague_cannot_call_it_a_false_alarm(ward: Hospital) -> None:
    [code] = await ward.injected()
    other = ward.person("Ines", GREFFE)
    await ward.alert(GREFFE, code)

    said = await ward.press(other, "alert.button.false", ward.chat(GREFFE))

    assert said == "alert.cancel_whose"


async def test_the_outcome_is_asked_two_hours_after_it_was_taken(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    await any_ward.alert(GREFFE, code)
    await any_ward.take(REANIMATION)

    await any_ward.advance(hours=2)
    icu = any_ward.chat(REANIMATION)
    await any_ward.press(any_ward.who(REANIMATION), "outcome_resolue", icu)
    await any_ward.advance(hours=3)

    assert alerted(any_ward, REANIMATION)[-2:] == ["alert.ask_outcome", "alert.closed"]


async def test_an_outcome_not_told_within_half_an_hour_reopens_the_alert(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.alert(GREFFE, code)
    await ward.take(REANIMATION)

    await ward.advance(hours=2, minutes=30)

    assert alerted(ward, REANIMATION)[-1] == "alert.again"
    assert alerted(ward, GREFFE)[-1] == "alert.again"
    assert await ward.take(REANIMATION) == ""


async def test_an_alert_that_goes_on_is_asked_about_again(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.alert(GREFFE, code)
    await ward.take(REANIMATION)
    await ward.advance(hours=2)
    await ward.press(ward.who(REANIMATION), "outcome_suite", ward.chat(REANIMATION))

    await ward.advance(hours=2)

    assert alerted(ward, REANIMATION).count("alert.ask_outcome") == 2


async def test_a_double_tap_on_the_sign_raises_one_alert(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    await any_ward.at("2026-04-27T14:00")
    nurse, chat = any_ward.who(GREFFE), any_ward.chat(GREFFE)
    await any_ward.press(nurse, "check.button.report", chat)
    shown = any_ward.newest(chat, "sign_src")
    data = (shown.button("sign_src") or {})["data"]

    taps = [any_ward.query(nurse, chat, shown.id, data, query) for query in ("a", "b")]
    await any_ward.receive(*(any_ward.update("callback_query", tap) for tap in taps))

    assert len(any_ward.alerts(code)) == 1
    assert alerted(any_ward, REANIMATION) == ["alert.raised"]


async def test_two_people_alert_about_one_patient_and_both_are_heard(ward: Hospital) -> None:
    [code] = await ward.injected()

    await ward.alert(GREFFE, code, "src")
    await ward.alert(NEUROLOGIE, code, "icans")

    assert [alert.sign for alert in ward.alerts(code)] == ["src", "icans"]
    assert alerted(ward, REANIMATION) == ["alert.raised", "alert.raised"]


async def test_an_alert_leaves_before_anything_that_waits(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    icu = any_ward.chat(REANIMATION)
    any_ward.relais.intake.take(
        [
            any_ward.message(any_ward.who(REANIMATION), icu, text="/aide"),
            any_ward.message(any_ward.who(REANIMATION), icu, text="/afaire"),
            any_ward.message(any_ward.who(GREFFE), text=f"/alerte {code}"),
        ]
    )

    with any_ward.heard(icu) as heard:
        await any_ward.flush()

    assert [said.split()[0] for said in heard] == ["alert.raised", "help.all", "todo.list"]


async def test_nobody_in_the_icu_is_told_to_the_coordination(ward: Hospital) -> None:
    [code] = await ward.injected()
    with ward.database.unit() as unit:
        icu = unit.people.roster.groups[ward.chat(REANIMATION)]
        unit.people.put_group(replace(icu, reachable=False))
        for member in unit.people.roster.members_in(REANIMATION, "TLS"):
            unit.people.put(replace(member, left_at=unit.now))

    await ward.alert(GREFFE, code)
    await ward.advance(minutes=5)

    assert "(alert.nobody centre=TLS team=reanimation)" in ward.last(ward.chat(GREFFE))
    said = ward.told(ward.chat(COORDINATION), "team.nobody")
    assert any(f"code={code}" in each for each in said)


async def test_a_first_grade_typed_after_it_was_taken_does_not_reopen_it(ward: Hospital) -> None:
    [code] = await ward.injected()
    number = await ward.alert(GREFFE, code)
    await ward.take(REANIMATION)

    await ward.tap(
        ward.who(REANIMATION), ward.chat(REANIMATION), 1, f"alert:grade:{code}:{number}:4"
    )
    await ward.advance(minutes=60)

    assert alerted(ward, REANIMATION) == ["alert.raised", "alert.taken"]
    assert ward.alerts(code)[0].grade == 4


async def test_a_rise_calls_the_icu_again_until_somebody_takes_it_anew(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    number = await any_ward.alert(GREFFE, code)
    grade = f"alert:grade:{code}:{number}"
    nurse, chat = any_ward.who(GREFFE), any_ward.chat(GREFFE)
    await any_ward.tap(nurse, chat, 1, f"{grade}:1")
    await any_ward.take(REANIMATION)

    await any_ward.tap(nurse, chat, 1, f"{grade}:4")
    await any_ward.advance(minutes=5)

    heard = any_ward.told(any_ward.chat(REANIMATION), "alert.")
    assert [said.split()[0] for said in heard[-2:]] == ["alert.raised", "alert.again"]
    assert "grade=4" in heard[-2]
    assert await any_ward.take(REANIMATION) == ""


async def test_turned_neurological_the_question_of_its_outcome_gives_way_to_neurology(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    number = await any_ward.alert(GREFFE, code, "src")
    await any_ward.take(REANIMATION)
    await any_ward.advance(hours=2)
    icu, chat = any_ward.who(REANIMATION), any_ward.chat(REANIMATION)
    asked = any_ward.newest(chat, "outcome_stable")
    stable = (asked.button("outcome_stable") or {})["data"]

    await any_ward.tap(icu, chat, 1, f"alert:sign:{code}:{number}:icans")
    popup = any_ward.popup(await any_ward.tap(icu, chat, asked.id, stable))

    assert any_ward.message_at(chat, asked.id).text.startswith("alert.taken_half")
    assert popup.startswith("button.stale")
    assert any_ward.alerts(code)[0].state == "taken"
    assert await any_ward.take(NEUROLOGIE) == ""


async def test_a_high_grade_that_the_ward_says_after_the_take_is_heard_by_the_icu(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    number = await any_ward.alert(GREFFE, code)
    await any_ward.take(REANIMATION)

    with any_ward.heard(any_ward.chat(REANIMATION)) as icu:
        await any_ward.tap(
            any_ward.who(GREFFE), any_ward.chat(GREFFE), ANY, f"alert:grade:{code}:{number}:4"
        )

    [said] = icu
    assert said.startswith("alert.raised")
    assert "grade=4" in said


async def test_an_alert_names_the_patient_and_the_day(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.at("2026-04-30T09:00")

    await ward.alert(GREFFE, code)

    assert (
        f"head=(patient.head code={code} j=3)"
        in ward.told(ward.chat(REANIMATION), "alert.raised")[-1]
    )


async def test_a_second_report_of_a_line_leaves_neurology_called(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    other = any_ward.person("Ines", GREFFE)
    await any_ward.at("2026-04-27T14:00")
    chat, [line] = any_ward.chat(GREFFE), any_ward.record(code).unanswered()
    for nurse in (any_ward.who(GREFFE), other):
        await any_ward.tap(nurse, chat, ANY, f"check:report:{code}:{line.key}")
    await any_ward.tap(any_ward.who(GREFFE), chat, ANY, f"report:sign:{code}:{line.key}:icans")
    await any_ward.take(REANIMATION)

    with any_ward.heard(any_ward.chat(REANIMATION)) as icu:
        await any_ward.tap(other, chat, ANY, f"report:sign:{code}:{line.key}:src")
    with any_ward.heard(any_ward.chat(NEUROLOGIE)) as neuro:
        await any_ward.advance(minutes=5)

    [said] = icu
    assert "alert.sign.icans" in said
    assert "alert.sign.src" in said
    assert [said.split()[0] for said in neuro] == ["alert.taken_half"]
    assert await any_ward.take(NEUROLOGIE) == ""


async def test_its_author_is_told_who_took_it_and_calls_it_false_no_more(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    nurse, chat = any_ward.who(GREFFE), any_ward.chat(GREFFE)
    await any_ward.say(nurse, f"/alerte {code}")
    private = any_ward.newest(nurse, "alert.button.false")
    await any_ward.take(REANIMATION)
    await any_ward.alert(GREFFE, code)
    in_group = any_ward.newest(chat, "alert.button.false")
    await any_ward.take(REANIMATION)

    for where, shown in ((nurse.id, private), (chat, in_group)):
        now = any_ward.message_at(where, shown.id)
        assert "name=Reanimation" in now.text
        assert not now.button("alert.button.false")
    assert any_ward.message_at(chat, in_group.id).button("alert.button.grade grade=3")


async def test_its_author_may_call_it_false_again_once_nobody_has_it(ward: Hospital) -> None:
    [code] = await ward.injected()
    nurse = ward.who(GREFFE)
    await ward.say(nurse, f"/alerte {code}")
    shown = ward.newest(nurse, "alert.button.false")
    await ward.take(REANIMATION)

    await ward.advance(hours=2, minutes=30)
    assert ward.message_at(nurse.id, shown.id).button("alert.button.false")
    await ward.press(nurse, "alert.button.false", nurse.id)

    assert ward.message_at(nurse.id, shown.id).text.startswith("alert.cancelled")


# Its receipt


def author_card(ward: Hospital) -> str:
    """What whoever raised the alert reads of it, wherever they raised it."""
    shown = [*ward.screen(ward.chat(GREFFE)), *ward.screen(ward.who(GREFFE))]
    return next(message.text for message in shown if message.text.startswith("alert.sent"))


async def test_its_author_reads_that_the_icu_has_received_it(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()

    await any_ward.alert(GREFFE, code)

    card = author_card(any_ward)
    assert "alert.heard" in card
    assert "team=reanimation" in card


async def test_its_author_is_told_to_telephone_when_nothing_reached_the_icu(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    any_ward.excused = (f"alert {code} 1 reached nobody", "letter ")
    for chat in (any_ward.chat(REANIMATION), any_ward.who(REANIMATION).id):
        any_ward.transport.fail(chat, *[SendError("connection refused")] * 100)
    await any_ward.alert(GREFFE, code)
    assert "alert.unheard" not in author_card(any_ward)

    with any_ward.heard(any_ward.chat(GREFFE)) as heard:
        await any_ward.advance(seconds=10)

    assert [said for said in heard if "alert.unheard" in said]
    assert "alert.unheard" in author_card(any_ward)


async def test_a_call_of_which_nobody_knows_whether_it_arrived_goes_to_each_at_once(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    any_ward.excused = ("letter ",)
    hangs = SendError("no answer", unknown=True)
    any_ward.transport.fail(any_ward.chat(REANIMATION), *[hangs] * 50)

    with any_ward.heard(any_ward.who(REANIMATION)) as heard:
        await any_ward.alert(GREFFE, code)

    assert [said for said in heard if said.startswith("alert.raised")]


async def test_a_card_that_telegram_does_not_change_any_more_is_said_anew_in_silence(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    any_ward.excused = ("letter ",)
    await any_ward.alert(GREFFE, code)
    icu = any_ward.chat(REANIMATION)
    refused = SendError("Bad Request: nobody listed this", refused=True)
    # What is said of it there, and the change of its card.
    any_ward.transport.fail(icu, refused, refused)

    with any_ward.heard(icu) as heard:
        await any_ward.tap(any_ward.who(REANIMATION), 1, ANY, f"alert:take:{code}:1")

    [said] = heard
    assert any_ward.who(REANIMATION).name in said
    [anew] = [each for each in any_ward.transport.to(icu) if each.body == said]
    assert anew.silent


async def test_what_was_said_to_others_instead_is_no_receipt_of_the_icu(ward: Hospital) -> None:
    [code] = await ward.injected()
    ward.excused = (f"alert {code} 1 reached nobody", "letter ")
    gone = SendError("Forbidden: bot was kicked", permanent=True)
    for chat in (ward.chat(REANIMATION), ward.who(REANIMATION).id):
        ward.transport.fail(chat, gone)
    await ward.alert(GREFFE, code)

    with ward.heard(ward.chat(GREFFE)) as heard:
        await ward.advance(seconds=10)

    assert "reanimation" not in ward.alerts(code)[0].heard
    assert [said for said in heard if "alert.unheard" in said]


async def test_a_grade_typed_beside_a_code_is_no_second_patient(ward: Hospital) -> None:
    [code] = await ward.injected()
    nurse = ward.who(GREFFE)

    with ward.heard(nurse) as heard:
        await ward.say(nurse, f"/alerte {code} CRS3")

    assert [said.split()[0] for said in heard] == ["alert.sent"]
