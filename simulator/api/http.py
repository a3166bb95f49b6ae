"""The HTTP edge of the Bot API: `/bot<token>/<method>` and file downloads."""

import asyncio
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from simulator.api.multipart import parameters
from simulator.api.params import Params
from simulator.api.polling import Delivery
from simulator.api.schema import Upload
from simulator.api.telegram import Telegram, refusal_of
from simulator.errors import Refusal
from simulator.world.changes import Changes
from simulator.world.faults import Fault
from simulator.world.journal import Journal
from simulator.world.lockstep import Lockstep

Answer = dict[str, Any]


class BotApi:
    """Serves one bot."""

    def __init__(
        self,
        telegram: Telegram,
        delivery: Delivery,
        lockstep: Lockstep,
        journal: Journal,
        changes: Changes,
    ) -> None:
        self._telegram, self._delivery, self._lockstep = telegram, delivery, lockstep
        self._journal, self._changes = journal, changes

    async def call(self, request: Request) -> Response:
        """One request, from the token to the journal."""
        method, began = request.path_params["method"], time.perf_counter()
        raw: dict[str, object] = {}
        fault: Fault | None = None
        answer: Answer | bytes
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
        return await _reset(request) if cut else _response(answer, status)

    async def _answer(
        self, request: Request, method: str, raw: dict[str, object], fault: Fault | None
    ) -> tuple[int, Answer | bytes]:
        if fault and fault.kind == "odd":
            return 200, self._delivery.odd(self._telegram.params(method, raw), fault)
        if fault and fault.kind == "delay":
            await self._changes.until(lambda: False, fault.delay_s)
        elif fault and fault.kind == "cut_before":
            return 0, {}
        elif fault and fault.kind != "cut_after":
            raise refusal_of(fault)
        params = self._telegram.params(method, raw)
        result = await self._result(request, method, params)
        return 200, {"ok": True, "result": result}

    async def _result(self, request: Request, method: str, params: Params) -> object:
        if method == "getUpdates":
            async with watched(request, self._changes) as hung_up:
                result: object = await self._delivery.get_updates(params, hung_up)
        elif method == "setWebhook":
            result = self._delivery.set_webhook(params)
        elif method == "deleteWebhook":
            result = self._delivery.delete_webhook(params)
        elif method == "getWebhookInfo":
            result = self._delivery.info()
        else:
            return self._telegram.call(method, params)
        self._telegram.verify(method, result)
        return result

    def _write(
        self,
        method: str,
        raw: dict[str, object],
        status: int,
        answer: Answer | bytes,
        began: float,
        fault: Fault | None,
    ) -> None:
        at = self._telegram.world.now().isoformat()
        ms = (time.perf_counter() - began) * 1000
        kind = fault.kind if fault else ""
        shown = {name: _shown(value) for name, value in raw.items()}
        said: Answer = {"odd": fault.shape if fault else ""}
        if not isinstance(answer, bytes):
            said = answer
        call = self._journal.write(at, method, shown, status, said, ms, kind)
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
async def watched(request: Request, changes: Changes) -> Any:
    """While a request waits, notice that its client has hung up."""
    gone = False

    async def listen() -> None:
        nonlocal gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone = True
        changes.notify()

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


def _response(answer: Answer | bytes, status: int) -> Response:
    if isinstance(answer, bytes):
        return Response(answer, status, media_type="application/json")
    return JSONResponse(answer, status)


def _shown(value: object) -> object:
    """A parameter as the journal keeps it: of a file its name and its size."""
    if isinstance(value, Upload):
        return f"<{value.name}, {len(value.content)} bytes>"
    return value


def _chat_id(raw: dict[str, object]) -> int | None:
    try:
        return int(str(raw["chat_id"]))
    except (KeyError, ValueError):
        return None
