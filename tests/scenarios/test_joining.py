"""Joining: who gets in, where a team is reached, and what a stranger learns."""

import re
from datetime import timedelta
from typing import Any

import pytest

from bot.care.joining import UNNAMED, hash_token
from bot.domain.people import Group, Member, Roster
from bot.domain.roles import Team
from bot.landing import SendError
from tests.hospital import Hospital
from tests.scenarios.faults import everything
from tests.ward import Person

COORDINATION = Team.COORDINATION
GONE = SendError("Forbidden: bot was blocked by the user", permanent=True)


def roster(ward: Hospital) -> Roster:
    found: Roster = ward.ask(lambda unit: unit.people.roster)
    return found


def member(ward: Hospital, person: Person) -> Member | None:
    return roster(ward).account(person.id)


def presence(ward: Hospital, person: Person, chat: int, status: str) -> dict[str, Any]:
    """The bot's own place in a chat changed."""
    bot = {"id": 1, "is_bot": True, "first_name": "Relais", "username": "relais_bot"}
    new: dict[str, Any] = {"user": bot, "status": status}
    if status == "kicked":
        new["until_date"] = 0
    change = {
        "chat": ward._chat(chat),
        "from": ward._user(person),
        "date": int(ward.clock().timestamp()),
        "old_chat_member": {"user": bot, "status": "left"},
        "new_chat_member": new,
    }
    return ward.update("my_chat_member", change)


def commands(ward: Hospital, chat: int) -> set[str]:
    """The menu that Telegram shows there now."""
    menus = [letter for letter in ward.transport.to(chat) if letter.kind == "menu"]
    return {each["command"] for each in menus[-1].payload["commands"]}


async def test_the_set_up_code_makes_one_coordinator_and_is_used_up(empty: Hospital) -> None:
    claire, marc = empty.person("Claire"), empty.person("Marc")

    await empty.say(claire, "/start a-setup-code")
    await empty.say(marc, "/start a-setup-code")

    found = member(empty, claire)
    assert found is not None
    assert found.team == Team.COORDINATION
    assert empty.last(claire).startswith("joining.welcome")
    assert member(empty, marc) is None
    assert empty.told(marc) == ["joining.invalid"]


async def test_an_invitation_is_a_link_with_its_picture_that_lets_one_guest_in(
    any_ward: Hospital,
) -> None:
    nurse, guest, late = any_ward.who(Team.COORDINATION), *map(any_ward.person, ("Léa", "Tom"))

    await any_ward.say(nurse, "/inviter efs")
    shown = any_ward.screen(nurse)[-1].text
    found = re.search(r"https://t\.me/relais_bot\?start=([\w-]+)", shown)
    assert found
    await any_ward.say(guest, f"/start {found[1]}")
    await any_ward.say(late, f"/start {found[1]}")

    joined = member(any_ward, guest)
    assert joined is not None
    assert (joined.team, joined.centre) == ("efs", "TLS")
    assert any_ward.told(any_ward.chat(Team.COORDINATION), "joining.told")
    assert member(any_ward, late) is None


async def test_only_the_hash_of_an_invitation_is_kept(ward: Hospital) -> None:
    token = ward.token(Team.EFS)

    stored = everything(ward)

    assert token not in stored
    assert hash_token(token) in stored


@pytest.mark.parametrize(("hours", "lets_in"), [(47.9, True), (48, False)])
async def test_an_invitation_is_worth_nothing_after_two_days(
    ward: Hospital, hours: float, lets_in: bool
) -> None:
    guest, token = ward.person("Léa"), ward.token(Team.EFS)

    await ward.advance(hours=hours)
    await ward.say(guest, f"/start {token}")

    assert (member(ward, guest) is not None) is lets_in
    assert ward.last(guest).startswith("joining.welcome" if lets_in else "joining.invalid")


async def test_an_invitation_for_ten_lets_ten_in(ward: Hospital) -> None:
    token = ward.token(Team.GREFFE, uses=10)
    guests = [ward.person(f"Guest {n}") for n in range(11)]

    for guest in guests:
        await ward.say(guest, f"/start {token}")

    assert [member(ward, guest) is not None for guest in guests] == [True] * 10 + [False]


async def test_of_two_guests_at_once_on_the_last_use_one_gets_in(any_ward: Hospital) -> None:
    token = any_ward.token(Team.EFS)
    guests = [any_ward.person("Léa"), any_ward.person("Tom")]

    await any_ward.receive(*(any_ward.message(g, text=f"/start {token}") for g in guests))

    assert sum(member(any_ward, guest) is not None for guest in guests) == 1


async def test_a_guest_who_taps_the_link_twice_uses_it_once(ward: Hospital) -> None:
    token = ward.token(Team.EFS, uses=2)
    lea, tom = ward.person("Léa"), ward.person("Tom")

    for guest in (lea, lea, tom):
        await ward.say(guest, f"/start {token}")

    assert member(ward, tom) is not None


async def test_an_invitation_typed_in_a_group_is_taken_away_and_lets_nobody_in(
    any_ward: Hospital,
) -> None:
    guest, group, token = any_ward.person("Léa"), any_ward.chat(Team.EFS), any_ward.token(Team.EFS)
    update = any_ward.message(guest, group, text=f"/start {token}")

    await any_ward.receive(update)
    await any_ward.say(guest, f"/start {token}")

    gone = [x.payload["message_id"] for x in any_ward.transport.to(group) if x.kind == "delete"]
    assert gone == [update["message"]["message_id"]]
    assert any_ward.last(group) == "joining.read"
    assert any_ward.last(guest) == "joining.invalid"
    assert member(any_ward, guest) is None


async def test_the_set_up_code_typed_in_a_group_is_taken_away_and_its_author_told(
    empty: Hospital,
) -> None:
    claire, group = empty.person("Claire"), -4000

    await empty.say(claire, "/start a-setup-code", group)

    assert [each.kind for each in empty.transport.to(group) if each.kind == "delete"]
    assert empty.last(group) == "joining.setup_read"
    assert member(empty, claire) is None
    # Nobody can make another one from here: it is still the only way in.
    await empty.say(claire, "/start a-setup-code")
    assert member(empty, claire) is not None


async def test_inviting_says_which_teams_there_are_when_the_name_is_wrong(ward: Hospital) -> None:
    nurse = ward.who(Team.COORDINATION)

    for wrong in ("/inviter", "/inviter cardiologie", "/inviter e", "/inviter efs 51"):
        with ward.heard(nurse) as heard:
            await ward.say(nurse, wrong)
        assert len(heard) == 1
        assert heard[0].startswith(("joining.which_team", "joining.uses"))


@pytest.mark.parametrize("name", ["Zoé 06 12 34 56 78", "Mme Dupont 0612345678", "a.b@chu.fr"])
async def test_an_account_whose_name_holds_an_identity_is_given_none(
    ward: Hospital, name: str
) -> None:
    guest, nurse = ward.person(name), ward.chat(COORDINATION)

    with ward.heard(nurse) as heard:
        await ward.say(guest, f"/start {ward.token(Team.GREFFE)}")

    found = member(ward, guest)
    assert found is not None
    assert found.name == UNNAMED
    assert [said for said in heard if f"name={UNNAMED}" in said]
    assert name not in everything(ward)


async def test_an_account_is_called_by_its_own_name(ward: Hospital) -> None:
    guest = ward.person("Jean Dupont")

    await ward.say(guest, f"/start {ward.token(Team.GREFFE)}")

    found = member(ward, guest)
    assert found is not None
    assert found.name == "Jean Dupont"


@pytest.mark.parametrize("said", ["bonjour", "/statut", "/statut TLS-7K4Q", "/start", "/inconnu"])
async def test_a_stranger_gets_one_sentence_and_learns_nothing(ward: Hospital, said: str) -> None:
    await ward.enrol()
    stranger = ward.person("Stranger")

    await ward.say(stranger, said)

    assert ward.told(stranger) == ["joining.stranger"]


async def test_a_stranger_who_talks_in_a_group_is_not_answered(ward: Hospital) -> None:
    stranger, group = ward.person("Stranger"), ward.chat(Team.EFS)

    with ward.heard(group) as heard:
        await ward.say(stranger, "bonjour à tous", group)

    assert heard == []


async def test_a_stranger_who_presses_in_a_group_gets_a_pop_up_and_changes_nothing(
    ward: Hospital,
) -> None:
    code = await ward.enrol()
    stranger, group = ward.person("Stranger"), ward.chat(Team.COORDINATION)
    step = ward.step(code, "rcp")

    with ward.heard(group) as heard:
        query = await ward.tap(stranger, group, 1, f"step:set:{code}:rcp:0:1")

    assert ward.popup(query) == "joining.stranger"
    assert heard == []
    assert ward.step(code, "rcp") == step


async def test_a_group_is_bound_by_the_coordinator_who_names_its_team(ward: Hospital) -> None:
    nurse, group = ward.who(Team.COORDINATION), -4000

    await ward.receive(presence(ward, nurse, group, "member"))
    await ward.say(nurse, "/rattacher pharmacie MPL", group)

    assert ward.told(group)[0] == "group.unbound"
    assert ward.told(group)[1].startswith("group.bound")
    assert roster(ward).chats("pharmacie", "MPL") == [group]


async def test_a_bot_that_is_no_administrator_of_a_group_is_told_once_until_it_is(
    ward: Hospital,
) -> None:
    efs, nurse, chat = ward.who(Team.EFS), ward.who(COORDINATION), ward.chat(Team.EFS)

    with ward.heard(ward.chat(COORDINATION)) as heard:
        for _ in range(2):
            await ward.receive(presence(ward, efs, chat, "member"))
    await ward.say(nurse, "/equipes")

    assert heard == ["group.blind centre=TLS name=efs TLS team=efs"]
    assert ward.last(nurse).count("with_group=(team.group_blind)") == 1
    assert roster(ward).chats("efs", "TLS") == [chat]

    await ward.receive(presence(ward, efs, chat, "administrator"))
    await ward.say(nurse, "/equipes")
    assert "team.group_blind" not in ward.last(nurse)


async def test_a_bot_that_comes_back_as_no_administrator_is_told_again(ward: Hospital) -> None:
    efs, chat = ward.who(Team.EFS), ward.chat(Team.EFS)

    for status in ("member", "kicked", "member"):
        await ward.receive(presence(ward, efs, chat, status))
        await ward.advance(minutes=1)

    assert len(ward.told(ward.chat(COORDINATION), "group.blind")) == 2


@pytest.mark.parametrize(("status", "blind"), [("member", True), ("administrator", False)])
async def test_binding_says_that_the_bot_has_still_to_become_an_administrator(
    ward: Hospital, status: str, blind: bool
) -> None:
    nurse, group = ward.who(COORDINATION), -4000
    await ward.receive(presence(ward, nurse, group, status))

    await ward.say(nurse, "/rattacher pharmacie MPL", group)

    assert ("blind=(group.make_admin)" in ward.last(group)) is blind
    assert roster(ward).groups[group].admin is not blind


async def test_a_group_of_another_team_is_bound_only_by_who_was_told_what_is_lost(
    any_ward: Hospital,
) -> None:
    nurse, icu = any_ward.who(COORDINATION), any_ward.chat(Team.REANIMATION)
    rex = any_ward.who(Team.REANIMATION)

    await any_ward.say(nurse, "/rattacher neurologie", icu)

    asked = "group.rebind_sure centre=TLS team=neurologie was=reanimation was_centre=TLS"
    assert any_ward.last(icu) == asked
    assert roster(any_ward).chats("reanimation", "TLS") == [icu]

    with any_ward.heard(any_ward.chat(COORDINATION)) as heard:
        await any_ward.press(nurse, "group.button.rebind", icu)
    assert roster(any_ward).chats("reanimation", "TLS") == [rex.id]
    assert icu in roster(any_ward).chats("neurologie", "TLS")
    assert any_ward.last(icu).startswith("group.bound")
    [told] = heard
    assert told.startswith("group.rebound_told")
    assert "was=reanimation" in told


async def test_a_group_stays_with_its_team_when_binding_is_given_up_or_repeated(
    ward: Hospital,
) -> None:
    nurse, icu = ward.who(COORDINATION), ward.chat(Team.REANIMATION)

    await ward.say(nurse, "/rattacher neurologie", icu)
    asked = ward.screen(icu)[-1]
    await ward.press(nurse, "draft.button.cancel", icu)
    await ward.say(nurse, "/rattacher reanimation", icu)

    assert ward.last(icu).startswith("group.bound")
    assert roster(ward).chats("reanimation", "TLS") == [icu]

    # A button that warned of another team's loss does nothing any more.
    await ward.say(nurse, "/rattacher efs", icu)
    await ward.press(nurse, "group.button.rebind", icu)
    query = await ward.tap(nurse, icu, asked.id, "group:bind:neurologie:TLS:reanimation:TLS")
    assert ward.popup(query) == "button.stale"
    assert icu in roster(ward).chats("efs", "TLS")


async def test_what_waits_for_the_team_that_loses_its_group_goes_where_it_is_reached(
    any_ward: Hospital,
) -> None:
    nurse, rex = any_ward.who(COORDINATION), any_ward.who(Team.REANIMATION)
    [code], icu = await any_ward.injected(), any_ward.chat(Team.REANIMATION)
    any_ward.transport.fail(icu, SendError("later", retry_after=timedelta(minutes=5)))
    await any_ward.alert(Team.GREFFE, code)

    await any_ward.tap(nurse, icu, 1, "group:bind:neurologie:TLS:reanimation:TLS")

    assert any_ward.told(rex, "alert.raised")
    await any_ward.press(rex, "alert.button.take")


async def test_binding_by_a_wrong_name_says_the_right_ones_and_binds_nothing(
    ward: Hospital,
) -> None:
    nurse, group = ward.who(Team.COORDINATION), -4000
    await ward.receive(presence(ward, nurse, group, "member"))

    for wrong, answer in (
        ("/rattacher", "joining.which_team"),
        ("/rattacher cuisine", "joining.which_team"),
        ("/rattacher efs XYZ", "patient.centre_unknown"),
    ):
        await ward.say(nurse, wrong, group)
        assert ward.last(group).startswith(answer)

    assert roster(ward).chats("efs", "XYZ") == []
    assert roster(ward).groups[group].team == ""


async def test_a_team_member_cannot_bind_a_group(ward: Hospital) -> None:
    efs, group = ward.who(Team.EFS), -4000

    await ward.say(efs, "/rattacher efs", group)

    assert ward.last(group) == "role.forbidden"
    assert group not in roster(ward).groups


async def test_a_private_chat_cannot_be_bound(ward: Hospital) -> None:
    nurse = ward.who(Team.COORDINATION)

    await ward.say(nurse, "/rattacher efs")

    assert ward.last(nurse) == "group.private"


async def test_commands_in_a_group_of_no_team_are_told_to_bind_it_first(ward: Hospital) -> None:
    group = -4000

    await ward.say(ward.who(Team.EFS), "/statut", group)
    await ward.say(ward.who(Team.EFS), "on mange à midi ?", group)

    assert ward.told(group) == ["group.unbound"]


async def test_who_was_removed_can_do_nothing_any_more(ward: Hospital) -> None:
    code = await ward.enrol()
    nurse, efs, group = ward.who(Team.COORDINATION), ward.who(Team.EFS), ward.chat(Team.EFS)

    await ward.say(nurse, "/retirer")
    await ward.press(nurse, "member.button.remove name=Efs")
    await ward.press(nurse, "member.button.remove_yes")
    query = await ward.tap(efs, group, 1, f"step:done:{code}:bilan_apherese")
    await ward.say(efs, f"/statut {code}")

    assert member(ward, efs) is None
    assert ward.popup(query) == "joining.stranger"
    assert ward.told(efs)[-1] == "joining.stranger"
    assert commands(ward, efs.id) == {"start", "aide"}


async def test_what_who_was_removed_was_told_is_changed_no_more(ward: Hospital) -> None:
    [code] = await ward.injected()
    nurse, rex = ward.who(Team.COORDINATION), ward.person("Rex", Team.REANIMATION)
    await ward.say(rex, "/garde")
    await ward.press(rex, "duty.button.take")
    await ward.alert(Team.GREFFE, code)
    await ward.advance(minutes=6)
    assert code in str(ward.told(rex))
    await ward.say(nurse, "/retirer")
    await ward.press(nurse, "member.button.remove name=Rex")
    await ward.press(nurse, "member.button.remove_yes")

    before = len(ward.transport.to(rex.id))
    await ward.take(Team.REANIMATION)

    assert len(ward.transport.to(rex.id)) == before


@pytest.mark.parametrize(
    ("team", "others", "warned"),
    [
        (Team.REANIMATION, 0, True),
        (Team.NEUROLOGIE, 0, True),
        (Team.REANIMATION, 1, False),
        (Team.EFS, 0, False),
    ],
)
async def test_removing_the_last_who_could_take_an_alert_is_warned_of(
    ward: Hospital, team: Team, others: int, warned: bool
) -> None:
    nurse = ward.who(COORDINATION)
    for n in range(others):
        ward.person(f"Other {n}", team)

    await ward.say(nurse, "/retirer")
    await ward.press(nurse, f"member.button.remove name={team.value.title()}")

    warning = f"warning=(member.last_taker centre=TLS slug={team} team={team})"
    assert (warning in ward.last(nurse)) is warned


async def test_somebody_removed_may_come_back_by_a_new_invitation(ward: Hospital) -> None:
    nurse, efs = ward.who(Team.COORDINATION), ward.who(Team.EFS)
    await ward.say(nurse, "/retirer")
    await ward.press(nurse, "member.button.remove name=Efs")
    await ward.press(nurse, "member.button.remove_yes")

    await ward.say(efs, f"/start {ward.token(Team.GREFFE)}")

    found = member(ward, efs)
    assert found is not None
    assert found.team == "greffe"


async def removed(ward: Hospital, name: str) -> None:
    """The coordinator takes somebody out, a minute from now."""
    nurse = ward.who(Team.COORDINATION)
    await ward.advance(minutes=1)
    await ward.say(nurse, "/retirer")
    await ward.press(nurse, f"member.button.remove name={name}")
    await ward.press(nurse, "member.button.remove_yes")


async def test_the_invitation_somebody_came_by_does_not_let_them_in_again(
    any_ward: Hospital,
) -> None:
    lea, tom, token = *map(any_ward.person, ("Léa", "Tom")), any_ward.token(Team.EFS, uses=3)
    await any_ward.say(lea, f"/start {token}")
    await removed(any_ward, "Léa")

    await any_ward.say(lea, f"/start {token}")
    await any_ward.say(tom, f"/start {token}")

    assert member(any_ward, lea) is None
    assert any_ward.last(lea) == "joining.invalid"
    # Whoever else was invited by it still is.
    assert member(any_ward, tom) is not None


async def test_what_somebody_handed_out_is_worth_nothing_once_they_are_removed(
    any_ward: Hospital,
) -> None:
    anne, guest = any_ward.person("Anne", Team.COORDINATION), any_ward.person("Léa")
    await any_ward.say(anne, "/inviter coordination 5")
    found = re.search(r"start=([\w-]+)", any_ward.screen(anne)[-1].text)
    assert found

    await removed(any_ward, "Anne")
    for somebody in (anne, guest):
        await any_ward.say(somebody, f"/start {found[1]}")

    assert member(any_ward, anne) is None
    assert member(any_ward, guest) is None


async def test_the_last_coordinator_cannot_leave(ward: Hospital) -> None:
    nurse = ward.who(Team.COORDINATION)

    await ward.say(nurse, "/retirer")
    await ward.press(nurse, "member.button.remove name=Coordination")
    popup = await ward.press(nurse, "member.button.remove_yes")
    await ward.say(nurse, f"/start {ward.token(Team.EFS)}")

    assert popup == "joining.last_coordinator"
    assert ward.last(nurse) == "joining.last_coordinator"
    found = member(ward, nurse)
    assert found is not None
    assert found.team == Team.COORDINATION


async def test_the_menu_shows_what_each_role_may_do(ward: Hospital) -> None:
    lea, anne = ward.person("Léa"), ward.person("Anne")

    await ward.say(lea, f"/start {ward.token(Team.EFS)}")
    await ward.say(anne, f"/start {ward.token(Team.COORDINATION)}")

    everyone = {"statut", "afaire", "toxicite", "alerte", "garde", "aide", "annuler"}
    assert commands(ward, 0) == {"start", "aide"}
    assert commands(ward, lea.id) == everyone
    assert commands(ward, anne.id) > everyone | {"nouveau", "reporter", "retards", "inviter"}


async def test_a_member_who_blocks_the_bot_is_told_to_the_coordination_until_they_write(
    ward: Hospital,
) -> None:
    efs = ward.who(Team.EFS)

    await ward.receive(presence(ward, efs, efs.id, "kicked"))
    lost = member(ward, efs)
    await ward.say(efs, "/aide")
    back = member(ward, efs)

    assert lost is not None
    assert not lost.reachable
    assert len(ward.told(ward.chat(Team.COORDINATION), "team.lost")) == 1
    assert back is not None
    assert back.reachable


async def test_a_letter_that_meets_a_block_is_told_to_the_coordination(empty: Hospital) -> None:
    empty.staff(Team.COORDINATION)
    efs = empty.person("Efs", Team.EFS)
    empty.transport.fail(efs.id, GONE)
    empty.excused = ("letter ",)

    await empty.enrol()

    assert len(empty.told(empty.chat(Team.COORDINATION), "team.lost")) == 1


async def test_a_group_that_put_the_bot_out_is_told_and_its_members_hear_in_private(
    ward: Hospital,
) -> None:
    efs, group = ward.who(Team.EFS), ward.chat(Team.EFS)

    await ward.receive(presence(ward, efs, group, "kicked"))
    with ward.heard(efs) as heard:
        await ward.enrol()

    assert len(ward.told(ward.chat(Team.COORDINATION), "team.lost")) == 1
    assert any(told.startswith("patient.created_team") for told in heard)


async def test_a_group_that_becomes_a_supergroup_goes_on_and_nobody_notices(
    ward: Hospital,
) -> None:
    efs, group, new = ward.who(Team.EFS), ward.chat(Team.EFS), -1000000004000
    before = len(ward.transport.sent)

    await ward.receive(ward.message(efs, group, migrate_to_chat_id=new))
    quiet = len(ward.transport.sent)
    await ward.enrol()

    assert quiet == before
    assert ward.told(new, "patient.created_team")
    assert ward.told(group) == []


@pytest.mark.parametrize("bound", [False, True])
async def test_a_supergroup_that_came_before_its_group_moved_holds_up_nothing(
    any_ward: Hospital, bound: bool
) -> None:
    ward, new = any_ward, -1000000004000
    nurse, group = ward.who(COORDINATION), ward.chat(Team.EFS)
    await ward.receive(presence(ward, nurse, new, "administrator"))
    if bound:
        await ward.say(nurse, "/rattacher efs", new)
    ward.transport.fail(group, SendError("migrated", moved_to=new))

    await ward.enrol()
    await ward.flush()

    assert roster(ward).chats("efs", "TLS") == [new]
    assert [said for said in ward.told(new) if said.startswith("patient.created_team")]


async def test_a_letter_that_meets_a_migration_follows_it(ward: Hospital) -> None:
    group, new = ward.chat(Team.EFS), -1000000004000
    ward.transport.fail(group, SendError("migrated", moved_to=new))

    await ward.enrol()
    await ward.flush()

    assert len(ward.told(new, "patient.created_team")) == 1
    assert roster(ward).chats("efs", "TLS") == [new]


async def test_teams_lists_who_is_where_and_who_is_missing(ward: Hospital) -> None:
    nurse = ward.who(Team.COORDINATION)

    await ward.say(nurse, "/equipes")

    listed = ward.last(nurse)
    assert listed.count("team.line centre=TLS") == 6
    assert listed.count("team.line_empty centre=MPL") == 5


async def test_a_group_that_receives_nothing_is_named_until_it_is_mended(ward: Hospital) -> None:
    nurse, efs, chat = ward.who(COORDINATION), ward.who(Team.EFS), ward.chat(Team.EFS)
    code = await ward.enrol()
    await ward.do(COORDINATION, code, "rcp")
    await ward.receive(presence(ward, efs, chat, "kicked"))

    await ward.say(nurse, "/equipes")
    assert ward.last(nurse).count("with_group=(team.group_lost)") == 1
    with ward.heard(ward.chat(COORDINATION)) as heard:
        await ward.at("2026-03-05T08:00")
    digests = [said for said in heard if said.startswith("digest.morning")]
    assert len(digests) == 3
    assert all("digest.lost_line centre=TLS team=efs" in said for said in digests)
    assert not [said for said in digests if "audit.all_explained" in said]

    await ward.say(efs, "/aide", chat)
    await ward.say(nurse, "/equipes")
    assert "team.group_lost" not in ward.last(nurse)
    with ward.heard(ward.chat(COORDINATION)) as heard:
        await ward.at("2026-03-06T08:00")
    [said] = [said for said in heard if said.startswith("digest.morning")]
    assert "digest.lost" not in said


def test_a_lost_group_that_another_one_replaces_is_mended() -> None:
    lost = Group(-1, "—", "efs", "TLS", reachable=False)
    other = Group(-2, "—", "efs", "TLS")

    assert Roster({}, {-1: lost, -3: Group(-3, "—", reachable=False)}).lost_groups() == [lost]
    assert Roster({}, {-1: lost, -2: other}).lost_groups() == []
