"""Runs the application: on a port of the command line, or in a thread for tests."""

import asyncio
import errno
import socket
import threading
from collections.abc import Coroutine
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

import uvicorn

from simulator.app import Simulator, build
from simulator.ground import Ground, Options

T = TypeVar("T")

TRIED_PORTS = 50


class Server(uvicorn.Server):
    """uvicorn that lets the long polls end before it waits for them."""

    def __init__(self, app: Simulator) -> None:
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            ws="none",
            proxy_headers=False,
            timeout_graceful_shutdown=2,
        )
        super().__init__(config)
        self.ground = app.ground

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.ground.changes.close()
        super().handle_exit(sig, frame)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; OSError when the port is taken, OverflowError when none such exists."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol by name: asyncio switches Nagle's 40 ms delay off only for what says TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener


def taken(error: OSError) -> bool:
    return error.errno == errno.EADDRINUSE


def free_port(host: str, port: int) -> int | None:
    """The next port that nobody uses."""
    for candidate in range(port + 1, min(port + TRIED_PORTS, 65_536)):
        try:
            bind(host, candidate).close()
        except OSError:
            continue
        return candidate
    return None


class Running:
    """A simulator in a thread, on a free loopback port."""

    def __init__(self, options: Options) -> None:
        self.app = build(options)
        self._server = Server(self.app)
        self._socket = bind("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        # The socket already listens: the first request waits until the server is up.
        self.ground.bot_process.url = self.url
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def ground(self) -> Ground:
        return self.app.ground

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self.ground.changes.closing = True
        self._end_the_polls()
        self._thread.join(10)
        self._socket.close()

    def ask(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the server's own loop, and wait for it."""
        while self.ground.loop is None:
            self._thread.join(0.01)
        return asyncio.run_coroutine_threadsafe(work, self.ground.loop).result()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def _end_the_polls(self) -> None:
        loop = self.ground.loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self.ground.changes.close)
