"""The one adapter that calls Telegram: letters become Bot API calls, errors become `SendError`."""

import base64
import html
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.request import getproxies

import aiohttp
from pydantic_core import from_json, to_json
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import BaseRequest, RequestData
from telegram.request._requestparameter import RequestParameter
from yarl import URL

from bot.domain.message import Kind
from bot.landing import SendError
from bot.logs import redact
from bot.store.letters import Letter

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
POPUP_LIMIT = 200
HTML = {"parse_mode": "HTML"}
NO_PREVIEW = {"link_preview_options": {"is_disabled": True}}

CONNECT = 5.0
READ = 20.0
WRITE = 10.0
UPLOAD = 30.0
"""Seconds that each part of a request may take."""
KEEP_ALIVE = 4.0
"""Seconds; shorter than any server's own, so that no request meets a connection just closed."""

NEVER_LEFT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientConnectionResetError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
)
UNCHANGED = "message is not modified"
DELETED = ("message to delete not found", "message_id_invalid")
ABSENT = ("user not found", "member not found", "participant_id_invalid", "user_id_invalid")
UNPARSED = "can't parse entities"
NOTHING_THERE = {Kind.DELETE: DELETED, Kind.LOOK: ABSENT}
"""What was to go is gone, whoever was looked for is not there."""
PRESENT = ("creator", "administrator", "member")
GONE = (
    "query is too old",
    "query_id_invalid",
    "message to edit not found",
    "message can't be edited",
    "there is no text in the message to edit",
    "message_id_invalid",
)
UNREACHABLE = (
    "chat not found",
    "user not found",
    "user is deactivated",
    "peer_id_invalid",
    "chat_write_forbidden",
    "have no rights to send",
    "not enough rights to send",
    "topic_closed",
    "group is deactivated",
    "group chat was deactivated",
    "group chat was deleted",
    "channel_private",
    "user_is_blocked",
    "input_user_deactivated",
    "not a member",
)
"""Whatever is tried there, nobody is reached."""
MAY_NOT_SPEAK = (
    "message thread not found",
    "chat_restricted",
    "chat_admin_required",
    "chat_send_",
    "need administrator rights",
)
"""A message is not taken there; a change or a deletion may fail so without the chat being lost."""
SAYS = frozenset({Kind.SEND, Kind.PHOTO})
"""What a chat that takes anything at all would take."""
TOO_LARGE = "too large"


class NotSent(NetworkError):
    """The request never reached the network."""


class Unanswered(TimedOut):
    """The request left; whether it arrived, nobody knows."""


class Unreadable(TelegramError):
    """An answer of which nothing can be read."""

    def __init__(self, answer: bytes = b"") -> None:
        super().__init__("Invalid server response")
        self.answer = answer
        """What came; it may be about people, and goes into no log."""


class AiohttpRequest(BaseRequest):
    """PTB's requests over aiohttp: several times cheaper than its default."""

    def __init__(self, connections: int = 96) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._urls: dict[str, URL] = {}

    @property
    def read_timeout(self) -> float:
        return READ

    async def initialize(self) -> None:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=KEEP_ALIVE)
            self._session = aiohttp.ClientSession(
                connector=connector,
                # Looking for a proxy at each request would cost as much as the request.
                trust_env=bool(getproxies().keys() - {"no"}),
                headers={"User-Agent": self.USER_AGENT},
                # Telegram sets none, and looking for them is work at each request.
                cookie_jar=aiohttp.DummyCookieJar(),
            )

    async def shutdown(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """Faster than PTB's own, which would also log what it cannot read."""
        return read_json(payload)

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002
    ) -> tuple[int, bytes]:
        if self._session is None:
            raise NotSent("the request object is not initialized")
        # A picture needs longer than a word on a poor line.
        uploads = bool(request_data and request_data.contains_files)
        timeout = _timeout(
            connect=_seconds(connect_timeout, CONNECT),
            write=_seconds(write_timeout, UPLOAD if uploads else WRITE),
            read=_seconds(read_timeout, READ),
        )
        body, headers = _body(request_data) if request_data else (None, None)
        try:
            async with self._session.request(
                method, self._url(url), data=body, timeout=timeout, headers=headers
            ) as answer:
                return answer.status, await answer.read()
        # Only the kind of error is told: their texts may hold the URL, and so the token.
        except NEVER_LEFT as error:
            raise NotSent(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unanswered(type(error).__name__) from None

    def _url(self, url: str) -> URL:
        # A handful of methods: each address is read once.
        found = self._urls.get(url)
        if found is None:
            found = self._urls[url] = URL(url)
        return found


def read_json(payload: bytes) -> dict[str, Any]:
    """What the Bot API answers: an object; raises `Unreadable` when it is none."""
    try:
        said = from_json(payload)
    except ValueError:
        said = _read_leniently(payload)
    if not isinstance(said, dict):
        raise Unreadable(payload)
    # PTB takes it for granted; whoever asked sees that nothing was given.
    said.setdefault("result", None)
    return said


def _read_leniently(payload: bytes) -> Any:
    """Half a character or half a pair of them spoils a word, not the answer that it stands in."""
    try:
        said = json.loads(payload.decode(errors="replace"))
        return from_json(json.dumps(said, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        raise Unreadable(payload) from None


def _seconds(given: Any, default: float) -> float:
    return default if given is BaseRequest.DEFAULT_NONE or given is None else float(given)


@cache
def _timeout(connect: float, write: float, read: float) -> aiohttp.ClientTimeout:
    # `connect` includes waiting for a free connection of the pool.
    return aiohttp.ClientTimeout(
        total=connect + write + read, connect=connect, sock_connect=connect, sock_read=read
    )


def request_of(given: Mapping[str, Any]) -> RequestData:
    """A call's parameters as PTB's requests take them."""
    return RequestData([RequestParameter(name, value, None) for name, value in given.items()])


JSON = {"Content-Type": "application/json"}


def _body(data: RequestData) -> tuple[aiohttp.FormData | bytes, Mapping[str, str] | None]:
    if not data.contains_files:
        # Telegram reads a form as well, which takes longer to write than all the rest.
        return to_json(data.parameters), JSON
    form = aiohttp.FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=mime)
    return form, None


class TelegramTransport:
    """Delivers letters through the Bot API."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._parts: dict[int, int] = {}
        """Of a long letter, how many parts arrived: a second attempt goes on from there."""
        self._how: Mapping[Kind, Callable[[Letter], Awaitable[int | None]]] = {
            Kind.SEND: self._send,
            Kind.PHOTO: self._photo,
            Kind.EDIT: self._edit,
            Kind.POPUP: self._popup,
            Kind.DELETE: self._delete,
            Kind.MENU: self._menu,
            Kind.LOOK: self._look,
        }

    async def deliver(self, letter: Letter) -> int | None:
        """Deliver it; gives the id of its (last) message."""
        try:
            return await self._how[letter.kind](letter)
        except TelegramError as error:
            # It shows already what it should: that is what was wanted.
            if UNCHANGED in str(error).lower():
                return int(letter.payload["message_id"])
            # So is this; one that Telegram will not delete is still read by everybody.
            if any(phrase in str(error).lower() for phrase in NOTHING_THERE.get(letter.kind, ())):
                return None
            raise send_error(error, says=letter.kind in SAYS) from error

    async def _call(self, method: str, given: Mapping[str, Any]) -> Any:
        # PTB's own methods cost as much as the request; its seam and its errors do not.
        return await self._bot.request.post(f"{self._bot.base_url}/{method}", request_of(given))

    async def _send(self, letter: Letter) -> int:
        parts = list(pages(letter.body))
        message_id = 0
        # The mark of a repetition stands on the first part: what may be one begins there again.
        begins = 0 if letter.repeated else self._parts.get(letter.id, 0)
        for n in range(begins, len(parts)):
            last = n == len(parts) - 1
            # The buttons under the last part, where the reader arrives.
            message_id = await self._say(letter, parts[n], keyboard(letter) if last else {})
            self._parts[letter.id] = n + 1
        self._parts.pop(letter.id, None)
        return message_id

    async def _say(self, letter: Letter, body: str, markup: Mapping[str, Any]) -> int:
        given = {**_how(letter), **NO_PREVIEW, **markup}
        try:
            said = await self._call("sendMessage", {**given, **HTML, "text": body})
        except BadRequest as error:
            if UNPARSED not in str(error).lower():
                raise
            # Better plain than never.
            said = await self._call("sendMessage", {**given, "text": plain(body)})
        return _number(said)

    async def _photo(self, letter: Letter) -> int:
        # A caption has 1,024 characters and a message 4,096 (Bot API).
        fits = visible_length(letter.body) <= CAPTION_LIMIT
        try:
            sent = await self._bot.send_photo(
                letter.chat_id,
                base64.b64decode(letter.payload["png"]),
                caption=letter.body if fits else None,
                parse_mode="HTML",
                disable_notification=letter.silent,
                protect_content=letter.protect,
                api_kwargs=keyboard(letter) if fits else {},
            )
        except BadRequest:
            # A chat may take words and no pictures; if it takes neither, the words will tell.
            return await self._send(letter)
        return sent.message_id if fits else await self._send(letter)

    async def _edit(self, letter: Letter) -> int:
        message_id = int(letter.payload["message_id"])
        where = {"chat_id": letter.chat_id, "message_id": message_id, **keyboard(letter)}
        if letter.body:
            # A message can be changed, not made two: what is beyond its end is left out.
            shown = {"text": next(pages(letter.body)), **HTML, **NO_PREVIEW}
            await self._call("editMessageText", {**where, **shown})
        else:
            await self._call("editMessageReplyMarkup", where)
        return message_id

    async def _popup(self, letter: Letter) -> None:
        given: dict[str, Any] = {"callback_query_id": letter.payload["query_id"]}
        if letter.body:
            # A pop-up reads no HTML and refuses more than 200 characters.
            given["text"] = plain(letter.body)[:POPUP_LIMIT]
        if letter.payload.get("alert"):
            given["show_alert"] = True
        await self._call("answerCallbackQuery", given)

    async def _delete(self, letter: Letter) -> None:
        message_id = letter.payload["message_id"]
        await self._call("deleteMessage", {"chat_id": letter.chat_id, "message_id": message_id})

    async def _look(self, letter: Letter) -> int | None:
        asked = {"chat_id": letter.chat_id, "user_id": letter.payload["user_id"]}
        found = await self._call("getChatMember", asked)
        status = found.get("status") if isinstance(found, dict) else None
        is_there = status in PRESENT or (status == "restricted" and found.get("is_member") is True)
        return 1 if is_there else None

    async def _menu(self, letter: Letter) -> None:
        commands = [
            {"command": entry["command"], "description": plain(entry["description"])}
            for entry in letter.payload["commands"]
        ]
        await self._call("setMyCommands", {"commands": commands, **_scope(letter)})


def _how(letter: Letter) -> dict[str, Any]:
    return {
        "chat_id": letter.chat_id,
        "disable_notification": letter.silent,
        "protect_content": letter.protect,
    }


def _number(said: Any) -> int:
    try:
        return int(said["message_id"])
    except (KeyError, TypeError, ValueError):
        # It was taken, perhaps.
        raise Unreadable from None


def _scope(letter: Letter) -> dict[str, Any]:
    if "scope" in letter.payload:
        return {"scope": letter.payload["scope"]}
    return {"scope": {"type": "chat", "chat_id": letter.chat_id}} if letter.chat_id else {}


def keyboard(letter: Letter) -> dict[str, Any]:
    """The buttons under a message."""
    if not letter.keyboard:
        return {}
    rows = [[_button(button) for button in row] for row in letter.keyboard]
    return {"reply_markup": {"inline_keyboard": rows}}


def _button(button: Mapping[str, str]) -> dict[str, str]:
    if button.get("url"):
        return {"text": plain(button["text"]), "url": button["url"]}
    return {"text": plain(button["text"]), "callback_data": button["data"]}


def send_error(error: TelegramError, *, says: bool = True) -> SendError:
    """What Telegram's error means for the letter."""
    reason = redact(str(error))
    match error:
        case RetryAfter():
            return SendError(reason, retry_after=_wait(error.retry_after))
        case ChatMigrated():
            return SendError(reason, moved_to=error.new_chat_id)
        # Blocked, kicked, deactivated: no later attempt would reach anybody.
        case Forbidden():
            return SendError(reason, permanent=True)
        case BadRequest():
            return _bad_request(reason, says=says)
        # Not JSON, with a status of success: it was taken, perhaps.
        case Unanswered() | Unreadable():
            return SendError(reason, unknown=True)
        case NotSent():
            return SendError(reason)
        case NetworkError():
            return _network_error(reason)
    return SendError(reason)


def _wait(given: int | timedelta) -> timedelta:
    # A timedelta: `bot/__init__.py` asks PTB for it.
    return given if isinstance(given, timedelta) else timedelta(seconds=given)


def _network_error(reason: str) -> SendError:
    if TOO_LARGE in reason.lower():
        return SendError(reason, refused=True)
    # 500, 502, 504: whoever says so stands between us and those who may have taken it.
    return SendError(reason, unknown=True, answered=True)


def _bad_request(reason: str, *, says: bool) -> SendError:
    said = reason.lower()
    if any(phrase in said for phrase in GONE):
        return SendError(reason, gone=True)
    ends = (*UNREACHABLE, *MAY_NOT_SPEAK) if says else UNREACHABLE
    if any(phrase in said for phrase in ends):
        return SendError(reason, permanent=True)
    # What nobody listed is held against this one message: said to others, it would be refused
    # there too, and each of them would seem lost. The audit names what was refused.
    return SendError(reason, refused=True)


TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)[^>]*>")


def plain(body: str) -> str:
    """The text of an HTML body."""
    return html.unescape(TAG.sub("", body))


def visible_length(body: str) -> int:
    """As Telegram counts: after the tags are read, in UTF-16 units."""
    return len(plain(body).encode("utf-16-le")) // 2


def pages(body: str, limit: int = TEXT_LIMIT) -> Iterator[str]:
    """Cut a long body at the ends of lines; a tag left open is closed and opened again."""
    if visible_length(body) <= limit:
        yield body
        return
    page, opened = "", ""
    for line in _short_lines(body, limit):
        if page and visible_length(page + line) > limit:
            still_open = _open_tags(page)
            yield page.rstrip("\n") + "".join(f"</{name}>" for name, _ in reversed(still_open))
            opened = "".join(tag for _, tag in still_open)
            page = opened
        page += line
    if page != opened:
        yield page


def _short_lines(body: str, limit: int) -> Iterator[str]:
    for line in body.splitlines(keepends=True):
        if visible_length(line) <= limit:
            yield line
            continue
        # A line as long as a page is nobody's intention: it loses its tags.
        text = plain(line)
        # Counted in UTF-16, a character may take two.
        step = limit // 2
        yield from (html.escape(text[at : at + step], False) for at in range(0, len(text), step))


def _open_tags(page: str) -> list[tuple[str, str]]:
    stack: list[tuple[str, str]] = []
    for tag in TAG.finditer(page):
        if not tag[1]:
            stack.append((tag[2], tag[0]))
        elif stack:
            stack.pop()
    return stack
