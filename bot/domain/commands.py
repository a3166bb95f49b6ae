"""The commands, and which one a text is: typed on a telephone, in a hurry, by somebody worried."""

import re
from dataclasses import dataclass
from unicodedata import combining, normalize

from bot.domain.codes import distance

EVERYONE = ("statut", "afaire", "toxicite", "alerte", "garde", "aide", "annuler")
COORDINATOR = (
    "nouveau",
    "reporter",
    "retards",
    "historique",
    "cloturer",
    "inviter",
    "rattacher",
    "equipes",
    "retirer",
)
STRANGER = ("start", "aide")
NAMES = tuple(dict.fromkeys((*STRANGER, *EVERYONE, *COORDINATOR, "help")))
CALLS = ("alerte", "toxicite")
"""The calls for help: a slip in their name, or a code glued to it, holds none of them back."""
SECRET = "start"
"""What follows it opens the door: whatever it is glued to, it is read as this."""
URGENT = (*CALLS, SECRET)
"""Who comes in and raises an alert at once must be known before it."""
URGENT_DATA = ("alert:", "report:", "check:report", "choose:page:alert")
"""What buttons say that overtakes everything."""
LEAST = 4
"""Letters of a beginning that stands for the whole name."""
WRITTEN = re.compile(r"\s*/\s*([^\s@]*)(?:@([A-Za-z0-9_]+))?")


@dataclass(frozen=True, slots=True)
class Command:
    """What a text that begins with a slash asks for; no name if it is none of ours."""

    name: str
    bot: str
    """To which bot it is addressed; nothing if to whoever hears it."""
    words: tuple[str, ...]

    @property
    def written(self) -> str:
        """As Telegram would complete it."""
        return f"/{self.name}@{self.bot}" if self.bot else f"/{self.name}"


def command(said: str) -> Command | None:
    """The command that a text is; None if it is none at all."""
    found = WRITTEN.match(said)
    if found is None:
        return None
    name, glued = _named(_fold(found[1]))
    return Command(name, found[2] or "", (*glued.split(), *said[found.end() :].split()))


def _fold(word: str) -> str:
    """Lower case without accents; what is no letter stays, for it may belong to a code."""
    decomposed = normalize("NFKD", word.casefold())
    return "".join(each for each in decomposed if not combining(each))


def _named(word: str) -> tuple[str, str]:
    """The name, and what was glued to it."""
    if word in NAMES:
        return word, ""
    if word.startswith(SECRET):
        return SECRET, ""
    begun = [name for name in NAMES if len(word) >= LEAST and name.startswith(word)]
    if len(begun) == 1:
        return begun[0], ""
    for name in CALLS:
        beginnings = (name[:n] for n in range(len(name), LEAST - 1, -1))
        begins = next(filter(word.startswith, beginnings), "")
        if begins:
            glued = word.removeprefix(begins)
            # « alertes » has an ending too many, « alerte7k4q » a code.
            return name, glued if any(map(str.isdigit, glued)) else ""
        if distance(word[: len(name) + LEAST], name) == 1:
            return name, ""
    return "", ""
