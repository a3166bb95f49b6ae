"""Telling a team, and what many messages have in common."""

from bot.domain.message import Card, Notice, Priority, Text, text
from bot.domain.pathway import Pathway
from bot.domain.roles import Team
from bot.models import Patient
from bot.store import Unit


def pathway_of(patient: Patient) -> Pathway:
    """The pathway that the patient started with, whatever became of the file since."""
    return Pathway.from_json(patient.definition)


def days(unit: Unit, patient: Patient) -> int:
    """Today's J±n of the patient."""
    return unit.network.calendar.offset(patient.day0_on, unit.now)


def head(unit: Unit, patient: Patient) -> Text:
    """Which patient, which day: at the top of every message about a patient."""
    return text("patient.head", code=patient.code, j=days(unit, patient))


def name_of(unit: Unit, member_id: int | None) -> Text | str:
    """Who, by first name and team."""
    member = unit.member(member_id)
    if member is None:
        return text("member.nobody")
    return text("member.name", name=member.name, team=member.team)


def tell(
    unit: Unit,
    team: str,
    centre: str,
    card: Card,
    key: str,
    *,
    priority: Priority = Priority.REMINDER,
    cause: str = "",
    privately: bool = False,
) -> None:
    """Say it to a team, or to the coordination that nobody of the team can be reached."""
    chats = (unit.private_chats if privately else unit.team_chats)(team, centre)
    tell_chats(unit, chats, card, key, priority, cause)
    if not chats:
        _nobody(unit, team, centre, card, key, priority, cause)


def _nobody(
    unit: Unit, team: str, centre: str, card: Card, key: str, priority: Priority, cause: str
) -> None:
    unit.record("nobody_reached", team=team, centre=centre, key=key)
    if team == Team.COORDINATION:
        return
    said = Card(text("team.nobody", team=team, centre=centre, said=card.text), card.keyboard)
    chats = unit.team_chats(Team.COORDINATION, centre)
    urgent = min(priority, Priority.ANSWER)
    tell_chats(unit, chats, said, f"{key}:nobody:{team}", urgent, cause)


def tell_chats(
    unit: Unit, chats: list[int], card: Card, key: str, priority: Priority, cause: str = ""
) -> None:
    """Say it to each chat of a list, once even if it is there twice."""
    for chat in dict.fromkeys(chats):
        unit.notify(
            Notice(
                chat,
                card.text,
                f"{key}:{chat}",
                priority=priority,
                keyboard=card.keyboard,
                cause=cause,
            )
        )
