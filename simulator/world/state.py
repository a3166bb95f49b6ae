"""The state of this Telegram: who exists, which chats, what was said, what waits for the bot."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from simulator.errors import Misuse, Refusal, forbidden
from simulator.world import objects
from simulator.world.inbox import Inbox
from simulator.world.people import Blob, Chat, Markup, Message, Person, Tap

Listener = Callable[[str, dict[str, Any]], None]

FIRST_PERSON = 5_100_000_001
FIRST_GROUP = -4_200_000_001
FIRST_SUPERGROUP = -1_002_300_000_001
PRESENT = ("creator", "administrator", "member")
RULING = PRESENT[:2]


class World:
    """Everything that Telegram remembers; who acts on it lives in `actions` and `api.methods`."""

    def __init__(
        self,
        now: Callable[[], datetime],
        *,
        username: str = "relais_bot",
        name: str = "Relais",
    ) -> None:
        self.now = now
        self.bot = Person(7_000_000_001, name, username=username, is_bot=True)
        self.inbox = Inbox()
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, Blob] = {}
        self.taps: dict[str, Tap] = {}
        self.commands: dict[tuple[str, str], list[dict[str, Any]]] = {}
        # True: in groups the bot sees only what is meant for it.
        self.privacy = True
        self.listeners: list[Listener] = []
        self._next = {"person": FIRST_PERSON, "group": FIRST_GROUP, "super": FIRST_SUPERGROUP}

    def clear(self) -> None:
        """Forget everyone; ids and update numbers go on, as new people would get new ones."""
        self.inbox.waiting.clear()
        self.inbox.lost = 0
        self.inbox.allow(())
        self.privacy = True
        for book in (self.people, self.chats, self.files, self.taps, self.commands):
            book.clear()

    def tell(self, kind: str, **facts: object) -> None:
        """Say what has just changed to whoever listens."""
        for listener in self.listeners:
            listener(kind, facts)

    def name_bot(self, bot_id: int) -> None:
        """The bot's id is the first half of its token."""
        self.bot.id = bot_id

    # People and chats

    def add_person(
        self,
        first_name: str,
        last_name: str = "",
        username: str = "",
        slug: str = "",
        role: str = "",
    ) -> Person:
        person = Person(
            self._take("person"), first_name, last_name, username, slug=slug, role=role
        )
        self.people[person.id] = person
        self.chats[person.id] = Chat(person.id, "private", person=person)
        self.tell("person", person=person.id)
        return person

    def add_group(self, title: str, slug: str = "") -> Chat:
        group = Chat(self._take("group"), "group", title=title, slug=slug)
        self.chats[group.id] = group
        self.tell("chat", chat=group.id)
        return group

    def add_supergroup(self, old: Chat) -> Chat:
        """The supergroup that a group becomes; nothing has been said in it yet."""
        new = Chat(self._take("super"), "supergroup", title=old.title, slug=old.slug)
        new.members, new.bot_status = dict(old.members), old.bot_status
        new.met_bot = old.met_bot
        new.migrated_from, old.migrated_to = old.id, new.id
        self.chats[new.id] = new
        return new

    def person(self, person_id: int) -> Person:
        """A person that the control API names."""
        if person_id not in self.people:
            raise Misuse(f"Personne n’a le numéro {person_id}.")
        return self.people[person_id]

    def chat(self, chat_id: int) -> Chat:
        """A chat that the control API names."""
        if chat_id not in self.chats:
            raise Misuse(f"Aucune discussion n’a le numéro {chat_id}.")
        return self.chats[chat_id]

    def someone(self, user_id: int) -> Person:
        """A person or the bot."""
        return self.bot if user_id == self.bot.id else self.person(user_id)

    def status(self, chat: Chat, person: Person) -> str:
        """A user's status in a chat, in Telegram's words."""
        if person.is_bot:
            return chat.bot_status
        if chat.private:
            return "member" if chat.person is person else "left"
        return chat.members.get(person.id, "left")

    # What the bot may reach

    def reach(self, chat_id: int | str) -> Chat:
        """The chat that a bot's request names, if the bot may write there."""
        chat = self.known(chat_id)
        if chat.migrated_to:
            raise Refusal(
                "group chat was upgraded to a supergroup chat", migrate_to=chat.migrated_to
            )
        if chat.private and chat.bot_status == "kicked":
            raise forbidden("bot was blocked by the user")
        if chat.private and chat.bot_status == "left":
            raise forbidden("bot can't initiate conversation with a user")
        if chat.bot_status == "kicked":
            raise forbidden(f"bot was kicked from the {chat.kind} chat")
        if chat.bot_status == "left":
            raise forbidden(f"bot is not a member of the {chat.kind} chat")
        return chat

    def known(self, chat_id: int | str) -> Chat:
        """The chat of that id, whatever became of it; usernames name no chat here."""
        chat = self.chats.get(chat_id) if isinstance(chat_id, int) else None
        never_met = chat is not None and not chat.private and not chat.met_bot
        if chat is None or never_met:
            raise Refusal("chat not found")
        return chat

    # Messages

    def post(
        self,
        chat: Chat,
        sender: Person,
        content: dict[str, Any],
        *,
        reply_to: Message | None = None,
        markup: Markup | None = None,
        silent: bool = False,
        protected: bool = False,
    ) -> Message:
        """Put a message in a chat; nobody but the page is told."""
        chat.last_id += 1
        message = Message(
            chat.last_id,
            chat,
            sender,
            self.now(),
            content,
            reply_to=reply_to,
            markup=markup,
            silent=silent,
            protected=protected,
        )
        chat.messages[message.id] = message
        self.tell("message", chat=chat.id, message=message.id)
        return message

    def message(self, chat: Chat, message_id: int) -> Message | None:
        """A message that still stands."""
        message = chat.messages.get(message_id)
        return None if message is None or message.deleted else message

    def delete(self, message: Message) -> None:
        """Take a message off every phone."""
        message.deleted = True
        chat = message.chat
        self.tell("deleted", chat=chat.id, message=message.id)
        if message.id in chat.pinned:
            chat.pinned.remove(message.id)
            self.tell("chat", chat=chat.id)

    def store(self, name: str, mime: str, content: bytes) -> Blob:
        """Keep a file and give it an id."""
        blob = Blob(f"F{len(self.files) + 1:06d}relais", name, mime, content)
        self.files[blob.file_id] = blob
        return blob

    # What the bot is told

    def deliver(self, kind: str, content: object) -> None:
        """Queue an update for the bot."""
        if self.inbox.add(kind, content, self.now()):
            self.tell("update", update=kind, waiting=len(self.inbox.waiting))

    def deliver_message(self, message: Message, kind: str = "message") -> None:
        """Tell the bot of a message, if privacy lets it see it."""
        if message.seen_by_bot:
            self.deliver(kind, objects.message(message))

    def _take(self, what: str) -> int:
        number = self._next[what]
        self._next[what] += 1 if number > 0 else -1
        return number
