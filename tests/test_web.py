"""The webhook believes only Telegram and answers after the commit; health tells no identity."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import aiohttp
import httpx
import pytest
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette

from bot.web import SECRET_HEADER, Metrics, WebServer, web_app

SECRET = "a-secret-of-the-tests"
HEALTH = {
    "status": "ok",
    "now": "2026-03-02T08:00:10+00:00",
    "rang_at": "2026-03-02T08:00:09+00:00",
    "next_due_at": "2026-03-02T08:00:00+00:00",
    "outbox": {"pending": 3, "sent": 40},
    "unexplained": 0,
}


class Taken:
    """Takes updates, unless told that the database is at fault."""

    def __init__(self) -> None:
        self.updates: list[dict[str, Any]] = []
        self.full = False

    def __call__(self, updates: Sequence[dict[str, Any]]) -> None:
        if self.full:
            raise OperationalError("COMMIT", {}, Exception("database or disk is full"))
        self.updates.extend(updates)


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
def app(taken: Taken) -> Starlette:
    return web_app(health=lambda: HEALTH, take=taken, secret=SECRET)


async def call(app: Starlette, method: str, path: str, **how: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        return await client.request(method, path, **how)


async def post(app: Starlette, body: Any, secret: str = SECRET) -> int:
    answer = await call(app, "POST", "/hook", json=body, headers={SECRET_HEADER: secret})
    return answer.status_code


async def test_an_update_is_taken(app: Starlette, taken: Taken) -> None:
    assert await post(app, {"update_id": 1}) == 200
    assert taken.updates == [{"update_id": 1}]


@pytest.mark.parametrize("secret", ["", "wrong", SECRET + "x", "é"])
async def test_who_does_not_know_the_secret_is_not_believed(
    secret: str, app: Starlette, taken: Taken
) -> None:
    answer = await call(
        app,
        "POST",
        "/hook",
        json={"update_id": 1},
        headers={SECRET_HEADER: secret.encode()},
    )

    assert (answer.status_code, taken.updates) == (403, [])


@pytest.mark.parametrize(
    "body",
    [[], "text", {}, {"update_id": "1"}, {"update_id": True}, {"update_id": 2**70}, None, 1, [{}]],
)
async def test_what_is_no_update_is_refused(body: Any, app: Starlette, taken: Taken) -> None:
    assert await post(app, body) == 400
    assert taken.updates == []


@pytest.mark.parametrize("body", [b"", b"\xff", b"{", b"NaN", b"[" * 100_000, b'{"a":' * 9_999])
async def test_what_is_no_json_is_refused(body: bytes, app: Starlette, taken: Taken) -> None:
    answer = await call(app, "POST", "/hook", content=body, headers={SECRET_HEADER: SECRET})

    assert (answer.status_code, taken.updates) == (400, [])


async def test_a_bug_in_taking_an_update_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    def take(updates: Sequence[dict[str, Any]]) -> None:
        raise KeyError("a bug")

    app = web_app(health=lambda: HEALTH, take=take, secret=SECRET)

    assert await post(app, {"update_id": 1}) == 500


@pytest.mark.parametrize(
    ("status", "code"), [("ok", 200), ("starting", 200), ("unexplained", 503), ("late", 503)]
)
async def test_health_that_is_not_well_says_so_by_its_number(status: str, code: int) -> None:
    answer = await call(web_app(health=lambda: {"status": status}), "GET", "/healthz")

    assert (answer.status_code, answer.json()) == (code, {"status": status})


async def test_an_endless_body_is_refused(app: Starlette) -> None:
    assert await post(app, {"update_id": 1, "text": "x" * 1_000_001}) == 400


async def test_an_update_that_cannot_be_committed_is_not_acknowledged(
    app: Starlette, taken: Taken
) -> None:
    taken.full = True

    assert await post(app, {"update_id": 1}) == 503


def test_a_webhook_needs_a_secret(taken: Taken) -> None:
    with pytest.raises(ValueError, match="secret"):
        web_app(health=lambda: HEALTH, take=taken)


async def test_without_a_webhook_nothing_is_taken() -> None:
    assert await post(web_app(health=lambda: HEALTH), {"update_id": 1}) == 404


async def test_health_is_json(app: Starlette) -> None:
    answer = await call(app, "GET", "/healthz")

    assert (answer.status_code, answer.json()) == (200, HEALTH)


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
async def test_health_without_its_database_is_down(path: str) -> None:
    def down() -> dict[str, Any]:
        raise OperationalError("SELECT", {}, Exception("gone"))

    answer = await call(web_app(health=down), "GET", path)

    assert answer.status_code == 503


async def test_metrics_count_letters_rings_and_alerts() -> None:
    metrics = Metrics()
    metrics.alert_sent(timedelta(seconds=0.3))

    answer = await call(web_app(health=lambda: HEALTH, metrics=metrics), "GET", "/metrics")

    lines = answer.text.splitlines()
    assert 'relais_outbox_letters{state="pending"} 3.0' in lines
    assert "relais_backlog_seconds 10.0" in lines
    assert 'relais_alert_delivery_seconds_bucket{le="0.5"} 1.0' in lines


async def test_the_server_answers_and_stops_when_cancelled(app: Starlette) -> None:
    server = WebServer(app, 0)
    running = asyncio.create_task(server.run())

    async with (
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{server.port}/healthz") as answer,
    ):
        assert answer.status == 200
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_port_in_use_is_said_at_once(app: Starlette) -> None:
    first = WebServer(app, 0)

    with pytest.raises(OSError, match="in use"):
        WebServer(app, first.port)
    first._socket.close()
