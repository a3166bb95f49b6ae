"""Writes a run down: what people did and what the bot said, one JSON object a line."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from simulator.world.journal import Call

FORMAT = 1
# Acts that change nothing in the world, or only how fast it goes.
UNRECORDED = ("reset", "record")
SPOKEN = ("sendMessage", "sendPhoto", "sendDocument", "editMessageText", "editMessageReplyMarkup",
          "deleteMessage", "deleteMessages", "answerCallbackQuery")  # fmt: skip


class Scenery(Protocol):
    """What the recorder looks up at the moment of an act."""

    def now(self) -> datetime: ...
    def due(self) -> datetime | None: ...
    def label(self, body: dict[str, Any]) -> str | None: ...


class Recorder:
    """Appends to a file; each line is flushed, so that a crash loses nothing."""

    def __init__(self, path: Path, start: datetime, cast: dict[str, Any]) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._write({"simulator": FORMAT, "start": start.isoformat(), "cast": cast})

    def act(self, path: str, body: dict[str, Any], scenery: Scenery) -> None:
        """Something done through the control API, written before it is done."""
        if path in UNRECORDED:
            return
        again = settled(path, body, scenery)
        if again is not None:
            self._write({"act": path, "at": scenery.now().isoformat(), "body": again})

    def call(self, call: Call) -> None:
        """Something the bot said."""
        if call.method in SPOKEN:
            self._write(said(call))

    def close(self) -> None:
        self._file.close()

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()


def settled(path: str, body: dict[str, Any], scenery: Scenery) -> dict[str, Any] | None:
    """An act as it can be done again: a jump by its end, a button by its label."""
    if path == "clock":
        if body.get("background"):
            return None
        end = _end(body, scenery)
        return {"to": end.isoformat()} if end else None
    if path == "press" and body.get("data"):
        label = scenery.label(body)
        kept = {k: v for k, v in body.items() if k != "data"} if label else body
        return kept | ({"label": label} if label else {})
    return body


def _end(body: dict[str, Any], scenery: Scenery) -> datetime | None:
    if "advance_s" in body:
        return scenery.now() + timedelta(seconds=float(body["advance_s"]))
    if "to" in body:
        return datetime.fromisoformat(body["to"])
    return scenery.due() if body.get("next") else None


def said(call: Call) -> dict[str, Any]:
    """What the bot said, as far as another run can say it again."""
    params = call.params
    text = params.get("text") or params.get("caption") or ""
    chat = str(params.get("chat_id"))
    return {
        "call": call.method,
        "chat": int(chat) if chat.lstrip("-").isdigit() else None,
        "text": text,
        "status": call.status,
    }
