"""A small bot for tests: it repeats, shows buttons, and reminds by the simulator's clock.

Run as `python -m tests.simulator.parrot URL [FILE]`; FILE keeps its memory across a restart.
"""

import json
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from simulator.world.media import png

TOKEN = "123456:test-token"
EVERY = timedelta(hours=3)
KEYBOARD = {
    "inline_keyboard": [
        [{"text": "Oui", "callback_data": "oui"}, {"text": "Non", "callback_data": "non"}]
    ]
}
COMMANDS = {"statut": "Où en est-on", "stop": "Tout arrêter", "aide": "Toute l’aide"}


class Parrot:
    """Two loops, as a real bot has: one takes updates, one follows the clock."""

    def __init__(self, url: str, memory: Path | None = None) -> None:
        self._url, self._memory = url, memory
        self._lock = threading.Lock()
        self._reminders: list[tuple[datetime, int]] = []
        self._counts: Counter[int] = Counter()
        self._stopped = False
        if memory and memory.exists():
            rows = json.loads(memory.read_text())
            self._reminders = [(datetime.fromisoformat(at), chat) for at, chat in rows]

    def start(self) -> None:
        listed = [{"command": name, "description": text} for name, text in COMMANDS.items()]
        self.call("setMyCommands", commands=listed)
        for loop in (self._take, self._follow):
            threading.Thread(target=loop, daemon=True).start()

    def stop(self) -> None:
        self._stopped = True

    def call(self, method: str, **params: Any) -> Any:
        """One call; a refusal gives None, as a careless bot would have it."""
        body = json.dumps(params).encode()
        headers = {"Content-Type": "application/json"}
        url = f"{self._url}/bot{TOKEN}/{method}"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
                return json.load(answer)["result"]
        except urllib.error.HTTPError as error:
            error.close()
            return None

    def _take(self) -> None:
        offset = 0
        while not self._stopped:
            try:
                updates = self.call("getUpdates", offset=offset, timeout=20)
            except OSError:
                return
            for update in updates or ():
                with self._lock:
                    self._handle(update)
                offset = update["update_id"] + 1

    def _follow(self) -> None:
        version = 0
        while not self._stopped:
            query: dict[str, Any] = {"version": version}
            with self._lock:
                if version:
                    query["settled"] = version
                    due = min((at for at, _ in self._reminders), default=None)
                    query |= {"next": due.isoformat()} if due else {}
            try:
                with urllib.request.urlopen(f"{self._url}/clock?{urlencode(query)}") as answer:
                    clock = json.load(answer)
            except OSError:
                return
            version = clock["version"]
            with self._lock:
                self._remind(datetime.fromisoformat(clock["now"]))

    def _remind(self, now: datetime) -> None:
        for at, chat in [due for due in self._reminders if due[0] <= now]:
            self._counts[chat] += 1
            self.call("sendMessage", chat_id=chat, text=f"Rappel {self._counts[chat]}")
            self._reminders.remove((at, chat))
            self._reminders.append((at + EVERY, chat))
        self._remember()

    def _handle(self, update: dict[str, Any]) -> None:
        if "callback_query" in update:
            self._tapped(update["callback_query"])
        text = update.get("message", {}).get("text")
        if text:
            self._said(update["message"], text)

    def _said(self, message: dict[str, Any], text: str) -> None:
        chat = message["chat"]["id"]
        if text.startswith("/start"):
            hello = f"<b>Bonjour {message['from']['first_name']}</b>, tout va bien ?"
            self.call(
                "sendMessage", chat_id=chat, text=hello, parse_mode="HTML", reply_markup=KEYBOARD
            )
        elif text.startswith("/rappel"):
            self._reminders.append((self._now() + EVERY, chat))
            self._remember()
        elif text == "/photo":
            self._upload(chat)
        elif text == "/silence":
            self.call("sendMessage", chat_id=chat, text="Chut", disable_notification=True)
        else:
            reply = {"message_id": message["message_id"]}
            said = f"Vous avez dit : {text}"
            self.call("sendMessage", chat_id=chat, text=said[:4000], reply_parameters=reply)

    def _tapped(self, tap: dict[str, Any]) -> None:
        where = {
            "chat_id": tap["message"]["chat"]["id"],
            "message_id": tap["message"]["message_id"],
        }
        name = tap["from"]["first_name"]
        if tap["data"] == "non":
            alert = "Appelez quelqu’un."
            self.call(
                "answerCallbackQuery", callback_query_id=tap["id"], text=alert, show_alert=True
            )
            return
        self.call("answerCallbackQuery", callback_query_id=tap["id"], text="Noté, merci.")
        self.call("editMessageText", **where, text=f"Noté : {name} va bien")

    def _upload(self, chat: int) -> None:
        line = "parrot"
        head = f'--{line}\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n{chat}\r\n'
        head += f'--{line}\r\nContent-Disposition: form-data; name="photo"; filename="p.png"'
        body = head.encode() + b"\r\n\r\n" + png(320, 200) + f"\r\n--{line}--\r\n".encode()
        kind = f"multipart/form-data; boundary={line}"
        url = f"{self._url}/bot{TOKEN}/sendPhoto"
        urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": kind})).close()

    def _now(self) -> datetime:
        with urllib.request.urlopen(f"{self._url}/clock") as answer:
            return datetime.fromisoformat(json.load(answer)["now"])

    def _remember(self) -> None:
        if self._memory:
            rows = [(at.isoformat(), chat) for at, chat in self._reminders]
            self._memory.write_text(json.dumps(rows))


if __name__ == "__main__":
    parrot = Parrot(sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else None)
    parrot.start()
    threading.Event().wait()
