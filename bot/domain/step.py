"""Steps: who ticked, confirmed, took back; and what follows from it.

A step is planned until it is done, not required, or cancelled with its patient's pathway.
"""

from datetime import timedelta
from typing import Any

from bot.domain import check, checklist, countdown, demand, move, relay, schedule
from bot.domain.facts import CLOSED, Step, StepState
from bot.domain.message import Button, Refused, text
from bot.domain.pathway import Item
from bot.domain.people import Member
from bot.domain.record import Record
from bot.domain.roles import Team

UNDO_WAIT = timedelta(minutes=10)
"""How long its author may take a confirmation back (CONTRACT, *Commands*)."""


def tick(record: Record, step: Step, item: Item, value: Any) -> None:
    """Set one item of the checklist; it is shared by the whole team."""
    schedule.must_be_ready(record, step)
    _must_equal_announced(record, step, item, value)
    step.values = step.values | {item.id: value}


def clear(record: Record, step: Step, item: Item) -> None:
    schedule.must_be_ready(record, step)
    step.values = {name: value for name, value in step.values.items() if name != item.id}


def _must_equal_announced(record: Record, step: Step, item: Item, value: Any) -> None:
    """What is counted must be what was announced, else it is a problem and not a tick."""
    if not item.equals:
        return
    slug, name = item.equals.split(".")
    announced = record.steps[slug].values.get(name)
    # Not as many bags as certified: whose product this is, is in doubt (clinique §5.2).
    if announced is not None and announced != value:
        data = f"step:problem:{record.code}:{step.key}"
        said = text("step.differs", label=item.label, counted=str(value), announced=str(announced))
        raise Refused(said, ((Button(text("step.button.problem"), data),),))


def confirm(record: Record, step: Step, by: Member) -> None:
    """The giver's key: the step is done, and everything that follows from it starts."""
    schedule.must_be_ready(record, step)
    shown = record.definition(step)
    if not checklist.complete(shown, step.values):
        raise Refused(text("step.incomplete"))
    if shown.closes_checks and record.today < step.on:
        # A tap too early would silence the watch; the coordination may bring the day forward.
        raise Refused(text("step.watch_not_over", on=step.on))
    # Again: what was announced may have been taken back and announced anew since the tick.
    for item in shown.items:
        if item.id in step.values:
            _must_equal_announced(record, step, item, step.values[item.id])
    _close(record, step, by, StepState.DONE, "step_done")


def skip(record: Record, step: Step, by: Member, reason: str) -> None:
    """Close a step as not required, with its reason (reference: clinique §3.4)."""
    schedule.must_be_ready(record, step)
    if not record.definition(step).not_required:
        raise Refused(text("button.stale"))
    step.note = reason
    _close(record, step, by, StepState.NOT_REQUIRED, "step_not_required")


def waive(record: Record, step: Step, by: Member, reason: str) -> None:
    """Its team lets the step go on without what it waits for (gate, clinique §4)."""
    schedule.must_be_open(record, step)
    if not record.definition(step).waivable:
        raise Refused(text("button.stale"))
    step.waived_by, step.waived_at, step.waived_member = reason, record.now, by.id
    record.log("step_waived", by.id, step=step.key, reason=reason)
    # Passed by decision is not passed in fact: it has to be seen by more than its author.
    record.news(Team.COORDINATION, "step.waived", step, by=by.id, reason=reason)
    schedule.refresh(record)


def _close(record: Record, step: Step, by: Member, state: StepState, event: str) -> None:
    step.become(state)
    step.done_at, step.done_by, step.next_at = record.now, by.id, None
    # Before the real day replaces it: taken back, the step has its plan again.
    step.planned_on = step.on
    record.log(
        event,
        by.id,
        step=step.key,
        values=step.values,
        note=step.note,
        planned=step.on.isoformat(),
    )
    cause = record.cause(step)
    record.withdraw(cause)
    record.show(cause, "step.closed", step)
    # The real dates first: what comes free after is counted from them.
    _follow(record, step, by)
    demand.settle_moves(record, step.key, "step.closed")
    countdown.stop(record, step)
    countdown.start_after(record, step)
    relay.offer_after(record, step)
    schedule.refresh(record)


def _follow(record: Record, step: Step, by: Member) -> None:
    """What closing a step changes for its patient: real dates, the toxicity watch."""
    shown = record.definition(step)
    if shown.anchor_of is not None:
        on = checklist.day_of(shown, step.values, record.now, record.calendar)
        move.follow_reality(record, step, on, by)
    if shown.opens_checks or shown.closes_checks:
        check.adjust_watch(record)
    check.direct_watch(record)


def undo(record: Record, step: Step, by: Member, reason: str = "") -> None:
    """Take a confirmation back: its author for ten minutes, then the coordinator with a reason."""
    if step.state not in CLOSED or step.done_at is None:
        raise Refused(text("step.nothing_to_undo"))
    if not record.active:
        raise Refused(text("patient.ended", code=record.code))
    fresh = step.done_by == by.id and record.now <= step.done_at + UNDO_WAIT
    if not fresh and not (by.coordinates and reason):
        raise Refused(text("step.undo_too_late"))
    _must_not_be_built_upon(record, step)
    step.become(StepState.PLANNED)
    step.done_at = step.done_by = None
    step.note = ""
    # A waiver was given for that once: whoever decides again says so again.
    step.waived_by, step.waived_at, step.waived_member = "", None, None
    step.ready_at = record.now  # whatever its reminders said before, they start again
    record.log("step_undone", by.id, step=step.key, reason=reason)
    relay.cancel_resting_on(record, step)
    countdown.stop(record, step)
    countdown.resume(record, step)
    _restore(record, step, by)
    schedule.plan_next(record, step)
    record.tell(step.team, "step.undone", step, by=by.id, reason=reason)
    schedule.refresh(record)


def _restore(record: Record, step: Step, by: Member) -> None:
    """Take back what closing it changed for its patient: the dates, the toxicity watch."""
    shown, was = record.definition(step), step.planned_on or step.on
    # A day that has passed is no plan any more: the coordination chooses another.
    if shown.anchor_of is not None and was >= record.today:
        move.follow_reality(record, step, was, by)
    if shown.opens_checks or shown.closes_checks:
        check.adjust_watch(record)
    check.direct_watch(record)


def _must_not_be_built_upon(record: Record, step: Step) -> None:
    for other in record.steps.values():
        shown = record.definition(other)
        # What was let go on without it is not built upon it.
        if other.state in CLOSED and step.key in shown.needs and not other.waived_by:
            raise Refused(text("step.built_upon", label=shown.label))


def report_problem(record: Record, step: Step, by: Member, reason: str) -> None:
    """Tell the coordination what is wrong, until somebody there has seen it."""
    schedule.must_be_open(record, step)
    record.log("problem", by.id, step=step.key, reason=reason)
    demand.make_problem(record, step, by, reason)
