"""French free text to an intent and its slots; no effect of its own."""

from bot.understanding.reader import Meaning, cries, toxic, understand, unwell

__all__ = ["Meaning", "cries", "toxic", "understand", "unwell"]
