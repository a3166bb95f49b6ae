"""The stream of changes that the page follows."""

import json
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from simulator.page import views
from simulator.world.changes import Changes
from simulator.world.state import World

# A page that fell further behind than this loads everything again.
KEPT = 20_000
HEARTBEAT = 15.0


class Events:
    """Numbers every change, and streams them."""

    def __init__(self, world: World, changes: Changes) -> None:
        self._world, self._changes = world, changes
        self._log: deque[tuple[int, str]] = deque(maxlen=KEPT)
        self.last = 0
        world.listeners.append(self.note)

    def note(self, kind: str, facts: dict[str, Any]) -> None:
        """Draw a change at once: later the message may have changed again."""
        self.last += 1
        event = {"n": self.last, "kind": kind, **facts, **self._drawn(kind, facts)}
        self._log.append((self.last, json.dumps(event, ensure_ascii=False)))

    async def after(self, since: int) -> AsyncIterator[str]:
        """Server-sent events after the given number."""
        sent = since
        while not self._changes.closing:
            await self._changes.until(lambda after=sent: self.last != after, HEARTBEAT)  # type: ignore[misc]
            fresh = self._since(sent)
            if fresh is None:
                yield f"id: {self.last}\ndata: {json.dumps({'kind': 'reload'})}\n\n"
                sent = self.last
                continue
            if not fresh:
                yield ": still here\n\n"
            else:
                yield "".join(f"id: {n}\ndata: {body}\n\n" for n, body in fresh)
                sent = fresh[-1][0]

    def _since(self, sent: int) -> list[tuple[int, str]] | None:
        """What came after; None when it is no longer kept, or was another run's number."""
        oldest = self._log[0][0] if self._log else self.last + 1
        if sent > self.last or sent + 1 < oldest:
            return None
        fresh = []
        for n, body in reversed(self._log):
            if n <= sent:
                break
            fresh.append((n, body))
        return fresh[::-1]

    def _drawn(self, kind: str, facts: dict[str, Any]) -> dict[str, Any]:
        world = self._world
        if kind in ("message", "edited", "deleted"):
            it = world.chats[facts["chat"]].messages[facts["message"]]
            return {"message": views.message(it)}
        if kind == "chat":
            return {"chat": views.chat(world, world.chats[facts["chat"]])}
        if kind == "person":
            it_chat = world.chats[facts["person"]]
            who = views.person(world.people[facts["person"]])
            return {"person": who, "chat": views.chat(world, it_chat)}
        return {}
