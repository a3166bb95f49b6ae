"""Everything of one simulator together: world, clock, faults, journal, events, stories."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from simulator import cast as casting
from simulator import keyboards
from simulator.bell import Bell
from simulator.clock import SimClock
from simulator.drive import PATIENCE, Driver, Follower
from simulator.errors import Misuse
from simulator.events import Events
from simulator.faults import Fault, Faults
from simulator.floods import Floods
from simulator.health import Health
from simulator.journal import Call, Journal
from simulator.polling import Post
from simulator.record import Recorder
from simulator.stagehands import Stagehands
from simulator.supervisor import BotCommand, Supervisor
from simulator.telegram import Telegram
from simulator.theatre import Playbill, Theatre
from simulator.world import World

logger = logging.getLogger(__name__)

# Real seconds for a stopped bot's connections to end.
HANG_UP = 2.0


@dataclass(frozen=True)
class Options:
    """How a simulator is built."""

    start: datetime
    tokens: tuple[str, ...] = ()
    paused: bool = False
    self_check: bool = False
    patience: float = PATIENCE
    cast: dict[str, Any] = field(default_factory=dict)
    zone: str = "Europe/Paris"
    bot: BotCommand = field(default_factory=BotCommand)
    bot_health: str = ""
    playbill: Playbill = field(default_factory=Playbill)
    record: Path | None = None
    # A storyboard that begins by itself.
    story: str = ""


class House:
    """The parts, wired."""

    def __init__(self, options: Options, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.options = options
        # Known once the server runs; another thread needs it to stop the server.
        self.loop: asyncio.AbstractEventLoop | None = None
        self.bell = Bell()
        self.clock = SimClock(options.start, monotonic, rate=0 if options.paused else 1)
        self.world = World(self.clock.now)
        self.faults = Faults(self.clock.now)
        self.floods = Floods()
        self.journal = Journal()
        self.events = Events(self.world, self.bell)
        self.telegram = Telegram(
            self.world, self.faults, self.floods, options.tokens, self_check=options.self_check
        )
        self.post = Post(self.world, self.bell)
        self.driver = Driver(
            self.clock, self.world, self.faults, self.bell, monotonic, options.patience
        )
        self.supervisor = Supervisor(options.bot, self.world.tell)
        self.health = Health(options.bot_health, self.bell, self.world.tell)
        self.theatre = Theatre(options.playbill, self.afresh, self._stage, self.world.tell)
        self._opening: asyncio.Task[None] | None = None
        self.recorder: Recorder | None = None
        if options.record:
            self.recorder = Recorder(options.record, options.start, options.cast)
            self.journal.listeners.append(self._note_call)
        casting.enter(self.world, options.cast)

    async def open(self) -> None:
        """What needs the running loop."""
        self.loop = asyncio.get_running_loop()
        self.health.start()
        if self.supervisor.able and not self.options.story:
            await self.supervisor.start()
        if self.options.story:
            # The bot reaches us only once the server has started.
            self._opening = asyncio.create_task(self._begin(self.options.story))

    async def _begin(self, name: str) -> None:
        try:
            await self.theatre.play(name)
        except Misuse as misuse:
            logger.warning("the storyboard %s did not begin: %s", name, misuse)

    async def close(self) -> None:
        if self._opening:
            self._opening.cancel()
        await self.theatre.stop()
        self.driver.stop()
        self.post.stop()
        self.health.stop()
        self.bell.close()
        await self.supervisor.close()
        if self.recorder:
            self.recorder.close()

    def order_fault(self, wanted: dict[str, Any]) -> Fault:
        fault = self.faults.order(wanted)
        self.world.tell("faults")
        return fault

    def clear_faults(self, fault_id: int | None) -> None:
        self.faults.clear(fault_id)
        self.world.tell("faults")

    def state(self) -> dict[str, Any]:
        """What `GET /control/state` answers."""
        follower = self.driver.follower
        return {
            "clock": self.driver.state(),
            "zone": self.options.zone,
            "pending_updates": len(self.world.inbox.waiting),
            "lost_updates": self.world.inbox.lost,
            "follower": {
                "followed": self.driver.followed(),
                "settled": follower.settled,
                "next": follower.next.isoformat() if follower.next else None,
            },
            "faults": self.faults.listed(),
            "floods": self.floods.on,
            "trouble": self.driver.trouble,
            "calls": len(self.journal.calls),
            "bot": self.supervisor.state(),
            "health": self.health.last,
            "story": self.theatre.state(),
        }

    def reset(self) -> None:
        """Empty the world and let the cast enter again; only the clock goes on."""
        self.world.clear()
        self.faults.clear()
        self.floods.on = False
        self.post.delete_webhook({})
        if not self.driver.follower.polling:
            self.driver.follower = Follower()
        self.journal.calls.clear()
        casting.enter(self.world, self.options.cast)
        self.world.tell("reset")

    async def afresh(self, begins: datetime | None) -> None:
        """A new stage for a story: an empty world, its hour, and a bot that knows nobody."""
        self.driver.play(0)
        if self.supervisor.running:
            await self.supervisor.stop()
            # Its last long poll must not be taken for the new bot's.
            await self.bell.until(lambda: self.driver.follower.polling == 0, HANG_UP)
            self.driver.follower = Follower()
        if begins:
            self.clock.set(begins)  # before the cast enters: its first messages bear this date
        self.reset()
        if begins:
            self.world.tell("clock", **self.driver.state())
        if self.supervisor.able:
            await self.supervisor.start(fresh=True)

    # What a recorder writes down

    def note_act(self, path: str, body: dict[str, Any]) -> None:
        """Every act of the control API passes here before it is done."""
        if self.recorder:
            self.recorder.act(path, body, self)

    def _note_call(self, call: Call) -> None:
        if self.recorder:
            self.recorder.call(call)

    def now(self) -> datetime:
        return self.clock.now()

    def due(self) -> datetime | None:
        return self.driver.follower.next

    def label(self, body: dict[str, Any]) -> str | None:
        """The label of the button that a press names by its data."""
        chat = self.world.chats.get(body.get("chat") or body.get("person") or 0)
        message = chat.messages.get(body.get("message") or 0) if chat else None
        for button in keyboards.buttons(message.markup if message else None):
            if button.get("callback_data") == body.get("data"):
                return str(button["text"])
        return None

    def _stage(self, values: dict[str, str]) -> Stagehands:
        return Stagehands(
            self.world,
            self.driver,
            self.faults,
            self.floods,
            self.journal,
            self.supervisor,
            self.bell,
            self.options.zone,
            values,
        )
