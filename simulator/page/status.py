"""How the ground stands, in one line: of all that is wrong, the worst is said."""

from collections.abc import Iterator
from typing import Any

from simulator.ground import Ground
from simulator.world.people import Chat
from simulator.world.state import PRESENT

NB = "\N{NO-BREAK SPACE}"
FINE = "Tout fonctionne."
FAULTS = {
    "409": "un second bot lit les messages (409)",
    "429": "des envois sont refusés (429)",
    "500": "des appels échouent (500)",
    "502": "Telegram est en panne (502)",
    "cut_before": "la connexion est coupée",
    "cut_after": "des réponses se perdent",
    "delay": "Telegram est lent",
    "odd": "Telegram répond n’importe quoi",
}

Trouble = tuple[str, str]


def status(ground: Ground) -> dict[str, Any]:
    """good, warn or bad, with the worst line; `more` counts the others."""
    found = [*_of_bot(ground), *_of_clock(ground), *_of_network(ground), *_of_chats(ground)]
    bad = [line for line in found if line[0] == "bad"] or found
    level, text = bad[0] if bad else ("good", FINE)
    return {"level": level, "text": text, "more": max(len(found) - 1, 0)}


def _of_bot(ground: Ground) -> Iterator[Trouble]:
    process, health = ground.bot_process, ground.health
    if process.able and not process.running:
        yield "bad", "Le bot est arrêté."
        return
    if health.url and health.last is None:
        yield "bad", "Le bot ne répond pas (/healthz)."
    elif health.url and not healthy(health.last or {}):
        yield (
            "bad",
            f"Le bot ne va pas bien{NB}: /healthz dit «{NB}{_said(health.last or {})}{NB}».",
        )
    if not ground.lockstep.followed():
        yield "bad", "Aucun bot ne suit l’horloge."


def healthy(answer: dict[str, Any]) -> bool:
    """Whether the bot says that it is well: by its status, and by HTTP."""
    return answer.get("status") == "ok" and "http" not in answer


def _said(answer: dict[str, Any]) -> str:
    said = str(answer.get("status", "rien"))
    return f"{said} ({answer['http']})" if "http" in answer else said


def _of_clock(ground: Ground) -> Iterator[Trouble]:
    if ground.lockstep.trouble:
        yield "bad", f"L’horloge s’est arrêtée{NB}: {ground.lockstep.trouble}."
    lost = ground.world.inbox.lost
    if lost:
        yield "warn", f"{lost} messages ou appuis perdus, après 24{NB}h sans le bot."


def _of_network(ground: Ground) -> Iterator[Trouble]:
    for fault in ground.faults.listed():
        yield "warn", f"Panne en cours{NB}: {FAULTS[fault['kind']]}."
    if ground.floods.on:
        yield "warn", "Les limites d’envoi de Telegram sont en vigueur."


def _of_chats(ground: Ground) -> Iterator[Trouble]:
    for chat in ground.world.chats.values():
        if chat.person and chat.bot_status == "kicked":
            yield "warn", f"{chat.person.name} a bloqué le bot."
        elif _shut_out(chat):
            yield "warn", f"Le bot n’est plus dans «{NB}{chat.title}{NB}»."
        elif chat.topic_closed:
            yield "warn", f"Le sujet de «{NB}{chat.title}{NB}» est fermé."


def _shut_out(group: Chat) -> bool:
    """A group that the bot knows and cannot reach any more."""
    alive = not group.private and group.met_bot and not group.migrated_to
    return alive and group.bot_status not in PRESENT
