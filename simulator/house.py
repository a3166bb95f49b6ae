"""Everything of one simulator together: world, clock, faults, journal, events."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator import cast as casting
from simulator.bell import Bell
from simulator.clock import SimClock
from simulator.drive import PATIENCE, Driver, Follower
from simulator.events import Events
from simulator.faults import Fault, Faults
from simulator.floods import Floods
from simulator.journal import Journal
from simulator.polling import Post
from simulator.telegram import Telegram
from simulator.world import World


@dataclass(frozen=True)
class Options:
    """How a simulator is built."""

    start: datetime
    tokens: tuple[str, ...] = ()
    paused: bool = False
    self_check: bool = False
    patience: float = PATIENCE
    cast: dict[str, Any] = field(default_factory=dict)
    bot_health: str = ""


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
        casting.enter(self.world, options.cast)

    def order_fault(self, wanted: dict[str, Any]) -> Fault:
        fault = self.faults.order(wanted)
        self.world.tell("faults")
        return fault

    def clear_faults(self, fault_id: int | None) -> None:
        self.faults.clear(fault_id)
        self.world.tell("faults")

    def note_act(self, path: str, body: dict[str, Any]) -> None:
        """Every act of the control API passes here; a recorder may listen."""

    def state(self) -> dict[str, Any]:
        """What `GET /control/state` answers."""
        follower = self.driver.follower
        return {
            "clock": self.clock.state() | {"speed": self.driver.speed},
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
        }

    def reset(self) -> None:
        """Empty the world and let the cast enter again; only the clock goes on."""
        self.world.clear()
        self.faults.clear()
        self.floods.on = False
        self.post.delete_webhook({})
        self.driver.follower = Follower()
        self.journal.calls.clear()
        casting.enter(self.world, self.options.cast)
        self.world.tell("reset")

    def close(self) -> None:
        self.driver.stop()
        self.post.stop()
        self.bell.close()
