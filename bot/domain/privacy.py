"""What identity a text holds: numbers are known by their shape, names by what is around them."""

from collections.abc import Callable
from enum import StrEnum

from bot.domain import names, shapes
from bot.domain.lexicon import fold, normalise


class Category(StrEnum):
    """The kinds of identity, the gravest first: a name may be shared, a number is not."""

    NIR = "nir"
    IPP = "ipp"
    DIN = "din"
    BIRTH = "birth"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    NAME = "name"


def screen(text: str) -> Category | None:
    """The gravest identity that the text holds, None if it holds none."""
    said = normalise(text)
    flat = fold(shapes.BORN_ACCENT.sub("nee", said))
    # Three of the seven are numbers: a text without a figure need not be searched for them.
    numbered = any(character.isdigit() for character in flat)
    for category, holds in BY_SHAPE.items():
        if (numbered or category in WITHOUT_FIGURES) and holds(flat):
            return category
    return Category.NAME if names.somebody(said) else None


BY_SHAPE: dict[Category, Callable[[str], bool]] = {
    Category.NIR: shapes.nir,
    Category.IPP: shapes.ipp,
    Category.DIN: shapes.din,
    Category.BIRTH: shapes.birth,
    Category.PHONE: shapes.phone,
    Category.EMAIL: shapes.email,
    Category.ADDRESS: shapes.address,
}
WITHOUT_FIGURES = {Category.BIRTH, Category.PHONE, Category.EMAIL, Category.ADDRESS}
