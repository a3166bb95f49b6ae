"""Who is there, and where a team is reached."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.roles import Team


@dataclass(frozen=True, slots=True)
class Member:
    """A Telegram account that joined one team, or that left."""

    id: int
    telegram_id: int
    name: str
    team: str
    centre: str
    joined_at: datetime
    left_at: datetime | None = None
    # It ends by itself: a duty that somebody forgot to leave would wake the wrong person.
    on_call_until: datetime | None = None
    reachable: bool = True

    @property
    def coordinates(self) -> bool:
        return self.team == Team.COORDINATION


@dataclass(frozen=True, slots=True)
class Group:
    """A Telegram group; bound to a team once a coordinator said so."""

    chat_id: int
    title: str
    team: str = ""
    centre: str = ""
    bound_at: datetime | None = None
    reachable: bool = True
    # Until Telegram says otherwise: a warning about what is in order would never go away.
    admin: bool = True

    def is_of(self, team: str, centre: str) -> bool:
        return (self.team, self.centre) == (team, centre)


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody and every group, as they stand; the coordination is one for the whole network."""

    members: Mapping[int, Member]
    groups: Mapping[int, Group]

    @property
    def present(self) -> Iterator[Member]:
        return (each for each in self.members.values() if each.left_at is None)

    def account(self, telegram_id: int) -> Member | None:
        """The member behind an account, unless they left."""
        return next((each for each in self.present if each.telegram_id == telegram_id), None)

    def members_in(self, team: str, centre: str) -> list[Member]:
        return [
            each
            for each in self.present
            if each.team == team and (each.coordinates or each.centre == centre)
        ]

    def chats(self, team: str, centre: str) -> list[int]:
        """Where a team is reached: its groups, or each member in private when it has none."""
        groups = [each for each in self.groups.values() if each.team == team and each.reachable]
        near = [each.chat_id for each in groups if each.centre == centre]
        # It serves the whole network: without a group in this centre, any of its groups hears.
        if not near and team == Team.COORDINATION:
            near = [each.chat_id for each in groups]
        return near or self.private_chats(team, centre)

    def every_chat(self, team: str, centre: str) -> set[int]:
        """Where a team reads: its groups and its members, whether they can be reached or not."""
        groups = [each for each in self.groups.values() if each.team == team]
        return {each.chat_id for each in groups if each.centre == centre} | {
            each.telegram_id for each in self.members_in(team, centre)
        }

    def groups_of(self, team: str, centre: str) -> list[Group]:
        """The groups of a team of a centre; those of the coordination are of all centres."""
        return [
            each
            for each in self.groups.values()
            if each.team == team and (each.centre == centre or team == Team.COORDINATION)
        ]

    def lost_groups(self) -> list[Group]:
        """Those that receive nothing, unless the team has another one there by now."""
        bound = [each for each in self.groups.values() if each.team]
        reached = {(each.team, each.centre) for each in bound if each.reachable}
        return [each for each in bound if (each.team, each.centre) not in reached]

    def last_of(self, member: Member) -> bool:
        """Whether nobody else of their team can be reached."""
        others = self.members_in(member.team, member.centre)
        return not any(each.reachable for each in others if each.id != member.id)

    def private_chats(self, team: str, centre: str) -> list[int]:
        return _reached(self.members_in(team, centre))

    def on_call(self, team: str, centre: str, now: datetime) -> list[Member]:
        """Those who said that they are on call, while it lasts."""
        return [
            each
            for each in self.members_in(team, centre)
            if each.on_call_until is not None and each.on_call_until > now
        ]

    def on_call_chats(self, team: str, centre: str, now: datetime) -> list[int]:
        return _reached(self.on_call(team, centre, now))


def _reached(members: Iterable[Member]) -> list[int]:
    return [each.telegram_id for each in members if each.reachable]
