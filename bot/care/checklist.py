"""A step's checklist: its buttons, whether it is complete, how its values read."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.domain.calendar import Calendar
from bot.domain.message import Button, Keyboard, Refused, Text, text
from bot.domain.pathway import Item, ItemKind, StepDef

TIMES_AGO = tuple(timedelta(minutes=ago) for ago in (0, 5, 15, 30, 60))
PER_ROW = 4


def complete(step: StepDef, values: Mapping[str, Any]) -> bool:
    return all(item.optional or item.id in values for item in step.items)


def describe(step: StepDef, values: Mapping[str, Any]) -> list[Text]:
    """One line an item: what is ticked with its value, what is still open."""
    return [_line(item, values) for item in step.items]


def _line(item: Item, values: Mapping[str, Any]) -> Text:
    if item.id not in values:
        return text("item.open", label=item.label)
    value = shown(item, values[item.id])
    if item.kind is ItemKind.CHECK:
        return text("item.ticked", label=item.label)
    return text("item.valued", label=item.label, value=value)


def shown(item: Item, value: Any) -> Text | str:
    """A stored value as people read it."""
    if item.kind is ItemKind.TIME:
        return text("item.time", at=datetime.fromisoformat(value))
    if item.kind is ItemKind.DAY:
        return text("item.day", on=date.fromisoformat(value))
    if item.kind is ItemKind.TEXT and not value:
        return text("item.unspecified")
    return str(value)


def read(item: Item, coded: str) -> Any:
    """A value out of a button's data; what `keyboard` never wrote there is refused."""
    try:
        return _read(item, coded)
    except (ValueError, OverflowError, OSError):
        raise Refused(text("button.stale")) from None


def _read(item: Item, coded: str) -> Any:
    match item.kind:
        case ItemKind.CHECK:
            return True
        case ItemKind.NUMBER:
            return item.values[item.values.index(int(coded))]
        case ItemKind.TIME:
            return datetime.fromtimestamp(int(coded) * 60, tz=UTC).isoformat()
        case ItemKind.DAY:
            return date.fromisoformat(coded).isoformat()
        case ItemKind.CHOICE:
            return item.choices[item.choices.index(coded)]
    return ""


def keyboard(
    step: StepDef, step_id: int, values: Mapping[str, Any], now: datetime, calendar: Calendar
) -> Keyboard:
    """Each open item as a button (or one per value) that starts with ☐; ticked ones with ☑."""
    rows: list[tuple[Button, ...]] = []
    for number, item in enumerate(step.items):
        where = f"{step_id}:{number}"
        if item.id in values:
            rows.append((_ticked(item, values[item.id], where),))
        else:
            rows.extend(_open(item, where, now, calendar))
    return tuple(rows)


def _ticked(item: Item, value: Any, where: str) -> Button:
    if item.kind is ItemKind.CHECK:
        return Button(text("item.button.ticked", label=item.label), f"step:clear:{where}")
    label = text("item.button.valued", label=item.label, value=shown(item, value))
    return Button(label, f"step:clear:{where}")


def _open(item: Item, where: str, now: datetime, calendar: Calendar) -> list[tuple[Button, ...]]:
    if item.kind in (ItemKind.CHECK, ItemKind.TEXT):
        return [(Button(text("item.button.open", label=item.label), f"step:set:{where}:1"),)]
    buttons = [
        Button(_value_label(item, coded, first=place == 0), f"step:set:{where}:{coded}")
        for place, coded in enumerate(codes_of(item, now, calendar))
    ]
    # The first one bears the item's name and has its row to itself.
    rest = buttons[1:]
    grouped = [tuple(rest[at : at + PER_ROW]) for at in range(0, len(rest), PER_ROW)]
    return [(buttons[0],), *grouped]


def _value_label(item: Item, coded: str, *, first: bool) -> Text:
    value = shown(item, read(item, coded))
    if first:
        return text("item.button.first", label=item.label, value=value)
    return text("item.button.value", value=value)


def codes_of(item: Item, now: datetime, calendar: Calendar) -> list[str]:
    """The values that are offered, as they travel in a button."""
    if item.kind is ItemKind.NUMBER:
        return [str(number) for number in item.values]
    if item.kind is ItemKind.DAY:
        today = calendar.day(now)
        return [(today + timedelta(days=n)).isoformat() for n in item.values]
    if item.kind is ItemKind.TIME:
        return [str(int((now - ago).timestamp()) // 60) for ago in TIMES_AGO]
    return list(item.choices)
