"""The sign of life is given only while everything is explained, and every duty is done."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from aiohttp import web
from sqlalchemy.exc import OperationalError

from bot.heartbeat import Pulse, beat


class Enough(BaseException):
    """Ends a test that would beat for ever."""


class Seconds:
    """Monotonic time that moves only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def pulse(seconds: Seconds) -> Pulse:
    return Pulse(("ring", "send", "poll"), seconds)


async def beats(explained: Callable[[], bool], pulse: Pulse, times: int = 1) -> list[str]:
    """The calls that reach the address in so many beats."""
    heard: list[str] = []
    left = times

    async def listen(request: web.Request) -> web.Response:
        heard.append(request.path)
        return web.Response()

    async def rest(_: timedelta) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise Enough

    app = web.Application()
    app.router.add_get("/beat", listen)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    with pytest.raises(Enough):
        await beat(f"http://127.0.0.1:{port}/beat", explained, pulse, rest=rest)
    await runner.cleanup()
    return heard


async def test_it_beats_when_everything_is_explained(pulse: Pulse) -> None:
    assert await beats(lambda: True, pulse) == ["/beat"]


async def test_it_is_silent_while_something_is_unexplained(pulse: Pulse) -> None:
    assert await beats(lambda: False, pulse) == []


async def test_it_is_silent_while_a_duty_is_not_done(
    pulse: Pulse, seconds: Seconds, caplog: pytest.LogCaptureFixture
) -> None:
    seconds.now += 121
    pulse.note("ring")()
    pulse.note("send")()

    assert await beats(lambda: True, pulse) == []
    assert "nothing lately from poll" in caplog.text

    pulse.note("poll")()
    assert await beats(lambda: True, pulse) == ["/beat"]


@pytest.mark.parametrize(
    "fault", [OperationalError("SELECT", {}, Exception("locked")), RuntimeError("a bug")]
)
async def test_an_error_silences_one_beat_and_not_the_next(
    fault: Exception, pulse: Pulse, caplog: pytest.LogCaptureFixture
) -> None:
    faults = [fault]

    def explained() -> bool:
        if faults:
            raise faults.pop()
        return True

    assert await beats(explained, pulse, times=2) == ["/beat"]
    assert f"no heartbeat: {type(fault).__name__}" in caplog.text


async def test_an_address_that_does_not_answer_is_tried_again(pulse: Pulse) -> None:
    async def rest(_: timedelta) -> None:
        raise Enough

    with pytest.raises(Enough):
        await beat("http://127.0.0.1:1/beat", lambda: True, pulse, rest=rest)
