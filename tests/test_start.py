"""The start: trouble of the network is waited out, what cannot work is one sentence."""

import json
from collections import deque
from datetime import timedelta
from functools import partial

import pytest
from telegram import Bot
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest

from bot import app


class Line(BaseRequest):
    """A network that fails as it is told to, then answers."""

    read_timeout = None

    def __init__(self, *troubles: Exception | tuple[int, str]) -> None:
        self.troubles = deque(troubles)
        self.asked: list[str] = []
        self.results: deque[object] = deque()

    async def initialize(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass

    async def do_request(self, url: str, *_: object, **__: object) -> tuple[int, bytes]:
        self.asked.append(url.rpartition("/")[2])
        if not self.troubles:
            result = self.results.popleft() if self.results else True
            return 200, json.dumps({"ok": True, "result": result}).encode()
        trouble = self.troubles.popleft()
        if isinstance(trouble, Exception):
            raise trouble
        code, said = trouble
        return code, json.dumps({"ok": False, "error_code": code, "description": said}).encode()


@pytest.fixture
def rests() -> list[timedelta]:
    return []


async def open_the_way_in(line: Line, rests: list[timedelta], webhook: str = "") -> None:
    async def rest(wait: timedelta) -> None:
        rests.append(wait)

    bot = Bot("1:start", request=line, get_updates_request=line)
    set_webhook = partial(bot.set_webhook, webhook)
    await app._patiently(set_webhook if webhook else bot.delete_webhook, rest)


@pytest.mark.parametrize(
    ("webhook", "asked"), [("", "deleteWebhook"), ("https://relais.example/hook", "setWebhook")]
)
async def test_trouble_of_the_network_at_the_start_is_waited_out(
    rests: list[timedelta], webhook: str, asked: str
) -> None:
    line = Line(NetworkError("unreachable"), TimedOut(), (502, "Bad Gateway"))

    await open_the_way_in(line, rests, webhook)

    assert line.asked == [asked] * 4
    assert rests == [app.RETRY] * 3


async def test_an_address_that_telegram_refuses_ends_the_start_with_one_sentence(
    rests: list[timedelta],
) -> None:
    line = Line((400, "Bad Request: bad webhook: HTTPS url must be provided for webhook"))

    with pytest.raises(app.StartError, match="https url must be provided"):
        await open_the_way_in(line, rests, "http://relais.example/hook")

    assert rests == []


async def test_a_token_that_telegram_does_not_know_ends_the_start(rests: list[timedelta]) -> None:
    with pytest.raises(app.StartError, match="TELEGRAM_TOKEN"):
        await open_the_way_in(Line((401, "Unauthorized")), rests)


@pytest.mark.parametrize("odd", [{}, None, []])
async def test_an_odd_answer_at_the_start_is_waited_out(
    rests: list[timedelta], odd: object
) -> None:
    line = Line()
    line.results.extend([odd, odd, {"id": 1, "is_bot": True, "first_name": "Relais"}])

    async def rest(wait: timedelta) -> None:
        rests.append(wait)

    await app._patiently(Bot("1:start", request=line, get_updates_request=line).get_me, rest)

    assert rests == [app.RETRY] * 2
