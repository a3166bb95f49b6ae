"""The edges that only HTTP shows: polls, tokens, cut connections, the clock, the stream."""

import http.client
import json
import threading
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

import pytest

from simulator.client import Client, ControlError
from simulator.server import Running
from tests.simulator.desk import TOKEN


def ask(running: Running, method: str, token: str = TOKEN, **params: Any) -> dict[str, Any]:
    """One urlencoded call."""
    url = f"{running.url}/bot{token}/{method}"
    try:
        with urllib.request.urlopen(url, urlencode(params).encode(), timeout=10) as answer:
            body: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            body = json.load(error)
    return body


class Asked(threading.Thread):
    """A call under way in a thread."""

    def __init__(self, running: Running, method: str, **params: Any) -> None:
        super().__init__()
        self._call = (running, method, params)
        self.body: dict[str, Any] = {}
        self.start()

    def run(self) -> None:
        running, method, params = self._call
        self.body = ask(running, method, **params)

    def answer(self) -> dict[str, Any]:
        self.join(10)
        return self.body


def polling(running: Running, **params: Any) -> Asked:
    """A long poll that has really begun."""
    asked = Asked(running, "getUpdates", timeout=20, **params)
    while running.ground.delivery.pollers == 0:
        running.ground.delivery.pollers  # noqa: B018  the server's thread counts it up
    return asked


def test_the_older_of_two_pollers_is_told(running: Running) -> None:
    first = polling(running)

    second = ask(running, "getUpdates", timeout=0)

    assert second == {"ok": True, "result": []}
    assert first.answer()["error_code"] == 409
    assert "terminated by other getUpdates request" in first.answer()["description"]


def test_a_long_poll_ends_with_the_first_update(running: Running, client: Client) -> None:
    poll = polling(running)

    client.start(client.person("Claire"))

    assert [u["message"]["text"] for u in poll.answer()["result"]] == ["/start"]


def test_updates_come_again_until_they_are_acknowledged(running: Running, client: Client) -> None:
    client.start(client.person("Claire"))
    [update] = ask(running, "getUpdates")["result"]

    assert ask(running, "getUpdates")["result"] == [update]
    assert ask(running, "getUpdates", offset=update["update_id"] + 1)["result"] == []
    assert client.state()["pending_updates"] == 0


def test_a_negative_offset_keeps_only_the_last(running: Running, client: Client) -> None:
    claire = client.person("Claire")
    for text in ("un", "deux", "trois"):
        client.say(claire, text)

    [update] = ask(running, "getUpdates", offset=-1)["result"]

    assert update["message"]["text"] == "trois"
    assert client.state()["pending_updates"] == 1


def test_one_hundred_updates_at_most_come_at_once(running: Running, client: Client) -> None:
    client.say(client.person("Claire"), "x" * 4096 * 101)

    assert len(ask(running, "getUpdates", limit=500)["result"]) == 100
    assert len(ask(running, "getUpdates", limit=3)["result"]) == 3


def test_polling_with_a_webhook_is_a_conflict(running: Running) -> None:
    ask(running, "setWebhook", url="http://127.0.0.1:9/hook")

    answer = ask(running, "getUpdates")

    assert answer["error_code"] == 409
    assert "while webhook is active" in answer["description"]


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"url": "http://exemple.fr/"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        (
            {"url": "https://exemple.fr/", "secret_token": "é"},
            "secret token contains unallowed characters",
        ),
        ({"url": "https://exemple.fr/", "secret_token": "x" * 257}, "secret token is too long"),
    ],
)
def test_a_webhook_is_refused(running: Running, params: dict[str, str], text: str) -> None:
    assert ask(running, "setWebhook", **params)["description"] == f"Bad Request: {text}"


@pytest.mark.parametrize(
    ("token", "code", "text"),
    [("999:other", 401, "Unauthorized"), ("nonsense", 404, "Not Found")],
)
def test_a_wrong_token_learns_nothing(running: Running, token: str, code: int, text: str) -> None:
    answer = ask(running, "getMe", token)

    assert answer == {"ok": False, "error_code": code, "description": text}


@pytest.mark.parametrize(("kind", "arrived"), [("cut_before", 0), ("cut_after", 1)])
def test_a_cut_connection_is_cut_before_or_after_the_effect(
    running: Running, client: Client, kind: str, arrived: int
) -> None:
    claire = client.person("Claire")
    client.start(claire)
    client.fault(kind, method="sendMessage", count=1)

    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        ask(running, "sendMessage", chat_id=claire, text="Bonjour")

    assert len(client.texts(claire)) == arrived
    assert client.calls(method="sendMessage")[0]["status"] == 0
    assert ask(running, "sendMessage", chat_id=claire, text="Bonjour")["ok"]


@pytest.mark.parametrize(
    ("kind", "code", "parameters"),
    [("429", 429, {"retry_after": 7}), ("500", 500, None), ("502", 502, None)],
)
def test_an_ordered_fault_answers_once(
    running: Running, client: Client, kind: str, code: int, parameters: object
) -> None:
    client.fault(kind, count=1, retry_after=7)

    answer = ask(running, "getMe")

    assert (answer["error_code"], answer.get("parameters")) == (code, parameters)
    assert ask(running, "getMe")["ok"]


def test_a_second_poller_is_played_for_a_time_and_only_to_who_polls(
    running: Running, client: Client
) -> None:
    client.fault("409", for_s=60)

    answer = ask(running, "getUpdates")

    assert answer["error_code"] == 409
    assert "terminated by other getUpdates request" in answer["description"]
    assert ask(running, "getMe")["ok"]
    client.advance(minutes=1)
    assert ask(running, "getUpdates")["ok"]


@pytest.mark.parametrize(
    ("shape", "result"),
    [
        ("object", {}),
        ("null", None),
        ("word", "updates"),
        ("empty", [{}]),
        ("number", [1]),
        ("list", [[]]),
    ],
)
def test_a_poll_is_answered_with_what_holds_no_updates(
    running: Running, client: Client, shape: str, result: object
) -> None:
    client.fault("odd", shape=shape, count=1)

    assert ask(running, "getUpdates", timeout=20) == {"ok": True, "result": result}
    assert ask(running, "getUpdates")["result"] == []


def test_an_odd_update_stands_before_what_waits_and_takes_nobodys_number(
    running: Running, client: Client
) -> None:
    claire = client.person("Claire")
    client.start(claire)
    client.fault("odd", shape="surrogate", writer=claire, count=2)

    odd, start = ask(running, "getUpdates")["result"]
    [alone] = ask(running, "getUpdates", limit=1)["result"]

    assert odd["message"]["text"] == "\ud83d"
    assert odd["message"]["from"]["id"] == claire
    assert alone["update_id"] == odd["update_id"] < start["update_id"]
    assert ask(running, "getUpdates")["result"] == [start]


def test_an_odd_number_is_larger_than_any_of_telegram(running: Running, client: Client) -> None:
    client.fault("odd", shape="huge_id", count=1)

    [odd] = ask(running, "getUpdates")["result"]

    assert odd["update_id"] == 2**70


@pytest.mark.parametrize(
    ("shape", "error"), [("bytes", UnicodeDecodeError), ("deep", RecursionError)]
)
def test_an_odd_update_may_be_no_json_that_anybody_reads(
    running: Running, client: Client, shape: str, error: type[Exception]
) -> None:
    client.fault("odd", shape=shape, count=1)

    with pytest.raises(error):
        ask(running, "getUpdates")


@pytest.mark.parametrize(
    "order",
    [
        {"kind": "odd", "shape": "nonsense"},
        {"kind": "409", "method": "sendMessage"},
        {"kind": "503"},
    ],
)
def test_a_fault_that_telegram_cannot_have_is_refused(
    client: Client, order: dict[str, str]
) -> None:
    with pytest.raises(ControlError) as refused:
        client.fault(**order)

    assert refused.value.status == 400


def test_a_fault_meant_for_one_chat_spares_the_others(running: Running, client: Client) -> None:
    claire, amina = client.person("Claire"), client.person("Amina")
    client.start(claire)
    client.start(amina)
    client.fault("500", chat_id=claire)

    assert not ask(running, "sendMessage", chat_id=claire, text="x")["ok"]
    assert ask(running, "sendMessage", chat_id=amina, text="x")["ok"]
    client.clear_faults()
    assert ask(running, "sendMessage", chat_id=claire, text="x")["ok"]


def test_a_fault_ends_with_its_simulated_time(running: Running, client: Client) -> None:
    client.fault("502", for_s=7200)
    client.advance(hours=1)
    assert not ask(running, "getMe")["ok"]

    client.advance(hours=1)

    assert ask(running, "getMe")["ok"]
    assert client.state()["faults"] == []


def test_a_fault_by_chance_is_repeatable(running: Running, client: Client) -> None:
    def runs() -> list[bool]:
        client.clear_faults()
        client.fault("500", probability=0.5, seed=7)
        return [ask(running, "getMe")["ok"] for _ in range(12)]

    first = runs()

    assert runs() == first
    assert len(set(first)) == 2


def test_every_call_is_kept_with_its_answer(running: Running, client: Client) -> None:
    ask(running, "sendMessage", chat_id=1, text="Bonjour")

    [call] = client.calls()

    assert call["method"] == "sendMessage"
    assert call["params"] == {"chat_id": "1", "text": "Bonjour"}
    assert call["answer"]["description"] == "Bad Request: chat not found"


@pytest.mark.parametrize("verb", ["query", "json"])
def test_parameters_come_by_address_or_by_json(
    running: Running, client: Client, verb: str
) -> None:
    claire = client.person("Claire")
    client.start(claire)
    url, params = f"{running.url}/bot{TOKEN}/sendMessage", {"chat_id": claire, "text": "é"}
    request = urllib.request.Request(f"{url}?{urlencode(params)}")
    if verb == "json":
        body = json.dumps(params).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})

    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["result"]["text"] == "é"


def test_a_clock_poll_ends_when_the_clock_moves(running: Running, client: Client) -> None:
    version = client.state()["clock"]["version"]
    client.run(0)

    with urllib.request.urlopen(f"{running.url}/clock?version={version}") as answer:
        assert json.load(answer)["version"] == version + 1


def test_the_stream_tells_what_happens(running: Running, client: Client) -> None:
    last = client.world()["last"]
    with urllib.request.urlopen(f"{running.url}/control/events?since={last}") as stream:
        claire = client.person("Claire")
        client.say(claire, "Bonjour")
        told = []
        while "message" not in told:
            line = stream.readline().decode()
            if line.startswith("data: "):
                told.append(json.loads(line.removeprefix("data: "))["kind"])

    assert told == ["person", "chat", "message"]


def test_a_page_of_another_run_is_told_to_load_again(running: Running) -> None:
    with urllib.request.urlopen(f"{running.url}/control/events?since=999999") as stream:
        lines = [stream.readline().decode() for _ in range(2)]

    assert '"reload"' in lines[1]


@pytest.mark.parametrize("path", ["say", "press", "groups/add", "clock", "send", "start", "edit"])
def test_nonsense_is_answered_with_one_sentence(client: Client, path: str) -> None:
    with pytest.raises(ControlError) as refused:
        client.post(path, person="personne", speed=7)

    assert refused.value.status == 400
    assert "error" in json.loads(str(refused.value))


def test_quiet_without_a_bot_comes_at_once(client: Client) -> None:
    assert client.until_quiet()["pending_updates"] == 0
