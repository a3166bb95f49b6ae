"""How a demand looks to the coordination, and its answer to the team."""

from datetime import date

from bot.cards.common import data, head, rows
from bot.domain.facts import Demand, DemandKind, StepState
from bot.domain.message import Button, Card, Value, text
from bot.domain.record import Record


def card(record: Record, demand: Demand) -> Card:
    """The demand as the coordination sees it."""
    step = record.steps[demand.step]
    common = _common(record, demand) | {"who": record.who(demand.asked_by)}
    if demand.what == DemandKind.PROBLEM:
        seen = Button(text("step.button.problem_seen"), data("demand:seen", record, demand))
        said = text("step.problem", **common, reason=demand.note, at=demand.asked_at)
        if step.state != StepState.PLANNED:
            return Card(said, rows(seen))
        # A problem often ends in another day.
        move = Button(text("step.button.move"), data("step:move", record, step))
        return Card(said, rows(seen, move))
    on = _wanted(demand)
    # No yes in one tap: what else moves with it has to be seen first.
    preview = Button(
        text("move.button.preview"), data("move:preview", record, step, on.isoformat())
    )
    keep = Button(text("move.button.refuse"), data("demand:refuse", record, demand))
    return Card(text("move.asked", **common, was=demand.was, on=on), rows(preview, keep))


def _common(record: Record, demand: Demand) -> dict[str, Value]:
    label = record.definition(record.steps[demand.step]).label
    return {"head": head(record), "label": label}


def _wanted(demand: Demand) -> date:
    return demand.on or demand.was


def again(record: Record, demand: Demand) -> Card:
    # The whole of it: whoever reads this one alone can answer from it.
    shown = card(record, demand)
    said = text("demand.again", at=demand.asked_at, said=shown.text)
    return Card(said, shown.keyboard)


def seen(record: Record, demand: Demand) -> Card:
    by = record.who(demand.answered_by)
    return Card(text("step.problem_seen", **_common(record, demand), who=by))


def refused(record: Record, demand: Demand) -> Card:
    return Card(
        text(
            "move.refused",
            **_common(record, demand),
            who=record.who(demand.answered_by),
            was=record.steps[demand.step].on,
            on=_wanted(demand),
        )
    )


def kept(record: Record, demand: Demand) -> Card:
    """What the coordination sees once it has refused."""
    on = record.steps[demand.step].on
    return Card(text("move.kept", **_common(record, demand), on=on))


def seen_by_you(record: Record) -> Card:
    return Card(text("problem.seen_by_you", head=head(record)))
