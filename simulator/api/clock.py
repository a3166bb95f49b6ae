"""`GET /clock`: the clock that a bot follows by long poll, and where it says what it has done."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator.api.http import watched
from simulator.errors import Misuse
from simulator.world.changes import Changes
from simulator.world.clock import instant
from simulator.world.lockstep import Lockstep

LONGEST_POLL = 25.0


class ClockApi:
    """Serves the clock of one lockstep."""

    def __init__(self, lockstep: Lockstep, changes: Changes) -> None:
        self._lockstep, self._changes = lockstep, changes
        self._clock = lockstep.clock

    async def follow(self, request: Request) -> Response:
        """The clock; with `version`, as soon as it differs from the given one."""
        given = request.query_params
        if "version" not in given:
            return JSONResponse(self._clock.state())
        try:
            settled = int(given["settled"]) if "settled" in given else None
            due = instant(given["next"]) if given.get("next") else None
            version = int(given["version"])
        except (ValueError, Misuse) as error:
            return JSONResponse({"error": str(error)}, 400)
        self._lockstep.report(settled, due)
        await self._wait(request, version)
        return JSONResponse(self._clock.state())

    async def _wait(self, request: Request, version: int) -> None:
        follower = self._lockstep.follower
        async with watched(request, self._changes) as hung_up:
            follower.polling += 1
            try:
                await self._changes.until(
                    lambda: self._clock.version != version or hung_up(), LONGEST_POLL
                )
            finally:
                follower.polling -= 1
        if hung_up():
            self._lockstep.gone()
        else:
            self._lockstep.report(None, None)
