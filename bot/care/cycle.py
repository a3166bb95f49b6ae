"""One ring of the clock: what is due, the most urgent first, each in its own transaction."""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from bot.care import auditor, rooms
from bot.care.telling import spread
from bot.domain import due
from bot.logs import described
from bot.store import Database, Unit
from bot.store.faults import storage_fault
from bot.store.records import DUTY, Due

logger = logging.getLogger(__name__)

AT_ONCE = 500
"""What is taken up at once: alerts that come due meanwhile are found before the rest."""
AT_MOST = 40
"""Turns of one ring: far more than 10,000 patients have due at one instant."""
FAR_AT_MOST = 4000
"""Patients who are looked at after the clock went back."""
TOGETHER = 25
"""The most that is handled in one transaction: the loop is held no longer."""


def ring(database: Database) -> Iterator[int]:
    """Handle all that is due; a stop after each transaction, so that others may run."""
    for turn in range(AT_MOST):
        # Every two seconds, mostly for nothing: a look does not keep the writer from a tap.
        with database.look() as unit:
            found = unit.records.due(AT_ONCE)
        if not (found or turn):
            return
        for items in _grouped(found):
            yield _guarded(database, items)
        if len(found) < AT_ONCE:
            break
    with database.look() as unit:
        at = unit.records.duty(auditor.AUDIT)
    if at is not None and at <= unit.now:
        # Something raised: it is said now, and not at the next ring.
        yield _guarded(database, [Due("", DUTY, auditor.AUDIT, "", at)])


def hasten(database: Database) -> Iterator[int]:
    """What a clock that was ahead put too far away is due now; a stop after each transaction."""
    with database.unit() as unit:
        auditor.hang_duties(unit)
        unit.records.hasten(unit.now + due.PUT_OFF)
        codes = unit.records.pressing(FAR_AT_MOST)
    # After each commit: whoever runs meanwhile would wait for a lock that waits for them.
    for at in range(0, len(codes), TOGETHER):
        yield _hasten(database, codes[at : at + TOGETHER])


def _hasten(database: Database, codes: Sequence[str]) -> int:
    """One that cannot be read, which the audit names, keeps the bot from nobody else."""
    try:
        with database.ruling() as unit:
            unit.records.hold(codes)
            records = (unit.records.get(code) for code in codes)
            hastened = sum(due.hasten(record) for record in records if record is not None)
            spread(unit)
        return hastened
    except Exception as error:
        if storage_fault(error):
            raise
        if len(codes) > 1:
            return sum(_hasten(database, [code]) for code in codes)
        logger.error("the hours of a record cannot be set right: %s", described(error))
        return 0


def next_due(unit: Unit) -> datetime | None:
    """The next instant at which anything wants attention; the audit can wait for a ring."""
    return unit.records.first_due(besides=auditor.AUDIT)


def _grouped(found: Sequence[Due]) -> Iterator[list[Due]]:
    """What shares a message is handled in one go; the order of the kinds is kept."""

    def place(item: Due) -> tuple[str, str]:
        alone = f"{item.code}:{item.key}"
        return item.kind, item.together or alone

    ranks = {item.kind: rank for rank, item in reversed(list(enumerate(found)))}
    ordered = sorted(found, key=lambda item: (ranks[item.kind], place(item)))
    for _, of in groupby(ordered, key=place):
        items = list(of)
        for at in range(0, len(items), TOGETHER):
            yield items[at : at + TOGETHER]


def _guarded(database: Database, items: Sequence[Due]) -> int:
    """What raises never blocks its neighbours: it is put off, marked, and seen at once."""
    try:
        with database.ruling() as unit:
            # All at once, in order: two processes that lock one by one may wait for each other.
            unit.records.hold([item.code for item in items if item.code])
            handled = sum(_handle(unit, item) for item in items)
            spread(unit)
        return handled
    except Exception as error:
        if storage_fault(error):
            # Nothing here is at fault: the next ring, two seconds later, finds it still due.
            raise
        # One of them is at fault, and nobody knows which: the others must not wait for it.
        if len(items) > 1:
            return sum(_guarded(database, [item]) for item in items)
        # Which one, the audit says: a log goes where no patient's code should.
        logger.error("a %s failed and is put off: %s", items[0].kind, described(error))
        _put_off(database, items[0], error)
        return 0


def _handle(unit: Unit, item: Due) -> int:
    """1 if its instant has really come: of two that ring, the second finds it moved on."""
    if item.kind == DUTY:
        return _do_duty(unit, item)
    record = unit.records.get(item.code)
    thing = record.things[item.kind].get(item.key) if record else None
    if record is None or thing is None or thing.next_at is None or thing.next_at > unit.now:
        return 0
    due.KINDS[item.kind].handle(record, thing)
    return 1


def _do_duty(unit: Unit, item: Due) -> int:
    at = unit.records.duty(item.key)
    if at is None or at > unit.now:
        return 0
    DUTIES[item.key](unit)
    return 1


def _put_off(database: Database, item: Due, error: Exception) -> None:
    with database.ruling() as unit:
        unit.records.put_off([item], unit.now + due.PUT_OFF, type(error).__name__)
        unit.events.record("put_off", item.code, what=item.kind, key=item.key)
        # An audit that raises cannot be told by itself; the heartbeat, which stops, tells it.
        if item.key != auditor.AUDIT:
            unit.records.set_duty(auditor.AUDIT, unit.now)


DUTIES: dict[str, Callable[[Unit], None]] = {
    auditor.AUDIT: auditor.audit,
    auditor.DIGEST: auditor.digest,
    auditor.PURGE: auditor.purge,
    rooms.ROOMS: rooms.look_around,
}
"""What comes back by itself, whoever the patients are."""
