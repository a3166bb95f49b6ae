"""What a group still holds: who left its team and reads on, what Telegram would not delete there.

And where it is said that a private answer reached nobody.
"""

from collections.abc import Iterable, Iterator
from datetime import time, timedelta
from itertools import islice

from bot.cards import people as cards
from bot.care.telling import tell_coordination
from bot.domain import evidence
from bot.domain.message import Card, Kind, Priority, Refused, Text, text
from bot.domain.people import Group, Member, Roster
from bot.domain.record import Entry
from bot.domain.roles import Team
from bot.domain.schedule import last_morning
from bot.store import Unit
from bot.store.letters import Letter
from bot.store.outbox import ASKED_IN, Standing

ROOMS = "rooms"
LOOK_AT = time(6, 30)
"""Before the morning digest, which says what was found."""
LOOKED_FOR = timedelta(days=90)
"""How long after they left; whoever is left in a group that long is seen by all."""
MOST_LOOKS, MOST_TOLD = 500, 20


# Whoever left a team


def look_around(unit: Unit) -> None:
    """Ask Telegram, once a day, who of those that left a team still is in its groups."""
    unit.records.set_duty(ROOMS, unit.network.calendar.next(LOOK_AT, unit.now))
    day = unit.network.calendar.day(unit.now).isoformat()
    for member, group in islice(_places_lost(unit), MOST_LOOKS):
        if group.reachable:
            key = f"look:{group.chat_id}:{member.id}:{day}"
            unit.outbox.look(group.chat_id, key, member.telegram_id, member.id)


def _places_lost(unit: Unit) -> Iterator[tuple[Member, Group]]:
    """Who was let into which groups and has lost the right to read there, the latest first."""
    roster = unit.people.roster
    found = sorted(
        set(_once_together(unit, roster)),
        key=lambda each: (each[0].left_at or each[0].joined_at, each[0].id, each[1].chat_id),
        reverse=True,
    )
    for member, group in found:
        recent = unit.now - (member.left_at or unit.now) < LOOKED_FOR
        if recent and not _may_read(roster, member, group):
            yield member, group


def _once_together(unit: Unit, roster: Roster) -> Iterator[tuple[Member, Group]]:
    """Each with the groups of every team they were let into; each group with every team it had."""
    for entry in unit.events.of_kinds((evidence.JOINED, evidence.BOUND)):
        team, centre = _team_in(entry)
        if entry.kind == evidence.BOUND:
            group = roster.groups.get(entry.data.get("chat", 0))
            if group is not None and group.team:
                yield from ((member, group) for member in roster.members_in(team, centre))
            continue
        member = roster.members.get(entry.member or 0)
        if member is not None:
            yield from ((member, group) for group in _could_read(roster, team, centre))


def _team_in(entry: Entry) -> tuple[str, str]:
    # One that was spoilt by hand must not silence the digest of all.
    return str(entry.data.get("team", "")), str(entry.data.get("centre", ""))


def _could_read(roster: Roster, team: str, centre: str) -> Iterable[Group]:
    # Whoever coordinates may have been let into any of them.
    if team == Team.COORDINATION:
        return [group for group in roster.groups.values() if group.team]
    return roster.groups_of(team, centre)


def _may_read(roster: Roster, member: Member, group: Group) -> bool:
    return member.left_at is None and group in _could_read(roster, member.team, member.centre)


def _still_there(unit: Unit) -> list[tuple[Member, Group]]:
    """Those whom the last look found, unless they were let in again or the group has changed."""
    seen = unit.outbox.seen(last_morning(unit.network.calendar, unit.now))
    lost = {(group.chat_id, member.id): (member, group) for member, group in _places_lost(unit)}
    return [lost[each] for each in dict.fromkeys(seen) if each in lost]


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
    tell_coordination(unit, card, f"{cause}{again}", group.centre, cause)


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
        tell_coordination(unit, said, f"still_there:{day}")
    for each in standing:
        _ask_to_delete(unit, each, f":{day}")
    return bool(there or standing)
