"""The alert ladder: when it climbs, who hears, who must take it (PATHWAY, *Alert ladder*)."""

from datetime import timedelta

from bot.domain.pathway import AlertPlan, Rung

NEUROLOGICAL = "icans"


def wait(plan: AlertPlan, grade: int | None, rung: int) -> timedelta:
    """How long after a rung the next one comes; an unknown grade counts as a high one."""
    return plan.again if rung >= len(plan.rungs) - 1 else plan.wait(grade)


def rung_of(plan: AlertPlan, rung: int) -> Rung:
    """Past the last rung, the last one again."""
    return plan.rungs[min(rung, len(plan.rungs) - 1)]


def needs_neurology(sign: str) -> bool:
    return sign == NEUROLOGICAL
