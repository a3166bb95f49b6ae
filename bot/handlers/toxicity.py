"""Rounds, reports and alerts: two taps from nothing to the ICU."""

from bot.cards import alerts as cards
from bot.cards import checks as check_cards
from bot.care import lists
from bot.domain import alert, check
from bot.domain.alert import SIGNS
from bot.domain.facts import Alert, Check
from bot.domain.message import Refused, text
from bot.handlers.visit import Visit

# Rounds


def ras(visit: Visit) -> None:
    it = visit.about(Check)
    check.answer_ras(visit.patient, it, visit.me)
    visit.show(lists.round_card(visit.unit, it))


def report_check(visit: Visit) -> None:
    """*Signaler* in a round."""
    record, it = visit.patient, visit.about(Check)
    if not check.is_open(it):
        # The line is closed, a toxicity is not: it is reported all the same.
        ask_sign(visit)
        return
    check.begin_report(record, it, visit.me)
    # A new message: the round's other patients still wait for their answer in this one.
    visit.say(check_cards.sign_question(record, it))
    visit.show(lists.round_card(visit.unit, it))


# Reports


def report(visit: Visit) -> None:
    """`/toxicite [code]`: what is seen; the tap on it alerts."""
    if visit.record is None:
        visit.say(lists.choose(visit.unit, visit.shown_centre, "report:new"))
    else:
        ask_sign(visit)


def new_report(visit: Visit) -> None:
    begun = check.begin_own_report(visit.patient, visit.me)
    visit.show(check_cards.sign_question(visit.patient, begun))


def ask_sign(visit: Visit) -> None:
    """What is seen? Once it was asked, to go away without an answer alerts too."""
    begun = check.begin_own_report(visit.patient, visit.me)
    visit.say(check_cards.sign_question(visit.patient, begun))


def choose_page(visit: Visit) -> None:
    """The next patients to choose from."""
    # It becomes the verb of the next buttons: no word of somebody else's.
    if visit.arg() not in ("alert", "report"):
        raise Refused(text("button.stale"))
    verb = f"{visit.arg()}:new"
    visit.show(lists.choose(visit.unit, visit.shown_centre, verb, visit.number(1)))


def sign(visit: Visit) -> None:
    """What is seen: the alert leaves now, the grade is asked after."""
    wanted, line = visit.arg(2), visit.thing
    if wanted not in SIGNS:
        raise Refused(text("button.stale"))
    if visit.number(1) and line is None:
        raise Refused(text("check.gone"))
    # Now, on the sign alone: a grade that is missing or wrong must not hold an alert back.
    raised = check.report(
        visit.patient, visit.me, wanted, line if isinstance(line, Check) else None
    )
    visit.alerted = True
    visit.show(
        cards.raised(visit.patient, raised), cause=alert.author_cause(visit.patient, raised)
    )


def cancel_report(visit: Visit) -> None:
    if visit.number(1):
        check.give_up_report(visit.patient, visit.about(Check), visit.me)
    visit.show(check_cards.given_up(visit.patient))


# Alerts


def raise_alert(visit: Visit) -> None:
    """`/alerte 7K4Q`: it is gone; alone: which patient, and it is gone."""
    if visit.record is None:
        visit.say(lists.choose(visit.unit, visit.shown_centre, "alert:new"))
    else:
        new_alert(visit)


def new_alert(visit: Visit) -> None:
    raised = alert.raise_alert(visit.patient, visit.me, "")
    visit.alerted = True
    # A new message: what was tapped may be a status that is still to be read.
    cause = alert.author_cause(visit.patient, raised)
    visit.say(cards.raised(visit.patient, raised), cause=cause)


def set_sign(visit: Visit) -> None:
    alert.set_sign(visit.patient, visit.about(Alert), visit.me, visit.arg(2))
    visit.show(cards.raised(visit.patient, visit.about(Alert)))


def set_grade(visit: Visit) -> None:
    alert.set_grade(visit.patient, visit.about(Alert), visit.me, visit.number(2))
    visit.show(cards.raised(visit.patient, visit.about(Alert)))


def take(visit: Visit) -> None:
    alert.take(visit.patient, visit.about(Alert), visit.me)
    _show(visit)


def cancel(visit: Visit) -> None:
    alert.cancel(visit.patient, visit.about(Alert), visit.me)
    _show(visit)


def outcome(visit: Visit) -> None:
    alert.settle(visit.patient, visit.about(Alert), visit.me, visit.arg(2))
    _show(visit)


def _show(visit: Visit) -> None:
    visit.show(cards.card(visit.patient, visit.about(Alert)))
