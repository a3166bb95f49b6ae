"""Another program that takes updates with our token: told apart from two that overlap once."""

import time
from collections import deque
from collections.abc import Callable

LASTING = 30.0
"""Seconds of signs after which it is no program that is being replaced."""
CALM = 60.0
"""Seconds without one after which we are alone: longer than a long poll and a pause."""
SIGNS = 3
"""Fewer are a program that stopped slowly."""
OFTEN, LATELY = 4, 3600.0
"""Times within so many seconds that one came: it polls rarely, and takes what it finds."""


class Rival:
    """What Telegram's refusals (409), gaps between updates, and quiet polls say of who else polls.

    Two that poll by turns, never at once, show by the gaps alone: numbers of updates follow one
    another (Bot API, *Update*).
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self.begin()

    def begin(self) -> None:
        """From now on we poll: what was before says nothing."""
        self.here: bool | None = None
        """Whether there is one; None as long as nobody can tell."""
        self._began: deque[float] = deque(maxlen=OFTEN)
        self._signs = 0
        self._last = self._monotonic()
        """Of the last sign, or when we began."""

    def noticed(self) -> None:
        """Telegram gave up our poll for another one, or some updates went to somebody else."""
        now = self._monotonic()
        if not self._began or now - self._last >= CALM:
            self._began.append(now)
            self._signs = 0
        self._last = now
        self._signs += 1
        lasts = now - self._began[-1] >= LASTING and self._signs >= SIGNS
        if lasts or self._is_often():
            self.here = True

    def undisturbed(self) -> None:
        """We polled, and nothing was missing; the two of us may take turns."""
        if self._monotonic() - self._last >= CALM and not self._is_often():
            self.here = False

    def _is_often(self) -> bool:
        return len(self._began) == OFTEN and self._monotonic() - self._began[0] < LATELY


class Holes:
    """Numbers of updates that are missing under a webhook, where they come out of order."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._highest = 0
        self._open: dict[int, float] = {}

    def came(self, number: int) -> list[int]:
        """Note it; the numbers before it that have been missing for too long, each once."""
        now = self._monotonic()
        self._open.pop(number, None)
        between = range(self._highest + 1, number)
        # A jump of that many is a new count, and no hole (Bot API, *Update*).
        if self._highest and 0 < len(between) <= MOST_HOLES:
            self._open |= dict.fromkeys(between, now)
        if number > self._highest or number < self._highest - MOST_HOLES:
            self._highest = number
        lost = [each for each, since in self._open.items() if now - since >= CALM]
        for each in lost:
            del self._open[each]
        return lost


MOST_HOLES = 1000
