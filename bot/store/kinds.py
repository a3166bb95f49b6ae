"""Facts to JSON and back: pydantic reads and writes the dataclasses of `bot/domain/facts.py`."""

from typing import Any

from pydantic import TypeAdapter

from bot.domain import due
from bot.domain.facts import Dated, Patient
from bot.domain.record import Record

PATIENT = TypeAdapter(Patient)
ADAPTERS: dict[str, TypeAdapter[Any]] = {kind.name: TypeAdapter(kind.facts) for kind in due.BOOK}
# A record has thirty things, and each is read and compared at every tap: no detour by a method.
READ = {name: adapter.validator.validate_json for name, adapter in ADAPTERS.items()}
WRITE = {name: adapter.serializer.to_json for name, adapter in ADAPTERS.items()}
OWN_COLUMN = {"next_at": True}
"""Kept in its column alone, so that the clock's book is never a copy."""


def facts_of(thing: Dated) -> str:
    """Its facts as JSON; the same facts are always the same text."""
    return WRITE[thing.KIND](thing, exclude=OWN_COLUMN).decode()


def thing_of(kind: str, facts: str, next_at: Any) -> Dated:
    """The thing with these facts; raises ValueError if they are none of ours."""
    thing: Dated = READ[kind](facts)
    thing.next_at = next_at
    return thing


def patient_of(facts: str) -> Patient:
    return PATIENT.validate_json(facts)


def arrange(record: Record) -> None:
    """In the order in which they were added, whatever the order of the rows."""
    for kind, things in record.things.items():
        if len(things) > 1:
            record.things[kind] = dict(sorted(things.items(), key=_place))


def _place(item: tuple[str, Any]) -> tuple[int, int, str]:
    """Steps by their position; the others bear growing numbers, of which 9 comes before 10."""
    key, thing = item
    return getattr(thing, "position", 0), len(key), key


def patient_facts(patient: Patient) -> str:
    return PATIENT.dump_json(patient).decode()


def dated_row(record: Record, thing: Dated, facts: str) -> dict[str, Any]:
    """The whole row of a thing: its facts, and what it is found by."""
    columns = due.columns(record, thing)
    # Not `asdict`, which copies deep: some rows are written at every tap.
    found = {name: getattr(columns, name) for name in columns.__slots__}
    return found | {
        "code": record.code,
        "kind": thing.KIND,
        "key": thing.key,
        "centre": record.patient.centre,
        "next_at": thing.next_at,
        "missed_at": None,
        "fault": "",
        "facts": facts,
    }


def patient_row(record: Record, version: int) -> dict[str, Any]:
    patient = record.patient
    return {
        "code": patient.code,
        "four": patient.code.partition("-")[2],
        "centre": patient.centre,
        "state": patient.state,
        "phase": due.phase(record),
        "day0_on": patient.day0_on,
        "late_at": due.late_from(record),
        "version": version,
        "facts": patient_facts(patient),
    }
