"""Where a patient is: with who said so and when, and what is not known."""

from collections.abc import Sequence
from datetime import date, timedelta

from bot.cards.alerts import sign_text
from bot.cards.common import NOTHING, data, head, parts, rows
from bot.domain import due, ending, schedule
from bot.domain.alert import missing
from bot.domain.check import asked_team
from bot.domain.facts import (
    CLOSED,
    Alert,
    Check,
    Countdown,
    Dated,
    Demand,
    End,
    PatientState,
    Relay,
    RelayState,
    Step,
    StepState,
)
from bot.domain.message import Button, Card, Keyboard, Text, text
from bot.domain.pathway import Anchor
from bot.domain.people import Member
from bot.domain.record import Record

NEXT, DONE, CORRECTABLE = 3, 6, 12
"""How many steps each part shows."""


def one(record: Record, member: Member) -> Card:
    """Phase, J±n, what is done, now, next, late; who said so and when; what is not known."""
    planned = [step for step in record.plan() if step.state == StepState.PLANNED]
    # Late ones stand among the worries; listed again below, they would hide what comes.
    late = [step for step in planned if schedule.is_late(record, step)]
    now = [s for s in planned if s not in late and s.ready_at is not None][:NEXT]
    after = [s for s in planned if s not in late and s not in now][:NEXT]
    paused = record.patient.state
    said = text(
        "status.one",
        head=head(record),
        phase=text(f"status.phase.{due.phase(record)}"),
        product=record.product.brand if record.product else record.patient.product,
        centre=record.patient.centre,
        day0=record.patient.day0_on,
        state=NOTHING if paused == PatientState.ACTIVE else text(f"status.state.{paused}"),
        parts=parts(
            _part("status.part_worries", worries(record)),
            _part("status.part_relays", _relay_lines(record)),
            _part("status.part_now", [_step_line(record, step) for step in now]),
            _part("status.part_next", [_step_line(record, step) for step in after]),
            _part("status.part_done", _done_lines(record)),
            _part("status.part_checks", _check_lines(record)),
            _part("status.part_unknown", _unknown(record)),
        ),
    )
    return Card(said, _buttons(record, member, [*late, *now]))


def _part(key: str, lines: Sequence[Text]) -> Text | None:
    return text(key, lines=tuple(lines), n=len(lines)) if lines else None


def short_line(record: Record) -> Text:
    """One line in a list: the gravest worry, or what comes next."""
    found = worries(record)
    return text(
        "status.line",
        code=record.code,
        j=record.days,
        what=found[0] if found else _next_short(record),
    )


def _next_short(record: Record) -> Text:
    step = next((each for each in record.plan() if each.state == StepState.PLANNED), None)
    if step is None:
        return text("status.nothing_next")
    return text("status.next_short", label=record.definition(step).label, on=step.on)


def worries(record: Record) -> list[Text]:
    """What is wrong now, the gravest first."""
    found = [worry(record, thing) for thing in due.late_things(record)]
    found += [
        text(
            "status.worry_passed_over",
            label=record.definition(missing).label,
            who=record.who(step.waived_member),
            at=step.waived_at or record.now,
            reason=step.waived_by,
        )
        for missing, step in schedule.passed_over(record)
    ]
    # Not late yet, and already the first thing to know.
    found += [_countdown(each) for each in record.running_countdowns() if _runs(record, each)]
    found += [_demand(each) for each in record.open_demands() if each.rung == 0]
    asked = ending.open_end(record)
    if asked is not None and asked.rung == 0:
        found.append(_end(asked))
    return found


def _runs(record: Record, countdown: Countdown) -> bool:
    return countdown.limit_at > record.now


def worry(record: Record, thing: Dated) -> Text:
    match thing:
        case Alert():
            return text("status.worry_alert", number=int(thing.key), sign=sign_text(thing))
        case Countdown():
            return _countdown(thing)
        case Check():
            return text("status.worry_check", at=thing.at)
        case Relay():
            return text("status.worry_relay", team=thing.to_team, until=thing.deadline_at)
        case Demand():
            return _demand(thing)
        case End():
            return _end(thing)
        case Step():
            label = record.definition(thing).label
            return text("status.worry_step", label=label, since=thing.due_at)
    raise TypeError(thing.KIND)


def _countdown(countdown: Countdown) -> Text:
    return text("status.worry_countdown", until=countdown.limit_at)


def _demand(demand: Demand) -> Text:
    return text("status.worry_demand", what=text(f"demand.{demand.what}"), at=demand.asked_at)


def _end(end: End) -> Text:
    return text("status.worry_end", reason=text(f"end.reason.{end.reason}"), at=end.asked_at)


def _step_line(record: Record, step: Step) -> Text:
    waiting = schedule.waits(record, step)
    labels = ", ".join(record.definition(other).label for other in waiting)
    return text(
        "status.step",
        label=record.definition(step).label,
        team=step.team,
        when=step.due_at,
        held=text("status.held_by", labels=labels) if waiting else NOTHING,
    )


def _closed(record: Record) -> list[Step]:
    """What was confirmed, the newest last."""
    closed = [s for s in record.steps.values() if s.state in CLOSED and s.done_at]
    return sorted(closed, key=lambda step: step.done_at or record.now)


def _done_lines(record: Record) -> list[Text]:
    """The last steps closed, each with its evidence."""
    return [_done_line(record, step) for step in _closed(record)[-DONE:]]


def _done_line(record: Record, step: Step) -> Text:
    # Confirmed and read back are two facts, of two teams: each with its own name and hour.
    read_back = tuple(
        text("status.read_back", who=record.who(relay.accepted_by), at=relay.accepted_at)
        for relay in record.relays.values()
        if relay.state == RelayState.ACCEPTED and relay.step == step.key
    )
    return text(
        "status.done" if step.state == StepState.DONE else "status.not_required",
        label=record.definition(step).label,
        who=record.who(step.done_by),
        at=step.done_at,
        read_back=read_back or NOTHING,
    )


def _relay_lines(record: Record) -> list[Text]:
    return [
        text("status.relay", giver=r.from_team, team=r.to_team, until=r.deadline_at)
        for r in record.open_relays()
    ]


def _check_lines(record: Record) -> list[Text]:
    """The watch: what is asked, the last answer, the next question, the grades."""
    watch = record.watch
    said = [
        text("status.check_asked", at=check.at, team=check.team)
        for check in record.unanswered()
        if check.asked_at
    ]
    if watch.last_at is not None:
        who, at = record.who(watch.last_by), watch.last_at
        said.append(text(f"status.check.{watch.last_state}", who=who, at=at))
    if watch.next_at is not None:
        team = asked_team(record).value
        said.append(text("status.next_check", at=watch.next_at, team=team))
    # The highest so far: kept apart from the present one (clinique §1.1).
    grades = [alert.grade for alert in record.alerts.values() if alert.grade]
    if grades:
        said.append(text("status.worst_grade", grade=max(grades)))
    return said


def _unknown(record: Record) -> list[Text]:
    """What was not said, named instead of guessed."""
    said = [
        text("status.unknown_grade", number=int(alert.key))
        for alert in record.running_alerts()
        if alert.grade is None
    ]
    for step in record.plan():
        shown = record.definition(step)
        said += [
            text("status.unknown_value", label=shown.label, item=item.label)
            for item in shown.items
            # Not said is said: an empty line would be read as « nothing to report ».
            if step.state == StepState.DONE and step.values.get(item.id, "") == ""
        ]
        if schedule.is_late(record, step) and step.ready_at is not None:
            said.append(text("status.unknown_step", label=shown.label, team=step.team))
    return said


def _buttons(record: Record, member: Member, steps: Sequence[Step]) -> Keyboard:
    mine = [step for step in steps if member.coordinates or member.team == step.team]
    keys = [
        Button(
            text("status.button.step", label=record.definition(step).label),
            data("step:show", record, step),
        )
        # Four, so that the alert below them is still on the screen.
        for step in mine[:4]
    ]
    # Before all else, and for those alone who must have it.
    keys[:0] = [
        Button(
            text("status.button.take", number=int(alert.key)), data("alert:take", record, alert)
        )
        for alert in record.running_alerts()
        if member.team in missing(record.pathway.alerts, alert)
    ]
    # For whoever sees the patient: who looks one up may be looking at what is wrong.
    keys.append(Button(text("status.button.alert"), f"alert:new:{record.code}"))
    if not member.coordinates:
        return rows(*keys)
    plan_ = Button(text("status.button.plan"), f"status:plan:{record.code}")
    if not record.active:
        return (*rows(*keys), (plan_,))
    correct = Button(text("status.button.correct"), f"status:correct:{record.code}")
    return (*rows(*keys), (plan_, correct))


def plan(record: Record) -> Card:
    """Every step with its day; the pause days are shown and ask nothing."""
    lines = [(step.on, _plan_line(record, step)) for step in record.plan()]
    for pause in record.pathway.pauses:
        for offset in pause.offsets:
            on = _anchor_day(record, pause.anchor) + timedelta(days=offset)
            lines.append((on, text("plan.pause", on=on, j=offset, label=pause.label)))
    ordered = tuple(line for _, line in sorted(lines, key=lambda pair: pair[0]))
    back = Button(text("step.button.back"), f"status:show:{record.code}")
    return Card(text("plan.all", head=head(record), lines=ordered), rows(back))


def _anchor_day(record: Record, anchor: Anchor) -> date:
    patient = record.patient
    return {
        Anchor.RCP: patient.rcp_on,
        Anchor.AP: patient.apheresis_on,
        Anchor.J0: patient.day0_on,
        Anchor.SO: patient.discharge_on,
    }[anchor]


def _plan_line(record: Record, step: Step) -> Text:
    mark = "late" if schedule.is_late(record, step) else step.state
    return text(
        f"plan.line.{mark}",
        on=step.on,
        j=record.calendar.offset(record.patient.day0_on, step.on),
        label=record.definition(step).label,
        team=step.team,
    )


def correctable(record: Record) -> Card:
    """Which confirmation to take back, with a reason."""
    keys = [
        Button(
            text("status.button.undo", label=record.definition(step).label),
            data("step:undo_why", record, step),
        )
        # The newest first: it is nearly always the one that was a slip.
        for step in _closed(record)[: -CORRECTABLE - 1 : -1]
    ]
    return Card(text("status.correct_which", head=head(record)), rows(*keys))
