"""When a step wants attention, and what holds it back.

What a step needs must be closed and, where it was handed over, read back by its team: then it is
*ready*. A planned step always has a next instant: its reminders, then each morning's digest.
"""

from datetime import UTC, datetime, time, timedelta

from bot.domain.calendar import DAY, Calendar
from bot.domain.facts import CLOSED, RelayState, Step, StepState
from bot.domain.message import Button, Refused, Text, text
from bot.domain.pathway import ReminderKind, next_reminder, reminders
from bot.domain.record import Record
from bot.domain.roles import Team

LATE = timedelta(minutes=15)
"""A reminder whose hour is further back than this is replaced by the present state."""
DIGEST_AT = time(7, 30)
"""Local hour of the morning digest, which goes on saying what is late."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def is_late(record: Record, step: Step) -> bool:
    return step.state == StepState.PLANNED and step.due_at <= record.now


def waits(record: Record, step: Step) -> list[Step]:
    """The steps that hold this one back: not closed, or closed but not yet read back to us."""
    if step.waived_by:
        return []
    needed = (record.steps[slug] for slug in record.definition(step).needs)
    return [
        other
        for other in needed
        if other.state not in CLOSED or _is_unread(record, other, step.team)
    ]


def _is_unread(record: Record, step: Step, team: str) -> bool:
    # Only what is handed to this team: what others have not read back does not hold it.
    return any(
        relay.step == step.key and relay.to_team == team and relay.state == RelayState.OFFERED
        for relay in record.relays.values()
    )


def passed_over(record: Record) -> list[tuple[Step, Step]]:
    """(what is still missing, the step that was let go on without it), until it is there.

    Passed by decision is not passed in fact (clinique §4): each later card says so.
    """
    return [
        (record.steps[need], step)
        for step in record.plan()
        if step.waived_by
        for need in record.definition(step).needs
        if record.steps[need].state not in CLOSED
    ]


def waits_text(record: Record, waiting: list[Step]) -> Text:
    lines = tuple(
        text("step.waits_line", label=record.definition(other).label, team=other.team)
        for other in waiting
    )
    return text("step.waits", lines=lines)


# Its hours


def _counts_from(step: Step) -> datetime:
    """Lateness runs from the hour, or from when the step became possible if that was later."""
    return max(step.due_at, step.ready_at or step.due_at)


def next_for(record: Record, step: Step, after: datetime) -> datetime | None:
    """The next instant of attention: a reminder, then the digest of each morning."""
    if step.state != StepState.PLANNED or not record.active:
        return None
    shown, calendar = record.definition(step), record.calendar
    coming = next_reminder(shown, step.on, _counts_from(step), calendar, after)
    return coming[0] if coming else calendar.next(DIGEST_AT, after)


def last_morning(calendar: Calendar, now: datetime) -> datetime:
    """The hour of the digest before the one that is owed now, however late that one is."""
    today = calendar.day(now)
    owed = today if calendar.instant(today, DIGEST_AT) <= now else today - DAY
    # By the clock on the wall: 24 hours are too few the night that clocks go back.
    return calendar.instant(owed - DAY, DIGEST_AT)


def plan_next(record: Record, step: Step) -> None:
    step.next_at = next_for(record, step, record.now)


def first_reminder_passed(record: Record, step: Step) -> bool:
    first = next_for(record, step, LONG_AGO)
    return first is not None and first <= record.now


def refresh(record: Record) -> None:
    """After any change: tell the teams of steps that nothing holds back any more; hold others."""
    for step in record.plan():
        if step.state != StepState.PLANNED:
            continue
        held = bool(waits(record, step))
        if held and step.ready_at is not None:
            step.ready_at = None
            record.withdraw(record.cause(step))
            plan_next(record, step)
        elif not held and step.ready_at is None:
            step.ready_at = record.now
            plan_next(record, step)
            # Freed in time, its reminders will say it; freed after the first, nothing else would.
            if first_reminder_passed(record, step):
                record.tell(step.team, "step.card", step)


def remind(record: Record, step: Step) -> None:
    """Its hour has come: say the newest reminder, and move on to the next one.

    A step that waits for another is not reminded: the one it waits for is. After an outage a team
    gets one message that says where things stand (law 6), not each reminder.
    """
    due = step.next_at or record.now
    coming = reminders(record.definition(step), step.on, _counts_from(step), record.calendar)
    # Nothing passed but a morning: the digest of that morning says it with all the rest.
    passed = [kind for at, kind in coming if due <= at <= record.now]
    plan_next(record, step)
    if not passed or step.next_at is None or waits(record, step):
        return
    late = record.now - due > LATE
    if late:
        record.tell(step.team, "todo.catch_up", cause=f"catch_up:{step.team}")
    if passed[-1] is ReminderKind.LATE_COORDINATOR:
        record.log("step_late", step=step.key)
        record.tell(Team.COORDINATION, "step.late_coordination", step)
    elif not late:
        record.tell(step.team, "step.card", step)


# What may be done now


def must_be_open(record: Record, step: Step) -> None:
    """Refuse what is over; who asks has the right to know it."""
    if step.state in CLOSED:
        at = step.done_at or record.now
        raise Refused(text("step.already_done", who=record.who(step.done_by), at=at))
    if step.state == StepState.CANCELLED or not record.active:
        raise Refused(text("step.cancelled_already", code=record.code))


def must_be_ready(record: Record, step: Step) -> None:
    must_be_open(record, step)
    waiting = waits(record, step)
    if not waiting:
        return
    rows: tuple[tuple[Button, ...], ...] = ()
    if record.definition(step).waivable:
        data = f"step:waive:{record.code}:{step.key}"
        rows = ((Button(text("step.button.waive"), data),),)
    raise Refused(waits_text(record, waiting), rows)
