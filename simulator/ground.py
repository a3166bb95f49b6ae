"""Everything of one training ground, wired together: world, clock, API, stories, the bot."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from simulator.api.floods import Floods
from simulator.api.polling import Delivery
from simulator.api.telegram import Telegram
from simulator.errors import Misuse
from simulator.stories.runner import Runner, Storyboards
from simulator.stories.stage import Stage
from simulator.world import cast as casting
from simulator.world.bot_process import BotCommand, BotProcess
from simulator.world.changes import Changes
from simulator.world.clock import Clock
from simulator.world.faults import Fault, Faults
from simulator.world.forward import Forward
from simulator.world.health import Health
from simulator.world.journal import Call, Journal
from simulator.world.lockstep import PATIENCE, Follower, Lockstep
from simulator.world.recorder import Recorder
from simulator.world.state import World

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
    storyboards: Storyboards = field(default_factory=Storyboards)
    record: Path | None = None
    # A storyboard that begins by itself.
    story: str = ""


class Ground:
    """The parts, wired."""

    def __init__(self, options: Options, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.options = options
        # Known once the server runs; another thread needs it to stop the server.
        self.loop: asyncio.AbstractEventLoop | None = None
        self.changes = Changes()
        self.clock = Clock(options.start, monotonic, rate=0 if options.paused else 1)
        self.world = World(self.clock.now)
        self.world.listeners.append(lambda *_: self.changes.notify())
        self.faults = Faults(self.clock.now)
        self.floods = Floods()
        self.journal = Journal()
        self.telegram = Telegram(
            self.world, self.faults, self.floods, options.tokens, self_check=options.self_check
        )
        self.delivery = Delivery(self.world, self.changes)
        self.lockstep = Lockstep(
            self.clock, self.world, self.faults, self.changes, monotonic, options.patience
        )
        self.forward = Forward(self.lockstep, self._note_forward)
        self.bot_process = BotProcess(options.bot, self.world.tell)
        self.health = Health(options.bot_health, self.changes, self.world.tell)
        self.runner = Runner(options.storyboards, self.afresh, self._stage, self.world.tell)
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
        if self.bot_process.able and not self.options.story:
            await self.bot_process.start()
        if self.options.story:
            # The bot reaches us only once the server has started.
            self._opening = asyncio.create_task(self._begin(self.options.story))

    async def _begin(self, name: str) -> None:
        try:
            await self.runner.play(name)
        except Misuse as misuse:
            logger.warning("the storyboard %s did not begin: %s", name, misuse)

    async def close(self) -> None:
        if self._opening:
            self._opening.cancel()
        await self.runner.stop()
        self.forward.stop()
        self.lockstep.stop()
        self.delivery.stop()
        self.health.stop()
        self.changes.close()
        await self.bot_process.close()
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
        follower = self.lockstep.follower
        return {
            "clock": self.lockstep.state(),
            "zone": self.options.zone,
            "pending_updates": len(self.world.inbox.waiting),
            "lost_updates": self.world.inbox.lost,
            "follower": {
                "followed": self.lockstep.followed(),
                "settled": follower.settled,
                "next": follower.next.isoformat() if follower.next else None,
            },
            "faults": self.faults.listed(),
            "floods": self.floods.on,
            "trouble": self.lockstep.trouble,
            "calls": len(self.journal.calls),
            "bot": self.bot_process.state(),
            "health": self.health.last,
            "story": self.runner.state(),
        }

    def reset(self) -> None:
        """Empty the world and let the cast enter again; only the clock goes on."""
        self.forward.stop()
        self.world.clear()
        self.faults.clear()
        self.floods.on = False
        self.delivery.delete_webhook({})
        if not self.lockstep.follower.polling:
            self.lockstep.follower = Follower()
        self.journal.calls.clear()
        casting.enter(self.world, self.options.cast)
        self.world.tell("reset")

    async def afresh(self, begins: datetime | None) -> None:
        """A new stage for a story: an empty world, its hour, and a bot that knows nobody."""
        self.forward.stop()
        self.lockstep.play(0)
        if self.bot_process.running:
            await self.bot_process.stop()
            # Its last long poll must not be taken for the new bot's.
            await self.changes.until(lambda: self.lockstep.follower.polling == 0, HANG_UP)
            self.lockstep.follower = Follower()
        if begins:
            self.clock.set(begins)  # before the cast enters: its first messages bear this date
        self.reset()
        if begins:
            self.world.tell("clock", **self.lockstep.state())
        if self.bot_process.able:
            await self.bot_process.start(fresh=True)

    # What a recorder writes down

    def note_act(self, path: str, body: dict[str, Any]) -> None:
        """Every act of the control API passes here before it is done."""
        if self.recorder:
            self.recorder.act(path, body, self)

    def _note_call(self, call: Call) -> None:
        if self.recorder:
            self.recorder.call(call)

    def _note_forward(self) -> None:
        """One may be stopped on the way: its end is written down, not what was asked for."""
        self.note_act("clock", {"to": self.now().isoformat()})

    def now(self) -> datetime:
        return self.clock.now()

    def due(self) -> datetime | None:
        return self.lockstep.follower.next

    def label(self, body: dict[str, Any]) -> str | None:
        """The label of the button that a press names by its data."""
        chat = self.world.chats.get(body.get("chat") or body.get("person") or 0)
        message = chat.messages.get(body.get("message") or 0) if chat else None
        for button in message.buttons if message else ():
            if button.get("callback_data") == body.get("data"):
                return str(button["text"])
        return None

    def _stage(self, values: dict[str, str]) -> Stage:
        return Stage(
            self.world,
            self.lockstep,
            self.faults,
            self.floods,
            self.journal,
            self.bot_process,
            self.changes,
            self.options.zone,
            values,
        )
