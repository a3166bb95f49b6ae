"""A bot's desk without HTTP: a world, a clock that the test moves, and the methods."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from simulator.api.floods import Floods
from simulator.api.telegram import Telegram
from simulator.errors import Refusal
from simulator.world import actions
from simulator.world.clock import Clock
from simulator.world.faults import Faults
from simulator.world.people import Chat, Message, Person
from simulator.world.state import World

START = datetime(2026, 3, 10, 8, tzinfo=UTC)
TOKEN = "123456:test-token"


class Desk:
    """Claire has opened the bot; the group « EFS » holds Claire, Amina and the bot."""

    def __init__(self) -> None:
        self.clock = Clock(START, lambda: 0.0, rate=0)
        self.world = World(self.clock.now)
        self.faults = Faults(self.clock.now)
        self.floods = Floods()
        self.telegram = Telegram(self.world, self.faults, self.floods, (TOKEN,), self_check=True)
        self.claire = self.world.add_person("Claire", "Vidal", "claire_vidal")
        self.amina = self.world.add_person("Amina", "Haddad")
        self.efs = self.group("EFS", self.claire, self.amina)
        actions.start(self.world, self.claire)

    def group(self, title: str, *people: Person) -> Chat:
        group = self.world.add_group(title)
        actions.gather(self.world, group, list(people))
        actions.join(self.world, group, self.world.bot)
        return group

    def ask(self, method: str, raw: Mapping[str, object] | None = None, **more: object) -> Any:
        """One call as the HTTP edge makes it; gives the body of the answer."""
        try:
            spelled = self.telegram.method(method)
            params = self.telegram.params(spelled, {**(raw or {}), **more})
            return {"ok": True, "result": self.telegram.call(spelled, params)}
        except Refusal as refusal:
            return refusal.answer()

    def sent(self, text: str = "Bonjour", chat: Chat | None = None, **more: Any) -> Message:
        """A message of the bot, to Claire unless told otherwise."""
        where = chat or self.world.chat(self.claire.id)
        answer = self.ask("sendMessage", chat_id=where.id, text=text, **more)
        return where.messages[answer["result"]["message_id"]]

    def wait(self, **span: float) -> None:
        self.clock.set(self.clock.now() + timedelta(**span))

    def updates(self, kind: str) -> list[Any]:
        """What waits for the bot, of one kind."""
        return [update[kind] for update in self.world.inbox.peek() if kind in update]


def button(text: str = "Oui", data: str = "yes") -> dict[str, object]:
    """A keyboard of one inline button."""
    return {"inline_keyboard": [[{"text": text, "callback_data": data}]]}
