"""How a step looks: as its team sees it, its checklist, once it is closed."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from bot.cards.common import NOTHING, data, head, lines_or_nothing, pair_up, passed_over, rows
from bot.domain import checklist as checklists
from bot.domain import move, schedule
from bot.domain.demand import PROBLEMS
from bot.domain.facts import CountdownState, Step, StepState
from bot.domain.message import Button, Card, Keyboard, Text, text
from bot.domain.pathway import Item, ItemKind
from bot.domain.record import Record

PER_ROW = 4
DAYS_AHEAD = (1, 2, 3, 4, 7, 14)
CLOSED = {
    StepState.DONE.value: "step.done",
    StepState.NOT_REQUIRED.value: "step.not_required",
    StepState.CANCELLED.value: "step.cancelled",
}


def card(record: Record, step: Step) -> Card:
    """The step as its team sees it: what, who, when, what to press."""
    if step.state != StepState.PLANNED:
        return closed(record, step)
    waiting = schedule.waits(record, step)
    late = schedule.is_late(record, step)
    said = text(
        "step.card",
        head=head(record),
        label=record.definition(step).label,
        team=step.team,
        centre=record.patient.centre,
        when=step.due_at,
        late=text("step.late", since=step.due_at) if late else NOTHING,
        limit=_limit(record, step),
        waits=schedule.waits_text(record, waiting) if waiting else NOTHING,
        missing=passed_over(record),
    )
    return Card(said, buttons(record, step))


def _limit(record: Record, step: Step) -> Text:
    """Until when a thawed product may be given, while its clock runs."""
    running = [
        each
        for each in record.countdowns.values()
        if each.step == step.key and each.state == CountdownState.RUNNING
    ]
    return text("step.limit", until=running[-1].limit_at) if running else NOTHING


def buttons(record: Record, step: Step) -> Keyboard:
    return (
        (Button(text("step.button.done"), data("step:done", record, step)),),
        (
            Button(text("step.button.move"), data("step:move", record, step)),
            Button(text("step.button.problem"), data("step:problem", record, step)),
        ),
    )


def closed(record: Record, step: Step) -> Card:
    return Card(
        text(
            CLOSED[step.state],
            head=head(record),
            label=record.definition(step).label,
            who=record.who(step.done_by),
            at=step.done_at or record.now,
            values=lines_or_nothing(describe(record, step)),
            note=step.note,
        )
    )


def confirmed(record: Record, step: Step) -> Card:
    """What its author sees just after: done, and the way back for ten minutes."""
    # A slip is undone where it was made; later it takes the coordination and a reason.
    undo = Button(text("step.button.undo"), data("step:undo", record, step))
    return Card(closed(record, step).text, rows(undo))


def waived(record: Record, step: Step, by: int, reason: str) -> Card:
    return Card(
        text(
            "step.waived",
            head=head(record),
            label=record.definition(step).label,
            who=record.who(by),
            reason=reason,
        )
    )


def undone(record: Record, step: Step, by: int, reason: str) -> Card:
    said = text(
        "step.undone",
        head=head(record),
        label=record.definition(step).label,
        who=record.who(by),
        # Its author needs no reason for ten minutes; the coordination always gives one.
        reason=text("step.because", reason=reason) if reason else NOTHING,
        missing=passed_over(record),
    )
    return Card(said, buttons(record, step))


def late_coordination(record: Record, step: Step) -> Card:
    """What is late climbs to the coordination, with the step's own buttons."""
    said = text(
        "step.late_coordination",
        head=head(record),
        label=record.definition(step).label,
        team=step.team,
        centre=record.patient.centre,
        since=step.due_at,
        missing=passed_over(record),
    )
    return Card(said, buttons(record, step))


# The checklist


def checklist(record: Record, step: Step) -> Card:
    """The checklist of a step, ready to be ticked; *Confirmer* once it is complete."""
    shown = record.definition(step)
    said = text(
        "step.checklist",
        head=head(record),
        label=shown.label,
        lines=lines_or_nothing(describe(record, step)),
        missing=passed_over(record),
    )
    keys: list[tuple[Button, ...]] = []
    for number, item in enumerate(shown.items):
        keys += _item_buttons(record, step, item, number)
    # Once something is ticked it is being done, and « non requis » would contradict it.
    if shown.not_required and not step.values:
        keys.append((Button(text("step.button.not_required"), data("step:skip", record, step)),))
    if checklists.complete(shown, step.values):
        keys.append((Button(text("step.button.confirm"), data("step:confirm", record, step)),))
    keys.append((_back(record, step),))
    return Card(said, tuple(keys))


def _back(record: Record, step: Step) -> Button:
    return Button(text("step.button.back"), data("step:show", record, step))


def describe(record: Record, step: Step) -> list[Text]:
    """One line an item: what is ticked with its value, what is still open."""
    return [_line(record, step, item) for item in record.definition(step).items]


def _line(record: Record, step: Step, item: Item) -> Text:
    label = _label(record, step, item)
    if item.id not in step.values:
        return text("item.open", label=label)
    if item.kind is ItemKind.CHECK:
        return text("item.ticked", label=label)
    return text("item.valued", label=label, value=shown_value(item, step.values[item.id]))


def _label(record: Record, step: Step, item: Item) -> Text | str:
    """What is asked; of the hour that starts the product's clock, the instant of its label."""
    since = record.product.stability_from if record.product else None
    started = {each.countdown_from for each in record.pathway.steps}
    if since is None or f"{step.key}.{item.id}" not in started:
        return item.label
    # An hour noted of another instant grants a thawed product more than its label does.
    return text(f"item.stability_from.{since}")


def shown_value(item: Item, value: Any) -> Text | str:
    """A stored value as people read it."""
    if item.kind is ItemKind.TIME:
        return text("item.time", at=datetime.fromisoformat(value))
    if item.kind is ItemKind.DAY:
        return text("item.day", on=date.fromisoformat(value))
    if item.kind is ItemKind.TEXT and not value:
        # Ticked without a word: said, so that nobody believes that a word was lost.
        return text("item.unspecified")
    return str(value)


def _item_buttons(record: Record, step: Step, item: Item, number: int) -> list[tuple[Button, ...]]:
    """An open item as a button (or one per value) that starts with ☐; a ticked one with ☑."""
    if item.id in step.values:
        ticked = _ticked(record, step, item)
        return [(Button(ticked, data("step:clear", record, step, number)),)]
    if item.kind in (ItemKind.CHECK, ItemKind.TEXT):
        # By its number, not its name: 64 bytes hold a step, an item and a value (Bot API).
        label = text("item.button.open", label=item.label)
        return [(Button(label, data("step:set", record, step, number, 1)),)]
    keys = [
        Button(
            _value_label(record, step, item, coded, first=place == 0),
            data("step:set", record, step, number, coded),
        )
        for place, coded in enumerate(checklists.offered(item, record.now, record.calendar))
    ]
    # The first one bears the item's name and has its row to itself.
    return [(keys[0],), *pair_up(keys[1:], PER_ROW)]


def _ticked(record: Record, step: Step, item: Item) -> Text:
    label = _label(record, step, item)
    if item.kind is ItemKind.CHECK:
        return text("item.button.ticked", label=label)
    value = shown_value(item, step.values[item.id])
    return text("item.button.valued", label=label, value=value)


def _value_label(record: Record, step: Step, item: Item, coded: str, *, first: bool) -> Text:
    value = shown_value(item, checklists.read(item, coded, record.now, record.calendar))
    if first:
        return text("item.button.first", label=_label(record, step, item), value=value)
    return text("item.button.value", value=value)


# Reasons, problems


def ask_why(record: Record, step: Step, kind: str) -> Card:
    """The next typed line is the reason."""
    said = text(f"why.{kind}", head=head(record), label=record.definition(step).label)
    return Card(said, rows(Button(text("draft.button.cancel"), "draft:leave")))


def ask_problem(record: Record, step: Step) -> Card:
    """*Problème*: a reason in one tap, or typed."""
    said = text("problem.which", head=head(record), label=record.definition(step).label)
    reasons = [
        Button(text(f"problem.button.{reason}"), data("step:why", record, step, reason))
        for reason in PROBLEMS
    ]
    return Card(said, rows(*reasons, _back(record, step)))


# Moving


def which_step(record: Record) -> Card:
    """Which step to move: those still to do, one button each."""
    found = [step for step in record.plan() if step.state == StepState.PLANNED]
    buttons = [
        Button(
            text("move.button.step", label=record.definition(step).label, on=step.on),
            data("step:move", record, step),
        )
        for step in found
    ]
    return Card(text("move.which", head=head(record)), rows(*buttons))


def which_day(record: Record, step: Step, verb: str) -> Card:
    """*Reporter*: some days to choose from; another one can be typed."""
    # From today at the earliest: what is late can only be moved ahead.
    first = max(step.on, record.today)
    ahead = [first + timedelta(days=n) for n in DAYS_AHEAD]
    days = [
        Button(text("date.button.day", on=on), data(verb, record, step, on.isoformat()))
        for on in ahead
    ]
    label = record.definition(step).label
    said = text("move.which_day", head=head(record), label=label, on=step.on)
    return Card(said, (*pair_up(days), (_back(record, step),)))


def move_asked(record: Record, step: Step, on: date) -> Card:
    """What the team sees: asked, not moved."""
    said = text(
        "move.asked_by_you",
        head=head(record),
        label=record.definition(step).label,
        was=step.on,
        on=on,
    )
    return Card(said, buttons(record, step))


def move_preview(record: Record, step: Step, on: date) -> Card:
    """What the move would change, team by team; nothing changes yet."""
    changes = move.shifts(record, step, on)
    said = text(
        "move.preview",
        head=head(record),
        label=record.definition(step).label,
        was=step.on,
        on=on,
        teams=tuple(
            text("move.team", team=team, lines=move.lines(record, of))
            for team, of in move.by_team(changes).items()
        ),
        warnings=lines_or_nothing(_disorders(record, changes)),
        n=len(changes),
    )
    apply = Button(
        text("move.button.apply"),
        # Both days: once somebody else has moved it, this button is refused.
        data("move:apply", record, step, step.on.isoformat(), on.isoformat()),
    )
    return Card(said, rows(apply, Button(text("draft.button.cancel"), "draft:leave")))


def _disorders(record: Record, changes: Sequence[move.Shift]) -> list[Text]:
    return [
        text("move.warn_order", label=late.label, before=early.label)
        for late, early in move.disorders(record, changes)
    ]


def moved(record: Record, step: Step) -> Card:
    label = record.definition(step).label
    return Card(text("move.moved", head=head(record), label=label, on=step.on))


def told(record: Record, step: Step, by: int, lines: tuple[Text, ...]) -> Card:
    said = text(
        "move.told",
        head=head(record),
        label=record.definition(step).label,
        on=step.on,
        who=record.who(by),
        changes=lines,
    )
    return Card(said)
