"""A bare PTB bot that edits the tapped message and answers: python -m bench.peers.ptb URL [FILE]

With a file it keeps each tap in it first: one sqlmodel session and one commit (WAL, FULL) each.
"""

import logging
import sys
from collections.abc import Callable

from telegram import CallbackQuery, Message, Update
from telegram.ext import Application, CallbackQueryHandler, ContextTypes

from bench.api import TOKEN

Keep = Callable[[int, int, str], None]


def keep_nothing(_update: int, _chat: int, _data: str) -> None:
    pass


def keeper(file: str) -> Keep:
    """Write each tap to a table, committed."""
    from bench.peers.kept import open_session, row

    def keep(update: int, chat: int, data: str) -> None:
        with open_session(file) as session:
            session.add(row(update, chat, data))
            session.commit()

    return keep


def main() -> None:
    url, *file = sys.argv[1:]
    keep = keeper(file[0]) if file else keep_nothing
    logging.basicConfig(level=logging.WARNING)

    async def answer(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        assert isinstance(query, CallbackQuery)
        assert isinstance(query.message, Message)
        keep(update.update_id, query.message.chat.id, query.data or "")
        await query.edit_message_text(f"u{update.update_id}")
        await query.answer()

    application = Application.builder().token(TOKEN).base_url(f"{url}/bot").build()
    application.add_handler(CallbackQueryHandler(answer))
    application.run_polling(timeout=10)


if __name__ == "__main__":
    main()
