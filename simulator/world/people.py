"""The things of this world: persons, the bot, chats, messages, files, taps."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Markup = dict[str, Any]


@dataclass
class Person:
    """Someone with a phone, or the bot."""

    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    is_bot: bool = False
    slug: str = ""
    # What the cast says of them; Telegram knows nothing of it.
    role: str = ""

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


@dataclass
class Message:
    """One message; `content` holds Telegram's own fields (text, entities, photo, …)."""

    id: int
    chat: "Chat"
    sender: Person
    sent_at: datetime
    content: dict[str, Any]
    reply_to: "Message | None" = None
    markup: Markup | None = None
    edited_at: datetime | None = None
    silent: bool = False
    protected: bool = False
    deleted: bool = False
    reactions: dict[int, list[str]] = field(default_factory=dict)
    # Whether the bot was allowed to see it (privacy mode).
    seen_by_bot: bool = True

    @property
    def buttons(self) -> list[Markup]:
        """Its inline buttons, row by row; a deleted message has none."""
        return [] if self.deleted else list(buttons(self.markup))


@dataclass
class Chat:
    """A private chat (its id is the person's) or a group."""

    id: int
    kind: str
    title: str = ""
    person: Person | None = None
    slug: str = ""
    members: dict[int, str] = field(default_factory=dict)
    # In a private chat: member or kicked (blocked), left until the first /start.
    bot_status: str = "left"
    # A group the bot has never been in does not exist for it.
    met_bot: bool = False
    messages: dict[int, Message] = field(default_factory=dict)
    last_id: int = 0
    pinned: list[int] = field(default_factory=list)
    migrated_to: int | None = None
    migrated_from: int | None = None
    # The General topic of a forum is closed: only whoever manages topics writes there.
    topic_closed: bool = False

    @property
    def private(self) -> bool:
        return self.kind == "private"


@dataclass(frozen=True)
class Blob:
    """A stored file."""

    file_id: str
    name: str
    mime: str
    content: bytes

    @property
    def unique_id(self) -> str:
        return "u" + self.file_id

    @property
    def path(self) -> str:
        folder = "photos" if self.mime.startswith("image/") else "documents"
        return f"{folder}/{self.file_id}/{self.name}"


@dataclass
class Tap:
    """A press on an inline button, waiting for its answer."""

    id: str
    person: Person
    message: Message
    data: str
    at: datetime
    answer: dict[str, Any] | None = None


def buttons(markup: Markup | None) -> Iterator[Markup]:
    """Every inline button, row by row."""
    for row in (markup or {}).get("inline_keyboard", ()):
        yield from row
