"""The thawed product does not wait, and what is asked of the coordination is not forgotten."""

from bot.domain.roles import Team
from tests.hospital import BEFORE_INJECTION, Hospital

BEFORE_THAW = BEFORE_INJECTION[:-1]


async def thawed(ward: Hospital) -> str:
    """A patient whose product is thawed at nine on the day of the injection: Yescarta, 3 h."""
    code = await ward.enrol()
    await ward.skip_to("2026-04-27T09:00", BEFORE_THAW)
    await ward.do(Team.PHARMACIE, code, "decongelation")
    return code


async def test_the_unit_knows_until_when_the_thawed_product_may_be_given(ward: Hospital) -> None:
    await thawed(ward)

    (told,) = ward.told(ward.chat(Team.GREFFE), "countdown.started")

    assert "until=2026-04-27T10:00:00+00:00" in told


async def test_the_last_half_hour_is_counted_down_to_the_unit_and_the_pharmacy(
    ward: Hospital,
) -> None:
    code = await thawed(ward)
    await ward.read_back(Team.GREFFE, code)

    await ward.at("2026-04-27T11:55")

    for team in (Team.GREFFE, Team.PHARMACIE):
        left = ward.told(ward.chat(team), "countdown.left")
        assert ["n=30" in left[0], "n=10" in left[1], len(left)] == [True, True, 2]


async def test_a_passed_limit_is_told_to_the_coordination_too(ward: Hospital) -> None:
    await thawed(ward)

    await ward.at("2026-04-27T12:00")

    for team in (Team.GREFFE, Team.PHARMACIE, Team.COORDINATION):
        assert len(ward.told(ward.chat(team), "countdown.over")) == 1


async def test_the_injection_ends_the_countdown(ward: Hospital) -> None:
    code = await thawed(ward)
    await ward.read_back(Team.GREFFE, code)
    await ward.do(Team.GREFFE, code, "injection")

    await ward.at("2026-04-27T12:30")

    assert ward.told(ward.chat(Team.GREFFE), "countdown.left") == []


async def test_an_injection_taken_back_finds_its_clock_still_running(ward: Hospital) -> None:
    code = await thawed(ward)
    await ward.read_back(Team.GREFFE, code)
    await ward.do(Team.GREFFE, code, "injection")
    await ward.tap(
        ward.who(Team.GREFFE),
        ward.chat(Team.GREFFE),
        1,
        f"step:undo:{code}:injection",
    )

    await ward.at("2026-04-27T11:30")

    assert len(ward.told(ward.chat(Team.GREFFE), "countdown.left")) == 1


async def test_a_thaw_taken_back_stops_the_clock(ward: Hospital) -> None:
    code = await thawed(ward)
    await ward.tap(
        ward.who(Team.PHARMACIE),
        ward.chat(Team.PHARMACIE),
        1,
        f"step:undo:{code}:decongelation",
    )

    await ward.at("2026-04-27T12:00")

    assert ward.told(ward.chat(Team.GREFFE), "countdown.over") == []


async def problem(ward: Hospital) -> None:
    code = await ward.enrol()
    await ward.tap(
        ward.who(Team.NEUROLOGIE),
        ward.chat(Team.NEUROLOGIE),
        1,
        f"step:why:{code}:consultation_neuro:equipment",
    )


async def test_a_problem_that_nobody_saw_is_said_again_then_to_each(ward: Hospital) -> None:
    await problem(ward)

    await ward.advance(hours=6)

    assert len(ward.told(ward.chat(Team.COORDINATION), "demand.again")) == 2
    assert len(ward.told(ward.who(Team.COORDINATION), "demand.again")) == 1


async def test_a_problem_that_was_seen_is_not_recalled(ward: Hospital) -> None:
    await problem(ward)

    nurse, chat = ward.who(Team.COORDINATION), ward.chat(Team.COORDINATION)
    await ward.press(nurse, "step.button.problem_seen", chat)
    await ward.advance(hours=6)

    assert ward.told(chat, "demand.again") == []
    assert len(ward.told(ward.chat(Team.NEUROLOGIE), "step.problem_seen")) == 1


async def test_a_problem_seen_twice_names_who_saw_it(ward: Hospital) -> None:
    await problem(ward)
    nurse, chat = ward.who(Team.COORDINATION), ward.chat(Team.COORDINATION)
    shown = ward.newest(chat, "step.button.problem_seen")
    button = shown.button("step.button.problem_seen")
    assert button

    await ward.tap(nurse, chat, shown.id, button["data"])
    second = await ward.tap(nurse, chat, shown.id, button["data"])

    assert ward.popup(second).startswith("demand.already")


async def test_a_date_that_was_asked_for_waits_for_an_answer_in_the_late_list(
    ward: Hospital,
) -> None:
    code = await ward.enrol()
    await ward.tap(
        ward.who(Team.NEUROLOGIE),
        ward.chat(Team.NEUROLOGIE),
        1,
        f"move:ask:{code}:consultation_neuro:2026-04-14",
    )

    await ward.advance(hours=2)
    await ward.say(ward.who(Team.COORDINATION), "/retards")

    assert "late.demand" in ward.last(ward.who(Team.COORDINATION))


async def test_closing_the_step_settles_what_was_asked_about_it(ward: Hospital) -> None:
    code = await ward.enrol()
    await ward.tap(
        ward.who(Team.NEUROLOGIE),
        ward.chat(Team.NEUROLOGIE),
        1,
        f"move:ask:{code}:consultation_neuro:2026-04-14",
    )

    await ward.do(Team.NEUROLOGIE, code, "consultation_neuro")
    await ward.advance(hours=6)

    assert ward.told(ward.chat(Team.COORDINATION), "demand.again") == []
