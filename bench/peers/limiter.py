"""PTB with its AIORateLimiter, sending a file of [chat, text]: … bench.peers.limiter URL FILE"""

import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from telegram.error import TelegramError
from telegram.ext import AIORateLimiter, ExtBot

from bench.api import TOKEN

RETRIES = 5


async def main(url: str, letters: Sequence[tuple[int, str]]) -> None:
    """Hand everything to the limiter at once: it is what waits."""
    logging.basicConfig(level=logging.ERROR)
    limiter = AIORateLimiter(max_retries=RETRIES)
    bot = ExtBot(TOKEN, base_url=f"{url}/bot", rate_limiter=limiter)

    async def send(chat: int, text: str) -> bool:
        try:
            await bot.send_message(chat, text)
        except TelegramError:
            return False
        return True

    async with bot:
        await asyncio.gather(*(send(chat, text) for chat, text in letters))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))))
