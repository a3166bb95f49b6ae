"""The Bot API in memory, as strict about a call as its documentation."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from telegram.request import BaseRequest, RequestData

from bot.transport import AiohttpRequest

API = json.loads((Path(__file__).parent / "botapi" / "api.min.json").read_text())
TOKEN = "123456:" + "A" * 35
CHATS = {"chat": {"id": 7, "type": "private"}, "date": 0}

Answer = tuple[int, dict[str, Any] | bytes]
"""A status, and what is said: an object, or what stands on the line in its place."""


def ok(result: object) -> Answer:
    return 200, {"ok": True, "result": result}


def error(code: int, description: str, **parameters: int) -> Answer:
    said: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return code, said | ({"parameters": parameters} if parameters else {})


class FakeTelegram(BaseRequest):
    """A Bot API that answers from memory; refuses whatever the Bot API does not document."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[Answer] = []
        self.idle = asyncio.Event()
        """Somebody polls, and nothing is left to give."""

    @property
    def read_timeout(self) -> float:
        return 1.0

    # What an answer says is read by the program's own reader, as on the line.
    parse_json_payload = staticmethod(AiohttpRequest.parse_json_payload)

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        name = urlsplit(url).path.rsplit("/", 1)[1]
        given = dict(request_data.parameters) if request_data else {}
        files = list(request_data.multipart_data) if request_data else []
        check_call(name, given, files)
        self.calls.append((name, given))
        if name == "getUpdates" and not self.answers:
            self.idle.set()
            await asyncio.Event().wait()
        code, said = self.answers.pop(0) if self.answers else self.usual(name)
        return code, said if isinstance(said, bytes) else json.dumps(said).encode()

    def usual(self, name: str) -> Answer:
        if name == "getMe":
            return ok({"id": 123456, "is_bot": True, "first_name": "Relais", "username": "r_bot"})
        if name in ("answerCallbackQuery", "deleteMessage", "setMyCommands"):
            return ok(True)
        if name == "getChatMember":
            return ok({"status": "left", "user": {"id": 1, "is_bot": False, "first_name": "Léa"}})
        return ok({"message_id": 100 + len(self.calls), **CHATS})


PYTHON = {"Integer": int, "String": str, "Boolean": bool, "Float": float}


def check_call(name: str, given: dict[str, Any], files: list[str]) -> None:
    fields = {field["name"]: field for field in API["methods"][name].get("fields", [])}
    assert set(given) <= set(fields), f"{name} has no field {set(given) - set(fields)}"
    required = {name for name, field in fields.items() if field["required"]}
    assert required <= set(given) | set(files)
    for key, value in given.items():
        check_type(f"{name}.{key}", fields[key]["types"], value)


def check_type(where: str, types: list[str], value: Any) -> None:
    if any(isinstance(value, PYTHON[kind]) for kind in types if kind in PYTHON):
        return
    arrays = [kind.removeprefix("Array of ") for kind in types if kind.startswith("Array of ")]
    if arrays and isinstance(value, list):
        for item in value:
            check_type(where, arrays, item)
        return
    objects = [kind for kind in types if kind in API["types"]]
    assert any(fits(kind, value) for kind in objects), f"{where}: {types} is not {value!r}"


def fits(kind: str, value: Any) -> bool:
    """Whether an object has no field but those of its type, and all it must have."""
    described = API["types"][kind]
    if "subtypes" in described:
        return any(fits(subtype, value) for subtype in described["subtypes"])
    fields = {field["name"]: field for field in described.get("fields", [])}
    required = {name for name, field in fields.items() if field["required"]}
    if not isinstance(value, dict) or not required <= set(value) <= set(fields):
        return False
    for key, item in value.items():
        check_type(f"{kind}.{key}", fields[key]["types"], item)
    return True
