"""Chooses a storyboard, sets the stage afresh, and plays one story at a time."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from simulator.errors import Misuse
from simulator.stories import story as playing
from simulator.stories import storyboard
from simulator.stories.stage import Stage
from simulator.stories.story import Story
from simulator.stories.storyboard import FOLDER


@dataclass(frozen=True)
class Storyboards:
    """Where the storyboards are, and what they may refer to, as {setup}."""

    folder: Path = FOLDER
    values: dict[str, str] = field(default_factory=dict)


class Runner:
    """At most one story is on."""

    def __init__(
        self,
        storyboards: Storyboards,
        afresh: Callable[[datetime | None], Any],
        stage: Callable[[dict[str, str]], Stage],
        tell: Callable[..., None],
    ) -> None:
        self._storyboards, self._afresh, self._stage, self._tell = storyboards, afresh, stage, tell
        self.story: Story | None = None
        self._task: asyncio.Task[None] | None = None

    def listed(self) -> list[dict[str, Any]]:
        """Every storyboard; a broken file is named, and hides no other."""
        found = []
        for name in storyboard.names(self._storyboards.folder):
            try:
                found.append(storyboard.load(name, self._storyboards.folder).drawn())
            except Misuse as misuse:
                found.append({"name": name, "title": name, "broken": str(misuse)})
        return found

    async def play(self, name: str) -> None:
        """Empty the stage, start the bot afresh, and begin."""
        board = storyboard.load(name, self._storyboards.folder)
        await self.stop()
        await self._afresh(board.begins)
        stage = self._stage(self._storyboards.values)
        await stage.followed()
        self.story = Story(board, stage, self._told)
        self._task = asyncio.create_task(playing.play(self.story))
        self._told()

    async def stop(self) -> None:
        """Leave the story where it is."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._task, self.story = None, None
        self._told()

    def current(self) -> Story:
        if self.story is None:
            raise Misuse("Aucun scénario n’est en cours.")
        return self.story

    def state(self) -> dict[str, Any] | None:
        return self.story.state() if self.story else None

    def _told(self) -> None:
        self._tell("story", story=self.state())
