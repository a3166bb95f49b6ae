"""The desk: each update is read, admitted once at the gate, done, and answered."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.care import joining
from bot.care.telling import spread
from bot.domain import access
from bot.domain.access import NOBODY, Action, Subject
from bot.domain.message import Refused, Text, text
from bot.handlers.visit import Do, Visit

About = Callable[[Visit], Subject]
"""Finds what a visit is about, and whose that is; it says nothing of how things stand."""


def nobody(_visit: Visit) -> Subject:
    """It is about no patient."""
    return NOBODY


@dataclass(frozen=True)
class Entry:
    """One command, button or sentence: what it needs, what it is about, what it does."""

    action: Action
    do: Do
    about: About = nobody


def enter(visit: Visit, entry: Entry) -> None:
    """Rights before state: the role, then whose it is, and only then it is done."""
    visit.calls = entry.action is Action.ALERT
    try:
        # Asked twice: whoever may not do this at all must not make us look for a patient.
        _admit(visit, entry, NOBODY)
        about = entry.about(visit)
        # Before it is refused too: whose a patient is, is not said where it may not be read.
        if not access.shows(visit.place, entry.action, about):
            visit.go_private()
        _admit(visit, entry, about)
        entry.do(visit)
    except Refused as no:
        if entry.action is not Action.ALERT:
            raise
        # Whoever called for help must not believe that it was heard.
        raise Refused(_unheard(visit, no.text), no.keyboard) from no


def _unheard(visit: Visit, why: Text) -> Text:
    if visit.command is None or not visit.args:
        return text("alert.none", why=why)
    # Of several codes in one message each has its own answer.
    return text("alert.none_for", typed=visit.arg()[:20], why=why)


def _admit(visit: Visit, entry: Entry, about: Subject) -> None:
    no = access.refusal(visit.member, entry.action, about)
    if no is not None:
        raise Refused(no)


def serve(visit: Visit, entry: Entry) -> None:
    """Do it and answer; a refusal is an answer too, and has changed nothing."""
    unit = visit.unit
    # First: the chat that was given up as lost is reached again by what follows.
    joining.see(unit, visit.member, visit.chat_id)
    try:
        enter(visit, entry)
        # Each tap is answered: Telegram turns a wheel on the button until it is.
        visit.popup()
    except Refused as no:
        visit.refuse(no)
    visit.come_back()
    spread(unit)
