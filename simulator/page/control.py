"""The control API over HTTP: acts by POST, the state of the world by GET."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from simulator.errors import Misuse
from simulator.ground import Ground
from simulator.page import views
from simulator.page.events import Events
from simulator.page.operations import OPERATIONS, Operation, chat_of, person_of
from simulator.page.status import status
from simulator.world.lockstep import Stalled
from simulator.world.people import Chat

NEWEST = 60


class Control:
    """Serves the control API of one ground."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.events = Events(ground.world, ground.changes)

    def routes(self) -> list[Route]:
        posts = [
            Route(f"/control/{path}", self._act(path, act), methods=["POST"])
            for path, act in OPERATIONS.items()
        ]
        reads = {
            "world": self.world,
            "chats": self.chats,
            "chats/{chat}": self.chat,
            "taps/{tap}": self.tap,
            "menu": self.menu,
            "calls": self.calls,
            "faults": self.faults,
            "state": self.state,
            "status": self.status,
            "stories": self.stories,
            "story": self.story,
            "followed": self.followed,
            "bot/log": self.bot_log,
            "quiet": self.quiet,
            "events": self.follow,
            "files/{file_id}": self.file,
        }
        gets = [Route(f"/control/{path}", read) for path, read in reads.items()]
        return [*posts, *gets]

    def _act(self, path: str, act: Operation) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            body = json.loads(await request.body() or b"{}")
            self.ground.note_act(path, body)
            return await answered(lambda: act(self.ground, body))

        return serve

    async def world(self, request: Request) -> Response:
        newest = int(request.query_params.get("newest", NEWEST))
        snapshot = views.snapshot(self.ground.world, newest)
        state = self._state()
        # In the snapshot `bot` is the bot's account; its process goes under another name.
        state["bot_process"] = state.pop("bot")
        return JSONResponse(state | snapshot | {"last": self.events.last})

    async def chats(self, _: Request) -> Response:
        world = self.ground.world
        return JSONResponse([views.chat(world, chat) for chat in world.chats.values()])

    async def chat(self, request: Request) -> Response:
        async def read() -> object:
            chat = self._named(request.path_params["chat"])
            before = int(request.query_params.get("before", chat.last_id + 1))
            newest = int(request.query_params.get("newest", chat.last_id or 1))
            messages = [m for m in chat.messages.values() if m.id < before][-newest:]
            drawn = [views.message(message) for message in messages]
            return views.chat(self.ground.world, chat) | {"messages": drawn}

        return await answered(read)

    def _state(self) -> dict[str, Any]:
        written = views.written(self.ground.world)
        return self.ground.state() | {"status": status(self.ground), "written": written}

    def _named(self, name: str) -> Chat:
        wanted = int(name) if name.lstrip("-").isdigit() else name
        return chat_of(self.ground, {"chat": wanted})

    async def tap(self, request: Request) -> Response:
        """A tap and its answer; `wait` seconds at most for the answer."""

        async def read() -> object:
            tap = self.ground.world.taps.get(request.path_params["tap"])
            if tap is None:
                raise Misuse("Cet appui n’existe pas.")
            wait = float(request.query_params.get("wait", 0))
            await self.ground.changes.until(lambda: tap.answer is not None, wait)
            return views.tap(tap)

        return await answered(read)

    async def menu(self, request: Request) -> Response:
        async def read() -> object:
            body = {"person": int(request.query_params["person"])}
            chat = self._named(request.query_params.get("chat", str(body["person"])))
            return views.commands(self.ground.world, person_of(self.ground, body), chat)

        return await answered(read)

    async def calls(self, request: Request) -> Response:
        since = int(request.query_params.get("since", 0))
        newest = int(request.query_params.get("newest", 0))
        found = self.ground.journal.since(since, request.query_params.get("method", ""))
        if request.query_params.get("hide_polls"):
            found = [call for call in found if call.method != "getUpdates"]
        return JSONResponse([call.drawn() for call in found[-newest:]])

    async def faults(self, _: Request) -> Response:
        return JSONResponse(self.ground.faults.listed())

    async def state(self, _: Request) -> Response:
        return JSONResponse(self._state())

    async def status(self, _: Request) -> Response:
        return JSONResponse(status(self.ground))

    async def stories(self, _: Request) -> Response:
        return JSONResponse(self.ground.runner.listed())

    async def story(self, request: Request) -> Response:
        """The story, once it is in one of the given phases with so many tasks begun."""
        given = request.query_params
        phases, tasks = given.get("phase", "").split(","), int(given.get("tasks", 0))

        def reached() -> bool:
            story = self.ground.runner.story
            return story is not None and (
                story.progress.phase == "broken"
                or (story.progress.phase in phases and len(story.progress.tasks) >= tasks)
            )

        await self.ground.changes.until(reached, float(given.get("timeout", 0)))
        return JSONResponse(self.ground.runner.state())

    async def followed(self, request: Request) -> Response:
        """Waits until a bot follows the clock."""
        seconds = float(request.query_params.get("timeout", 0))
        return JSONResponse(
            await self.ground.changes.until(self.ground.lockstep.followed, seconds)
        )

    async def bot_log(self, _: Request) -> Response:
        return Response(self.ground.bot_process.log(), media_type="text/plain; charset=utf-8")

    async def quiet(self, request: Request) -> Response:
        async def wait() -> object:
            await self.ground.lockstep.quiet(float(request.query_params.get("timeout", 10)))
            return self.ground.state()

        return await answered(wait)

    async def follow(self, request: Request) -> Response:
        since = request.headers.get("last-event-id") or request.query_params.get("since")
        start = int(since) if since is not None else self.events.last
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(
            self.events.after(start), media_type="text/event-stream", headers=headers
        )

    async def file(self, request: Request) -> Response:
        blob = self.ground.world.files.get(request.path_params["file_id"])
        if blob is None:
            return JSONResponse({"error": "Ce fichier n’existe pas."}, 404)
        return Response(blob.content, media_type=blob.mime)


async def answered(act: Callable[[], Awaitable[object]]) -> Response:
    """200, 400 for what cannot be done, 504 when the bot did not follow."""
    try:
        return JSONResponse(await act())
    except Misuse as misuse:
        return JSONResponse({"error": str(misuse)}, 400)
    except KeyError as missing:
        return JSONResponse(
            {"error": f"Il manque quelque chose, ou ce n’est pas connu : {missing}"}, 400
        )
    except Stalled as stalled:
        return JSONResponse({"error": str(stalled)}, 504)
