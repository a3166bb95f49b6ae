"""Who is in the network: joining, groups, leaving, on call, who cannot be reached."""

import hashlib
import secrets
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from io import BytesIO

from bot.cards import people as cards
from bot.care.telling import tell_coordination
from bot.domain import alert, privacy
from bot.domain.message import Card, Kind, Priority, Refused, text
from bot.domain.people import Group, Member
from bot.domain.roles import Team
from bot.store import Unit
from bot.store.letters import Letter
from bot.store.people import Invitation

INVITATION_LIFE = timedelta(hours=48)
MOST_USES = 50
DUTY_ENDS_AT = time(8)
SHORTEST_DUTY = timedelta(hours=1)
"""Taken just before the morning's end, a duty is the next day's."""
NONCES = 2**53
UNNAMED = "—"


@dataclass(frozen=True)
class Account:
    """A Telegram account that writes to us."""

    telegram_id: int
    name: str


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


# Joining


def join(unit: Unit, account: Account, token_hash: str) -> Member:
    """Let an account in by an invitation, or the first coordinator by the set-up code."""
    current = unit.people.roster.account(account.telegram_id)
    invitation = _setup(unit, token_hash) or unit.people.invitation(token_hash)
    if invitation is None or invitation.expires_at <= unit.now:
        raise Refused(text("joining.invalid"))
    if current and (current.team, current.centre) == (invitation.team, invitation.centre):
        return current
    # Without a coordinator nobody could invite one, and nothing that climbs would be heard.
    if current and _last_coordinator(unit, current):
        raise Refused(text("joining.last_coordinator"))
    if invitation.uses_left < 1 or _left_since(unit, account, invitation):
        raise Refused(text("joining.invalid"))
    unit.people.put_invitation(replace(invitation, uses_left=invitation.uses_left - 1))
    if current and current.centre != invitation.centre:
        # The patients of the other centre are no longer theirs.
        unit.outbox.silence(account.telegram_id)
    entering = _entering(unit, account, invitation)
    _announce(unit, entering)
    if current:
        _ask_to_take_out(unit, current)
    member = unit.people.join(entering)
    unit.events.record(
        "member_joined",
        member=member.id,
        team=member.team,
        centre=member.centre,
        account=member.telegram_id,
    )
    return member


def _announce(unit: Unit, entering: Member) -> None:
    """Tell the coordination, before whoever enters may be one of them."""
    if unit.people.roster.chats(Team.COORDINATION, entering.centre):
        said = text("joining.told", name=entering.name, team=entering.team, centre=entering.centre)
        key = f"joined:{entering.telegram_id}:{unit.now.isoformat()}"
        tell_coordination(unit, Card(said), key, entering.centre)


def is_setup(unit: Unit, token_hash: str) -> bool:
    code = unit.network.setup_code
    # Compared in constant time: how long a refusal takes tells nothing of the code.
    return bool(code) and secrets.compare_digest(token_hash, hash_token(code))


def void(unit: Unit, token_hash: str) -> bool:
    """An invitation that too many have read lets nobody in any more; false if it was none."""
    invitation = unit.people.invitation(token_hash)
    if invitation is None or invitation.uses_left < 1 or invitation.expires_at <= unit.now:
        return False
    unit.people.put_invitation(replace(invitation, uses_left=0))
    team, centre = invitation.team, invitation.centre
    said = text("joining.voided", team=team, centre=centre, slug=team)
    tell_coordination(unit, Card(said), f"voided:{token_hash}", centre)
    return True


def tell_guesses(unit: Unit, tries: int, accounts: int) -> None:
    """Somebody looks for a way in; who, nobody knows, and nothing of it enters the events."""
    # Before anybody of the coordination is there, nobody could do anything about it.
    if not unit.people.roster.chats(Team.COORDINATION, unit.network.first_centre):
        return
    said = text("joining.guesses", tries=tries, n=accounts)
    key = f"guesses:{unit.now.isoformat()}"
    tell_coordination(unit, Card(said), key)


def _setup(unit: Unit, token_hash: str) -> Invitation | None:
    """The set-up code is an invitation of one use, written down when it is first shown."""
    if not is_setup(unit, token_hash):
        return None
    known = unit.people.invitation(token_hash)
    return known or Invitation(
        token_hash=token_hash,
        team=Team.COORDINATION.value,
        centre=unit.network.first_centre,
        uses_left=1,
        expires_at=unit.now + INVITATION_LIFE,
    )


def _left_since(unit: Unit, account: Account, invitation: Invitation) -> bool:
    """Whether this account was taken out after the invitation was made: it may lie at hand."""
    known = _known(unit, account)
    made_at = invitation.expires_at - INVITATION_LIFE
    return known is not None and known.left_at is not None and made_at < known.left_at


def _known(unit: Unit, account: Account) -> Member | None:
    """Who this account is or was."""
    everybody = unit.people.roster.members.values()
    return next((m for m in everybody if m.telegram_id == account.telegram_id), None)


def _entering(unit: Unit, account: Account, invitation: Invitation) -> Member:
    known = _known(unit, account)
    return Member(
        id=known.id if known else 0,
        telegram_id=account.telegram_id,
        # Telegram's names may be long, and a list of them has to fit a phone.
        name=account.name[:64],
        team=invitation.team,
        centre=invitation.centre,
        joined_at=unit.now,
    )


def invite(unit: Unit, member: Member, team: Team, centre: str, uses: int) -> int:
    """Make an invitation; gives the number from which its token is made, never kept."""
    if not 1 <= uses <= MOST_USES:
        raise Refused(text("joining.uses", least=1, most=MOST_USES))
    # The number is kept in the letter, the token nowhere: who reads the database joins nothing.
    nonce = unit.draw(NONCES)
    unit.people.put_invitation(
        Invitation(
            token_hash=hash_token(unit.token(nonce)),
            team=team.value,
            centre=centre,
            uses_left=uses,
            expires_at=unit.now + INVITATION_LIFE,
            created_by=member.id,
        )
    )
    unit.events.record(
        "invitation_made", member=member.id, team=team.value, centre=centre, uses=uses
    )
    return nonce


# Groups


def bind(unit: Unit, member: Member, chat_id: int, title: str, team: Team, centre: str) -> Group:
    """Make a Telegram group the place where a team of a centre is reached."""
    # Telegram numbers people above zero and groups below.
    if chat_id > 0:
        raise Refused(text("group.private"))
    before = unit.people.roster.groups.get(chat_id) or Group(chat_id, "")
    group = Group(
        chat_id, _title(title), team.value, centre, bound_at=unit.now, admin=before.admin
    )
    unit.people.put_group(group)
    unit.events.record(
        "group_bound", member=member.id, team=team.value, centre=centre, chat=chat_id
    )
    if before.team and not before.is_of(team, centre):
        _taken_from(unit, member, before, group)
    return group


def _taken_from(unit: Unit, member: Member, before: Group, group: Group) -> None:
    """A team lost its group to another: what waits there goes where it is reached now."""
    _reroute(unit, group.chat_id, before.team, before.centre)
    if group.team != Team.COORDINATION:
        # Its old messages name patients whom those who read there now may not know.
        unit.outbox.freeze(group.chat_id)
    said = text(
        "group.rebound_told",
        name=member.name,
        group=group.title,
        was=before.team,
        was_centre=before.centre,
        team=group.team,
        centre=group.centre,
    )
    key = f"rebound:{group.chat_id}:{unit.now.isoformat()}"
    tell_coordination(unit, Card(said), key, before.centre)


def _reroute(unit: Unit, chat_id: int, team: str, centre: str) -> None:
    """What waited for a team in a chat had a reader: it must have one still."""
    roster = unit.people.roster
    instead = roster.chats(team, centre) or roster.chats(Team.COORDINATION, centre)
    if chat_id not in instead:
        unit.outbox.reroute(chat_id, instead)


def _title(title: str) -> str:
    """The name of a group, unless it may name a patient."""
    return UNNAMED if privacy.screen(title) else title[:128]


def meet_group(
    unit: Unit, chat_id: int, title: str, *, present: bool, admin: bool, greets: bool = True
) -> None:
    """The bot was added to a group, put out of it, or its rights there changed."""
    group = unit.people.roster.groups.get(chat_id)
    if present:
        met = replace(group or Group(chat_id, _title(title)), reachable=True, admin=admin)
        unit.people.put_group(met)
        if group and group.team and not admin and (group.admin or not group.reachable):
            _tell_blind(unit, met)
        if greets and not (group and group.team):
            body = unit.words.render(text("group.unbound"))
            key = f"group:hello:{chat_id}:{unit.now.isoformat()}"
            unit.outbox.send(chat_id, key, body, [], priority=Priority.ANSWER)
    elif group and group.team and group.reachable:
        lose_chat(unit, chat_id, "kicked")


def _tell_blind(unit: Unit, group: Group) -> None:
    """What people type there meets silence: somebody has to know, and can mend it."""
    said = Card(text("group.blind", name=group.title, team=group.team, centre=group.centre))
    key = f"blind:{group.chat_id}:{unit.now.isoformat()}"
    tell_coordination(unit, said, key, group.centre)


def lose_chat(unit: Unit, chat_id: int, reason: str) -> None:
    """A chat can no longer be reached: note it, tell the coordination, say it to others."""
    roster = unit.people.roster
    group, person = roster.groups.get(chat_id), roster.account(chat_id)
    if group and group.team and group.reachable:
        unit.people.put_group(replace(group, reachable=False))
        name, team, centre = group.title, group.team, group.centre
    elif person and person.reachable:
        unit.people.put(replace(person, reachable=False))
        name, team, centre = person.name, person.team, person.centre
    else:
        return
    unit.events.record("chat_lost", chat=chat_id, reason=reason[:200], team=team)
    said = Card(text("team.lost", name=name, team=team, centre=centre))
    tell_coordination(unit, said, f"lost:{chat_id}:{unit.now.isoformat()}", centre)
    _reroute(unit, chat_id, team, centre)


def see(unit: Unit, member: Member | None, chat_id: int) -> None:
    """Somebody wrote to us there: they can be reached again."""
    group = unit.people.roster.groups.get(chat_id)
    if group is not None and not group.reachable:
        unit.people.put_group(replace(group, reachable=True))
    if member is not None and chat_id == member.telegram_id and not member.reachable:
        unit.people.put(replace(member, reachable=True))


# Leaving


def ask_remove(unit: Unit, member_id: int) -> Card:
    """Ask again, and say what it would cost."""
    gone = present(unit, member_id)
    takes = gone.team in alert.takers(unit.network.pathway.alerts)
    return cards.ask_remove(gone, last_taker=takes and unit.people.roster.last_of(gone))


def remove(unit: Unit, member: Member, member_id: int) -> Member:
    """Take somebody out: from now on they learn nothing more."""
    gone = present(unit, member_id)
    if _last_coordinator(unit, gone):
        raise Refused(text("joining.last_coordinator"))
    unit.people.put(replace(gone, left_at=unit.now))
    # A link of their own would let them back in, or whom they please.
    unit.people.void_invitations(gone.id)
    # What waits was written when they might still read it.
    unit.outbox.silence(gone.telegram_id)
    key, said = f"out:{gone.id}:{unit.now.isoformat()}", unit.words.render(text("joining.out"))
    unit.outbox.send(gone.telegram_id, key, said, [], priority=Priority.ANSWER)
    _ask_to_take_out(unit, gone)
    unit.events.record("member_removed", member=member.id, removed=gone.id)
    return gone


def _ask_to_take_out(unit: Unit, gone: Member) -> None:
    """Out of a team here, they still read what its groups are sent."""
    for group in unit.people.roster.groups_of(gone.team, gone.centre):
        key = f"take_out:{group.chat_id}:{gone.id}:{unit.now.isoformat()}"
        tell_coordination(unit, Card(cards.take_out(gone, group)), key, gone.centre)


def present(unit: Unit, member_id: int) -> Member:
    gone = unit.people.roster.members.get(member_id)
    if gone is None or gone.left_at is not None:
        raise Refused(text("member.gone_already"))
    return gone


def _last_coordinator(unit: Unit, member: Member) -> bool:
    if not member.coordinates:
        return False
    return len(unit.people.roster.members_in(Team.COORDINATION, member.centre)) <= 1


# On call: said by each for themselves, until the next morning (PATHWAY, *Alert ladder*)


def take_duty(unit: Unit, member: Member) -> Card:
    until = duty_end(unit)
    unit.people.put(replace(member, on_call_until=until))
    unit.events.record("duty_taken", member=member.id, until=until.isoformat())
    return duty_board(unit, member)


def leave_duty(unit: Unit, member: Member) -> Card:
    unit.people.put(replace(member, on_call_until=None))
    unit.events.record("duty_left", member=member.id)
    return duty_board(unit, member)


def duty_board(unit: Unit, member: Member) -> Card:
    roster = unit.people.roster
    return cards.duty_board(roster, roster.members[member.id], unit.now, duty_end(unit))


def duty_end(unit: Unit) -> datetime:
    """Until the next morning that is not just coming."""
    return unit.network.calendar.next(DUTY_ENDS_AT, unit.now + SHORTEST_DUTY)


# Secrets


def fill(letter: Letter, *, bot_name: str, token: Callable[[int], str]) -> Letter:
    """An invitation's link is put into its letter as it leaves, and is kept nowhere."""
    nonce = letter.payload.get("invitation")
    if nonce is None:
        return letter
    link = f"https://t.me/{bot_name}?start={token(nonce)}"
    payload = dict(letter.payload)
    if letter.kind is Kind.PHOTO:
        payload["png"] = _qr_code(link)
    return replace(letter, body=letter.body.replace(cards.LINK, link), payload=payload)


def _qr_code(link: str) -> str:
    """The link as a PNG, in base64."""
    import segno

    picture = BytesIO()
    segno.make(link, error="m").save(picture, kind="png", scale=8)
    return b64encode(picture.getvalue()).decode()
