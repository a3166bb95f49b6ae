"""Names of people, known by what is around them: a title, a relative, a first name."""

import re
from dataclasses import dataclass

from bot.domain.codes import ALPHABET
from bot.domain.lexicon import (
    CIVIL,
    DOES,
    FIRST_NAMES,
    HEADS,
    NAMES,
    NAMING,
    ONLY_NAMES,
    ONLY_SURNAMES,
    PARTICLES,
    PATIENTS,
    RELATIONS,
    ROLES,
    SMALL,
    STEPS,
    TITLES,
    UNWELL,
    WARD,
    all_words,
    fold,
    ordinary,
)

CODE = re.compile(rf"[A-Z]{{3}}-[{ALPHABET}]{{4}}")  # « TLS-WQXT » is a patient already coded
TOKEN = re.compile(r"\w+(?:['-]\w+)*|[^\w\s]")
ELIDED = re.compile(r"(?:l|d|j|m|n|s|t|c|qu|jusqu|lorsqu|puisqu|o|aujourd)'(?=\w)")


@dataclass(frozen=True, slots=True)
class Word:
    """A word, a number or a mark of the text; `flat` has lost its article."""

    whole: str
    flat: str
    letters: bool  # no digit, no mark
    capital: bool  # a capital that says something: not in a text all in capitals
    upper: bool

    @property
    def known(self) -> bool:
        return self.flat in NAMES or any(part in ONLY_NAMES for part in self.flat.split("-"))

    @property
    def only_name(self) -> bool:
        return self.known and not ordinary(self.flat)

    @property
    def initial(self) -> bool:
        return self.letters and self.capital and len(self.flat) == 1


VOWEL = re.compile("[aeiouy]")
OTHER_SCRIPT = re.compile(r"[^\W\d_]{3,}")
LATIN = 0x250
"""Where the letters of French and of its neighbours end."""


def _other_script(said: str) -> bool:
    """A word in Greek, in Arabic …: a name, for the teams write French; β and γGT are letters."""
    if said.isascii():
        return False
    return any(
        all(ord(character) >= LATIN for character in found[0])
        for found in OTHER_SCRIPT.finditer(said)
    )


END = Word("", "", letters=False, capital=False, upper=False)


def _words(said: str) -> list[Word]:
    shouted = said.upper() == said
    tokens = TOKEN.findall(said.replace("_", " "))
    # In a long text half of the words come again.
    made = {token: _word(token, shouted) for token in set(tokens)}
    return [made[token] for token in tokens]


def _word(token: str, shouted: bool) -> Word:
    whole = fold(token)
    flat = ELIDED.sub("", whole)
    bare = token[-len(flat) :] if flat != whole else token
    letters = whole.replace("'", "").replace("-", "").isalpha() and not CODE.fullmatch(token)
    capital = letters and bare[:1].isupper() and not shouted
    return Word(whole, flat, letters, capital, capital and bare.isupper() and len(bare) > 1)


def somebody(said: str) -> bool:
    """Somebody who is neither a colleague nor a place."""
    if _other_script(said):
        return True
    words = _words(said)
    excused = _excused(words)
    titled = _all_titled(words)
    return any(
        index not in excused
        and (
            _after_title(words, index, excused, titled)
            or _after_cue(words, index, excused)
            or _full_name(words, index, excused)
            or _alone(words, index)
        )
        for index, word in enumerate(words)
        if word.letters
    )


def _all_titled(words: list[Word]) -> bool:
    """« Madame Refuse Le Traitement »: its capitals say nothing."""
    letters = [word for word in words if word.letters and len(word.flat) > 1]
    return len(letters) > 2 and all(word.capital for word in letters)


def _at(words: list[Word], index: int) -> Word:
    return words[index] if 0 <= index < len(words) else END


def _excused(words: list[Word]) -> set[int]:
    """The places of the names that follow a colleague's title or the kind of a place."""
    excused: set[int] = set()
    for index, word in enumerate(words):
        # Colleagues are named all day long, and may be: only a patient's name is refused.
        if word.flat in ROLES or word.flat in HEADS:
            _excuse(words, index + 1, excused, title=word.flat in TITLES)
    return excused


FAR = 4  # words: a reader that looks further would be slow on « de de de… »
ON_DUTY = frozenset({"de", "du", "d", "garde", "astreinte", "nuit", "jour"})


def _excuse(words: list[Word], at: int, excused: set[int], title: bool) -> None:
    last = at + FAR
    while at < last and (_at(words, at).flat in ON_DUTY or (title and _at(words, at).flat == ".")):
        at += 1
    last, found = at + FAR, set[int]()
    while at < last and (_names(words, at, title) or _joins(words, at, title)):
        found.add(at)
        at += 1
    # « infirmier Jean Dupont fébrile »: it is the patient who is unwell, never the colleague.
    if _at(words, at).flat not in UNWELL:
        excused |= found


def _names(words: list[Word], at: int, title: bool) -> bool:
    word = _at(words, at)
    if word.flat == "m":
        return title  # « Dr M. Sanchez », but not « l'interne, M. Sanchez est fébrile »
    if not word.letters or word.flat in CIVIL or word.flat in PATIENTS:
        return False
    if word.initial or word.known:
        return True
    if word.flat in PARTICLES:
        after = _at(words, at + 1)
        return after.letters and not ordinary(after.flat)
    return not ordinary(word.flat) or (word.capital and word.flat not in WARD)


def _joins(words: list[Word], at: int, title: bool) -> bool:
    """« Drs Martin et Bories », « Dr J. Martin »."""
    word, before, after = _at(words, at), _at(words, at - 1), _at(words, at + 1)
    if word.flat == ".":
        return len(before.flat) == 1 and title and after.letters
    joins = word.flat in ("et", "ou", "/", "&")
    return joins and before.known and after.letters and after.flat not in CIVIL | PATIENTS


def _skip(words: list[Word], at: int, marks: str = ".") -> int:
    last = at + FAR
    while at < last and (word := _at(words, at)).flat and word.flat in marks:
        at += 1
    return at


def _past_particles(words: list[Word], at: int) -> int:
    last = at + FAR
    while at < last and _at(words, at).flat in PARTICLES and _at(words, at + 1).letters:
        at += 1
    return at


def _after_title(words: list[Word], index: int, excused: set[int], titled: bool) -> bool:
    word = words[index]
    alone = word.flat == "m" and word.whole == "m"
    if word.flat not in CIVIL and not alone:
        return False
    dotted = _at(words, index + 1).flat == "."
    at = _past_particles(words, _skip(words, index + 1))
    name = _at(words, at)
    if not name.letters or at in excused or name.flat in ROLES or name.flat in CIVIL:
        return False
    if name.capital:
        return _capital_name(words, at, strict=alone or titled)
    if name.flat in NAMES:
        return not alone or dotted or name.only_name
    unknown = len(name.flat) > 2 and not ordinary(name.flat)
    return unknown and (not alone or dotted)


def _capital_name(words: list[Word], at: int, strict: bool) -> bool:
    """After a title a capital makes a name of any word but a small one."""
    name = words[at]
    if name.initial:
        if _at(words, at + 1).flat in ("+", "-"):  # « Mme J+4 »
            return False
        return name.flat not in SMALL or _at(words, at + 1).flat == "."
    if name.flat in SMALL or name.flat in HEADS:
        return False
    if name.upper and name.flat in WARD:  # « Mme HDJ »
        return name.known
    return name.known or not ordinary(name.flat) or not strict


def _after_cue(words: list[Word], index: int, excused: set[int]) -> bool:
    """A name that follows the patient, a relative, or « s'appelle »."""
    word = words[index]
    patient, relation = word.flat in PATIENTS, word.flat in RELATIONS or word.flat in STEPS
    naming = word.whole in NAMING
    if not (patient or relation or naming):
        return False
    first = _skip(words, index + 1, ".:(-" if patient else ".:(,-")
    first += relation and _at(words, first).flat.isdigit()  # « chambre 9 Galaup »
    at = _past_particles(words, first)
    name = _at(words, at)
    if not name.letters or at in excused or len(name.flat) < 3:
        return False
    if naming and not name.capital:
        return name.known or not ordinary(name.flat)
    if _at(words, at - 1).flat.isdigit() and not name.capital:  # « chambre 12 oyono »
        return len(name.flat) > 4 and not ordinary(name.flat)
    return _named(name, sure=at > first and patient and not words[first].capital)


def _named(name: Word, sure: bool) -> bool:
    if name.capital and name.known:
        return name.flat not in WARD
    if name.only_name:
        return True
    # « Patient LBDGC »: capitals only are an abbreviation more often than an unknown name.
    short = name.upper and len(name.flat) < 6
    return name.capital and not (sure or short) and not ordinary(name.flat)


def _full_name(words: list[Word], index: int, excused: set[int]) -> bool:
    """A first name and a surname side by side, in either order."""
    one = words[index]
    comma = _at(words, index + 1).flat == "," and one.upper
    at = _past_particles(words, index + 1 + comma)
    two = _at(words, at)
    if at in excused or len(one.flat) < 2 or one.flat in PARTICLES or one.flat in SMALL:
        return False
    if not two.letters:
        return False
    if one.capital and two.capital:
        return _two_capitals(one, two, _at(words, at + 1), comma)
    if one.capital or two.capital:
        return False
    first = one.flat in FIRST_NAMES and one.only_name
    unknown = len(two.flat) > 3 and not ordinary(two.flat)
    return at == index + 1 and (
        (first and (two.only_name or unknown))
        or (one.flat in FIRST_NAMES and two.flat in ONLY_SURNAMES)
        or (one.only_name and two.only_name)
    )


def _two_capitals(one: Word, two: Word, after: Word, comma: bool) -> bool:
    if two.initial:  # « Kevin D. »
        return one.flat in FIRST_NAMES and one.only_name and two.flat not in SMALL
    if one.flat in WARD or two.flat in WARD:
        return False
    if one.only_name and one.flat in FIRST_NAMES and not comma:
        return two.known or not all_words(two.flat)
    if any(ordinary(word.flat) and not word.known for word in (one, two)):
        return False
    if comma:
        return two.flat in FIRST_NAMES
    known = one.known + two.known
    if known == 2:
        return one.only_name or two.only_name or one.flat in FIRST_NAMES
    if known == 1:
        return one.only_name or two.only_name or not (one.upper and two.upper)
    return not two.upper and min(len(one.flat), len(two.flat)) > 2 and not after.initial


def _alone(words: list[Word], index: int) -> bool:
    """A surname that is nothing else, or a capital after an initial (« J. Dupont »)."""
    word, mark, before = words[index], _at(words, index - 1), _at(words, index - 2)
    if word.flat in ONLY_SURNAMES and len(word.flat) > (2 if word.capital else 4):
        return True
    # « GALTIER »: long, in capitals among small letters, and no word at all.
    if word.upper and len(word.flat) > 5 and "-" not in word.flat and not ordinary(word.flat):
        return True
    # « OYONO refuse », « Vandenbroucke refuse »: no word at all, and it does what patients do.
    begins = mark.flat in ("", ".") and _at(words, index + 1).flat in DOES
    spoken = len(word.flat) > 4 and bool(VOWEL.search(word.flat))  # « BPDCN »
    known = word.flat in FIRST_NAMES or ordinary(word.flat)  # « Sophie sort à 9 h »: a colleague
    if begins and word.capital and spoken and not known:
        return True
    initial = mark.flat == "." and before.initial and before.flat != "m"
    return initial and word.capital and len(word.flat) > 2 and not ordinary(word.flat)
