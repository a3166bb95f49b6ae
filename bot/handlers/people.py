"""Joining, invitations, groups, leaving; what each sees in Telegram's menu."""

from base64 import b64encode
from io import BytesIO

import segno

from bot.care import drafts, joining
from bot.domain.message import Card, Refused, Text, text
from bot.domain.roles import Team
from bot.handlers.visit import Visit
from bot.models import Member
from bot.store import Unit

EVERYONE = ("statut", "afaire", "toxicite", "alerte", "garde", "aide", "annuler")
COORDINATOR = (
    "nouveau",
    "reporter",
    "retards",
    "historique",
    "inviter",
    "rattacher",
    "equipes",
    "retirer",
)
STRANGER = ("start", "aide")


def start(visit: Visit) -> None:
    """`/start` with an invitation, or alone."""
    token = visit.args[0] if visit.args else ""
    if visit.in_group:
        raise Refused(text("joining.in_private"))
    if not token and visit.member is None:
        raise Refused(text("joining.stranger"))
    member = joining.join(visit.unit, visit.account, token) if token else visit.me
    menu(visit.unit, member.telegram_id, member)
    visit.say(joining.welcome(member))


def menu(unit: Unit, chat_id: int, member: Member | None) -> None:
    """The commands that Telegram shows in a chat, by role."""
    names: tuple[str, ...] = EVERYONE if member else STRANGER
    if member and member.team == Team.COORDINATION:
        names = (*EVERYONE, *COORDINATOR)
    listed: list[tuple[str, Text]] = [(name, text(f"menu.{name}")) for name in names]
    unit.menu(chat_id, listed, f"menu:{chat_id}:{unit.now.isoformat()}")


def public_menu(unit: Unit) -> None:
    """What an account that has not joined sees."""
    menu(unit, 0, None)


def invite(visit: Visit) -> None:
    """`/inviter équipe [centre] [n]`: a link to pass on, and its picture to show."""
    team, centre, uses = None, visit.me.centre, 1
    for word in visit.args:
        if word.isdecimal():
            uses = int(word)
        elif word.upper() in visit.unit.network.centres:
            centre = word.upper()
        else:
            team = team_named(word)
    if team is None:
        raise Refused(text("joining.which_team"))
    token = joining.invite(visit.unit, visit.me, team, centre, uses)
    link = f"https://t.me/{visit.unit.network.bot_name}?start={token}"
    said = text("joining.invitation", team=team.value, centre=centre, link=link, n=uses)
    visit.say(said, protect=False)
    caption = text("joining.invitation_code", team=team.value, centre=centre, link=link)
    visit.picture(qr_code(link), caption)


def qr_code(link: str) -> str:
    """The link as a PNG, in base64."""
    picture = BytesIO()
    segno.make(link, error="m").save(picture, kind="png", scale=8)
    return b64encode(picture.getvalue()).decode()


def team_named(typed: str) -> Team:
    """A team by its slug or the start of it, accents or not."""
    wanted = typed.lower().translate(str.maketrans("éèêà", "eeea"))
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
    joining.bind(visit.unit, visit.me, visit.chat_id, visit.title, team, centre)
    listed = [(name, text(f"menu.{name}")) for name in EVERYONE]
    visit.unit.menu(visit.chat_id, listed, f"menu:{visit.chat_id}:{visit.update_id}")
    visit.say(text("group.bound", team=team.value, centre=centre))


def teams(visit: Visit) -> None:
    visit.say(joining.teams(visit.unit))


def remove(visit: Visit) -> None:
    visit.say(joining.removable(visit.unit))


def ask_remove(visit: Visit) -> None:
    visit.show(joining.ask_remove(visit.unit, visit.number()))


def gone(visit: Visit) -> None:
    member = joining.remove(visit.unit, visit.me, visit.number())
    menu(visit.unit, member.telegram_id, None)
    visit.show(text("member.removed", name=member.name, team=member.team))


def leave(visit: Visit) -> None:
    """`/annuler`, or the button of a dialogue."""
    there_was = drafts.leave(visit.unit, visit.me, visit.chat_id)
    visit.show(Card(text("draft.left" if there_was or visit.query_id else "draft.none")))


def help_(visit: Visit) -> None:
    """What this member can do here."""
    if visit.member is None:
        raise Refused(text("joining.stranger"))
    coordinator = visit.member.team == Team.COORDINATION
    more = text("help.coordinator") if coordinator else text("nothing")
    said = text("help.all", name=visit.member.name, team=visit.member.team, more=more)
    visit.say(said)
