"""An alert has a receipt: its author is told whom it reached, and when."""

from collections.abc import Collection

from bot.care.telling import spread
from bot.domain import alert
from bot.domain.facts import Alert
from bot.store import Unit


def landed(unit: Unit, calls: Collection[tuple[str, str]]) -> None:
    """Calls arrived in some chat: (what they were about, the team that reads there)."""
    about = [(found, team) for cause, team in calls if team and (found := _alert_of(cause))]
    # In one go, in one order: a tap may hold another of these and wait for us.
    unit.records.hold({code for (code, _), _team in about})
    for (code, key), team in about:
        record = unit.records.get(code)
        it = record.alerts.get(key) if record else None
        if record is not None and it is not None:
            alert.heard(record, it, team)
    spread(unit)


def _alert_of(cause: str) -> tuple[str, str] | None:
    """(code, key) of the alert that a call is about; what is asked about an alert is no call."""
    kind, *rest = cause.split(":")
    return (rest[0], rest[1]) if kind == Alert.KIND and len(rest) == 2 else None
