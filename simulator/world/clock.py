"""The movable clock: an instant, a rate (1 or 0, paused), a version that every move bumps."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from simulator.errors import Misuse


class Clock:
    """Gives the simulated instant; knows nothing of who follows it."""

    def __init__(self, start: datetime, monotonic: Callable[[], float], *, rate: int = 1) -> None:
        self._instant = start.astimezone(UTC)
        self._monotonic = monotonic
        self._mark = monotonic()
        self.rate = rate
        self.version = 1

    def now(self) -> datetime:
        """The instant at which everything in this world happens."""
        if not self.rate:
            return self._instant
        return self._instant + timedelta(seconds=self._monotonic() - self._mark)

    def set(self, instant: datetime | None = None, rate: int | None = None) -> None:
        """Move the instant, the rate or both; either way followers must look again."""
        self._instant = self.now() if instant is None else instant.astimezone(UTC)
        self._mark = self._monotonic()
        self.rate = self.rate if rate is None else rate
        self.version += 1

    def state(self) -> dict[str, object]:
        """What `GET /clock` answers."""
        return {"now": self.now().isoformat(), "rate": float(self.rate), "version": self.version}


def instant(text: str) -> datetime:
    """An instant with its zone."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise Misuse(f"« {text} » n’est pas un instant.") from error
    if moment.tzinfo is None:
        raise Misuse(f"« {text} » : il manque le fuseau.")
    return moment
