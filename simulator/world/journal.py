"""Every call of the bot with its answer, in order."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """One request and what came of it; status 0 means that the connection was cut."""

    n: int
    at: str
    method: str
    params: dict[str, Any]
    status: int
    answer: dict[str, Any] | None
    ms: float
    fault: str = ""

    def drawn(self) -> dict[str, Any]:
        return asdict(self)


class Journal:
    """The calls so far."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.listeners: list[Callable[[Call], None]] = []

    def write(
        self,
        at: str,
        method: str,
        params: Mapping[str, object],
        status: int,
        answer: dict[str, Any] | None,
        ms: float,
        fault: str = "",
    ) -> Call:
        call = Call(
            len(self.calls) + 1, at, method, dict(params), status, answer, round(ms, 1), fault
        )
        self.calls.append(call)
        for listener in self.listeners:
            listener(call)
        return call

    def since(self, n: int, method: str = "") -> list[Call]:
        """Calls after the n-th, of one method or all."""
        return [c for c in self.calls[n:] if not method or c.method.lower() == method.lower()]
