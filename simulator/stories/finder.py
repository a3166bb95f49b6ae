"""Finds what a scene names: people, chats, buttons, what the bot has said."""

import re
from collections.abc import Iterator

from simulator.errors import Misuse
from simulator.stories.stage import Stage
from simulator.stories.storyboard import Scene, filled
from simulator.world.people import Chat, Message, Person


class Finder:
    """Knows the values captured so far, and what has been found already."""

    def __init__(self, stage: Stage, you: str) -> None:
        self._stage, self._you = stage, you
        self.values = dict(stage.values)
        self._seen: dict[int, int] = {}

    def text(self, text: str) -> str:
        return filled(text, self.values)

    def pattern(self, text: str) -> str:
        return filled(plain(text), self.values, pattern=True)

    def who(self, scene: Scene) -> Person:
        return self._stage.person(self.text(scene.get("as") or self._you))

    def where(self, scene: Scene) -> Chat:
        """The chat of a scene: a group, a person's private chat, or the actor's own."""
        return self._stage.chat(scene.get("in") or self.who(scene).slug)

    def title(self, scene: Scene) -> str:
        return self._stage.title(self.where(scene))

    def button(self, chat: Chat, label: str) -> tuple[Message, str]:
        """The newest button whose label matches."""
        for found in self._buttons(chat, label):
            return found
        raise Misuse(f"aucun bouton {quoted(label)} dans {quoted(self._stage.title(chat))}")

    def offers(self, chat: Chat, label: str) -> bool:
        """Whether some button there has such a label; « ☐* » is any box."""
        return any(self._buttons(chat, label.removesuffix("*")))

    def _buttons(self, chat: Chat, label: str) -> Iterator[tuple[Message, str]]:
        pattern = re.compile(self.pattern(label), re.IGNORECASE)
        for message in reversed(chat.messages.values()):
            for button in message.buttons:
                if "callback_data" in button and pattern.search(plain(button["text"])):
                    yield message, button["callback_data"]

    def find(self, chat: Chat, pattern: str) -> Message | None:
        """The newest message of the bot that matches and was not found before."""
        wanted = re.compile(self.pattern(pattern), re.IGNORECASE)
        for message in reversed(chat.messages.values()):
            if message.id <= self._seen.get(chat.id, 0):
                return None
            match = self._match(wanted, message)
            if match:
                self._seen[chat.id] = message.id
                self.values |= {k: v for k, v in match.groupdict().items() if v}
                return message
        return None

    def last(self, chat: Chat, pattern: str) -> Message:
        wanted = re.compile(self.pattern(pattern), re.IGNORECASE)
        for message in reversed(chat.messages.values()):
            if self._match(wanted, message):
                return message
        raise Misuse(f"aucun message {quoted(pattern)}")

    def _match(self, wanted: re.Pattern[str], message: Message) -> re.Match[str] | None:
        if message.deleted or not message.sender.is_bot:
            return None
        content = message.content
        return wanted.search(plain(content.get("text") or content.get("caption", "")))

    def holds(self, chat: Chat, label: str) -> bool:
        """Whether the newest message with buttons has such a button."""
        for message in reversed(chat.messages.values()):
            if message.buttons:
                pattern = self.pattern(label)
                return any(re.search(pattern, plain(each["text"])) for each in message.buttons)
        return False


def plain(text: str) -> str:
    """A text with ordinary spaces: patterns need not know French typography."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def quoted(pattern: str) -> str:
    """A pattern as a person would say it, between quotation marks."""
    words = re.sub(r"\(\?P<(\w+)>(?:[^()\\]|\\.)*\)", r"\1", pattern)
    words = re.sub(r"^\^|[$*]+$|\\", "", words).strip(" ·")
    return f"«\N{NO-BREAK SPACE}{words}\N{NO-BREAK SPACE}»"
