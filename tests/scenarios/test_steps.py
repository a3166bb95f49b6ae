"""Steps: reminded at their hour, ticked, confirmed, taken back, waived, in trouble."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from bot.domain.calendar import Calendar
from bot.domain.roles import Team
from tests.hospital import BEFORE_INJECTION, Hospital
from tests.scenarios.played import card, events, press, sent_at, written_down
from tests.ward import PARIS

BEFORE_STORAGE = BEFORE_INJECTION[: BEFORE_INJECTION.index("stockage_azote")]
LATE = "step.late_coordination"


# Reminders


async def test_a_step_is_recalled_three_working_days_before_on_the_eve_on_the_day_then_late(
    any_ward: Hospital,
) -> None:
    code = await any_ward.enrol()
    written_down(any_ward, code, "rcp")

    await any_ward.at("2026-03-17T06:00")

    assert sent_at(any_ward, any_ward.chat(Team.EFS), "Bilan avant aphérèse") == [
        "03-11 09:00",
        "03-15 16:00",
        "03-16 07:30",
        "03-16 16:00",
    ]
    coordination = any_ward.chat(Team.COORDINATION)
    assert sent_at(any_ward, coordination, "Bilan avant aphérèse", LATE) == ["03-16 20:00"]


async def test_a_reminder_reaches_its_own_team_only(ward: Hospital) -> None:
    code = await ward.enrol()
    written_down(ward, code, "rcp", "consentement")

    await ward.at("2026-03-16T08:00")

    for team in set(Team) - {Team.EFS}:
        assert sent_at(ward, ward.chat(team), "Bilan avant aphérèse") == []


@pytest.mark.parametrize(
    ("start", "apheresis", "day0", "hours"),
    [
        (
            "2026-03-16T09:00",
            "30/03/2026",
            "04/05/2026",
            ["03-25 09:00", "03-29 16:00", "03-30 07:30"],
        ),
        (
            "2026-10-12T09:00",
            "26/10/2026",
            "30/11/2026",
            ["10-21 09:00", "10-25 16:00", "10-26 07:30"],
        ),
    ],
)
async def test_reminders_keep_their_local_hour_when_the_clocks_change(
    ward: Hospital, start: str, apheresis: str, day0: str, hours: list[str]
) -> None:
    ward.clock.now = datetime.fromisoformat(start).replace(tzinfo=PARIS)
    await ward.advance()
    code = await ward.enrol(apheresis, day0)
    written_down(ward, code, "rcp", "consentement", "bilan_apherese")

    await ward.advance(days=14)

    assert sent_at(ward, ward.chat(Team.EFS), "label=Aphérèse")[:3] == hours


async def test_working_days_leave_out_public_holidays(ward: Hospital) -> None:
    easter = date(2026, 4, 6)
    network = ward.database.network
    calendar = Calendar(network.calendar.zone, is_holiday=lambda on: on == easter)
    ward.database.network = replace(network, calendar=calendar)
    code = await ward.enrol("08/04/2026", "11/05/2026")
    written_down(ward, code, "rcp", "consentement", "bilan_apherese")

    await ward.at("2026-04-06T08:00")

    assert sent_at(ward, ward.chat(Team.EFS), "label=Aphérèse") == ["04-02 09:00"]


async def test_a_team_without_a_group_is_reminded_in_private(empty: Hospital) -> None:
    empty.staff(Team.COORDINATION)
    lea, tom = empty.person("Léa", Team.EFS), empty.person("Tom", Team.EFS)
    code = await empty.enrol()
    written_down(empty, code, "rcp")

    await empty.at("2026-03-11T12:00")

    for person in (lea, tom):
        assert sent_at(empty, person.id, "Bilan avant aphérèse") == ["03-11 09:00"]


async def test_a_step_that_waits_is_not_recalled_the_one_it_waits_for_is(ward: Hospital) -> None:
    await ward.enrol()

    await ward.at("2026-03-17T06:00")

    assert sent_at(ward, ward.chat(Team.EFS), "") == []
    assert "03-02 16:00" in sent_at(ward, ward.chat(Team.COORDINATION), "label=RCP")


async def test_a_step_that_need_wait_no_more_is_announced_at_once_if_its_hour_has_come(
    ward: Hospital,
) -> None:
    code = await ward.enrol()
    await ward.at("2026-03-12T10:00")

    await ward.do(Team.COORDINATION, code, "rcp")

    assert sent_at(ward, ward.chat(Team.EFS), "Bilan avant aphérèse") == ["03-12 10:00"]


async def test_what_is_late_at_night_climbs_in_the_morning_then_stands_in_the_digest(
    ward: Hospital,
) -> None:
    code = await ward.enrol()
    written_down(ward, code, *BEFORE_STORAGE)

    await ward.at("2026-04-20T08:00")

    pharmacy, coordination = ward.chat(Team.PHARMACIE), ward.chat(Team.COORDINATION)
    assert sent_at(ward, pharmacy, "Stockage en azote")[-1] == "04-19 20:00"
    assert sent_at(ward, coordination, "Stockage en azote", LATE) == ["04-20 07:00"]
    assert "04-20 07:30" in sent_at(ward, coordination, "Stockage en azote", "digest.morning")


async def test_nothing_of_a_step_leaves_once_it_is_done(ward: Hospital) -> None:
    code = await ward.enrol()
    await ward.do(Team.COORDINATION, code, "rcp")
    await ward.at("2026-03-11T10:00")
    await ward.do(Team.EFS, code, "bilan_apherese")

    with ward.heard(ward.chat(Team.EFS)) as heard:
        await ward.at("2026-03-17T12:00")

    assert [told for told in heard if "label=Bilan avant" in told] == []


# Done


async def test_done_leads_to_the_checklist_and_confirm_appears_once_it_is_complete(
    any_ward: Hospital,
) -> None:
    code = await any_ward.enrol()
    nurse, group = any_ward.who(Team.COORDINATION), any_ward.chat(Team.COORDINATION)
    shown = await card(any_ward, Team.COORDINATION, code, "rcp")

    seen = []
    for label in ("step.button.done", "item.button.open", "item.button.open"):
        await any_ward.press(nurse, label, group, any_ward.message_at(group, shown.id))
        asked = any_ward.message_at(group, shown.id)
        seen.append(asked.button("step.button.confirm") is not None)
    await any_ward.press(nurse, "step.button.confirm", group)

    assert seen == [False, False, True]
    assert any_ward.step(code, "rcp").state == "done"
    assert any_ward.message_at(group, shown.id).text.startswith("step.done")
    assert any_ward.message_at(group, shown.id).button("step.button.undo")


async def test_the_reminders_message_turns_into_who_did_it(ward: Hospital) -> None:
    code = await ward.enrol()
    await ward.at("2026-03-02T16:00")
    group = ward.chat(Team.COORDINATION)
    reminded = ward.newest(group, "step.button.done")

    await ward.do(Team.COORDINATION, code, "rcp")

    after = ward.message_at(group, reminded.id)
    assert after.text.startswith("step.done")
    assert after.keyboard == []


async def test_two_people_share_one_checklist(ward: Hospital) -> None:
    code = await ward.enrol()
    written_down(ward, code, "rcp")
    lea, tom = ward.who(Team.EFS), ward.person("Tom", Team.EFS)

    await press(ward, lea, code, "bilan_apherese", "set", ":0:1")
    await press(ward, tom, code, "bilan_apherese", "set", ":1:1")
    await press(ward, lea, code, "bilan_apherese", "set", ":2:1")
    await press(ward, tom, code, "bilan_apherese", "confirm")

    assert ward.step(code, "bilan_apherese").state == "done"
    assert "name=Tom" in ward.last(ward.chat(Team.EFS))


async def test_an_item_may_be_cleared_and_the_step_is_not_complete_then(ward: Hospital) -> None:
    code = await ward.enrol()
    nurse = ward.who(Team.COORDINATION)
    for item in (0, 1):
        await press(ward, nurse, code, "rcp", "set", f":{item}:1")

    await press(ward, nurse, code, "rcp", "clear", ":0")
    popup = await press(ward, nurse, code, "rcp", "confirm")

    assert popup == "step.incomplete"
    assert ward.step(code, "rcp").state == "planned"


async def test_an_exact_value_may_be_typed_after_the_tap(ward: Hospital) -> None:
    code = await ward.enrol()
    written_down(ward, code, *BEFORE_STORAGE)
    pharmacy, group = ward.who(Team.PHARMACIE), ward.chat(Team.PHARMACIE)

    popup = await press(ward, pharmacy, code, "stockage_azote", "set", ":0:1")
    await ward.answer(pharmacy, "cuve 3, position B7", group)

    assert popup.startswith("item.type.text")
    assert "cuve 3, position B7" in ward.last(group)
    assert "cuve 3, position B7" in ward.step(code, "stockage_azote").values.values()


async def test_a_count_that_differs_from_the_certificate_is_a_problem_and_not_a_tick(
    ward: Hospital,
) -> None:
    code = await ward.enrol()
    written_down(ward, code, *BEFORE_STORAGE[:6])
    pharmacy, group = ward.who(Team.PHARMACIE), ward.chat(Team.PHARMACIE)
    for rest in (":0:1", ":1:3"):
        await press(ward, pharmacy, code, "liberation_lot", "set", rest)
    await press(ward, pharmacy, code, "liberation_lot", "confirm")

    popup = await press(ward, pharmacy, code, "reception_produit", "set", ":3:2")
    offered = ward.screen(group)[-1]
    same = await press(ward, pharmacy, code, "reception_produit", "set", ":3:3")

    assert popup.startswith("step.differs announced=3 counted=2")
    assert offered.button("step.button.problem")
    assert same == ""


# Taken back


async def test_its_author_takes_a_confirmation_back_within_ten_minutes(
    any_ward: Hospital,
) -> None:
    code = await any_ward.enrol()
    await any_ward.do(Team.COORDINATION, code, "rcp")
    nurse, group = any_ward.who(Team.COORDINATION), any_ward.chat(Team.COORDINATION)

    await any_ward.advance(minutes=10)
    popup = await any_ward.press(nurse, "step.button.undo", group)

    step = any_ward.step(code, "rcp")
    assert popup == ""
    assert (step.state, step.done_by) == ("planned", None)
    assert step.next_at is not None
    assert any_ward.told(group, "step.undone")
    assert len(events(any_ward, code, "step_undone")) == 1


async def test_nobody_else_of_the_team_may_take_it_back_nor_its_author_later(
    ward: Hospital,
) -> None:
    code = await ward.enrol()
    written_down(ward, code, "rcp")
    await ward.do(Team.EFS, code, "bilan_apherese")
    tom = ward.person("Tom", Team.EFS)

    other = await press(ward, tom, code, "bilan_apherese", "undo")
    await ward.advance(minutes=11)
    later = await press(ward, ward.who(Team.EFS), code, "bilan_apherese", "undo")

    assert other == later == "step.undo_too_late"
    assert ward.step(code, "bilan_apherese").state == "done"


async def test_the_coordinator_takes_it_back_later_with_a_reason(ward: Hospital) -> None:
    code = await ward.enrol()
    written_down(ward, code, "rcp")
    await ward.do(Team.EFS, code, "bilan_apherese")
    nurse, group = ward.who(Team.COORDINATION), ward.chat(Team.COORDINATION)
    await ward.advance(hours=3)

    await ward.say(nurse, f"/statut {code}", group)
    await ward.press(nurse, "status.button.correct", group)
    await ward.press(nurse, "status.button.undo label=Bilan avant aphérèse", group)
    await ward.answer(nurse, "numération à refaire", group)

    assert ward.step(code, "bilan_apherese").state == "planned"
    [undone] = ward.told(ward.chat(Team.EFS), "step.undone")
    assert "numération à refaire" in undone


async def test_what_others_built_upon_cannot_be_taken_back(ward: Hospital) -> None:
    code = await ward.enrol()
    await ward.do(Team.COORDINATION, code, "rcp")
    await ward.do(Team.COORDINATION, code, "consentement")

    popup = await press(ward, ward.who(Team.COORDINATION), code, "rcp", "undo")

    assert popup.startswith("step.built_upon label=Consentement")


async def test_a_step_taken_back_is_recalled_again(ward: Hospital) -> None:
    code = await ward.enrol()
    await ward.at("2026-03-02T19:00")
    await ward.do(Team.COORDINATION, code, "rcp")
    await ward.press(ward.who(Team.COORDINATION), "step.button.undo", ward.chat(Team.COORDINATION))

    with ward.heard(ward.chat(Team.COORDINATION)) as heard:
        await ward.advance(hours=24)

    assert [told for told in heard if "label=RCP" in told]


# Not required, waived, in trouble


async def test_an_examination_is_not_required_with_a_reason(ward: Hospital) -> None:
    code = await ward.enrol()
    neuro, group = ward.who(Team.NEUROLOGIE), ward.chat(Team.NEUROLOGIE)
    shown = await card(ward, Team.NEUROLOGIE, code, "irm")
    await ward.press(neuro, "step.button.done", group, shown)

    await ward.press(neuro, "step.button.not_required", group)
    await ward.answer(neuro, "pacemaker", group)

    step = ward.step(code, "irm")
    assert (step.state, step.note) == ("not_required", "pacemaker")
    assert "note=pacemaker" in ward.last(group)


async def test_a_step_that_must_be_done_cannot_be_said_not_required(ward: Hospital) -> None:
    code = await ward.enrol()
    neuro = ward.who(Team.NEUROLOGIE)

    await press(ward, neuro, code, "consultation_neuro", "skip")
    await ward.say(neuro, "inutile", ward.chat(Team.NEUROLOGIE))

    assert ward.step(code, "consultation_neuro").state == "planned"


async def test_admission_waits_for_the_product_unless_a_named_physician_waives_it(
    ward: Hospital,
) -> None:
    code = await ward.enrol()
    greffe, group = ward.who(Team.GREFFE), ward.chat(Team.GREFFE)

    popup = await press(ward, greffe, code, "admission", "done")
    await ward.press(greffe, "step.button.waive", group)
    await ward.answer(greffe, "Dr Martin : produit attendu demain", group)
    await press(ward, greffe, code, "admission", "confirm")

    assert popup.startswith("step.waits")
    assert ward.step(code, "admission").state == "done"
    [told] = ward.told(ward.chat(Team.COORDINATION), "step.waived")
    assert "Dr Martin" in told


async def test_what_was_waived_stays_in_red_on_each_later_card_until_it_is_there(
    any_ward: Hospital,
) -> None:
    code = await any_ward.enrol()
    greffe, group = any_ward.who(Team.GREFFE), any_ward.chat(Team.GREFFE)
    await press(any_ward, greffe, code, "admission", "done")
    await any_ward.press(greffe, "step.button.waive", group)
    await any_ward.answer(greffe, "Dr Martin : produit attendu demain", group)
    await press(any_ward, greffe, code, "admission", "confirm")

    red = "step.passed_over"
    later = await card(any_ward, Team.GREFFE, code, "chimio_1")
    thaw = await card(any_ward, Team.PHARMACIE, code, "decongelation")
    await any_ward.say(greffe, f"/statut {code}", group)

    assert red in later.text
    assert "Dr Martin" in later.text
    assert red in thaw.text
    assert "status.worry_passed_over" in any_ward.last(group)
    # And never reaches the thaw: no product, no thaw.
    assert (await press(any_ward, greffe, code, "feu_vert", "done")).startswith("step.waits")
    written_down(any_ward, code, *BEFORE_STORAGE, "stockage_azote")
    assert red not in (await card(any_ward, Team.GREFFE, code, "chimio_1")).text


async def test_a_waiver_goes_with_its_step_and_holds_back_no_correction_of_the_product(
    any_ward: Hospital,
) -> None:
    code = await any_ward.enrol()
    greffe, group = any_ward.who(Team.GREFFE), any_ward.chat(Team.GREFFE)
    nurse = any_ward.who(Team.COORDINATION)
    await press(any_ward, greffe, code, "admission", "done")
    await any_ward.press(greffe, "step.button.waive", group)
    await any_ward.answer(greffe, "Dr Martin : produit attendu demain", group)
    await press(any_ward, greffe, code, "admission", "confirm")
    written_down(any_ward, code, *BEFORE_STORAGE, "stockage_azote")

    # Stored under the wrong code: it is taken back although the admission is done.
    await press(any_ward, nurse, code, "stockage_azote", "undo_why")
    await any_ward.answer(nurse, "mauvais patient", any_ward.chat(Team.COORDINATION))
    assert any_ward.step(code, "stockage_azote").state == "planned"
    await press(any_ward, nurse, code, "admission", "undo_why")
    await any_ward.answer(nurse, "le médecin a changé d’avis", any_ward.chat(Team.COORDINATION))

    assert any_ward.step(code, "admission").waived_by == ""
    popup = await press(any_ward, greffe, code, "admission", "confirm")
    assert popup.startswith("step.waits")


async def test_a_step_that_waits_says_for_what(ward: Hospital) -> None:
    code = await ward.enrol()

    popup = await press(ward, ward.who(Team.EFS), code, "apherese", "done")

    assert popup.startswith("step.waits")
    assert "Bilan avant aphérèse" in popup
    assert "Consentement" in popup


async def test_a_problem_reaches_the_coordinator_who_says_that_it_was_seen(
    ward: Hospital,
) -> None:
    code = await ward.enrol()
    efs, group = ward.who(Team.EFS), ward.chat(Team.EFS)
    nurse, coordination = ward.who(Team.COORDINATION), ward.chat(Team.COORDINATION)

    await press(ward, efs, code, "apherese", "problem")
    await ward.press(efs, "problem.button.transport", group)
    [told] = ward.told(coordination, "step.problem ")
    await ward.press(nurse, "step.button.problem_seen", coordination)

    assert code in told
    assert "problem.reason.transport" in told
    assert ward.told(group, "step.problem_seen")
    assert ward.step(code, "apherese").state == "planned"


async def test_a_problem_may_be_said_in_ones_own_words(ward: Hospital) -> None:
    code = await ward.enrol()
    efs, group = ward.who(Team.EFS), ward.chat(Team.EFS)

    await press(ward, efs, code, "apherese", "problem")
    await ward.answer(efs, "abord veineux impossible", group)

    [told] = ward.told(ward.chat(Team.COORDINATION), "step.problem ")
    assert "abord veineux impossible" in told
    assert ward.last(group).startswith("problem.sent")
