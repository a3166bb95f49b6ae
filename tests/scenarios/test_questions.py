"""Questions: where a patient is, what is to do, what is late, who did what; with evidence."""

from typing import Any

import pytest
from sqlalchemy import event

from bot.domain.roles import Team
from tests.hospital import Hospital

GREFFE, COORDINATION = Team.GREFFE, Team.COORDINATION


async def asked(ward: Hospital, team: Team, question: str) -> str:
    """What a member is answered in private."""
    await ward.say(ward.who(team), question)
    return ward.last(ward.who(team))


async def test_the_status_of_all_puts_worries_first(any_ward: Hospital) -> None:
    calm, worried = await any_ward.injected(patients=2)
    await any_ward.alert(GREFFE, worried)

    said = await asked(any_ward, COORDINATION, "/statut")

    assert said.index(worried) < said.index(calm)
    assert "status.worry_alert" in said
    assert "status.worries n=1" in said


def test_the_numbers_and_the_calm_of_all_are_found_without_sorting_them(
    any_ward: Hospital,
) -> None:
    engine, asked = any_ward.database.engine, list[tuple[str, Any]]()
    note = lambda _c, _cursor, said, values, *_: asked.append((said, values))  # noqa: E731
    event.listen(engine, "before_cursor_execute", note)
    any_ward.ask(lambda unit: (unit.records.phases(""), unit.records.watched("", 0, 8)))
    event.remove(engine, "before_cursor_execute", note)
    if engine.dialect.name != "sqlite":
        return

    with engine.connect() as connection:
        plans = [
            [
                str(row[-1])
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", values)
            ]
            for said, values in asked
            if said.startswith("SELECT")
        ]
    assert not [plan for plan in plans if "USE TEMP B-TREE FOR GROUP BY" in plan]
    assert not [plan for plan in plans if "SCAN patient" in plan]


async def test_the_status_names_the_phase_from_what_was_done(ward: Hospital) -> None:
    [code] = await ward.injected()

    assert "phase=(status.phase.surveillance)" in await asked(ward, GREFFE, f"/statut {code}")


async def test_the_status_of_one_shows_who_did_what_and_when(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()

    said = await asked(any_ward, COORDINATION, f"/statut {code}")

    assert "status.done at=2026-04-27T08:00:00+00:00 label=Injection" in said
    assert "status.read_back" in said
    assert "who=(member.name name=Greffe team=greffe)" in said


async def test_the_status_says_what_is_not_known(ward: Hospital) -> None:
    [code] = await ward.injected()
    number = await ward.alert(GREFFE, code)

    said = await asked(ward, GREFFE, f"/statut {code}")

    assert f"status.unknown_grade number={number}" in said
    assert "status.unknown_value item=Cuve et position" in said


async def test_the_status_names_an_open_relay_and_its_deadline(ward: Hospital) -> None:
    await ward.enrol()
    code = await ward.enrol()
    await ward.skip_to("2026-04-12T12:00")
    for slug in ("consultation_neuro", "irm", "eeg"):
        await ward.do(Team.NEUROLOGIE, code, slug)

    said = await asked(ward, GREFFE, f"/statut {code}")

    assert "status.relay giver=neurologie team=greffe until=2026-04-12T12:00:00+00:00" in said


async def test_an_unknown_code_answers_with_the_nearest(ward: Hospital) -> None:
    code = await ward.enrol()
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")

    await asked(ward, GREFFE, f"/statut {wrong}")

    assert ward.newest(ward.who(GREFFE), code)


async def test_what_is_to_do_comes_most_urgent_first(any_ward: Hospital) -> None:
    await any_ward.injected()
    await any_ward.at("2026-04-27T14:00")

    await any_ward.say(any_ward.who(GREFFE), "/afaire")

    shown = any_ward.screen(any_ward.who(GREFFE))[-1]
    assert shown.text.index("todo.check") < shown.text.index("label=Sortie")
    assert [b["text"].split()[0] for row in shown.keyboard for b in row][:2] == [
        "check.button.ras",
        "check.button.report",
    ]


async def test_what_is_to_do_begins_with_the_alert_that_the_team_must_take(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    await any_ward.alert(GREFFE, code, "icans")

    for team in (Team.REANIMATION, Team.NEUROLOGIE):
        assert f"todo.alert at=2026-04-27T08:00:00+00:00 head=(patient.head code={code}" in (
            await asked(any_ward, team, "/afaire")
        )
        await any_ward.press(any_ward.who(team), "todo.button.take")
        assert "todo.alert" not in await asked(any_ward, team, "/afaire")
    [alert] = any_ward.alerts(code)
    assert alert.taken_at
    assert alert.neuro_at


async def test_an_alert_is_to_do_for_those_alone_who_must_take_it(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.alert(GREFFE, code)

    assert "todo.alert" in await asked(ward, Team.REANIMATION, "/afaire")
    assert "todo.alert" not in await asked(ward, Team.NEUROLOGIE, "/afaire")
    assert "todo.alert" not in await asked(ward, GREFFE, "/afaire")


async def test_an_alert_stands_on_each_page_and_takes_no_place_of_the_list(ward: Hospital) -> None:
    code, *_ = await ward.injected(patients=11)
    await ward.alert(GREFFE, code)
    icu = ward.who(Team.REANIMATION)

    first = await asked(ward, Team.REANIMATION, "/afaire")
    await ward.press(icu, "list.button.more n=1")
    second = ward.last(icu)

    assert [said.count("todo.alert") for said in (first, second)] == [1, 1]
    assert [said.count("todo.step") for said in (first, second)] == [10, 1]


async def test_what_is_to_do_names_an_escalated_round_to_those_it_climbed_to(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    await any_ward.at("2026-04-27T15:59")
    before = await asked(any_ward, Team.REANIMATION, "/afaire")
    await any_ward.at("2026-04-27T16:01")

    after = await asked(any_ward, Team.REANIMATION, "/afaire")

    assert "todo.check" not in before
    assert "todo.check_escalated at=2026-04-27T12:00:00+00:00" in after
    await any_ward.press(any_ward.who(Team.REANIMATION), f"check.button.ras code={code}")
    assert "todo.check" not in await asked(any_ward, Team.REANIMATION, "/afaire")


async def test_the_status_offers_the_alert_to_those_who_must_take_it(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.alert(GREFFE, code)
    icu, nurse = ward.who(Team.REANIMATION), ward.who(GREFFE)

    await ward.say(nurse, f"/statut {code}")
    await ward.say(icu, f"/statut {code}")
    offered = ward.screen(nurse)[-1].button("status.button.take")
    await ward.press(icu, "status.button.take")

    assert offered is None
    assert ward.alerts(code)[0].taken_at


async def test_a_step_that_waits_is_not_to_do(ward: Hospital) -> None:
    await ward.enrol()

    assert (await asked(ward, Team.EFS, "/afaire")).startswith("todo.nothing")


async def test_what_is_late_names_who_owes_it(ward: Hospital) -> None:
    code = await ward.enrol()
    await ward.at("2026-03-02T18:00")

    said = await asked(ward, COORDINATION, "/retards")

    assert f"code={code}" in said
    assert "label=RCP" in said
    assert "team=coordination" in said


async def test_nothing_late_is_said_as_such(ward: Hospital) -> None:
    await ward.enrol()

    assert (await asked(ward, COORDINATION, "/retards")).startswith("late.nothing")


async def test_the_history_tells_what_the_chain_holds(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    await any_ward.alert(GREFFE, code)
    await any_ward.take(Team.REANIMATION)

    said = await asked(any_ward, COORDINATION, f"/historique {code}")

    events = [word.strip("(") for word in said.split() if "event." in word]
    order = ["patient_enrolled", "step_done", "relay_accepted", "alert_raised", "alert_taken"]
    places = [next(n for n, e in enumerate(events) if e.endswith(name)) for name in order]
    assert places == sorted(places)


async def test_a_long_history_keeps_its_beginning(any_ward: Hospital) -> None:
    code = await any_ward.enrol()
    nurse = any_ward.who(COORDINATION)
    with any_ward.database.unit() as unit:
        for _ in range(100):
            unit.events.record("check_ras", code)

    pages = [await asked(any_ward, COORDINATION, f"/historique {code}")]
    while any_ward.screen(nurse)[-1].button("list.button.more"):
        await any_ward.press(nurse, "list.button.more")
        pages.append(any_ward.last(nurse))

    assert "event.patient_enrolled" in pages[0]
    assert sum(page.count("event.check_ras") for page in pages) == 100


async def test_a_team_sees_only_the_patients_of_its_centre(ward: Hospital) -> None:
    ward.staff(GREFFE, centre="MPL")
    here = await ward.enrol()
    there = await ward.enrol(centre="MPL")

    said = await asked(ward, GREFFE, "/statut")
    refused = await asked(ward, GREFFE, f"/statut {there}")

    assert here in said
    assert there not in said
    # Its own words back, as for a code that is nobody's.
    assert refused == f"patient.unknown typed={there}"


async def test_the_coordination_sees_every_centre(ward: Hospital) -> None:
    ward.staff(*(team for team in Team if team is not COORDINATION), centre="MPL")
    here, there = await ward.enrol(), await ward.enrol(centre="MPL")

    said = await asked(ward, COORDINATION, "/statut")

    assert here in said
    assert there in said


@pytest.mark.parametrize(
    ("team", "more"), [(GREFFE, "more=(nothing)"), (COORDINATION, "more=(help.coordinator)")]
)
async def test_the_help_is_that_of_the_role(ward: Hospital, team: Team, more: str) -> None:
    assert more in await asked(ward, team, "/aide")


@pytest.mark.parametrize("command", ["/retards", "/historique TLS-2222", "/equipes"])
async def test_a_team_does_not_ask_what_only_the_coordination_may(
    ward: Hospital, command: str
) -> None:
    assert await asked(ward, GREFFE, command) == "role.forbidden"
