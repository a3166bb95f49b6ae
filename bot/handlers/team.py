"""A team's work: its steps, its relays, its toxicity rounds, its questions."""

from bot.care import (
    checklist,
    checks,
    demands,
    drafts,
    duty,
    patients,
    planning,
    questions,
    relays,
    status,
    steps,
)
from bot.care.planning import definition
from bot.care.telling import head
from bot.domain.message import Button, Card, Keyboard, Refused, Text, text
from bot.domain.pathway import Item, ItemKind
from bot.handlers.visit import Visit
from bot.models import Step

PROBLEMS = ("patient", "product", "transport", "equipment", "staff")


# Steps


def show_step(visit: Visit) -> None:
    visit.show(planning.card(visit.unit, _step(visit)))


def _step(visit: Visit) -> Step:
    step = visit.unit.step(visit.number())
    if step is None:
        raise Refused(text("step.unknown"))
    if not status.sees(visit.me, visit.unit.patient(step.patient_id)):
        raise Refused(
            text("check.other_centre", centre=visit.unit.patient(step.patient_id).centre)
        )
    return step


def _head(visit: Visit, step: Step) -> Text:
    return head(visit.unit, visit.unit.patient(step.patient_id))


def open_checklist(visit: Visit) -> None:
    """*Fait*: the checklist, then *Confirmer*."""
    step = steps.actionable(visit.unit, visit.me, visit.number())
    visit.show(steps.checklist(visit.unit, step))


def set_item(visit: Visit) -> None:
    step = steps.actionable(visit.unit, visit.me, visit.number())
    item = _item(visit, step)
    value = checklist.read(item, visit.arg(2))
    step = steps.tick(visit.unit, visit.me, step.id, item.id, value)
    if item.kind in (ItemKind.TEXT, ItemKind.TIME):
        # The value may be made exact by typing it.
        drafts.begin(visit.unit, visit.me, visit.chat_id, "item", step=step.id, item=item.id)
        visit.popup(text(f"item.type.{item.kind}", label=item.label))
    visit.show(steps.checklist(visit.unit, step))


def clear_item(visit: Visit) -> None:
    step = steps.actionable(visit.unit, visit.me, visit.number())
    step = steps.tick(visit.unit, visit.me, step.id, _item(visit, step).id, None)
    visit.show(steps.checklist(visit.unit, step))


def _item(visit: Visit, step: Step) -> Item:
    items = definition(visit.unit, step).items
    if visit.number(1) >= len(items):
        raise Refused(text("button.stale"))
    return items[visit.number(1)]


def confirm(visit: Visit) -> None:
    step = steps.confirm(visit.unit, visit.me, visit.number())
    drafts.leave(visit.unit, visit.me, visit.chat_id)
    visit.show(steps.confirmed(visit.unit, step))


def undo(visit: Visit) -> None:
    step = steps.undo(visit.unit, visit.me, visit.number())
    visit.show(planning.card(visit.unit, step))


def ask_why(visit: Visit, kind: str) -> None:
    """The next typed line is the reason."""
    step = _step(visit)
    drafts.begin(visit.unit, visit.me, visit.chat_id, kind, step=step.id)
    leave = ((Button(text("draft.button.cancel"), "draft:leave"),),)
    said = text(f"why.{kind}", head=_head(visit, step), label=definition(visit.unit, step).label)
    visit.show(Card(said, leave))


def skip(visit: Visit) -> None:
    steps.actionable(visit.unit, visit.me, visit.number())
    ask_why(visit, "skip")


def waive(visit: Visit) -> None:
    planning.opened(visit.unit, visit.me, visit.number())
    ask_why(visit, "waive")


def undo_why(visit: Visit) -> None:
    ask_why(visit, "undo")


def problem(visit: Visit) -> None:
    """*Problème*: a reason in one tap, or typed."""
    step = planning.opened(visit.unit, visit.me, visit.number())
    drafts.begin(visit.unit, visit.me, visit.chat_id, "problem", step=step.id)
    rows: Keyboard = tuple(
        (Button(text(f"problem.button.{reason}"), f"step:why:{step.id}:{reason}"),)
        for reason in PROBLEMS
    )
    back = (Button(text("step.button.back"), f"step:show:{step.id}"),)
    label = definition(visit.unit, step).label
    said = text("problem.which", head=_head(visit, step), label=label)
    visit.show(Card(said, (*rows, back)))


def problem_why(visit: Visit) -> None:
    reason = visit.arg(1)
    if reason not in PROBLEMS:
        raise Refused(text("button.stale"))
    steps.report_problem(visit.unit, visit.me, visit.number(), text(f"problem.reason.{reason}"))
    drafts.leave(visit.unit, visit.me, visit.chat_id)
    visit.show(text("problem.sent", head=_head(visit, _step(visit))))


def problem_seen(visit: Visit) -> None:
    demand = demands.seen(visit.unit, visit.me, visit.number())
    shown = head(visit.unit, visit.unit.patient(demand.patient_id))
    visit.show(text("problem.seen_by_you", head=shown))


# Relays


def show_relay(visit: Visit) -> None:
    relay = visit.unit.relay(visit.number())
    if relay is None:
        raise Refused(text("relay.gone"))
    patient = visit.unit.patient(relay.patient_id)
    if not status.sees(visit.me, patient):
        raise Refused(text("check.other_centre", centre=patient.centre))
    visit.show(relays.card(visit.unit, relay))


def receive(visit: Visit) -> None:
    visit.show(relays.question(visit.unit, visit.me, visit.number()))


def read_back(visit: Visit) -> None:
    right = relays.answer(visit.unit, visit.me, visit.number(), visit.number(1))
    relay = visit.unit.relay(visit.number())
    assert relay is not None
    if not right:
        visit.popup(text("relay.wrong"), alert=True)
    visit.show(relays.card(visit.unit, relay))


# Toxicity rounds


def ras(visit: Visit) -> None:
    round_ = checks.answer_ras(visit.unit, visit.me, visit.number())
    visit.show(checks.card(visit.unit, round_))


# Questions


def ask_status(visit: Visit) -> None:
    """`/statut`, or `/statut 7K4Q`."""
    if not visit.args:
        visit.say(status.everyone(visit.unit, visit.me))
        return
    patient = patients.find(visit.unit, visit.me, " ".join(visit.args))
    visit.say(status.one(visit.unit, visit.me, patient))


def show_status(visit: Visit) -> None:
    patient = visit.patient()
    visit.show(status.one(visit.unit, visit.me, patient))


def status_of_code(visit: Visit) -> None:
    patient = patients.find(visit.unit, visit.me, visit.arg())
    visit.show(status.one(visit.unit, visit.me, patient))


def whole_plan(visit: Visit) -> None:
    patient = visit.patient()
    visit.show(status.plan(visit.unit, visit.me, patient))


def todo(visit: Visit) -> None:
    visit.say(questions.todo(visit.unit, visit.me.team, visit.me.centre))


# On call


def on_call(visit: Visit) -> None:
    visit.say(duty.board(visit.unit, visit.me))


def take_duty(visit: Visit) -> None:
    visit.show(duty.take(visit.unit, visit.me))


def leave_duty(visit: Visit) -> None:
    visit.show(duty.leave(visit.unit, visit.me))
