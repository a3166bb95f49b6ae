"""Joining, invitations, groups, leaving; what each sees in Telegram's menu."""

from datetime import timedelta

from bot.cards import people as cards
from bot.care import drafts, joining, rooms
from bot.domain.commands import COORDINATOR, EVERYONE, STRANGER
from bot.domain.message import Refused, text
from bot.domain.people import Member
from bot.domain.roles import Team
from bot.handlers.visit import Visit
from bot.store import Unit


def start(visit: Visit) -> None:
    """`/start` with an invitation (its hash, since the door), or alone."""
    token_hash = visit.args[0] if visit.args else ""
    # A link in a group has been read by all of it.
    if visit.in_group:
        _in_group(visit, token_hash)
        return
    if not token_hash and visit.member is None:
        raise Refused(text("joining.stranger"))
    if token_hash and not _may_try(visit):
        return
    joined = _join(visit, token_hash) if token_hash else visit.me
    menu(visit.unit, joined.telegram_id, joined)
    visit.say(cards.welcome(joined))


def _may_try(visit: Visit) -> bool:
    """Whether this account may try a code now; it is told once that it has to wait."""
    guesses, account = visit.guesses, visit.account.telegram_id
    wait = guesses.wait(account) if guesses else None
    if guesses is None or wait is None:
        return True
    told = guesses.turns_away(account)
    _tell_guesses(visit)
    if told:
        return False
    # Said to the minute, and not too early.
    raise Refused(text("joining.wait", at=visit.unit.now + wait + timedelta(seconds=59)))


def _join(visit: Visit, token_hash: str) -> Member:
    try:
        joined = joining.join(visit.unit, visit.account, token_hash)
    except Refused as no:
        if no.text.key == "joining.invalid":
            _guessed(visit)
        raise
    if visit.guesses:
        visit.guesses.right(visit.account.telegram_id)
    return joined


def _guessed(visit: Visit) -> None:
    if visit.guesses:
        visit.guesses.wrong(visit.account.telegram_id)
        _tell_guesses(visit)


def _tell_guesses(visit: Visit) -> None:
    burst = visit.guesses.burst() if visit.guesses else None
    if burst is not None:
        joining.tell_guesses(visit.unit, burst.tries, burst.accounts)


def _in_group(visit: Visit, token_hash: str) -> None:
    """An invitation typed where all could read it is taken away, and lets nobody in any more."""
    if not token_hash:
        raise Refused(text("joining.in_private"))
    setup = joining.is_setup(visit.unit, token_hash)
    known = setup or joining.void(visit.unit, token_hash)
    # Here too the answer would tell a code from what is none.
    if not _may_try(visit):
        return
    if not known:
        _guessed(visit)
    visit.unit.outbox.delete(visit.chat_id, visit.message_id)
    visit.say(text("joining.setup_read" if setup else "joining.read"))


def read_by_all(visit: Visit) -> None:
    """Whoever pasted it where all could read it: an invitation lets nobody in any more."""
    voided = [joining.void(visit.unit, token_hash) for token_hash in visit.tokens]
    if any(voided):
        visit.say(text("joining.link_read"))


def menu(unit: Unit, chat_id: int, member: Member | None) -> None:
    """The commands that Telegram shows in a chat, by role."""
    names: tuple[str, ...] = EVERYONE if member else STRANGER
    if member and member.coordinates:
        names = (*EVERYONE, *COORDINATOR)
    _write_menu(unit, chat_id, names, f"menu:{chat_id}:{unit.now.isoformat()}")


def _write_menu(unit: Unit, chat_id: int, names: tuple[str, ...], key: str) -> None:
    listed = [(name, unit.words.plain(text(f"menu.{name}"))) for name in names]
    unit.outbox.menu(chat_id, key, listed)


def public_menu(unit: Unit) -> None:
    """What an account that has not joined sees."""
    menu(unit, 0, None)


def invite(visit: Visit) -> None:
    """`/inviter équipe [centre] [n]`: a link to pass on, and its picture to show."""
    team, centre, uses = None, visit.me.centre, 1
    for word in visit.args:
        # `isdecimal` alone is true of « ٣ »; six figures and more are no number of people.
        if word.isascii() and word.isdecimal() and len(word) < 6:
            uses = int(word)
        elif word.upper() in visit.unit.network.centres:
            centre = word.upper()
        else:
            team = team_named(word)
    if team is None:
        raise Refused(text("joining.which_team"))
    nonce = joining.invite(visit.unit, visit.me, team, centre, uses)
    # Not protected: it is meant to be passed on, and names no patient.
    visit.say(cards.invitation(team, centre, uses), protect=False, invitation=nonce)
    visit.picture(cards.invitation_code(team, centre), invitation=nonce)


def team_named(typed: str) -> Team:
    """A team by its slug or the start of it, accents or not."""
    wanted = typed.lower().translate(str.maketrans("éèêà", "eeea"))
    # Three letters tell the six teams apart, and fewer are typed by mistake.
    found = [team for team in Team if len(wanted) >= 3 and team.value.startswith(wanted)]
    if len(found) != 1:
        raise Refused(text("joining.which_team"))
    return found[0]


def bind(visit: Visit) -> None:
    """`/rattacher équipe [centre]`, typed in the group."""
    if not visit.in_group:
        raise Refused(text("group.private"))
    if not visit.args:
        raise Refused(text("joining.which_team"))
    centre = visit.me.centre
    if len(visit.args) > 1:
        centre = visit.args[1].upper()
        if centre not in visit.unit.network.centres:
            known = ", ".join(visit.unit.network.centres)
            raise Refused(text("patient.centre_unknown", known=known))
    team = team_named(visit.args[0])
    group = visit.unit.people.roster.groups.get(visit.chat_id)
    if group and group.team and not group.is_of(team, centre):
        visit.say(cards.ask_rebind(group, team, centre))
        return
    _bind(visit, team, centre)


def rebind(visit: Visit) -> None:
    """The button that was warned of what the team of this group loses."""
    team, centre, was = visit.arg(0), visit.arg(1), (visit.arg(2), visit.arg(3))
    group = visit.unit.people.roster.groups.get(visit.chat_id)
    known = team in tuple(Team) and centre in visit.unit.network.centres
    # Of another team by now, it would cost what nobody was warned of.
    if group is None or not group.is_of(*was) or not known:
        raise Refused(text("button.stale"))
    _bind(visit, Team(team), centre)


def _bind(visit: Visit, team: Team, centre: str) -> None:
    group = joining.bind(visit.unit, visit.me, visit.chat_id, visit.title, team, centre)
    _write_menu(visit.unit, visit.chat_id, EVERYONE, f"menu:{visit.chat_id}:{visit.update_id}")
    visit.show(cards.bound(group))


def teams(visit: Visit) -> None:
    visit.say(cards.teams(visit.unit.people.roster, visit.unit.network))


def remove(visit: Visit) -> None:
    visit.say(cards.removable(visit.unit.people.roster, 0))


def remove_page(visit: Visit) -> None:
    visit.show(cards.removable(visit.unit.people.roster, visit.number()))


def ask_remove(visit: Visit) -> None:
    visit.show(joining.ask_remove(visit.unit, visit.number()))


def gone(visit: Visit) -> None:
    member = joining.remove(visit.unit, visit.me, visit.number())
    # Telegram goes on showing the old commands until it is told.
    menu(visit.unit, member.telegram_id, None)
    visit.show(text("member.removed", name=member.name, team=member.team))


def deleted(visit: Visit) -> None:
    """*Effacé*: what Telegram would not delete has been deleted by hand."""
    visit.show(rooms.deleted(visit.unit, visit.me, visit.number()))


def leave(visit: Visit) -> None:
    """`/annuler`, or the button of a dialogue."""
    there_was = drafts.leave(visit.unit, visit.me, visit.chat_id)
    visit.show(text("draft.left" if there_was or visit.query_id else "draft.none"))


def help_(visit: Visit) -> None:
    """What this member can do here."""
    more = text("help.coordinator") if visit.me.coordinates else text("nothing")
    visit.say(text("help.all", name=visit.me.name, team=visit.me.team, more=more))
