"""The sign of life is given only while everything is explained."""

import asyncio
from contextlib import suppress

from aiohttp import web

from bot import heartbeat


async def beats(unexplained: list[str]) -> list[str]:
    """The calls that reach the address in one beat."""
    heard: list[str] = []
    came = asyncio.Event()

    async def listen(request: web.Request) -> web.Response:
        heard.append(request.path)
        came.set()
        return web.Response()

    def look() -> list[str]:
        if unexplained:
            came.set()
        return unexplained

    app = web.Application()
    app.router.add_get("/beat", listen)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    beating = asyncio.create_task(heartbeat.beat(f"http://127.0.0.1:{port}/beat", look))
    await came.wait()
    beating.cancel()
    with suppress(asyncio.CancelledError):
        await beating
    await runner.cleanup()
    return heard


async def test_it_beats_when_everything_is_explained() -> None:
    assert await beats([]) == ["/beat"]


async def test_it_is_silent_while_something_is_unexplained() -> None:
    assert await beats(["alert 3 overdue"]) == []
