"""Relais CAR-T: a Telegram bot that carries a CAR-T pathway from team to team."""

import os

# PTB then gives `RetryAfter.retry_after` as a timedelta; read at import time by the library.
os.environ.setdefault("PTB_TIMEDELTA", "true")
