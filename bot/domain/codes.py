"""Patient codes: a centre, three random characters and their check (`TLS-7K4Z`)."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import product

# No 0, 1, I, L, O, U: they are misread for one another.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE = len(ALPHABET)
CENTRES = frozenset({"TLS", "MPL"})
DRAWS = 10_000  # a draw that always fails is a fault to see, not a loop

# Words that four characters of the alphabet can spell, and that staff type after a centre.
WORDS = frozenset(re.findall(r"\w+", """
    ABBE ACTE AGEE AGES AMEN ANTE ARME ASSE AVEC AXES BABY BACS BADE BAHT BANC BASE BATS BEAR
    BEAT BEEF BEST BETE BRAS CAFE CAGE CAMP CAPE CARE CARS CASE CASH CENT CEPS CHAT CHEF CHER
    CHEZ CRAN DAME DAMS DANS DARD DATE DEAD DEAR DENT DESK DRAP EAST EASY EDEN EPEE ETAT ETES
    ETRE FACE FACT FADE FARD FARM FAST FATS FEAR FEES FETE FREE FRET GAGE GANG GANT GARE GARS
    GATE GENE GENS GERE GRAS GREC GRES HACK HARD HATE HEAD HEAR HEAT HERB HERE HERS JADE JARS
    JETS KEPT KEYS MADE MAGE MAMA MARC MARE MARS MATE MATH MECS MEET MEME MENE MERE MESS METS
    NAGE NAME NERF NEST NETS NEXT PACE PACK PACS PAGE PANS PAPA PAPE PARC PARE PARK PART PASS
    PATE PAYS PEAR PERD PERE PERS PERT PESE PETE PETS PRES PRET RACE RAGE RAME RANG RANK RAPE
    RAPT RARE RATE RATS READ REAR REND RENE REST REVE SACS SAGE SAME SANG SANS SCAN SECS SEED
    SEEN SENS SENT SEPT SERA SERT SEXE SHED SPEC STAR STAT STAY STEP TAPE TARD TARE TAXE TEAM
    TEMP TENT TERM TEST TETE THAN THAT THEM THEN THEY TRAC TREE TREK TRES VASE VAST VENT VERS
    VERT VERY WANT WARD WAYS WEAR WEEK WENT WEST WHAT WHEN YEAR
"""))  # fmt: skip

# Read as an hour (9H45), a quantity (25MG), an ordinal (2EME), a day (J365), or as a grade, a
# score or a vital sign beside its letters (CRS3, GCS8, T385).
OTHERWISE = re.compile(
    r"\d{1,2}H\d{0,2}|\d{2}H[A-Z]|\d{2,3}(?:MG|KG|CM|MM|MN|CC|[GHJM])|\d+EME|[JDM]\d+"
    r"|(?:CRS|SRC|ICE|GCS|PAS|PAD|SAT|CTC|TA|FC|FR|GR|EN|T|G)\d+"
)

FOUR = rf"[{ALPHABET}]{{4}}"
WHOLE = re.compile(rf"(?:([A-Z]{{3}})-)?({FOUR})")
TYPED = re.compile(rf"([A-Z]{{3}})?({FOUR})")


def check_character(three: str) -> str:
    """Luhn mod 30: any wrong character, and neighbours swapped except 2 and Z."""
    total = 0
    for place, character in enumerate(reversed(three)):
        value = ALPHABET.index(character) * (2 - place % 2)
        total += value // BASE + value % BASE
    return ALPHABET[-total % BASE]


def valid(code: str) -> bool:
    found = WHOLE.fullmatch(code)
    return bool(found) and check_character(code[-4:-1]) == code[-1]


def issuable(four: str) -> bool:
    """A letter and a digit, so that it is found in a sentence; nothing that reads otherwise.

    `2Z` is left out too: its swap is the only one that the check does not see.
    """
    return _mixed(four) and not _reads_otherwise(four) and not {"2Z", "Z2"} & _pairs(four)


def _mixed(four: str) -> bool:
    return not four.isalpha() and not four.isdigit()


def _reads_otherwise(four: str) -> bool:
    return four in WORDS or bool(OTHERWISE.fullmatch(four))


def _pairs(four: str) -> set[str]:
    return {four[at : at + 2] for at in range(3)}


def candidates(draw: Callable[[int], int], n: int) -> list[str]:
    """Some drawn codes, without their centre, none of them twice; `draw(k)` gives 0..k-1."""
    found: dict[str, None] = {}
    for _ in range(DRAWS):
        # Drawn, never made from a name, a date or a donation: it leads to nobody (clinique §6.1).
        three = "".join(ALPHABET[draw(BASE)] for _ in range(3))
        four = three + check_character(three)
        if issuable(four):
            found[four] = None
        if len(found) == n:
            break
    return list(found)


def every_four() -> Iterator[str]:
    """All that may ever be issued, in order: 18,632 for each centre."""
    for three in product(ALPHABET, repeat=3):
        stem = "".join(three)
        four = stem + check_character(stem)
        if issuable(four):
            yield four


def normalise(typed: str) -> str | None:
    """The canonical form of what has the shape of a code; a character is never guessed."""
    found = TYPED.fullmatch(_bare(typed))
    return _join(found[1], found[2]) if found else None


def _bare(typed: str) -> str:
    return re.sub(r"[\s\-–−_.#]", "", typed).upper()


def _join(centre: str | None, four: str) -> str:
    return f"{centre}-{four}" if centre else four


def find(sentence: str, centres: Collection[str] = CENTRES) -> tuple[str, ...]:
    """The codes of a sentence in order, each patient once; the shape alone is looked at."""
    found: dict[str, str] = {}
    for match in _pattern(frozenset(centres)).finditer(sentence.upper()):
        centre = match["spaced"] or match["joined"] or match["hyphen"]
        four = re.sub(
            r"\s", "", match["letters"] or match["four"] or match["any"] or match["bare"]
        )
        if _plausible(match, four):
            # Named once with its centre and once without, it is one patient.
            found[four] = _join(centre, four) if centre else found.get(four, four)
    return tuple(found.values())


def _plausible(match: re.Match[str], four: str) -> bool:
    if match["joined"]:  # « TLS WQXT », but not « à TLS avec »
        return not four.isdigit() and not _reads_otherwise(four)
    return _mixed(four) and not (match["bare"] and _reads_otherwise(four))


def _pattern(centres: frozenset[str]) -> re.Pattern[str]:
    # « mpl 6 c f v », « tls7k4q », « BOR-7K4Q », « 7k4q »
    one, known = f"[{ALPHABET}]", "|".join(sorted(centres)) or "(?!)"
    return re.compile(
        rf"(?<!\w)(?:(?P<spaced>{known})[\s-]+(?P<letters>{one}(?:\s{one}){{3}})"
        rf"|(?P<joined>{known})[\s\-–]*(?P<four>{FOUR})"
        rf"|(?P<hyphen>[A-Z]{{3}})-(?P<any>{FOUR})"
        rf"|(?P<bare>{FOUR}))(?!\w)"
    )


def first(words: Sequence[str]) -> str:
    """The code that a command's words begin with or hold, as it was typed.

    What follows it (« 7K4Q convulse ! ») takes nothing from it.
    """
    # The shortest that is right: « aah7 svp » also has the shape of a centre and a code.
    for most in range(1, len(words) + 1):
        code = _together(words[:most])
        if code and valid(code):
            return code
    if _together(words):
        return " ".join(words)
    found = find(" ".join(words))
    # A slip of typing stands at the start: the nearest are looked for from there.
    return found[0] if found else " ".join(words[: 2 if words[0].upper() in CENTRES else 1])


def _together(words: Sequence[str]) -> str | None:
    """The code that these words make; « svp 7K4Q » is a word before one."""
    code = normalise(" ".join(words))
    apart = len(words) > 1 and code is not None and "-" in code
    return None if code and apart and code[:3] not in CENTRES else code


def called(words: Sequence[str]) -> tuple[str, ...]:
    """The codes that a call for help is about, mistyped ones too, each patient once.

    None if it names nobody: « svp », « chambre 12 ».
    """
    lead = first(words) if words else ""
    known = normalise(lead) or lead
    others = [
        code
        for code in find(" ".join(words))
        # Beside a patient who is surely named, only what is surely another one.
        if code[-4:] != known[-4:] and (not valid(known) or valid(code) or "-" in code)
    ]
    return tuple(code for code in (lead, *others) if _like(code))


def _like(typed: str) -> bool:
    """A code, or a slip away from one: those of ours have a letter and a digit."""
    said = _bare(typed)
    four = _parts(said)[1]
    return 3 <= len(four) <= 5 and four.isalnum() and _mixed(four) and not _reads_otherwise(four)


def meant(typed: str, slips: int) -> list[str]:
    """The valid codes, without their centre, that lie so many slips or fewer from `typed`.

    Worked out from what was typed: however many patients there are, it costs the same.
    """
    said = _parts(_bare(typed))[1]
    # A character lost or gained at most: further off, any code is near.
    if not 3 <= len(said) <= 5:
        return []
    near = {said}
    for _ in range(slips):
        near |= {each for one in near for each in _one_slip(one)}
    return sorted(
        {four for four in near if valid(four)}, key=lambda four: (distance(said, four), four)
    )


def _one_slip(said: str) -> Iterator[str]:
    """A character more, less, other, or two neighbours swapped."""
    for at in range(len(said) + 1):
        for letter in ALPHABET if len(said) < 4 else "":
            yield said[:at] + letter + said[at:]
        if at < len(said):
            yield from (said[:at] + letter + said[at + 1 :] for letter in ALPHABET)
            if len(said) > 4:
                yield said[:at] + said[at + 1 :]
        if at + 1 < len(said):
            yield said[:at] + said[at + 1] + said[at] + said[at + 2 :]


def _parts(bare: str) -> tuple[str, str]:
    """The centre, if there is one before 3 to 5 characters, and what follows it."""
    found = re.fullmatch(r"([A-Z]{3})(\w{3,5})", bare)
    return (found[1], found[2]) if found else ("", bare)


def distance(typed: str, meant: str) -> int:
    """Slips between two texts: a character more, less, other, or two neighbours swapped."""
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, a in enumerate(typed, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(meant, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
            if i > 1 and j > 1 and a == meant[j - 2] and typed[i - 2] == b:
                row[j] = min(row[j], last[j - 2] + 1)
    return row[-1]
