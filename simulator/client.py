"""A small synchronous client of the control API, for tests and scripts."""

import json
import urllib.error
import urllib.request
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

View = dict[str, Any]

TIMEOUT = 120.0


class ControlError(Exception):
    """The simulator says no: 400 for what cannot be done, 504 when the bot does not follow."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Client:
    """Acts as the people of a running simulator. People and chats: id or slug."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    # People and groups

    def person(self, first_name: str, last_name: str = "", username: str = "") -> int:
        """Create a person; their id is also the id of their private chat with the bot."""
        body = {"first_name": first_name, "last_name": last_name, "username": username}
        return int(self.post("people", **body)["id"])

    def group(self, title: str, members: list[int | str], *, bot: bool = True) -> int:
        """Create a group; the first member owns it."""
        return int(self.post("groups", title=title, members=members, bot=bot)["id"])

    def add(self, chat: int | str, person: int | str | None = None) -> View:
        """Add a person to a group; without one, the bot."""
        return self.post("groups/add", chat=chat, **_member(person))

    def remove(self, chat: int | str, person: int | str | None = None) -> View:
        """Remove a person from a group; without one, the bot."""
        return self.post("groups/remove", chat=chat, **_member(person))

    def promote(
        self, chat: int | str, person: int | str | None = None, admin: bool = True
    ) -> View:
        """Make a person, or the bot, an administrator."""
        return self.post("groups/promote", chat=chat, admin=admin, **_member(person))

    def migrate(self, chat: int | str, told: str = "message") -> int:
        """Turn a group into a supergroup and give its new id.

        The bot is told by `message`, first that it is there (`join_first`), or that alone
        (`join_only`).
        """
        return int(self.post("groups/migrate", chat=chat, told=told)["id"])

    def close_topic(self, chat: int | str, *, closed: bool = True) -> View:
        """Close the topic of a supergroup, or open it again."""
        return self.post("groups/topic", chat=chat, closed=closed)

    def block(self, person: int | str) -> None:
        self.post("block", person=person)

    def unblock(self, person: int | str) -> None:
        self.post("unblock", person=person)

    # Writing and pressing

    def start(self, person: int | str, payload: str = "") -> View:
        """Open `https://t.me/<bot>?start=payload`; a whole link is understood too."""
        key = "link" if "start=" in payload else "payload"
        return self.post("start", person=person, **{key: payload})

    def say(
        self,
        person: int | str,
        text: str,
        chat: int | str | None = None,
        reply_to: int | None = None,
    ) -> View:
        """Write in a group, or to the bot in private."""
        return self.post("say", person=person, chat=chat, text=text, reply_to=reply_to)

    def edit(
        self, person: int | str, message: int, text: str, chat: int | str | None = None
    ) -> View:
        return self.post("edit", person=person, chat=chat, message=message, text=text)

    def send(
        self, person: int | str, kind: str, chat: int | str | None = None, **more: object
    ) -> View:
        """Send photo, document, sticker, voice, location, contact, or forward."""
        return self.post("send", person=person, kind=kind, chat=chat, **more)

    def press(
        self,
        person: int | str,
        label: str | None = None,
        chat: int | str | None = None,
        *,
        message: int | None = None,
        data: str | None = None,
        stale: bool = False,
        wait: float = 5.0,
    ) -> View:
        """Press a button: by a part of its label on the newest message that has it, or exactly.

        Waits `wait` seconds at most; `["answer"]` is {"text", "alert"} or None.
        """
        return self.post(
            "press",
            person=person,
            chat=chat,
            label=label,
            message=message,
            data=data,
            stale=stale,
            wait=wait,
        )

    # Reading

    def messages(self, chat: int | str, *, deleted: bool = False) -> list[View]:
        """The messages of a chat, oldest first; deleted ones only on request."""
        found = self.get(f"chats/{quote(str(chat))}")["messages"]
        return [message for message in found if deleted or not message["deleted"]]

    def texts(self, chat: int | str) -> list[str]:
        """Only what the bot wrote."""
        return [m["text"] for m in self.messages(chat) if m["from"]["is_bot"]]

    def chats(self) -> list[View]:
        return list(self.get("chats"))

    def world(self) -> View:
        return dict(self.get("world"))

    def menu(self, person: int, chat: int | str | None = None) -> list[View]:
        """The commands that a person is shown."""
        return list(self.get("menu", person=person, chat=chat))

    def calls(self, since: int = 0, method: str = "") -> list[View]:
        """Every call of the bot with its answer."""
        return list(self.get("calls", since=since, method=method))

    # Clock and quiet

    def state(self) -> View:
        return dict(self.get("state"))

    def now(self) -> datetime:
        return datetime.fromisoformat(self.state()["clock"]["now"])

    def advance(
        self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> View:
        """Push the clock, in lock-step with the bot."""
        total = seconds + 60 * minutes + 3600 * hours + 86_400 * days
        return self.post("clock", advance_s=total)

    def to(self, instant: datetime) -> View:
        """Push the clock to an instant."""
        return self.post("clock", to=instant.isoformat())

    def next(self) -> View:
        """Push the clock to the bot's next due instant."""
        return self.post("clock", next=True)

    def pause(self) -> View:
        return self.post("clock", speed=0)

    def run(self, speed: int = 1) -> View:
        """0 paused, 1 real time, 60 or 3600 times as fast."""
        return self.post("clock", speed=speed)

    def until_quiet(self, timeout: float = 10) -> View:
        """Wait until the bot took every update and reported that it settled."""
        return dict(self.get("quiet", timeout=timeout))

    def wait_followed(self, timeout: float = 30) -> None:
        """Wait until a bot follows the clock."""
        self.get("followed", timeout=timeout)

    def wait_story(self, *phases: str, tasks: int = 0, timeout: float = 60) -> View | None:
        """The story once it is in one of these phases, with so many tasks begun."""
        found = self.get("story", phase=",".join(phases), tasks=tasks, timeout=timeout)
        return dict(found) if found else None

    # Faults

    def fault(self, kind: str, **more: object) -> int:
        """Order 409, 429, 500, 502, cut_before, cut_after, delay or odd.

        Options: method, chat_id, count, for_s, retry_after, delay_s, probability, seed;
        of odd, shape and writer.
        """
        return int(self.post("faults", kind=kind, **more)["id"])

    def clear_faults(self) -> None:
        self._ask("POST", "/control/faults/clear", {})

    def floods(self, on: bool = True) -> None:
        """Switch Telegram's flood limits."""
        self._ask("POST", "/control/floods", {"on": on})

    def reset(self) -> None:
        self.post("reset")

    # Plumbing

    def get(self, path: str, **query: object) -> Any:
        given = {name: value for name, value in query.items() if value not in (None, "")}
        tail = "?" + urlencode(given) if given else ""
        return self._ask("GET", f"/control/{path}{tail}")

    def post(self, path: str, **body: object) -> View:
        given = {name: value for name, value in body.items() if value is not None}
        answer: View = self._ask("POST", f"/control/{path}", given)
        return answer

    def _ask(self, verb: str, path: str, body: object = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=verb)
        try:
            # Weeks of a busy bot take long: each instant has its own limit, in the simulator.
            timeout = None if path == "/control/clock" else TIMEOUT
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode()
            raise ControlError(error.code, text) from None


def _member(person: int | str | None) -> dict[str, object]:
    return {"bot": True} if person is None else {"person": person}
