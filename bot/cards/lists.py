"""Lists: what is to do, what is late, who there is; each a page at a time."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from bot.cards import checks, status
from bot.cards.alerts import sign_text
from bot.cards.common import SHOWN, data, head, more, parts, rows
from bot.domain import due, schedule
from bot.domain.check import escalated
from bot.domain.facts import Alert, Check, Countdown, Dated, Demand, End, Relay, Step
from bot.domain.message import Button, Card, Keyboard, Text, text
from bot.domain.people import Group
from bot.domain.record import Record

Line = tuple[Record, Dated]
NOTHING_LATE = "late.nothing"
"""The key of the answer when nothing is late."""


# What is to do


def todo(
    calling: Sequence[Line], lines: Sequence[Line], team: str, offset: int, total: int, key: str
) -> Card:
    """What one team has open, most urgent first; on each page, before all else, what calls it."""
    if not total and not calling:
        return Card(text("todo.nothing", team=team))
    every = (*calling, *lines)
    said = tuple(_todo_line(*line) for line in every)
    keys: list[tuple[Button, ...]] = [_todo_button(*line) for line in every]
    shown = offset + len(lines)
    card = text(key, team=team, lines=said, n=total + len(calling))
    return Card(card, (*keys, *more("todo:page", shown, total)))


def _todo_line(record: Record, thing: Dated) -> Text:
    shown = head(record)
    match thing:
        case Alert():
            number, sign = int(thing.key), sign_text(thing)
            return text("todo.alert", head=shown, number=number, sign=sign, at=thing.raised_at)
        case Relay():
            until, team = thing.deadline_at, thing.from_team
            return text("todo.relay", head=shown, until=until, team=team)
        case Check():
            key = "todo.check_escalated" if escalated(thing) else "todo.check"
            return text(key, head=shown, at=thing.at)
        case Demand():
            what = text(f"demand.{thing.what}")
            return text("todo.demand", head=shown, what=what, at=thing.asked_at)
        case End():
            reason = text(f"end.reason.{thing.reason}")
            return text("todo.end", head=shown, reason=reason, at=thing.asked_at)
        case Step():
            key = "todo.step_late" if schedule.is_late(record, thing) else "todo.step"
            label = record.definition(thing).label
            return text(key, head=shown, label=label, when=thing.due_at)
    raise TypeError(thing.KIND)


def _todo_button(record: Record, thing: Dated) -> tuple[Button, ...]:
    match thing:
        case Alert():
            label = text("todo.button.take", code=record.code)
            return (Button(label, data("alert:take", record, thing)),)
        case Relay():
            label = text("todo.button.relay", code=record.code)
            return (Button(label, data("relay:show", record, thing)),)
        case Check():
            # Answered from the list itself: a round has to cost one tap.
            return checks.row(record, thing)
        case Demand():
            label = text("todo.button.demand", code=record.code)
            return (Button(label, data("demand:show", record, thing)),)
        case End():
            label = text("todo.button.end", code=record.code)
            return (Button(label, data("end:show", record, thing)),)
        case Step():
            return (_step_button(record, thing),)
    raise TypeError(thing.KIND)


def _step_button(record: Record, step: Step) -> Button:
    label = record.definition(step).label
    return Button(
        text("todo.button.step", label=label, code=record.code), data("step:show", record, step)
    )


# What is late


def late(lines: Sequence[Line], offset: int, total: int, now: datetime) -> Card:
    """What is late in the network, whoever owes it."""
    if not total:
        return Card(text(NOTHING_LATE, at=now))
    said = tuple(late_line(*line) for line in lines)
    # Steps alone: the others have a message of their own, with its buttons.
    keys = rows(*(_step_button(r, thing) for r, thing in lines if isinstance(thing, Step)))
    shown = offset + len(lines)
    card = text("late.list", lines=said, n=total)
    return Card(card, (*keys, *more("late:page", shown, total)))


def late_line(record: Record, thing: Dated) -> Text:
    shown = head(record)
    match thing:
        case Alert():
            key = "late.alert" if thing.taken_at is None else "late.alert_taken"
            return text(key, head=shown, number=int(thing.key), at=thing.raised_at)
        case Countdown():
            return text("late.countdown", head=shown, until=thing.limit_at)
        case Check():
            return text("late.check", head=shown, team=thing.team, at=thing.at)
        case Relay():
            until = thing.deadline_at
            return text("late.relay", head=shown, team=thing.to_team, until=until)
        case Demand():
            what, who = text(f"demand.{thing.what}"), record.who(thing.asked_by)
            return text("late.demand", head=shown, what=what, who=who, at=thing.asked_at)
        case End():
            reason, who = text(f"end.reason.{thing.reason}"), record.who(thing.asked_by)
            return text("late.end", head=shown, reason=reason, who=who, at=thing.asked_at)
        case Step():
            # Held, it is the step before it about which somebody can do something.
            key = "late.step" if thing.ready_at else "late.step_held"
            label, since = record.definition(thing).label, thing.due_at
            return text(key, head=shown, label=label, team=thing.team, since=since)
    raise TypeError(thing.KIND)


# Who there is


def everyone(
    worried: Sequence[Record],
    n_worried: int,
    others: Sequence[Record],
    phases: Mapping[str, int],
    offset: int,
    now: datetime,
) -> Card:
    """Every running pathway: how many in each phase, those with a worry first."""
    total = sum(phases.values())
    counts = tuple(
        text("status.count", phase=text(f"status.phase.{phase}"), n=phases[phase])
        for phase in due.PHASES
        if phases.get(phase)
    )
    shown = [*worried, *others]
    blocks = parts(
        text("status.counts", lines=counts),
        _block(text("status.worries", n=n_worried), worried),
        _block(text("status.others", n=total - n_worried), others),
    )
    keys = rows(*(patient_button("status:show", record) for record in shown))
    said = text("status.all", n=total, blocks=blocks, at=now)
    return Card(said, (*keys, *more("status:page", offset + len(shown), total)))


def _block(title: Text, records: Sequence[Record]) -> Text | None:
    if not records:
        return None
    lines = tuple(status.short_line(record) for record in records)
    return text("status.block", title=title, lines=lines)


def patient_button(verb: str, record: Record) -> Button:
    label = text("patient.button.one", code=record.code, j=record.days)
    return Button(label, f"{verb}:{record.code}")


def choose(records: Sequence[Record], verb: str, offset: int, total: int) -> Card:
    """Which patient an alert or a report is about: those under watch first."""
    keys = rows(*(patient_button(verb, record) for record in records))
    said = text("alert.whom" if verb == "alert:new" else "report.whom")
    shown = offset + len(records)
    return Card(said, (*keys, *more(f"choose:page:{verb.partition(':')[0]}", shown, total)))


def near(codes: Sequence[str], verb: str) -> Keyboard:
    """The patients that a mistyped code may have meant."""
    # Proposed and never assumed: a character away is another patient.
    return rows(*(Button(text("patient.button.near", code=c), f"{verb}:{c}") for c in codes))


# The morning


def digest(
    on: datetime, n: int, late_card: Card, missed: Text, lost: Text, proof: Text, posted: Text
) -> Card:
    said = text(
        "digest.morning",
        on=on,
        n=n,
        late=late_card.text,
        missed=missed,
        lost=lost,
        proof=proof,
        posted=posted,
    )
    return Card(said, late_card.keyboard)


def lost(groups: Sequence[Group]) -> Text:
    """The groups that receive nothing; nothing if all do."""
    if not groups:
        return text("nothing")
    shown = sorted(groups, key=lambda group: (group.centre, group.team, group.chat_id))[:SHOWN]
    lines = tuple(text("digest.lost_line", team=g.team, centre=g.centre) for g in shown)
    return text("digest.lost", n=len(groups), lines=lines)


def missed(lines: Sequence[tuple[Record, Check]], total: int) -> Text:
    """Rounds that stayed without an answer since the last morning."""
    said = tuple(
        text("digest.missed_line", code=record.code, at=check.at, team=check.team)
        for record, check in lines
    )
    return text("digest.missed", n=total, lines=said)


def detail(found: dict[str, object]) -> str | date:
    """What an event says besides who and when."""
    if found.get("on"):
        return date.fromisoformat(str(found["on"]))
    # The weightiest alone: /historique gives an event one line.
    for key in ("reason", "note", "outcome", "grade", "sign", "to", "given", "rung"):
        if found.get(key):
            return str(found[key])
    return ""
