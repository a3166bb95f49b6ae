"""Numbers, dates and addresses that identify somebody, known by their shape alone."""

import re

from stdnum.fr import nir as registry

from bot.domain.lexicon import LANDMARKS, TOWNS, ordinary

FIGURE = re.compile(r"\d")
# « 06l2345678 »: a letter that looks like a figure, among figures.
LOOKS_LIKE = re.compile(r"(?<=\d)[ilo|](?= ?\d)")
FIGURES = str.maketrans("ilo|", "1101")
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
    re.compile(r"(?<![\d/.,-])[0-3] \d ?([/.-]) ?[01] \d ?\1 ?(?:1 9|2 0) \d \d(?! ?\d)"),
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
    # Not « merci @equipe. »: a mention has a space before its sign alone.
    r"[\w+-](?:@ ?| @ | ?(?:\(at\)|\[at\]|\(a\)|\[a\]|\(?\barobas?e?\b\)?) ?)[a-z][\w-]*"
    r"(?: ?(?:\.|\bpoint\b|\bdot\b|\[dot\]|\(dot\)|\(point\)) ?[\w-]+)"
)
EMAIL_SHORT = re.compile(
    r"\b(?:gmail|orange|hotmail|yahoo|outlook|free|wanadoo|sfr|laposte|icloud) ?(?:\.|point|dot)"
    r" ?(?:com|fr|net)\b|[\w+-]@[a-z][\w-]{2,}|\w(?:\.| point )\w+ ?(?:@|\barobas?e?\b) ?[a-z]"
)

FILE = r"(?:[a-z]{0,3}[ -]?\d(?:[ .\-]?\d)"
# Runs of figures alone are doses and results: a word for the file has to stand before them.
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
# ISBT 128: five for the facility, two for the year, six in series, then flags (clinique §5.3).
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


def nir(flat: str) -> bool:
    return bool(NIR_SAID.search(flat)) or any(
        _plausible_nir(re.sub(r"[^\dab]", "", found[0])) for found in NIR_SHAPE.finditer(flat)
    )


def _plausible_nir(digits: str) -> bool:
    """A key that is right, or the shape alone: a mistyped number is somebody's too."""
    if len(digits) == 15 and registry.is_valid(digits.upper()):
        return True
    # Above 12 a month stands for a birth record that is incomplete (clinique §6.2).
    month = int(digits[3:5])
    return digits[0] in "12" and (1 <= month <= 12 or 20 <= month <= 42 or month >= 50)


def birth(flat: str) -> bool:
    if FIGURE.search(flat) and _any(DATE_BEFORE, flat):
        return True
    return any(
        _is_a_date(found[0], flat[found.end() : found.end() + 70]) for found in BORN.finditer(flat)
    )


def _is_a_date(born: str, after: str) -> bool:
    if born == "ne":
        return bool(BORN_AT_ONCE.match(after))
    return bool(BORN_IN.match(after) or BORN_WHEN.match(after))


def phone(flat: str) -> bool:
    said = LOOKS_LIKE.sub(lambda found: found[0].translate(FIGURES), flat)
    if said != flat and _any(PHONES, said):
        return True
    return _any(PHONES, flat) or any(_possible_phone(found[0]) for found in ABROAD.finditer(flat))


def _possible_phone(typed: str) -> bool:
    import phonenumbers  # slow to import, and hardly ever needed

    try:
        number = phonenumbers.parse(re.sub(r"^00", "+", typed), "FR")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(number)


def ipp(flat: str) -> bool:
    return _any(IPPS, flat)


def din(flat: str) -> bool:
    return _any(DINS, flat)


def email(flat: str) -> bool:
    return bool(EMAIL.search(flat) or EMAIL_SHORT.search(flat))


def address(flat: str) -> bool:
    places = [*LOOSE_ADDRESS.findall(flat), *POSTCODE.findall(flat)]
    return _any(ADDRESSES, flat) or any(
        place in TOWNS or place in LANDMARKS or not ordinary(place) for place in places
    )
