"""Codes that open the door, tried by accounts that do not know them: a few, then ever more slowly.

Kept in memory, not in the database: whoever is outside writes nothing. A restart forgets it, and
nobody outside can make one; ten thousand accounts are remembered, and a code is too long to be
found by twenty times as many tries.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

FREE = 5
"""Wrong ones that a slip of the thumb may cost."""
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(days=1)
KEPT = 10_000
"""Accounts."""
TOLD_EVERY = timedelta(hours=1)
"""One burst is said once; one that goes on is said again."""


@dataclass(slots=True)
class Tries:
    """Of one account."""

    wrong: int = 0
    until: datetime | None = None
    told: bool = False
    """It knows that it has to wait."""


@dataclass(frozen=True, slots=True)
class Burst:
    """What the coordination has to know."""

    tries: int
    accounts: int


class Guesses:
    """Who tried what is wrong, and until when each has to wait; on a clock that never jumps."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._tries: dict[int, Tries] = {}
        self._since_told: dict[int, int] = {}
        self._told_at: datetime | None = None
        self.refused = 0

    def wait(self, account: int) -> timedelta | None:
        """How long nothing that this account says lets it in; None: it may try."""
        tries = self._tries.get(account)
        if tries is None or tries.until is None:
            return None
        left = tries.until - self._clock()
        if left < -LONGEST_WAIT:
            self.right(account)
        return left if left > timedelta(0) else None

    def turns_away(self, account: int) -> bool:
        """Count one more in vain; whether it was told already that it has to wait."""
        tries = self._tries[account]
        self._count(account)
        told, tries.told = tries.told, True
        return told

    def knows(self, account: int) -> bool:
        """Whether it has to wait and was told so."""
        return self.wait(account) is not None and self._tries[account].told

    def wrong(self, account: int) -> None:
        """It tried a code that is none."""
        if account not in self._tries and len(self._tries) >= KEPT:
            del self._tries[next(iter(self._tries))]
        # Taken out first: who tried last is forgotten last.
        tries = self._tries[account] = self._tries.pop(account, Tries())
        tries.wrong, tries.told = tries.wrong + 1, False
        if tries.wrong >= FREE:
            doublings = min(tries.wrong - FREE, 20)
            wait = min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
            tries.until = self._clock() + wait
        self._count(account)

    def right(self, account: int) -> None:
        """It came in, or left it at that: nothing is held against it."""
        self._tries.pop(account, None)

    def burst(self) -> Burst | None:
        """What is to be told now; asked for, it is told."""
        now, tries = self._clock(), sum(self._since_told.values())
        lately = self._told_at is not None and now - self._told_at < TOLD_EVERY
        if tries <= FREE or lately:
            return None
        found = Burst(tries, len(self._since_told))
        self._since_told, self._told_at = {}, now
        return found

    def _count(self, account: int) -> None:
        self.refused += 1
        if account in self._since_told or len(self._since_told) < KEPT:
            self._since_told[account] = self._since_told.get(account, 0) + 1
