"""Composes the simulator as one Starlette application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from simulator.api.http import BotApi, watched
from simulator.errors import Misuse
from simulator.ground import Ground, Options
from simulator.page.control import Control
from simulator.page.operations import instant

PAGE = Path(__file__).parent / "page" / "static"
LONGEST_POLL = 25.0


class Simulator(Starlette):
    """Starlette that can also cut a connection short, as a bad network does."""

    ground: Ground

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # uvicorn's own send is a method of the object that holds the transport.
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if transport is not None:
            scope["relais.cut"] = transport.abort
        await super().__call__(scope, receive, send)


def build(options: Options) -> Simulator:
    """A ready application; its parts hang on `app.ground`."""
    ground = Ground(options)
    api = BotApi(ground.telegram, ground.delivery, ground.lockstep, ground.journal, ground.changes)
    app = Simulator(routes=routes(ground, api), lifespan=_lifespan(ground))
    app.ground = ground
    return app


def routes(ground: Ground, api: BotApi) -> list[BaseRoute]:
    verbs = ["GET", "POST"]
    return [
        Route("/bot{token}/{method}", api.call, methods=verbs),
        Route("/file/bot{token}/{path:path}", api.download),
        Route("/clock", _clock(ground)),
        *Control(ground).routes(),
        Route("/", _page),
        Mount("/page", StaticFiles(directory=PAGE)),
    ]


async def _page(_: Request) -> Response:
    return FileResponse(PAGE / "index.html")


def _clock(ground: Ground) -> Any:
    async def follow(request: Request) -> Response:
        """The clock; with `version`, as soon as it differs from the given one."""
        given = request.query_params
        if "version" not in given:
            return JSONResponse(ground.clock.state())
        try:
            settled = int(given["settled"]) if "settled" in given else None
            due = instant(given["next"]) if given.get("next") else None
            version = int(given["version"])
        except (ValueError, Misuse) as error:
            return JSONResponse({"error": str(error)}, 400)
        ground.lockstep.report(settled, due)
        await _wait(ground, request, version)
        return JSONResponse(ground.clock.state())

    return follow


async def _wait(ground: Ground, request: Request, version: int) -> None:
    lockstep = ground.lockstep
    async with watched(request, ground.changes) as hung_up:
        lockstep.follower.polling += 1
        try:
            await ground.changes.until(
                lambda: ground.clock.version != version or hung_up(), LONGEST_POLL
            )
        finally:
            lockstep.follower.polling -= 1
    if hung_up():
        lockstep.gone()
    else:
        lockstep.report(None, None)


def _lifespan(ground: Ground) -> Any:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await ground.open()
        yield
        await ground.close()

    return lifespan
