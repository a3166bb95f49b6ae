"""Two unrelated client libraries and raw HTTP behind one small face, for the same smoke test."""

import asyncio
import json
import urllib.error
import urllib.request
from typing import Any, Protocol

import aiogram
import telegram
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import BufferedInputFile

from simulator.api.schema import Upload

TOKEN = "123456:test-token"
Object = dict[str, Any]


class Refused(Exception):
    """The library reports Telegram's refusal."""


class Library(Protocol):
    """What the smoke test needs of a client library."""

    async def me(self) -> Object: ...
    async def poll(self, offset: int) -> list[Object]: ...
    async def send(self, chat: int, text: str, keyboard: Object | None = None) -> Object: ...
    async def edit(self, chat: int, message: int, text: str) -> Object: ...
    async def answer(self, tap: str, text: str) -> bool: ...
    async def photo(self, chat: int, content: bytes) -> Object: ...
    async def document(self, chat: int, content: bytes) -> Object: ...
    async def download(self, file_id: str) -> bytes: ...
    async def delete(self, chat: int, message: int) -> bool: ...
    async def commands(self, name: str, text: str) -> list[Object]: ...
    async def chat(self, chat: int) -> Object: ...
    async def member(self, chat: int, user: int) -> Object: ...
    async def webhook(self, url: str, secret: str) -> Object: ...
    async def close(self) -> None: ...


class Ptb:
    """python-telegram-bot."""

    def __init__(self, url: str) -> None:
        files = url + "/file/bot"
        self.bot = telegram.Bot(TOKEN, base_url=url + "/bot", base_file_url=files)

    async def me(self) -> Object:
        await self.bot.initialize()
        return self.bot.bot.to_dict()

    async def poll(self, offset: int) -> list[Object]:
        return [u.to_dict() for u in await self.bot.get_updates(offset=offset, timeout=5)]

    async def send(self, chat: int, text: str, keyboard: Object | None = None) -> Object:
        markup = telegram.InlineKeyboardMarkup.de_json(keyboard) if keyboard else None
        try:
            sent = await self.bot.send_message(chat, text, "HTML", reply_markup=markup)
        except telegram.error.TelegramError as error:
            raise Refused(str(error)) from error
        return sent.to_dict()

    async def edit(self, chat: int, message: int, text: str) -> Object:
        edited = await self.bot.edit_message_text(text, chat, message)
        assert isinstance(edited, telegram.Message)
        return edited.to_dict()

    async def answer(self, tap: str, text: str) -> bool:
        return await self.bot.answer_callback_query(tap, text)

    async def photo(self, chat: int, content: bytes) -> Object:
        return (await self.bot.send_photo(chat, content, caption="Photo")).to_dict()

    async def document(self, chat: int, content: bytes) -> Object:
        return (await self.bot.send_document(chat, content, filename="a.bin")).to_dict()

    async def download(self, file_id: str) -> bytes:
        return bytes(await (await self.bot.get_file(file_id)).download_as_bytearray())

    async def delete(self, chat: int, message: int) -> bool:
        return await self.bot.delete_message(chat, message)

    async def commands(self, name: str, text: str) -> list[Object]:
        scope = telegram.BotCommandScopeAllPrivateChats()
        await self.bot.set_my_commands([(name, text)], scope=scope)
        return [command.to_dict() for command in await self.bot.get_my_commands(scope)]

    async def chat(self, chat: int) -> Object:
        return (await self.bot.get_chat(chat)).to_dict()

    async def member(self, chat: int, user: int) -> Object:
        return (await self.bot.get_chat_member(chat, user)).to_dict()

    async def webhook(self, url: str, secret: str) -> Object:
        await self.bot.set_webhook(url, secret_token=secret)
        return (await self.bot.get_webhook_info()).to_dict()

    async def close(self) -> None:
        await self.bot.shutdown()


class Aiogram:
    """aiogram 3."""

    def __init__(self, url: str) -> None:
        session = AiohttpSession(api=TelegramAPIServer.from_base(url))
        self.bot = aiogram.Bot(TOKEN, session=session)

    async def me(self) -> Object:
        return _plain(await self.bot.get_me())

    async def poll(self, offset: int) -> list[Object]:
        return [_plain(update) for update in await self.bot.get_updates(offset, timeout=5)]

    async def send(self, chat: int, text: str, keyboard: Object | None = None) -> Object:
        markup = aiogram.types.InlineKeyboardMarkup(**keyboard) if keyboard else None
        try:
            sent = await self.bot.send_message(chat, text, parse_mode="HTML", reply_markup=markup)
        except aiogram.exceptions.TelegramAPIError as error:
            raise Refused(str(error)) from error
        return _plain(sent)

    async def edit(self, chat: int, message: int, text: str) -> Object:
        return _plain(await self.bot.edit_message_text(text, chat_id=chat, message_id=message))

    async def answer(self, tap: str, text: str) -> bool:
        return await self.bot.answer_callback_query(tap, text)

    async def photo(self, chat: int, content: bytes) -> Object:
        file = BufferedInputFile(content, "p.png")
        return _plain(await self.bot.send_photo(chat, file, caption="Photo"))

    async def document(self, chat: int, content: bytes) -> Object:
        return _plain(await self.bot.send_document(chat, BufferedInputFile(content, "a.bin")))

    async def download(self, file_id: str) -> bytes:
        content = await self.bot.download(file_id)
        assert content is not None
        return content.read()

    async def delete(self, chat: int, message: int) -> bool:
        return await self.bot.delete_message(chat, message)

    async def commands(self, name: str, text: str) -> list[Object]:
        command = aiogram.types.BotCommand(command=name, description=text)
        scope = aiogram.types.BotCommandScopeAllPrivateChats()
        await self.bot.set_my_commands([command], scope=scope)
        return [_plain(each) for each in await self.bot.get_my_commands(scope)]

    async def chat(self, chat: int) -> Object:
        return _plain(await self.bot.get_chat(chat))

    async def member(self, chat: int, user: int) -> Object:
        return _plain(await self.bot.get_chat_member(chat, user))

    async def webhook(self, url: str, secret: str) -> Object:
        await self.bot.set_webhook(url, secret_token=secret)
        return _plain(await self.bot.get_webhook_info())

    async def close(self) -> None:
        await self.bot.session.close()


class Raw:
    """The standard library's HTTP client."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def me(self) -> Object:
        return await self.ask("getMe")

    async def poll(self, offset: int) -> list[Object]:
        return await self.ask("getUpdates", offset=offset, timeout=5)  # type: ignore[return-value]

    async def send(self, chat: int, text: str, keyboard: Object | None = None) -> Object:
        more = {"reply_markup": keyboard} if keyboard else {}
        return await self.ask("sendMessage", chat_id=chat, text=text, parse_mode="HTML", **more)

    async def edit(self, chat: int, message: int, text: str) -> Object:
        return await self.ask("editMessageText", chat_id=chat, message_id=message, text=text)

    async def answer(self, tap: str, text: str) -> bool:
        return bool(await self.ask("answerCallbackQuery", callback_query_id=tap, text=text))

    async def photo(self, chat: int, content: bytes) -> Object:
        fields = {"chat_id": str(chat), "caption": "Photo"}
        return await self._upload("sendPhoto", fields, "photo", Upload("p.png", "", content))

    async def document(self, chat: int, content: bytes) -> Object:
        fields = {"chat_id": str(chat)}
        return await self._upload("sendDocument", fields, "document", Upload("a.bin", "", content))

    async def download(self, file_id: str) -> bytes:
        path = (await self.ask("getFile", file_id=file_id))["file_path"]
        return await asyncio.to_thread(_read, f"{self.url}/file/bot{TOKEN}/{path}")

    async def delete(self, chat: int, message: int) -> bool:
        return bool(await self.ask("deleteMessage", chat_id=chat, message_id=message))

    async def commands(self, name: str, text: str) -> list[Object]:
        scope = {"type": "all_private_chats"}
        listed = [{"command": name, "description": text}]
        await self.ask("setMyCommands", commands=listed, scope=scope)
        return await self.ask("getMyCommands", scope=scope)  # type: ignore[return-value]

    async def chat(self, chat: int) -> Object:
        return await self.ask("getChat", chat_id=chat)

    async def member(self, chat: int, user: int) -> Object:
        return await self.ask("getChatMember", chat_id=chat, user_id=user)

    async def webhook(self, url: str, secret: str) -> Object:
        await self.ask("setWebhook", url=url, secret_token=secret)
        return await self.ask("getWebhookInfo")

    async def close(self) -> None:
        """Nothing is kept open."""

    async def ask(self, method: str, **params: object) -> Object:
        body = json.dumps(params).encode()
        return await self._post(method, body, "application/json")

    async def _upload(
        self, method: str, fields: dict[str, str], name: str, file: Upload
    ) -> Object:
        line = "sixty-four"
        head = "".join(
            f'--{line}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
            for key, value in fields.items()
        )
        head += f'--{line}\r\nContent-Disposition: form-data; name="{name}"; '
        head += f'filename="{file.name}"\r\n\r\n'
        body = head.encode() + file.content + f"\r\n--{line}--\r\n".encode()
        return await self._post(method, body, f"multipart/form-data; boundary={line}")

    async def _post(self, method: str, body: bytes, kind: str) -> Object:
        url = f"{self.url}/bot{TOKEN}/{method}"
        request = urllib.request.Request(url, body, {"Content-Type": kind})
        answer = json.loads(await asyncio.to_thread(_read, request))
        if not answer["ok"]:
            raise Refused(answer["description"])
        result: Object = answer["result"]
        return result


def _read(request: str | urllib.request.Request) -> bytes:
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            content: bytes = response.read()
    except urllib.error.HTTPError as error:
        with error:
            content = error.read()
    return content


def _plain(it: Any) -> Object:
    plain: Object = it.model_dump(exclude_none=True, mode="json", by_alias=True)
    return plain
