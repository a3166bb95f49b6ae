"""What the bot writes to its log: plain lines, without a token, a name or a patient's code."""

import logging
import re
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

SECRETS = (
    # A bot token, wherever it stands: Telegram's URLs hold it.
    (re.compile(r"\d{3,}:[\w-]{20,}"), "<token>"),
    # The way in that an invitation's link ends with.
    (re.compile(r"\b(start=)[\w-]+"), r"\1<token>"),
    (re.compile(r"\b[A-Z]{3}-[2-9A-HJKMNP-TV-Z]{4}\b"), "<code>"),
    # What Telegram quotes when it refuses a message is what people wrote.
    (re.compile(r'"[^"\n]*"'), '"…"'),
)
"""What no line may hold, and what stands there instead."""

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

PACKAGE = str(Path(__file__).parent)
CAUSES = 8
"""More are a circle."""


def redact(said: str) -> str:
    """The same without what no line may hold."""
    for secret, instead in SECRETS:
        said = secret.sub(instead, said)
    return said


def described(error: BaseException) -> str:
    """An error for the record: kinds and places, never what it says, which may be about people."""
    kinds = " < ".join(_kind(cause) for cause in _causes(error))
    places = [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(PACKAGE)
    ]
    return f"{kinds} at {', '.join(reversed(places))}" if places else kinds


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    for _ in range(CAUSES):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or cause.__context__


def _kind(error: BaseException) -> str:
    """What it is; of a database's error also its code, which says « full » or « away »."""
    driver = getattr(error, "orig", None)
    code = getattr(driver, "sqlite_errorname", None) or getattr(driver, "sqlstate", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


class Outage:
    """Trouble that lasts: a line when it begins, one with its count and length when it ends."""

    def __init__(
        self,
        logger: logging.Logger,
        what: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._logger = logger
        self._what = what
        self._monotonic = monotonic
        self._count = 0
        self._since = 0.0

    def failed(self, why: str) -> None:
        """It failed once more; only the first time is worth a line."""
        if not self._count:
            self._since = self._monotonic()
            self._logger.error("%s: %s", self._what, redact(why))
        self._count += 1

    def over(self) -> None:
        """It works; says so if it did not."""
        if not self._count:
            return
        lasted = self._monotonic() - self._since
        # As loud as its beginning: whoever saw that must see this.
        self._logger.error("%s: over, after %d times in %.0f s", self._what, self._count, lasted)
        self._count = 0


class Redacting(logging.Filter):
    """The last gate of every line, those of libraries too: one line, without any secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Put together first: a secret may stand in an argument.
        said = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            # What comes after the first line, and the traceback, show what the error says.
            said = f"{said.partition(chr(10))[0]}: {described(record.exc_info[1])}"
        record.msg, record.args = redact(said), None
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def set_up(level: str = "INFO") -> None:
    """Log to stderr from here on."""
    handler = logging.StreamHandler()
    handler.addFilter(Redacting())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
