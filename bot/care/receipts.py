"""What became of what was said: whom an alert reached, and who did not get what was for them."""

from collections.abc import Collection

from bot.care.telling import Notice, spread, tell
from bot.domain import alert
from bot.domain.codes import valid
from bot.domain.facts import Alert
from bot.domain.message import Button, Card, Kind, Priority, text
from bot.domain.roles import Team
from bot.store import Unit
from bot.store.letters import Letter


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


def refused(unit: Unit, letter: Letter) -> None:
    """Telegram took everything but this letter: the coordination passes it on by telephone."""
    # What was for the coordination itself is named by the auditor, and the heartbeat stops.
    if letter.kind is not Kind.SEND or letter.team in ("", Team.COORDINATION):
        return
    code = _code_in(letter.cause)
    keys = (
        ((Button(text("patient.button.near", code=code), f"status:show:{code}"),),) if code else ()
    )
    said = text("team.not_received", team=letter.team, centre=letter.centre)
    key = f"refused:{letter.id}"
    urgency = min(letter.priority, Priority.ANSWER)
    tell(unit, Notice(Team.COORDINATION, letter.centre, Card(said, keys), key, urgency))


def _code_in(cause: str) -> str:
    """The patient that a letter was about, if it was about one."""
    named = (part for part in cause.split(":")[1:2] if valid(part))
    return next(named, "")


def _alert_of(cause: str) -> tuple[str, str] | None:
    """(code, key) of the alert that a call is about; what is asked about an alert is no call."""
    kind, *rest = cause.split(":")
    return (rest[0], rest[1]) if kind == Alert.KIND and len(rest) == 2 else None
