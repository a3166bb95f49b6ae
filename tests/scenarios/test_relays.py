"""Relays: given by one team, read back by the other, never lost between them."""

from bot.domain import step as steps
from bot.domain.facts import Relay
from bot.domain.message import Priority
from bot.domain.roles import Team
from tests.domain.builders import filled
from tests.hospital import BEFORE_INJECTION, Hospital
from tests.scenarios.played import events, press, sent_at, written_down

BEFORE_STORAGE = BEFORE_INJECTION[: BEFORE_INJECTION.index("stockage_azote")]


async def stored(ward: Hospital) -> str:
    """A patient whose product was just stored, 19 April 2026 at 16:00: greffe must read back."""
    code = await ward.enrol()
    written_down(ward, code, *BEFORE_STORAGE)
    await ward.at("2026-04-19T16:00")
    await ward.do(Team.PHARMACIE, code, "stockage_azote")
    return code


def relay(ward: Hospital, code: str, key: str) -> Relay:
    return ward.record(code).relays[key]


async def test_the_receiver_reads_back_right_and_both_teams_know(any_ward: Hospital) -> None:
    code = await stored(any_ward)
    offered = any_ward.relay(Team.GREFFE, code)

    popup = await any_ward.read_back(Team.GREFFE, code)

    assert popup == ""
    assert relay(any_ward, code, offered.key).state == "accepted"
    assert any_ward.told(any_ward.chat(Team.PHARMACIE), "relay.accepted")
    assert any_ward.newest(any_ward.chat(Team.GREFFE), "") is not None
    assert len(events(any_ward, code, "relay_accepted")) == 1


async def test_the_relay_is_pressed_and_read_back_by_its_buttons(ward: Hospital) -> None:
    code = await stored(ward)
    greffe, group = ward.who(Team.GREFFE), ward.chat(Team.GREFFE)
    offered = ward.newest(group, "relay.button.receive")

    await ward.press(greffe, "relay.button.receive", group)
    asked = ward.message_at(group, offered.id)
    await ward.press(greffe, "relay.button.choice value=2", group)

    assert asked.text.startswith("relay.ask")
    assert sum("relay.button.choice" in b["text"] for row in asked.keyboard for b in row) == 4
    assert ward.message_at(group, offered.id).text.startswith("relay.accepted")
    assert code in offered.text


async def test_a_wrong_read_back_is_refused_recorded_and_told_to_both_teams(
    any_ward: Hospital,
) -> None:
    code = await stored(any_ward)
    offered = any_ward.relay(Team.GREFFE, code)

    popup = await any_ward.read_back(Team.GREFFE, code, right=False)

    assert popup.startswith("relay.wrong")
    assert relay(any_ward, code, offered.key).state == "offered"
    assert len(events(any_ward, code, "relay_misread")) == 1
    for team in (Team.GREFFE, Team.PHARMACIE, Team.COORDINATION):
        assert len(any_ward.told(any_ward.chat(team), "relay.misread")) == 1


async def test_the_count_of_wrong_read_backs_grows_and_is_told(ward: Hospital) -> None:
    code = await stored(ward)

    for _ in range(2):
        await ward.read_back(Team.GREFFE, code, right=False)

    assert ward.relay(Team.GREFFE, code).wrong == 2
    first, second = ward.told(ward.chat(Team.PHARMACIE), "relay.misread")
    assert "wrong=1" in first
    assert "wrong=2" in second


async def test_after_a_wrong_read_back_the_right_one_is_still_taken(ward: Hospital) -> None:
    code = await stored(ward)
    await ward.read_back(Team.GREFFE, code, right=False)

    popup = await ward.read_back(Team.GREFFE, code)

    assert popup == ""
    assert len(events(ward, code, "relay_accepted")) == 1


async def test_two_wrong_read_backs_lock_the_relay_until_the_giver_unlocks_it(
    any_ward: Hospital,
) -> None:
    code = await stored(any_ward)
    greffe, group = any_ward.who(Team.GREFFE), any_ward.chat(Team.GREFFE)
    offered = any_ward.newest(group, "relay.button.receive")
    locked = any_ward.relay(Team.GREFFE, code)

    popups = [await any_ward.read_back(Team.GREFFE, code, right=right) for right in (False,) * 2]
    popups.append(await any_ward.read_back(Team.GREFFE, code))
    shown = any_ward.message_at(group, offered.id)
    await any_ward.press(
        any_ward.who(Team.PHARMACIE), "relay.button.unlock", any_ward.chat(Team.PHARMACIE)
    )

    assert [popup.split()[0] for popup in popups] == [
        "relay.wrong", "relay.is_locked", "relay.is_locked",
    ]  # fmt: skip
    assert shown.text.startswith("relay.locked")
    assert relay(any_ward, code, locked.key).state == "offered"
    assert any_ward.newest(any_ward.chat(Team.COORDINATION), "relay.button.unlock")
    await any_ward.press(greffe, "relay.button.receive", group)
    await any_ward.press(greffe, "relay.button.choice value=2", group)
    assert relay(any_ward, code, locked.key).state == "accepted"


async def test_a_question_left_open_in_private_before_the_unlock_is_answered_no_more(
    ward: Hospital,
) -> None:
    code = await stored(ward)
    with ward.change(code) as record:
        [offered] = record.open_relays()
        offered.choices = ("1", "2", "3", "4")
    greffe = ward.who(Team.GREFFE)
    await ward.say(greffe, "/afaire")
    await ward.press(greffe, "todo.button.relay", greffe.id)
    await ward.press(greffe, "relay.button.receive", greffe.id)
    left = ward.screen(greffe.id)[-1]
    for _ in range(2):
        await ward.read_back(Team.GREFFE, code, right=False)
    ward.database.draw = lambda _: 0
    await ward.press(ward.who(Team.PHARMACIE), "relay.button.unlock", ward.chat(Team.PHARMACIE))

    one = left.button("relay.button.choice value=1") or {}
    popup = ward.popup(await ward.tap(greffe, greffe.id, left.id, one["data"]))

    assert ward.relay(Team.GREFFE, code).choices == ("2", "3", "4", "5")
    assert popup.startswith("relay.redrawn")


async def test_the_coordinator_who_confirmed_for_the_unit_does_not_read_it_back(
    ward: Hospital,
) -> None:
    [code] = await ward.injected()
    await ward.at("2026-05-12T10:00")
    nurse, chat = ward.who(Team.COORDINATION), ward.chat(Team.COORDINATION)
    other = ward.person("Ines", Team.COORDINATION)
    with ward.change(code) as record:
        me = next(each for each in record.roster.present if each.telegram_id == nurse.id)
        steps.confirm(record, filled(record, "sortie"), me)
    offered = ward.relay(Team.COORDINATION, code)
    about = f"{code}:{offered.key}"

    asked = ward.popup(await ward.tap(nurse, chat, 1, f"relay:receive:{about}"))
    read = ward.popup(await ward.tap(nurse, chat, 1, f"relay:answer:{about}:{offered.answer}"))
    assert asked.startswith("relay.same_person")
    assert read.startswith("relay.same_person")

    assert await ward.tap(other, chat, 1, f"relay:answer:{about}:{offered.answer}")
    assert relay(ward, code, offered.key).state == "accepted"


async def test_a_locked_relay_goes_on_climbing_with_the_way_to_unlock_it(ward: Hospital) -> None:
    code = await stored(ward)
    for _ in range(2):
        await ward.read_back(Team.GREFFE, code, right=False)

    await ward.at("2026-04-19T20:01")

    for team in (Team.PHARMACIE, Team.COORDINATION):
        unread = ward.newest(ward.chat(team), "relay.button.unlock")
        assert unread.text.startswith("relay.unread")


async def test_nobody_reads_back_receiver_and_giver_hear_then_the_coordination_until_it_is(
    ward: Hospital,
) -> None:
    code = await stored(ward)

    await ward.at("2026-04-20T12:30")
    greffe, pharmacy = ward.chat(Team.GREFFE), ward.chat(Team.PHARMACIE)
    coordination = ward.chat(Team.COORDINATION)
    again = sent_at(ward, greffe, code, "relay.offered_late")
    unread = sent_at(ward, coordination, code, "relay.unread")
    await ward.read_back(Team.GREFFE, code)
    with ward.heard(coordination) as heard:
        await ward.advance(hours=12)

    assert again[:3] == ["04-19 18:00", "04-19 20:00", "04-20 07:00"]
    assert sent_at(ward, pharmacy, code, "relay.unread") == ["04-19 18:00"]
    assert unread == ["04-19 20:00", "04-20 07:00", "04-20 09:00", "04-20 11:00"]
    assert [told for told in heard if "relay." in told] == []


async def test_two_members_who_read_back_at_once_make_one_acceptance(any_ward: Hospital) -> None:
    code = await stored(any_ward)
    greffe, group = any_ward.who(Team.GREFFE), any_ward.chat(Team.GREFFE)
    other, offered = any_ward.person("Tom", Team.GREFFE), any_ward.relay(Team.GREFFE, code)
    data = f"relay:answer:{code}:{offered.key}:{offered.answer}"

    taps = [any_ward.query(p, group, 1, data, p.name) for p in (greffe, other)]
    await any_ward.receive(*(any_ward.update("callback_query", tap) for tap in taps))

    assert any_ward.popup(greffe.name) == ""
    assert any_ward.popup("Tom").startswith("relay.already")
    assert len(events(any_ward, code, "relay_accepted")) == 1


async def test_the_next_step_waits_for_the_read_back(ward: Hospital) -> None:
    code = await stored(ward)

    before = await press(ward, ward.who(Team.GREFFE), code, "admission", "done")
    await ward.read_back(Team.GREFFE, code)
    after = await press(ward, ward.who(Team.GREFFE), code, "admission", "done")

    assert before.startswith("step.waits")
    assert after == ""


async def test_neither_the_giver_nor_another_team_may_read_back(ward: Hospital) -> None:
    code = await stored(ward)
    offered = ward.relay(Team.GREFFE, code)

    for team in (Team.PHARMACIE, Team.REANIMATION, Team.COORDINATION):
        who = ward.who(team)
        popup = ward.popup(await ward.tap(who, who.id, 1, f"relay:answer:{code}:{offered.key}:2"))
        assert popup.startswith("relay.other_team")


async def test_the_same_team_of_another_centre_neither_sees_nor_reads_back(
    ward: Hospital,
) -> None:
    code = await stored(ward)
    ward.staff(Team.GREFFE, centre="MPL")
    far, offered = ward.who(Team.GREFFE, "MPL"), ward.relay(Team.GREFFE, code)

    for verb in ("show", "receive"):
        popup = ward.popup(await ward.tap(far, far.id, 1, f"relay:{verb}:{code}:{offered.key}"))
        assert popup.startswith(("relay.other_team", "button.stale"))

    assert not any(code in told for told in ward.told(far))


async def test_a_step_taken_back_voids_what_it_handed_over(ward: Hospital) -> None:
    code = await stored(ward)
    offered = ward.relay(Team.GREFFE, code)

    await ward.press(ward.who(Team.PHARMACIE), "step.button.undo", ward.chat(Team.PHARMACIE))
    greffe = ward.who(Team.GREFFE)
    popup = ward.popup(await ward.tap(greffe, greffe.id, 1, f"relay:receive:{code}:{offered.key}"))

    assert relay(ward, code, offered.key).state == "cancelled"
    assert popup.startswith("relay.gone")
    assert ward.told(ward.chat(Team.GREFFE), "relay.cancelled")


async def test_done_again_the_step_is_handed_over_again(ward: Hospital) -> None:
    code = await stored(ward)
    first = ward.relay(Team.GREFFE, code)
    await ward.press(ward.who(Team.PHARMACIE), "step.button.undo", ward.chat(Team.PHARMACIE))

    await ward.do(Team.PHARMACIE, code, "stockage_azote")

    assert ward.relay(Team.GREFFE, code).key != first.key


async def test_neurology_hands_over_once_the_three_are_closed(ward: Hospital) -> None:
    code = await ward.enrol()
    greffe = ward.chat(Team.GREFFE)

    offered = []
    for slug in ("eeg", "consultation_neuro", "irm"):
        await ward.do(Team.NEUROLOGIE, code, slug)
        offered.append(len(ward.told(greffe, "relay.offered")))

    assert offered == [0, 0, 1]


async def test_the_shipment_is_told_for_information_and_asks_nothing(ward: Hospital) -> None:
    code = await ward.enrol()
    written_down(ward, code, *BEFORE_INJECTION[:4])

    await ward.do(Team.EFS, code, "expedition")

    [told] = ward.told(ward.chat(Team.PHARMACIE), "relay.informed")
    assert code in told
    assert ward.record(code).open_relays() == []


async def test_the_thawed_product_is_urgent_even_at_night(ward: Hospital) -> None:
    code = await ward.enrol()
    written_down(ward, code, *BEFORE_INJECTION[:-1])
    await ward.at("2026-04-26T23:00")
    await ward.do(Team.PHARMACIE, code, "decongelation")

    await ward.advance(minutes=31)

    greffe, coordination = ward.chat(Team.GREFFE), ward.chat(Team.COORDINATION)
    late = sent_at(ward, greffe, code, "relay.offered_late")
    assert late == ["04-26 23:10", "04-26 23:20", "04-26 23:30"]
    assert sent_at(ward, coordination, code, "relay.unread") == ["04-26 23:20", "04-26 23:30"]
    urgent = [x for x in ward.transport.to(greffe) if x.body.startswith("relay.offered")]
    assert all(letter.priority is Priority.ALERT for letter in urgent)
    await ward.read_back(Team.GREFFE, code)


async def test_the_code_itself_is_read_back_and_does_not_stand_above_the_question(
    ward: Hospital,
) -> None:
    code = await ward.enrol()
    written_down(ward, code, *BEFORE_INJECTION[:-2])
    await ward.do(Team.GREFFE, code, "feu_vert")
    icu, group = ward.who(Team.REANIMATION), ward.chat(Team.REANIMATION)
    offered = ward.newest(group, "relay.button.receive")

    await ward.press(icu, "relay.button.receive", group)
    asked = ward.message_at(group, offered.id)
    await ward.press(icu, f"relay.button.choice value={code}", group)

    assert code not in asked.text
    assert len(events(ward, code, "relay_accepted")) == 1
