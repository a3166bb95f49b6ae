"""Moving a date: shown before, told once to each team, old reminders void at that instant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain import check, demand, schedule
from bot.domain.facts import CLOSED, Step, StepState
from bot.domain.message import Refused, Text, text
from bot.domain.pathway import Anchor, StepDef, check_anchors, planned
from bot.domain.people import Member
from bot.domain.record import Record
from bot.domain.words import bare


@dataclass(frozen=True, slots=True)
class Shift:
    """What becomes of one step."""

    step: Step
    was: date
    on: date


def target(record: Record, typed: str) -> Step:
    """The step that is meant: its id, its label, or J0 for the injection."""
    wanted = bare(typed)
    if wanted == "j0":
        return record.steps[anchor_step(record, Anchor.J0).id]
    for slug, step in record.steps.items():
        if wanted in (bare(slug), bare(record.pathway.step(slug).label)):
            return step
    close = [step for slug, step in record.steps.items() if bare(slug).startswith(wanted)]
    if wanted and len(close) == 1:
        return close[0]
    raise Refused(text("move.which_step", known=", ".join(record.steps)))


def anchor_step(record: Record, anchor: Anchor) -> StepDef:
    return next(step for step in record.pathway.steps if step.anchor_of is anchor)


def must_be_possible(record: Record, step: Step, on: date) -> None:
    """Refuse a date that cannot be."""
    if not record.active:
        raise Refused(text("patient.ended", code=record.code))
    if step.state in CLOSED or step.state == StepState.CANCELLED:
        raise Refused(text("move.closed"))
    if on == step.on:
        raise Refused(text("move.same_day", on=on))
    anchor = record.definition(step).anchor_of
    anchors = {Anchor.AP: record.patient.apheresis_on, Anchor.J0: record.patient.day0_on}
    if anchor in anchors:
        anchors[anchor] = on
    # Only the day just chosen has to be still to come: the other may have taken place.
    check_anchors(anchors, record.today, moved=on)


def affected(record: Record, step: Step) -> list[Step]:
    """The step and, when it bears an anchor, all that is counted from it and still to do."""
    anchor = record.definition(step).anchor_of
    return [
        other
        for other in record.plan()
        # What is done keeps its day: that is when it happened.
        if other.state == StepState.PLANNED
        and (other is step or (anchor and record.definition(other).anchor is anchor))
    ]


def shifts(record: Record, step: Step, on: date) -> list[Shift]:
    delta = on - step.on
    return [Shift(other, other.on, other.on + delta) for other in affected(record, step)]


def by_team(changes: Sequence[Shift]) -> dict[str, list[Shift]]:
    """Each team's own changes, in the order of the pathway."""
    found: dict[str, list[Shift]] = {}
    for change in changes:
        found.setdefault(change.step.team, []).append(change)
    return found


def disorders(record: Record, changes: Sequence[Shift]) -> list[tuple[StepDef, StepDef]]:
    """Steps that would fall before one that they need."""
    moved = {change.step.key: change.on for change in changes}
    on = {slug: moved.get(slug, step.on) for slug, step in record.steps.items()}
    return [
        (each, record.pathway.step(need))
        for each in record.pathway.steps
        for need in each.needs
        if (each.id in moved or need in moved) and on[each.id] < on[need]
    ]


def ask(record: Record, step: Step, by: Member, on: date) -> None:
    """The team asks; only the coordination moves."""
    schedule.must_be_open(record, step)
    must_be_possible(record, step, on)
    record.log("move_asked", by.id, step=step.key, on=on.isoformat())
    demand.make_move(record, step, by, on)


def apply(record: Record, step: Step, by: Member, was: date, on: date) -> None:
    """Move what was previewed, unless the date has changed since."""
    if step.state != StepState.PLANNED:
        raise Refused(text("move.closed"))
    if step.on == on != was:
        raise Refused(text("move.already", on=on))
    if step.on != was:
        raise Refused(text("move.changed_meanwhile"))
    must_be_possible(record, step, on)
    _carry_out(record, step, on, by)


def follow_reality(record: Record, step: Step, on: date, by: Member) -> None:
    """A step that bears an anchor took place on another day: what is counted from it follows."""
    if on != step.on:
        _carry_out(record, step, on, by)


def _carry_out(record: Record, step: Step, on: date, by: Member) -> None:
    shown, was = record.definition(step), step.on
    changes = shifts(record, step, on)
    _shift_anchor(record, shown.anchor_of, on - was)
    for change in changes:
        _shift(record, change)
    # A step that took place is closed, so not among the changes: it moves by itself.
    if step.on == was:
        again = planned(shown, on, record.calendar)
        step.on, step.due_at = again.on, again.due_at
    record.log("date_moved", by.id, step=step.key, was=was.isoformat(), on=on.isoformat())
    demand.settle_moves(record, step.key, "move.moved")
    for team, of in by_team(changes).items():
        record.news(team, "move.told", step, by=by.id, lines=lines(record, of))
    # Rounds are counted from J0, and would ring on the old days.
    if shown.anchor_of is Anchor.J0:
        check.adjust_watch(record)


def lines(record: Record, changes: Sequence[Shift]) -> tuple[Text, ...]:
    """What changes, a line a step."""
    return tuple(
        text(
            "move.line",
            label=record.definition(change.step).label,
            was=change.was,
            on=change.on,
        )
        for change in changes
    )


def _shift(record: Record, change: Shift) -> None:
    step = change.step
    again = planned(record.definition(step), change.on, record.calendar)
    step.on, step.due_at = again.on, again.due_at
    if step.ready_at is not None:
        step.ready_at = record.now  # brought into the past, it is late from now on, not for ever
    cause = record.cause(step)
    record.withdraw(cause)
    record.show(cause, "move.moved", step)
    schedule.plan_next(record, step)


def _shift_anchor(record: Record, anchor: Anchor | None, delta: timedelta) -> None:
    patient = record.patient
    if anchor is Anchor.AP:
        patient.apheresis_on += delta
    elif anchor is Anchor.J0:
        # The stay is counted from J0: its end moves with it.
        patient.day0_on += delta
        patient.discharge_on += delta
    elif anchor is Anchor.SO:
        patient.discharge_on += delta
