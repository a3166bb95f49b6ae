"""Rooms: what is said in a group, and what a group still holds that it should not."""

import re
from datetime import timedelta

import pytest

from bot.care import auditor
from bot.domain.roles import Team
from bot.landing import SendError
from tests.hospital import ANY, Hospital
from tests.scenarios.test_joining import member, removed

COORDINATION, EFS, GREFFE = Team.COORDINATION, Team.EFS, Team.GREFFE
NEVER_OPENED = SendError("Forbidden: bot can't initiate conversation", permanent=True)
STAYS = SendError("Bad Request: message can't be deleted", refused=True)
LINK = re.compile(r"start=([\w-]+)")


# Answered in private


async def test_a_coordinators_question_in_another_centres_group_is_answered_in_private(
    any_ward: Hospital,
) -> None:
    code = await any_ward.enrol()
    any_ward.staff(GREFFE, centre="MPL")
    nurse, there = any_ward.who(COORDINATION), any_ward.chat(GREFFE, "MPL")

    with any_ward.heard(there) as here:
        await any_ward.say(nurse, f"/statut {code}", there)

    assert here == ["edge.in_private"]
    assert code in any_ward.last(nurse)


async def test_a_slip_of_typing_in_another_centres_group_proposes_no_code_there(
    ward: Hospital,
) -> None:
    code = await ward.enrol()
    ward.staff(GREFFE, centre="MPL")
    nurse, there = ward.who(COORDINATION), ward.chat(GREFFE, "MPL")
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")

    with ward.heard(there) as here:
        await ward.say(nurse, f"/statut {wrong}", there)

    assert here == ["edge.in_private"]
    assert ward.newest(nurse, code)


async def test_who_cannot_be_answered_in_private_is_told_in_the_group_to_press_start(
    any_ward: Hospital,
) -> None:
    code = await any_ward.enrol()
    any_ward.staff(GREFFE, centre="MPL")
    any_ward.group(COORDINATION)
    nurse, there = any_ward.who(COORDINATION), any_ward.chat(GREFFE, "MPL")
    any_ward.transport.fail(nurse.id, NEVER_OPENED)

    with any_ward.heard(there) as here:
        await any_ward.say(nurse, f"/historique {code}", there)

    assert here == ["edge.in_private", "edge.press_start"]
    assert any_ward.unexplained() == []


async def test_the_old_messages_of_a_group_that_changed_centres_are_changed_no_more(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    await any_ward.alert(GREFFE, code)
    nurse, icu = any_ward.who(COORDINATION), any_ward.chat(Team.REANIMATION)
    rex = any_ward.who(Team.REANIMATION)
    assert code in any_ward.last(icu)
    await any_ward.tap(nurse, icu, ANY, "group:bind:reanimation:MPL:reanimation:TLS")

    before = len(any_ward.transport.to(icu))
    await any_ward.tap(rex, rex.id, ANY, f"alert:take:{code}:1")

    assert any_ward.alerts(code)[0].state == "taken"
    assert any_ward.transport.to(icu)[before:] == []


# Invitations


@pytest.mark.parametrize("team", [COORDINATION, EFS])
async def test_an_invitation_asked_for_in_a_group_is_given_in_private(
    any_ward: Hospital, team: Team
) -> None:
    nurse, group = any_ward.who(COORDINATION), any_ward.chat(team)
    before = len(any_ward.transport.to(group))

    await any_ward.say(nurse, "/inviter efs", group)

    assert [(x.kind, x.body) for x in any_ward.transport.to(group)[before:]] == [
        ("send", "edge.in_private")
    ]
    kinds = [each.kind for each in any_ward.transport.to(nurse.id)]
    assert kinds[-2:] == ["send", "photo"]
    found = LINK.search(any_ward.screen(nurse)[-1].text)
    guest = any_ward.person("Léa")
    assert found
    await any_ward.say(guest, f"/start {found[1]}")
    assert member(any_ward, guest) is not None


@pytest.mark.parametrize("hidden", [False, True])
async def test_a_link_pasted_in_a_group_lets_nobody_in_and_the_coordination_is_told_once(
    any_ward: Hospital, *, hidden: bool
) -> None:
    nurse, guest, group = any_ward.who(COORDINATION), any_ward.person("Léa"), any_ward.chat(EFS)
    await any_ward.say(nurse, "/inviter efs 5")
    found = LINK.search(any_ward.screen(nurse)[-1].text)
    assert found
    link = f"https://t.me/relais_bot?start={found[1]}"
    url = {"type": "text_link", "offset": 0, "length": 4, "url": link}
    content = {"text": "voici", "entities": [url]} if hidden else {"text": f"voici {link}"}

    with any_ward.heard(any_ward.chat(COORDINATION)) as told, any_ward.heard(group) as here:
        for _ in range(2):
            await any_ward.receive(any_ward.message(any_ward.who(EFS), group, **content))
    await any_ward.say(guest, f"/start {found[1]}")

    assert told == ["joining.voided centre=TLS slug=efs team=efs"]
    assert here == ["joining.link_read"]
    assert member(any_ward, guest) is None
    assert any_ward.last(guest) == "joining.invalid"


async def test_a_link_passed_on_in_private_is_worth_what_it_was(ward: Hospital) -> None:
    nurse, guest = ward.who(COORDINATION), ward.person("Léa")
    await ward.say(nurse, "/inviter efs")
    found = LINK.search(ward.screen(nurse)[-1].text)
    assert found

    await ward.say(nurse, f"https://t.me/relais_bot?start={found[1]}")
    await ward.say(guest, f"/start {found[1]}")

    assert member(ward, guest) is not None


# Whoever was removed


async def test_who_is_removed_is_told_and_the_coordination_asked_to_take_them_out(
    any_ward: Hospital,
) -> None:
    efs = any_ward.who(EFS)

    with any_ward.heard(any_ward.chat(COORDINATION)) as told:
        await removed(any_ward, "Efs")

    assert any_ward.told(efs)[-1] == "joining.out"
    assert told == ["member.take_out centre=TLS group=efs TLS name=Efs team=efs"]


async def test_who_was_removed_and_still_reads_in_the_group_is_named_each_morning(
    any_ward: Hospital,
) -> None:
    efs, tom, group = any_ward.who(EFS), any_ward.person("Tom", EFS), any_ward.chat(EFS)
    coordination = any_ward.chat(COORDINATION)
    for name in ("Efs", "Tom"):
        await removed(any_ward, name)
    any_ward.transport.present = {(group, efs.id)}

    with any_ward.heard(coordination) as heard:
        await any_ward.at("2026-03-04T12:00")
    any_ward.transport.present = {(group, tom.id)}
    with any_ward.heard(coordination) as next_day:
        await any_ward.at("2026-03-05T12:00")
    any_ward.transport.present = set()
    with any_ward.heard(coordination) as at_last:
        await any_ward.at("2026-03-06T12:00")

    named = [each for each in heard if each.startswith("member.still_there")]
    assert len(named) == 2
    assert all("name=Efs" in each and "name=Tom" not in each for each in named)
    assert ["name=Tom" in each for each in next_day] == [True]
    assert at_last == []


async def test_a_coordinator_who_was_removed_is_looked_for_in_every_group(
    any_ward: Hospital,
) -> None:
    tom, there = any_ward.person("Tom", COORDINATION), any_ward.chat(EFS)
    await removed(any_ward, "Tom")
    any_ward.transport.present = {(there, tom.id)}

    with any_ward.heard(any_ward.chat(COORDINATION)) as heard:
        await any_ward.at("2026-03-03T12:00")

    [named] = [each for each in heard if each.startswith("member.still_there")]
    assert "name=Tom" in named
    assert "team=efs" in named


async def test_who_changes_teams_is_asked_out_of_the_old_group_and_looked_for_there(
    any_ward: Hospital,
) -> None:
    tom, old, new = any_ward.person("Tom", EFS), any_ward.chat(EFS), any_ward.chat(GREFFE)
    coordination = any_ward.chat(COORDINATION)

    with any_ward.heard(coordination) as told:
        await any_ward.say(tom, f"/start {any_ward.token(GREFFE)}")
    any_ward.transport.present = {(old, tom.id), (new, tom.id)}
    with any_ward.heard(coordination) as next_day:
        await any_ward.at("2026-03-03T12:00")

    assert told == [
        "joining.told centre=TLS name=Tom team=greffe",
        "member.take_out centre=TLS group=efs TLS name=Tom team=efs",
    ]
    [named] = [each for each in next_day if each.startswith("member.still_there")]
    assert "team=efs" in named
    assert "team=greffe" not in named


async def test_who_is_left_in_a_group_that_was_given_to_another_centre_is_looked_for(
    any_ward: Hospital,
) -> None:
    nurse, group = any_ward.who(COORDINATION), any_ward.chat(GREFFE)
    await any_ward.tap(nurse, group, ANY, "group:bind:greffe:MPL:greffe:TLS")
    any_ward.transport.present = {(group, any_ward.who(GREFFE).id)}

    with any_ward.heard(any_ward.chat(COORDINATION)) as heard:
        await any_ward.at("2026-03-03T12:00")

    [named] = [each for each in heard if each.startswith("member.still_there")]
    assert "name=Greffe" in named
    assert "centre=MPL" in named


async def test_nobody_is_looked_for_who_was_let_in_again_or_left_long_ago(
    ward: Hospital,
) -> None:
    efs, group = ward.who(EFS), ward.chat(EFS)
    ward.person("Tom", EFS)
    await removed(ward, "Tom")
    await ward.advance(days=91)
    await removed(ward, "Efs")
    await ward.advance(minutes=1)
    await ward.say(efs, f"/start {ward.token(EFS)}")

    before = len(ward.transport.to(group))
    await ward.advance(days=1)

    assert [each for each in ward.transport.to(group)[before:] if each.kind == "look"] == []


# What Telegram would not delete


async def test_a_deletion_that_telegram_refuses_is_asked_for_each_morning_until_it_is_done(
    any_ward: Hospital,
) -> None:
    nurse, group, efs = any_ward.who(COORDINATION), any_ward.chat(COORDINATION), any_ward.chat(EFS)
    any_ward.transport.fail(efs, STAYS)
    await any_ward.relais.ring()

    with any_ward.heard(group) as told:
        await any_ward.say(any_ward.who(EFS), "Mme Dupont arrive", efs)
    assert len(told) == 1
    assert told[0].startswith("group.delete at=")
    # It is somebody's to do, and no reason to call the operator.
    assert any_ward.relais.health()["status"] == "ok"
    assert any_ward.relais.health()["to_delete"] == 1

    for day in ("03", "04"):
        with any_ward.heard(group) as again:
            await any_ward.at(f"2026-03-{day}T12:00")
        assert [each.split()[0] for each in again] == ["group.delete"]

    assert await any_ward.press(nurse, "group.button.deleted", group) == ""
    assert {each.text for each in any_ward.screen(group)} == {f"group.deleted name={nurse.name}"}
    assert any_ward.relais.health()["to_delete"] == 0
    with any_ward.heard(group) as after:
        await any_ward.advance(days=2)
    assert after == []


async def test_what_was_deleted_by_hand_is_noted_once(ward: Hospital) -> None:
    nurse, efs = ward.who(COORDINATION), ward.chat(EFS)
    ward.transport.fail(efs, STAYS)
    await ward.say(ward.who(EFS), "Mme Dupont arrive", efs)
    data = ward.newest(ward.chat(COORDINATION), "group.button.deleted").button("deleted")
    assert data

    first = ward.popup(await ward.tap(nurse, nurse.id, ANY, data["data"]))
    second = ward.popup(await ward.tap(nurse, nurse.id, ANY, data["data"]))

    assert (first, second) == ("", "group.deleted_already")
    assert ward.ask(auditor.unexplained) == []


async def test_an_identity_that_cannot_be_deleted_in_private_is_its_authors_to_delete(
    ward: Hospital,
) -> None:
    efs = ward.who(EFS)
    ward.excused = ("letter delete:",)
    ward.transport.fail(efs.id, STAYS)

    with ward.heard(ward.chat(COORDINATION)) as told:
        await ward.say(efs, "Mme Dupont arrive")
        await ward.advance(minutes=30)

    assert told == []
    assert ward.last(efs).startswith("typed.identity")


async def test_a_deletion_that_meets_an_outage_is_tried_again_and_told_to_nobody(
    ward: Hospital,
) -> None:
    efs = ward.chat(EFS)
    ward.transport.fail(efs, SendError("connection refused"))

    with ward.heard(ward.chat(COORDINATION)) as told:
        await ward.say(ward.who(EFS), "Mme Dupont arrive", efs)
        ward.clock.advance(**{"seconds": timedelta(minutes=2).total_seconds()})
        await ward.flush()

    assert "delete" in {each.kind for each in ward.transport.to(efs)}
    assert told == []
