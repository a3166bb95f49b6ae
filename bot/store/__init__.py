"""How facts are kept: a `Unit` is one transaction seen at one instant."""

from bot.store.database import Database
from bot.store.unit import Unit

__all__ = ["Database", "Unit"]
