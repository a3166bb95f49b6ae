"""The auditor: re-reads all that is open, says in one line whether everything is explained."""

from datetime import datetime, time, timedelta

from bot.care import checks, questions
from bot.care.telling import tell
from bot.domain.message import Card, Priority, Text, text
from bot.domain.roles import Team
from bot.models import AUDIT, DIGEST, Bell, Patient, PatientState
from bot.store import Unit, inbox

AUDIT_EVERY = timedelta(minutes=10)
DIGEST_AT = time(7, 30)
REMEMBERED = timedelta(hours=48)
"""How long the numbers of updates are kept; Telegram brings one again for 24 hours."""
OVERDUE = timedelta(minutes=5)
"""A due thing that has not been handled after this is unexplained."""


def hang_bells(unit: Unit) -> None:
    """Make sure that each duty has its next hour; called at every start."""
    for name, at in ((AUDIT, unit.now + AUDIT_EVERY), (DIGEST, _next_digest(unit))):
        if unit.bell(name) is None:
            unit.add(Bell(name=name, next_at=at))


def toll(unit: Unit, bell: Bell) -> None:
    """A duty's hour has come."""
    if bell.name == AUDIT:
        bell.next_at = unit.now + AUDIT_EVERY
        inbox.purge(unit, unit.now - REMEMBERED)
        _audit(unit)
    else:
        bell.next_at = _next_digest(unit)
        _digest(unit)
    unit.add(bell)


def _next_digest(unit: Unit) -> datetime:
    calendar = unit.network.calendar
    today = calendar.instant(calendar.day(unit.now), DIGEST_AT)
    if today > unit.now:
        return today
    return calendar.instant(calendar.day(unit.now) + timedelta(days=1), DIGEST_AT)


def unexplained(unit: Unit) -> list[str]:
    """What is neither asked, nor answered, nor escalated; identifiers only, for the operator."""
    before = unit.now - OVERDUE
    found = [
        f"{name} {row.id} overdue since {row.next_at}"
        for name, rows in (
            ("step", unit.due_steps()),
            ("relay", unit.due_relays()),
            ("round", unit.due_rounds()),
            ("report", unit.due_reports()),
            ("alert", unit.due_alerts()),
            ("check of patient", unit.due_checks()),
        )
        for row in rows
        if row.next_at is not None and row.next_at < before
    ]
    found += [
        f"alert {alert.id} without next_at" for alert in unit.running_alerts() if not alert.next_at
    ]
    found += [
        f"relay {relay.id} without next_at" for relay in unit.open_relays() if not relay.next_at
    ]
    found += [
        f"round {round_.id} without next_at"
        for round_ in unit.open_rounds()
        if round_.next_at is None and round_.rung < checks.LAST_RUNG
    ]
    found += [f"patient {patient.id} without next check" for patient in _unwatched(unit)]
    found += [f"letter {letter.id} {letter.state}" for letter in unit.stuck_letters(before)]
    return found


def _unwatched(unit: Unit) -> list[Patient]:
    """Those under watch whom nobody is going to ask about again before its end."""
    today = unit.network.calendar.day(unit.now)
    return [
        patient
        for patient in unit.patients()
        if patient.state == PatientState.ACTIVE
        and patient.next_at is None
        and patient.day0_on <= today
        and checks.next_for(unit, patient) is not None
        and checks.watched(unit, patient)
    ]


def _audit(unit: Unit) -> None:
    found = unexplained(unit)
    if not found:
        return
    unit.record("audit_unexplained", items=found[:50])
    said = Card(text("audit.unexplained", n=len(found), at=unit.now))
    day = unit.network.calendar.day(unit.now).isoformat()
    tell(
        unit,
        Team.COORDINATION,
        unit.network.first_centre,
        said,
        f"audit:{day}:{unit.network.calendar.local(unit.now).hour}",
        priority=Priority.ANSWER,
    )


def _digest(unit: Unit) -> None:
    """The morning digest and the proof of quiet: silence is never ambiguous."""
    late = questions.late(unit)
    nothing_wrong = late.text.key == questions.NOTHING_LATE and not unexplained(unit)
    proof: Text = (
        text("audit.all_explained", at=unit.now)
        if nothing_wrong
        else text("audit.see_late", n=len(unexplained(unit)))
    )
    active = unit.patients()
    if not active:
        return
    said = text("digest.morning", on=unit.now, n=len(active), late=late.text, proof=proof)
    day = unit.network.calendar.day(unit.now).isoformat()
    tell(
        unit,
        Team.COORDINATION,
        unit.network.first_centre,
        Card(said, late.keyboard),
        f"digest:{day}",
    )
