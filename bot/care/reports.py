"""Guided reports: for whom, then what is seen; the tap on it alerts."""

from bot.care.alerts import SIGNS
from bot.care.telling import days, head
from bot.domain.message import Button, Card, Keyboard, Refused, text
from bot.domain.roles import Team
from bot.models import Check, Member, Patient
from bot.store import Unit


def sign_question(unit: Unit, patient: Patient, check: Check | None) -> Card:
    """The first tap of a report: what is seen. The second one alerts."""
    where = f"{patient.id}:{check.id if check else 0}"
    rows: Keyboard = tuple(
        (Button(text(f"alert.button.sign_{sign}"), f"report:sign:{where}:{sign}"),)
        for sign in SIGNS
    )
    back = (Button(text("report.button.cancel"), f"report:cancel:{where}"),)
    return Card(text("report.which_sign", head=head(unit, patient)), (*rows, back))


def whom(unit: Unit, member: Member, verb: str) -> Card:
    """Which patient: those under watch first; one button each."""
    patients = [
        patient
        for patient in unit.patients()
        if member.team == Team.COORDINATION or patient.centre == member.centre
    ]
    if not patients:
        raise Refused(text("patient.none"))
    watched = sorted(patients, key=lambda patient: patient.next_at is None)
    rows: Keyboard = tuple(
        (
            Button(
                text("patient.button.one", code=patient.code, j=days(unit, patient)),
                f"{verb}:{patient.id}",
            ),
        )
        for patient in watched[:40]
    )
    return Card(text("alert.whom" if verb == "alert:new" else "report.whom"), rows)
