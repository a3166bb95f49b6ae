"""A step's checklist: what its buttons offer, what comes back, whether it is complete."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bot.domain.calendar import DAY, MINUTE, Calendar
from bot.domain.message import Refused, text
from bot.domain.pathway import Item, ItemKind, StepDef

AGO = (0, 5, 15, 30, 60)
"""The hours that are offered for what was just done, in minutes before now."""
AGES = 15
"""How many minutes a button with an hour on it is believed: it was offered as near to now."""
NIGHT = timedelta(hours=12)
"""How long ago an hour of yesterday may be that is typed without saying so."""
HOUR = re.compile(rf"([0-9]{{1,9}})-({'|'.join(map(str, AGO))})")
"""The minute since 1970, and how long before it was offered."""


def complete(step: StepDef, values: Mapping[str, Any]) -> bool:
    return all(item.optional or item.id in values for item in step.items)


def offered(item: Item, now: datetime, calendar: Calendar) -> tuple[str, ...]:
    """The values that are offered, as they travel in a button."""
    match item.kind:
        case ItemKind.NUMBER:
            return tuple(str(number) for number in item.values)
        case ItemKind.DAY:
            today = calendar.day(now)
            return tuple((today + n * DAY).isoformat() for n in item.values)
        case ItemKind.TIME:
            # The instant itself travels: pressed four minutes later, the button is still true.
            return tuple(f"{_minute(now) - ago}-{ago}" for ago in AGO)
        case ItemKind.CHOICE:
            return item.choices
    return ("1",)


def read(item: Item, coded: str, now: datetime, calendar: Calendar) -> Any:
    """The value behind a button; refused if it was not offered, or too long ago."""
    match item.kind:
        case ItemKind.CHECK if coded == "1":
            return True
        case ItemKind.TEXT if coded == "1":
            return ""
        case ItemKind.TIME if (at := _just_offered(coded, now)) is not None:
            return at.isoformat()
        case ItemKind.NUMBER if coded in offered(item, now, calendar):
            return int(coded)
        case ItemKind.DAY | ItemKind.CHOICE if coded in offered(item, now, calendar):
            return coded
    raise Refused(text("button.stale"))


def _just_offered(coded: str, now: datetime) -> datetime | None:
    """The hour on a button of the last minutes; none if it is older, or was never ours."""
    found = HOUR.fullmatch(coded)
    if found is None:
        return None
    minute, ago = int(found[1]), int(found[2])
    if not 0 <= _minute(now) - (minute + ago) <= AGES:
        return None
    return datetime.fromtimestamp(minute * 60, tz=UTC)


def _minute(instant: datetime) -> int:
    return int(instant.timestamp()) // 60


def read_hour(at: time, now: datetime, calendar: Calendar, item: Item, *, eve: bool) -> str:
    """A typed hour: today's, or that of the night before; never one that is still to come."""
    today, before = (calendar.instant(calendar.day(now) - n * DAY, at) for n in (0, 1))
    if eve:
        return before.isoformat()
    # A clock on a wall may be a minute ahead: that is now.
    if today <= now + MINUTE:
        return today.isoformat()
    # A day's anchor hangs on it: yesterday is believed of a night, and else has to be said.
    if now - before > NIGHT:
        raise Refused(text("item.hour_ahead", label=item.label))
    return before.isoformat()


def day_of(step: StepDef, values: Mapping[str, Any], now: datetime, calendar: Calendar) -> date:
    """The day it really took place: that of its first noted hour, else today."""
    for item in step.items:
        if item.kind is ItemKind.TIME and item.id in values:
            return calendar.day(datetime.fromisoformat(values[item.id]))
    return calendar.day(now)
