"""What Telegram holds: chats, their messages as they stand, taps that wait for their answer.

The HTTP server (`bench.api`) and the in-process messenger (`bench.inside`) both ask here. It is
strict where a mistake of the bot would make a figure look better than it is.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

BOT = {"id": 100200300, "is_bot": True, "first_name": "Relais", "username": "relais_bench_bot"}
TAG = re.compile(r"<[^>]+>")
LONGEST_TEXT, LONGEST_DATA = 4096, 64
TEXTS = frozenset({"sendMessage", "editMessageText"})
MESSAGES = TEXTS | {"sendPhoto", "sendDocument"}
"""What the flood limits count."""


class Wrong(Exception):
    """400: Telegram's own words for it."""


@dataclass(slots=True)
class Shown:
    """A message of the bot as a phone shows it now."""

    chat: int
    id: int
    text: str
    markup: str

    def buttons(self) -> list[tuple[str, str]]:
        """Label and data of each button, in order."""
        rows = json.loads(self.markup).get("inline_keyboard", []) if self.markup else []
        return [(key["text"], key.get("callback_data", "")) for row in rows for key in row]

    def data(self, label: str, *, after: str = "") -> str:
        """The data of the first button whose label holds both words; nothing if there is none."""
        found = (data for text, data in self.buttons() if label in text and after in text)
        return next(found, "")


class Chats:
    """Every chat that the bot may write to."""

    def __init__(self) -> None:
        self.known: set[int] = set()
        self.shown: dict[tuple[int, int], Shown] = {}
        self.asked: set[str] = set()
        """Taps that may be answered."""
        self.words: dict[str, str] = {}
        """What each answered tap was told, by its query."""
        self._ids = count(1000)

    def call(self, method: str, given: Mapping[str, Any]) -> Any:
        """The result of one request; raises `Wrong`."""
        if method == "getMe":
            return BOT
        if method == "answerCallbackQuery":
            return self._answer(given)
        if method in MESSAGES:
            return self._message(method, given)
        return True

    def at(self, chat: int) -> list[Shown]:
        """The messages of a chat, oldest first."""
        return [shown for (where, _), shown in list(self.shown.items()) if where == chat]

    def _answer(self, given: Mapping[str, Any]) -> bool:
        query = str(given.get("callback_query_id"))
        if query not in self.asked:
            raise Wrong("query is too old and response timeout expired or query ID is invalid")
        self.words.setdefault(query, str(given.get("text") or ""))
        return True

    def _message(self, method: str, given: Mapping[str, Any]) -> dict[str, Any]:
        chat = int(given.get("chat_id") or 0)
        if chat not in self.known:
            raise Wrong("chat not found")
        text = str(given.get("text") or given.get("caption") or "")
        markup = _markup(given.get("reply_markup"))
        if not text and method in TEXTS:
            raise Wrong("message text is empty")
        if len(text) > LONGEST_TEXT and len(TAG.sub("", text)) > LONGEST_TEXT:
            raise Wrong("message is too long")
        if method == "editMessageText":
            return self._edit(chat, int(given.get("message_id") or 0), text, markup)
        return self._send(chat, text, markup)

    def _send(self, chat: int, text: str, markup: str) -> dict[str, Any]:
        shown = Shown(chat, next(self._ids), text, markup)
        self.shown[chat, shown.id] = shown
        return _told(shown)

    def _edit(self, chat: int, message: int, text: str, markup: str) -> dict[str, Any]:
        shown = self.shown.get((chat, message))
        if shown is None:
            raise Wrong("message to edit not found")
        if (shown.text, shown.markup) == (text, markup):
            raise Wrong("message is not modified: specified new message content is the same")
        shown.text, shown.markup = text, markup
        return _told(shown)


def _markup(given: Any) -> str:
    """A keyboard as JSON, after a look at the length of its data."""
    if not given:
        return ""
    raw = given if isinstance(given, str) else json.dumps(given)
    for row in json.loads(raw).get("inline_keyboard", []):
        for key in row:
            if len(key.get("callback_data", "").encode()) > LONGEST_DATA:
                raise Wrong("BUTTON_DATA_INVALID")
    return raw


def _told(shown: Shown) -> dict[str, Any]:
    return {
        "message_id": shown.id,
        "date": int(time.time()),
        "chat": chat_of(shown.chat),
        "from": BOT,
        "text": shown.text,
    }


def chat_of(chat: int) -> dict[str, Any]:
    """A chat as Telegram writes it; groups are numbered below zero."""
    if chat < 0:
        return {"id": chat, "type": "supergroup", "title": f"Groupe {-chat % 1000}"}
    return {"id": chat, "type": "private", "first_name": f"Personne {chat}"}


def _user(person: int) -> dict[str, Any]:
    return {"id": person, "is_bot": False, "first_name": f"Personne {person}"}


def typed(number: int, person: int, text: str, chat: int = 0) -> dict[str, Any]:
    """An update: somebody wrote a line."""
    message: dict[str, Any] = {
        "message_id": number,
        "date": int(time.time()),
        "chat": chat_of(chat or person),
        "from": _user(person),
        "text": text,
    }
    if text.startswith("/"):
        length = len(text.split()[0])
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
    return {"update_id": number, "message": message}


def tapped(number: int, person: int, chat: int, message: int, data: str) -> dict[str, Any]:
    """An update: somebody pressed a button; its query bears the update's number."""
    return {
        "update_id": number,
        "callback_query": {
            "id": query_of(number),
            "from": _user(person),
            "chat_instance": "1",
            "data": data,
            "message": {
                "message_id": message,
                "date": int(time.time()),
                "chat": chat_of(chat),
                "from": BOT,
                "text": "…",
            },
        },
    }


def query_of(number: int) -> str:
    return f"q{number}"
