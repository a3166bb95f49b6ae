"""Toxicity rounds: asked, answered, or escalated; there is no fourth outcome.

Who is asked and when is data of the pathway (PATHWAY, *Toxicity checks*).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.care import alerts
from bot.care.telling import days, name_of, pathway_of, tell
from bot.domain.message import Button, Card, Keyboard, Priority, Refused, Text, text
from bot.domain.pathway import Anchor, next_check
from bot.domain.roles import Team
from bot.models import (
    Alert,
    Check,
    CheckState,
    Member,
    Patient,
    PatientState,
    Round,
    Step,
    StepState,
)
from bot.store import Unit

UNFINISHED = timedelta(minutes=5)
"""A report begun and left is worth an alert after this: somebody saw something."""
LATE = timedelta(minutes=15)
LAST_RUNG = 2
"""Reminded, then escalated: after that the next round, or the morning digest, takes over."""


def next_for(unit: Unit, patient: Patient) -> datetime | None:
    """The patient's next check; none once the watch is over."""
    plan = pathway_of(patient).checks
    return next_check(plan, patient.day0_on, unit.network.calendar, unit.now)


def stop(unit: Unit, patient: Patient) -> None:
    """No more checks; what is still asked is void, what somebody began to report is not."""
    patient.next_at = None
    unit.add(patient)
    for check in _unanswered(unit, patient):
        _close(unit, check, CheckState.CANCELLED)
        _refresh(unit, unit.round(check.round_id))


def resume(unit: Unit, patient: Patient) -> None:
    """The watch goes on, if it was opened: its end was taken back."""
    patient.next_at = next_for(unit, patient) if watched(unit, patient) else None
    unit.add(patient)


def watched(unit: Unit, patient: Patient) -> bool:
    """Between the step that opens the checks and the one that closes them."""
    pathway = pathway_of(patient)
    done = [pathway.step(s.slug) for s in unit.steps_of(patient.id) if s.state == StepState.DONE]
    opened = any(step.opens_checks for step in done)
    return opened and not any(step.closes_checks for step in done)


def _unanswered(unit: Unit, patient: Patient) -> list[Check]:
    """What was only asked: a report under way has its own clock and ends as an alert."""
    return [c for c in unit.open_checks_of(patient.id) if c.state == CheckState.ASKED]


def asked_team(unit: Unit, patient: Patient) -> Team:
    """The unit while the patient is in hospital, the coordination afterwards."""
    plan = pathway_of(patient).checks
    return plan.after_discharge if discharged(unit, patient) else plan.in_hospital


def discharged(unit: Unit, patient: Patient) -> bool:
    pathway = pathway_of(patient)

    def leaves(step: Step) -> bool:
        return step.state == StepState.DONE and pathway.step(step.slug).anchor_of is Anchor.SO

    return any(leaves(step) for step in unit.steps_of(patient.id))


# What the clock does


def ask(unit: Unit, patients: Sequence[Patient]) -> None:
    """Ask one unit about its patients whose check has come: one message for all of them.

    Rounds whose hour passed while the bot was off, and that a newer one replaces, are
    recorded as missed and told to the coordination.
    """
    team, centre = asked_team(unit, patients[0]), patients[0].centre
    at = max(_newest_due(unit, patient) for patient in patients)
    round_ = unit.add(Round(team=team.value, centre=centre, at=at))
    for patient in patients:
        _replace_older(unit, patient)
        unit.add(Check(round_id=round_.id, patient_id=patient.id))
        patient.next_at = next_for(unit, patient)
        unit.add(patient)
    round_.next_at = unit.now + pathway_of(patients[0]).checks.remind
    unit.add(round_)
    shown = card(unit, round_)
    tell(unit, team, centre, shown, f"round:{round_.id}", cause=f"round:{round_.id}")


def _newest_due(unit: Unit, patient: Patient) -> datetime:
    """The newest instant at or before now at which this patient should be asked."""
    newest = patient.next_at or unit.now
    for at in _due_instants(unit, patient):
        newest = at
    return newest


def _due_instants(unit: Unit, patient: Patient) -> list[datetime]:
    plan, calendar = pathway_of(patient).checks, unit.network.calendar
    found: list[datetime] = []
    at = patient.next_at
    while at is not None and at <= unit.now:
        found.append(at)
        at = next_check(plan, patient.day0_on, calendar, at)
    return found


def _replace_older(unit: Unit, patient: Patient) -> None:
    """What was asked before and not answered is now missed; so is what was never asked."""
    for check in _unanswered(unit, patient):
        older = unit.round(check.round_id)
        _close(unit, check, CheckState.MISSED)
        unit.record("check_missed", patient=patient.id, check=check.id)
        _refresh(unit, older)
    for missed in _due_instants(unit, patient)[:-1]:
        unit.record("check_missed", patient=patient.id, at=missed.isoformat())
        said = text("check.never_asked", code=patient.code, j=days(unit, patient), at=missed)
        key = f"check:never:{patient.id}:{missed.isoformat()}"
        tell(unit, Team.COORDINATION, patient.centre, Card(said), key)


def climb(unit: Unit, round_: Round) -> None:
    """A round with open lines: reminded to its team, then escalated (PATHWAY: 60, 120 min)."""
    open_ = [check for check in unit.checks_in(round_.id) if is_open(check)]
    round_.rung += 1
    round_.next_at = None
    unit.add(round_)
    if not open_:
        return
    plan = pathway_of(unit.patient(open_[0].patient_id)).checks
    key = f"round:{round_.id}:rung:{round_.rung}"
    unit.record("round_late", round=round_.id, rung=round_.rung)
    if round_.rung == 1:
        round_.next_at = max(unit.now, round_.at + plan.escalate)
        if round_.next_at <= unit.now:
            round_.next_at = unit.now + (plan.escalate - plan.remind)
        shown = card(unit, round_, "check.round_again")
        tell(unit, round_.team, round_.centre, shown, key, cause=f"round:{round_.id}")
        return
    shown = card(unit, round_, "check.round_escalated")
    for team in dict.fromkeys((*plan.escalate_to, Team(round_.team))):
        tell(
            unit,
            team,
            round_.centre,
            shown,
            f"{key}:{team}",
            priority=Priority.ALERT,
            cause=f"round:{round_.id}",
        )


def finish_report(unit: Unit, check: Check) -> Alert | None:
    """A report was begun and left: whoever began it saw something, so it becomes an alert."""
    if check.state != CheckState.REPORTING:
        check.next_at = None
        unit.add(check)
        return None
    alert = alerts.raise_alert(unit, None, unit.patient(check.patient_id), "", check=check)
    # Whoever began it is told what becomes of it.
    alert.team = unit.round(check.round_id).team
    unit.add(alert)
    mark_reported(unit, check, None)
    return alert


# What is shown


def card(unit: Unit, round_: Round, key: str = "check.round") -> Card:
    """One line and two buttons per patient."""
    checks = unit.checks_in(round_.id)
    lines = tuple(_line(unit, check) for check in checks)
    rows: Keyboard = tuple(_row(unit, check) for check in checks if is_open(check))
    late = unit.now - round_.at > LATE and key == "check.round" and round_.rung == 0
    said = text(
        key,
        at=round_.at,
        team=round_.team,
        lines=lines,
        n=len(checks),
        late=text("check.late") if late else text("nothing"),
    )
    return Card(said, rows)


def _line(unit: Unit, check: Check) -> Text:
    patient = unit.patient(check.patient_id)
    return text(
        f"check.line.{check.state}",
        code=patient.code,
        j=days(unit, patient),
        who=name_of(unit, check.answered_by),
        at=check.answered_at or unit.now,
    )


def _row(unit: Unit, check: Check) -> tuple[Button, ...]:
    code = unit.patient(check.patient_id).code
    return (
        Button(text("check.button.ras", code=code), f"check:ras:{check.id}"),
        Button(text("check.button.report", code=code), f"check:report:{check.id}"),
    )


def _refresh(unit: Unit, round_: Round) -> None:
    key = f"round:{round_.id}:at:{unit.stamp()}"
    cause = f"round:{round_.id}"
    if not any(is_open(check) for check in unit.checks_in(round_.id)):
        round_.next_at = None
        unit.add(round_)
        unit.withdraw(cause)
    unit.rewrite(cause, card(unit, round_), key)


def is_open(check: Check) -> bool:
    return check.state in (CheckState.ASKED, CheckState.REPORTING)


# What people do


def asked(unit: Unit, member: Member, check_id: int) -> Check:
    """The check if it still waits for an answer that this member may give."""
    check = unit.check(check_id)
    if check is None or check.state in (CheckState.CANCELLED, CheckState.MISSED):
        raise Refused(text("check.gone"))
    if not is_open(check):
        who, at = name_of(unit, check.answered_by), check.answered_at or unit.now
        raise Refused(text("check.already", who=who, at=at))
    patient = unit.patient(check.patient_id)
    if patient.state != PatientState.ACTIVE:
        raise Refused(text("check.gone"))
    if member.team != Team.COORDINATION and member.centre != patient.centre:
        raise Refused(text("check.other_centre", centre=patient.centre))
    return check


def answer_ras(unit: Unit, member: Member, check_id: int) -> Round:
    """Nothing to report for this patient."""
    check = asked(unit, member, check_id)
    if check.state == CheckState.REPORTING:
        # Somebody saw something: only that report's own buttons end it.
        raise Refused(text("check.being_reported"))
    won = unit.claim(
        check,
        CheckState.ASKED.value,
        state=CheckState.RAS.value,
        answered_at=unit.now,
        answered_by=member.id,
        next_at=None,
    )
    if not won:
        who, at = name_of(unit, check.answered_by), check.answered_at or unit.now
        raise Refused(text("check.already", who=who, at=at))
    unit.record("check_ras", member=member.id, patient=check.patient_id, check=check.id)
    round_ = unit.round(check.round_id)
    _refresh(unit, round_)
    return round_


def begin_report(unit: Unit, member: Member, check_id: int) -> Check:
    """*Signaler* was pressed; unless it is finished or given up soon, it becomes an alert."""
    check = asked(unit, member, check_id)
    if check.state == CheckState.REPORTING:
        return check  # a second press does not give it more time
    check.state = CheckState.REPORTING.value
    check.next_at = unit.now + UNFINISHED
    unit.record("report_begun", member=member.id, patient=check.patient_id, check=check.id)
    return unit.add(check)


def give_up_report(unit: Unit, member: Member, check_id: int) -> Check:
    """Pressed by mistake: the line is asked again."""
    check = asked(unit, member, check_id)
    check.state, check.next_at = CheckState.ASKED.value, None
    unit.record("report_given_up", member=member.id, patient=check.patient_id, check=check.id)
    return unit.add(check)


def report(unit: Unit, member: Member, patient: Patient, sign: str, check: Check | None) -> Alert:
    """What is seen. Whatever became of its line meanwhile, a report is never refused."""
    if check is None or check.patient_id != patient.id:
        return alerts.raise_alert(unit, member, patient, sign)
    known = next((a for a in unit.running_alerts(patient.id) if a.check_id == check.id), None)
    if known is not None:
        return alerts.set_sign(unit, member, known.id, sign)
    alert = alerts.raise_alert(unit, member, patient, sign, check=check)
    if is_open(check):
        mark_reported(unit, check, member)
    return alert


def mark_reported(unit: Unit, check: Check, member: Member | None) -> None:
    """The check is answered by an alert."""
    _close(unit, check, CheckState.REPORTED, member)
    _refresh(unit, unit.round(check.round_id))


def _close(unit: Unit, check: Check, state: CheckState, member: Member | None = None) -> None:
    check.state, check.next_at = state.value, None
    check.answered_at = unit.now
    check.answered_by = member.id if member else None
    unit.add(check)
