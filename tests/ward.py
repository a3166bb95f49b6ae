"""The ward: a whole network in one process, with a fake clock and a fake messenger.

Everything between is real: PTB's handlers, the care, the database, the outbox.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from telegram import Bot

from bot.care import auditor
from bot.care.joining import hash_token
from bot.domain.facts import Step
from bot.domain.people import Group, Member
from bot.domain.record import Record
from bot.domain.roles import Team
from bot.relais import Relais
from bot.store import Database, Unit
from bot.store.letters import Letter
from bot.store.people import Invitation
from bot.store.sayings import outbox
from bot.throttle import LIMITS_NONE, Throttle
from tests.fakes import FakeClock, FakeTelegram, FakeTransport, Show

PARIS = ZoneInfo("Europe/Paris")
STUCK = 200
"""Rings at one instant after which something due does not move."""


@dataclass(frozen=True)
class Person:
    """Somebody with a phone."""

    id: int
    name: str
    team: str = ""
    centre: str = "TLS"


@dataclass
class Message:
    """A message as a phone shows it now."""

    id: int
    text: str
    keyboard: list[list[dict[str, str]]] = field(default_factory=list)

    def button(self, label: str) -> dict[str, str] | None:
        return next((b for row in self.keyboard for b in row if label in b["text"]), None)


class Ward:
    """Enrol, say, press, advance; then ask what each chat was told."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        self.database, self.clock = database, clock
        self.transport = FakeTransport(clock)
        self._ids, self._updates, self._queries = count(100), count(1), count(1)
        self._popups: dict[str, str] = {}
        self._read = 0
        self.people: list[Person] = []
        self.groups: dict[tuple[str, str], int] = {}
        self.relais: Relais
        self.guarded = False
        """Whether strangers and floods are kept off; in most tests an hour goes by in no time."""
        self.slip = timedelta(0)
        """How far the machine's clock was moved since the bot started."""

    async def open(self) -> "Ward":
        """Start the bot; again after `restart`."""
        request = FakeTelegram()
        self.relais = Relais(
            database=self.database,
            bot=Bot("1:ward", request=request, get_updates_request=request),
            transport=self.transport,
            words=Show(),
            wall=lambda: self.clock() - self.slip,
            throttle=Throttle(LIMITS_NONE),
            bot_name="relais_bot",
            doorman=self.guarded,
            budgets=self.guarded,
        )
        self.database.leader.take()
        self.relais.prepare()
        await self.relais.settle()
        return self

    async def restart(self) -> None:
        """The process died; a new one finds the database as it was."""
        self.database.leader.close()
        await self.open()

    def move_clock(self, **amount: float) -> None:
        """Somebody sets the machine's clock; no time goes by."""
        self.slip += timedelta(**amount)
        self.clock.now += timedelta(**amount)

    # The network

    def person(self, name: str, team: Team | str = "", centre: str = "TLS") -> Person:
        """Somebody; a member when a team is named."""
        someone = Person(next(self._ids), name, str(team), centre)
        if team:
            with self.database.unit() as unit:
                joined = unit.people.join(Member(0, someone.id, name, str(team), centre, unit.now))
                unit.events.record(
                    "member_joined",
                    member=joined.id,
                    team=joined.team,
                    centre=centre,
                    account=someone.id,
                )
        self.people.append(someone)
        return someone

    def group(self, team: Team, centre: str = "TLS") -> int:
        """A Telegram group that is bound to a team."""
        chat = -next(self._ids)
        with self.database.unit() as unit:
            unit.people.put_group(Group(chat, f"{team} {centre}", team.value, centre, unit.now))
            unit.events.record("group_bound", team=team.value, centre=centre, chat=chat)
        self.groups[team.value, centre] = chat
        return chat

    def token(self, team: Team, centre: str = "TLS", uses: int = 1) -> str:
        """An invitation, as if a coordinator had made it."""
        token = f"invitation-{next(self._ids)}"
        with self.database.unit() as unit:
            until = unit.now + timedelta(hours=48)
            made = Invitation(hash_token(token), team.value, centre, uses, until)
            unit.people.put_invitation(made)
        return token

    # What people do

    async def say(
        self, person: Person, text: str, chat: int | None = None, reply: Message | None = None
    ) -> None:
        """Write a text, in private or in a group; there, perhaps as the reply to a message."""
        content: dict[str, Any] = {"text": text}
        if reply is not None:
            where = person.id if chat is None else chat
            content["reply_to_message"] = {"message_id": reply.id, "chat": self._chat(where)}
        await self.receive(self.message(person, chat, **content))

    async def answer(self, person: Person, text: str, chat: int) -> None:
        """Reply in a group to the message that asks."""
        await self.say(person, text, chat, reply=self.screen(chat)[-1])

    async def press(
        self, person: Person, label: str, chat: int | None = None, message: Message | None = None
    ) -> str:
        """Press the newest button with this label; gives the pop-up ("" if it has no word)."""
        chat = person.id if chat is None else chat
        shown = message or self.newest(chat, label)
        button = shown.button(label)
        assert button, f"no button {label!r} in {shown}"
        query = await self.tap(person, chat, shown.id, button["data"])
        return self._popups.get(query, "no answer")

    async def tap(self, person: Person, chat: int, message_id: int, data: str) -> str:
        """Press whatever button; gives the id of the query."""
        query = str(next(self._queries))
        raw = self.update("callback_query", self.query(person, chat, message_id, data, query))
        await self.receive(raw)
        return query

    def query(
        self, person: Person, chat: int, message_id: int, data: str, query: str
    ) -> dict[str, Any]:
        return {
            "id": query,
            "from": self._user(person),
            "chat_instance": "1",
            "data": data,
            "message": {
                "message_id": message_id,
                "date": int(self.clock().timestamp()),
                "chat": self._chat(chat),
                "text": "…",
            },
        }

    def message(self, person: Person, chat: int | None = None, **content: Any) -> dict[str, Any]:
        """An update with a message; `text` gets its command entity as Telegram would."""
        where = person.id if chat is None else chat
        said = content.get("text", "")
        if said.startswith("/"):
            length = len(said.split()[0])
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        body = {
            "message_id": next(self._ids),
            "date": int(self.clock().timestamp()),
            "chat": self._chat(where),
            "from": self._user(person),
        }
        return self.update("message", body | content)

    def update(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        return {"update_id": next(self._updates), kind: body}

    async def receive(self, *updates: dict[str, Any]) -> None:
        """Telegram delivers a batch; the answers leave."""
        self.relais.intake.take(updates)
        await self.flush()

    async def flush(self) -> None:
        await self.relais.sender.flush()
        self._read_popups()

    # The clock

    async def advance(self, **amount: float) -> None:
        """Let time pass, stopping at each instant at which something is due."""
        await self.until(self.clock() + timedelta(**amount))

    async def at(self, when: str) -> None:
        """Let time pass until a local instant: `2026-04-14T10:00`."""
        await self.until(datetime.fromisoformat(when).replace(tzinfo=PARIS))

    async def until(self, end: datetime) -> None:
        assert end >= self.clock(), f"the clock stands at {self.clock()} already"
        while (due := self.relais.next_due()) is not None and due <= end:
            self.clock.now = max(self.clock.now, due)
            await self._ring()
        self.clock.now = end
        await self._ring()

    async def _ring(self) -> None:
        for _ in range(STUCK):
            if not await self.relais.ring():
                break
        else:
            raise AssertionError(f"a due item did not move: {self.relais.next_due()}")
        await self.flush()

    def jump(self, **amount: float) -> None:
        """The bot is off: time passes and nobody rings."""
        self.clock.advance(**amount)

    # What was said

    def screen(self, chat: int | Person) -> list[Message]:
        """The messages of a chat as they stand now, oldest first."""
        where = chat.id if isinstance(chat, Person) else chat
        shown: dict[int, Message] = {}
        with self.database.look() as unit:
            for letter, message_id in self._delivered(unit, where):
                if letter.kind in ("send", "photo"):
                    shown[message_id] = Message(message_id, letter.body, _rows(letter))
                elif letter.kind == "edit" and letter.payload["message_id"] in shown:
                    message = shown[letter.payload["message_id"]]
                    message.text, message.keyboard = letter.body, _rows(letter)
                elif letter.kind == "delete":
                    shown.pop(letter.payload["message_id"], None)
        return list(shown.values())

    def _delivered(self, unit: Unit, chat: int) -> Iterator[tuple[Letter, int]]:
        landed = select(outbox.c.id, outbox.c.message_id).where(outbox.c.chat_id == chat)
        ids = {row.id: row.message_id for row in unit.connection.execute(landed)}
        for letter in self.transport.to(chat):
            yield letter, ids.get(letter.id) or 0

    def message_at(self, chat: int, message_id: int) -> Message:
        return next(message for message in self.screen(chat) if message.id == message_id)

    def newest(self, chat: int | Person, label: str) -> Message:
        """The newest message of a chat with such a button."""
        for message in reversed(self.screen(chat)):
            if message.button(label):
                return message
        raise AssertionError(f"no button {label!r} in {[m.text for m in self.screen(chat)]}")

    def told(self, chat: int | Person, about: str = "") -> list[str]:
        """What was sent to a chat (not the changed messages), those that begin so or hold it."""
        where = chat.id if isinstance(chat, Person) else chat
        sent = [letter.body for letter in self.transport.to(where) if letter.kind == "send"]
        return [body for body in sent if about in body]

    def last(self, chat: int | Person) -> str:
        return self.screen(chat)[-1].text

    @contextmanager
    def heard(self, chat: int | Person) -> Iterator[list[str]]:
        """What a chat was told inside of the block."""
        before = len(self.told(chat))
        fresh: list[str] = []
        yield fresh
        fresh.extend(self.told(chat)[before:])

    def popup(self, query: str) -> str:
        return self._popups.get(query, "no answer")

    def _read_popups(self) -> None:
        for _, letter in self.transport.sent[self._read :]:
            if letter.kind == "popup":
                self._popups[letter.payload["query_id"]] = letter.body
        self._read = len(self.transport.sent)

    # What is stored

    def record(self, code: str) -> Record:
        """All that is known of a patient now."""
        with self.database.look() as unit:
            return unit.records.look([code])[code]

    def step(self, code: str, slug: str) -> Step:
        return self.record(code).steps[slug]

    @contextmanager
    def change(self, code: str) -> Iterator[Record]:
        """Change what is known behind everybody's back; nothing is said."""
        with self.database.unit() as unit:
            record = unit.records.get(code)
            assert record is not None
            yield record
            record.said, record.logged = [], []

    def ask(self, question: Callable[[Unit], Any]) -> Any:
        with self.database.look() as unit:
            return question(unit)

    def unexplained(self) -> list[str]:
        return list(self.ask(lambda unit: auditor.unexplained(unit, None)))

    def broken_event(self) -> int | None:
        found: int | None = self.ask(lambda unit: unit.events.first_broken())
        return found

    @staticmethod
    def _user(person: Person) -> dict[str, Any]:
        return {"id": person.id, "is_bot": False, "first_name": person.name}

    @staticmethod
    def _chat(chat: int) -> dict[str, Any]:
        if chat < 0:
            return {"id": chat, "type": "group", "title": "a group"}
        return {"id": chat, "type": "private", "first_name": "x"}


def _rows(letter: Letter) -> list[list[dict[str, str]]]:
    return [[dict(button) for button in row] for row in letter.keyboard]
