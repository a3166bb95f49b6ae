"""One ring of the clock: each kind of due thing in its order, each item in its own transaction."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import TypeVar

from bot.care import alerts, auditor, backlog, checks, countdowns, demands, relays, reminding
from bot.models import AUDIT, Alert, Bell, Check, Countdown, Demand, Patient, Relay, Round, Step
from bot.store import Database, Unit

logger = logging.getLogger(__name__)
Row = TypeVar("Row", Alert, Bell, Check, Countdown, Demand, Patient, Relay, Round, Step)

PUT_OFF = timedelta(minutes=5)
"""How long a thing that raised is left alone; the auditor counts it meanwhile."""


def ring(database: Database) -> int:
    """Handle all that is due, alerts first; gives how many items were handled."""
    with database.unit() as unit:
        first = unit.first_due()
        due = [handle for kind, handle in DUTIES if _has_come(first[kind], unit.now)]
    return sum(handle(database) for handle in due) + _fold(database)


def next_due(unit: Unit) -> datetime | None:
    """The next instant at which anything wants attention; the audit can wait for a ring."""
    first = unit.first_due()
    coming = [first[kind] for kind, _ in DUTIES if kind != AUDIT]
    return min((at for at in coming if at is not None), default=None)


def _has_come(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


def _each(
    due: Callable[[Unit], Sequence[Row]], handle: Callable[[Unit, Row], object]
) -> Callable[[Database], int]:
    """Each due row by itself."""

    def alone(unit: Unit, rows: list[Row]) -> object:
        return handle(unit, rows[0])

    def handle_all(database: Database) -> int:
        with database.unit() as unit:
            found = [(type(row), _key(row)) for row in due(unit)]
        return sum(_guarded(database, table, [key], alone) for table, key in found)

    return handle_all


def _rounds(database: Database) -> int:
    """The patients of one unit whose check falls at the same instant are one round."""

    def by_team(unit: Unit, patients: Sequence[Patient]) -> list[list[Patient]]:
        def place(patient: Patient) -> tuple[str, str]:
            try:
                return checks.asked_team(unit, patient).value, patient.centre
            except Exception:  # alone, it is put off; here, it would stop every round
                return "", patient.code

        return _grouped(patients, place)

    with database.unit() as unit:
        groups = [[p.id for p in group] for group in by_team(unit, unit.due_checks())]
    return sum(_guarded(database, Patient, ids, checks.ask) for ids in groups)


def _steps(database: Database) -> int:
    """A step on time has its own message; those that are late share one per team."""
    with database.unit() as unit:
        due = unit.due_steps()
        late = [step for step in due if reminding.is_overdue(unit, step)]
        alone = [[step.id] for step in due if step not in late]

        def place(step: Step) -> tuple[str, str]:
            return step.team, unit.patient(step.patient_id).centre

        together = [[step.id for step in group] for group in _grouped(late, place)]
    handled = sum(_guarded(database, Step, ids, reminding.remind) for ids in alone)
    return handled + sum(_guarded(database, Step, ids, reminding.catch_up) for ids in together)


def _fold(database: Database) -> int:
    try:
        with database.unit() as unit:
            return backlog.fold(unit)
    except Exception:
        logger.exception("what waits to leave was not folded")
        return 0


Key = TypeVar("Key", bound=tuple[str, ...])


def _grouped(rows: Sequence[Row], key: Callable[[Row], Key]) -> list[list[Row]]:
    ordered = sorted(rows, key=key)
    return [list(group) for _, group in groupby(ordered, key=key)]


def _key(row: Row) -> int | str:
    return row.name if isinstance(row, Bell) else row.id


def _guarded(
    database: Database,
    table: type[Row],
    keys: Sequence[int | str],
    handle: Callable[[Unit, list[Row]], object],
) -> int:
    """Handle one group in its own transaction; what raises never blocks its neighbours."""
    try:
        with database.unit() as unit:
            # Of two that ring, or one that rings and one that taps, the second waits and looks.
            rows = [unit.session.get_one(table, key, with_for_update=True) for key in keys]
            still = [row for row in rows if row.next_at is not None and row.next_at <= unit.now]
            if still:
                handle(unit, still)
            return len(still)
    except Exception:
        if len(keys) > 1:
            return sum(_guarded(database, table, [key], handle) for key in keys)
        logger.exception("due item failed, put off: %s %s", table.__name__, keys)
        _put_off(database, table, keys)
        return 0


def _put_off(database: Database, table: type[Row], keys: Sequence[int | str]) -> None:
    with database.unit() as unit:
        for key in keys:
            row = unit.session.get_one(table, key)
            row.next_at = unit.now + PUT_OFF
            unit.add(row)
        unit.record("put_off", table=table.__name__, keys=[str(key) for key in keys])


DUTIES: tuple[tuple[str, Callable[[Database], int]], ...] = (
    ("alert", _each(Unit.due_alerts, alerts.climb)),
    ("countdown", _each(Unit.due_countdowns, countdowns.tick)),
    ("report", _each(Unit.due_reports, checks.finish_report)),
    ("relay", _each(Unit.due_relays, relays.climb)),
    ("check", _rounds),
    ("round", _each(Unit.due_rounds, checks.climb)),
    ("step", _steps),
    ("demand", _each(Unit.due_demands, demands.climb)),
    ("bell", _each(Unit.due_bells, auditor.toll)),
    (AUDIT, _each(Unit.due_bells, auditor.toll)),
)
"""The kinds of dated things in their order, and what handles those that are due."""
