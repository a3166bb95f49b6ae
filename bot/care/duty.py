"""Who is on call: said by each for themselves, until the next morning.

An alert reaches those of the ICU in private as well as their group (PATHWAY, *Alert ladder*).
"""

from datetime import datetime, time, timedelta

from bot.domain.message import Button, Card, Keyboard, Text, text
from bot.domain.roles import Team
from bot.models import Member
from bot.store import Unit

ENDS_AT = time(8)
SHORTEST = timedelta(hours=1)
"""Taken just before the morning's end, a duty is the next day's."""


def board(unit: Unit, member: Member) -> Card:
    """Who is on call in each team that this member works with, and their own button."""
    lines = tuple(_line(unit, team, member.centre) for team in Team)
    until = member.on_call_until
    if until is not None and until > unit.now:
        rows: Keyboard = ((Button(text("duty.button.leave"), "duty:leave"),),)
    else:
        until = _end(unit)
        rows = ((Button(text("duty.button.take", until=until), "duty:take"),),)
    return Card(text("duty.board", lines=lines, centre=member.centre), rows)


def _line(unit: Unit, team: Team, centre: str) -> Text:
    there = unit.on_call(team, centre)
    if not there:
        return text("duty.nobody", team=team.value)
    names = ", ".join(member.name for member in there)
    until = max(member.on_call_until or unit.now for member in there)
    return text("duty.line", team=team.value, names=names, until=until)


def take(unit: Unit, member: Member) -> Card:
    """On call from now until the next morning."""
    member.on_call_until = _end(unit)
    unit.add(member)
    unit.record("duty_taken", member=member.id, until=member.on_call_until.isoformat())
    return board(unit, member)


def leave(unit: Unit, member: Member) -> Card:
    """No longer on call."""
    member.on_call_until = None
    unit.add(member)
    unit.record("duty_left", member=member.id)
    return board(unit, member)


def _end(unit: Unit) -> datetime:
    calendar = unit.network.calendar
    today = calendar.day(unit.now + SHORTEST)
    morning = calendar.instant(today, ENDS_AT)
    if morning > unit.now + SHORTEST:
        return morning
    return calendar.instant(today + timedelta(days=1), ENDS_AT)
