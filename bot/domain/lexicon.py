"""The words that the privacy filter reads: ordinary French, the ward's own, and names."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
DATA: dict[str, str] = tomllib.loads((HERE / "privacy.toml").read_text(encoding="utf-8"))


def _set(key: str) -> frozenset[str]:
    return frozenset(DATA[key].split())


CIVIL, ROLES, HEADS, TOWNS = _set("civil"), _set("roles"), _set("heads"), _set("towns")
TITLES = _set("titles")
PATIENTS, RELATIONS, NAMING = _set("patients"), _set("relations"), _set("naming")
PARTICLES, SMALL, STEPS = _set("particles"), _set("small"), _set("steps")
LANDMARKS = _set("landmarks")
# How only a patient is, and what patients do besides: said right after a name.
UNWELL = _set("unwell")
DOES = UNWELL | _set("does")
FIRST_NAMES, SURNAMES = _set("first_names"), _set("surnames")
NAMES = FIRST_NAMES | SURNAMES
WARD = _set("ward") | ROLES | HEADS | PATIENTS | RELATIONS | CIVIL | TOWNS | SMALL
WORDS = WARD | frozenset((HERE / "french.txt").read_text(encoding="utf-8").split())
# « petit » or « marchand »: a name only where the rest of the sentence says so.
ONLY_NAMES = NAMES - WORDS
ONLY_SURNAMES = SURNAMES - FIRST_NAMES - WORDS

# Endings of verbs, adverbs and adjectives that hardly any surname has.
ENDINGS = re.compile(
    r".{2,}(?:ees?|ent|ait|aient|ment|ique|iques|euse|euses|ante?s?|tion|tions|ible|able|ables"
    r"|aire|aires|iste|eux|erait|era|ieme|isme|ite|ites|emie|urie|ose|oses|ages?|onnels?"
    r"|toires?|ifs?|ives?)"
)

PREFIX = re.compile(r"^(?:sub|hypo|hyper|poly|pre|post|anti|neuro|cardio|dys|multi)(?=\w{4})")


def ordinary(flat: str) -> bool:
    """An ordinary word of French or of the ward, or one with the ending of such a word."""
    if flat in WORDS:
        return True
    if "-" in flat:
        return all(not part or ordinary(part) for part in flat.split("-"))
    if flat in NAMES:
        return False
    stem = PREFIX.sub("", flat)
    return bool(ENDINGS.fullmatch(flat)) or stem in WORDS or _plural(stem) in WORDS


def all_words(flat: str) -> bool:
    return all(part in WORDS for part in flat.split("-"))


def _plural(flat: str) -> str:
    return flat[:-1] if flat[-1:] in ("s", "e") else flat


# Zero-width and direction marks, which would cut a number or a name in two.
INVISIBLE = dict.fromkeys([0xAD, 0x34F, *range(0x200B, 0x2010), *range(0x202A, 0x202F),
                           *range(0x2060, 0x2070), 0xFE0F, 0xFEFF])  # fmt: skip
DASHES_AND_QUOTES = str.maketrans("‐‑‒–—−’ʼ‘´`", "------'''''")
SPARE = 1000
"""By how many characters a text may grow: one alone may become eighteen, and stop everybody."""
GLUED = re.compile(r"\b([Mm](?:me|lle|elle|r|onsieur|adame))(?=[A-ZÀ-Þ][a-zà-ÿA-Z])")


def normalise(text: str) -> str:
    """One form for what looks alike: full-width digits, narrow spaces, « MmeDupont »."""
    seen = text.translate(INVISIBLE)
    if not seen.isascii():
        seen = unicodedata.normalize("NFKC", "".join(_plain(seen)))
    said = seen.replace("\n", " . ").translate(DASHES_AND_QUOTES)  # a line is a sentence
    return GLUED.sub(r"\1 ", " ".join(said.split()))


def _plain(text: str) -> Iterator[str]:
    """Any script's figures as ours, and nothing that would make a short text a very long one."""
    spare = SPARE
    for character in text:
        if character.isascii():
            yield character
        elif character.isdecimal():
            yield str(unicodedata.decimal(character))
        else:
            grows = len(unicodedata.normalize("NFKC", character)) - 1
            spare -= grows
            yield " " if grows and spare < 0 else character


def fold(said: str) -> str:
    """Lower case, without accents."""
    lower = said.lower().replace("œ", "oe")
    if lower.isascii():
        return lower
    decomposed = unicodedata.normalize("NFD", lower)
    return "".join(character for character in decomposed if not unicodedata.combining(character))
