"""What the bot writes to its log: plain lines, without the token."""

import logging
import re

TOKEN = re.compile(r"\d{3,}:[\w-]{20,}")
"""A bot token, wherever it stands: Telegram's URLs hold it."""

TALKATIVE = (
    "aiohttp",
    "alembic",
    "apscheduler",
    "httpcore",
    "httpx",
    "telegram",
    "uvicorn.access",
)
"""Libraries that log URLs, each tick or each look at the schema, at INFO."""


def redact(said: str) -> str:
    """The same without any token."""
    return TOKEN.sub("<token>", said)


class Redacting(logging.Filter):
    """The one place where tokens are taken out, tracebacks included."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Put together first: a token may stand in an argument.
        record.msg, record.args = redact(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.exc_text = redact(record.exc_text) if record.exc_text else record.exc_text
        return True


def set_up(level: str = "INFO") -> None:
    """Log to stderr from here on."""
    handler = logging.StreamHandler()
    handler.addFilter(Redacting())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
