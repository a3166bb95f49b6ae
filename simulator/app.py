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

from simulator.acts import instant
from simulator.bot_api import BotApi, watched
from simulator.control import Control
from simulator.errors import Misuse
from simulator.house import House, Options

PAGE = Path(__file__).parent / "page"
LONGEST_POLL = 25.0


class Simulator(Starlette):
    """Starlette that can also cut a connection short, as a bad network does."""

    house: House

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # uvicorn's own send is a method of the object that holds the transport.
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if transport is not None:
            scope["relais.cut"] = transport.abort
        await super().__call__(scope, receive, send)


def build(options: Options) -> Simulator:
    """A ready application; its parts hang on `app.house`."""
    house = House(options)
    api = BotApi(house.telegram, house.post, house.driver, house.journal, house.bell)
    app = Simulator(routes=routes(house, api), lifespan=_lifespan(house))
    app.house = house
    return app


def routes(house: House, api: BotApi) -> list[BaseRoute]:
    verbs = ["GET", "POST"]
    return [
        Route("/bot{token}/{method}", api.call, methods=verbs),
        Route("/file/bot{token}/{path:path}", api.download),
        Route("/clock", _clock(house)),
        *Control(house).routes(),
        Route("/", _page),
        Mount("/page", StaticFiles(directory=PAGE)),
    ]


async def _page(_: Request) -> Response:
    return FileResponse(PAGE / "index.html")


def _clock(house: House) -> Any:
    async def follow(request: Request) -> Response:
        """The clock; with `version`, as soon as it differs from the given one."""
        given = request.query_params
        if "version" not in given:
            return JSONResponse(house.clock.state())
        try:
            settled = int(given["settled"]) if "settled" in given else None
            due = instant(given["next"]) if given.get("next") else None
            version = int(given["version"])
        except (ValueError, Misuse) as error:
            return JSONResponse({"error": str(error)}, 400)
        house.driver.report(settled, due)
        await _wait(house, request, version)
        return JSONResponse(house.clock.state())

    return follow


async def _wait(house: House, request: Request, version: int) -> None:
    driver = house.driver
    async with watched(request, house.bell) as hung_up:
        driver.follower.polling += 1
        try:
            await house.bell.until(
                lambda: house.clock.version != version or hung_up(), LONGEST_POLL
            )
        finally:
            driver.follower.polling -= 1
    if hung_up():
        driver.gone()
    else:
        driver.report(None, None)


def _lifespan(house: House) -> Any:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await house.open()
        yield
        await house.close()

    return lifespan
