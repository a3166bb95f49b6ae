"""Reports and alerts: two taps from nothing to the ICU."""

from bot.care import alerts, checks, patients, reports, status
from bot.care.telling import head
from bot.domain.message import Refused, text
from bot.handlers.visit import Visit
from bot.models import Patient


def alert(visit: Visit) -> None:
    """`/alerte`: which patient, and it is gone; `/alerte 7K4Q`: it is gone."""
    if not visit.args:
        visit.say(reports.whom(visit.unit, visit.me, "alert:new"))
        return
    _raise(visit, _meant(visit, "alert:new"))


def _meant(visit: Visit, verb: str) -> Patient:
    """The patient of a typed code; a wrong one in an emergency gets buttons, not a lesson."""
    try:
        return patients.find(visit.unit, visit.me, " ".join(visit.args))
    except Refused as no:
        listed = reports.whom(visit.unit, visit.me, verb).keyboard
        raise Refused(no.text, no.keyboard or listed) from None


def new_alert(visit: Visit) -> None:
    _raise(visit, visit.patient())


def _raise(visit: Visit, patient: Patient) -> None:
    _near(visit, patient)
    raised = alerts.raise_alert(visit.unit, visit.me, patient, "")
    # A new message: what was tapped may be a status that is still to be read.
    visit.say(alerts.raised(visit.unit, raised))


def _near(visit: Visit, patient: Patient) -> None:
    if not status.sees(visit.me, patient):
        raise Refused(text("check.other_centre", centre=patient.centre))


def report(visit: Visit) -> None:
    """`/toxicite [code]`: what is seen; the tap on it alerts."""
    if not visit.args:
        visit.say(reports.whom(visit.unit, visit.me, "report:new"))
        return
    patient = _meant(visit, "report:new")
    _near(visit, patient)
    visit.say(reports.sign_question(visit.unit, patient, None))


def new_report(visit: Visit) -> None:
    patient = visit.patient()
    _near(visit, patient)
    visit.show(reports.sign_question(visit.unit, patient, None))


def report_check(visit: Visit) -> None:
    """*Signaler* in a round."""
    check = visit.unit.check(visit.number())
    if check is None:
        raise Refused(text("check.gone"))
    patient = visit.unit.patient(check.patient_id)
    if not checks.is_open(check):
        # The line is closed, a toxicity is not: it is reported all the same.
        _near(visit, patient)
        visit.say(reports.sign_question(visit.unit, patient, None))
        return
    checks.begin_report(visit.unit, visit.me, check.id)
    # A new message: the round's other patients still wait for their answer in this one.
    visit.say(reports.sign_question(visit.unit, patient, check))
    visit.show(checks.card(visit.unit, visit.unit.round(check.round_id)))


def cancel_report(visit: Visit) -> None:
    if visit.number(1):
        checks.give_up_report(visit.unit, visit.me, visit.number(1))
    patient = visit.patient()
    visit.show(text("report.given_up", head=head(visit.unit, patient)))


def sign(visit: Visit) -> None:
    """What is seen: the alert leaves now, the grade is asked after."""
    patient = visit.patient()
    _near(visit, patient)
    wanted = visit.arg(2)
    if wanted not in alerts.SIGNS:
        raise Refused(text("button.stale"))
    check = visit.unit.check(visit.number(1)) if visit.number(1) else None
    if visit.number(1) and check is None:
        raise Refused(text("check.gone"))
    raised = checks.report(visit.unit, visit.me, patient, wanted, check)
    visit.show(alerts.raised(visit.unit, raised))


def set_sign(visit: Visit) -> None:
    changed = alerts.set_sign(visit.unit, visit.me, visit.number(), visit.arg(1))
    visit.show(alerts.raised(visit.unit, changed))


def set_grade(visit: Visit) -> None:
    changed = alerts.set_grade(visit.unit, visit.me, visit.number(), visit.number(1))
    visit.show(alerts.raised(visit.unit, changed))


def take(visit: Visit) -> None:
    visit.show(alerts.card(visit.unit, alerts.take(visit.unit, visit.me, visit.number())))


def cancel(visit: Visit) -> None:
    visit.show(alerts.card(visit.unit, alerts.cancel(visit.unit, visit.me, visit.number())))


def outcome(visit: Visit) -> None:
    settled = alerts.settle(visit.unit, visit.me, visit.number(), visit.arg(1))
    visit.show(alerts.card(visit.unit, settled))
