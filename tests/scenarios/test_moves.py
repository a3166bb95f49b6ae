"""Moving a date: asked, shown before, told once to each team, old reminders void."""

from datetime import date, datetime

import pytest

from bot.domain.roles import Team
from bot.landing import SendError
from tests.hospital import BEFORE_INJECTION, Hospital
from tests.scenarios.played import events, press, sent_at, written_down
from tests.ward import PARIS


async def move(ward: Hospital, code: str, what: str, *, apply: bool = True) -> str:
    """The coordinator's one line in private; gives the preview, applied or not."""
    nurse = ward.who(Team.COORDINATION)
    await ward.say(nurse, f"/reporter {code} {what}")
    shown = ward.last(nurse)
    if apply:
        await ward.press(nurse, "move.button.apply")
    return shown


def on(ward: Hospital, code: str, slug: str) -> date:
    return ward.step(code, slug).on


async def test_a_team_asks_and_only_the_coordinator_moves(any_ward: Hospital) -> None:
    code = await any_ward.enrol()
    efs, group = any_ward.who(Team.EFS), any_ward.chat(Team.EFS)
    nurse, coordination = any_ward.who(Team.COORDINATION), any_ward.chat(Team.COORDINATION)

    await press(any_ward, efs, code, "apherese", "move")
    await any_ward.press(efs, "date.button.day on=2026-03-25", group)
    asked = on(any_ward, code, "apherese")
    await any_ward.press(nurse, "move.button.preview", coordination)
    shown = on(any_ward, code, "apherese")
    await any_ward.press(nurse, "move.button.apply", coordination)

    assert any_ward.told(coordination, "move.asked")
    assert asked == shown == date(2026, 3, 23)
    assert on(any_ward, code, "apherese") == date(2026, 3, 25)
    assert any_ward.record(code).patient.apheresis_on == date(2026, 3, 25)


async def test_the_day_may_be_typed_after_pressing_move(ward: Hospital) -> None:
    code = await ward.enrol()
    efs, group = ward.who(Team.EFS), ward.chat(Team.EFS)

    await press(ward, efs, code, "apherese", "move")
    asked = ward.screen(group)[-1]
    await ward.say(efs, "31/02", group, reply=asked)
    impossible = ward.last(group)
    await ward.say(efs, "26/03", group, reply=asked)

    assert impossible.startswith("date.impossible")
    assert "on=2026-03-26" in ward.told(ward.chat(Team.COORDINATION), "move.asked")[0]


async def test_the_coordinator_refuses_and_the_team_knows(ward: Hospital) -> None:
    code = await ward.enrol()
    efs, group = ward.who(Team.EFS), ward.chat(Team.EFS)
    await press(ward, efs, code, "apherese", "move")
    await ward.press(efs, "date.button.day on=2026-03-25", group)

    await ward.press(
        ward.who(Team.COORDINATION), "move.button.refuse", ward.chat(Team.COORDINATION)
    )

    assert len(ward.told(group, "move.refused")) == 1
    assert on(ward, code, "apherese") == date(2026, 3, 23)


async def test_a_preview_shows_each_team_and_changes_nothing(ward: Hospital) -> None:
    code = await ward.enrol()

    shown = await move(ward, code, "j0 29/04/2026", apply=False)

    assert shown.startswith("move.preview")
    for team in (Team.PHARMACIE, Team.GREFFE, Team.NEUROLOGIE, Team.REANIMATION):
        assert f"team={team}" in shown
    assert f"team={Team.EFS}" not in shown
    assert on(ward, code, "injection") == date(2026, 4, 27)
    assert ward.told(ward.chat(Team.GREFFE), "move.told") == []


async def test_each_team_hears_once_and_only_of_its_own_changes(any_ward: Hospital) -> None:
    code = await any_ward.enrol()

    await move(any_ward, code, "j0 29/04/2026")

    assert any_ward.told(any_ward.chat(Team.EFS), "move.told") == []
    for team in (Team.PHARMACIE, Team.GREFFE, Team.NEUROLOGIE, Team.REANIMATION):
        assert len(any_ward.told(any_ward.chat(team), "move.told")) == 1
    [pharmacy] = any_ward.told(any_ward.chat(Team.PHARMACIE), "move.told")
    assert "Libération du lot" in pharmacy
    assert "Admission" not in pharmacy
    assert len(events(any_ward, code, "date_moved")) == 1


async def test_day_0_takes_with_it_all_that_is_counted_from_it_but_not_what_is_done(
    ward: Hospital,
) -> None:
    code = await ward.enrol()
    written_down(ward, code, "consultation_neuro")

    await move(ward, code, "j0 29/04/2026")

    assert ward.record(code).patient.day0_on == date(2026, 4, 29)
    assert on(ward, code, "sortie") == date(2026, 5, 14)
    assert on(ward, code, "liberation_lot") == date(2026, 4, 17)
    assert on(ward, code, "consultation_neuro") == date(2026, 4, 12)
    assert on(ward, code, "apherese") == date(2026, 3, 23)


async def test_a_step_without_an_anchor_moves_alone(ward: Hospital) -> None:
    code = await ward.enrol()

    await move(ward, code, "irm 10/04/2026")

    assert on(ward, code, "irm") == date(2026, 4, 10)
    assert on(ward, code, "eeg") == date(2026, 4, 13)
    assert ward.record(code).patient.day0_on == date(2026, 4, 27)


async def test_reminders_of_the_old_date_never_leave(any_ward: Hospital) -> None:
    code = await any_ward.enrol()
    written_down(any_ward, code, "rcp", "consentement", "bilan_apherese")
    await any_ward.at("2026-03-18T12:00")
    before = sent_at(any_ward, any_ward.chat(Team.EFS), "label=Aphérèse")

    await move(any_ward, code, "apherese 30/03/2026")
    await any_ward.at("2026-03-30T07:45")

    sent = sent_at(any_ward, any_ward.chat(Team.EFS), "label=Aphérèse")
    assert before == ["03-18 09:00"]
    assert sent[1:] == ["03-25 09:00", "03-29 16:00", "03-30 07:30"]


async def test_a_reminder_still_on_its_way_when_the_date_moves_never_arrives(
    ward: Hospital,
) -> None:
    code = await ward.enrol()
    written_down(ward, code, "rcp", "consentement", "bilan_apherese")
    ward.transport.fail(ward.chat(Team.EFS), SendError("no route"))
    await ward.at("2026-03-18T09:00")

    await move(ward, code, "apherese 30/03/2026")
    await ward.advance(hours=2)

    assert sent_at(ward, ward.chat(Team.EFS), "label=Aphérèse") == []
    assert len(ward.told(ward.chat(Team.EFS), "move.told")) == 1


async def test_the_message_of_the_old_date_has_no_button_any_more(ward: Hospital) -> None:
    code = await ward.enrol()
    written_down(ward, code, "rcp", "consentement", "bilan_apherese")
    await ward.at("2026-03-18T09:00")
    group = ward.chat(Team.EFS)
    reminded = ward.newest(group, "step.button.done")

    await move(ward, code, "apherese 30/03/2026")

    after = ward.message_at(group, reminded.id)
    assert after.text.startswith("move.moved")
    assert after.keyboard == []


async def test_a_preview_older_than_another_change_is_refused(ward: Hospital) -> None:
    code = await ward.enrol()
    nurse, anne = ward.who(Team.COORDINATION), ward.person("Anne", Team.COORDINATION)
    await ward.say(anne, f"/reporter {code} j0 30/04/2026")
    await move(ward, code, "j0 29/04/2026")

    popup = await ward.press(anne, "move.button.apply")

    assert popup == "move.changed_meanwhile"
    assert ward.record(code).patient.day0_on == date(2026, 4, 29)
    assert nurse.id != anne.id


async def test_applying_twice_moves_once(ward: Hospital) -> None:
    code = await ward.enrol()
    nurse = ward.who(Team.COORDINATION)
    await ward.say(nurse, f"/reporter {code} j0 29/04/2026")
    shown = ward.newest(nurse, "move.button.apply")

    button = shown.button("move.button.apply")
    assert button
    taps = [ward.query(nurse, nurse.id, shown.id, button["data"], f"q{n}") for n in (1, 2)]
    await ward.receive(*(ward.update("callback_query", tap) for tap in taps))

    assert ward.popup("q2") == "move.already on=2026-04-29"
    assert len(events(ward, code, "date_moved")) == 1


@pytest.mark.parametrize(
    ("what", "answer"),
    [
        ("j0 23/03/2026", "patient.day0_before_apheresis"),
        ("j0 20/03/2026", "patient.day0_before_apheresis"),
        ("apherese 28/04/2026", "patient.day0_before_apheresis"),
        ("apherese 01/03/2026", "date.past"),
        ("j0 27/04/2062", "date.too_far"),
        ("irm 27/04/2062", "date.too_far"),
        ("j0 27/04/2026", "move.same_day"),
        ("j0 31/02/2026", "date.impossible"),
        ("j0 bientôt", "date.unreadable"),
        ("cuisine 27/04/2026", "move.which_step"),
        ("chimio 27/04/2026", "move.which_step"),
    ],
)
async def test_a_move_that_cannot_be_is_refused_in_one_sentence(
    ward: Hospital, what: str, answer: str
) -> None:
    code = await ward.enrol()
    nurse = ward.who(Team.COORDINATION)

    with ward.heard(nurse) as heard:
        await ward.say(nurse, f"/reporter {code} {what}")

    assert len(heard) == 1
    assert heard[0].startswith(answer)
    assert events(ward, code, "date_moved") == []


async def test_what_is_done_cannot_be_moved(ward: Hospital) -> None:
    code = await ward.enrol()
    written_down(ward, code, "irm")

    assert (await move(ward, code, "irm 20/04/2026", apply=False)).startswith("move.closed")


async def test_moving_with_less_said_asks_for_the_step_then_for_the_day(ward: Hospital) -> None:
    code = await ward.enrol()
    nurse = ward.who(Team.COORDINATION)

    await ward.say(nurse, "/reporter")
    usage = ward.last(nurse)
    await ward.say(nurse, f"/reporter {code}")
    await ward.press(nurse, "move.button.step label=Injection")
    await ward.press(nurse, "date.button.day on=2026-04-29")
    await ward.press(nurse, "move.button.apply")

    assert usage.startswith("move.usage")
    assert ward.record(code).patient.day0_on == date(2026, 4, 29)


async def test_a_move_that_turns_the_order_around_warns(ward: Hospital) -> None:
    code = await ward.enrol()

    shown = await move(ward, code, "consentement 30/03/2026", apply=False)

    assert "move.warn_order before=Consentement label=Aphérèse" in shown


async def test_an_injection_done_a_day_later_takes_the_rest_with_it(any_ward: Hospital) -> None:
    code = await any_ward.enrol()
    written_down(any_ward, code, *BEFORE_INJECTION)
    await any_ward.at("2026-04-28T11:00")

    await any_ward.do(Team.GREFFE, code, "injection")

    record = any_ward.record(code)
    assert record.patient.day0_on == date(2026, 4, 28)
    assert on(any_ward, code, "injection") == date(2026, 4, 28)
    assert on(any_ward, code, "sortie") == date(2026, 5, 13)
    assert any_ward.told(any_ward.chat(Team.NEUROLOGIE), "move.told")
    fourteen = datetime(2026, 4, 28, 14, tzinfo=PARIS)
    assert record.watch.next_at == fourteen
    for team in (Team.REANIMATION, Team.NEUROLOGIE):
        await any_ward.read_back(team, code)


async def test_apheresis_done_on_another_day_leaves_day_0_where_it_is(ward: Hospital) -> None:
    code = await ward.enrol()
    written_down(ward, code, "rcp", "consentement", "bilan_apherese")
    await ward.at("2026-03-24T10:00")

    await ward.do(Team.EFS, code, "apherese")

    assert ward.record(code).patient.apheresis_on == date(2026, 3, 24)
    assert on(ward, code, "expedition") == date(2026, 3, 25)
    assert ward.record(code).patient.day0_on == date(2026, 4, 27)
