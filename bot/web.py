"""HTTP in: the webhook, /healthz, /metrics."""

import asyncio
import hmac
import logging
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any, TypeGuard

import uvicorn
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic_core import from_json
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.logs import Outage, described

logger = logging.getLogger(__name__)

Health = Callable[[], Mapping[str, Any]]
Take = Callable[[Sequence[dict[str, Any]]], None]

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
WELL = ("ok", "starting", "standby")
LARGEST_UPDATE = 1_000_000
"""Bytes; Telegram's own are a few thousand."""
LARGEST_ID = 2**53


class Metrics:
    """What Prometheus may know: numbers, never a code."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._letters = self._gauge("outbox_letters", "Letters by state", ["state"])
        self._unexplained = self._gauge("unexplained", "Due things the auditor cannot explain")
        self._dropped = self._gauge("updates_dropped", "Updates that nobody read", ["why"])
        self._rang_at = self._gauge("last_ring_timestamp_seconds", "When the bell last rang")
        self._backlog = self._gauge("backlog_seconds", "How overdue the most overdue thing is")
        self._alerts = Histogram(
            "relais_alert_delivery_seconds",
            "From the raising of an alert to its delivery",
            buckets=(0.1, 0.5, 1, 2, 5, 10, 30, 60, 300),
            registry=self.registry,
        )

    def alert_sent(self, took: timedelta) -> None:
        """An alert reached its chat."""
        self._alerts.observe(took.total_seconds())

    def page(self, health: Mapping[str, Any]) -> bytes:
        """The figures of this instant, in Prometheus' own format."""
        for state, n in health.get("outbox", {}).items():
            self._letters.labels(state).set(n)
        for why, n in health.get("dropped", {}).items():
            self._dropped.labels(why).set(n)
        self._unexplained.set(_count(health.get("unexplained", 0)))
        rang_at = _instant(health.get("rang_at"))
        self._rang_at.set(rang_at.timestamp() if rang_at else 0)
        self._backlog.set(_overdue(health))
        return generate_latest(self.registry)

    def _gauge(self, name: str, about: str, labels: Sequence[str] = ()) -> Gauge:
        return Gauge(f"relais_{name}", about, labels, registry=self.registry)


def _count(found: Any) -> int:
    return sum(found.values()) if isinstance(found, dict) else int(found)


def _instant(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None


def _overdue(health: Mapping[str, Any]) -> float:
    now, due = _instant(health.get("now")), _instant(health.get("next_due_at"))
    return max((now - due).total_seconds(), 0) if now and due else 0


def web_app(
    *, health: Health, take: Take | None = None, secret: str = "", metrics: Metrics | None = None
) -> Starlette:
    """The pages; with `take` also the webhook, at whatever path WEBHOOK_URL names."""
    # Whoever knows the address could press any button in anybody's name.
    if take is not None and not secret:
        raise ValueError("a webhook without a secret would believe anybody")
    return Starlette(routes=list(_routes(health, take, secret, metrics or Metrics())))


def _routes(health: Health, take: Take | None, secret: str, metrics: Metrics) -> Iterator[Route]:
    blind, deaf = Outage(logger, "no health"), Outage(logger, "updates cannot be taken")

    async def healthz(_request: Request) -> Response:
        found = _looked(health, blind) or {"status": "down"}
        # A watchdog looks at the status, not at the text.
        return JSONResponse(found, 200 if found.get("status") in WELL else 503)

    async def figures(_request: Request) -> Response:
        found = _looked(health, blind)
        if found is None:
            return PlainTextResponse("the database is out of reach\n", 503)
        return Response(metrics.page(found), media_type=CONTENT_TYPE_LATEST)

    async def webhook(request: Request) -> Response:
        if take is None:
            return Response(status_code=404)
        return await _webhook(request, take, secret, deaf)

    yield Route("/healthz", healthz)
    yield Route("/metrics", figures)
    if take is not None:
        yield Route("/{path:path}", webhook, methods=["POST"])


def _looked(health: Health, outage: Outage) -> Mapping[str, Any] | None:
    try:
        found = health()
    except Exception as error:
        outage.failed(described(error))
        return None
    outage.over()
    return found


async def _webhook(request: Request, take: Take, secret: str, outage: Outage) -> Response:
    given = request.headers.get(SECRET_HEADER, "")
    # In constant time: how long a refusal takes tells nothing of the secret.
    if not hmac.compare_digest(given.encode(), secret.encode()):
        return Response(status_code=403)
    update = await _read_update(request)
    if update is None:
        return Response(status_code=400)
    try:
        take([update])
    except SQLAlchemyError as error:
        # Not acknowledged: Telegram brings it again.
        outage.failed(described(error))
        return Response(status_code=503)
    except Exception as error:
        outage.failed(described(error))
        return Response(status_code=500)
    outage.over()
    return Response(status_code=200)


async def _read_update(request: Request) -> dict[str, Any] | None:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            # Read piece by piece: a stranger must not fill the memory before he is refused.
            if len(body) > LARGEST_UPDATE:
                return None
        # Not `json`: as deep as it may be nested, it is refused and nothing overflows.
        update = from_json(bytes(body), allow_inf_nan=False)
    except (ValueError, ClientDisconnect):
        return None
    return update if _is_update(update) else None


def _is_update(update: Any) -> TypeGuard[dict[str, Any]]:
    number = update.get("update_id") if isinstance(update, dict) else None
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < LARGEST_ID


class _Server(uvicorn.Server):
    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        # Ctrl-C is for the bot, which then stops us.
        return nullcontext()


class WebServer:
    """Serves the pages inside the bot's own loop."""

    def __init__(self, app: Starlette, port: int, host: str = "127.0.0.1") -> None:
        # Bound here: a port in use is an OSError at once, not a process that exits by itself.
        # Told that it is TCP: asyncio switches Nagle's 40 ms delay off only then.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._bind(host, port)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False)
        self._server = _Server(config)

    def _bind(self, host: str, port: int) -> None:
        try:
            self._socket.bind((host, port))
            self._socket.listen()
        except OSError:
            self._socket.close()
            raise

    async def run(self) -> None:
        """Serve until cancelled; what was being answered is answered to its end."""
        serving = asyncio.ensure_future(self._server.serve(sockets=[self._socket]))
        try:
            # Cut in the middle of an answer, an update would be committed and brought again.
            await asyncio.shield(serving)
        finally:
            self._server.should_exit = True
            await serving
            self._socket.close()
