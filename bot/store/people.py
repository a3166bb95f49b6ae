"""Members, groups, invitations, drafts."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlmodel import col

from bot.domain.roles import Team
from bot.models import Draft, Group, Invitation, Member
from bot.store.work import Work


class People(Work):
    """Who is there, and where they can be reached."""

    def member_of(self, telegram_id: int) -> Member | None:
        """The member behind an account, unless they left."""
        return self.first(
            select(Member).where(
                col(Member.telegram_id) == telegram_id, col(Member.left_at).is_(None)
            )
        )

    def account(self, telegram_id: int) -> Member | None:
        """The member behind an account, even one who left."""
        return self.first(select(Member).where(col(Member.telegram_id) == telegram_id))

    def member(self, member_id: int | None) -> Member | None:
        return None if member_id is None else self.get(Member, member_id)

    def members(self) -> Sequence[Member]:
        return self.all(
            select(Member)
            .where(col(Member.left_at).is_(None))
            .order_by(col(Member.team), col(Member.name), col(Member.id))
        )

    def members_in(self, team: str, centre: str) -> Sequence[Member]:
        """The team's members; the coordination is one for the whole network."""
        query = (
            select(Member)
            .where(col(Member.team) == team, col(Member.left_at).is_(None))
            .order_by(col(Member.id))
        )
        if team != Team.COORDINATION:
            query = query.where(col(Member.centre) == centre)
        return self.all(query)

    def group(self, chat_id: int) -> Group | None:
        return self.first(select(Group).where(col(Group.chat_id) == chat_id))

    def groups(self) -> Sequence[Group]:
        return self.all(
            select(Group).where(col(Group.team) != "").order_by(col(Group.team), col(Group.id))
        )

    def team_chats(self, team: str, centre: str) -> list[int]:
        """Where a team is reached: its groups, or each member in private when it has none."""
        query = select(Group).where(col(Group.team) == team, col(Group.reachable))
        groups = self.all(query.order_by(col(Group.id)))
        near = [group.chat_id for group in groups if group.centre == centre]
        if not near and team == Team.COORDINATION:
            near = [group.chat_id for group in groups]
        return near or self.private_chats(team, centre)

    def private_chats(self, team: str, centre: str) -> list[int]:
        return [member.telegram_id for member in self.members_in(team, centre) if member.reachable]

    def on_call(self, team: str, centre: str) -> Sequence[Member]:
        """Those who said that they are on call, while it lasts."""
        return [
            member
            for member in self.members_in(team, centre)
            if member.on_call_until is not None and member.on_call_until > self.now
        ]

    def invitation(self, token_hash: str) -> Invitation | None:
        return self.get(Invitation, token_hash)

    def use_invitation(self, invitation: Invitation) -> bool:
        """Use it once more; false if others used it up meanwhile."""
        done = self.session.execute(
            update(Invitation)
            .where(
                col(Invitation.token_hash) == invitation.token_hash,
                col(Invitation.uses_left) > 0,
            )
            .values(uses_left=col(Invitation.uses_left) - 1)
            .execution_options(synchronize_session=False)
        )
        return bool(done.rowcount == 1)  # type: ignore[attr-defined]

    def draft(self, member: Member, chat_id: int) -> Draft | None:
        return self.first(
            select(Draft).where(col(Draft.member_id) == member.id, col(Draft.chat_id) == chat_id)
        )
