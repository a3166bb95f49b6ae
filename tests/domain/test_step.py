"""Steps: ticked, confirmed, taken back, waived, in trouble; and what follows."""

from datetime import date

import pytest

from bot.domain import check, demand, step
from bot.domain.facts import CountdownState, RelayState, StepState, WatchState
from bot.domain.message import Refused
from tests.domain.builders import (
    BEFORE_INJECTION,
    BEFORE_STORAGE,
    BEFORE_THAW,
    DAY0,
    EFS,
    GREFFE,
    ICU,
    INJECTED,
    NEURO,
    NURSE,
    PHARMACIST,
    a_demand,
    a_record,
    cards,
    filled,
    key,
    later,
    logged,
    said,
)


def test_an_item_is_ticked_and_cleared() -> None:
    record = a_record()
    rcp = record.steps["rcp"]
    item = record.definition(rcp).item("eligible")

    step.tick(record, rcp, item, True)
    assert rcp.values == {"eligible": True}
    step.clear(record, rcp, item)
    assert rcp.values == {}


@pytest.mark.parametrize(("announced", "counted", "ok"), [(None, 3, True), (3, 3, True),
                                                          (3, 2, False)])  # fmt: skip
def test_what_is_counted_must_be_what_was_announced(
    announced: int | None, counted: int, ok: bool
) -> None:
    record = a_record("2026-04-19T10:00", BEFORE_STORAGE[:-1])
    record.steps["liberation_lot"].values = {} if announced is None else {"poches": announced}
    received = record.steps["reception_produit"]
    item = record.definition(received).item("poches")

    if ok:
        step.tick(record, received, item, counted)
    else:
        with pytest.raises(Refused) as no:
            step.tick(record, received, item, counted)
        assert key(no.value) == "step.differs"
        assert no.value.keyboard

    assert received.values == ({"poches": counted} if ok else {})


def test_what_was_counted_is_compared_again_when_it_is_confirmed() -> None:
    record = a_record("2026-04-19T10:00", BEFORE_STORAGE[:-1])
    received, released = filled(record, "reception_produit"), record.steps["liberation_lot"]
    received.values["poches"], released.values["poches"] = 1, 3

    with pytest.raises(Refused) as no:
        step.confirm(record, received, PHARMACIST)

    assert (key(no.value), received.state) == ("step.differs", "planned")
    assert no.value.keyboard


def test_an_incomplete_checklist_is_not_confirmed() -> None:
    record = a_record()

    with pytest.raises(Refused) as no:
        step.confirm(record, record.steps["rcp"], NURSE)

    assert key(no.value) == "step.incomplete"
    assert record.steps["rcp"].state == "planned"


def test_a_confirmed_step_is_done_and_frees_the_next() -> None:
    record = a_record()
    rcp = filled(record, "rcp")
    a_demand(record, step="rcp", what="move")

    step.confirm(record, rcp, NURSE)

    assert (rcp.state, rcp.done_by, rcp.done_at) == ("done", NURSE.id, record.now)
    assert rcp.next_at is None
    assert record.steps["consentement"].ready_at == record.now
    assert record.open_demands() == []
    assert logged(record) == ["step_done"]


def test_a_confirmed_step_leaves_its_problem_open_until_the_coordination_has_seen_it() -> None:
    record = a_record()
    trouble = a_demand(record, step="rcp")

    step.confirm(record, filled(record, "rcp"), NURSE)

    assert (trouble.state, trouble.next_at is None) == ("open", False)
    demand.see(record, trouble, NURSE)
    assert said(record, "demand.seen") == ["coordination"]


def test_a_step_that_bears_an_anchor_takes_what_is_counted_from_it_along() -> None:
    record = a_record("2026-03-24T08:00", ("rcp", "consentement", "bilan_apherese"))

    step.confirm(record, filled(record, "apherese"), EFS)

    assert record.patient.apheresis_on == date(2026, 3, 24)
    assert record.steps["expedition"].on == date(2026, 3, 25)


def test_the_injection_opens_the_watch_and_the_end_of_the_watch_closes_it() -> None:
    record = a_record("2026-04-27T10:00", BEFORE_INJECTION)
    step.confirm(record, filled(record, "injection"), GREFFE)
    assert record.watch.state == WatchState.OPEN

    for relay in record.open_relays():
        relay.state, relay.next_at = RelayState.ACCEPTED.value, None
    later(record, days=30)
    step.confirm(record, filled(record, "fin_surveillance"), ICU)

    assert (record.watch.state, record.watch.next_at) == (WatchState.CLOSED, None)


def test_the_watch_is_not_closed_before_its_day() -> None:
    record = a_record("2026-05-20T10:00", INJECTED)

    with pytest.raises(Refused) as no:
        step.confirm(record, filled(record, "fin_surveillance"), ICU)

    assert key(no.value) == "step.watch_not_over"
    assert check.watched(record)


def test_an_examination_is_not_required_with_its_reason() -> None:
    record = a_record()

    step.skip(record, record.steps["irm"], NEURO, "pacemaker")

    assert (record.steps["irm"].state, record.steps["irm"].note) == ("not_required", "pacemaker")
    assert logged(record) == ["step_not_required"]


@pytest.mark.parametrize("rule", [step.skip, step.waive])
def test_what_must_be_done_is_neither_skipped_nor_waived(rule: object) -> None:
    record = a_record()

    with pytest.raises(Refused) as no:
        rule(record, record.steps["rcp"], NURSE, "parce que")  # type: ignore[operator]

    assert key(no.value) == "button.stale"


def test_a_waived_step_is_free_and_the_coordination_knows() -> None:
    record = a_record()

    step.waive(record, record.steps["admission"], GREFFE, "Dr Martin")

    assert record.steps["admission"].ready_at == record.now
    assert said(record, "step.waived") == ["coordination"]


# Taken back


@pytest.mark.parametrize(
    ("minutes", "by", "reason", "refused"),
    [
        (10, NURSE, "", ""),
        (11, NURSE, "", "step.undo_too_late"),
        (11, NURSE, "à refaire", ""),
        (1, EFS, "", "step.undo_too_late"),
        (1, EFS, "à refaire", "step.undo_too_late"),
    ],
)
def test_its_author_has_ten_minutes_then_the_coordination_with_a_reason(
    minutes: int, by: object, reason: str, refused: str
) -> None:
    record = a_record()
    rcp = filled(record, "rcp")
    step.confirm(record, rcp, NURSE)
    later(record, minutes=minutes)

    if refused:
        with pytest.raises(Refused) as no:
            step.undo(record, rcp, by, reason)  # type: ignore[arg-type]
        assert key(no.value) == refused
    else:
        step.undo(record, rcp, by, reason)  # type: ignore[arg-type]
        assert (rcp.state, rcp.done_by, rcp.note) == ("planned", None, "")
        assert rcp.next_at is not None
        assert said(record, "step.undone") == ["coordination"]


@pytest.mark.parametrize("state", ["planned", "done"])
def test_what_was_not_done_by_anybody_cannot_be_taken_back(state: str) -> None:
    record = a_record()
    record.steps["rcp"].state = state

    with pytest.raises(Refused) as no:
        step.undo(record, record.steps["rcp"], NURSE)

    assert key(no.value) == "step.nothing_to_undo"


def test_what_others_built_upon_stays() -> None:
    record = a_record(done=("rcp", "consentement"))
    record.steps["rcp"].done_at = record.now

    with pytest.raises(Refused) as no:
        step.undo(record, record.steps["rcp"], NURSE, "à refaire")

    assert key(no.value) == "step.built_upon"


def test_an_injection_taken_back_closes_the_watch_and_its_clock_runs_again() -> None:
    record = a_record("2026-04-27T09:00", BEFORE_THAW)
    step.confirm(record, filled(record, "decongelation"), PHARMACIST)
    [relay] = record.open_relays()
    relay.state, relay.next_at = RelayState.ACCEPTED.value, None
    later(record, hours=1)
    injection = filled(record, "injection")
    step.confirm(record, injection, GREFFE)
    later(record, minutes=5)

    step.undo(record, injection, GREFFE)

    assert record.watch.state == WatchState.CLOSED
    [running] = record.running_countdowns()
    assert running.state == CountdownState.RUNNING
    assert {relay.state for relay in record.relays.values()} == {"accepted", "cancelled"}


@pytest.mark.parametrize(
    ("taken_back", "day0"),
    [("2026-04-26T10:05", DAY0), ("2026-04-28T10:05", date(2026, 4, 26))],
)
def test_a_day_that_passed_is_no_plan_any_more(taken_back: str, day0: date) -> None:
    record = a_record("2026-04-26T10:00", BEFORE_INJECTION)
    injection = filled(record, "injection")
    step.confirm(record, injection, GREFFE)
    assert record.patient.day0_on == date(2026, 4, 26)
    later(record, days=2 if "28" in taken_back else 0, minutes=5)

    step.undo(record, injection, NURSE, "pas faite")

    assert record.patient.day0_on == day0
    assert injection.state == StepState.PLANNED


def test_a_step_that_keeps_no_day_gives_back_its_own() -> None:
    record = a_record("2026-03-23T10:00", ("rcp", "consentement", "bilan_apherese"))
    apheresis = filled(record, "apherese")
    step.confirm(record, apheresis, EFS)
    apheresis.planned_on = None

    step.undo(record, apheresis, EFS)

    assert record.patient.apheresis_on == date(2026, 3, 23)


# In trouble


def test_a_problem_is_asked_of_the_coordination() -> None:
    record = a_record()

    step.report_problem(record, record.steps["apherese"], EFS, "transport")

    [demand] = record.open_demands()
    assert (demand.step, demand.what, demand.note) == ("apherese", "problem", "transport")
    assert cards(record) == ["demand.card"]


def test_there_is_no_problem_with_what_is_over() -> None:
    record = a_record(done=("rcp",))

    with pytest.raises(Refused) as no:
        step.report_problem(record, record.steps["rcp"], NURSE, "transport")

    assert key(no.value) == "step.already_done"
