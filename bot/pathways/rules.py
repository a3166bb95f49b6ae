"""What a pathway must respect to be carried out, beyond being well written."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter

from bot.domain.pathway import (
    AlertPlan,
    CheckPlan,
    Handover,
    Item,
    ItemKind,
    Pathway,
    Product,
    ReadBack,
    StepDef,
)
from bot.domain.plain import Misread, Path

SLUG = re.compile(r"[a-z][a-z0-9_]{0,23}")  # ids travel in Telegram's 64 bytes of callback data
LABEL = 32  # what a phone shows of a button
RANGED = (ItemKind.NUMBER, ItemKind.DAY)


def check(pathway: Pathway, products: Mapping[str, Product]) -> None:
    """Raise the first fault."""
    for fault in _faults(pathway, products):
        raise fault


def check_products(products: Sequence[Product]) -> None:
    for fault in _ids(("products",), [each.id for each in products]):
        raise fault
    for n, product in enumerate(products):
        if not product.fits and not product.reason:
            raise Misread(
                ("products", n), f"product '{product.id}' needs a pathway, or a reason for none"
            )


def _faults(pathway: Pathway, products: Mapping[str, Product]) -> Iterator[Misread]:
    yield from _ids(("steps",), [step.id for step in pathway.steps])
    for n, step in enumerate(pathway.steps):
        yield from _needs(pathway, step, ("steps", n, "needs"))
        yield from _items(pathway, step, ("steps", n, "items"))
        yield from _handovers(pathway, step, ("steps", n, "handovers"))
        yield from _reminders(step, ("steps", n, "reminders"))
    yield from _order(pathway)
    yield from _markers(pathway)
    yield from _checks(pathway.checks)
    yield from _alerts(pathway.alerts)
    for name in pathway.products:
        if name not in products or not products[name].fits:
            yield Misread(("products",), f"'{name}' is no product of products.toml with a pathway")


def _ids(path: Path, ids: Sequence[str]) -> Iterator[Misread]:
    for n, each in enumerate(ids):
        if not SLUG.fullmatch(each):
            yield Misread((*path, n, "id"), f"'{each}' is not a short id (a-z, 0-9, _)")
        if each in ids[:n]:
            yield Misread((*path, n, "id"), f"'{each}' is there twice")


def _known(pathway: Pathway) -> frozenset[str]:
    return frozenset(step.id for step in pathway.steps)


def _needs(pathway: Pathway, step: StepDef, path: Path) -> Iterator[Misread]:
    for need in step.needs:
        if need not in _known(pathway):
            yield Misread(path, f"step '{step.id}' needs unknown step '{need}'")
        elif _is_after(pathway.step(need), step):
            yield Misread(path, f"step '{step.id}' needs step '{need}', which comes after it")


def _is_after(one: StepDef, other: StepDef) -> bool:
    """Days from different anchors cannot be compared."""
    return one.anchor == other.anchor and _moment(one) > _moment(other)


def _moment(step: StepDef) -> timedelta:
    clock = timedelta(hours=step.at.hour, minutes=step.at.minute)
    return timedelta(days=step.offset) + clock + step.delay


def _order(pathway: Pathway) -> Iterator[Misread]:
    try:
        TopologicalSorter({step.id: step.needs for step in pathway.steps}).prepare()
    except CycleError as cycle:
        names = " and ".join(f"'{each}'" for each in cycle.args[1][:2])
        n = [step.id for step in pathway.steps].index(cycle.args[1][0])
        yield Misread(("steps", n, "needs"), f"steps {names} wait for each other")


def _items(pathway: Pathway, step: StepDef, path: Path) -> Iterator[Misread]:
    yield from _ids(path, [item.id for item in step.items])
    for n, item in enumerate(step.items):
        if said := _wrong_item(pathway, item):
            yield Misread((*path, n), f"item '{step.id}.{item.id}' {said}")
    if step.countdown_from and not _is_hour(pathway, step.countdown_from):
        yield Misread(path, f"step '{step.id}' counts down from no hour '{step.countdown_from}'")


def _wrong_item(pathway: Pathway, item: Item) -> str:
    if not 0 < len(item.label) <= LABEL:
        return f"needs a label of 1 to {LABEL} characters, not {len(item.label)}"
    if item.kind in RANGED and not item.low < item.high:
        return f"needs low < high, not {item.low} and {item.high}"
    if item.kind is ItemKind.CHOICE and len(item.choices) < 2:
        return "needs two choices or more"
    if item.equals and not _holds(pathway, item.equals):
        return f"must equal unknown item '{item.equals}'"
    return ""


def _holds(pathway: Pathway, source: str) -> bool:
    step_id, _, item_id = source.partition(".")
    return any(
        step.id == step_id and item.id == item_id for step in pathway.steps for item in step.items
    )


def _is_hour(pathway: Pathway, source: str) -> bool:
    return any(
        f"{step.id}.{item.id}" == source and item.kind is ItemKind.TIME and not item.optional
        for step in pathway.steps
        for item in step.items
    )


def _handovers(pathway: Pathway, step: StepDef, path: Path) -> Iterator[Misread]:
    for n, handover in enumerate(step.handovers):
        if said := _wrong_handover(pathway, step, handover):
            yield Misread((*path, n), f"handover of '{step.id}' to {handover.to} {said}")


def _wrong_handover(pathway: Pathway, step: StepDef, handover: Handover) -> str:
    if handover.to == step.team:
        return "goes to the team that gives it"
    if handover.inform != (handover.read_back is ReadBack.NONE):
        return "needs either a read-back or inform = true"
    if (handover.read_back is ReadBack.VALUE) != bool(handover.source):
        return 'needs a source if, and only if, read_back = "value"'
    if handover.source and not _holds(pathway, handover.source):
        return f"reads back unknown item '{handover.source}'"
    unknown = [each for each in handover.once if each not in _known(pathway)]
    return f"waits for unknown step '{unknown[0]}'" if unknown else ""


def _reminders(step: StepDef, path: Path) -> Iterator[Misread]:
    if step.reminders.late_team > step.reminders.late_coordinator:
        yield Misread(path, f"step '{step.id}' is late for the coordinator before its team")


def _markers(pathway: Pathway) -> Iterator[Misread]:
    moved = [step.anchor_of for step in pathway.steps if step.anchor_of]
    for anchor in sorted(set(moved)):
        if moved.count(anchor) > 1:
            yield Misread(("steps",), f"two steps are the anchor {anchor}")
    for mark in ("opens_checks", "closes_checks"):
        if sum(getattr(step, mark) for step in pathway.steps) != 1:
            yield Misread(("steps",), f"exactly one step must have {mark} = true")


def _checks(checks: CheckPlan) -> Iterator[Misread]:
    """A day without its hours would be a day that nobody watches."""
    expected = 0
    for n, each in enumerate(checks.times):
        path = ("checks", "times", n)
        if each.from_day != expected or each.to_day < each.from_day:
            yield Misread(path, f"checks must go on from day {expected}, not {each.from_day}")
        if not each.times:
            yield Misread(path, f"no hour of check from day {each.from_day}")
        expected = each.to_day + 1
    if expected != checks.until_day + 1:
        yield Misread(("checks", "until_day"), f"checks end on day {expected - 1}, not until_day")
    if checks.remind >= checks.escalate:
        yield Misread(("checks", "remind"), "a check is reminded before it is escalated")


def _alerts(alerts: AlertPlan) -> Iterator[Misread]:
    if not alerts.takers:
        yield Misread(("alerts", "takers"), "an alert needs a team that takes it")
    if not alerts.rungs:
        yield Misread(("alerts",), "an alert needs a rung")
    for n, rung in enumerate(alerts.rungs):
        if not rung.to + rung.privately:
            yield Misread(("alerts", "rungs", n), "a rung must reach a group, or every member")
