"""One bot's side of this Telegram: checks a request, applies faults and limits, answers."""

import re
from collections.abc import Mapping

from simulator.api import schema as api
from simulator.api.floods import Floods
from simulator.api.methods import METHODS
from simulator.api.params import Params, read
from simulator.api.polling import TWO_POLLERS
from simulator.errors import Refusal
from simulator.world.faults import TEXTS, Fault, Faults
from simulator.world.state import World

TOKEN = re.compile(r"\d+:[\w-]{3,}")
# Served by the edge: they wait, or change how updates travel.
TRAVEL = ("getUpdates", "setWebhook", "deleteWebhook", "getWebhookInfo")


class Telegram:
    """Answers the methods that act on the world at once."""

    def __init__(
        self,
        world: World,
        faults: Faults,
        floods: Floods,
        tokens: tuple[str, ...] = (),
        *,
        self_check: bool = False,
    ) -> None:
        self.world, self.faults, self.floods = world, faults, floods
        self.schema = api.load()
        self._tokens = tokens
        self._self_check = self_check
        if tokens:
            self._name_bot(tokens[0])

    def admit(self, token: str) -> None:
        """The first token seen is the bot's, unless tokens were given."""
        if not TOKEN.fullmatch(token):
            raise Refusal("Not Found", 404)
        if not self._tokens:
            self._tokens = (token,)
            self._name_bot(token)
        if token not in self._tokens:
            raise Refusal("Unauthorized", 401)

    def method(self, name: str) -> str:
        """The documented spelling of a method that this Telegram serves."""
        method = self.schema.method(name)
        if method is None:
            raise Refusal("Not Found: method not found", 404)
        if method not in METHODS and method not in TRAVEL:
            raise Refusal(f"Not Found: {method} is not served by the simulator", 404)
        return method

    def params(self, method: str, raw: Mapping[str, object]) -> Params:
        return read(self.schema, method, raw)

    def call(self, method: str, params: Params) -> object:
        """Run one method; a flood is refused before anything happens."""
        chat_id = params.get("chat_id")
        known = chat_id if isinstance(chat_id, int) else None
        wait = self.floods.check(method, known, self.world.now())
        if wait is not None:
            raise flooded(wait)
        result = METHODS[method](self.world, params)
        self.verify(method, result)
        return result

    def verify(self, method: str, result: object) -> None:
        """In tests, hold every answer against the published types."""
        if self._self_check:
            faults = self.schema.flaws(result, self.schema.returns(method), method)
            if faults:
                raise AssertionError(f"{method}: {faults}")

    def _name_bot(self, token: str) -> None:
        self.world.name_bot(int(token.partition(":")[0]))


def flooded(wait: int) -> Refusal:
    return Refusal(f"Too Many Requests: retry after {wait}", 429, retry_after=wait)


def refusal_of(fault: Fault) -> Refusal:
    """What a fault that answers, answers."""
    if fault.kind == "429":
        return flooded(fault.retry_after)
    if fault.kind == "409":
        return Refusal(TWO_POLLERS, 409)
    return Refusal(TEXTS[int(fault.kind)], int(fault.kind))
