"""After Telegram was down: each chat gets the present state once, not forty old messages."""

from bot.cards.lists import NOTHING_LATE
from bot.care import lists
from bot.care.telling import rows_of
from bot.domain.message import Card, Priority
from bot.domain.roles import Team
from bot.store import Unit


def fold(unit: Unit, chat: int) -> None:
    """Replace the stale reminders of a chat by one message; alerts, answers and news stay."""
    unit.outbox.fold_routine(chat)
    for place, card in enumerate(_present_state(unit, chat)):
        unit.outbox.send(
            chat,
            f"fold:{chat}:{unit.now.isoformat()}:{place}",
            unit.words.render(card.text),
            rows_of(unit, card.keyboard),
            priority=Priority.REMINDER,
            cause=f"catch_up:{chat}",
        )
    # Letters that will never leave are accounted for, after they are purged too.
    unit.events.record("backlog_folded", chat=chat)


def _present_state(unit: Unit, chat: int) -> list[Card]:
    """What those who read this chat have to do; nothing if it is nobody's any more."""
    roster = unit.people.roster
    reader = roster.groups.get(chat) or roster.account(chat)
    if reader is None or not reader.team:
        return []
    centre = lists.centre_of(reader.team, reader.centre)
    shown = [lists.todo(unit, reader.team, centre, key="todo.catch_up")]
    if reader.team == Team.COORDINATION:
        # The lateness of others climbed to it: that is not in its own list.
        late = lists.late(unit)
        shown += [late] if late.text.key != NOTHING_LATE else []
    return shown
