"""Members and groups, invitations and dialogues under way."""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlmodel import SQLModel

from bot import models
from bot.domain.people import Group, Member, Roster
from bot.store.statements import upsert

PEOPLE = "people"

members = SQLModel.metadata.tables[str(models.Member.__tablename__)]
groups = SQLModel.metadata.tables[str(models.Group.__tablename__)]
invitations = SQLModel.metadata.tables[str(models.Invitation.__tablename__)]
drafts = SQLModel.metadata.tables[str(models.Draft.__tablename__)]
stamps = SQLModel.metadata.tables[str(models.Stamp.__tablename__)]

VERSION = select(stamps.c.value).where(stamps.c.name == PEOPLE)
DRAFT = select(drafts).where(
    drafts.c.member_id == bindparam("member"), drafts.c.chat_id == bindparam("chat")
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A way in, for so many people, until then."""

    token_hash: str
    team: str
    centre: str
    uses_left: int
    expires_at: datetime
    created_by: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A dialogue under way of one member in one chat."""

    member_id: int
    chat_id: int
    kind: str
    data: dict[str, Any]
    updated_at: datetime
    asked_by: str = ""


@dataclass(slots=True)
class Kept:
    """The roster as this process last read it, and the number that it had then."""

    version: int = -1
    roster: Roster = field(default_factory=lambda: Roster({}, {}))


class People:
    """Who is there. The roster is read again only when its number has changed."""

    def __init__(self, connection: Connection, kept: Kept) -> None:
        self._connection = connection
        self._kept = kept
        self._read: Kept | None = None
        self._members: dict[int, Member] = {}
        self._groups: dict[int, Group] = {}
        self._moved: dict[int, int] = {}

    @property
    def roster(self) -> Roster:
        if self._read is None:
            # One small row instead of every member, at each tap; another process grows it too.
            version = self._connection.execute(VERSION).scalar() or 0
            if version != self._kept.version:
                self._kept = Kept(version, self._load())
            self._read = self._kept
        return self._read.roster

    def _load(self) -> Roster:
        rows = self._connection.execute(select(members).order_by(members.c.id)).mappings()
        bound = self._connection.execute(select(groups).order_by(groups.c.chat_id.desc()))
        return Roster(
            {row["id"]: Member(**row) for row in rows},
            {row["chat_id"]: Group(**row) for row in bound.mappings()},
        )

    # What changes

    def join(self, member: Member) -> Member:
        """A new account, which gets its number here; or a known one, changed."""
        if member.id:
            self.put(member)
            return member
        values = asdict(member)
        del values["id"]
        number = self._connection.execute(insert(members).values(values).returning(members.c.id))
        joined = Member(number.scalar_one(), **values)
        self.put(joined)
        return joined

    def put(self, member: Member) -> None:
        self._members[member.id] = member
        self._change(Roster({**self.roster.members, member.id: member}, self.roster.groups))

    def put_group(self, group: Group) -> None:
        self._groups[group.chat_id] = group
        self._change(Roster(self.roster.members, {**self.roster.groups, group.chat_id: group}))

    def move_group(self, old: int, new: int) -> bool:
        """A group became a supergroup: the same group by another number; false if none did."""
        group = self.roster.groups.get(old)
        if group is None:
            return False
        self._connection.execute(delete(groups).where(groups.c.chat_id == old))
        # Put by this same unit, it would be written again by its old number.
        self._groups.pop(old, None)
        left = {chat: each for chat, each in self.roster.groups.items() if chat != old}
        self._change(Roster(self.roster.members, left))
        known = self.roster.groups.get(new)
        # Its new number may have come before it moved, and been bound already.
        if known is None or not known.team:
            self.put_group(replace(group, chat_id=new, reachable=True))
        return True

    def _change(self, roster: Roster) -> None:
        # Not the copy that others keep: it changes only once this is committed.
        self._read = Kept(self._read.version if self._read else 0, roster)

    def write(self) -> None:
        if not (self._members or self._groups):
            return
        if self._members:
            upsert(self._connection, members, [asdict(each) for each in self._members.values()])
        if self._groups:
            upsert(self._connection, groups, [asdict(each) for each in self._groups.values()])
        # In the same transaction: who reads the old number reads the old roster.
        grown = update(stamps).where(stamps.c.name == PEOPLE).values(value=stamps.c.value + 1)
        if not self._connection.execute(grown).rowcount:
            self._connection.execute(insert(stamps).values(name=PEOPLE, value=1))
        self._members, self._groups = {}, {}
        assert self._read is not None
        # Our number is known only after the commit: the next unit reads it again.
        self._read = Kept(-1, self._read.roster)

    @property
    def kept(self) -> Kept:
        """What this process may keep now that the unit is committed."""
        return self._kept if self._read is None else self._read

    # Invitations

    def invitation(self, token_hash: str) -> Invitation | None:
        found = select(invitations).where(invitations.c.token_hash == token_hash)
        # Two who press the last use of a link at once: the second must see that it is gone.
        row = self._connection.execute(found.with_for_update()).mappings().first()
        return Invitation(**row) if row else None

    def put_invitation(self, invitation: Invitation) -> None:
        upsert(self._connection, invitations, [asdict(invitation)])

    def void_invitations(self, member_id: int) -> None:
        """What this member handed out lets nobody in any more."""
        theirs = update(invitations).where(invitations.c.created_by == member_id)
        self._connection.execute(theirs.values(uses_left=0))

    # Dialogues

    def draft(self, member_id: int, chat_id: int) -> Draft | None:
        values = {"member": member_id, "chat": chat_id}
        row = self._connection.execute(DRAFT, values).mappings().first()
        return Draft(**row) if row else None

    def put_draft(self, draft: Draft) -> None:
        upsert(self._connection, drafts, [asdict(draft)])

    def end_draft(self, draft: Draft) -> None:
        gone = delete(drafts).where(
            drafts.c.member_id == draft.member_id, drafts.c.chat_id == draft.chat_id
        )
        self._connection.execute(gone)

    def purge_drafts(self, before: datetime) -> None:
        self._connection.execute(delete(drafts).where(drafts.c.updated_at < before))
