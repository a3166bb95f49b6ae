"""Who is in the network: joining, groups, leaving, who cannot be reached."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from bot.care.telling import tell
from bot.domain.message import Button, Card, Keyboard, Notice, Priority, Refused, Text, text
from bot.domain.roles import Team
from bot.models import Group, Invitation, Member
from bot.store import Unit

INVITATION_LIFE = timedelta(hours=48)


@dataclass(frozen=True)
class Account:
    """A Telegram account that writes to us."""

    telegram_id: int
    name: str


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def join(unit: Unit, account: Account, token: str) -> Member:
    """Let an account in by an invitation, or the first coordinator by the set-up code."""
    current = unit.member_of(account.telegram_id)
    invitation = _setup(unit, token) or unit.invitation(hash_token(token))
    if invitation is None or invitation.expires_at <= unit.now:
        raise Refused(text("joining.invalid"))
    if current and (current.team, current.centre) == (invitation.team, invitation.centre):
        return current
    if current and _last_coordinator(unit, current):
        raise Refused(text("joining.last_coordinator"))
    if not unit.use_invitation(invitation):
        raise Refused(text("joining.invalid"))
    member = _enter(unit, account, invitation)
    unit.record("member_joined", member=member.id, team=member.team, centre=member.centre)
    _say_joined(unit, member)
    return member


def _setup(unit: Unit, token: str) -> Invitation | None:
    """The set-up code is an invitation of one use, written down when it is first shown."""
    code = unit.network.setup_code
    if not code or not secrets.compare_digest(hash_token(token), hash_token(code)):
        return None
    known = unit.invitation(hash_token(code))
    return known or unit.add(
        Invitation(
            token_hash=hash_token(code),
            team=Team.COORDINATION.value,
            centre=unit.network.first_centre,
            uses_left=1,
            expires_at=unit.now + INVITATION_LIFE,
        )
    )


def _enter(unit: Unit, account: Account, invitation: Invitation) -> Member:
    member = unit.account(account.telegram_id) or Member(
        telegram_id=account.telegram_id, name=account.name, team="", centre="", joined_at=unit.now
    )
    member.name = account.name
    member.team, member.centre = invitation.team, invitation.centre
    member.joined_at, member.left_at, member.reachable = unit.now, None, True
    return unit.add(member)


def _say_joined(unit: Unit, member: Member) -> None:
    said = text("joining.told", name=member.name, team=member.team, centre=member.centre)
    for chat in unit.team_chats(Team.COORDINATION, member.centre):
        if chat != member.telegram_id:
            unit.notify(Notice(chat, said, f"joined:{member.id}:{unit.now.isoformat()}:{chat}"))


def welcome(member: Member) -> Card:
    """What a member reads first."""
    return Card(text("joining.welcome", name=member.name, team=member.team, centre=member.centre))


def invite(unit: Unit, member: Member, team: Team, centre: str, uses: int) -> str:
    """Make an invitation; gives its token, of which only the hash is kept."""
    if not 1 <= uses <= 50:
        raise Refused(text("joining.uses", least=1, most=50))
    token = secrets.token_urlsafe(16)
    unit.add(
        Invitation(
            token_hash=hash_token(token),
            team=team.value,
            centre=centre,
            uses_left=uses,
            expires_at=unit.now + INVITATION_LIFE,
            created_by=member.id,
        )
    )
    unit.record("invitation_made", member=member.id, team=team.value, centre=centre, uses=uses)
    return token


def bind(unit: Unit, member: Member, chat_id: int, title: str, team: Team, centre: str) -> Group:
    """Make a Telegram group the place where a team of a centre is reached."""
    if chat_id > 0:
        raise Refused(text("group.private"))
    group = unit.group(chat_id) or Group(chat_id=chat_id, title=title)
    group.title, group.team, group.centre = title, team.value, centre
    group.bound_at, group.reachable = unit.now, True
    unit.record("group_bound", member=member.id, team=team.value, centre=centre, chat=chat_id)
    return unit.add(group)


def meet_group(unit: Unit, chat_id: int, title: str, *, present: bool) -> None:
    """The bot was added to a group, or put out of it."""
    group = unit.group(chat_id)
    if present:
        group = group or Group(chat_id=chat_id, title=title)
        group.reachable = True
        unit.add(group)
        if not group.team:
            unit.notify(
                Notice(chat_id, text("group.unbound"), f"group:hello:{chat_id}:{unit.now}")
            )
    elif group and group.team and group.reachable:
        lost_chat(unit, chat_id, "kicked")


def lost_chat(unit: Unit, chat_id: int, reason: str) -> None:
    """A chat can no longer be reached: note it, and tell the coordination. Never silent."""
    group = unit.group(chat_id)
    person = unit.member_of(chat_id)
    lost: Group | Member | None = group if group and group.team else person
    if lost is None or not lost.reachable:
        return
    lost.reachable = False
    unit.add(lost)
    unit.record("chat_lost", chat=chat_id, reason=reason, team=lost.team)
    name = lost.title if isinstance(lost, Group) else lost.name
    said = text("team.lost", name=name, team=lost.team, centre=lost.centre)
    card = Card(said)
    key = f"lost:{chat_id}:{unit.now.isoformat()}"
    tell(unit, Team.COORDINATION, lost.centre, card, key, priority=Priority.ANSWER)
    instead = unit.team_chats(lost.team, lost.centre)
    unit.reroute(chat_id, instead or unit.team_chats(Team.COORDINATION, lost.centre))


def found_chat(unit: Unit, chat_id: int) -> None:
    """A person lets the bot in again."""
    member = unit.member_of(chat_id)
    if member is not None:
        seen(unit, member, chat_id)


def seen(unit: Unit, member: Member, chat_id: int) -> None:
    """Somebody wrote to us: they can be reached again."""
    group = unit.group(chat_id)
    for back in (group, member if chat_id == member.telegram_id else None):
        if back is not None and not back.reachable:
            back.reachable = True
            unit.add(back)


def teams(unit: Unit) -> Card:
    """Every team of every centre, where it is reached, who is in it."""
    lines: list[Text] = []
    for centre in unit.network.centres:
        for team in Team:
            if team is Team.COORDINATION and centre != unit.network.first_centre:
                continue
            lines.append(_team_line(unit, team, centre))
    return Card(text("team.list", lines=tuple(lines)))


def _team_line(unit: Unit, team: Team, centre: str) -> Text:
    people = unit.members_in(team, centre)
    groups = [
        group
        for group in unit.groups()
        if group.team == team and (group.centre == centre or team is Team.COORDINATION)
    ]
    names = ", ".join(member.name for member in people)
    reached = bool(unit.team_chats(team, centre))
    return text(
        "team.line" if reached else "team.line_empty",
        team=team.value,
        centre=centre,
        groups=", ".join(group.title for group in groups),
        with_group=text("team.with_group") if groups else text("team.without_group"),
        names=names,
        n=len(people),
    )


def removable(unit: Unit) -> Card:
    """Who can be removed: one button each."""
    rows: Keyboard = tuple(
        (
            Button(
                text("member.button.remove", name=member.name, team=member.team),
                f"member:remove:{member.id}",
            ),
        )
        for member in unit.members()[:90]
    )
    return Card(text("member.remove_whom"), rows)


def ask_remove(unit: Unit, member_id: int) -> Card:
    gone = _present(unit, member_id)
    return Card(
        text("member.remove_sure", name=gone.name, team=gone.team),
        (
            (
                Button(text("member.button.remove_yes"), f"member:gone:{gone.id}"),
                Button(text("draft.button.cancel"), "draft:leave"),
            ),
        ),
    )


def remove(unit: Unit, member: Member, member_id: int) -> Member:
    """Take somebody out: from now on they learn nothing more."""
    gone = _present(unit, member_id)
    if _last_coordinator(unit, gone):
        raise Refused(text("joining.last_coordinator"))
    gone.left_at = unit.now
    unit.add(gone)
    unit.silence(gone.telegram_id)
    unit.record("member_removed", member=member.id, removed=gone.id)
    return gone


def _present(unit: Unit, member_id: int) -> Member:
    gone = unit.member(member_id)
    if gone is None or gone.left_at is not None:
        raise Refused(text("member.gone_already"))
    return gone


def _last_coordinator(unit: Unit, member: Member) -> bool:
    if member.team != Team.COORDINATION:
        return False
    return len(unit.members_in(Team.COORDINATION, member.centre)) <= 1
