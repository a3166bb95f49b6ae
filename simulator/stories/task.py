"""What the learner has to do in one scene, and how it went."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from simulator.world.people import Person


@dataclass
class Task:
    """waiting, then done, helped (shown), skipped, late, or impossible."""

    text: str
    person: Person
    hint: str
    began_at: datetime
    began: float
    limit: timedelta | None
    status: str = "waiting"
    # Left undone by the learner, and done by the story, so that the sequel can take place.
    instead: bool = False
    took: timedelta = timedelta(0)
    took_real: float = 0.0

    @property
    def missed(self) -> bool:
        return self.status in ("late", "skipped")

    def overdue(self, now: datetime) -> bool:
        return self.limit is not None and now - self.began_at > self.limit

    def drawn(self) -> dict[str, Any]:
        """For the page."""
        return {
            "text": self.text,
            "person": self.person.id,
            "who": self.person.name,
            "hint": self.hint,
            "status": self.status,
            "instead": self.instead,
            "took_s": round(self.took.total_seconds()),
            "took_real_s": round(self.took_real, 1),
        }
