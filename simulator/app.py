"""Composes the simulator as one Starlette application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from simulator.api.clock import ClockApi
from simulator.api.http import BotApi
from simulator.ground import Ground, Options
from simulator.page.control import Control

PAGE = Path(__file__).parent / "page" / "static"


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
        Route("/clock", ClockApi(ground.lockstep, ground.changes).follow),
        *Control(ground).routes(),
        Route("/", _page),
        Mount("/page", StaticFiles(directory=PAGE)),
    ]


async def _page(_: Request) -> Response:
    return FileResponse(PAGE / "index.html")


def _lifespan(ground: Ground) -> Any:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await ground.open()
        yield
        await ground.close()

    return lifespan
