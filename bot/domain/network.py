"""What a network decided for itself: its centres, its pathway, its calendar."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.calendar import Calendar
from bot.domain.pathway import Pathway, Product


@dataclass(frozen=True)
class Network:
    """The same for every transaction of a running bot."""

    centres: Mapping[str, str]
    """Code to name, `{"TLS": "Toulouse"}`; the first one is the default."""
    pathway: Pathway
    products: tuple[Product, ...]
    calendar: Calendar
    bot_name: str = ""
    setup_code: str = ""
    phones: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By centre and team, the number to call when a message reaches nobody."""

    def product(self, id_: str) -> Product | None:
        """None if the file of products forgot it since."""
        return next((each for each in self.products if each.id == id_), None)

    @property
    def first_centre(self) -> str:
        return next(iter(self.centres))
