"""Demands to the coordination, and countdowns of thawed products."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from bot.models import Countdown, Demand, DemandState
from bot.store.work import Work


class Demands(Work):
    """What was asked and not yet answered; what is thawed and not yet injected."""

    def demand(self, demand_id: int) -> Demand | None:
        return self.get(Demand, demand_id)

    def open_demands(self, step_id: int | None = None) -> Sequence[Demand]:
        query = (
            select(Demand).where(col(Demand.state) == DemandState.OPEN).order_by(col(Demand.id))
        )
        if step_id is not None:
            query = query.where(col(Demand.step_id) == step_id)
        return self.all(query)

    def due_demands(self) -> Sequence[Demand]:
        return self.all(
            select(Demand)
            .where(col(Demand.next_at) <= self.now)
            .order_by(col(Demand.next_at), col(Demand.id))
        )

    def countdowns_of(self, patient_id: int) -> Sequence[Countdown]:
        """Those that run, and those whose limit has passed unstopped."""
        return self.all(
            select(Countdown)
            .where(col(Countdown.patient_id) == patient_id, col(Countdown.stopped_at).is_(None))
            .order_by(col(Countdown.id))
        )

    def last_countdown(self, step_id: int) -> Countdown | None:
        """The newest one of a step, even stopped."""
        return self.first(
            select(Countdown)
            .where(col(Countdown.step_id) == step_id)
            .order_by(col(Countdown.id).desc())
        )

    def due_countdowns(self) -> Sequence[Countdown]:
        return self.all(
            select(Countdown)
            .where(col(Countdown.next_at) <= self.now)
            .order_by(col(Countdown.next_at), col(Countdown.id))
        )
