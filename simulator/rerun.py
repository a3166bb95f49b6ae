"""Plays a recording in a house, with whatever bot follows its clock."""

from datetime import datetime
from typing import Any

from simulator.acts import ACTS
from simulator.errors import Misuse
from simulator.house import House
from simulator.record import SPOKEN, said
from simulator.replay import Line, Player, Recording

# Real seconds to wait for a bot, and for what it does after each act.
PATIENCE = 30.0
PAUSED_STORY = ("task", "debrief", "broken")


async def again(house: House, recording: Recording) -> list[str]:
    """The differences between the recorded run and this one."""
    if not await house.bell.until(house.driver.followed, PATIENCE):
        raise Misuse("no bot follows the clock")

    async def act(path: str, body: dict[str, Any]) -> None:
        try:
            await ACTS[path](house, body)
        except KeyError as missing:
            raise Misuse(f"missing or unknown: {missing}") from missing
        await _story_waits(house)
        await house.driver.quiet(PATIENCE)

    async def reach(instant: datetime) -> None:
        if instant > house.clock.now():
            await house.driver.advance(instant)

    def heard() -> list[Line]:
        return [said(call) for call in house.journal.calls if call.method in SPOKEN]

    return await Player(recording, act, reach, heard).play()


async def _story_waits(house: House) -> None:
    """A story goes on by itself until it waits for somebody."""

    def waits() -> bool:
        story = house.theatre.story
        return story is None or story.progress.phase in PAUSED_STORY

    await house.bell.until(waits, PATIENCE)
