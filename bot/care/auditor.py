"""The auditor: re-reads all that is open, says in one line whether everything is explained.

What it looks for stands in `bot/domain/invariants.py`, where the tests look too.
"""

from collections import Counter
from datetime import time, timedelta
from hashlib import sha256
from math import ceil

from bot.cards import lists as cards
from bot.cards.lists import NOTHING_LATE
from bot.care import lists, rooms
from bot.care.telling import Notice, tell, tell_coordination
from bot.domain import alert, due, invariants
from bot.domain.facts import Alert
from bot.domain.message import Card, Text, text
from bot.domain.record import Record
from bot.domain.roles import Team
from bot.domain.schedule import DIGEST_AT, last_morning
from bot.store import Unit
from bot.store.outbox import Call

AUDIT, DIGEST, PURGE = "audit", "digest", "purge"
CHAIN = "the event chain"
CUT = "proof_lost"
"""The event of each time that what had been posted of the chain was gone."""
TOLD = "audit_unexplained"
"""The event of each time that the coordination was told."""
OTHER_POLLER, DEAF = "other_poller", "webhook_deaf"
"""The events of each time that another program began or ceased to take what was said to us, and
that Telegram could not bring it."""
AUDIT_EVERY = timedelta(minutes=10)
PURGE_AT = time(3, 30)
STUCK = timedelta(minutes=5)
"""A letter that has not left after this is unexplained."""
UNREACHED = timedelta(minutes=10)
"""An alert of which nothing arrived at a team that must take it after this is unexplained."""
CALLED_WITHIN = timedelta(minutes=30)
"""How far back its calls are looked at: more than twice the longest wait between two rungs."""
REMEMBERED = timedelta(hours=48)
"""How long updates are kept, and faults are news; Telegram brings an update for 24 hours."""
KEPT = timedelta(days=90)
"""How long what was said is kept; the events are kept for ever."""
SAID_AGAIN = timedelta(hours=1)
"""How long the coordination is left in peace about what it knows; an alert is said each time."""
GLANCE, AT_MOST = 15, 100
"""Records that a look reads through, and an audit: all of 14,400 have their turn within a day."""
LIMIT = 50
UNHEARD_AT_MOST = 1000
"""Things that reached nobody which are named one by one."""
SORTS = frozenset({*due.KINDS, "letter", "update", "duty", "nobody"})
"""How the lines of faults begin; the others are about a record."""
PURGED_AT_ONCE = 5000


def hang_duties(unit: Unit) -> None:
    """Make sure that each duty has its next hour, and none a later one."""
    for name, at in (
        (AUDIT, unit.now + AUDIT_EVERY),
        (DIGEST, unit.network.calendar.next(DIGEST_AT, unit.now)),
        (PURGE, unit.network.calendar.next(PURGE_AT, unit.now)),
        (rooms.ROOMS, unit.network.calendar.next(rooms.LOOK_AT, unit.now)),
    ):
        known = unit.records.duty(name)
        # One that has come keeps its hour: started at eight, the bot still owes the digest.
        if known is None or known > at:
            unit.records.set_duty(name, at)


# What is found


def unexplained(unit: Unit, at_once: int | None = GLANCE) -> list[str]:
    """What is neither asked, nor answered, nor escalated; identifiers only, for the operator.

    The book, the letters and the updates are looked at whole by their indexes; the records are
    read through so many at a time, or all of them with None.
    """
    lines = unit.records.suspects(unit.now - due.TOLERANCE, LIMIT)
    found = [fault for line in lines for fault in invariants.of_line(line, unit.now)]
    found += unit.outbox.troubles(unit.now - STUCK, unit.now - REMEMBERED, LIMIT)
    found += unit.update_troubles(unit.now - STUCK, unit.now - REMEMBERED, LIMIT)
    running = _running_alerts(unit)
    found += [
        f"{Alert.KIND} {record.code} {it.key} waits longer than it may"
        for record, it in running
        if due.is_far(record, it)
    ]
    found += _unheard(unit)
    found += _unreached(unit, running)
    # Whatever is late climbs to the coordination in the end: unreached, nothing is explained.
    if not unit.people.roster.chats(Team.COORDINATION, unit.network.first_centre):
        found.append("nobody of the coordination can be reached")
    found += cut(unit)
    # What is seen in the book and in its record is one fault.
    seen = tuple(f"{line.name} " for line in lines)
    found += [fault for fault in _read_through(unit, at_once) if not fault.startswith(seen)]
    return found


def cut(unit: Unit) -> list[str]:
    """What was posted of the chain and is not in it any more: its end is gone, or it is older."""
    return [
        f"{CHAIN} no longer holds the {it.count} events posted at {it.at.isoformat()} as {it.mark}"
        for it in unit.proofs.lost()
    ]


def counted(found: list[str]) -> dict[str, int]:
    """How much is wrong of each sort; no line's own words, which name patients and letters."""
    return dict(Counter(map(_sort, found)))


def _sort(fault: str) -> str:
    if fault.startswith(CHAIN):
        return "chain"
    begins = fault.partition(" ")[0]
    return begins if begins in SORTS else "record"


def _running_alerts(unit: Unit) -> list[tuple[Record, Alert]]:
    """Those that are not over, the untaken first."""
    found = unit.records.running_alerts(LIMIT)
    records = unit.records.look(sorted({code for code, _ in found}))
    return [(records[code], records[code].alerts[key]) for code, key in found if code in records]


def _unheard(unit: Unit) -> list[str]:
    """What was put to a team and reached no chat at all."""
    return [
        f"{kind} {code} {key} reached nobody"
        for code, kind, key in unit.records.unheard(UNHEARD_AT_MOST)
    ]


def _unreached(unit: Unit, running: list[tuple[Record, Alert]]) -> list[str]:
    """Alerts of which nothing arrives at a team that must take them, whoever else has heard."""
    waiting = [(record, it) for record, it in running if it.raised_at < unit.now - UNREACHED]
    causes = [record.cause(it) for record, it in waiting]
    calls: dict[str, list[Call]] = {}
    for call in unit.outbox.calls(causes, unit.now - CALLED_WITHIN):
        calls.setdefault(call.cause, []).append(call)
    return [
        f"{Alert.KIND} {record.code} {it.key} reached nobody of {team}"
        for (record, it), cause in zip(waiting, causes, strict=True)
        for team in alert.missing(record.pathway.alerts, it)
        if not _reached(unit, record, team, calls.get(cause, []))
    ]


def _reached(unit: Unit, record: Record, team: str, calls: list[Call]) -> bool:
    """A call arrived in some chat of the team, or the first one is too young to tell."""
    roster, centre = unit.people.roster, record.patient.centre
    theirs = [call for call in calls if call.chat in roster.every_chat(team, centre)]
    if not theirs:
        return bool(roster.chats(team, centre))
    young = min(call.first for call in theirs) > unit.now - UNREACHED
    return young or any(call.arrived for call in theirs)


def _read_through(unit: Unit, at_once: int | None) -> list[str]:
    if at_once is None:
        codes, found = [""], list[str]()
        while codes:
            codes = unit.records.after(codes[-1], LIMIT)
            found += _faults(unit, codes)
        return found
    # From the time alone, so that no place has to be kept.
    number = int(unit.now.timestamp() // AUDIT_EVERY.total_seconds())
    begins, ends = turn(number, unit.records.count(), at_once)
    return _faults(unit, unit.records.running(begins, ends))


def a_days_share(total: int) -> int:
    """How many an audit reads so that those of a day read all; more would hold up the others."""
    a_day = timedelta(days=1) // AUDIT_EVERY
    return min(max(GLANCE, ceil(total / a_day)), AT_MOST)


def turn(number: int, total: int, at_once: int) -> tuple[int, int]:
    """The part that is read through now: together they are all."""
    turns = max(ceil(total / at_once), 1)
    return total * (number % turns) // turns, total * (number % turns + 1) // turns


def _faults(unit: Unit, codes: list[str]) -> list[str]:
    read = unit.records.look(codes)
    # Left out of every list, so that the lists stand: nothing else would ever name it.
    unread = [f"{code}: cannot be read" for code in codes if code not in read]
    wrong = [fault for record in read.values() for fault in invariants.of_record(record)]
    return unread + wrong


# What is said


def audit(unit: Unit) -> None:
    """Every ten minutes, and at once when something raised."""
    # Before it looks: an audit that is itself due would find itself overdue.
    unit.records.set_duty(AUDIT, unit.now + AUDIT_EVERY)
    # Wherever a wrong clock put the next call of an alert, it is made now.
    for looked, it in _running_alerts(unit):
        record = unit.records.get(looked.code) if due.is_far(looked, it) else None
        if record is not None:
            due.hasten(record)
    tell_cut(unit)
    # The chain has words of its own: no message is stuck because of it.
    share = a_days_share(unit.records.count())
    found = [fault for fault in unexplained(unit, share) if not fault.startswith(CHAIN)]
    if found and not _worth_saying(unit, found):
        return
    # What waits of an earlier one is replaced: after an outage it is said once.
    unit.outbox.withdraw(AUDIT)
    if not found:
        return
    # What was said is an event, so that a restart does not say it all over again.
    unit.events.record(TOLD, items=found[:LIMIT])
    said = Card(text("audit.unexplained", n=len(found), at=unit.now))
    same = sha256("\n".join(found).encode()).hexdigest()[:12]
    key = f"audit:{unit.now.isoformat()}:{same}"
    tell_coordination(unit, said, key, cause=AUDIT)


def _worth_saying(unit: Unit, found: list[str]) -> bool:
    """Something of it is new, or all of it was said long ago."""
    last = unit.events.last(TOLD)
    # Said later than now, it was said by a wrong clock.
    if last is None or last.at > unit.now or not set(found[:LIMIT]) <= set(last.data["items"]):
        return True
    alerted = any(fault.startswith(f"{Alert.KIND} ") for fault in found)
    return unit.now - last.at >= (AUDIT_EVERY if alerted else SAID_AGAIN)


def tell_cut(unit: Unit) -> None:
    """Events are gone that were there: the coordination, who has the chat, has to know."""
    told = unit.events.last(CUT)
    for proof in unit.proofs.lost():
        if told is not None and told.data["hash"] == proof.hash:
            continue
        unit.events.record(CUT, count=proof.count, hash=proof.hash)
        card = Card(text("chain.cut", n=proof.count, mark=proof.mark, at=proof.at))
        key = f"chain:{proof.hash}"
        tell_coordination(unit, card, key)


def tell_taken_back(unit: Unit, before: int) -> None:
    """An older database was put back on purpose: what came after it has to be said again."""
    if not before:
        return
    newest = unit.events.newest()
    said = Card(text("database.taken_back", at=unit.now))
    # Once for each time that it was done, however often the bot starts.
    key = f"taken_back:{before}:{newest[1][:12] if newest else ''}"
    tell_coordination(unit, said, key)


def clock_moved(unit: Unit, by: timedelta) -> None:
    """The machine's clock jumped: the hours that were written meanwhile are wrong."""
    unit.events.record("clock_moved", seconds=round(by.total_seconds()))
    unit.records.set_duty(AUDIT, unit.now)
    minutes = ceil(abs(by) / timedelta(minutes=1))
    way = "clock.back" if by < timedelta(0) else "clock.ahead"
    said = Card(text(way, n=minutes, at=unit.now))
    key = f"clock:{unit.now.isoformat()}"
    tell_coordination(unit, said, key)


def other_poller(unit: Unit, here: bool) -> None:
    """Another program takes updates with our token, or does so no more: each is said once."""
    _tell_change(unit, OTHER_POLLER, "poller.other" if here else "poller.alone", here)


def deaf(unit: Unit, here: bool) -> None:
    """Telegram cannot bring what is said to us, or can again: each is said once."""
    _tell_change(unit, DEAF, "webhook.deaf" if here else "webhook.hears", here)


def _tell_change(unit: Unit, kind: str, key: str, here: bool) -> None:
    last = unit.events.last(kind)
    if here == (last is not None and last.data["here"]):
        return
    unit.events.record(kind, here=here)
    said = Card(text(key, at=unit.now, since=unit.now if last is None else last.at))
    tell_coordination(unit, said, f"{kind}:{here}:{unit.now.isoformat()}")


def digest(unit: Unit) -> None:
    """The morning digest and the proof of quiet: silence is never ambiguous."""
    unit.records.set_duty(DIGEST, unit.network.calendar.next(DIGEST_AT, unit.now))
    undone = rooms.say_again(unit)
    n = unit.records.count()
    # Before the first patient a proof of quiet proves nothing.
    if not n:
        return
    late, missed = lists.late(unit), lists.missed(unit)
    lost = cards.lost(unit.people.roster.lost_groups())
    proof = _proof(unit, late, missed, lost, undone=undone)
    # Last: what is posted now takes the place of what may be found gone.
    said = cards.digest(unit.now, n, late, missed, lost, proof, _posted(unit))
    day = unit.network.calendar.day(unit.now).isoformat()
    centre = unit.network.first_centre
    tell(unit, Notice(Team.COORDINATION, centre, said, f"digest:{day}"))


def _posted(unit: Unit) -> Text:
    """What the chain is now, for whoever compares it with the database one day."""
    # Found gone at this very hour, it is told before it is replaced.
    tell_cut(unit)
    posted = unit.proofs.take()
    if posted is None:
        return text("nothing")
    return text("chain.posted", n=posted.count, mark=posted.mark)


def _proof(unit: Unit, late: Card, missed: Text, lost: Text, *, undone: bool) -> Text:
    """« Tout est expliqué » only when nothing at all was wrong since the last morning."""
    now = len(unexplained(unit))
    night = unit.events.count_since(TOLD, last_morning(unit.network.calendar, unit.now))
    quiet = late.text.key == NOTHING_LATE and missed.key == lost.key == "nothing"
    if quiet and not undone and not now and not night:
        return text("audit.all_explained", at=unit.now)
    if now:
        return text("audit.see_late", n=now)
    return text("audit.was_unexplained", n=night) if night else text("audit.see_above")


def purge(unit: Unit) -> None:
    """Forget what is settled and old: letters, updates, dialogues; never an event."""
    # So many at a time: one writer, and an alert may be waiting behind it.
    gone = unit.outbox.purge(unit.now - KEPT, PURGED_AT_ONCE)
    gone = max(gone, unit.forget_updates(unit.now - REMEMBERED, PURGED_AT_ONCE))
    unit.people.purge_drafts(unit.now - timedelta(days=1))
    soon = unit.now + timedelta(minutes=1)
    coming = unit.network.calendar.next(PURGE_AT, unit.now)
    unit.records.set_duty(PURGE, soon if gone == PURGED_AT_ONCE else coming)
