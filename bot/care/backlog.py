"""After Telegram was down: each chat gets the present state once, not forty old messages."""

from datetime import timedelta

from bot.care.questions import NOTHING_LATE, late, todo
from bot.domain.message import Card, Notice
from bot.domain.roles import Team
from bot.store import Unit

OLD = timedelta(minutes=10)
"""A reminder that has waited this long to leave is stale."""


def fold(unit: Unit) -> int:
    """Replace the stale reminders of a chat by one message; alerts and answers stay."""
    chats = unit.stale_chats(unit.now - OLD)
    for chat in chats:
        unit.cancel_reminders(chat)
        for shown in _present_state(unit, chat):
            key = f"fold:{chat}:{unit.stamp()}"
            unit.notify(Notice(chat, shown.text, key, keyboard=shown.keyboard))
        unit.record("backlog_folded", chat=chat)
    return len(chats)


def _present_state(unit: Unit, chat: int) -> list[Card]:
    """What those who read this chat have to do; nothing if it is nobody's any more."""
    addressee = unit.group(chat) or unit.member_of(chat)
    if addressee is None or not addressee.team:
        return []
    shown = [todo(unit, addressee.team, addressee.centre, "todo.catch_up")]
    if addressee.team == Team.COORDINATION:
        # The lateness of others climbed to it: that is not in its own list.
        shown += [card for card in [late(unit)] if card.text.key != NOTHING_LATE]
    return shown
