"""Alerts."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from bot.models import Alert, AlertState
from bot.store.work import Work

RUNNING = (AlertState.OPEN.value, AlertState.TAKEN.value)


class Alerts(Work):
    """What somebody must take in charge."""

    def alert(self, alert_id: int) -> Alert | None:
        return self.get(Alert, alert_id)

    def running_alerts(self, patient_id: int | None = None) -> Sequence[Alert]:
        query = select(Alert).where(col(Alert.state).in_(RUNNING)).order_by(col(Alert.id))
        if patient_id is not None:
            query = query.where(col(Alert.patient_id) == patient_id)
        return self.all(query)

    def alerts_of(self, patient_id: int) -> Sequence[Alert]:
        return self.all(
            select(Alert).where(col(Alert.patient_id) == patient_id).order_by(col(Alert.id))
        )

    def due_alerts(self) -> Sequence[Alert]:
        return self.all(
            select(Alert)
            .where(col(Alert.next_at) <= self.now)
            .order_by(col(Alert.next_at), col(Alert.id))
        )
