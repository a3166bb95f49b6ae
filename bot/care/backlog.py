"""After Telegram was down: each chat gets the present state once, not forty old messages."""

from datetime import timedelta

from bot.care.questions import todo
from bot.domain.message import Notice, Priority
from bot.store import Unit

OLD = timedelta(minutes=10)
"""A reminder that has waited this long to leave is stale."""


def fold(unit: Unit) -> int:
    """Replace the stale reminders of a chat by one message; alerts and answers stay."""
    chats = unit.stale_chats(unit.now - OLD)
    for chat in chats:
        addressee = unit.group(chat)
        member = unit.member_of(chat)
        if addressee is not None and addressee.team:
            team, centre = addressee.team, addressee.centre
        elif member is not None:
            team, centre = member.team, member.centre
        else:
            continue
        unit.cancel_reminders(chat)
        shown = todo(unit, team, centre, "todo.catch_up")
        unit.notify(
            Notice(
                chat,
                shown.text,
                f"fold:{chat}:{unit.now.isoformat()}",
                priority=Priority.REMINDER,
                keyboard=shown.keyboard,
            )
        )
        unit.record("backlog_folded", chat=chat)
    return len(chats)
