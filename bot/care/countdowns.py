"""The thawed product does not wait: from the start of its clock to the limit of its stability.

The limits are the products' own (`bot/pathways/products.toml`, reference: clinique §4).
"""

from datetime import datetime, timedelta

from bot.care.planning import definition, values_of
from bot.care.telling import head, pathway_of, tell
from bot.domain.message import Card, Priority, Text, Value, text
from bot.domain.roles import Team
from bot.models import Countdown, Patient, Step
from bot.store import Unit

WARNINGS = (timedelta(minutes=30), timedelta(minutes=10), timedelta(0))
"""Before the limit; the last one is the limit itself."""


def start_after(unit: Unit, step: Step) -> None:
    """Closing this step may start the clock of another one: say until when, then watch."""
    patient = unit.patient(step.patient_id)
    for other in unit.steps_of(patient.id):
        slug, _, item = definition(unit, other).countdown_from.partition(".")
        if slug == step.slug:
            started = datetime.fromisoformat(values_of(step)[item])
            _start(unit, patient, other, started)


def _start(unit: Unit, patient: Patient, step: Step, started: datetime) -> None:
    product = next(each for each in unit.network.products if each.id == patient.product)
    countdown = unit.add(
        Countdown(
            patient_id=patient.id,
            step_id=step.id,
            started_at=started,
            limit_at=started + product.stability,
        )
    )
    countdown.next_at = _next(countdown, unit.now)
    unit.add(countdown)
    unit.record("countdown_started", patient=patient.id, step=step.slug)
    said = text("countdown.started", **_values(unit, countdown, step))
    _tell(unit, countdown, said, (step.team,))


def _next(countdown: Countdown, after: datetime) -> datetime | None:
    coming = (countdown.limit_at - before for before in WARNINGS)
    return next((at for at in coming if at > after), None)


def stop(unit: Unit, step: Step) -> None:
    """The step was done, or the thaw taken back: nothing runs any more."""
    for countdown in unit.countdowns_of(step.patient_id):
        watched = unit.step(countdown.step_id)
        source = definition(unit, watched).countdown_from if watched else ""
        if step.id == countdown.step_id or source.startswith(f"{step.slug}."):
            countdown.next_at, countdown.stopped_at = None, unit.now
            unit.add(countdown)
            unit.withdraw(f"countdown:{countdown.id}")


def resume(unit: Unit, step: Step) -> None:
    """The step was taken back while its product is still thawed: the clock never stood still."""
    countdown = unit.last_countdown(step.id)
    if countdown is not None and countdown.stopped_at is not None:
        countdown.stopped_at, countdown.next_at = None, _next(countdown, unit.now)
        unit.add(countdown)


def tick(unit: Unit, countdown: Countdown) -> None:
    """Half an hour left, ten minutes left, over: the unit and the pharmacy, then everybody."""
    over = countdown.limit_at <= unit.now
    countdown.next_at = _next(countdown, unit.now)
    unit.add(countdown)
    step = unit.step(countdown.step_id)
    assert step is not None
    giver = _giver(unit, step)
    if over:
        unit.record("countdown_over", patient=countdown.patient_id, step=step.slug)
        said = text("countdown.over", **_values(unit, countdown, step))
        _tell(unit, countdown, said, (step.team, giver, Team.COORDINATION.value))
    else:
        said = text("countdown.left", **_values(unit, countdown, step))
        _tell(unit, countdown, said, (step.team, giver))


def _giver(unit: Unit, step: Step) -> str:
    """The team whose step started the clock."""
    pathway = pathway_of(unit.patient(step.patient_id))
    return pathway.step(definition(unit, step).countdown_from.partition(".")[0]).team.value


def _tell(unit: Unit, countdown: Countdown, said: Text, teams: tuple[str, ...]) -> None:
    patient = unit.patient(countdown.patient_id)
    stamp = f"countdown:{countdown.id}:{unit.stamp()}"
    for team in dict.fromkeys(teams):
        tell(
            unit,
            team,
            patient.centre,
            Card(said),
            f"{stamp}:{team}",
            priority=Priority.ALERT,
            cause=f"countdown:{countdown.id}",
        )


def _values(unit: Unit, countdown: Countdown, step: Step) -> dict[str, Value]:
    patient = unit.patient(countdown.patient_id)
    product = next(each for each in unit.network.products if each.id == patient.product)
    left = countdown.limit_at - unit.now
    return {
        "head": head(unit, patient),
        "label": definition(unit, step).label,
        "product": product.brand,
        "since": countdown.started_at,
        "until": countdown.limit_at,
        "n": max(0, round(left.total_seconds() / 60)),
    }
