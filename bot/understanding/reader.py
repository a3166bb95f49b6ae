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
TOXIC = re.compile(
    r"\b(fievre|febrile|frissons?|hypotension|hypotendue?|desature|desaturation|confuse?|"
    r"confusion|aphasie|aphasique|tremble|tremblements?|crise|convulse|convulsions?|somnolente?|"
    r"somnolence|toxicite|alerte|src|crs|icans)\b"
)
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
    """Read one message. In doubt it is `hors_sujet`: nothing is guessed that could be written."""
    found = codes.find(sentence)
    patient = found[0] if found else ""
    plain = _plain(sentence)
    step = _step(plain, pathway)
    if len(found) > 1:
        return Meaning("hors_sujet")
    if TOXIC.search(plain) and patient and not NOT.search(plain):
        return Meaning("signaler_toxicite", patient)
    if patient and step and DONE.search(plain) and not NOT.search(plain):
        return Meaning("confirmer_etape", patient, step)
    if patient and not TOXIC.search(plain):
        return Meaning("statut_patient", patient, step)
    for pattern, intent in INTENTS:
        if pattern.search(plain):
            return Meaning(intent)
    return Meaning("hors_sujet")


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
