"""The HTTP edge of the Bot API: `/bot<token>/<method>` and file downloads."""

import asyncio
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from simulator.bell import Bell
from simulator.drive import Driver
from simulator.errors import Refusal
from simulator.faults import Fault
from simulator.journal import Journal
from simulator.multipart import parameters
from simulator.params import Params
from simulator.polling import Post
from simulator.telegram import Telegram, refusal_of

Answer = dict[str, Any]


class BotApi:
    """Serves one bot."""

    def __init__(
        self, telegram: Telegram, post: Post, driver: Driver, journal: Journal, bell: Bell
    ) -> None:
        self._telegram, self._post, self._driver = telegram, post, driver
        self._journal, self._bell = journal, bell

    async def call(self, request: Request) -> Response:
        """One request, from the token to the journal."""
        method, began = request.path_params["method"], time.perf_counter()
        raw: dict[str, object] = {}
        fault: Fault | None = None
        try:
            self._telegram.admit(request.path_params["token"])
            raw = await parameters(request)
            method = self._telegram.method(method)
            fault = self._telegram.faults.strike(method, _chat_id(raw))
            status, answer = await self._answer(request, method, raw, fault)
        except Refusal as refusal:
            status, answer = refusal.code, refusal.answer()
        except ClientDisconnect:
            return Response(status_code=400)
        cut = fault is not None and fault.kind.startswith("cut")
        self._write(method, raw, 0 if cut else status, answer, began, fault)
        return await _reset(request) if cut else JSONResponse(answer, status)

    async def _answer(
        self, request: Request, method: str, raw: dict[str, object], fault: Fault | None
    ) -> tuple[int, Answer]:
        if fault and fault.kind == "delay":
            await self._bell.until(lambda: False, fault.delay_s)
        elif fault and fault.kind == "cut_before":
            return 0, {}
        elif fault and fault.kind != "cut_after":
            raise refusal_of(fault)
        params = self._telegram.params(method, raw)
        result = await self._result(request, method, params)
        return 200, {"ok": True, "result": result}

    async def _result(self, request: Request, method: str, params: Params) -> object:
        if method == "getUpdates":
            async with watched(request, self._bell) as hung_up:
                result: object = await self._post.get_updates(params, hung_up)
        elif method == "setWebhook":
            result = self._post.set_webhook(params)
        elif method == "deleteWebhook":
            result = self._post.delete_webhook(params)
        elif method == "getWebhookInfo":
            result = self._post.info()
        else:
            return self._telegram.call(method, params)
        self._telegram.verify(method, result)
        return result

    def _write(
        self,
        method: str,
        raw: dict[str, object],
        status: int,
        answer: Answer,
        began: float,
        fault: Fault | None,
    ) -> None:
        at = self._telegram.world.now().isoformat()
        ms = (time.perf_counter() - began) * 1000
        kind = fault.kind if fault else ""
        call = self._journal.write(at, method, raw, status, answer, ms, kind)
        self._telegram.world.tell("call", n=call.n, method=method, status=status)

    async def download(self, request: Request) -> Response:
        """A file that `getFile` gave the path of."""
        try:
            self._telegram.admit(request.path_params["token"])
        except Refusal as refusal:
            return JSONResponse(refusal.answer(), refusal.code)
        path = request.path_params["path"]
        for blob in self._telegram.world.files.values():
            if blob.path == path:
                return Response(blob.content, media_type=blob.mime)
        return JSONResponse(Refusal("Not Found", 404).answer(), 404)


@asynccontextmanager
async def watched(request: Request, bell: Bell) -> Any:
    """While a request waits, notice that its client has hung up."""
    gone = False

    async def listen() -> None:
        nonlocal gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone = True
        bell.ring()

    def hung_up() -> bool:
        return gone

    await request.body()
    listener = asyncio.create_task(listen())
    try:
        yield hung_up
    finally:
        listener.cancel()


async def _reset(request: Request) -> Response:
    """Cut the connection without an answer."""
    cut: Callable[[], None] | None = request.scope.get("relais.cut")
    if cut is None:
        raise ConnectionResetError("fault: the connection is cut")
    cut()
    # The server must notice the loss before this request ends.
    await asyncio.sleep(0)
    return Response(status_code=500)


def _chat_id(raw: dict[str, object]) -> int | None:
    try:
        return int(str(raw["chat_id"]))
    except (KeyError, ValueError):
        return None
