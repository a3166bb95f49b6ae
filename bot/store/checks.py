"""Toxicity rounds and their checks."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from bot.models import Check, CheckState, Round
from bot.store.work import Work

OPEN = (CheckState.ASKED.value, CheckState.REPORTING.value)


class Checks(Work):
    """What was asked, of whom, and what they answered."""

    def round(self, round_id: int) -> Round:
        return self.session.get_one(Round, round_id)

    def check(self, check_id: int) -> Check | None:
        return self.get(Check, check_id)

    def checks_in(self, round_id: int) -> Sequence[Check]:
        return self.all(
            select(Check).where(col(Check.round_id) == round_id).order_by(col(Check.id))
        )

    def open_checks_of(self, patient_id: int) -> Sequence[Check]:
        return self.all(
            select(Check)
            .where(col(Check.patient_id) == patient_id, col(Check.state).in_(OPEN))
            .order_by(col(Check.id))
        )

    def last_check_of(self, patient_id: int) -> Check | None:
        """The newest answered check."""
        return self.first(
            select(Check)
            .where(col(Check.patient_id) == patient_id, col(Check.answered_at).is_not(None))
            .order_by(col(Check.answered_at).desc(), col(Check.id).desc())
        )

    def open_rounds(self, team: str = "", centre: str = "") -> Sequence[Round]:
        query = (
            select(Round)
            .where(
                col(Round.id).in_(select(col(Check.round_id)).where(col(Check.state).in_(OPEN)))
            )
            .order_by(col(Round.at), col(Round.id))
        )
        if team:
            query = query.where(col(Round.team) == team)
        if centre:
            query = query.where(col(Round.centre) == centre)
        return self.all(query)

    def due_rounds(self) -> Sequence[Round]:
        return self.all(
            select(Round)
            .where(col(Round.next_at) <= self.now)
            .order_by(col(Round.next_at), col(Round.id))
        )

    def due_reports(self) -> Sequence[Check]:
        """Reports that were begun and not finished."""
        return self.all(
            select(Check)
            .where(col(Check.next_at) <= self.now)
            .order_by(col(Check.next_at), col(Check.id))
        )
