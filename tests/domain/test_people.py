"""Who is there, and where a team is reached."""

from bot.domain.people import Group
from bot.domain.roles import Team
from tests.domain.builders import NURSE, a_member, a_roster, at

NOW = at("2026-04-27T10:00")
EFS, COORDINATION = Team.EFS.value, Team.COORDINATION.value


def a_group(chat: int, team: str, centre: str = "TLS", *, reachable: bool = True) -> Group:
    return Group(chat, "a group", team, centre, NOW, reachable)


def test_an_account_is_a_member_until_they_leave() -> None:
    here, gone = a_member(Team.EFS, 1), a_member(Team.EFS, 2, left=True)
    roster = a_roster([here, gone])

    assert roster.account(101) is here
    assert roster.account(102) is None
    assert roster.account(999) is None
    assert list(roster.present) == [here]


def test_a_team_is_of_one_centre_and_the_coordination_of_all() -> None:
    here, far = a_member(Team.EFS, 1), a_member(Team.EFS, 2, centre="MPL")
    roster = a_roster([here, far, NURSE])

    assert roster.members_in(EFS, "TLS") == [here]
    assert roster.members_in(EFS, "MPL") == [far]
    assert roster.members_in(COORDINATION, "MPL") == [NURSE]
    assert (NURSE.coordinates, here.coordinates) == (True, False)


def test_a_team_is_reached_in_its_groups_else_each_in_private() -> None:
    members = [a_member(Team.EFS, 1), a_member(Team.EFS, 2, reachable=False)]
    group, lost = a_group(-1, EFS), a_group(-2, EFS, reachable=False)

    assert a_roster(members, [group, lost]).chats(EFS, "TLS") == [-1]
    assert a_roster(members, [lost, a_group(-3, EFS, "MPL")]).chats(EFS, "TLS") == [101]
    assert a_roster(members).private_chats(EFS, "TLS") == [101]


def test_the_coordination_is_reached_in_any_of_its_groups() -> None:
    near, far = a_group(-1, COORDINATION), a_group(-2, COORDINATION, "MPL")

    assert a_roster([NURSE], [near, far]).chats(COORDINATION, "TLS") == [-1]
    assert a_roster([NURSE], [far]).chats(COORDINATION, "TLS") == [-2]
    assert a_roster([NURSE]).chats(COORDINATION, "TLS") == [NURSE.telegram_id]


def test_those_on_call_are_so_until_their_hour() -> None:
    on = a_member(Team.REANIMATION, 1, on_call_until=at("2026-04-27T20:00"))
    over = a_member(Team.REANIMATION, 2, on_call_until=NOW)
    never = a_member(Team.REANIMATION, 3)
    roster = a_roster([on, over, never])

    assert roster.on_call("reanimation", "TLS", NOW) == [on]
    assert roster.on_call_chats("reanimation", "TLS", NOW) == [101]
