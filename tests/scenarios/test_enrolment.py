"""Enrolling a patient: in one line or step by step, and what is refused."""

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from random import Random

import pytest
from sqlalchemy import delete, event, insert

from bot.domain import codes
from bot.domain.facts import PatientState
from bot.domain.roles import Team
from bot.store.records import patients as table
from tests.hospital import Hospital

LINE = "/nouveau yescarta apherese 23/03/2026 j0 27/04/2026"


def patients(ward: Hospital) -> list[str]:
    return sorted(ward.codes())


async def test_one_line_shows_the_plan_of_each_team_and_creates_nothing(ward: Hospital) -> None:
    nurse = ward.who(Team.COORDINATION)

    await ward.say(nurse, LINE)

    shown = ward.last(nurse)
    assert shown.startswith("patient.preview apheresis=2026-03-23 centre=TLS day0=2026-04-27")
    for team in Team:
        assert f"team={team}" in shown
    assert "label=Feu vert on=2026-04-26" in shown
    assert patients(ward) == []


async def test_creating_gives_a_code_and_tells_each_team_its_own_plan(any_ward: Hospital) -> None:
    code = await any_ward.enrol()

    assert codes.valid(code)
    assert patients(any_ward) == [code]
    for team in Team:
        [told] = any_ward.told(any_ward.chat(team), "patient.created_team")
        assert code in told
    pharmacy = any_ward.told(any_ward.chat(Team.PHARMACIE), "patient.created_team")[0]
    assert "Libération du lot" in pharmacy
    assert "Aphérèse" not in pharmacy


async def test_another_centre_hears_nothing(ward: Hospital) -> None:
    ward.staff(Team.EFS, centre="MPL")

    await ward.enrol()

    assert ward.told(ward.chat(Team.EFS, "MPL")) == []


async def test_a_double_tap_on_create_makes_one_patient(any_ward: Hospital) -> None:
    nurse = any_ward.who(Team.COORDINATION)
    await any_ward.say(nurse, LINE)
    shown = any_ward.newest(nurse, "patient.button.create")

    taps = [any_ward.query(nurse, nurse.id, shown.id, "enrol:create", f"q{n}") for n in (1, 2)]
    await any_ward.receive(*(any_ward.update("callback_query", tap) for tap in taps))

    assert len(patients(any_ward)) == 1
    assert any_ward.popup("q1") == ""
    assert any_ward.popup("q2") == "button.stale"


async def test_codes_are_unique_across_centres(ward: Hospital) -> None:
    for centre in ("TLS", "MPL") * 5:
        await ward.enrol(centre=centre)

    found = patients(ward)
    assert len({code[-4:] for code in found}) == 10
    assert all(codes.valid(code) for code in found)


async def test_the_dialogue_asks_one_thing_at_a_time_and_ends_with_the_same_plan(
    ward: Hospital,
) -> None:
    nurse = ward.who(Team.COORDINATION)

    await ward.say(nurse, "/nouveau")
    await ward.press(nurse, "patient.button.product brand=Yescarta")
    await ward.press(nurse, "patient.button.centre name=Montpellier")
    await ward.press(nurse, "date.button.day on=2026-03-12")
    await ward.press(nurse, "date.button.day on=2026-04-20")

    assert ward.last(nurse).startswith("patient.preview apheresis=2026-03-12 centre=MPL")
    await ward.press(nurse, "patient.button.create")
    assert [code[:3] for code in patients(ward)] == ["MPL"]


async def test_days_may_be_typed_in_the_dialogue(ward: Hospital) -> None:
    nurse = ward.who(Team.COORDINATION)
    await ward.say(nurse, "/nouveau")
    await ward.press(nurse, "patient.button.product brand=Yescarta")
    await ward.press(nurse, "patient.button.centre name=Toulouse")

    await ward.say(nurse, "23/03")
    await ward.say(nurse, "lundi 27 avril")
    unreadable = ward.last(nurse)
    await ward.say(nurse, "27 avril 2026")

    assert unreadable == "date.unreadable"
    assert ward.last(nurse).startswith("patient.preview apheresis=2026-03-23 centre=TLS")


async def test_back_goes_one_question_back_at_each_step(ward: Hospital) -> None:
    nurse = ward.who(Team.COORDINATION)
    await ward.say(nurse, LINE)

    seen = []
    for _ in range(4):
        await ward.press(nurse, "draft.button.back")
        seen.append(ward.last(nurse).split()[0])

    assert seen == [
        "patient.ask.day0",
        "patient.ask.apheresis",
        "patient.ask.centre",
        "patient.ask.product",
    ]
    assert ward.screen(nurse)[-1].button("draft.button.back") is None


async def test_the_dialogue_goes_on_after_a_restart(any_ward: Hospital) -> None:
    nurse = any_ward.who(Team.COORDINATION)
    await any_ward.say(nurse, "/nouveau")
    await any_ward.press(nurse, "patient.button.product brand=Yescarta")
    await any_ward.press(nurse, "patient.button.centre name=Toulouse")

    await any_ward.restart()
    await any_ward.say(nurse, "23/03/2026")
    await any_ward.say(nurse, "27/04/2026")
    await any_ward.press(nurse, "patient.button.create")

    assert len(patients(any_ward)) == 1


async def test_a_dialogue_in_the_group_does_not_disturb_the_one_in_private(
    ward: Hospital,
) -> None:
    nurse, group = ward.who(Team.COORDINATION), ward.chat(Team.COORDINATION)
    await ward.say(nurse, LINE)

    await ward.say(nurse, "/nouveau", group)
    await ward.press(nurse, "patient.button.product brand=Tecartus", group)
    await ward.press(nurse, "patient.button.create")

    [code] = patients(ward)
    assert ward.record(code).patient.product == "yescarta"


async def test_a_dialogue_is_left_by_the_command(ward: Hospital) -> None:
    nurse = ward.who(Team.COORDINATION)
    await ward.say(nurse, LINE)
    shown = ward.newest(nurse, "patient.button.create")

    await ward.say(nurse, "/annuler")
    left = ward.last(nurse)
    popup = await ward.press(nurse, "patient.button.create", message=shown)
    await ward.say(nurse, "/annuler")

    assert left == "draft.left"
    assert popup == "button.stale"
    assert ward.last(nurse) == "draft.none"
    assert patients(ward) == []


async def test_a_button_of_an_earlier_question_does_not_answer_the_present_one(
    ward: Hospital,
) -> None:
    nurse = ward.who(Team.COORDINATION)
    await ward.say(nurse, "/nouveau yescarta centre TLS")
    asked = ward.newest(nurse, "date.button.day")
    await ward.say(nurse, "23/03/2026")

    popup = await ward.press(nurse, "date.button.day", message=asked)

    assert popup == "button.stale"
    assert ward.last(nurse).startswith("patient.ask.day0")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/nouveau yescarta apherese 31/02/2026 j0 27/04/2026", "date.impossible"),
        ("/nouveau yescarta apherese 23/03/2026 j0 20/03/2026", "patient.day0_before_apheresis"),
        ("/nouveau yescarta apherese 23/03/2026 j0 23/03/2026", "patient.day0_before_apheresis"),
        ("/nouveau yescarta apherese 01/03/2026 j0 27/04/2026", "date.past"),
        ("/nouveau yescarta apherese 23/03/2026 j0 27/04/2062", "date.too_far"),
        ("/nouveau yescarta apherese 23/03/2062 j0 27/04/2062", "date.too_far"),
        ("/nouveau yescarta apherese 23/03/9999 j0 31/12/9999", "date.too_far"),
        ("/nouveau yescarta apherese bientôt j0 27/04/2026", "date.unreadable"),
        ("/nouveau yescarta apherese", "date.unreadable"),
        ("/nouveau aspirine apherese 23/03/2026 j0 27/04/2026", "patient.product_unknown"),
        ("/nouveau kymriah_lal apherese 23/03/2026 j0 27/04/2026", "patient.product_un"),
        (f"{LINE} centre PAR", "patient.centre_unknown"),
    ],
)
async def test_what_cannot_be_is_refused_in_one_sentence(
    ward: Hospital, line: str, answer: str
) -> None:
    nurse = ward.who(Team.COORDINATION)

    await ward.say(nurse, line)

    assert len(ward.told(nurse)) == 1
    assert ward.last(nurse).startswith(answer)
    assert patients(ward) == []


async def test_a_product_whose_regimen_has_no_pathway_here_is_refused_with_the_reason(
    ward: Hospital,
) -> None:
    nurse = ward.who(Team.COORDINATION)
    unfit = next(p for p in ward.database.network.products if not p.pathway)

    await ward.say(nurse, LINE.replace("yescarta", unfit.id))

    assert ward.last(nurse).startswith(f"patient.product_unfit name={unfit.name}")


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("/nouveau", "product"),
        ("/nouveau yescarta", "centre"),
        ("/nouveau apherese 23/03/2026 j0 27/04/2026", "product"),
        ("/nouveau yescarta centre TLS", "apheresis"),
        ("/nouveau yescarta apherese 23/03/2026 centre TLS", "day0"),
    ],
)
async def test_what_is_missing_is_asked(ward: Hospital, said: str, asked: str) -> None:
    nurse = ward.who(Team.COORDINATION)

    await ward.say(nurse, said)

    assert ward.last(nurse).startswith(f"patient.ask.{asked}")


async def test_a_plan_that_begins_in_the_past_or_is_very_short_warns(ward: Hospital) -> None:
    nurse = ward.who(Team.COORDINATION)

    await ward.say(nurse, "/nouveau yescarta apherese 04/03/2026 j0 16/03/2026")

    assert "patient.warn_quick n=12" in ward.last(nurse)
    assert re.search(r"patient.warn_passed labels=[^)]*Bilan avant aphérèse", ward.last(nurse))


async def test_only_the_coordination_enrols(ward: Hospital) -> None:
    efs = ward.who(Team.EFS)

    await ward.say(efs, LINE)

    assert ward.last(efs) == "role.forbidden"


async def test_a_preview_that_waited_until_its_date_had_passed_creates_nothing(
    ward: Hospital,
) -> None:
    nurse = ward.who(Team.COORDINATION)
    await ward.at("2026-03-03T23:55")
    await ward.say(nurse, "/nouveau yescarta apherese 03/03/2026 j0 27/04/2026")

    await ward.at("2026-03-04T00:05")
    popup = await ward.press(nurse, "patient.button.create")

    assert popup.startswith("date.past")
    assert patients(ward) == []


async def test_a_preview_older_than_a_quarter_of_an_hour_creates_nothing(ward: Hospital) -> None:
    nurse = ward.who(Team.COORDINATION)
    await ward.say(nurse, LINE)

    await ward.advance(minutes=15)

    assert await ward.press(nurse, "patient.button.create") == "button.stale"
    assert patients(ward) == []


async def test_a_date_far_ahead_may_be_typed_again_in_the_dialogue(ward: Hospital) -> None:
    nurse = ward.who(Team.COORDINATION)
    await ward.say(nurse, "/nouveau yescarta centre TLS")

    await ward.say(nurse, "23/03/2062")
    refused = ward.last(nurse)
    await ward.say(nurse, "23/03/2026")

    assert refused.startswith("date.too_far")
    assert ward.last(nurse).startswith("patient.ask.day0")


# When codes run short


FOURS = tuple(codes.every_four())


@contextmanager
def given(ward: Hospital, centre: str, fours: Iterable[str]) -> Iterator[None]:
    """For a while these codes are those of patients whose pathway ended long ago."""
    about = {
        "centre": centre,
        "state": PatientState.ENDED.value,
        "phase": "suivi",
        "day0_on": date(2020, 1, 6),
        "late_at": None,
        "version": 1,
        "facts": "{}",
    }
    rows = [{**about, "code": f"{centre}-{four}", "four": four} for four in fours]
    with ward.database.unit() as unit:
        unit.connection.execute(insert(table), rows)
    yield
    with ward.database.unit() as unit:
        old = table.c.centre == centre, table.c.state == PatientState.ENDED.value
        unit.connection.execute(delete(table).where(*old))


@contextmanager
def statements(ward: Hospital) -> Iterator[list[str]]:
    """What the database is asked inside of the block."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(ward.database.engine, "before_cursor_execute", note)
    yield asked
    event.remove(ward.database.engine, "before_cursor_execute", note)


async def test_when_every_code_of_a_centre_is_given_enrolling_is_refused_in_one_sentence(
    ward: Hospital,
) -> None:
    nurse = ward.who(Team.COORDINATION)
    await ward.say(nurse, LINE)

    with given(ward, "TLS", FOURS):
        popup = await ward.press(nurse, "patient.button.create")

    assert len(FOURS) == 18_632
    assert popup == "patient.no_code_left centre=TLS"
    assert patients(ward) == []


async def test_a_centre_that_has_codes_left_goes_on_when_another_has_none(
    ward: Hospital,
) -> None:
    with given(ward, "TLS", FOURS):
        code = await ward.enrol(centre="MPL")

    assert codes.valid(code)
    assert patients(ward) == [code]


async def test_with_99_of_100_codes_given_one_is_found_in_few_statements(ward: Hospital) -> None:
    nurse = ward.who(Team.COORDINATION)
    left = set(FOURS[50::100])
    await ward.say(nurse, LINE)

    with given(ward, "TLS", set(FOURS) - left), statements(ward) as asked:
        await ward.press(nurse, "patient.button.create")

    [code] = patients(ward)
    assert code[4:] in left
    assert len(asked) < 100


async def test_a_code_that_was_given_is_not_given_again_however_many_centres_there_were(
    ward: Hospital,
) -> None:
    drawn = codes.candidates(Random(7).randrange, 16)
    nurse = ward.who(Team.COORDINATION)
    await ward.say(nurse, LINE)

    with ExitStack() as everywhere:
        everywhere.enter_context(given(ward, "TLS", drawn[15:]))
        for centre in ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG"):
            everywhere.enter_context(given(ward, centre, drawn[:15]))
        ward.database.draw = Random(7).randrange
        await ward.press(nurse, "patient.button.create")

    [code] = patients(ward)
    assert code[4:] not in drawn


async def same_four(ward: Hospital) -> tuple[str, str]:
    """Two patients, in two centres, whose codes differ by their centre alone."""
    here = await ward.enrol(centre="TLS")
    known, there = ward.record(here), here.replace("TLS", "MPL")
    with ward.database.unit() as unit:
        other = unit.records.new(replace(known.patient, code=there, centre="MPL"))
        for step in known.plan():
            other.add(step)
    return here, there


@pytest.mark.parametrize(
    ("said", "verb"),
    [
        ("/statut {0}", "status:show"),
        ("{0}", "status:show"),
        ("/alerte {0}", "alert:new"),
        ("/toxicite {0}", "report:new"),
    ],
)
async def test_the_same_four_in_two_centres_is_asked_with_buttons_and_never_guessed(
    ward: Hospital, said: str, verb: str
) -> None:
    here, there = await same_four(ward)
    nurse = ward.who(Team.COORDINATION)

    await ward.say(nurse, said.format(here[4:]))
    asked, before = ward.screen(nurse)[-1], [*ward.alerts(here), *ward.alerts(there)]
    await ward.press(nurse, f"patient.button.near code={there}")

    assert "patient.which n=2" in asked.text
    assert [row[0]["data"] for row in asked.keyboard] == [f"{verb}:{there}", f"{verb}:{here}"]
    assert before == []
    assert f"code={there}" in ward.last(nurse)
    assert ward.alerts(here) == []


async def test_a_team_means_the_patient_of_its_own_centre(ward: Hospital) -> None:
    here, _ = await same_four(ward)
    greffe = ward.who(Team.GREFFE)

    await ward.say(greffe, f"/statut {here[4:]}")

    assert ward.last(greffe).startswith("status.one")
    assert f"code={here}" in ward.last(greffe)
