"""The thawed product does not wait: from the start of its clock to the limit of its stability.

The limits are the products' own (`bot/pathways/products.toml`, reference: clinique §4).
"""

from datetime import datetime, timedelta

from bot.domain.facts import Countdown, CountdownState, Step
from bot.domain.message import Priority
from bot.domain.record import Record
from bot.domain.roles import Team

# A label may allow 30 minutes in all (tisa-cel) or 3 hours (axi-cel): clinique §4.
WARNINGS = (timedelta(minutes=30), timedelta(minutes=10), timedelta(0))
"""Before the limit; the last one is the limit itself."""
AGAIN = timedelta(hours=1)
"""Past its limit, how often it is said until somebody confirms or takes back the thaw."""


def start_after(record: Record, step: Step) -> None:
    """Closing this step may start the clock of another one: say until when, then watch."""
    for other in record.plan():
        slug, _, item = record.definition(other).countdown_from.partition(".")
        if slug == step.key and item in step.values:
            _start(record, step, other, datetime.fromisoformat(step.values[item]))


def _start(record: Record, giver: Step, step: Step, started: datetime) -> None:
    assert record.product is not None, "a patient without a product thaws nothing"
    # From the hour that was noted, not from the tap: hands are busy while it thaws.
    limit = started + record.product.stability
    countdown = record.add(
        Countdown(
            key=record.next_number(Countdown),
            step=step.key,
            giver=giver.team,
            product=record.product.brand,
            started_at=started,
            limit_at=limit,
            next_at=_next(limit, record.now),
        )
    )
    record.log("countdown_started", step=step.key)
    if limit <= record.now:
        # Confirmed long after its hour: there is nothing left to inject before.
        tick(record, countdown)
        return
    # The dose is lost after it, and another one takes weeks to make (clinique §4).
    record.tell(step.team, "countdown.started", countdown, priority=Priority.ALERT)


def _next(limit: datetime, after: datetime) -> datetime:
    coming = (limit - before for before in WARNINGS)
    # Thawed is thawed: past its limit it is still in somebody's hands, and still asked about.
    return next((at for at in coming if at > after), after + AGAIN)


def stop(record: Record, step: Step) -> None:
    """The step was done, or the thaw taken back: nothing runs any more."""
    for countdown in record.running_countdowns():
        source = record.pathway.step(countdown.step).countdown_from
        if step.key == countdown.step or source.startswith(f"{step.key}."):
            countdown.become(CountdownState.STOPPED)
            countdown.next_at = None
            record.withdraw(record.cause(countdown))


def resume(record: Record, step: Step) -> None:
    """The step was taken back while its product is still thawed: the clock never stood still."""
    of_step = [each for each in record.countdowns.values() if each.step == step.key]
    if not of_step or of_step[-1].state != CountdownState.STOPPED:
        return
    countdown = of_step[-1]
    countdown.become(CountdownState.RUNNING)
    countdown.next_at = _next(countdown.limit_at, record.now)
    if countdown.limit_at <= record.now:
        tick(record, countdown)


def tick(record: Record, countdown: Countdown) -> None:
    """Half an hour left, ten minutes left, over: the unit and the pharmacy, then everybody."""
    countdown.next_at = _next(countdown.limit_at, record.now)
    teams = [record.steps[countdown.step].team, countdown.giver]
    card = "countdown.left"
    if countdown.limit_at <= record.now:
        record.log("countdown_over", step=countdown.step)
        card, teams = "countdown.over", [*teams, Team.COORDINATION.value]
    for team in dict.fromkeys(teams):
        record.tell(team, card, countdown, priority=Priority.ALERT)
