"""A team's work: its steps, its relays, its questions."""

from bot.cards import demands as demand_cards
from bot.cards import relays as relay_cards
from bot.cards import status as status_cards
from bot.cards import steps as cards
from bot.cards.common import head
from bot.care import drafts, joining, lists
from bot.domain import checklist, demand, move, relay, schedule, step
from bot.domain.facts import Demand, Relay, Step
from bot.domain.message import Refused, text
from bot.domain.pathway import Item, ItemKind
from bot.handlers.visit import Visit

# Steps


def show_step(visit: Visit) -> None:
    """The step itself: *Retour* also leaves the question that was asked about it."""
    _leave_question(visit)
    visit.show(cards.card(visit.patient, visit.about(Step)))


def _leave_question(visit: Visit) -> None:
    record, it = visit.patient, visit.about(Step)
    draft = drafts.current(visit.unit, visit.me, visit.chat_id)
    # Only its own: another step's question may be open in this chat.
    if draft and (draft.data.get("code"), draft.data.get("step")) == (record.code, it.key):
        visit.unit.people.end_draft(draft)


def open_checklist(visit: Visit) -> None:
    """*Fait*: the checklist, then *Confirmer*."""
    schedule.must_be_ready(visit.patient, visit.about(Step))
    _show_checklist(visit)


def _show_checklist(visit: Visit) -> str:
    return visit.show(cards.checklist(visit.patient, visit.about(Step)))


def set_item(visit: Visit) -> None:
    record, it = visit.patient, visit.about(Step)
    schedule.must_be_ready(record, it)
    item = _item(visit)
    value = checklist.read(item, visit.arg(3), record.now, record.calendar)
    step.tick(record, it, item, value)
    shown = _show_checklist(visit)
    if item.kind in (ItemKind.TEXT, ItemKind.TIME):
        # The value may be made exact by typing it.
        _ask(visit, "item", shown, item=item.id)
        # A pop-up and not a message: in a group the question is for one person.
        visit.popup(text(f"item.type.{item.kind}", label=item.label))


def clear_item(visit: Visit) -> None:
    schedule.must_be_ready(visit.patient, visit.about(Step))
    step.clear(visit.patient, visit.about(Step), _item(visit))
    _show_checklist(visit)


def _item(visit: Visit) -> Item:
    items = visit.patient.definition(visit.about(Step)).items
    if visit.number(2) >= len(items):
        raise Refused(text("button.stale"))
    return items[visit.number(2)]


def _ask(visit: Visit, kind: str, shown: str, **data: str) -> None:
    """The next typed answer is for this step; in a group, a reply to what was just shown."""
    record, it = visit.patient, visit.about(Step)
    draft = drafts.begin(
        visit.unit, visit.me, visit.chat_id, kind, code=record.code, step=it.key, **data
    )
    drafts.asks(visit.unit, draft, shown)


def confirm(visit: Visit) -> None:
    step.confirm(visit.patient, visit.about(Step), visit.me)
    drafts.leave(visit.unit, visit.me, visit.chat_id)
    visit.show(cards.confirmed(visit.patient, visit.about(Step)))


def undo(visit: Visit) -> None:
    step.undo(visit.patient, visit.about(Step), visit.me)
    show_step(visit)


def skip(visit: Visit) -> None:
    schedule.must_be_ready(visit.patient, visit.about(Step))
    _ask_why(visit, "skip")


def waive(visit: Visit) -> None:
    schedule.must_be_open(visit.patient, visit.about(Step))
    _ask_why(visit, "waive")


def undo_why(visit: Visit) -> None:
    _ask_why(visit, "undo")


def _ask_why(visit: Visit, kind: str) -> None:
    shown = visit.show(cards.ask_why(visit.patient, visit.about(Step), kind))
    _ask(visit, kind, shown)


def problem(visit: Visit) -> None:
    """*Problème*: a reason in one tap, or typed."""
    schedule.must_be_open(visit.patient, visit.about(Step))
    shown = visit.show(cards.ask_problem(visit.patient, visit.about(Step)))
    _ask(visit, "problem", shown)


def problem_why(visit: Visit) -> None:
    reason = visit.arg(2)
    # What a button carries may be made by hand, and this would be said to others.
    if reason not in demand.PROBLEMS:
        raise Refused(text("button.stale"))
    said = visit.unit.words.plain(text(f"problem.reason.{reason}"))
    step.report_problem(visit.patient, visit.about(Step), visit.me, said)
    drafts.leave(visit.unit, visit.me, visit.chat_id)
    visit.show(text("problem.sent", head=head(visit.patient)))


# Moving, as a team asks for it


def choose_day(visit: Visit) -> None:
    """*Reporter* under a step: some days, or one that is typed."""
    schedule.must_be_open(visit.patient, visit.about(Step))
    # Only the coordination moves a date: a team's choice is a question to it.
    verb = "move:preview" if visit.me.coordinates else "move:ask"
    shown = visit.show(cards.which_day(visit.patient, visit.about(Step), verb))
    _ask(visit, "day", shown)


def ask_move(visit: Visit) -> None:
    on = visit.day(2)
    move.ask(visit.patient, visit.about(Step), visit.me, on)
    drafts.leave(visit.unit, visit.me, visit.chat_id)
    visit.show(cards.move_asked(visit.patient, visit.about(Step), on))


# What the coordination answers


def show_demand(visit: Visit) -> None:
    visit.show(demand_cards.card(visit.patient, visit.about(Demand)))


def problem_seen(visit: Visit) -> None:
    demand.see(visit.patient, visit.about(Demand), visit.me)
    visit.show(demand_cards.seen_by_you(visit.patient))


def refuse_move(visit: Visit) -> None:
    demand.refuse(visit.patient, visit.about(Demand), visit.me)
    visit.show(demand_cards.kept(visit.patient, visit.about(Demand)))


# Relays


def show_relay(visit: Visit) -> None:
    visit.show(relay_cards.card(visit.patient, visit.about(Relay)))


def receive(visit: Visit) -> None:
    relay.must_be_readable(visit.patient, visit.about(Relay), visit.me)
    visit.show(relay_cards.question(visit.patient, visit.about(Relay)))


def read_back(visit: Visit) -> None:
    it = visit.about(Relay)
    if not relay.answer(visit.patient, it, visit.me, visit.arg(2)):
        # An alert has to be closed by hand: a wrong answer must not go by unseen.
        locked = text("relay.is_locked", team=it.from_team)
        visit.popup(locked if relay.locked(it) else text("relay.wrong"), alert=True)
    visit.show(relay_cards.card(visit.patient, it))


def unlock(visit: Visit) -> None:
    relay.unlock(visit.patient, visit.about(Relay), visit.me)
    visit.show(text("relay.unlocked", head=head(visit.patient)))


# Questions


def ask_status(visit: Visit) -> None:
    """`/statut 7K4Q`; alone, everybody."""
    if visit.record is None:
        visit.say(lists.everyone(visit.unit, visit.shown_centre))
    else:
        visit.say(status_cards.one(visit.record, visit.me))


def show_status(visit: Visit) -> None:
    visit.show(status_cards.one(visit.patient, visit.me))


def status_page(visit: Visit) -> None:
    visit.show(lists.everyone(visit.unit, visit.shown_centre, visit.number()))


def whole_plan(visit: Visit) -> None:
    visit.show(status_cards.plan(visit.patient))


def todo(visit: Visit) -> None:
    visit.say(lists.todo(visit.unit, visit.me.team, visit.shown_centre))


def todo_page(visit: Visit) -> None:
    visit.show(lists.todo(visit.unit, visit.me.team, visit.shown_centre, visit.number()))


# On call


def on_call(visit: Visit) -> None:
    visit.say(joining.duty_board(visit.unit, visit.me))


def take_duty(visit: Visit) -> None:
    visit.show(joining.take_duty(visit.unit, visit.me))


def leave_duty(visit: Visit) -> None:
    visit.show(joining.leave_duty(visit.unit, visit.me))
