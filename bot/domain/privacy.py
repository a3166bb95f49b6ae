"""What identity a text holds: numbers are known by their shape, names by what is around them."""

import re
import tomllib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from stdnum.fr import nir

from bot.domain.codes import ALPHABET


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
    flat = fold(BORN_ACCENT.sub("nee", said))
    numbered = any(character.isdigit() for character in flat)
    for category, holds in BY_SHAPE.items():
        if (numbered or category in WITHOUT_FIGURES) and holds(flat):
            return category
    return Category.NAME if _names_somebody(_words(said)) else None


# Zero-width and direction marks, which would cut a number or a name in two.
INVISIBLE = dict.fromkeys([0xAD, 0x34F, *range(0x200B, 0x2010), *range(0x202A, 0x202F),
                           *range(0x2060, 0x2070), 0xFE0F, 0xFEFF])  # fmt: skip
DASHES_AND_QUOTES = str.maketrans("‐‑‒–—−’ʼ‘´`", "------'''''")
GLUED = re.compile(r"\b([Mm](?:me|lle|elle|r|onsieur|adame))(?=[A-ZÀ-Þ][a-zà-ÿA-Z])")


def normalise(text: str) -> str:
    """One form for what looks alike: full-width digits, narrow spaces, « MmeDupont »."""
    said = unicodedata.normalize("NFKC", text.translate(INVISIBLE)).translate(DASHES_AND_QUOTES)
    return GLUED.sub(r"\1 ", " ".join(said.split()))


def fold(said: str) -> str:
    """Lower case, without accents."""
    lower = said.lower().replace("œ", "oe")
    if lower.isascii():
        return lower
    decomposed = unicodedata.normalize("NFD", lower)
    return "".join(character for character in decomposed if not unicodedata.combining(character))


# --- numbers and addresses, on the folded text ---------------------------------------------

GAP = r"[ .\-_/]{0,3}"
NUMBER_IS = (
    r"(?: ?(?:numero|num|no|n°|nº|n|du|de|la|le|patient|patiente|est|c'est|=|:|#|/|\(|\.)){0,5} ?"
)
MONTH = (
    r"(?:janv(?:ier)?|jan|fevr?(?:ier)?|mars|avr(?:il)?|mai|juin|juil(?:let)?|aout|sept?(?:embre)?"
    r"|oct(?:obre)?|nov(?:embre)?|dec(?:embre)?)\.?"
)
DAY = r"(?:0?[1-9]|[12]\d|3[01])"
IN_FIGURES = r"(?:0?[1-9]|1[0-2])"
# Nobody plans a pathway before 2016: a full date of then is a date of birth, most likely.
THEN = r"(?:19\d\d|200\d|201[0-5])"
THEN_SHORT = r"(?:19\d\d|200\d|201[0-5]|0\d|1[0-5]|[3-9]\d)"

NIR_SHAPE = re.compile(
    rf"(?<![\w])[1278](?:{GAP}\d){{2}}{GAP}(?:0\d|1[0-2]|[2-4]\d|[5-9]\d){GAP}"
    rf"(?:\d\d|2[ab]|\d{GAP}\d){GAP}(?:\d{GAP}){{5}}\d(?:{GAP}\d\d)?(?!{GAP}\d|\w)"
)
NIR_SAID = re.compile(
    rf"\b(?:nir|ins|secu|securite sociale|immatriculation|nia)\b{NUMBER_IS}[12](?:{GAP}\d){{4}}"
)
DATE_BEFORE = [
    re.compile(rf"(?<![\d/.,-]){DAY} ?([/.\- ]) ?{IN_FIGURES} ?\1 ?{THEN}(?!\d)"),
    re.compile(rf"(?<![\d/.,-]){DAY}([/.-]){IN_FIGURES}\1{THEN_SHORT}(?![\d/-]|\.\d)"),
    re.compile(rf"(?<!\d){DAY}(?:er)?[ -]?{MONTH}[ -]?{THEN}(?!\d)"),
    re.compile(rf"(?<!\d){DAY}(?:er)? {MONTH} '?[4-9]\d(?![\d,.%]| ?(?:h|mg|ml|kg|ans|g)\b)"),
    re.compile(rf"(?<![\d/.-]){THEN}([/.-]){IN_FIGURES}\1{DAY}(?!\d)"),
    re.compile(r"(?<![\w.-])(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])19[2-9]\d(?![\w-])"),
]
BORN = re.compile(
    r"(?<![\w-])(?:nee?s?(?: ?\(e\))?|ddn|d\.d\.n\.?|d\. ?n\.|dn|dnaiss|dob|naissance|naiss|natif"
    r"|native)(?![\w'])"
)
BORN_WHEN = re.compile(
    rf"^.{{0,40}}?(?<!\d)(?:{DAY} ?[/. -] ?{IN_FIGURES}(?!\d)|{DAY}(?:er)?[ -]?{MONTH}"
    rf"|{MONTH} ?(?:\d\d|{THEN})\b|{THEN}(?!\d)|20[12]\d(?!\d)|\d{{6}}(?!\d)|\d{{8}}(?!\d))"
)
BORN_IN = re.compile(rf"^ ?(?::|le|un|en|l'|an|annee|vers|=)* ?(?:\d{{2}}(?!\d)|\w+ {MONTH})")
# Without its accent, « ne » is a negation far more often: the date must be next to it.
BORN_ACCENT = re.compile(r"\b[Nn][ÉÈéè]\b")
BORN_AT_ONCE = re.compile(
    r"^ ?(?:\([ea]\) ?)?(?:a [a-z-]+ )?(?:le|en|un|:)* ?"
    rf"(?:{DAY} ?[/. -] ?{IN_FIGURES} ?[/. -] ?\d\d"
    rf"|{DAY}(?:er)? {MONTH} \d\d|{THEN}(?!\d)|[3-9]\d(?![\d,.%]))"
)

# « 01.02.26 10.30 » is a day and its hour.
NO_DAY = (
    r"(?!\d\d([./-])(?:0\d|1[0-2])\1(?:2[4-9]|3[0-5]) |\d\d[ ./-](?:0\d|1[0-2])[ ./-]20[12]\d)"
)
PHONES = [
    re.compile(rf"(?<![\d+,]){NO_DAY}[0o] ?[1-9]\)?(?:[ .,\-_·/]{{1,3}}\d\d){{4}}(?!\d)"),
    re.compile(rf"(?<![\w.,]){NO_DAY}[0o][ .-]?[1-9]\)?(?:[ .-]{{0,3}}\d){{8}}(?![ .-]?\d)"),
    re.compile(r"(?<!\w)33 ?[67](?: ?\d\d){4}(?!\d)"),
    re.compile(rf"(?<!\w)(?:\+|00) ?33{GAP}(?:\(0\){GAP}|0{GAP})?[1-9](?:{GAP}\d){{8}}(?!\d)"),
    re.compile(
        rf"\b(?:tel|telephone|portable|mobile|joindre|joignable|gsm)\b{NUMBER_IS}(?:au )?"
        rf"\d(?:{GAP}\d){{8}}"
    ),
    re.compile(r"\bzero (?:un|deux|trois|quatre|cinq|six|sept|neuf)(?:[ -][a-z]{2,8}){4}"),
]
ABROAD = re.compile(r"(?<![\w+])(?:\+|00) ?[1-9](?:[ .\-()/]{0,2}\d){7,13}(?!\d)")

EMAIL = re.compile(
    r"[\w+-] ?(?:@|\(at\)|\[at\]|\(a\)|\[a\]|\(?\barobas?e?\b\)?) ?[a-z][\w-]*"
    r"(?: ?(?:\.|\bpoint\b|\bdot\b|\[dot\]|\(dot\)|\(point\)) ?[\w-]+)"
)
EMAIL_SHORT = re.compile(
    r"\b(?:gmail|orange|hotmail|yahoo|outlook|free|wanadoo|sfr|laposte|icloud) ?(?:\.|point|dot)"
    r" ?(?:com|fr|net)\b|[\w+-]@[a-z][\w-]{2,}|\w(?:\.| point )\w+ ?(?:@|\barobas?e?\b) ?[a-z]"
)

FILE = r"(?:[a-z]{0,3}[ -]?\d(?:[ .\-]?\d)"
IPPS = [
    re.compile(rf"\b(?:ipp|nip|nda|iep|i\.p\.p\.?|n\.i\.p\.?|n\.d\.a\.?){NUMBER_IS}{FILE}{{4}})"),
    re.compile(
        r"(?:\bnumero|\bnum|\bno|\bn[°º]|\bident?ifiant|\bid|\bmatricule) ?(?:d[eu'] ?|l[ea'] ?)*"
        rf"(?:dossier|patiente?|sejour|venue|admission|hospitalisation){NUMBER_IS}{FILE}{{3}})"
    ),
    re.compile(
        r"\b(?:dossier|patiente?|sejour|venue) ?(?:numero|num|no|n[°º]|id|ref|:|#)"
        rf"{NUMBER_IS}{FILE}{{3}})"
    ),
    re.compile(r"\b(?:dossier|patiente?|pte?) \d{5,}\b"),
]
DINS = [
    re.compile(r"(?<!\w)=?[a-z][a-z\d]\d{3}[ -]?\d\d[ -]?\d{6}(?:[ -]?\d\d|[ -]?\d)?(?!\d)"),
    re.compile(r"(?<!\w)=?[a-z][a-z\d]\d{3} \d\d (?:\d{3} \d{3}|\d{2} \d{2} \d{2})(?!\d)"),
    re.compile(
        rf"\b(?:din|isbt(?: ?128)?){NUMBER_IS}(?:[a-z][a-z\d]?[ -]?\d(?:[ -]?\d){{3}}"
        r"|\d(?:[ -]?\d){5})"
    ),
    re.compile(rf"\bdons? ?(?:numero|num|no|n[°º]|:|#){NUMBER_IS}[a-z]?\d(?:[ -]?\w?\d){{4}}"),
    re.compile(
        rf"\b(?:numero|num|no|n[°º]) ?(?:d[eu'] ?)don{NUMBER_IS}[a-z]?\d(?:[ -]?\w?\d){{4}}"
    ),
]

PARTICLE = r"(?:(?:de la|de l'|du|des|de|d'|la|le|les|l')\s?)"
STREET = (
    r"(?:rue|r\.|avenue|av|ave|bd|bld|blvd|boul|boulevard|chemin|che|allees?|impasse|imp|rte|route"
    r"|residence|lotissement|hameau|lieu-dit|square)"
)
LOOSE = (
    r"(?:place|pl|quai|cours|passage|faubourg|fg|sentier"
    r"|esplanade|montee|cite|villa|rond-point|traverse|promenade|clos|domaine)"
)
ADDRESSES = [
    re.compile(
        rf"(?<![\w/,.])\d{{1,4}} ?(?:bis|ter|quater|[a-d])?,? {STREET}\.? "
        rf"{PARTICLE}{{0,2}}[a-z]{{2,}}"
    ),
    re.compile(
        rf"\b(?:habite|adresse|domicilie|domiciliee|demeure|demeurant|reside|vit|domicile|loge)\b"
        rf".{{0,25}}?\b(?:{STREET}|{LOOSE}) [a-z']{{2,}}"
    ),
]
# « 2 places en réa », « 4 cours de rattrapage »: what follows must not be an ordinary word.
LOOSE_ADDRESS = re.compile(
    rf"(?<![\w/,.])\d{{1,4}} ?(?:bis|ter|quater|[a-d])?,? {LOOSE} {PARTICLE}{{0,2}}"
    r"(?:(?:saint|sainte|ste?)[ -])?([a-z]{3,})"
)
POSTCODE = re.compile(r"(?<![\w.,])(?:0[1-9]|[1-8]\d|9[0-58])\d{3},? ([a-z][a-z'-]{2,})")


def _any(patterns: list[re.Pattern[str]], flat: str) -> bool:
    return any(pattern.search(flat) for pattern in patterns)


def _nir(flat: str) -> bool:
    return bool(NIR_SAID.search(flat)) or any(
        _plausible_nir(re.sub(r"[^\dab]", "", found[0])) for found in NIR_SHAPE.finditer(flat)
    )


def _plausible_nir(digits: str) -> bool:
    """A key that is right, or the shape alone: a mistyped number is somebody's too."""
    if len(digits) == 15 and nir.is_valid(digits.upper()):
        return True
    month = int(digits[3:5])
    return digits[0] in "12" and (1 <= month <= 12 or 20 <= month <= 42 or month >= 50)


def _birth(flat: str) -> bool:
    if _any(DATE_BEFORE, flat):
        return True
    return any(
        _is_a_date(found[0], flat[found.end() : found.end() + 70]) for found in BORN.finditer(flat)
    )


def _is_a_date(born: str, after: str) -> bool:
    if born == "ne":
        return bool(BORN_AT_ONCE.match(after))
    return bool(BORN_IN.match(after) or BORN_WHEN.match(after))


def _phone(flat: str) -> bool:
    return _any(PHONES, flat) or any(_possible_phone(found[0]) for found in ABROAD.finditer(flat))


def _possible_phone(typed: str) -> bool:
    import phonenumbers  # slow to import, and hardly ever needed

    try:
        number = phonenumbers.parse(re.sub(r"^00", "+", typed), "FR")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(number)


def _email(flat: str) -> bool:
    return bool(EMAIL.search(flat) or EMAIL_SHORT.search(flat))


def _address(flat: str) -> bool:
    places = [*LOOSE_ADDRESS.findall(flat), *POSTCODE.findall(flat)]
    return _any(ADDRESSES, flat) or any(
        place in TOWNS or place in LANDMARKS or not _ordinary(place) for place in places
    )


BY_SHAPE: dict[Category, Callable[[str], bool]] = {
    Category.NIR: _nir,
    Category.IPP: lambda flat: _any(IPPS, flat),
    Category.DIN: lambda flat: _any(DINS, flat),
    Category.BIRTH: _birth,
    Category.PHONE: _phone,
    Category.EMAIL: _email,
    Category.ADDRESS: _address,
}
WITHOUT_FIGURES = {Category.BIRTH, Category.PHONE, Category.EMAIL, Category.ADDRESS}


# --- names ------------------------------------------------------------------------------------

HERE = Path(__file__).parent
DATA: dict[str, str] = tomllib.loads((HERE / "privacy.toml").read_text(encoding="utf-8"))


def _set(key: str) -> frozenset[str]:
    return frozenset(DATA[key].split())


CIVIL, ROLES, HEADS, TOWNS = _set("civil"), _set("roles"), _set("heads"), _set("towns")
TITLES = _set("titles")
PATIENTS, RELATIONS, NAMING = _set("patients"), _set("relations"), _set("naming")
PARTICLES, SMALL, STEPS = _set("particles"), _set("small"), _set("steps")
LANDMARKS = _set("landmarks")
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
    r"|aire|aires|iste|eux|erait|era|ieme|isme|ite|ites|emie|urie|ose|oses|ages?|onnels?|toires?|ifs?|ives?)"
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
        return self.known and not _ordinary(self.flat)

    @property
    def initial(self) -> bool:
        return self.letters and self.capital and len(self.flat) == 1


END = Word("", "", letters=False, capital=False, upper=False)


def _words(said: str) -> list[Word]:
    shouted = said.upper() == said
    return [_word(token, shouted) for token in TOKEN.findall(said.replace("_", " "))]


def _word(token: str, shouted: bool) -> Word:
    whole = fold(token)
    flat = ELIDED.sub("", whole)
    bare = token[-len(flat) :] if flat != whole else token
    letters = whole.replace("'", "").replace("-", "").isalpha() and not CODE.fullmatch(token)
    capital = letters and bare[:1].isupper() and not shouted
    return Word(whole, flat, letters, capital, capital and bare.isupper() and len(bare) > 1)


def _ordinary(flat: str) -> bool:
    """An ordinary word of French or of the ward, or one with the ending of such a word."""
    if flat in WORDS:
        return True
    if "-" in flat:
        return all(not part or _ordinary(part) for part in flat.split("-"))
    return flat not in NAMES and bool(ENDINGS.fullmatch(flat) or _plural(flat) in WORDS)


def _all_words(flat: str) -> bool:
    return all(part in WORDS for part in flat.split("-"))


def _plural(flat: str) -> str:
    return flat[:-1] if flat[-1:] in ("s", "e") else flat


def _names_somebody(words: list[Word]) -> bool:
    """Somebody who is neither a colleague nor a place."""
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
    letters = [word for word in words if word.letters and len(word.flat) > 3]
    return len(letters) > 2 and all(word.capital for word in letters)


def _at(words: list[Word], index: int) -> Word:
    return words[index] if 0 <= index < len(words) else END


def _excused(words: list[Word]) -> set[int]:
    """The places of the names that follow a colleague's title or the kind of a place."""
    excused: set[int] = set()
    for index, word in enumerate(words):
        if word.flat in ROLES or word.flat in HEADS:
            _excuse(words, index + 1, excused, title=word.flat in TITLES)
    return excused


FAR = 4  # words: a reader that looks further would be slow on « de de de… »
ON_DUTY = frozenset({"de", "du", "d", "garde", "astreinte", "nuit", "jour", "."})


def _excuse(words: list[Word], at: int, excused: set[int], title: bool) -> None:
    last = at + FAR
    while at < last and _at(words, at).flat in ON_DUTY:
        at += 1
    last = at + FAR
    while at < last and (_names(words, at, title) or _joins(words, at, title)):
        excused.add(at)
        at += 1


def _names(words: list[Word], at: int, title: bool) -> bool:
    word = _at(words, at)
    if word.flat == "m" and _at(words, at + 1).flat == ".":
        return title  # « Dr M. Sanchez », but not « l'interne, M. Sanchez est fébrile »
    if not word.letters or word.flat in CIVIL or word.flat in PATIENTS:
        return False
    if word.initial or word.known:
        return True
    if word.flat in PARTICLES:
        after = _at(words, at + 1)
        return after.letters and not _ordinary(after.flat)
    return not _ordinary(word.flat) or (word.capital and word.flat not in WARD)


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
    unknown = len(name.flat) > 2 and not _ordinary(name.flat)
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
    return name.known or not _ordinary(name.flat) or not strict


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
        return name.known or not _ordinary(name.flat)
    return _named(name, sure=at > first and patient and not words[first].capital)


def _named(name: Word, sure: bool) -> bool:
    if name.capital and name.known:
        return name.flat not in WARD
    if name.only_name:
        return True
    # « Patient LBDGC »: capitals only are an abbreviation more often than an unknown name.
    short = name.upper and len(name.flat) < 6
    return name.capital and not (sure or short) and not _ordinary(name.flat)


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
    unknown = len(two.flat) > 3 and not _ordinary(two.flat)
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
        return two.known or not _all_words(two.flat)
    if any(_ordinary(word.flat) and not word.known for word in (one, two)):
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
    if word.upper and len(word.flat) > 5 and "-" not in word.flat and not _ordinary(word.flat):
        return True
    initial = mark.flat == "." and before.initial and before.flat != "m"
    return initial and word.capital and len(word.flat) > 2 and not _ordinary(word.flat)
