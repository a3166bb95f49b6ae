"""How updates travel to the bot: by long poll, or by webhook."""

import asyncio
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.api.params import Params
from simulator.errors import Refusal
from simulator.world import oddities
from simulator.world.changes import Changes
from simulator.world.faults import Fault
from simulator.world.inbox import MAX_BATCH, Update
from simulator.world.state import World

TWO_POLLERS = (
    "Conflict: terminated by other getUpdates request;"
    " make sure that only one bot instance is running"
)
HAS_WEBHOOK = (
    "Conflict: can't use getUpdates method while webhook is active;"
    " use deleteWebhook to delete the webhook first"
)
NOT_HTTPS = "bad webhook: An HTTPS URL must be provided for webhook"
MAX_TIMEOUT = 50
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|localhost)(?::\d+)?(?:/|$)")
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


@dataclass
class Webhook:
    """Where updates are pushed."""

    url: str
    secret: str = ""
    max_connections: int = 40
    error: str = ""
    error_at: int = 0


class Delivery:
    """Carries updates from the inbox to the bot."""

    def __init__(self, world: World, changes: Changes) -> None:
        self._world, self._changes = world, changes
        self.webhook: Webhook | None = None
        self.pollers = 0
        self._turn = 0
        self._carrier: asyncio.Task[None] | None = None

    async def get_updates(self, params: Params, hung_up: Callable[[], bool]) -> list[Update]:
        """Acknowledge what came before the offset, then wait for something newer."""
        if self.webhook:
            raise Refusal(HAS_WEBHOOK, 409)
        if "allowed_updates" in params:
            self._world.inbox.allow(params["allowed_updates"])
        self._acknowledge(params.get("offset", 0))
        self._turn += 1
        turn, limit = self._turn, _limit(params)
        # The one who polls last wins; the others are told so.
        self._changes.notify()
        timeout = min(max(params.get("timeout", 0), 0), MAX_TIMEOUT)
        await self._wait(turn, timeout, hung_up)
        if turn != self._turn:
            raise Refusal(TWO_POLLERS, 409)
        if self.webhook:
            raise Refusal("Conflict: terminated by setWebhook request", 409)
        return [] if hung_up() else self._world.inbox.peek(limit)

    def odd(self, params: Params, fault: Fault) -> bytes:
        """An answer that no Telegram gives; what came before is acknowledged all the same."""
        self._acknowledge(params.get("offset", 0))
        waiting = self._world.inbox.peek(_limit(params) - 1)
        return oddities.answer(fault.shape, fault.id, fault.writer, waiting)

    async def _wait(self, turn: int, seconds: float, hung_up: Callable[[], bool]) -> None:
        inbox = self._world.inbox
        self.pollers += 1
        try:
            await self._changes.until(
                lambda: (
                    bool(inbox.waiting)
                    or turn != self._turn
                    or hung_up()
                    or self.webhook is not None
                ),
                seconds,
            )
        finally:
            self.pollers -= 1

    def _acknowledge(self, offset: int) -> None:
        if offset:
            self._world.inbox.acknowledge(offset)
        self._world.inbox.expire(self._world.now())

    def set_webhook(self, params: Params) -> bool:
        """Push from now on; an empty address stops it."""
        url = params.get("url", "")
        if not url:
            return self.delete_webhook(params)
        if not url.startswith("https://") and not LOOPBACK.match(url):
            raise Refusal(NOT_HTTPS)
        secret = params.get("secret_token", "")
        if len(secret) > 256:
            raise Refusal("secret token is too long")
        if secret and not SECRET.fullmatch(secret):
            raise Refusal("secret token contains unallowed characters")
        if "allowed_updates" in params:
            self._world.inbox.allow(params["allowed_updates"])
        self._drop(params)
        self.stop()
        self.webhook = Webhook(url, secret, params.get("max_connections", 40))
        self._carrier = asyncio.create_task(self._carry(self.webhook))
        self._changes.notify()
        return True

    def delete_webhook(self, params: Params) -> bool:
        self._drop(params)
        self.stop()
        self.webhook = None
        return True

    def info(self) -> dict[str, Any]:
        """A `WebhookInfo`."""
        hook = self.webhook
        drawn: dict[str, Any] = {
            "url": hook.url if hook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self._world.inbox.waiting),
        }
        if self._world.inbox.allowed:
            drawn["allowed_updates"] = list(self._world.inbox.allowed)
        if hook:
            drawn["max_connections"] = hook.max_connections
        if hook and hook.error:
            drawn |= {"last_error_date": hook.error_at, "last_error_message": hook.error}
        return drawn

    def stop(self) -> None:
        if self._carrier:
            self._carrier.cancel()
            self._carrier = None

    def _drop(self, params: Params) -> None:
        if params.get("drop_pending_updates"):
            self._world.inbox.waiting.clear()

    async def _carry(self, hook: Webhook) -> None:
        """Push one update at a time, again and again until it is taken."""
        pause = FIRST_PAUSE
        inbox = self._world.inbox
        while True:
            if not await self._changes.until(lambda: bool(inbox.waiting), MAX_TIMEOUT):
                if self._changes.closing:
                    return
                continue
            update = inbox.peek(1)[0]
            status = await asyncio.to_thread(push, hook, update)
            if 200 <= status < 300:
                inbox.acknowledge(update["update_id"] + 1)
                self._changes.notify()
                pause = FIRST_PAUSE
                continue
            hook.error = f"Wrong response from the webhook: {status}"
            hook.error_at = int(self._world.now().timestamp())
            await self._changes.until(lambda: False, pause)
            pause = min(pause * 2, LONGEST_PAUSE)


def _limit(params: Params) -> int:
    return min(max(int(params.get("limit", MAX_BATCH)), 1), MAX_BATCH)


def push(hook: Webhook, update: Update) -> int:
    """One delivery; 0 when nobody answers."""
    headers = {"Content-Type": "application/json"}
    if hook.secret:
        headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret
    body = json.dumps(update).encode()
    request = urllib.request.Request(hook.url, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0
