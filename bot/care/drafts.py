"""Guided dialogues: a row each, so that they survive a restart and wait for the next tap."""

import json
from datetime import timedelta
from typing import Any

from bot.models import Draft, Member
from bot.store import Unit

FORGOTTEN = timedelta(hours=24)
"""A dialogue left for a day is over: what is typed then means something else."""


def begin(unit: Unit, member: Member, chat_id: int, kind: str, **data: Any) -> Draft:
    """Open a dialogue in a chat; it takes the place of the one that was open there."""
    draft = unit.draft(member, chat_id) or Draft(
        member_id=member.id, chat_id=chat_id, kind=kind, updated_at=unit.now
    )
    draft.kind, draft.updated_at = kind, unit.now
    draft.data = json.dumps(data)
    return unit.add(draft)


def current(unit: Unit, member: Member, chat_id: int) -> Draft | None:
    draft = unit.draft(member, chat_id)
    return draft if draft and unit.now - draft.updated_at < FORGOTTEN else None


def data_of(draft: Draft) -> dict[str, Any]:
    return dict(json.loads(draft.data))


def end(unit: Unit, draft: Draft) -> None:
    unit.session.delete(draft)
    unit.session.flush()


def leave(unit: Unit, member: Member, chat_id: int) -> bool:
    """Drop the dialogue of a chat; true if there was one."""
    draft = current(unit, member, chat_id)
    if draft is not None:
        end(unit, draft)
    return draft is not None
