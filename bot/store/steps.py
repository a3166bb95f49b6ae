"""Steps of pathways."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from bot.models import Patient, PatientState, Step, StepState
from bot.store.work import Work


class Steps(Work):
    """What is planned, done, late."""

    def step(self, step_id: int) -> Step | None:
        return self.get(Step, step_id)

    def steps_of(self, patient_id: int) -> Sequence[Step]:
        found = self.keep(Step, patient_id, select(Step).where(col(Step.patient_id) == patient_id))
        return sorted(found, key=lambda step: (step.due_at, step.position))

    def due_steps(self) -> Sequence[Step]:
        return self.all(
            select(Step)
            .where(col(Step.next_at) <= self.now)
            .order_by(col(Step.next_at), col(Step.id))
        )

    def planned_steps(self, team: str = "", centre: str = "") -> Sequence[Step]:
        """Steps still to do of running pathways, most urgent first."""
        query = (
            select(Step)
            .join(Patient, col(Patient.id) == col(Step.patient_id))
            .where(
                col(Step.state) == StepState.PLANNED,
                col(Patient.state) == PatientState.ACTIVE,
            )
            .order_by(col(Step.due_at), col(Step.id))
        )
        if team:
            query = query.where(col(Step.team) == team)
        if centre:
            query = query.where(col(Patient.centre) == centre)
        return self.all(query)
