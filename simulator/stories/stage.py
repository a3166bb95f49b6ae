"""What a story may move on the stage: people, clock, faults, the bot."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from simulator.api.floods import Floods
from simulator.errors import Misuse
from simulator.world import actions, media
from simulator.world.bot_process import BotProcess
from simulator.world.changes import Changes
from simulator.world.faults import Faults
from simulator.world.journal import Journal
from simulator.world.lockstep import Lockstep
from simulator.world.people import Chat, Person
from simulator.world.state import World


class Stage:
    """Finds people and chats by slug, and moves what a scene asks for."""

    def __init__(
        self,
        world: World,
        lockstep: Lockstep,
        faults: Faults,
        floods: Floods,
        journal: Journal,
        bot_process: BotProcess,
        changes: Changes,
        zone: str,
        values: dict[str, str],
    ) -> None:
        self.world, self.lockstep, self.changes, self.values = world, lockstep, changes, values
        self._faults, self._floods, self._journal = faults, floods, journal
        self._bot_process, self._zone = bot_process, ZoneInfo(zone)
        self._calls_before = len(journal.calls)

    def now(self) -> datetime:
        return self.world.now()

    def person(self, slug: str) -> Person:
        for person in self.world.people.values():
            if person.slug == slug:
                return person
        raise Misuse(f"personne ne s’appelle « {slug} »")

    def chat(self, slug: str) -> Chat:
        """A group, or a person's private chat with the bot."""
        for chat in self.world.chats.values():
            if chat.slug == slug and not chat.private and not chat.migrated_to:
                return chat
        return self.world.chat(self.person(slug).id)

    def title(self, chat: Chat) -> str:
        """A chat as its members call it."""
        return chat.title or self.world.bot.name

    def moment(self, text: str) -> datetime:
        """« 22:30 » is the next such hour; « +3 22:30 » three days from today."""
        days, _, clock = text.rpartition(" ")
        hour, minute = map(int, clock.split(":"))
        here = self.now().astimezone(self._zone)
        moment = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
        if days:
            return moment + timedelta(days=int(days))
        return moment if moment > here else moment + timedelta(days=1)

    def send(self, person: Person, chat: Chat, kind: str) -> None:
        actions.send(self.world, person, chat, media.content(self.world, kind, {}))

    def fault(self, wanted: dict[str, Any]) -> None:
        self._faults.order(wanted)
        self.world.tell("faults")

    def clear(self) -> None:
        self._faults.clear()
        self._floods.on = False
        self.world.tell("faults")

    def floods(self, on: bool) -> None:
        self._floods.on = on
        self.world.tell("faults")

    async def bot(self, what: str) -> None:
        """kill, stop, or start the bot."""
        await self._bot_process.do(what)
        if what == "start":
            await self.followed()

    async def followed(self, patience: float = 30.0) -> None:
        """Wait until a bot follows the clock."""
        if not await self.changes.until(self.lockstep.followed, patience):
            raise Misuse("Aucun bot ne suit l’horloge.")

    def figures(self) -> dict[str, int]:
        """What happened behind the scenes since the story began."""
        calls = self._journal.calls[self._calls_before :]
        sent = [call for call in calls if call.method.lower().startswith("send")]
        return {
            "sent": sum(call.status == 200 for call in sent),
            "failed": sum(call.status != 200 for call in sent),
            "faults": sum(bool(call.fault) for call in calls),
            "lost_updates": self.world.inbox.lost,
        }
