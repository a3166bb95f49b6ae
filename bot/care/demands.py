"""What a team asks of the coordination: a problem to see to, a date to move."""

from datetime import date, timedelta

from bot.care.planning import definition
from bot.care.telling import head, name_of, tell
from bot.domain.message import Button, Card, Keyboard, Priority, Refused, Text, Value, text
from bot.domain.roles import Team
from bot.models import Demand, DemandKind, DemandState, Member, Step
from bot.store import Unit

FIRST_RECALL = timedelta(hours=1)
NEXT_RECALL = timedelta(hours=4)


def make(
    unit: Unit,
    member: Member,
    step: Step,
    kind: DemandKind,
    *,
    note: str = "",
    on: date | None = None,
) -> Demand:
    """Ask the coordination, and remember it until somebody there has answered."""
    demand = unit.add(
        Demand(
            patient_id=step.patient_id,
            step_id=step.id,
            kind=kind.value,
            was=step.on,
            on=on,
            note=note,
            asked_by=member.id,
            asked_at=unit.now,
            next_at=unit.network.calendar.awake(unit.now + FIRST_RECALL),
        )
    )
    _tell(unit, demand, card(unit, demand), f"demand:{demand.id}")
    return demand


def cause(demand: Demand) -> str:
    return f"demand:{demand.id}"


def _tell(unit: Unit, demand: Demand, shown: Card, key: str, *, privately: bool = False) -> None:
    tell(
        unit,
        Team.COORDINATION,
        unit.patient(demand.patient_id).centre,
        shown,
        key,
        priority=Priority.ANSWER,
        cause=cause(demand),
        privately=privately,
    )


def step_of(unit: Unit, demand: Demand) -> Step:
    step = unit.step(demand.step_id)
    assert step is not None
    return step


def card(unit: Unit, demand: Demand) -> Card:
    """The demand as the coordination sees it."""
    step = step_of(unit, demand)
    common: dict[str, Value] = {
        "head": head(unit, unit.patient(demand.patient_id)),
        "label": definition(unit, step).label,
        "who": name_of(unit, demand.asked_by),
    }
    if demand.kind == DemandKind.PROBLEM:
        said = text("step.problem", **common, reason=demand.note, at=demand.asked_at)
        rows: Keyboard = (
            (Button(text("step.button.problem_seen"), f"demand:seen:{demand.id}"),),
            (Button(text("step.button.move"), f"step:move:{step.id}"),),
        )
        return Card(said, rows)
    on = demand.on or step.on
    said = text("move.asked", **common, was=demand.was, on=on)
    return Card(
        said,
        (
            (Button(text("move.button.preview"), f"move:preview:{step.id}:{on.isoformat()}"),),
            (Button(text("move.button.refuse"), f"demand:refuse:{demand.id}"),),
        ),
    )


def climb(unit: Unit, demand: Demand) -> None:
    """Nobody answered: say it again, then to each of the coordination in private."""
    demand.rung += 1
    demand.next_at = unit.network.calendar.awake(unit.now + NEXT_RECALL)
    unit.add(demand)
    unit.record("demand_late", patient=demand.patient_id, demand=demand.id, rung=demand.rung)
    shown = card(unit, demand)
    again = Card(text("demand.again", at=demand.asked_at, said=shown.text), shown.keyboard)
    key = f"demand:{demand.id}:again:{demand.rung}"
    _tell(unit, demand, again, key)
    if demand.rung > 1:
        _tell(unit, demand, again, key, privately=True)


def answered(unit: Unit, member: Member | None, demand: Demand, said: Text) -> None:
    """It is answered: no more recalls, and its messages say so. Refused if it was already."""
    won = unit.claim(
        demand,
        DemandState.OPEN.value,
        state=DemandState.ANSWERED.value,
        next_at=None,
        answered_at=unit.now,
        answered_by=member.id if member else None,
    )
    if not won:
        raise Refused(text("demand.already", who=name_of(unit, demand.answered_by)))
    unit.withdraw(cause(demand))
    unit.rewrite(cause(demand), Card(said), f"demand:{demand.id}:answered")


def void(unit: Unit, step: Step, said: Text, kind: DemandKind | None = None) -> None:
    """What was asked about this step is settled by what happened to it."""
    for demand in unit.open_demands(step.id):
        if kind is None or demand.kind == kind:
            answered(unit, None, demand, said)


def seen(unit: Unit, member: Member, demand_id: int) -> Demand:
    """*Vu, je m'en occupe*: the team that reported the problem knows."""
    demand = _open(unit, demand_id, DemandKind.PROBLEM)
    step, patient = step_of(unit, demand), unit.patient(demand.patient_id)
    said = text(
        "step.problem_seen",
        head=head(unit, patient),
        label=definition(unit, step).label,
        who=name_of(unit, member.id),
    )
    answered(unit, member, demand, said)
    unit.record("problem_seen", member=member.id, patient=patient.id, demand=demand.id)
    key = f"demand:{demand.id}:seen"
    tell(unit, step.team, patient.centre, Card(said), key, priority=Priority.ANSWER)
    return demand


def refuse(unit: Unit, member: Member, demand_id: int) -> Demand:
    """The coordination keeps the date: the team knows."""
    demand = _open(unit, demand_id, DemandKind.MOVE)
    step, patient = step_of(unit, demand), unit.patient(demand.patient_id)
    on = demand.on or step.on
    said = text(
        "move.refused",
        head=head(unit, patient),
        label=definition(unit, step).label,
        who=name_of(unit, member.id),
        was=step.on,
        on=on,
    )
    answered(unit, member, demand, said)
    unit.record(
        "move_refused", member=member.id, patient=patient.id, step=step.slug, on=on.isoformat()
    )
    key = f"demand:{demand.id}:refused"
    tell(unit, step.team, patient.centre, Card(said), key, priority=Priority.ANSWER)
    return demand


def _open(unit: Unit, demand_id: int, kind: DemandKind) -> Demand:
    demand = unit.demand(demand_id)
    if demand is None or demand.kind != kind:
        raise Refused(text("button.stale"))
    return demand
