"""PTB's requests over aiohttp: what left and what did not are told apart, and no token is told."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from telegram.request import RequestData

from bot.transport import AiohttpRequest, NotSent, Unanswered, send_error

TOKEN = "123456:" + "A" * 35
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def request_(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AiohttpRequest]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with AiohttpRequest() as request:
        yield request


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def ask(request: AiohttpRequest, serve: Serve, read_timeout: float = 5) -> object:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/bot{TOKEN}/getMe"
        return await request.post(url, RequestData(), read_timeout=read_timeout)


async def read_request(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def test_an_answer_is_read(request_: AiohttpRequest) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        body = b'{"ok": true, "result": true}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        writer.close()

    assert await ask(request_, serve) is True


async def test_a_refused_connection_was_never_sent(
    request_: AiohttpRequest, closed_port: int
) -> None:
    with pytest.raises(NotSent) as raised:
        await request_.post(f"http://127.0.0.1:{closed_port}/bot{TOKEN}/getMe")

    assert not send_error(raised.value).unknown


async def test_a_connection_cut_after_the_request_leaves_it_unknown(
    request_: AiohttpRequest,
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.close()

    with pytest.raises(Unanswered) as raised:
        await ask(request_, serve)

    assert send_error(raised.value).unknown


async def test_an_answer_that_does_not_come_leaves_it_unknown(request_: AiohttpRequest) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await reader.read()
        writer.close()

    with pytest.raises(Unanswered):
        await ask(request_, serve, read_timeout=0.05)


async def test_an_answer_that_is_not_json_leaves_it_unknown(request_: AiohttpRequest) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        writer.close()

    with pytest.raises(Exception, match="Invalid server response") as raised:
        await ask(request_, serve)

    assert send_error(raised.value).unknown  # type: ignore[arg-type]


async def test_an_error_on_the_line_does_not_tell_the_token(
    request_: AiohttpRequest, closed_port: int
) -> None:
    with pytest.raises(NotSent) as raised:
        await request_.post(f"http://127.0.0.1:{closed_port}/bot{TOKEN}/getMe")

    assert "AAAA" not in str(raised.value) + repr(raised.value.__cause__)
