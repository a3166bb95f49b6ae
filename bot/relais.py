"""The bot without its network: what comes in, what the clock does, what goes out."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot

from bot.care import auditor, backlog, cycle, joining, lists, receipts, rooms
from bot.clock import Clock, Jumps, let_others_run
from bot.domain.message import text
from bot.handlers import Desk, apologise
from bot.handlers.door import screen
from bot.handlers.people import public_menu
from bot.heartbeat import Pulse
from bot.hook import Hook
from bot.intake import ALLOWED_UPDATES, Intake
from bot.outbox import Sender, Transport
from bot.store import Database, Unit, letters
from bot.store.faults import NotLeading
from bot.store.letters import Letter
from bot.store.unit import Words
from bot.throttle import Throttle

logger = logging.getLogger(__name__)

GONE = "database gone"
ROUNDS = 1000
"""A ring that still finds something due after so many has a thing that does not move."""


class Relais:
    """Tests build it with fakes; `bot/app.py` with the real network."""

    def __init__(
        self,
        *,
        database: Database,
        bot: Bot,
        transport: Transport,
        words: Words,
        wall: Clock,
        throttle: Throttle,
        bot_name: str,
        polls: bool = False,
        webhook_url: str = "",
        webhook_secret: str = "",
        poll_timeout: timedelta = timedelta(seconds=30),
        poll_interval: timedelta = timedelta(0),
        training: bool = False,
        doorman: bool = False,
        budgets: bool = False,
    ) -> None:
        self.database = database
        self._training = training
        self._failing = False
        duties = ["ring", "send"] + ["poll"] * polls + ["webhook"] * bool(webhook_url)
        # The steady clock: a machine that is set back must not look alive for an hour.
        self.pulse = Pulse(duties, lambda: wall().timestamp())
        self.alert_took: list[Callable[[timedelta], object]] = []
        """Who wants to know how long an alert took to its chat."""
        self.desk = Desk(bot_name, wall, doorman=doorman, budgets=budgets)
        self.intake = Intake(
            bot,
            database.unit,
            self.desk.handle,
            apologise=apologise,
            admit=self.desk.admit,
            screen=screen,
            on_poll=self.pulse.note("poll"),
            on_rival=auditor.other_poller,
            poll_timeout=poll_timeout,
            poll_interval=poll_interval,
        )
        self.hook = webhook_url and Hook(
            bot,
            webhook_url,
            webhook_secret,
            database.unit,
            allowed=ALLOWED_UPDATES,
            on_look=self.pulse.note("webhook"),
            on_taken=auditor.other_poller,
            on_deaf=auditor.deaf,
        )
        self.sender = Sender(
            database.unit,
            transport,
            wall,
            throttle,
            leader=database.leader,
            on_look=self.pulse.note("send"),
            on_unreachable=joining.lose_chat,
            on_failed=rooms.failed,
            on_stale=backlog.fold,
            on_refused=receipts.refused,
            on_doubt=receipts.in_doubt,
            on_calls=self._calls_landed,
            fill=partial(joining.fill, bot_name=bot_name, token=database.token),
            repeat_prefix=words.render(text("outbox.again")),
            repeat_prefix_routine=words.render(text("outbox.perhaps_again")),
        )
        # At the commit: an alert must not wait for the next look at the outbox.
        database.on_letters = self.sender.wake
        self.rang_at: datetime | None = None
        # In training the clock is moved by hand, and every move is settled.
        self._jumps = None if training else Jumps(database.clock, wall)

    async def close(self, patience: timedelta) -> None:
        """Let what is on its way arrive; what is left is anybody's."""
        await self.sender.close(patience)
        self.database.seen.note()
        self.database.leader.close()

    def watch_database(self) -> None:
        """Remember what is in it, or see that it is another one; others may have written there."""
        if not self.database.leader.leads:
            self.database.seen.stale = True
        self.database.seen.note()

    def prepare(self) -> None:
        """What a leader does first: the duties, the menu, and what a wrong clock put off."""
        self.pulse.begin()
        self.intake.rival.begin()
        with self.database.unit() as unit:
            auditor.hang_duties(unit)
            # Refusing to run would be worse: who is cared for now is not in the past.
            for fault in auditor.cut(unit):
                logger.error("%s", fault)
            auditor.tell_cut(unit)
            auditor.tell_taken_back(unit, self.database.seen.before())
            if not self.hook:
                # Whoever polls now is called by nobody: what was said of the webhook is over.
                auditor.deaf(unit, here=False)
            public_menu(unit)
        # The machine may have started before its clock was set.
        for _ in cycle.hasten(self.database):
            # However long it takes: who gives no sign is taken for dead.
            if not self.database.leader.holds():
                return

    async def ring(self) -> int:
        """Handle what is due now, letting others run in between; gives how many items."""
        handled = 0
        if not self.database.leader.leads:
            return handled
        try:
            await self._follow_clock()
            for done in cycle.ring(self.database):
                handled += done
                # Everybody shares this loop: a tap must not wait for the end of a long ring.
                await let_others_run()
        except NotLeading:
            # Whoever leads now rings for what is left.
            return handled
        except Exception:
            self._failing = True
            raise
        self._failing, self.rang_at = False, self.database.clock()
        self.pulse.note("ring")()
        return handled

    async def _follow_clock(self) -> None:
        moved = self._jumps() if self._jumps else timedelta(0)
        if not moved or self._jumps is None:
            return
        logger.error("the machine's clock was moved by %d s", moved.total_seconds())
        try:
            for _ in cycle.hasten(self.database):
                await let_others_run()
            with self.database.unit() as unit:
                auditor.clock_moved(unit, moved)
        except SQLAlchemyError:
            # Nothing is set right yet: the next ring tries again.
            raise
        except Exception:
            self._jumps.followed(moved)
            raise
        self._jumps.followed(moved)

    async def settle(self) -> datetime | None:
        """Handle all that is due and send all that may leave; gives the next due instant."""
        # What is handled may make something else due at the same instant.
        for _ in range(ROUNDS):
            if not await self.ring():
                break
        await self.sender.flush()
        return self.next_due()

    def next_due(self) -> datetime | None:
        with self.database.look() as unit:
            return cycle.next_due(unit)

    def unexplained(self) -> list[str]:
        with self.database.look() as unit:
            return auditor.unexplained(unit)

    def explained(self) -> bool:
        """Whether the heart may beat."""
        return not self._reasons(self.unexplained())

    def health(self) -> dict[str, Any]:
        """What an operator sees: what is wrong, and of nobody in particular."""
        if self.database.place.gone():
            # What could still be read of it is nobody's database any more.
            return {"status": GONE, "reasons": [GONE]}
        with self.database.look() as unit:
            due, found = cycle.next_due(unit), auditor.unexplained(unit)
            reasons = self._reasons(found)
            return {
                "status": reasons[0] if reasons else "ok",
                "reasons": reasons,
                "now": unit.now.isoformat(),
                "rang_at": self.rang_at.isoformat() if self.rang_at else None,
                "next_due_at": due.isoformat() if due else None,
                "outbox": {state.value: n for state, n in letters.counts(unit).items()},
                # Whoever may reach the page learns what is wrong, and about whom from `audit`.
                "unexplained": auditor.counted(found),
                "dropped": dict(self.desk.dropped),
                # Somebody has to do it by hand; the coordination is told of it each morning.
                "to_delete": len(unit.outbox.standing(auditor.LIMIT)),
                "anchors": lists.anchors(unit) if self._training else [],
            }

    def _reasons(self, unexplained: list[str]) -> list[str]:
        """Why the heart does not beat, the worst first; no identifiers."""
        if self.database.place.gone():
            return [GONE]
        if not self.database.leader.leads:
            # Whoever waits for another is well; whoever could lead and cannot is not.
            return ["nobody leads" if self.database.leader.trouble else "standby"]
        old = self.pulse.old()
        found = {
            "failing": self._failing,
            "another poller": self.intake.rival.here or (self.hook and self.hook.taken),
            "webhook not answered": self.hook and self.hook.deaf,
            "stuck": old,
            **{f"nothing lately from {duty}": True for duty in old},
            "events gone": self.database.seen.cut,
            # After what would last: a start that never ends is no start.
            "starting": self.rang_at is None,
            "unexplained": unexplained,
        }
        return [reason for reason, holds in found.items() if holds]

    def _calls_landed(self, unit: Unit, calls: Sequence[Letter]) -> None:
        receipts.landed(unit, [(call.cause, call.team, call.chat_id) for call in calls])
        for tell in self.alert_took:
            for call in calls:
                tell(unit.now - call.created_at)
