"""How an alert looks: to everybody, to its author, when its outcome is asked."""

from bot.cards.common import NOTHING, data, head, lines_or_nothing, rows
from bot.domain.alert import GRADES, OUTCOMES, SIGNS, complete, missing, unheard, unreachable
from bot.domain.facts import RUNNING, Alert, AlertState
from bot.domain.message import Button, Card, Keyboard, Text, text
from bot.domain.record import Record

OVER = {
    AlertState.CLOSED.value: "alert.closed",
    AlertState.CANCELLED.value: "alert.cancelled",
    AlertState.ENDED.value: "alert.ended",
}


def card(record: Record, alert: Alert) -> Card:
    """The alert as everybody sees it: which patient, what, who has it, what to press."""
    take = rows(Button(text("alert.button.take"), data("alert:take", record, alert)))
    if alert.state == AlertState.OPEN:
        return Card(_text(record, alert, "alert.again" if alert.rung else "alert.raised"), take)
    if alert.state == AlertState.TAKEN and complete(record.pathway.alerts, alert):
        return Card(_text(record, alert, "alert.taken"))
    if alert.state == AlertState.TAKEN:
        # Half taken: the other team's button must not go with the first team's answer.
        return Card(_text(record, alert, "alert.taken_half"), take)
    return Card(_text(record, alert, OVER[alert.state]))


def _text(record: Record, alert: Alert, key: str) -> Text:
    # Unknown is said: read as low, it would slow people down.
    grade = text("alert.grade", grade=alert.grade) if alert.grade else text("alert.grade_unknown")
    return text(
        key,
        head=head(record),
        number=int(alert.key),
        sign=sign_text(alert),
        grade=grade,
        who=record.who(alert.raised_by),
        at=alert.raised_at,
        rung=alert.rung,
        takers=lines_or_nothing(_takers(record, alert)),
        missing=lines_or_nothing(_missing(record, alert)),
        outcome=text(f"alert.outcome.{alert.outcome}") if alert.outcome else NOTHING,
        nobody=lines_or_nothing(_nobody(record, alert)),
        receipt=lines_or_nothing(_receipt(record, alert)),
        closer=record.who(alert.closed_by),
        closed=alert.closed_at or record.now,
        centre=record.patient.centre,
    )


def sign_text(alert: Alert) -> Text:
    """All that was seen."""
    if not alert.sign:
        return text("alert.sign_unknown")
    said = text(f"alert.sign.{alert.sign}")
    for sign in alert.also:
        said = text("alert.sign_and", sign=said, other=text(f"alert.sign.{sign}"))
    return said


def _takers(record: Record, alert: Alert) -> list[Text]:
    # By name and hour: of two teams each believes that the other has it.
    taken = ((alert.taken_by, alert.taken_at), (alert.neuro_by, alert.neuro_at))
    return [text("alert.taker", who=record.who(by), at=at) for by, at in taken if at]


def _missing(record: Record, alert: Alert) -> list[Text]:
    # Only beside a name: alone, a name reads as if the whole of it were taken.
    if alert.state not in RUNNING or not _takers(record, alert):
        return []
    left = missing(record.pathway.alerts, alert)
    return [text("alert.missing", team=team.value) for team in left]


def _nobody(record: Record, alert: Alert) -> list[Text]:
    # Written is not heard: a team without a chat is called by telephone, or not at all.
    centre = record.patient.centre
    return [
        text("alert.nobody", team=team.value, centre=centre) for team in unreachable(record, alert)
    ]


def _receipt(record: Record, alert: Alert) -> list[Text]:
    """Whom it reached and when; whom it did not, with the number to call."""
    reached = [text("alert.heard", team=team, at=at) for team, at in alert.heard.items()]
    if not alert.checked:
        return reached or [text("alert.leaving")]
    return [_call(record, team) for team in unheard(record.pathway.alerts, alert)] + reached


def _call(record: Record, team: str) -> Text:
    phone = record.phones.get(team, "")
    key = "alert.unheard_call" if phone else "alert.unheard"
    return text(key, team=team, phone=phone)


def raised(record: Record, alert: Alert) -> Card:
    """What its author sees: it is gone, now the sign or the grade, or a false alarm."""
    if alert.state not in RUNNING:
        return card(record, alert)
    keys: Keyboard
    if alert.sign:
        # Kept after a first answer: a grade tapped by mistake can be set right.
        keys = (
            tuple(
                Button(
                    text("alert.button.grade", grade=grade),
                    data("alert:grade", record, alert, grade),
                )
                for grade in GRADES
            ),
        )
    else:
        # The sign before the grade: it may call one more team, a grade only sets the pace.
        keys = rows(
            *(
                Button(text(f"alert.button.sign_{sign}"), data("alert:sign", record, alert, sign))
                for sign in SIGNS
            )
        )
    if alert.state == AlertState.OPEN:
        # Who cannot take back a false alarm thinks twice before the next true one; once it is
        # taken, whoever has it says what became of it.
        false = Button(text("alert.button.false"), data("alert:cancel", record, alert))
        keys = (*keys, (false,))
    return Card(_text(record, alert, "alert.sent"), keys)


def ask_outcome(record: Record, alert: Alert) -> Card:
    outcomes = [
        Button(
            text(f"alert.button.outcome_{outcome}"),
            data("alert:outcome", record, alert, outcome),
        )
        for outcome in OUTCOMES
    ]
    return Card(_text(record, alert, "alert.ask_outcome"), rows(*outcomes))
