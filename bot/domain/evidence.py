"""What is known against what was logged: a fact that no event made was put there by hand.

Like `invariants`: one line a fault, identifiers only; nothing when all agrees.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bot.domain.alert import KEEPS_GOING
from bot.domain.facts import (
    CLOSED,
    RUNNING,
    Alert,
    AlertState,
    PatientState,
    Step,
    StepState,
)
from bot.domain.pathway import Anchor
from bot.domain.people import Roster
from bot.domain.record import Entry, Record

ENROLLED = "patient_enrolled"
JOINED, REMOVED = "member_joined", "member_removed"
BOUND, MOVED = "group_bound", "group_moved"
PEOPLE = (JOINED, REMOVED, BOUND, MOVED)
STEPS = {
    "step_done": StepState.DONE.value,
    "step_not_required": StepState.NOT_REQUIRED.value,
    "step_undone": StepState.PLANNED.value,
}
ENDS = {
    "alert_cancelled": AlertState.CANCELLED.value,
    "alert_outcome": AlertState.CLOSED.value,
    "alert_ended": AlertState.ENDED.value,
}
CALLED_AGAIN = ("alert_risen", "alert_reopened")
"""Nobody has it any more."""
ALERTS = ("alert_raised", "alert_sign", "alert_grade", "alert_taken", *CALLED_AGAIN, *ENDS)
DATED, ENDED = "date_moved", "patient_ended"
PATIENT = (ENROLLED, DATED, ENDED, *STEPS, *ALERTS)
"""The events of a patient that are held against what is known of them."""


@dataclass(slots=True)
class Told:
    """An alert as its events tell it."""

    end: str = ""
    raised_by: int | None = None
    signs: tuple[str, ...] = ()
    grade: int | None = None
    outcome: str = ""
    takers: set[int | None] = field(default_factory=set)

    def hear(self, entry: Entry) -> None:
        """What this event made of it."""
        match entry.kind:
            case "alert_raised":
                self.raised_by = entry.member
                self.signs = tuple(filter(None, (entry.data["sign"],)))
            case "alert_sign":
                self.signs += (entry.data["sign"],)
            case "alert_grade":
                self.grade = entry.data["grade"]
            case "alert_outcome":
                self.outcome = entry.data["outcome"]
        self._hear_who(entry)
        if entry.kind in ENDS and entry.data.get("outcome") != KEEPS_GOING:
            self.end = ENDS[entry.kind]

    def _hear_who(self, entry: Entry) -> None:
        if entry.kind == "alert_taken":
            self.takers.add(entry.member)
        elif entry.kind in CALLED_AGAIN:
            self.takers.clear()


def of_record(record: Record, logged: Sequence[Entry]) -> list[str]:
    """What of a patient no event made, and what events made and is gone."""
    code = record.code
    enrolled = any(entry.kind == ENROLLED for entry in logged)
    found = [] if enrolled else [f"patient {code} was enrolled by no event"]
    if (record.patient.state == PatientState.ENDED) != any(e.kind == ENDED for e in logged):
        found.append(f"patient {code}: no event made its state")
    found += [f"patient {code}: no event made its {name}" for name in _of_patient(record, logged)]
    found += [f"alert {code} {fault}" for fault in _of_alerts(record, logged)]
    return found + [f"step {code} {fault}" for fault in _of_steps(record, logged)]


def _of_patient(record: Record, logged: Sequence[Entry]) -> Iterator[str]:
    """The days that all others are counted from, as enrolled and moved since; the product."""
    days: dict[Anchor, date] = {}
    for entry in logged:
        if entry.kind == ENROLLED:
            given = {Anchor.AP: entry.data["apheresis"], Anchor.J0: entry.data["day0"]}
            days = {anchor: date.fromisoformat(on) for anchor, on in given.items()}
        elif entry.kind == DATED:
            anchor = record.pathway.step(entry.data["step"]).anchor_of
            if anchor in days:
                was, on = (date.fromisoformat(entry.data[each]) for each in ("was", "on"))
                days[anchor] += on - was
    known = {Anchor.AP: record.patient.apheresis_on, Anchor.J0: record.patient.day0_on}
    yield from (f"day {anchor}" for anchor, on in days.items() if known[anchor] != on)
    product = next((e.data["product"] for e in logged if e.kind == ENROLLED), None)
    if product is not None and product != record.patient.product:
        yield "product"
    if not record.code.startswith(f"{record.patient.centre}-"):
        yield "centre"


def _of_alerts(record: Record, logged: Iterable[Entry]) -> Iterator[str]:
    told: dict[str, Told] = {}
    for entry in logged:
        if entry.kind == "alert_raised":
            told[entry.data["alert"]] = Told()
        heard = told.get(entry.data.get("alert", ""))
        if heard is not None:
            heard.hear(entry)
    for key, alert in record.alerts.items():
        if key not in told:
            yield f"{key} was raised by no event"
        else:
            yield from (f"{key}: no event made its {name}" for name in _strange(alert, told[key]))
    yield from (f"{key} was raised, and is gone" for key in told if key not in record.alerts)


def _strange(alert: Alert, told: Told) -> Iterator[str]:
    over = alert.state not in RUNNING
    taken = {alert.taken_by, alert.neuro_by} - {None}
    pairs: Mapping[str, tuple[Any, Any]] = {
        "end": (alert.state if over else "", told.end),
        "author": (alert.raised_by, told.raised_by),
        "signs": (alert.signs, told.signs),
        "grade": (alert.grade, told.grade),
        "outcome": (alert.outcome, told.outcome),
        "taker": (taken, told.takers),
        # Neurology alone takes it by half: it is still open.
        "state": (over or (alert.state == AlertState.TAKEN) == (alert.taken_by is not None), True),
    }
    return (name for name, (known, said) in pairs.items() if known != said)


def _of_steps(record: Record, logged: Iterable[Entry]) -> Iterator[str]:
    told: dict[str, Entry] = {e.data["step"]: e for e in logged if e.kind in STEPS}
    for key, step in record.steps.items():
        last = told.get(key)
        if step.state in CLOSED or (last is not None and STEPS[last.kind] in CLOSED):
            yield from _of_step(step, last)
    yield from (f"{key} was closed, and is gone" for key in told if key not in record.steps)


def _of_step(step: Step, last: Entry | None) -> Iterator[str]:
    if last is None or STEPS[last.kind] != step.state:
        yield f"{step.key} is {step.state} by no event"
        return
    known = {"author": step.done_by, "values": step.values, "note": step.note}
    said = {**last.data, "author": last.member}
    yield from (
        f"{step.key}: no event made its {name}"
        for name, value in known.items()
        if said[name] != value
    )


def of_roster(roster: Roster, logged: Sequence[Entry]) -> list[str]:
    """Members whom no event let in, or who left by none; groups that no event gave to a team."""
    return _of_members(roster, logged) + _of_groups(roster, logged)


def _of_groups(roster: Roster, logged: Iterable[Entry]) -> list[str]:
    bound: dict[int, tuple[str, str]] = {}
    for entry in logged:
        if entry.kind == BOUND:
            bound[entry.data["chat"]] = entry.data["team"], entry.data["centre"]
        elif entry.kind == MOVED and entry.data["was"] in bound:
            # Bound by its new number before, it is what it was bound to there.
            bound.setdefault(entry.data["chat"], bound.pop(entry.data["was"]))
    known = {g.chat_id: (g.team, g.centre) for g in roster.groups.values() if g.team}
    found = [f"group {chat}: no event bound it there" for chat in known.keys() - bound.keys()]
    found += [f"group {chat} was bound, and is gone" for chat in bound.keys() - known.keys()]
    return sorted(found) + [
        f"group {chat}: no event gave it its team"
        for chat, of in known.items()
        if bound.get(chat, of) != of
    ]


def _of_members(roster: Roster, logged: Iterable[Entry]) -> list[str]:
    joined: dict[int, Mapping[str, Any]] = {}
    left: set[int] = set()
    for entry in logged:
        if entry.kind == JOINED and entry.member is not None:
            joined[entry.member] = entry.data
            left.discard(entry.member)
        elif entry.kind == REMOVED:
            left.add(entry.data["removed"])
    found = [f"member {id_} joined, and is gone" for id_ in joined if id_ not in roster.members]
    for member in roster.members.values():
        data = joined.get(member.id)
        if data is None:
            found.append(f"member {member.id} joined by no event")
            continue
        known = {
            "team": member.team,
            "centre": member.centre,
            "account": member.telegram_id,
            "leaving": member.left_at is not None,
        }
        said = {**data, "leaving": member.id in left}
        found += [
            f"member {member.id}: no event made its {name}"
            for name, value in known.items()
            if value != said.get(name)
        ]
    return found
