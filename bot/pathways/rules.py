"""What a pathway must respect to be carried out to its end, beyond being well written."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

from bot.domain.pathway import AlertPlan, CheckPlan, CheckTimes, Pathway, Pause, Product
from bot.domain.words import bare
from bot.pathways import steps
from bot.pathways.lines import Fault, Path
from bot.pathways.steps import FARTHEST, ids, wrong_label

NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
GRADES = range(1, 6)


def check(pathway: Pathway, products: Mapping[str, Product]) -> None:
    """Raise the first fault."""
    for fault in _faults(pathway, products):
        raise fault


def check_products(products: Sequence[Product]) -> None:
    for fault in _product_faults(products):
        raise fault


def _faults(pathway: Pathway, products: Mapping[str, Product]) -> Iterator[Fault]:
    if not NAME.fullmatch(pathway.id):
        yield Fault(("id",), f"'{pathway.id}' is no name of a pathway (a-z, 0-9, _, -)")
    if pathway.version < 1:
        yield Fault(("version",), f"versions are counted from 1, not {pathway.version}")
    if not pathway.title:
        yield Fault(("title",), "a pathway needs a title")
    yield from steps.faults(pathway)
    yield from _pauses(pathway.pauses)
    yield from _checks(pathway.checks)
    yield from steps.watch(pathway)
    yield from _alerts(pathway.alerts)
    yield from _fitting(pathway, products)


def _fitting(pathway: Pathway, products: Mapping[str, Product]) -> Iterator[Fault]:
    if not pathway.products:
        yield Fault(("products",), "a pathway needs a product")
    yield from _each_once(("products",), pathway.products)
    for name in pathway.products:
        if name not in products or not products[name].pathway:
            yield Fault(("products",), f"'{name}' is no product of products.toml with a pathway")
        elif products[name].pathway != pathway.id:
            # Enrolled on another regimen's days, chemotherapy would be asked for on wrong ones.
            other = products[name].pathway
            yield Fault(("products",), f"product '{name}' follows pathway '{other}', not this one")


def _each_once(path: Path, names: Sequence[str]) -> Iterator[Fault]:
    for n, name in enumerate(names):
        if name in names[:n]:
            yield Fault(path, f"'{name}' is there twice")


def _pauses(pauses: Sequence[Pause]) -> Iterator[Fault]:
    for n, pause in enumerate(pauses):
        if said := wrong_label(pause.label):
            yield Fault(("pauses", n, "label"), f"a pause {said}")
        for day in pause.offsets:
            if abs(day) > FARTHEST:
                yield Fault(("pauses", n, "offsets"), f"day {day} is too far from {pause.anchor}")


# Toxicity checks


def _checks(checks: CheckPlan) -> Iterator[Fault]:
    yield from _timetable(checks)
    if not timedelta() < checks.remind < checks.escalate:
        yield Fault(
            ("checks", "remind"), "a check is reminded before it is escalated, after 0 min"
        )
    # The next check closes this one, whose escalation would never come.
    if (least := _least_gap(checks.times)) <= checks.escalate:
        said = f"the next check comes after {least}, before this one is escalated"
        yield Fault(("checks", "escalate"), said)
    yield from _each_once(("checks", "escalate_to"), checks.escalate_to)
    for asked in (checks.in_hospital, checks.after_discharge):
        if not set(checks.escalate_to) - {asked}:
            # Escalated to itself, it would ask again those who do not answer.
            said = f"a check asked of {asked} must be escalated to another team"
            yield Fault(("checks", "escalate_to"), said)


def _timetable(checks: CheckPlan) -> Iterator[Fault]:
    """A day without its hours would be a day that nobody watches."""
    if not 0 <= checks.until_day <= FARTHEST:
        yield Fault(("checks", "until_day"), f"checks cannot end on day {checks.until_day}")
    expected = 0
    for n, each in enumerate(checks.times):
        path = ("checks", "times", n)
        if each.from_day != expected or each.to_day < each.from_day:
            yield Fault(path, f"checks must go on from day {expected}, not {each.from_day}")
        if not each.times:
            yield Fault(path, f"no hour of check from day {each.from_day}")
        expected = each.to_day + 1
    if expected != checks.until_day + 1:
        yield Fault(("checks", "until_day"), f"checks end on day {expected - 1}, not until_day")


def _least_gap(times: Sequence[CheckTimes]) -> timedelta:
    """The least time from one check to the next: the next one closes the one before."""
    minutes = sorted(
        day * 24 * 60 + at.hour * 60 + at.minute
        for each in times
        for day in range(each.from_day, each.to_day + 1)
        for at in each.times
    )
    gaps = (after - before for before, after in pairwise(minutes))
    return timedelta(minutes=min(gaps, default=24 * 60))


# Alerts


def _alerts(alerts: AlertPlan) -> Iterator[Fault]:
    if not alerts.takers:
        yield Fault(("alerts", "takers"), "an alert needs a team that takes it")
    yield from _each_once(("alerts", "takers"), alerts.takers)
    if alerts.neuro_team in alerts.takers:
        # It takes at its own place, and nobody would be left to take at the other.
        said = (
            f"{alerts.neuro_team} takes the neurological alerts, and cannot take all of them too"
        )
        yield Fault(("alerts", "neuro_team"), said)
    if alerts.urgent_from_grade not in GRADES:
        said = f"grades go from 1 to 5, not {alerts.urgent_from_grade}"
        yield Fault(("alerts", "urgent_from_grade"), said)
    yield from _waits(alerts)
    yield from _rungs(alerts)


def _waits(alerts: AlertPlan) -> Iterator[Fault]:
    for name in ("urgent_after", "calm_after", "again", "outcome_after", "outcome_wait"):
        if not getattr(alerts, name):
            yield Fault(("alerts", name), f"'{name}' of 0 min would ring without end")
    if alerts.calm_after < alerts.urgent_after:
        yield Fault(("alerts", "calm_after"), "a calm alert cannot climb before an urgent one")


def _rungs(alerts: AlertPlan) -> Iterator[Fault]:
    if not alerts.rungs:
        yield Fault(("alerts",), "an alert needs a rung")
    for n, rung in enumerate(alerts.rungs):
        path = ("alerts", "rungs", n)
        if not set(alerts.takers) & {*rung.to, *rung.privately}:
            # Heard by nobody who can take it, an alert only rings.
            yield Fault(path, "a rung must reach a team that takes the alert")
        for team in (*rung.privately, *rung.on_call):
            if team not in (*alerts.takers, alerts.neuro_team):
                # Woken for a button that refuses them.
                yield Fault(path, f"{team} takes no alert, so nobody of it is called in private")


# Products


def _product_faults(products: Sequence[Product]) -> Iterator[Fault]:
    yield from ids(("products",), [each.id for each in products])
    for n, product in enumerate(products):
        if said := _wrong_product(product):
            yield Fault(("products", n), f"product '{product.id}' {said}")
        for other in products[:n]:
            if _called_alike(product, other):
                said = f"products '{other.id}' and '{product.id}' cannot be told apart"
                yield Fault(("products", n), said)


def _wrong_product(product: Product) -> str:
    if not product.pathway and not product.reason:
        return "needs a pathway, or a reason for none"
    if said := wrong_label(product.name) or wrong_label(product.brand):
        return said
    if not product.stability or product.infuse_within == timedelta():
        return "cannot be kept for 0 min"
    # A minus sign is easily forgotten, and a shipper read against the wrong limit.
    if product.storage_limit_c >= 0:
        return f"is stored below 0 °C, not at {product.storage_limit_c}"
    return ""


def _called_alike(one: Product, other: Product) -> bool:
    return (bare(one.brand), bare(one.indication)) == (bare(other.brand), bare(other.indication))
