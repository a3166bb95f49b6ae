"""What the steps of a pathway must respect, so that each can be asked, done and passed on."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from itertools import chain

from bot.domain import pathway as domain
from bot.domain.pathway import Anchor, Handover, Item, ItemKind, Pathway, ReadBack, StepDef
from bot.domain.words import bare
from bot.pathways.lines import Fault, Path

SLUG = re.compile(r"[a-z][a-z0-9_]{0,21}")  # "move:apply:TLS-7K4Z:<slug>:<day>:<day>" in 64 bytes
CALLBACK = 64
LABEL = 32  # what a phone shows of a button
ITEMS = 20
VALUES = 40  # a keyboard has at most 100 buttons
WORKING_DAYS = 60
FARTHEST = domain.FARTHEST.days
DAY = timedelta(days=1)
RANGED = (ItemKind.NUMBER, ItemKind.DAY)
ORDER = list(Anchor)


def faults(pathway: Pathway) -> Iterator[Fault]:
    yield from ids(("steps",), [step.id for step in pathway.steps])
    for n, step in enumerate(pathway.steps):
        if said := _wrong_step(step):
            yield Fault(("steps", n), f"step '{step.id}' {said}")
    for n, step in enumerate(pathway.steps):
        yield from _needs(pathway, step, ("steps", n, "needs"))
    yield from _order(pathway)
    for n, step in enumerate(pathway.steps):
        yield from _items(pathway, step, ("steps", n, "items"))
        yield from _countdown(pathway, step, ("steps", n, "countdown_from"))
        yield from _handovers(pathway, step, ("steps", n, "handovers"))
        yield from _reminders(step, ("steps", n, "reminders"))
    yield from _names(pathway)
    yield from _anchors(pathway)


def ids(path: Path, names: Sequence[str]) -> Iterator[Fault]:
    for n, each in enumerate(names):
        if not SLUG.fullmatch(each):
            yield Fault((*path, n, "id"), f"'{each}' is not a short id (a-z, 0-9, _)")
        if each in names[:n]:
            yield Fault((*path, n, "id"), f"'{each}' is there twice")


def wrong_label(label: str) -> str:
    if not 0 < len(label) <= LABEL:
        return f"needs a label of 1 to {LABEL} characters, not {len(label)}"
    if label != label.strip() or len(label.splitlines()) > 1:
        return "needs a label on one line, without spaces around it"
    return ""


# Their order


def _needs(pathway: Pathway, step: StepDef, path: Path) -> Iterator[Fault]:
    known = {each.id for each in pathway.steps}
    for need in step.needs:
        if need not in known:
            yield Fault(path, f"step '{step.id}' needs unknown step '{need}'")
        elif _is_after(pathway.step(need), step):
            yield Fault(path, f"step '{step.id}' needs step '{need}', which comes after it")


def _is_after(one: StepDef, other: StepDef) -> bool:
    """Days are compared from one anchor only; of two anchors, only which comes first is known."""
    if one.anchor is other.anchor:
        return _moment(one) > _moment(other)
    return ORDER.index(one.anchor) > ORDER.index(other.anchor)


def _moment(step: StepDef) -> timedelta:
    return timedelta(days=step.offset) + _clock(step)


def _clock(step: StepDef) -> timedelta:
    return timedelta(hours=step.at.hour, minutes=step.at.minute) + step.delay


def _order(pathway: Pathway) -> Iterator[Fault]:
    try:
        TopologicalSorter({step.id: step.needs for step in pathway.steps}).prepare()
    except CycleError as cycle:
        names = " and ".join(f"'{each}'" for each in cycle.args[1][:2])
        n = [step.id for step in pathway.steps].index(cycle.args[1][0])
        yield Fault(("steps", n, "needs"), f"steps {names} wait for each other")


def _closed_with(pathway: Pathway, step_id: str) -> set[str]:
    """The step itself and all that is surely closed once it is."""
    found: set[str] = set()
    left = [step_id]
    while left:
        if (each := left.pop()) not in found:
            found.add(each)
            left += pathway.step(each).needs
    return found


# One step


def _wrong_step(step: StepDef) -> str:
    if said := wrong_label(step.label):
        return said
    if step.anchor is Anchor.SO:
        return "is counted from SO, which has no date yet when the plan is made: count from J0"
    if abs(step.offset) > FARTHEST:
        return f"is too far from {step.anchor}: {step.offset} days"
    # Every list would show it a day before it is due.
    if _clock(step) >= DAY:
        return "is due after the end of its day: write the next offset instead of the delay"
    if len(step.items) > ITEMS:
        return f"has {len(step.items)} items, and a card holds {ITEMS}"
    return ""


def _reminders(step: StepDef, path: Path) -> Iterator[Fault]:
    if step.reminders.late_team > step.reminders.late_coordinator:
        yield Fault(path, f"step '{step.id}' is late for the coordinator before its team")
    for days, _ in (*step.reminders.working_days_before, *step.reminders.days_before):
        if not 0 < days <= WORKING_DAYS:
            said = f"step '{step.id}' is reminded 1 to {WORKING_DAYS} days before, not {days}"
            yield Fault(path, said)


def _names(pathway: Pathway) -> Iterator[Fault]:
    """People name a step by its id or its label; `J0` is the injection."""
    taken = {"j0": ""}
    for n, step in enumerate(pathway.steps):
        for name in {bare(step.id), bare(step.label)}:
            if taken.setdefault(name, step.id) != step.id:
                yield Fault(("steps", n), f"step '{step.id}' is called like another: '{name}'")


# Its items


def _items(pathway: Pathway, step: StepDef, path: Path) -> Iterator[Fault]:
    yield from ids(path, [item.id for item in step.items])
    for n, item in enumerate(step.items):
        said = wrong_label(item.label) or _wrong_values(item) or _wrong_data(step, n, item)
        if not said and item.equals:
            said = _wrong_equals(pathway, step, item)
        if not said and item.label in [other.label for other in step.items[:n]]:
            said = "has the label of another item"
        if said:
            yield Fault((*path, n), f"item '{step.id}.{item.id}' {said}")


def _wrong_values(item: Item) -> str:
    if item.kind in RANGED:
        return _wrong_range(item)
    if item.low or item.high or item.descending:
        return f"is a {item.kind}: it has no use for low, high or descending"
    if item.kind is ItemKind.CHOICE:
        return _wrong_choices(item.choices)
    return f"is a {item.kind}: it has no use for choices" if item.choices else ""


def _wrong_range(item: Item) -> str:
    if item.choices:
        return f"is a {item.kind}: it has no use for choices"
    if not item.low < item.high:
        return f"needs low < high, not {item.low} and {item.high}"
    if item.high - item.low >= VALUES:
        return f"offers {item.high - item.low + 1} values, and a keyboard holds {VALUES}"
    if item.kind is ItemKind.DAY and max(-item.low, item.high) > FARTHEST:
        return "offers days that are too far away"
    return ""


def _wrong_choices(choices: Sequence[str]) -> str:
    if not 2 <= len(choices) <= VALUES:
        return f"needs two choices or more, up to {VALUES}"
    if len({*choices}) < len(choices):
        return "offers the same choice twice"
    wrong = (f"offers '{each}', which {said}" for each in choices if (said := wrong_label(each)))
    colon = (f"offers '{each}': a choice has no colon" for each in choices if ":" in each)
    return next(chain(wrong, colon), "")


def _wrong_data(step: StepDef, n: int, item: Item) -> str:
    """What a button carries back of it must fit."""
    longest = max(_coded(item), key=lambda each: len(each.encode()))
    data = f"step:set:TLS-7K4Z:{step.id}:{n}:{longest}"
    size = len(data.encode())
    return f"needs {size} bytes of a button's {CALLBACK}: '{data}'" if size > CALLBACK else ""


def _coded(item: Item) -> tuple[str, ...]:
    match item.kind:
        case ItemKind.NUMBER:
            return (str(item.low), str(item.high))
        case ItemKind.DAY:
            return ("2026-04-14",)
        case ItemKind.TIME:
            return ("29621520-60",)
        case ItemKind.CHOICE:
            return item.choices
    return ("1",)


def _wrong_equals(pathway: Pathway, step: StepDef, item: Item) -> str:
    other = _item(pathway, item.equals)
    if other is None:
        return f"must equal unknown item '{item.equals}'"
    if item.kind not in (ItemKind.NUMBER, ItemKind.CHOICE):
        return f"is a {item.kind}, and only a number or a choice can equal another"
    if (other.kind, {*other.values, *other.choices}) != (item.kind, {*item.values, *item.choices}):
        return f"must offer the same values as '{item.equals}'"
    if _step_of(item.equals) not in _closed_with(pathway, step.id) - {step.id}:
        return f"must equal '{item.equals}', of a step that it does not wait for"
    return ""


def _step_of(source: str) -> str:
    return source.partition(".")[0]


def _item(pathway: Pathway, source: str) -> Item | None:
    return next(
        (
            item
            for step in pathway.steps
            for item in step.items
            if f"{step.id}.{item.id}" == source
        ),
        None,
    )


def _countdown(pathway: Pathway, step: StepDef, path: Path) -> Iterator[Fault]:
    source = step.countdown_from
    if not source:
        return
    item = _item(pathway, source)
    if item is None or item.kind is not ItemKind.TIME or item.optional:
        yield Fault(path, f"step '{step.id}' counts down from no hour '{source}'")
    elif _step_of(source) not in _closed_with(pathway, step.id) - {step.id}:
        yield Fault(path, f"step '{step.id}' counts down from '{source}', which it does not need")
    elif pathway.step(_step_of(source)).not_required:
        # A product thawed without its hour has no limit that anybody could know.
        said = f"step '{step.id}' counts down from '{source}', of a step that may be skipped"
        yield Fault(path, said)


# Its handovers


def _handovers(pathway: Pathway, step: StepDef, path: Path) -> Iterator[Fault]:
    for n, handover in enumerate(step.handovers):
        said = _wrong_handover(pathway, step, handover) or _wrong_read_back(pathway, handover)
        if said:
            yield Fault((*path, n), f"handover of '{step.id}' to {handover.to} {said}")


def _wrong_handover(pathway: Pathway, step: StepDef, handover: Handover) -> str:
    if handover.to == step.team:
        # Two keys need two teams.
        return "goes to the team that gives it"
    if not handover.within:
        return "must leave time to accept it: within is 0 min"
    if handover.title and (said := wrong_label(handover.title)):
        return said
    teams = {each.id: each.team for each in pathway.steps}
    for each in handover.once:
        if each not in teams:
            return f"waits for unknown step '{each}'"
        if teams[each] != step.team:
            # Who hands over answers for all of it.
            return f"waits for step '{each}', which is another team's"
    return "" if step.id in handover.once else "does not wait for the step that gives it"


def _wrong_read_back(pathway: Pathway, handover: Handover) -> str:
    if handover.inform != (handover.read_back is ReadBack.NONE):
        return "needs either a read-back or inform = true"
    if (handover.read_back is ReadBack.VALUE) != bool(handover.source):
        return 'needs a source if, and only if, read_back = "value"'
    return _wrong_source(pathway, handover) if handover.source else ""


def _wrong_source(pathway: Pathway, handover: Handover) -> str:
    item = _item(pathway, handover.source)
    if item is None:
        return f"reads back unknown item '{handover.source}'"
    if item.kind not in RANGED:
        return f"reads back '{handover.source}', which is neither a number nor a day"
    if item.optional:
        # Left out, it would leave nothing to read back.
        return f"reads back '{handover.source}', which may be left out"
    closed = set().union(*(_closed_with(pathway, each) for each in handover.once))
    if _step_of(handover.source) not in closed:
        return f"reads back '{handover.source}', which may not be known yet"
    return wrong_label(handover.label)


# What some of them are for all


def _anchors(pathway: Pathway) -> Iterator[Fault]:
    for anchor in (Anchor.AP, Anchor.J0, Anchor.SO):
        bearers = [step for step in pathway.steps if step.anchor_of is anchor]
        if len(bearers) > 1:
            yield Fault(("steps",), f"two steps are the anchor {anchor}")
        if not bearers:
            yield Fault(("steps",), f'no step is the anchor {anchor} (anchor_of = "{anchor}")')
    for n, step in enumerate(pathway.steps):
        if said := _wrong_anchor(step):
            yield Fault(("steps", n, "anchor_of"), f"step '{step.id}' {said}")


def _wrong_anchor(step: StepDef) -> str:
    if step.anchor_of is None:
        return ""
    if step.anchor_of is Anchor.RCP:
        return "cannot be the anchor RCP: its day is the day of enrolment"
    if step.not_required:
        # All that is counted from it would hang on a day that never was.
        return f"is the anchor {step.anchor_of}, and cannot be skipped"
    if step.anchor_of is not Anchor.SO and (step.anchor, step.offset) != (step.anchor_of, 0):
        return f"is the anchor {step.anchor_of}, and must be counted from it with offset 0"
    return ""


def watch(pathway: Pathway) -> Iterator[Fault]:
    """The checks open once and close once, after their last day."""
    marked = {}
    for mark in ("opens_checks", "closes_checks"):
        bearers = [n for n, step in enumerate(pathway.steps) if getattr(step, mark)]
        if len(bearers) != 1:
            yield Fault(("steps",), f"exactly one step must have {mark} = true")
        marked[mark] = bearers[0]
        if pathway.steps[bearers[0]].not_required:
            said = f"a step that {mark.replace('_', ' the ')} cannot be skipped"
            yield Fault(("steps", bearers[0], mark), said)
    opens, closes = (pathway.steps[n] for n in marked.values())
    path = ("steps", marked["closes_checks"], "closes_checks")
    if opens.id not in _closed_with(pathway, closes.id) - {closes.id}:
        yield Fault(path, f"step '{closes.id}' must need '{opens.id}', which opens the checks")
    # Closed before its last round, the watch would leave days that nobody looks at.
    if closes.anchor is not Anchor.J0 or closes.offset < pathway.checks.until_day:
        yield Fault(path, f"step '{closes.id}' closes the checks before until_day")
