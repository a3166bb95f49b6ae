"""The chain proves: what is cut off it, and what was put into the tables by hand, is named."""

import json
import logging
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from bot.care import evidence
from bot.domain.roles import Team
from bot.store import letters
from bot.store.events import c, events
from bot.store.people import groups, members
from bot.store.proofs import usual_file
from bot.store.records import d, dated, p, patients
from tests.hospital import Hospital

COORDINATION, GREFFE, REANIMATION = Team.COORDINATION, Team.GREFFE, Team.REANIMATION
Harm = Callable[[Connection], object]


def faults(ward: Hospital, posted: tuple[int, str] | None = None) -> list[str]:
    """What `python -m bot audit` says."""
    return list(ward.ask(lambda unit: list(evidence.faults(unit, posted))))


def by_hand(ward: Hospital, *harms: Harm) -> None:
    """Somebody who has the database changes it."""
    # What the auditor says of it besides is somebody else's test.
    ward.excused = ("",)
    with ward.database.engine.begin() as connection:
        for harm in harms:
            harm(connection)


async def busy(ward: Hospital) -> str:
    """A patient with a closed step, an alert that was taken, graded and closed, and another."""
    code = await ward.enrol()
    await ward.do(COORDINATION, code, "rcp")
    await ward.alert(GREFFE, code)
    await ward.press(ward.who(GREFFE), "alert.button.grade grade=3", ward.chat(GREFFE))
    await ward.take(REANIMATION)
    await ward.advance(hours=2)
    await ward.press(ward.who(REANIMATION), "outcome_stable", ward.chat(REANIMATION))
    await ward.alert(GREFFE, code, "autre")
    return code


# What is known against what was logged


async def test_what_was_done_by_the_bot_is_all_proved(any_ward: Hospital) -> None:
    code = await busy(any_ward)

    assert [alert.state for alert in any_ward.alerts(code)] == ["closed", "open"]
    assert faults(any_ward) == []


async def test_an_alert_that_neurology_alone_has_is_proved(any_ward: Hospital) -> None:
    code = await any_ward.enrol()
    await any_ward.alert(GREFFE, code, "icans")
    await any_ward.take(Team.NEUROLOGIE)

    assert faults(any_ward) == []


async def test_an_alert_that_was_forgotten_and_called_again_is_proved(any_ward: Hospital) -> None:
    code = await any_ward.enrol()
    await any_ward.alert(GREFFE, code)
    await any_ward.take(REANIMATION)
    # Nobody says what became of it: it is called again, and nobody has it.
    await any_ward.advance(hours=2, minutes=40)

    assert [alert.state for alert in any_ward.alerts(code)] == ["open"]
    assert faults(any_ward) == []


def facts(kind: str, key: str, **changed: object) -> Harm:
    """The facts of a thing, changed as the program would write them."""

    def harm(connection: Connection) -> None:
        mine = (d.kind == kind, d.key == key)
        known = json.loads(connection.execute(select(d.facts).where(*mine)).scalar_one())
        columns = {"state": changed["state"]} if "state" in changed else {}
        written = json.dumps(known | changed)
        connection.execute(update(dated).where(*mine).values(facts=written, **columns))

    return harm


def columns(kind: str, key: str, /, **values: object) -> Harm:
    return lambda it: it.execute(update(dated).where(d.kind == kind, d.key == key).values(values))


def of_patient(**changed: object) -> Harm:
    def harm(connection: Connection) -> None:
        known = json.loads(connection.execute(select(p.facts)).scalar_one())
        connection.execute(update(patients).values(facts=json.dumps(known | changed)))

    return harm


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (facts("alert", "2", state="closed"), "alert {} 2: no event made its end"),
        (facts("alert", "2", state="taken", taken_by=4), "alert {} 2: no event made its taker"),
        (facts("alert", "1", grade=1), "alert {} 1: no event made its grade"),
        (facts("alert", "1", taken_by=1), "alert {} 1: no event made its taker"),
        (facts("alert", "1", state="open"), "alert {} 1: no event made its end"),
        (
            columns("alert", "2", state="closed", open=False),
            "alert {} 2 is listed as what it is not",
        ),
        (
            columns("alert", "2", open=False, next_at=None),
            "alert {} 2 is listed as what it is not",
        ),
        (columns("alert", "2", key="3"), "alert {} 2 was raised, and is gone"),
        (facts("step", "rcp", done_by=4), "step {} rcp: no event made its author"),
        (facts("step", "apherese", state="done"), "step {} apherese is done by no event"),
        (facts("step", "rcp", values={"forged": 1}), "step {} rcp: no event made its values"),
        (facts("step", "rcp", note="forged"), "step {} rcp: no event made its note"),
        (facts("alert", "2", state="taken"), "alert {} 2: no event made its state"),
        (of_patient(product="kymriah_lymphome"), "patient {}: no event made its product"),
        (of_patient(state="ended"), "patient {}: no event made its state"),
        (of_patient(day0_on="2027-01-01"), "patient {}: no event made its day J0"),
        (of_patient(apheresis_on="2027-01-01"), "patient {}: no event made its day AP"),
    ],
)
async def test_what_was_put_into_a_row_by_hand_is_named(
    harm: Harm, named: str, any_ward: Hospital
) -> None:
    code = await busy(any_ward)

    by_hand(any_ward, harm)

    assert named.format(code) in faults(any_ward)


async def test_days_that_were_moved_are_proved(any_ward: Hospital) -> None:
    code = await busy(any_ward)
    nurse = any_ward.who(COORDINATION)

    for what in ("j0 30/04/2026", "apherese 25/03/2026"):
        await any_ward.say(nurse, f"/reporter {code} {what}")
        await any_ward.press(nurse, "move.button.apply")

    patient = any_ward.record(code).patient
    assert (patient.day0_on, patient.apheresis_on) == (date(2026, 4, 30), date(2026, 3, 25))
    assert faults(any_ward) == []


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"team": "efs"}, "group {}: no event gave it its team"),
        ({"centre": "MPL"}, "group {}: no event gave it its team"),
        ({"chat_id": -77}, "group -77: no event bound it there"),
        ({"team": ""}, "group {} was bound, and is gone"),
    ],
    ids=lambda it: str(*it) if isinstance(it, dict) else "",
)
async def test_a_group_that_was_changed_by_hand_is_named(
    values: dict[str, object], named: str, any_ward: Hospital
) -> None:
    chat = any_ward.chat(REANIMATION)

    by_hand(
        any_ward,
        lambda it: it.execute(update(groups).where(groups.c.chat_id == chat).values(values)),
    )

    assert named.format(chat) in faults(any_ward)


async def test_a_group_that_got_another_number_is_proved(any_ward: Hospital) -> None:
    chat = any_ward.chat(REANIMATION)

    with any_ward.database.unit() as unit:
        letters.move_chat(unit, chat, -1009)

    assert faults(any_ward) == []


async def test_an_alert_that_nobody_raised_and_a_patient_that_is_gone_are_named(
    any_ward: Hospital,
) -> None:
    code, gone = await busy(any_ward), await any_ward.enrol()

    def copy(connection: Connection) -> None:
        row = connection.execute(select(dated).where(d.kind == "alert", d.key == "2")).mappings()
        known = dict(row.one())
        written = json.dumps(json.loads(known["facts"]) | {"key": "7"})
        connection.execute(insert(dated), known | {"key": "7", "facts": written})

    by_hand(
        any_ward,
        copy,
        lambda it: it.execute(delete(dated).where(d.code == gone)),
        lambda it: it.execute(delete(patients).where(p.code == gone)),
    )

    assert faults(any_ward) == [
        f"alert {code} 7 was raised by no event",
        f"patient {gone} was enrolled, and is gone",
    ]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"team": "coordination"}, "member {}: no event made its team"),
        ({"centre": "MPL"}, "member {}: no event made its centre"),
        ({"telegram_id": 31337}, "member {}: no event made its account"),
        ({"id": 77}, "member 77 joined by no event"),
    ],
    ids=lambda it: str(*it) if isinstance(it, dict) else "",
)
async def test_a_member_who_was_changed_by_hand_is_named(
    values: dict[str, object], named: str, any_ward: Hospital
) -> None:
    someone = any_ward.who(Team.EFS).id
    everybody = any_ward.ask(lambda unit: unit.people.roster.members)
    [id_] = [each.id for each in everybody.values() if each.telegram_id == someone]

    by_hand(
        any_ward, lambda it: it.execute(update(members).where(members.c.id == id_).values(values))
    )

    assert named.format(id_) in faults(any_ward)


async def test_a_member_who_joined_left_and_came_back_is_proved(any_ward: Hospital) -> None:
    nurse, guest = any_ward.who(COORDINATION), any_ward.person("Léa")
    await any_ward.say(guest, f"/start {any_ward.token(Team.EFS)}")
    await any_ward.say(nurse, "/retirer")
    await any_ward.press(nurse, "Léa")
    await any_ward.press(nurse, "member.button.remove")
    assert any_ward.ask(lambda unit: unit.people.roster.account(guest.id)) is None
    assert faults(any_ward) == []

    await any_ward.advance(minutes=1)
    await any_ward.say(guest, f"/start {any_ward.token(Team.GREFFE)}")

    assert any_ward.ask(lambda unit: unit.people.roster.account(guest.id)).team == "greffe"
    assert faults(any_ward) == []


async def test_an_event_that_was_spoilt_is_named_and_ends_neither_audit_nor_digest(
    any_ward: Hospital,
) -> None:
    code = await busy(any_ward)
    by_hand(any_ward, lambda it: it.execute(update(events).values(data={})))

    found = faults(any_ward)

    assert "somebody's joining: an event of it cannot be read" in found
    assert f"patient {code}: an event of it cannot be read" in found
    with any_ward.heard(any_ward.chat(COORDINATION)) as heard:
        await any_ward.at("2026-03-03T08:00")
    assert [said for said in heard if said.startswith("digest.morning")]


# What was posted


async def posted(ward: Hospital) -> tuple[int, str]:
    """The next morning's digest has said what the journal is."""
    await ward.at("2026-03-03T08:00")
    *_, said = ward.told(ward.chat(COORDINATION), "digest.morning")
    shown = said.partition("chain.posted ")[2]
    mark, n = (part.partition("=")[2].rstrip(")") for part in shown.split()[:2])
    return int(n), mark


def cut(ward: Hospital, last: int) -> None:
    """The events after this one are gone."""
    by_hand(ward, lambda it: it.execute(delete(events).where(c.id > last)))


async def test_the_digest_posts_the_newest_hash_and_the_count(any_ward: Hospital) -> None:
    await any_ward.enrol()

    count, mark = await posted(any_ward)

    rows = any_ward.ask(
        lambda unit: unit.connection.execute(select(c.hash).order_by(c.id)).scalars().all()
    )
    assert (len(mark), rows[count - 1][:12]) == (12, mark)
    assert faults(any_ward, (count, mark)) == []
    assert faults(any_ward, (count - 1, mark)) == [
        f"the event chain does not hold the {count - 1} events posted as {mark}"
    ]


async def test_what_comes_after_the_proof_takes_nothing_from_it(any_ward: Hospital) -> None:
    code = await any_ward.enrol()
    count, mark = await posted(any_ward)

    await any_ward.do(COORDINATION, code, "rcp")

    assert faults(any_ward, (count, mark)) == []
    assert any_ward.unexplained() == []


@pytest.mark.parametrize("left", [0, 3])
async def test_a_tail_that_was_cut_and_an_emptied_table_are_told_at_the_start(
    left: int, any_ward: Hospital, caplog: pytest.LogCaptureFixture
) -> None:
    await any_ward.enrol()
    count, mark = await posted(any_ward)

    cut(any_ward, left)
    with caplog.at_level(logging.ERROR), any_ward.heard(any_ward.chat(COORDINATION)) as heard:
        await any_ward.restart()
        await any_ward.restart()
        await any_ward.advance(minutes=30)

    fault = f"the event chain no longer holds the {count} events posted at"
    assert [line.startswith(fault) for line in caplog.messages] == [True, True]
    assert [line for line in faults(any_ward) if line.startswith(fault)]
    assert [line.startswith(fault) for line in any_ward.unexplained()] == [True]
    assert any_ward.relais.health()["unexplained"] == {"chain": 1}
    [said] = heard
    assert said.startswith("chain.cut ")
    assert f"mark={mark}" in said


async def test_events_that_are_cut_off_while_the_bot_runs_are_told_within_ten_minutes(
    any_ward: Hospital,
) -> None:
    await any_ward.enrol()
    await posted(any_ward)

    cut(any_ward, 3)
    with any_ward.heard(any_ward.chat(COORDINATION)) as heard:
        await any_ward.advance(minutes=11)

    assert [said.partition(" ")[0] for said in heard] == ["chain.cut"]


async def test_once_it_was_told_the_next_morning_begins_a_new_proof(any_ward: Hospital) -> None:
    """What was lost stays in the chain, and in the chat beside the new one."""
    await any_ward.enrol()
    count, _ = await posted(any_ward)
    cut(any_ward, count - 2)

    await any_ward.at("2026-03-04T08:00")

    assert [line for line in any_ward.unexplained() if "chain" in line] == []
    lost = any_ward.ask(lambda unit: unit.events.last("proof_lost"))
    assert lost.data["count"] == count


async def test_an_older_database_put_in_its_place_is_told_by_the_file_beside_it(
    ward: Hospital, tmp_path: Path
) -> None:
    """Whole in itself, with its own older proof: only what stands outside of it tells."""
    ward.database.proof_file = tmp_path / "relais.db.proof"
    await ward.enrol()
    with ward.database.engine.begin() as connection:
        older = {
            table: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in (events, dated)
        }
    count, mark = await posted(ward)
    assert ward.database.proof_file.stat().st_mode & 0o777 == 0o600
    assert faults(ward) == []

    for table, rows in older.items():
        by_hand(
            ward,
            lambda it, table=table: it.execute(delete(table)),  # type: ignore[misc]
            lambda it, table=table, rows=rows: it.execute(insert(table), rows),  # type: ignore[misc]
        )

    [fault] = faults(ward)
    assert f"{count} events" in fault
    assert fault.endswith(f"as {mark}")
    ward.database.proof_file.write_text("spoilt")
    assert faults(ward) == []
    ward.database.proof_file = tmp_path / "no such folder" / "proof"
    await ward.advance(days=1)


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///var/relais.db", Path("var/relais.db.proof")),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
        ("postgresql+psycopg://relais:secret@db/relais", Path("var/db-5432-relais.proof")),
        ("postgresql+psycopg:///relais", Path("var/local-5432-relais.proof")),
    ],
)
def test_the_file_of_the_proof_stands_beside_the_database_or_on_this_machine(
    url: str, file: Path | None
) -> None:
    assert usual_file(url) == file
