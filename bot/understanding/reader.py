"""A small reader of short messages: a code, a step, and the words around them."""

import re
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from bot.domain import codes
from bot.domain.pathway import Pathway
from bot.domain.words import bare

CLOSE = 84
"""How alike (of 100) a word and a step's name must be: one slip in seven letters."""

DONE = re.compile(r"\b(fait|faite|faits|faites|ok|termine|terminee|fini|finie|realise|realisee)\b")
NOT = re.compile(r"\b(pas|non|jamais|demain|sera|seront|va etre|si|quand|annule|faux)\b|\?")
SIGN = re.compile(
    r"\b(?:fievre|febrile|frissons?|hypotension|hypotendue?|desat\w*|hypoxi\w+|spo2 basse|"
    r"confus\w*|aphasi\w+|trembl\w+|crises?|convuls\w+|comitial\w*|epilep\w+|"
    r"somnolen\w+|obnubil\w+|desorient\w+|inconscien\w+|perte de connaissance|malaise|"
    r"coma\w*|chocs?|collapsus|arret (?:cardi\w+|respi\w+)|acr|detresse|dyspne\w+|"
    r"intub\w+|noradre\w*|nad|saigne\w*|hemorragi\w+|marbrures?|sepsis|septique|"
    r"areactif|areactive|toxicite|alerte|src|crs|icans)\b"
)
NO_MORE = re.compile(
    # What somebody no longer does is the sign itself: « ne répond pas », « plus conscient ».
    r"\b(?:repond|reveill|respir|reagi|parl|boug)\w*(?: \w+)? (?:pas|plus|rien)\b"
    r"|\b(?:pas|plus|non|peu) (?:\w+ )?(?:consciente?|reacti(?:f|ve)|reveill(?:ee?|able))\b"
    r"|\bva (?:pas|plus|mal|tres mal)\b"
)
FIGURE = re.compile(
    r"\b(?:sat|sao2|spo2|saturation)\b\D{0,12}(?:[3-8]\d|9[0-3])\b"
    r"|\b(?:3[89]|4[0-2]) [.,] \d\b|\b(?:t|temp|temperature)\b\D{0,6}(?:3[89]|4[0-2])\b"
    r"|\b(?:ta|pam) (?:a )?[3-8]\d\b"
)
DENIED = re.compile(
    r"\b(?:(?:pas|absence|jamais|n a plus) (?:de|d)|ni(?: (?:de|d))?|sans|aucune?)"
    r"(?: (?:signes?|episodes?|crises?)(?: (?:de|d))?)? $"
)
"""It stands right on the sign: « pas de fièvre », « ni confusion », « sans signe de SRC »."""
STATE = re.compile(r"febrile|hypotendue?|confuse?|aphasique|somnolente?|desorientee?|intubee?")
NOT_SO = re.compile(r"\b(?:pas|non|jamais) $")
"""On a state only: « pas confus » denies it, « ne mange pas, fièvre » denies nothing."""
CRY = re.compile(
    r"(?:c est )?(?:une |grosse )?"
    r"(?:alertes?\b(?! (?:prise|close|annule|termine|n\b|no\b|numero|\d))"
    r"|alarme\b|urgences?\b|urgent\b|au secours\b|a l aide\b|sos\b)"
)
CRY_WORDS = 12
"""Longer, it is told about, and nobody's cry."""
RAS = re.compile(r"\bras\b|\brien a signaler\b")
DIED = re.compile(r"\b(?:decede\w*|deces|dcd|morte?)\b")
TODO = re.compile(r"\b(a faire|afaire|quoi faire|mes etapes|qu ?est ce que j ?ai)\b")
LATE = re.compile(r"\b(retard|retards|en retard)\b")
ON_CALL = re.compile(r"\b(de garde|astreinte|qui est d ?astreinte)\b")
HELP = re.compile(r"\b(aide|help|comment ca marche|que sais tu faire)\b")


INTENTS = ((LATE, "retards"), (TODO, "a_faire"), (ON_CALL, "qui_garde"), (HELP, "aide"))
"""Questions that name no patient."""


@dataclass(frozen=True)
class Meaning:
    """What was meant; a slot is empty when it was not said."""

    intent: str
    patient: str = ""
    step: str = ""


def understand(sentence: str, pathway: Pathway) -> Meaning:
    """Read one message. In doubt it is `hors_sujet`: nothing is guessed that could be written.

    Only a sign of toxicity is believed in doubt: what it opens is a question.
    """
    if worry := unwell(sentence):
        return Meaning("signaler_toxicite", worry)
    found = codes.find(sentence)
    patient = found[0] if found else ""
    plain = _plain(sentence)
    step = _step(plain, pathway)
    if len(found) > 1:
        return Meaning("hors_sujet")
    about = _about(plain, step) if patient else ""
    if about:
        return Meaning(about, patient, step)
    for pattern, intent in INTENTS:
        if pattern.search(plain):
            return Meaning(intent)
    return Meaning("hors_sujet")


def _about(plain: str, step: str) -> str:
    """What is said of a patient; nothing if that is a sign of toxicity that was denied."""
    if DIED.search(plain):
        return "deces"
    if step and DONE.search(plain) and not NOT.search(plain):
        return "confirmer_etape"
    if RAS.search(plain):
        return "ras"
    return "" if SIGN.search(plain) else "statut_patient"


def unwell(sentence: str) -> str:
    """The one patient who is said to show a sign; nothing if none is, or if two are named."""
    found = codes.find(sentence)
    # « FR35 » has the shape of a code too: beside a true one it is none.
    named = tuple(filter(codes.valid, found)) or found
    return named[0] if len(named) == 1 and toxic(sentence) else ""


def cries(sentence: str) -> bool:
    """Whether somebody calls for help, whoever the patient is; no talk about an alert."""
    words = [_word(each) for each in re.findall(r"\w+", sentence.replace("’", "'"))]
    return bool(CRY.match(" ".join(words))) and "?" not in sentence and len(words) <= CRY_WORDS


def toxic(sentence: str) -> bool:
    """Whether a sign of toxicity is named, and not denied there and then."""
    # Its stops stay: « ne va pas. Fièvre » denies no fever.
    said = " ".join(map(_word, re.findall(r"\w+|[.,;:!?\n]", sentence.replace("’", "'"))))
    if NO_MORE.search(said) or FIGURE.search(said):
        return True
    return any(not _denied(said[: sign.start()], sign[0]) for sign in SIGN.finditer(said))


def _denied(before: str, sign: str) -> bool:
    if DENIED.search(before):
        return True
    return bool(STATE.fullmatch(sign) and NOT_SO.search(before))


def _word(found: str) -> str:
    return bare(found) or found


def _plain(sentence: str) -> str:
    """Words without accents, one space between; the question mark says much and stays."""
    words = re.findall(r"\w+|\?", sentence.replace("’", "'"))
    return " ".join(word if word == "?" else bare(word) for word in words)


def _step(plain: str, pathway: Pathway) -> str:
    """The step that is named, a slip of typing forgiven; none if two come as close."""
    names = {step.id: " ".join(re.findall(r"\w+", _plain(step.label))) for step in pathway.steps}
    names |= {f"{step.id} ": step.id.replace("_", " ") for step in pathway.steps}
    ranked = process.extract(plain, names, scorer=fuzz.partial_ratio, score_cutoff=CLOSE)
    best = [(len(name), slug.strip()) for name, score, slug in ranked if score >= CLOSE]
    if not best:
        return ""
    longest = max(length for length, _ in best)
    slugs = {slug for length, slug in best if length == longest}
    return slugs.pop() if len(slugs) == 1 else ""
