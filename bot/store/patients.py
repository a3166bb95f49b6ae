"""Patients."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from bot.models import Patient, PatientState
from bot.store.work import Work


class Patients(Work):
    """Who is followed."""

    def patient(self, patient_id: int) -> Patient:
        return self.session.get_one(Patient, patient_id)

    def patient_by_code(self, code: str) -> Patient | None:
        return self.first(select(Patient).where(col(Patient.code) == code))

    def patients(self) -> Sequence[Patient]:
        """Those whose pathway is not ended, the nearest injection first."""
        return self.all(
            select(Patient)
            .where(col(Patient.state) != PatientState.ENDED)
            .order_by(col(Patient.day0_on), col(Patient.id))
        )

    def codes(self) -> Sequence[str]:
        return self.session.scalars(select(col(Patient.code))).all()

    def due_checks(self) -> Sequence[Patient]:
        """Those whose next toxicity check has come."""
        return self.all(
            select(Patient)
            .where(col(Patient.next_at) <= self.now)
            .order_by(col(Patient.next_at), col(Patient.id))
        )
