"""Guided dialogues: a row each, so that they survive a restart and wait for the next answer."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.people import Member
from bot.store import Unit
from bot.store.people import Draft

FORGOTTEN = timedelta(minutes=15)
"""A dialogue left for that long is over: what is typed then means something else."""


def begin(unit: Unit, member: Member, chat_id: int, kind: str, **data: Any) -> Draft:
    """Open a dialogue in a chat; it takes the place of the one that was open there."""
    draft = Draft(member.id, chat_id, kind, data, unit.now)
    unit.people.put_draft(draft)
    return draft


def go_on(unit: Unit, draft: Draft, **data: Any) -> None:
    unit.people.put_draft(replace(draft, data=data, updated_at=unit.now))


def asks(unit: Unit, draft: Draft, asked_by: str) -> None:
    """Which message asks: in a group only a reply to it is an answer."""
    if draft.asked_by != asked_by:
        unit.people.put_draft(replace(draft, asked_by=asked_by))


def current(unit: Unit, member: Member, chat_id: int) -> Draft | None:
    draft = unit.people.draft(member.id, chat_id)
    return draft if draft and unit.now - draft.updated_at < FORGOTTEN else None


def leave(unit: Unit, member: Member, chat_id: int) -> bool:
    """Drop the dialogue of a chat; true if there was one."""
    draft = current(unit, member, chat_id)
    if draft is not None:
        unit.people.end_draft(draft)
    return draft is not None
