"""The machines: every change of state that they know is made by some rule, and no other is."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.domain import alert, check, countdown, demand, ending, relay, step
from bot.domain.facts import KINDS, Alert, Check, Dated, Illegal, RelayState, Step
from bot.domain.record import Record
from tests.domain.builders import (
    BEFORE_INJECTION,
    BEFORE_STORAGE,
    BEFORE_THAW,
    GREFFE,
    ICU,
    INJECTED,
    NEURO,
    NURSE,
    PHARMACIST,
    a_check,
    a_demand,
    a_record,
    a_relay,
    an_alert,
    at,
    filled,
    write_done,
)

Move = tuple[str, str, str]
"""Kind, from, to."""
Play = Callable[[], tuple[Dated, Callable[[], object]]]
"""Gives a thing in the first state, and the rule that makes the change."""


def a_step_done() -> tuple[Dated, Callable[[], object]]:
    record = a_record()
    it = filled(record, "rcp")
    return it, lambda: step.confirm(record, it, NURSE)


def a_step_not_required() -> tuple[Dated, Callable[[], object]]:
    record = a_record()
    return record.steps["irm"], lambda: step.skip(record, record.steps["irm"], NEURO, "non")


def a_step_undone() -> tuple[Dated, Callable[[], object]]:
    record = a_record(done=("rcp",))
    return record.steps["rcp"], lambda: step.undo(record, record.steps["rcp"], NURSE, "erreur")


def a_skipped_step_undone() -> tuple[Dated, Callable[[], object]]:
    record = a_record()
    it = record.steps["irm"]
    step.skip(record, it, NEURO, "non")
    return it, lambda: step.undo(record, it, NEURO)


def stored() -> tuple[Record, Dated]:
    record = a_record("2026-04-20T10:00", (*BEFORE_STORAGE, "stockage_azote"))
    return record, a_relay(record)


def a_relay_accepted() -> tuple[Dated, Callable[[], object]]:
    record, _ = stored()
    return record.relays["1"], lambda: relay.answer(record, record.relays["1"], GREFFE, "2")


def a_relay_cancelled() -> tuple[Dated, Callable[[], object]]:
    record, it = stored()
    return it, lambda: relay.cancel_resting_on(record, record.steps["stockage_azote"])


def an_accepted_relay_cancelled() -> tuple[Dated, Callable[[], object]]:
    record, it = stored()
    it.state = RelayState.ACCEPTED.value
    return it, lambda: relay.cancel_resting_on(record, record.steps["stockage_azote"])


def the_watch_opens() -> tuple[Dated, Callable[[], object]]:
    record = a_record("2026-04-27T10:00", BEFORE_INJECTION)
    it = filled(record, "injection")
    return record.watch, lambda: step.confirm(record, it, GREFFE)


def the_watch_closes() -> tuple[Dated, Callable[[], object]]:
    record = a_record("2026-05-27T10:30", INJECTED)
    record.watch.state = "open"
    return record.watch, lambda: check.adjust_watch(record)


def checked(state: str, rule: str) -> Play:
    def play() -> tuple[Dated, Callable[[], object]]:
        record = a_record("2026-04-27T11:00", INJECTED)
        begun = (GREFFE.id,) if state == "reporting" else ()
        asked_at = None if rule == "give up one's own" else record.now
        it = a_check(record, state=state, rung=2, began=begun, asked_at=asked_at)

        def over() -> None:
            write_done(record, "fin_surveillance")
            check.adjust_watch(record)

        rules: dict[str, Callable[[], object]] = {
            "ras": lambda: check.answer_ras(record, it, GREFFE),
            "begin": lambda: check.begin_report(record, it, GREFFE),
            "give up": lambda: check.give_up_report(record, it, GREFFE),
            "give up one's own": lambda: check.give_up_report(record, it, GREFFE),
            "report": lambda: check.report(record, GREFFE, "src", it),
            "due": lambda: check.due(record, it),
            "over": over,
        }
        return it, rules[rule]

    return play


def alerted(state: str, rule: str) -> Play:
    def play() -> tuple[Dated, Callable[[], object]]:
        record = a_record("2026-04-28T03:00", INJECTED)
        it = an_alert(record, state=state)
        if state == "taken":
            it.taken_at, it.taken_by, it.asked_at = record.now, ICU.id, record.now
        rules: dict[str, Callable[[], object]] = {
            "take": lambda: alert.take(record, it, ICU),
            "cancel": lambda: alert.cancel(record, it, NURSE),
            "settle": lambda: alert.settle(record, it, ICU, "stable"),
            "climb": lambda: alert.climb(record, it),
        }
        return it, rules[rule]

    return play


def ended(what: str) -> Play:
    """A death, said by the coordination, confirmed by the unit."""

    def play() -> tuple[Dated, Callable[[], object]]:
        record = a_record("2026-04-28T03:00", INJECTED)
        raised = an_alert(record)
        if what == "taken alert":
            raised.state, raised.taken_at, raised.taken_by = "taken", record.now, ICU.id
        asked = ending.ask(record, NURSE, "deces")
        things: dict[str, Dated] = {"step": record.steps["sortie"], "end": asked}
        return things.get(what, raised), lambda: ending.confirm(record, asked, GREFFE)

    return play


def an_end_withdrawn() -> tuple[Dated, Callable[[], object]]:
    record = a_record()
    asked = ending.ask(record, NURSE, "abandon")
    return asked, lambda: ending.withdraw(record, asked, GREFFE)


def a_demand_answered() -> tuple[Dated, Callable[[], object]]:
    record = a_record()
    it = a_demand(record)
    return it, lambda: demand.see(record, it, NURSE)


def a_clock(running: bool) -> Play:
    def play() -> tuple[Dated, Callable[[], object]]:
        record = a_record("2026-04-27T09:05", BEFORE_THAW)
        thaw = filled(record, "decongelation")
        step.confirm(record, thaw, PHARMACIST)
        [it] = record.running_countdowns()
        injection = record.steps["injection"]
        if running:
            return it, lambda: countdown.stop(record, injection)
        countdown.stop(record, injection)
        return it, lambda: countdown.resume(record, injection)

    return play


PLAYED: dict[Move, Play] = {
    ("step", "planned", "done"): a_step_done,
    ("step", "planned", "not_required"): a_step_not_required,
    ("step", "done", "planned"): a_step_undone,
    ("step", "not_required", "planned"): a_skipped_step_undone,
    ("relay", "offered", "accepted"): a_relay_accepted,
    ("relay", "offered", "cancelled"): a_relay_cancelled,
    ("relay", "accepted", "cancelled"): an_accepted_relay_cancelled,
    ("watch", "closed", "open"): the_watch_opens,
    ("watch", "open", "closed"): the_watch_closes,
    ("check", "asked", "ras"): checked("asked", "ras"),
    ("check", "asked", "reporting"): checked("asked", "begin"),
    ("check", "asked", "reported"): checked("asked", "report"),
    ("check", "asked", "missed"): checked("asked", "due"),
    ("check", "asked", "cancelled"): checked("asked", "over"),
    ("check", "reporting", "asked"): checked("reporting", "give up"),
    ("check", "reporting", "reported"): checked("reporting", "due"),
    ("check", "reporting", "cancelled"): checked("reporting", "give up one's own"),
    ("alert", "open", "taken"): alerted("open", "take"),
    ("alert", "open", "cancelled"): alerted("open", "cancel"),
    ("alert", "taken", "open"): alerted("taken", "climb"),
    ("alert", "taken", "closed"): alerted("taken", "settle"),
    ("alert", "taken", "cancelled"): alerted("taken", "cancel"),
    ("step", "planned", "cancelled"): ended("step"),
    ("alert", "open", "ended"): ended("alert"),
    ("alert", "taken", "ended"): ended("taken alert"),
    ("end", "asked", "confirmed"): ended("end"),
    ("end", "asked", "withdrawn"): an_end_withdrawn,
    ("demand", "open", "answered"): a_demand_answered,
    ("countdown", "running", "stopped"): a_clock(running=True),
    ("countdown", "stopped", "running"): a_clock(running=False),
}
KNOWN = {
    (kind.KIND, str(one), str(other))
    for kind in KINDS
    for one, others in kind.TRANSITIONS.items()
    for other in others
}


def test_every_change_that_the_machines_know_is_played_here() -> None:
    assert set(PLAYED) == KNOWN


@pytest.mark.parametrize("move", PLAYED, ids=" ".join)
def test_every_change_is_made_by_a_rule(move: Move) -> None:
    thing, rule = PLAYED[move]()
    assert (thing.KIND, thing.state) == move[:2]

    rule()

    assert thing.state == move[2]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.KIND))
def test_every_other_change_is_a_bug(kind: type[Dated]) -> None:
    states = {str(s) for s in kind.TRANSITIONS} | {
        str(s) for others in kind.TRANSITIONS.values() for s in others
    }

    for one in states:
        for other in states:
            thing = object.__new__(kind)
            thing.key, thing.state = "1", one
            if (kind.KIND, one, other) in KNOWN:
                thing.become(other)
                assert thing.state == other
            else:
                with pytest.raises(Illegal, match=f"{kind.KIND} 1 cannot go from {one} to"):
                    thing.become(other)
                assert thing.state == one


def test_the_checks_of_a_team_at_an_hour_are_one_round() -> None:
    record = a_record("2026-04-27T14:00", INJECTED)

    assert a_check(record, key="9").round == "round:greffe:TLS:9"


def test_a_thing_is_open_and_without_a_next_instant_when_it_is_made() -> None:
    now = at("2026-04-27T14:00")

    assert Alert(key="1", raised_at=now).state == "open"
    assert Step(key="s", position=0, team="efs", on=now.date(), due_at=now).next_at is None
    made = Check(key="1", team="greffe", centre="TLS", at=now, asked_at=now + timedelta(0))
    assert made.state == "asked"
