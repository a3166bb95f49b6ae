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

Landed = tuple[str, str, int]
"""What a call was about, the team that it was for, the chat in which it arrived."""


def landed(unit: Unit, calls: Collection[Landed]) -> None:
    """Calls of alerts arrived; one that was said to others instead reached nobody of its team."""
    about = [(found, team, chat) for cause, team, chat in calls if (found := _alert_of(cause))]
    # In one go, in one order: a tap may hold another of these and wait for us.
    unit.records.hold({code for (code, _), _team, _chat in about})
    for (code, key), team, chat in about:
        record = unit.records.get(code)
        it = record.alerts.get(key) if record else None
        if record is None or it is None:
            continue
        if chat in unit.people.roster.every_chat(team, record.patient.centre):
            alert.heard(record, it, team)
    spread(unit)


def refused(unit: Unit, letter: Letter) -> None:
    """Telegram took everything but this letter: others hear of it, and the coordination calls."""
    if letter.kind is Kind.EDIT and letter.body:
        # Whoever reads there must not go by what the old message says.
        rows = [[dict(button) for button in row] for row in letter.keyboard]
        message, key = letter.payload["message_id"], f"anew:{letter.id}"
        unit.outbox.say_anew(letter.chat_id, message, key, letter.body, rows)
    # What was for the coordination itself is named by the auditor, and the heartbeat stops.
    if letter.kind is not Kind.SEND or letter.team in ("", Team.COORDINATION):
        return
    if letter.priority is Priority.ALERT:
        _say_to_each(unit, letter)
    code = _code_in(letter.cause)
    keys = (
        ((Button(text("patient.button.near", code=code), f"status:show:{code}"),),) if code else ()
    )
    said = text("team.not_received", team=letter.team, centre=letter.centre)
    key = f"refused:{letter.id}"
    urgency = min(letter.priority, Priority.ANSWER)
    tell(unit, Notice(Team.COORDINATION, letter.centre, Card(said, keys), key, urgency))


def in_doubt(unit: Unit, letter: Letter) -> None:
    """A call of which nobody knows whether it arrived in its group: each of the team hears it."""
    if letter.team and letter.team != Team.COORDINATION:
        _say_to_each(unit, letter)


def _say_to_each(unit: Unit, letter: Letter) -> None:
    """An alert that its group does not take is said to each of the team."""
    if letter.chat_id > 0:
        return
    for chat in unit.people.roster.private_chats(letter.team, letter.centre):
        unit.outbox.send(
            chat,
            f"refused:{letter.id}:{chat}",
            letter.body,
            [[dict(button) for button in row] for row in letter.keyboard],
            priority=letter.priority,
            cause=letter.cause,
            team=letter.team,
            centre=letter.centre,
        )


def _code_in(cause: str) -> str:
    """The patient that a letter was about, if it was about one."""
    named = (part for part in cause.split(":")[1:2] if valid(part))
    return next(named, "")


def _alert_of(cause: str) -> tuple[str, str] | None:
    """(code, key) of the alert that a call is about; what is asked about an alert is no call."""
    kind, *rest = cause.split(":")
    return (rest[0], rest[1]) if kind == Alert.KIND and len(rest) == 2 else None
