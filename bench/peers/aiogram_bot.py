"""A bare aiogram bot that edits the tapped message and answers: … bench.peers.aiogram_bot URL"""

import asyncio
import sys

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import CallbackQuery, Message

from bench.api import TOKEN


async def answer(query: CallbackQuery) -> None:
    assert isinstance(query.message, Message)
    await query.message.edit_text(f"u{query.id}")
    await query.answer()


async def main() -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(sys.argv[1]))
    dispatcher = Dispatcher()
    dispatcher.callback_query.register(answer)
    await dispatcher.start_polling(Bot(TOKEN, session=session), polling_timeout=10)


if __name__ == "__main__":
    asyncio.run(main())
