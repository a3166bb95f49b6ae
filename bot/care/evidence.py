"""The audit of the chain: whether it is whole, and whether what is known is what it tells."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from bot.care import auditor
from bot.domain import evidence
from bot.domain.record import Entry, Record
from bot.store import Unit

AT_ONCE = 200
"""Patients read in one go."""


def faults(unit: Unit, posted: tuple[int, str] | None = None) -> Iterator[str]:
    """All that is wrong with the chain, one line each, identifiers only.

    `posted` is what the chat says, the count of events and the beginning of the last one's hash.
    """
    broken = unit.events.first_broken()
    if broken is not None:
        yield f"{auditor.CHAIN} is broken at row {broken}"
    yield from auditor.cut(unit)
    if posted is not None:
        count, mark = posted
        if not (unit.events.hash_at(count) or "").startswith(mark):
            yield f"{auditor.CHAIN} does not hold the {count} events posted as {mark}"
    yield from unproven(unit)


def unproven(unit: Unit) -> Iterator[str]:
    """What no event made, and what events made and is gone."""
    yield from _read(
        "somebody's joining",
        lambda: evidence.of_roster(unit.people.roster, unit.events.of_kinds(evidence.PEOPLE)),
    )
    yield from _unproven_patients(unit)


def _unproven_patients(unit: Unit) -> Iterator[str]:
    enrolled = unit.events.codes_of(evidence.ENROLLED)
    codes = [""]
    while codes:
        codes = unit.records.after(codes[-1], AT_ONCE)
        records = unit.records.look(codes)
        logged = unit.events.about(codes, evidence.PATIENT)
        for code in codes:
            record = records.get(code)
            if record is None:
                yield f"patient {code} cannot be read"
            else:
                yield from _read(f"patient {code}", partial(_of_record, record, logged))
        yield from unit.misfiled(records)
        enrolled.difference_update(codes)
    yield from (f"patient {code} was enrolled, and is gone" for code in sorted(enrolled))


def _of_record(record: Record, logged: Mapping[str, Sequence[Entry]]) -> list[str]:
    return evidence.of_record(record, logged.get(record.code, ()))


def _read(what: str, look: Callable[[], list[str]]) -> list[str]:
    """What is found; an event that was spoilt by hand is a fault too, and ends no audit."""
    try:
        return look()
    except (KeyError, ValueError, TypeError, AttributeError):
        return [f"{what}: an event of it cannot be read"]
