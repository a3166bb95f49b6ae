"""How people and teams look: who is where, who is on call, invitations."""

from collections.abc import Sequence
from datetime import datetime

from bot.cards.common import SHOWN, more, rows
from bot.domain.message import Button, Card, Text, text
from bot.domain.network import Network
from bot.domain.people import Group, Member, Roster
from bot.domain.roles import Team

NAMED = 12
"""How many names a line shows."""
LINK = "[invitation]"
"""Stands in a letter for the link, which is put in only as it leaves."""


def welcome(member: Member) -> Card:
    """What a member reads first."""
    return Card(text("joining.welcome", name=member.name, team=member.team, centre=member.centre))


def invitation(team: Team, centre: str, uses: int) -> Text:
    return text("joining.invitation", team=team.value, centre=centre, link=LINK, n=uses)


def invitation_code(team: Team, centre: str) -> Text:
    return text("joining.invitation_code", team=team.value, centre=centre, link=LINK)


def teams(roster: Roster, network: Network) -> Card:
    """Every team of every centre, where it is reached, who is in it."""
    lines = [
        _team_line(roster, team, centre)
        for centre in network.centres
        for team in Team
        # One for the whole network, so listed once.
        if team is not Team.COORDINATION or centre == network.first_centre
    ]
    return Card(text("team.list", lines=tuple(lines)))


def _team_line(roster: Roster, team: Team, centre: str) -> Text:
    people = roster.members_in(team, centre)
    groups = [
        group
        for group in roster.groups.values()
        if group.team == team and (group.centre == centre or team is Team.COORDINATION)
    ]
    return text(
        "team.line" if groups or roster.chats(team, centre) else "team.line_empty",
        team=team.value,
        centre=centre,
        groups=", ".join(group.title for group in groups),
        with_group=_reached(groups),
        names=_names(people),
        n=len(people),
    )


def _reached(groups: Sequence[Group]) -> Text:
    """A group that receives nothing is said, whoever is written to instead."""
    if not groups:
        return text("team.without_group")
    reached = [group for group in groups if group.reachable]
    if not reached:
        return text("team.group_lost")
    # Heard there, and yet deaf to what people type.
    blind = not all(group.admin for group in reached)
    return text("team.group_blind" if blind else "team.with_group")


def _names(people: Sequence[Member]) -> str:
    named = ", ".join(member.name for member in people[:NAMED])
    return f"{named} …" if len(people) > NAMED else named


def removable(roster: Roster, offset: int) -> Card:
    """Who can be removed: one button each, a page at a time."""
    people = sorted(roster.present, key=lambda m: (m.team, m.name, m.id))
    shown = people[offset : offset + SHOWN]
    keys = rows(
        *(
            Button(
                text("member.button.remove", name=member.name, team=member.team),
                f"member:remove:{member.id}",
            )
            for member in shown
        )
    )
    return Card(
        text("member.remove_whom"), (*keys, *more("member:page", offset + len(shown), len(people)))
    )


def bound(group: Group) -> Card:
    """Whose group this is from now on, and what is still missing there."""
    blind = text("nothing") if group.admin else text("group.make_admin")
    return Card(text("group.bound", team=group.team, centre=group.centre, blind=blind))


def ask_rebind(group: Group, team: Team, centre: str) -> Card:
    """A group is one team's: before it is another's, say who loses it."""
    yes = Button(
        text("group.button.rebind", team=team.value),
        f"group:bind:{team.value}:{centre}:{group.team}:{group.centre}",
    )
    no = Button(text("draft.button.cancel"), "draft:leave")
    said = text(
        "group.rebind_sure",
        was=group.team,
        was_centre=group.centre,
        team=team.value,
        centre=centre,
    )
    return Card(said, rows(yes, no))


def ask_remove(gone: Member, *, last_taker: bool) -> Card:
    # Asked again: removed by a slip, somebody on call would hear nothing more.
    yes = Button(text("member.button.remove_yes"), f"member:gone:{gone.id}")
    no = Button(text("draft.button.cancel"), "draft:leave")
    warning = text("nothing")
    if last_taker:
        warning = text("member.last_taker", team=gone.team, centre=gone.centre, slug=gone.team)
    said = text("member.remove_sure", name=gone.name, team=gone.team, warning=warning)
    return Card(said, ((yes, no),))


def take_out(gone: Member, group: Group) -> Text:
    """Telegram lets no bot do it without its admins knowing: a person takes them out."""
    return text(
        "member.take_out", name=gone.name, group=group.title, team=group.team, centre=group.centre
    )


def still_there(found: Sequence[tuple[Member, Group]]) -> Text:
    """Who was removed and still reads in a group."""
    lines = tuple(
        text("member.still_line", name=m.name, group=g.title, team=g.team, centre=g.centre)
        for m, g in found[:SHOWN]
    )
    return text("member.still_there", n=len(found), lines=lines)


def delete_by_hand(group: Group, at: datetime, number: int) -> Card:
    """What Telegram would not delete, somebody has to."""
    said = text("group.delete", name=group.title, team=group.team, centre=group.centre, at=at)
    return Card(said, rows(Button(text("group.button.deleted"), f"group:deleted:{number}")))


def duty_board(roster: Roster, member: Member, now: datetime, until: datetime) -> Card:
    """Who is on call in each team that this member works with, and their own button."""
    lines = tuple(_duty_line(roster, team, member.centre, now) for team in Team)
    # For oneself alone: nobody puts somebody else on call without their knowing.
    if member.on_call_until is not None and member.on_call_until > now:
        key = Button(text("duty.button.leave"), "duty:leave")
    else:
        key = Button(text("duty.button.take", until=until), "duty:take")
    return Card(text("duty.board", lines=lines, centre=member.centre), rows(key))


def _duty_line(roster: Roster, team: Team, centre: str, now: datetime) -> Text:
    there = roster.on_call(team, centre, now)
    if not there:
        return text("duty.nobody", team=team.value)
    until = max(member.on_call_until or now for member in there)
    return text("duty.line", team=team.value, names=_names(there), until=until)
