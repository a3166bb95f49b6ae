"""What a visit is about: the record and the thing, and whose they are.

The record is read here, before the gate, but nothing is said of it: the gate is asked about the
centre and the teams alone, and what does not exist is refused after it, like a stale button.
"""

from collections.abc import Callable, Sequence
from typing import Any

from bot.care import patients
from bot.domain import access, alert, check, codes
from bot.domain.access import NOBODY, Subject
from bot.domain.facts import Alert, Check, Dated, Demand, End, Relay, Step
from bot.domain.message import Refused
from bot.domain.record import Record
from bot.handlers.visit import Visit


def _meet(visit: Visit, code: str) -> Subject:
    """Read the record; the centre is that of the code, whether or not it exists."""
    visit.record = visit.unit.records.get(code)
    if visit.record is not None:
        return Subject(visit.record.patient.centre)
    # A stranger to this centre is refused alike whether or not the code is somebody's.
    centre = code.partition("-")[0]
    return Subject(centre if centre in visit.unit.network.centres else "")


def _thing(visit: Visit, kind: type[Dated]) -> Subject:
    subject = _meet(visit, visit.arg(0))
    record, key = visit.record, visit.arg(1)
    if record is None:
        return subject
    # Over, and so not read with the record: its old button still deserves an answer.
    if key not in record.things[kind.KIND]:
        visit.unit.records.recall(record, kind.KIND, key)
    visit.thing = record.things[kind.KIND].get(key)
    return subject


def patient(visit: Visit) -> Subject:
    """A button about a patient."""
    return _meet(visit, visit.arg(0))


def own(visit: Visit) -> Subject:
    """A list of one's own patients: those of one's centre, shown in no other one's group."""
    return NOBODY if visit.me.coordinates else Subject(visit.me.centre)


def home(visit: Visit) -> Subject:
    """Who is there in one's own centre: shown in no other one's group."""
    return Subject(visit.me.centre)


def typed_patient(visit: Visit) -> Subject:
    """A command with a code, whatever follows it, or without."""
    return meant(visit, codes.first(visit.args)) if visit.args else own(visit)


def alerted(visit: Visit) -> Subject:
    """The patient of a call for help: what is near a mistyped code alerts when it is touched."""
    return meant(visit, visit.arg(), "alert:new") if visit.args else own(visit)


def reported(visit: Visit) -> Subject:
    """The same for a report."""
    return meant(visit, visit.arg(), "report:new") if visit.args else own(visit)


def first_word(visit: Visit) -> Subject:
    """A command whose first word is a code."""
    return meant(visit, visit.args[0]) if visit.args else NOBODY


def meant(visit: Visit, typed: str, verb: str = "status:show") -> Subject:
    """The patient of a typed code; a wrong one is refused with the nearest, to press instead."""
    try:
        subject = _meet(visit, patients.find(visit.unit, visit.me, typed, verb))
        near = visit.me.coordinates or visit.me.centre == subject.centre
        # Of another centre or nobody's: the same words, for whoever may not see that centre.
        if visit.record is None or not near:
            raise patients.unknown(visit.unit, visit.me, typed, verb)
    except Refused:
        # It names those that are near it, and says of one whether it exists.
        if not access.sees_as_much(visit.place, visit.me):
            visit.go_private()
        raise
    return subject


def report(visit: Visit) -> Subject:
    """A report's button: the patient, and the line of a round or none (`0`)."""
    subject = _thing(visit, Check)
    return Subject(subject.centre)


def step(visit: Visit) -> Subject:
    subject = _thing(visit, Step)
    return _whose(visit, subject, "step", lambda _, it: (it.team,))


def relay(visit: Visit) -> Subject:
    subject = _thing(visit, Relay)
    return _whose(visit, subject, "relay", lambda _, it: (it.to_team,))


def given_relay(visit: Visit) -> Subject:
    """A relay as its giver's: it stands on that team's step."""
    subject = _thing(visit, Relay)
    return _whose(visit, subject, "step", lambda _, it: (it.from_team,))


def check_line(visit: Visit) -> Subject:
    subject = _thing(visit, Check)
    return _whose(visit, subject, "check", check.answers)


def taken_alert(visit: Visit) -> Subject:
    """Whose it is to take."""
    subject = _thing(visit, Alert)
    return _whose(visit, subject, "alert", lambda r, _: _takers(r))


def settled_alert(visit: Visit) -> Subject:
    """Whose word it is what became of it."""
    subject = _thing(visit, Alert)
    return _whose(visit, subject, "alert", lambda r, it: alert.settlers(r.pathway.alerts, it))


def described_alert(visit: Visit) -> Subject:
    """Who says what is seen."""
    subject = _thing(visit, Alert)
    return _whose(visit, subject, "grade", lambda r, it: alert.describers(r.pathway, it))


def _takers(record: Record) -> tuple[str, ...]:
    plan = record.pathway.alerts
    return (*plan.takers, plan.neuro_team)


def some_alert(visit: Visit) -> Subject:
    return _thing(visit, Alert)


def demand(visit: Visit) -> Subject:
    return _thing(visit, Demand)


def end(visit: Visit) -> Subject:
    return _thing(visit, End)


def _whose(
    visit: Visit, subject: Subject, name: str, teams: Callable[[Record, Any], Sequence[str]]
) -> Subject:
    # The gate is passed with nothing behind it, and the handler says that the button is old.
    if visit.record is None or visit.thing is None:
        return subject
    found = teams(visit.record, visit.thing)
    return Subject(subject.centre, tuple(str(team) for team in found), name)
