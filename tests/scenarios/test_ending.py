"""The end of a pathway: two persons, and then nothing is asked about this patient any more."""

import pytest

from bot.domain.ending import REASONS
from bot.domain.roles import Team
from bot.landing import SendError
from tests.hospital import ANY, Hospital
from tests.scenarios.test_countdown import thawed

COORDINATION, GREFFE, REANIMATION = Team.COORDINATION, Team.GREFFE, Team.REANIMATION


async def asked(ward: Hospital, code: str, reason: str = "deces") -> None:
    """The coordinating nurse says that it is over, in private."""
    nurse = ward.who(COORDINATION)
    await ward.say(nurse, f"/cloturer {code}")
    await ward.press(nurse, f"end.button.{reason}")


async def ended(ward: Hospital, code: str, reason: str = "deces") -> str:
    """… and the unit confirms it in its group; gives the pop-up."""
    await asked(ward, code, reason)
    return await ward.press(ward.who(GREFFE), "end.button.confirm", ward.chat(GREFFE))


async def test_a_death_stops_everything_and_each_team_hears_of_it_once(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    await any_ward.at("2026-05-09T15:00")  # J+12
    chats = {team: any_ward.chat(team) for team in Team}
    before = {team: len(any_ward.told(chat)) for team, chat in chats.items()}

    assert await ended(any_ward, code) == ""

    told = {team: any_ward.told(chat)[before[team] :] for team, chat in chats.items()}
    for team in Team:
        said = [each for each in told[team] if each.startswith("end.told.deces")]
        assert len(said) == 1, team
    after = {team: len(any_ward.told(chat)) for team, chat in chats.items()}
    await any_ward.advance(days=30)
    for team, chat in chats.items():
        later = [each for each in any_ward.told(chat)[after[team] :] if code in each]
        assert later == [], team
    assert code not in " ".join(any_ward.told(chats[COORDINATION])[after[COORDINATION] :])
    assert any_ward.unexplained() == []


async def test_until_a_second_person_confirms_everything_goes_on(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    nurse = any_ward.who(COORDINATION)
    await asked(any_ward, code)

    alone = any_ward.popup(await any_ward.tap(nurse, nurse.id, ANY, f"end:confirm:{code}:1"))
    await any_ward.at("2026-04-27T14:00")

    assert alone == "end.same_person"
    assert any_ward.record(code).patient.state == "active"
    assert any_ward.told(any_ward.chat(GREFFE), "check.round")
    # Forgotten, it is said again, to each in private the second time.
    await any_ward.advance(hours=3)
    assert len(any_ward.told(any_ward.who(GREFFE), "end.asked")) >= 1


async def test_an_end_that_was_a_mistake_is_withdrawn_and_everything_goes_on(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    await asked(any_ward, code)

    await any_ward.press(any_ward.who(GREFFE), "end.button.withdraw", any_ward.chat(GREFFE))

    record = any_ward.record(code)
    assert record.patient.state == "active"
    assert record.watch.next_at is not None
    assert any_ward.told(any_ward.chat(COORDINATION), "end.withdrawn")


async def test_what_waited_to_be_said_about_the_dead_never_leaves(any_ward: Hospital) -> None:
    """Telegram was away while the patient died: the unit hears of the death and of no task."""
    [code] = await any_ward.injected()
    group, icu = any_ward.chat(GREFFE), any_ward.chat(REANIMATION)
    # The line of the group is down; the round of 14:00 and an alert wait.
    for chat in (group, icu):
        any_ward.transport.fail(chat, *[SendError("connection refused")] * 500)
    await any_ward.at("2026-04-27T14:10")
    await any_ward.say(any_ward.who(GREFFE), f"/alerte {code}")
    nurse, efs = any_ward.who(COORDINATION), any_ward.who(Team.EFS)
    await any_ward.say(nurse, f"/cloturer {code}")
    await any_ward.press(nurse, "end.button.deces")
    await any_ward.tap(efs, efs.id, ANY, f"end:confirm:{code}:1")
    any_ward.transport.recover()

    with any_ward.heard(group) as unit, any_ward.heard(icu) as reanimation:
        await any_ward.advance(minutes=10)

    for heard in (unit, reanimation):
        about = [each for each in heard if code in each]
        assert [each.partition(" ")[0] for each in about] == ["end.told.deces"]


async def test_a_round_of_several_goes_on_without_the_dead(any_ward: Hospital) -> None:
    gone, other = await any_ward.injected(patients=2)
    await any_ward.at("2026-04-27T14:10")
    group = any_ward.chat(GREFFE)
    assert gone in any_ward.newest(group, "check.button.ras").text

    await ended(any_ward, gone)

    shown = any_ward.newest(group, "check.button.ras")
    datas = [button["data"] for row in shown.keyboard for button in row]
    assert any(f":{other}:" in data for data in datas)
    assert not any(f":{gone}:" in data for data in datas)


async def test_old_buttons_of_a_pathway_that_is_over_are_refused_and_say_so(
    any_ward: Hospital,
) -> None:
    code = await any_ward.enrol()
    await ended(any_ward, code, "abandon")
    unit = any_ward.who(GREFFE)

    popups = [
        any_ward.popup(await any_ward.tap(who, who.id, ANY, data))
        for who, data in (
            (any_ward.who(COORDINATION), f"step:confirm:{code}:rcp"),
            (any_ward.who(COORDINATION), f"end:ask:{code}:deces"),
            (unit, f"end:confirm:{code}:1"),
            (unit, f"end:withdraw:{code}:1"),
        )
    ]

    assert [popup.partition(" ")[0] for popup in popups] == [
        "step.cancelled_already",
        "end.already",
        "end.answered",
        "end.answered",
    ]


async def test_of_a_patient_with_an_alert_only_a_death_is_the_end(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    await any_ward.alert(GREFFE, code)
    nurse = any_ward.who(COORDINATION)

    await any_ward.say(nurse, f"/cloturer {code}")
    refused = await any_ward.press(nurse, "end.button.transfert")
    await any_ward.press(nurse, "end.button.deces")
    await any_ward.press(any_ward.who(GREFFE), "end.button.confirm", any_ward.chat(GREFFE))

    assert refused == f"end.alert_runs code={code}"
    assert [alert.state for alert in any_ward.alerts(code)] == ["ended"]
    assert any_ward.last(any_ward.chat(REANIMATION)).startswith("end.told.deces")


async def test_a_death_stops_the_clock_of_a_thawed_product(any_ward: Hospital) -> None:
    code = await thawed(any_ward)

    await ended(any_ward, code)
    with any_ward.heard(any_ward.chat(GREFFE)) as heard:
        await any_ward.advance(hours=5)

    assert heard == []


@pytest.mark.parametrize("reason", REASONS)
async def test_each_end_is_told_in_its_own_words_and_stands_in_the_history(
    reason: str, ward: Hospital
) -> None:
    code = await ward.enrol()

    await ended(ward, code, reason)

    assert ward.told(ward.chat(Team.PHARMACIE), f"end.told.{reason}")
    nurse = ward.who(COORDINATION)
    await ward.say(nurse, f"/historique {code}")
    assert "event.patient_ended" in ward.last(nurse)
    await ward.say(nurse, f"/statut {code}")
    assert "status.state.ended" in ward.last(nurse)


async def test_only_the_coordination_ends_a_pathway_for_another_reason_than_a_death(
    ward: Hospital,
) -> None:
    code = await ward.enrol()
    unit = ward.who(GREFFE)

    refused = ward.popup(await ward.tap(unit, unit.id, ANY, f"end:ask:{code}:abandon"))
    await ward.tap(unit, unit.id, ANY, f"end:ask:{code}:deces")

    assert refused == "role.forbidden"
    assert [end.reason for end in ward.record(code).ends.values()] == ["deces"]


async def test_an_end_asked_for_twice_is_one(ward: Hospital) -> None:
    code = await ward.enrol()
    nurse = ward.who(COORDINATION)
    await asked(ward, code)

    again = ward.popup(await ward.tap(nurse, nurse.id, ANY, f"end:ask:{code}:gueri"))

    assert again.startswith("end.asked_already")
    assert len(ward.record(code).ends) == 1


async def test_an_alert_that_ended_with_its_patient_is_taken_graded_and_cancelled_no_more(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    await any_ward.alert(GREFFE, code, "icans")
    await any_ward.take(REANIMATION)
    await ended(any_ward, code)
    neuro, unit = any_ward.who(Team.NEUROLOGIE), any_ward.who(GREFFE)

    popups = [
        any_ward.popup(await any_ward.tap(who, who.id, ANY, f"alert:{verb}:{code}:1{rest}"))
        for who, verb, rest in ((neuro, "take", ""), (unit, "grade", ":4"), (unit, "cancel", ""))
    ]
    with any_ward.heard(any_ward.chat(REANIMATION)) as heard:
        await any_ward.advance(hours=4)

    assert [popup.partition(" ")[0] for popup in popups] == ["alert.over"] * 3
    assert heard == []
    assert any_ward.unexplained() == []


async def test_nothing_is_corrected_once_a_pathway_is_over(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    await ended(any_ward, code)
    nurse = any_ward.who(COORDINATION)

    await any_ward.say(nurse, f"/statut {code}")
    offered = any_ward.screen(nurse)[-1].button("status.button.correct")
    await any_ward.tap(nurse, nurse.id, ANY, f"step:undo_why:{code}:injection")
    await any_ward.answer(nurse, "erreur", nurse.id)
    with any_ward.heard(any_ward.chat(GREFFE)) as heard:
        await any_ward.advance(hours=6)

    assert offered is None
    assert any_ward.step(code, "injection").state == "done"
    assert heard == []


async def test_a_report_that_was_begun_holds_every_end_but_a_death(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    await any_ward.say(any_ward.who(GREFFE), f"/toxicite {code}", any_ward.chat(GREFFE))
    nurse = any_ward.who(COORDINATION)

    await any_ward.say(nurse, f"/cloturer {code}")
    refused = await any_ward.press(nurse, "end.button.transfert")

    assert refused == f"end.alert_runs code={code}"
    assert any_ward.record(code).ends == {}
