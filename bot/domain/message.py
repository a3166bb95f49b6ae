"""What is said, before it is French: a key of the catalogue, its values, its buttons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum


@dataclass(frozen=True, slots=True)
class Text:
    """One entry of the catalogue with the values it shows."""

    key: str
    values: Mapping[str, "Value"] = field(default_factory=dict)


Value = str | int | float | date | datetime | Text | tuple[Text, ...] | None


def text(key: str, /, **values: Value) -> Text:
    """Name an entry of the catalogue; `n` chooses its plural form."""
    return Text(key, values)


@dataclass(frozen=True, slots=True)
class Button:
    """One inline button; `data` is at most 64 bytes (Bot API, InlineKeyboardButton)."""

    label: Text
    data: str = ""
    url: str = ""


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """What one message shows: a text and its buttons."""

    text: Text
    keyboard: Keyboard = ()


class Priority(IntEnum):
    """Who leaves first; the smaller overtakes."""

    ALERT = 0
    # Somebody waits for it with the phone in hand.
    ANSWER = 1
    REMINDER = 2
    BULK = 3


class Kind(StrEnum):
    """What is asked of the messenger."""

    SEND = "send"
    EDIT = "edit"
    POPUP = "popup"
    PHOTO = "photo"
    DELETE = "delete"
    MENU = "menu"
    LOOK = "look"
    """Whether somebody is in a group: 1 in the place of a message's number if they are."""


class Refused(Exception):
    """The rule says no; `text` tells the person what to do instead, `keyboard` helps to do it."""

    def __init__(self, said: Text, keyboard: Keyboard = ()) -> None:
        super().__init__(said.key)
        self.text = said
        self.keyboard = keyboard
