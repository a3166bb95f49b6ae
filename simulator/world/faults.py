"""Faults on order: which calls fail, how, how often, until when. Pure; takes `now`."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from simulator.errors import Misuse
from simulator.world.oddities import SHAPES

# 409, 429, 500 and 502 answer; a cut resets the connection; delay lets the call through, late;
# odd answers a poll with what no Telegram would say.
KINDS = ("409", "429", "500", "502", "cut_before", "cut_after", "delay", "odd")
TEXTS = {500: "Internal Server Error", 502: "Bad Gateway"}
# These befall whoever polls, and nobody else.
OF_POLLS = ("409", "odd")
POLL = "getUpdates"


@dataclass
class Fault:
    """One order; `left` counts down when it is not until cleared."""

    id: int
    kind: str
    method: str = ""
    chat_id: int | None = None
    left: int | None = None
    until: datetime | None = None
    retry_after: int = 3
    delay_s: float = 0.0
    probability: float = 1.0
    # Of an odd answer: which, and who would have written what it holds.
    shape: str = ""
    writer: int = 0
    hits: int = 0

    def covers(self, method: str, chat_id: int | None, now: datetime) -> bool:
        """Whether such a call is meant."""
        alive = self.left != 0 and (self.until is None or now < self.until)
        same_method = not self.method or self.method.lower() == method.lower()
        return alive and same_method and self.chat_id in (None, chat_id)

    def drawn(self) -> dict[str, Any]:
        """The fault as the control API shows it."""
        until = self.until.isoformat() if self.until else None
        return asdict(self) | {"until": until}


class Faults:
    """The orders in force."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._random = Random(1)
        self._orders: list[Fault] = []
        self._made = 0

    def order(self, wanted: dict[str, Any]) -> Fault:
        """Add a fault from the control API's description."""
        kind, method, shape = _checked(wanted)
        if "seed" in wanted:
            self._random.seed(wanted["seed"])
        until = None
        if wanted.get("for_s"):
            until = self._now() + timedelta(seconds=float(wanted["for_s"]))
        self._made += 1
        fault = Fault(
            self._made,
            kind,
            method=method,
            chat_id=wanted.get("chat_id"),
            left=wanted.get("count"),
            until=until,
            retry_after=int(wanted.get("retry_after", 3)),
            delay_s=float(wanted.get("delay_s", 0)),
            probability=float(wanted.get("probability", 1)),
            shape=shape,
            writer=int(wanted.get("writer", 0)),
        )
        self._orders.append(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> None:
        """Withdraw one fault, or all."""
        self._orders = [f for f in self._orders if fault_id is not None and f.id != fault_id]

    def strike(self, method: str, chat_id: int | None) -> Fault | None:
        """The fault that hits this call, if any; it is counted."""
        now = self._now()
        for fault in self._orders:
            if fault.covers(method, chat_id, now) and self._random.random() < fault.probability:
                fault.hits += 1
                fault.left = None if fault.left is None else fault.left - 1
                return fault
        return None

    def blocks(self, method: str) -> bool:
        """Whether every call of that method now fails, for long: nobody should wait for it."""
        now = self._now()
        return any(
            fault.covers(method, fault.chat_id, now)
            and fault.kind != "delay"
            and fault.left is None
            and fault.probability >= 1
            and fault.chat_id is None
            for fault in self._orders
        )

    def listed(self) -> list[dict[str, Any]]:
        """Those still in force."""
        now = self._now()
        self._orders = [
            f for f in self._orders if f.left != 0 and (f.until is None or now < f.until)
        ]
        return [fault.drawn() for fault in self._orders]


def _checked(wanted: dict[str, Any]) -> tuple[str, str, str]:
    """Kind, method and shape of what is ordered."""
    kind, method = str(wanted.get("kind")), str(wanted.get("method") or "")
    shape = str(wanted.get("shape") or "")
    if kind not in KINDS:
        raise Misuse(f"Panne inconnue « {kind} » ; connues : {', '.join(KINDS)}.")
    if kind == "odd" and shape not in SHAPES:
        raise Misuse(f"Réponse inconnue « {shape} » ; connues : {', '.join(SHAPES)}.")
    if kind not in OF_POLLS:
        return kind, method, shape
    if method.lower() not in ("", POLL.lower()):
        raise Misuse(f"La panne « {kind} » ne touche que {POLL}.")
    return kind, POLL, shape
