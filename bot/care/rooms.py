"""What a group still holds: who was removed and reads on, what Telegram would not delete there.

And where it is said that a private answer reached nobody.
"""

from datetime import time, timedelta

from bot.cards import people as cards
from bot.care.telling import Notice, tell
from bot.domain.message import Card, Kind, Priority, Refused, Text, text
from bot.domain.people import Group, Member
from bot.domain.roles import Team
from bot.domain.schedule import last_morning
from bot.store import Unit
from bot.store.letters import Letter
from bot.store.outbox import ASKED_IN, Standing

ROOMS = "rooms"
LOOK_AT = time(6, 30)
"""Before the morning digest, which says what was found."""
LOOKED_FOR = timedelta(days=90)
"""How long after they were removed; whoever is left in a group that long is seen by all."""
MOST_LOOKS, MOST_TOLD = 200, 20


# Whoever was removed


def look_around(unit: Unit) -> None:
    """Ask Telegram, once a day, who of those that were removed still is in their team's group."""
    unit.records.set_duty(ROOMS, unit.network.calendar.next(LOOK_AT, unit.now))
    roster, day = unit.people.roster, unit.network.calendar.day(unit.now).isoformat()
    left = [each for each in roster.members.values() if each.left_at is not None]
    recent = [each for each in left if unit.now - (each.left_at or unit.now) < LOOKED_FOR]
    looks = [
        (each, group)
        for each in recent
        for group in roster.groups_of(each.team, each.centre)
        if group.reachable
    ]
    for each, group in looks[:MOST_LOOKS]:
        key = f"look:{group.chat_id}:{each.id}:{day}"
        unit.outbox.look(group.chat_id, key, each.telegram_id, each.id)


def _still_there(unit: Unit) -> list[tuple[Member, Group]]:
    """Those whom the last look found, unless they were let in again or the group has changed."""
    roster = unit.people.roster
    seen = unit.outbox.seen(last_morning(unit.network.calendar, unit.now))
    found = ((roster.members[member], roster.groups.get(chat)) for chat, member in seen)
    return [
        (member, group)
        for member, group in dict.fromkeys(found)
        if member.left_at is not None
        and group is not None
        and group in roster.groups_of(member.team, member.centre)
    ]


# What Telegram would not delete


def failed(unit: Unit, letter: Letter) -> None:
    """A letter that is not tried again: whoever has to know is told, where they can read it."""
    if letter.kind is Kind.DELETE:
        _ask_to_delete(unit, Standing(letter.id, letter.chat_id, letter.created_at))
    elif ASKED_IN in letter.payload:
        chat, update = letter.payload[ASKED_IN]
        said = unit.words.render(text("edge.press_start"))
        unit.outbox.send(chat, f"start:{chat}:{update}", said, [], priority=Priority.ANSWER)
        unit.outbox.give_up(letter.id)


def _ask_to_delete(unit: Unit, standing: Standing, again: str = "") -> None:
    group = unit.people.roster.groups.get(standing.chat)
    # In private its author alone can; what is said in nobody's group names no patient of ours.
    if group is None or not group.team:
        return
    card = cards.delete_by_hand(group, standing.at, standing.id)
    cause = _cause(standing.id)
    _tell(unit, group.centre, card, f"{cause}{again}", cause)


def _cause(number: int) -> str:
    return f"delete:{number}"


def deleted(unit: Unit, member: Member, number: int) -> Text:
    """Somebody did; whoever else was asked sees it too."""
    if not unit.outbox.deleted_by_hand(number):
        raise Refused(text("group.deleted_already"))
    unit.events.record("deleted_by_hand", member=member.id, letter=number)
    said = text("group.deleted", name=member.name)
    cause = _cause(number)
    unit.outbox.show(cause, f"{cause}:done", unit.words.render(said), [])
    return said


# Each morning


def say_again(unit: Unit) -> bool:
    """What somebody still has to do in a group; false if there is nothing."""
    day = unit.network.calendar.day(unit.now).isoformat()
    there, standing = _still_there(unit), unit.outbox.standing(MOST_TOLD)
    if there:
        said = Card(cards.still_there(there))
        _tell(unit, unit.network.first_centre, said, f"still_there:{day}")
    for each in standing:
        _ask_to_delete(unit, each, f":{day}")
    return bool(there or standing)


def _tell(unit: Unit, centre: str, card: Card, key: str, cause: str = "") -> None:
    tell(unit, Notice(Team.COORDINATION, centre, card, key, Priority.ANSWER, cause))
