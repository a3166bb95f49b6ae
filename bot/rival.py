"""Another program that polls with our token: told apart from the moment at which two overlap."""

import time
from collections.abc import Callable

LASTING = 30.0
"""Seconds of refusals after which it is no program that is being replaced."""
CALM = 60.0
"""Seconds without one after which we are alone: longer than a long poll and a pause."""


class Rival:
    """What Telegram's refusals (409) and answers say about who else polls."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._since: float | None = None
        """When the refusals began that still go on."""
        self._calm_since = monotonic()
        self.here: bool | None = None
        """Whether there is one; None as long as nobody can tell."""

    def refused(self) -> None:
        """Another one polled, and Telegram gave up our poll."""
        now = self._monotonic()
        if self._since is None:
            self._since = now
        self._calm_since = now
        if now - self._since >= LASTING:
            self.here = True

    def answered(self) -> None:
        """We polled undisturbed; the two of us may take turns."""
        if self._monotonic() - self._calm_since >= CALM:
            self._since, self.here = None, False
