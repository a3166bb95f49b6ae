"""The end of a pathway: said by one person, confirmed by another; then nothing is asked any more.

PATHWAY, *Ends*: a second person confirms, all that was still to come is void in that same
transaction, each team is told once.
"""

from datetime import timedelta

from bot.domain import alert, check
from bot.domain.facts import (
    CheckState,
    CountdownState,
    DemandState,
    End,
    EndState,
    PatientState,
    RelayState,
    StepState,
)
from bot.domain.message import Priority, Refused, text
from bot.domain.people import Member
from bot.domain.record import Record, To
from bot.domain.roles import Team

DEATH = "deces"
REASONS = (DEATH, "gueri", "abandon", "echec_fabrication", "hors_specifications", "transfert")
RECALL = timedelta(hours=1)


def open_end(record: Record) -> End | None:
    """The end that waits for its second person."""
    return next((it for it in record.ends.values() if it.state == EndState.ASKED), None)


def must_run(record: Record) -> None:
    if record.patient.state == PatientState.ENDED:
        raise Refused(text("end.already", code=record.code))
    asked = open_end(record)
    if asked is not None:
        raise Refused(text("end.asked_already", who=record.who(asked.asked_by), at=asked.asked_at))


def ask(record: Record, by: Member, reason: str) -> End:
    """The first key: until the second, everything goes on, for a wrong end would silence it."""
    must_run(record)
    if reason not in REASONS:
        raise Refused(text("button.stale"))
    if reason != DEATH and not by.coordinates:
        raise Refused(text("role.forbidden"))
    _must_not_be_in_alarm(record, reason)
    end = record.add(
        End(
            key=record.next_number(End),
            reason=reason,
            asked_by=by.id,
            asked_at=record.now,
            next_at=record.after(RECALL),
        )
    )
    record.log("end_asked", by.id, end=end.key, reason=reason)
    for team in _confirmers(record):
        record.tell(team, "end.card", end, priority=Priority.ANSWER)
    return end


def _must_not_be_in_alarm(record: Record, reason: str) -> None:
    # Somebody is ill now: whoever has the alert, or saw a sign, says first what became of it.
    reporting = any(it.state == CheckState.REPORTING for it in record.unanswered())
    if reason != DEATH and (record.running_alerts() or reporting):
        raise Refused(text("end.alert_runs", code=record.code))


def _confirmers(record: Record) -> tuple[Team, ...]:
    """Those of whom somebody is there: the coordination may be one person, the unit never is."""
    return (Team.COORDINATION, record.pathway.checks.in_hospital)


def climb(record: Record, end: End) -> None:
    """Nobody confirmed it: say it again, then to each in private."""
    end.rung += 1
    end.next_at = record.after(RECALL)
    record.log("end_late", end=end.key, rung=end.rung)
    for to in (To.CHATS, To.EACH)[: min(end.rung, 2)]:
        for team in _confirmers(record):
            record.tell(team, "end.card", end, to=to, priority=Priority.ANSWER)


def must_be_open(record: Record, end: End) -> None:
    if end.state != EndState.ASKED:
        raise Refused(text("end.answered", who=record.who(end.answered_by)))


def withdraw(record: Record, end: End, by: Member) -> None:
    """It was a mistake: everything goes on, and those who were asked know."""
    must_be_open(record, end)
    _answer(record, end, by, EndState.WITHDRAWN)
    record.log("end_withdrawn", by.id, end=end.key)
    for team in _confirmers(record):
        record.news(team, "end.card", end)


def confirm(record: Record, end: End, by: Member) -> None:
    """The second key: nothing of this patient is asked any more, and each team hears it once."""
    must_be_open(record, end)
    if by.id == end.asked_by:
        raise Refused(text("end.same_person"))
    _must_not_be_in_alarm(record, end.reason)
    _answer(record, end, by, EndState.CONFIRMED)
    record.patient.state = PatientState.ENDED.value
    record.log("patient_ended", by.id, end=end.key, reason=end.reason)
    # Before the news of the end, which is to leave.
    record.hush()
    _void(record, end, by)
    for team in Team:
        record.news(team, "end.told", end)


def _answer(record: Record, end: End, by: Member, state: EndState) -> None:
    end.become(state)
    end.next_at, end.answered_at, end.answered_by = None, record.now, by.id
    record.withdraw(record.cause(end))
    record.show(record.cause(end), "end.card", end)


def _void(record: Record, end: End, by: Member) -> None:
    """All that was still to come, and all that waited for somebody."""
    waiting = [
        *(step for step in record.steps.values() if step.state == StepState.PLANNED),
        *record.open_relays(),
        *record.open_demands(),
        *record.running_countdowns(),
    ]
    for thing in waiting:
        thing.become(VOID[thing.KIND])
        thing.next_at = None
        record.show(record.cause(thing), "end.over", end)
    for step in record.steps.values():
        step.ready_at = None
    for running in record.running_alerts():
        alert.end(record, running, by)
    check.cancel_all(record)


VOID = {
    "step": StepState.CANCELLED,
    "relay": RelayState.CANCELLED,
    "demand": DemandState.ANSWERED,
    "countdown": CountdownState.STOPPED,
}
