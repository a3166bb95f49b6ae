"""Relays: patients between two teams."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from bot.models import Patient, Relay, RelayState
from bot.store.work import Work


class Relays(Work):
    """What one team offered and another must read back."""

    def relay(self, relay_id: int) -> Relay | None:
        return self.get(Relay, relay_id)

    def relays_of(self, patient_id: int) -> Sequence[Relay]:
        """Those that were not taken back, in the order in which they were offered."""
        of_patient = select(Relay).where(col(Relay.patient_id) == patient_id)
        found = self.keep(Relay, patient_id, of_patient.order_by(col(Relay.id)))
        return [relay for relay in found if relay.state != RelayState.CANCELLED]

    def open_relays(self, team: str = "", centre: str = "") -> Sequence[Relay]:
        query = (
            select(Relay)
            .join(Patient, col(Patient.id) == col(Relay.patient_id))
            .where(col(Relay.state) == RelayState.OFFERED)
            .order_by(col(Relay.deadline_at), col(Relay.id))
        )
        if team:
            query = query.where(col(Relay.to_team) == team)
        if centre:
            query = query.where(col(Patient.centre) == centre)
        return self.all(query)

    def due_relays(self) -> Sequence[Relay]:
        return self.all(
            select(Relay)
            .where(col(Relay.next_at) <= self.now)
            .order_by(col(Relay.next_at), col(Relay.id))
        )
