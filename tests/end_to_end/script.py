"""What left for each chat, in order: the hour, the kind and the sentence of the catalogue."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from html import unescape
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from bot.texts import CATALOGUE, TAG, parts
from simulator.client import Client, View
from tests.end_to_end.town import PARIS

KINDS = {
    "sendMessage": "send",
    "sendPhoto": "photo",
    "editMessageText": "edit",
    "editMessageReplyMarkup": "edit",
    "deleteMessage": "delete",
    "setMyCommands": "menu",
}
POPUP = "answerCallbackQuery"
LINES = ("event.", "check.line.", "late.line", "status.", "todo.")
"""Entries that are only ever a part of another one."""
UNSEEN = frozenset({"getMe", "getUpdates", "deleteWebhook"})
EVERYBODY, TAPPED = "everybody", "who tapped"


def left(client: Client) -> dict[str, list[str]]:
    """One line for each thing that somebody could see, under the name of its chat."""
    names = {chat["id"]: _name(client, chat) for chat in client.chats()}
    lines: dict[str, list[str]] = {}
    for call in client.calls():
        if call["method"] in UNSEEN:
            continue
        chat, line = _line(call, names)
        if line:
            lines.setdefault(chat, []).append(line)
    return lines


def _name(client: Client, chat: View) -> str:
    if chat["slug"]:
        return str(chat["slug"])
    people = {person["id"]: person["slug"] for person in client.world()["people"]}
    return str(people[chat["person"]])


def _line(call: View, names: dict[int, str]) -> tuple[str, str]:
    at = datetime.fromisoformat(call["at"]).astimezone(PARIS)
    said = _plain(call["params"].get("text") or call["params"].get("caption") or "")
    if call["method"] == POPUP:
        return TAPPED, f"{at:%d/%m %H:%M} pop-up {key_of(said)}" if said else ""
    scope = call["params"].get("scope", {})
    chat = call["params"].get("chat_id") or scope.get("chat_id")
    key = f" {key_of(said)}" if said else ""
    return names[int(chat)] if chat else EVERYBODY, (
        f"{at:%d/%m %H:%M} {KINDS[call['method']]}{key}"
    )


def _plain(html: str) -> str:
    return unescape(TAG.sub("", html))


def key_of(said: str) -> str:
    """The entry of the catalogue that says it: of those that fit, the one with most words."""
    for key, pattern in _patterns():
        if pattern.fullmatch(said):
            return key
    raise AssertionError(f"no entry of the catalogue says {said!r}")


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The entries that stand alone, the wordiest first."""
    with CATALOGUE.open("rb") as file:
        entries = [entry for entry in read_po(file, locale="fr") if entry.id]
    found = [(len(words), key, words) for key, words in _forms(entries)]
    return tuple((key, re.compile(words, re.DOTALL)) for _, key, words in sorted(found)[::-1])


def _forms(entries: list[Message]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        key = entry.id if isinstance(entry.id, str) else entry.id[0]
        forms = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ())
        for form in forms if not key.startswith(LINES) else ():
            yield key, "".join(_pattern(literal, name) for literal, name, _ in parts(form))


def _pattern(literal: str, name: str | None) -> str:
    return re.escape(_plain(literal)) + ("" if name is None else ".*")


def read(path: Path) -> dict[str, list[str]]:
    """A script: `# chat`, then its lines."""
    chats: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            chats[line[2:]] = []
        elif line:
            list(chats.values())[-1].append(line)
    return chats


def write(path: Path, chats: dict[str, list[str]]) -> None:
    """A new script, to be read by a person before it is believed."""
    blocks = ("\n".join((f"# {chat}", *lines)) for chat, lines in sorted(chats.items()))
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
