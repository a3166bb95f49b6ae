"""What a team asks of the coordination: a problem to see to, a date to move."""

from datetime import date, timedelta

from bot.domain.facts import Demand, DemandKind, DemandState, Step
from bot.domain.message import Priority, Refused, text
from bot.domain.people import Member
from bot.domain.record import Record, To
from bot.domain.roles import Team

FIRST_RECALL = timedelta(hours=1)
NEXT_RECALL = timedelta(hours=4)
PROBLEMS = ("patient", "product", "transport", "equipment", "staff")
"""What may be wrong, said in one tap; anything else is typed."""


def make_problem(record: Record, step: Step, by: Member, note: str) -> Demand:
    return _make(record, step, by, DemandKind.PROBLEM, note=note)


def make_move(record: Record, step: Step, by: Member, on: date) -> Demand:
    return _make(record, step, by, DemandKind.MOVE, on=on)


def _make(
    record: Record,
    step: Step,
    by: Member,
    what: DemandKind,
    *,
    note: str = "",
    on: date | None = None,
) -> Demand:
    """Ask the coordination, and remember it until somebody there has answered."""
    demand = record.add(
        Demand(
            key=record.next_number(Demand),
            step=step.key,
            what=what.value,
            was=step.on,
            on=on,
            note=note,
            asked_by=by.id,
            asked_at=record.now,
            next_at=record.after(FIRST_RECALL),
        )
    )
    record.tell(Team.COORDINATION, "demand.card", demand, priority=Priority.ANSWER)
    return demand


def climb(record: Record, demand: Demand) -> None:
    """Nobody answered: say it again, then to each of the coordination in private."""
    demand.rung += 1
    demand.next_at = record.after(NEXT_RECALL)
    record.log("demand_late", demand=demand.key, rung=demand.rung)
    # In private only after the group: who is not at work is spared the first call.
    for to in (To.CHATS, To.EACH)[: min(demand.rung, 2)]:
        record.tell(Team.COORDINATION, "demand.again", demand, to=to, priority=Priority.ANSWER)


def must_be_open(record: Record, demand: Demand, what: DemandKind) -> None:
    if demand.what != what:
        raise Refused(text("button.stale"))
    if demand.state != DemandState.OPEN:
        raise Refused(text("demand.already", who=record.who(demand.answered_by)))


def see(record: Record, demand: Demand, by: Member) -> None:
    """*Vu, je m'en occupe*: the team that reported the problem knows."""
    must_be_open(record, demand, DemandKind.PROBLEM)
    record.log("problem_seen", by.id, demand=demand.key)
    _answer(record, demand, by, "demand.seen")
    # Whoever reported it goes on waiting, or goes on calling, until this is heard.
    record.news(record.steps[demand.step].team, "demand.seen", demand, silent=True)


def refuse(record: Record, demand: Demand, by: Member) -> None:
    """The coordination keeps the date: the team knows."""
    must_be_open(record, demand, DemandKind.MOVE)
    on = demand.on.isoformat() if demand.on else ""
    record.log("move_refused", by.id, step=demand.step, on=on)
    _answer(record, demand, by, "demand.refused")
    record.news(record.steps[demand.step].team, "demand.refused", demand)


def settle_moves(record: Record, step: str, card: str) -> None:
    """Another day is asked for no more: the step has one, or is closed."""
    for demand in record.open_demands(step):
        # A problem stays: who reported it waits for somebody to have seen it.
        if demand.what == DemandKind.MOVE:
            _answer(record, demand, None, card)


def _answer(record: Record, demand: Demand, by: Member | None, card: str) -> None:
    demand.become(DemandState.ANSWERED)
    demand.next_at, demand.answered_at = None, record.now
    demand.answered_by = by.id if by else None
    cause = record.cause(demand)
    record.withdraw(cause)
    about = demand if card.startswith("demand.") else record.steps[demand.step]
    record.show(cause, card, about)
