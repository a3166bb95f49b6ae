"""Free text: understood where it is plain, and nothing changes before a button is pressed."""

import pytest

from bot.domain.facts import PatientState
from bot.domain.roles import Team
from tests.hospital import Hospital
from tests.scenarios.played import events, written_down
from tests.ward import Message

READY = ("rcp", "consentement", "bilan_apherese")


async def ready(ward: Hospital) -> str:
    """A patient whose apheresis may be confirmed."""
    code = await ward.enrol()
    written_down(ward, code, *READY)
    return code


@pytest.mark.parametrize(
    "said",
    [
        "aphérèse {0} faite",
        "Aphérèse faite pour {0}",
        "{1} aphérèse terminée",
        "APHERESE {0} OK",
        "aphrèse {0} faite",
        "l’aphérèse de {2} est faite !",
    ],
)
async def test_saying_that_a_step_is_done_proposes_its_checklist_and_changes_nothing(
    ward: Hospital, said: str
) -> None:
    code = await ready(ward)
    efs = ward.who(Team.EFS)

    await ward.say(efs, said.format(code, code[4:], code.lower()))

    assert ward.last(efs).startswith("step.checklist")
    assert "label=Aphérèse" in ward.last(efs)
    assert events(ward, code, "step_done") == []
    assert ward.step(code, "apherese").state == "planned"


async def test_what_was_proposed_is_confirmed_by_its_buttons(ward: Hospital) -> None:
    code = await ready(ward)
    efs = ward.who(Team.EFS)

    await ward.say(efs, f"aphérèse {code} faite")
    await ward.press(efs, "item.button.open")
    await ward.press(efs, "item.button.first")
    await ward.press(efs, "step.button.confirm")

    assert ward.step(code, "apherese").state == "done"


@pytest.mark.parametrize(
    "said",
    [
        "aphérèse {0} pas faite",
        "aphérèse {0} faite ?",
        "aphérèse {0} sera faite demain",
        "quand l'aphérèse de {0} est faite, dis-le",
    ],
)
async def test_a_doubt_a_question_or_a_denial_proposes_nothing(ward: Hospital, said: str) -> None:
    code = await ready(ward)
    efs = ward.who(Team.EFS)

    await ward.say(efs, said.format(code))

    assert not ward.last(efs).startswith("step.checklist")
    assert ward.step(code, "apherese").values == {}


async def test_a_code_alone_gives_the_status(any_ward: Hospital) -> None:
    code = await any_ward.enrol()
    efs = any_ward.who(Team.EFS)

    await any_ward.say(efs, code[4:].lower())

    assert any_ward.last(efs).startswith("status.one")


@pytest.mark.parametrize(
    "said", ["{0} a de la fièvre", "fièvre chez {0}", "/urgence {0} convulse", "{0} confus"]
)
async def test_saying_that_a_patient_is_unwell_asks_what_is_seen_and_the_tap_alerts(
    ward: Hospital, said: str
) -> None:
    code = await ward.enrol()
    greffe = ward.who(Team.GREFFE)

    await ward.say(greffe, said.format(code))
    asked, before = ward.last(greffe), ward.alerts(code)
    await ward.press(greffe, "alert.button.sign_src")

    assert asked.startswith("report.which_sign")
    assert before == []
    assert len(ward.alerts(code)) == 1
    await ward.press(greffe, "alert.button.false")


@pytest.mark.parametrize(
    "said",
    [
        "ne répond pas",
        "ne se réveille pas",
        "ne respire plus",
        "n’est plus conscient",
        "convulsions, ne répond pas",
        "coma",
        "hypoxie",
        "sat 82 %",
        "arrêt cardiaque",
        "choc",
        "intubé",
        "sous noradré",
        "fièvre 39 pas soulagée",
        "fièvre ?",
        "si fièvre, on fait quoi",
        "ne mange pas, fièvre",
        "pas de fièvre mais convulse",
        "FR35, désature",
    ],
)
async def test_in_doubt_an_emergency_is_asked_about(ward: Hospital, said: str) -> None:
    code = await ward.enrol()
    greffe = ward.who(Team.GREFFE)

    await ward.say(greffe, f"{code} {said}")

    assert ward.last(greffe).startswith("report.which_sign")
    assert ward.alerts(code) == []


@pytest.mark.parametrize(
    "said",
    ["pas de fièvre", "apyrétique", "ni confusion", "pas confus", "sans signe de SRC", "sat 98 %"],
)
async def test_a_sign_that_is_denied_there_and_then_is_none(ward: Hospital, said: str) -> None:
    code = await ward.enrol()
    greffe = ward.who(Team.GREFFE)

    await ward.say(greffe, f"{code} {said}")

    assert not ward.last(greffe).startswith("report.which_sign")


@pytest.mark.parametrize("said", ["{0} décédé", "décès de {0} cette nuit", "{0} dcd"])
async def test_a_death_that_is_written_is_asked_back_and_changes_nothing_yet(
    ward: Hospital, said: str
) -> None:
    code = await ward.enrol()
    greffe = ward.who(Team.GREFFE)

    await ward.say(greffe, said.format(code))

    assert ward.last(greffe).startswith("end.death")
    assert ward.record(code).ends == {}
    await ward.press(greffe, "end.button.deces")
    assert ward.record(code).ends["1"].reason == "deces"
    assert ward.told(ward.chat(Team.COORDINATION), "end.asked")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("qu'est-ce qui est en retard", "late."),
        ("à faire", "todo."),
        ("aide", "help."),
        ("bonjour", "typed.not_understood"),
        ("TLS-7K4Q MPL-3X5H", "typed.not_understood"),
    ],
)
async def test_what_has_a_command_can_be_said(ward: Hospital, said: str, answer: str) -> None:
    nurse = ward.who(Team.COORDINATION)

    await ward.say(nurse, said)

    assert ward.last(nurse).startswith(answer)


async def test_a_team_may_not_ask_in_words_what_it_may_not_ask_by_command(
    ward: Hospital,
) -> None:
    efs = ward.who(Team.EFS)

    await ward.say(efs, "qui est en retard")

    assert ward.last(efs) == "role.forbidden"


@pytest.mark.parametrize("said", ["RAS {0}", "{0} : rien à signaler", "ras {0}, pas de fièvre"])
async def test_nothing_to_report_shows_the_open_round_whose_button_says_so(
    ward: Hospital, said: str
) -> None:
    [code] = await ward.injected()
    greffe, efs = ward.who(Team.GREFFE), ward.who(Team.EFS)
    await ward.say(greffe, said.format(code))
    before = ward.last(greffe)
    await ward.at("2026-04-27T14:00")

    await ward.say(greffe, said.format(code))
    await ward.say(efs, said.format(code))

    assert before.startswith("status.one")
    assert ward.last(greffe).startswith("check.round")
    assert ward.last(efs).startswith("status.one")
    assert len(ward.record(code).unanswered()) == 1
    await ward.press(greffe, "check.button.ras")
    assert ward.record(code).unanswered() == []


async def test_an_emergency_is_heard_however_long_it_is_told(ward: Hospital) -> None:
    [code] = await ward.injected()
    greffe, chat = ward.who(Team.GREFFE), ward.chat(Team.GREFFE)

    for where in (chat, greffe.id):
        await ward.say(greffe, f"{code} convulse, inconscient. {'On a appelé. ' * 60}", where)
        assert ward.last(where).startswith("report.which_sign")


async def test_two_codes_in_one_sentence_are_not_guessed_between(ward: Hospital) -> None:
    one, two = await ready(ward), await ready(ward)
    efs = ward.who(Team.EFS)

    await ward.say(efs, f"aphérèse faite pour {one} et {two}")

    assert ward.last(efs).startswith("typed.not_understood")


async def test_the_step_of_another_team_is_not_proposed(ward: Hospital) -> None:
    code = await ready(ward)
    pharmacy = ward.who(Team.PHARMACIE)

    await ward.say(pharmacy, f"aphérèse {code} faite")

    assert ward.last(pharmacy).startswith("step.other_team")


async def test_a_step_that_waits_says_for_what_instead_of_its_checklist(ward: Hospital) -> None:
    code = await ward.enrol()
    efs = ward.who(Team.EFS)

    await ward.say(efs, f"aphérèse {code} faite")

    assert ward.last(efs).startswith("step.waits")


async def test_in_a_group_a_sentence_with_a_code_is_answered_there(ward: Hospital) -> None:
    code = await ready(ward)
    efs, group = ward.who(Team.EFS), ward.chat(Team.EFS)

    await ward.say(efs, f"aphérèse {code} faite", group)

    assert ward.last(group).startswith("step.checklist")


async def test_an_answer_typed_a_day_after_its_question_is_read_as_a_new_sentence(
    ward: Hospital,
) -> None:
    code = await ready(ward)
    efs = ward.who(Team.EFS)
    await ward.tap(efs, efs.id, 1, f"step:problem:{code}:apherese")

    await ward.advance(hours=25)
    await ward.say(efs, "on en reparle")

    assert ward.told(ward.chat(Team.COORDINATION), "step.problem ") == []
    assert ward.last(efs).startswith("typed.not_understood")


# A question in a group, where people talk


async def asked_why(ward: Hospital) -> tuple[int, Message]:
    """*Problème* was pressed in the group of the EFS; the group, and the question."""
    code = await ready(ward)
    efs, group = ward.who(Team.EFS), ward.chat(Team.EFS)
    await ward.say(efs, "/afaire", group)
    shown = ward.screen(group)[-1]
    await ward.tap(efs, group, shown.id, f"step:problem:{code}:apherese")
    return group, ward.message_at(group, shown.id)


def problems(ward: Hospital) -> list[str]:
    return ward.told(ward.chat(Team.COORDINATION), "step.problem ")


async def test_after_problem_what_people_say_in_the_group_is_not_the_reason(
    any_ward: Hospital,
) -> None:
    group, question = await asked_why(any_ward)
    author, other = any_ward.who(Team.EFS), any_ward.person("Anne", Team.EFS)

    with any_ward.heard(group) as heard:
        for someone in (other, author):
            await any_ward.say(someone, "qui vient déjeuner ?", group)

    assert question.text.startswith("problem.which")
    assert problems(any_ward) == []
    assert heard == []


async def test_a_reply_to_the_question_is_the_reason(any_ward: Hospital) -> None:
    group, question = await asked_why(any_ward)
    efs = any_ward.who(Team.EFS)
    await any_ward.say(efs, "je regarde", group)

    await any_ward.say(efs, "le séparateur est en panne", group, reply=question)

    [told] = problems(any_ward)
    assert "le séparateur est en panne" in told
    assert any_ward.last(group).startswith("problem.sent")


async def test_a_reply_to_another_message_is_not_the_reason(ward: Hospital) -> None:
    group, question = await asked_why(ward)
    efs = ward.who(Team.EFS)
    earlier = next(message for message in ward.screen(group) if message.id != question.id)

    await ward.say(efs, "bien reçu", group, reply=earlier)

    assert problems(ward) == []


async def test_the_reply_of_somebody_who_was_not_asked_is_not_the_reason(ward: Hospital) -> None:
    group, question = await asked_why(ward)

    await ward.say(ward.person("Anne", Team.EFS), "ah bon ?", group, reply=question)

    assert problems(ward) == []


async def test_a_reply_a_quarter_of_an_hour_later_is_not_the_reason(ward: Hospital) -> None:
    group, question = await asked_why(ward)

    await ward.advance(minutes=15)
    await ward.say(ward.who(Team.EFS), "la voie ne tient pas", group, reply=question)

    assert problems(ward) == []


async def test_a_question_waits_for_nearly_a_quarter_of_an_hour(ward: Hospital) -> None:
    group, question = await asked_why(ward)

    await ward.advance(minutes=14)
    await ward.say(ward.who(Team.EFS), "la voie ne tient pas", group, reply=question)

    assert len(problems(ward)) == 1


async def test_a_refusal_ends_the_dialogue(ward: Hospital) -> None:
    group, question = await asked_why(ward)
    efs, [code] = ward.who(Team.EFS), ward.codes()
    with ward.change(code) as record:
        record.patient.state = PatientState.PAUSED.value

    await ward.say(efs, "la voie ne tient pas", group, reply=question)
    refused = ward.last(group)
    with ward.change(code) as record:
        record.patient.state = PatientState.ACTIVE.value
    await ward.say(efs, "la voie ne tient toujours pas", group, reply=question)

    assert refused.startswith("step.cancelled_already")
    assert problems(ward) == []


async def test_the_reply_to_a_question_about_a_step_that_was_closed_meanwhile_says_by_whom(
    ward: Hospital,
) -> None:
    group, question = await asked_why(ward)
    [code] = ward.codes()
    written_down(ward, code, "apherese")

    await ward.say(ward.who(Team.EFS), "la voie ne tient pas", group, reply=question)

    assert ward.last(group).startswith("step.already_done")
    assert problems(ward) == []


async def test_in_private_the_next_line_is_the_reason(ward: Hospital) -> None:
    code = await ready(ward)
    efs = ward.who(Team.EFS)
    await ward.tap(efs, efs.id, 1, f"step:problem:{code}:apherese")

    await ward.say(efs, "la voie ne tient pas")

    [told] = problems(ward)
    assert "la voie ne tient pas" in told


@pytest.mark.parametrize("verb", ["problem", "skip", "waive"])
async def test_an_emergency_is_no_answer_to_the_question_under_way(
    any_ward: Hospital, verb: str
) -> None:
    code = await ready(any_ward)
    efs = any_ward.who(Team.EFS)
    await any_ward.tap(efs, efs.id, 1, f"step:{verb}:{code}:apherese")

    await any_ward.say(efs, f"{code} fièvre 39,5 et confusion")
    asked = any_ward.last(efs)
    await any_ward.say(efs, "on en reparle")

    assert asked.startswith("report.which_sign")
    assert any_ward.last(efs).startswith("typed.not_understood")
    assert problems(any_ward) == []
    assert any_ward.step(code, "apherese").state == "planned"


async def test_a_reply_that_is_an_emergency_is_no_reason(ward: Hospital) -> None:
    group, question = await asked_why(ward)
    [code] = ward.codes()

    await ward.say(ward.who(Team.EFS), f"{code} convulse", group, reply=question)

    assert ward.last(group).startswith("report.which_sign")
    assert problems(ward) == []


async def test_a_command_in_private_leaves_the_question_under_way(ward: Hospital) -> None:
    code = await ready(ward)
    efs = ward.who(Team.EFS)
    await ward.tap(efs, efs.id, 1, f"step:problem:{code}:apherese")

    await ward.say(efs, f"/toxicite {code}")
    await ward.say(efs, "il va un peu mieux")

    assert problems(ward) == []
    assert ward.last(efs).startswith("typed.not_understood")


async def test_who_goes_back_to_the_step_is_no_longer_asked_why(ward: Hospital) -> None:
    code = await ready(ward)
    efs = ward.who(Team.EFS)
    await ward.say(efs, "/afaire")
    await ward.press(efs, "todo.button.step")
    await ward.press(efs, "step.button.problem")

    await ward.press(efs, "step.button.back")
    await ward.say(efs, "on en reparle")

    assert problems(ward) == []
    assert ward.last(efs).startswith("typed.not_understood")
    assert ward.step(code, "apherese").state == "planned"


async def test_a_date_that_cannot_be_read_may_be_replied_again(ward: Hospital) -> None:
    code = await ready(ward)
    efs, group = ward.who(Team.EFS), ward.chat(Team.EFS)
    await ward.say(efs, "/afaire", group)
    shown = ward.screen(group)[-1]
    await ward.tap(efs, group, shown.id, f"step:move:{code}:apherese")

    for said in ("bientôt", "31/02", "26/03"):
        await ward.say(efs, said, group, reply=shown)

    [asked] = ward.told(ward.chat(Team.COORDINATION), "move.asked")
    assert "on=2026-03-26" in asked


@pytest.mark.parametrize("cry", ["alerte!! le patient convulse", "urgence", "au secours", "SOS"])
async def test_a_cry_in_a_teams_group_asks_for_whom_and_not_nothing(
    ward: Hospital, cry: str
) -> None:
    await ward.injected()
    unit, group = ward.who(Team.GREFFE), ward.chat(Team.GREFFE)

    with ward.heard(group) as heard:
        await ward.say(unit, cry, group)

    assert [said.partition(" ")[0] for said in heard] == ["alert.whom"]


@pytest.mark.parametrize("cry", ["urgence {0}", "au secours {0}", "alerte {0} !"])
async def test_a_cry_with_a_code_asks_what_is_seen(ward: Hospital, cry: str) -> None:
    [code] = await ward.injected()
    unit, group = ward.who(Team.GREFFE), ward.chat(Team.GREFFE)

    await ward.say(unit, cry.format(code), group)

    assert ward.last(group).startswith("report.which_sign")


@pytest.mark.parametrize(
    "said", ["alerte close, merci", "alerte n° 1 prise", "une alerte ce matin ?", "pas d’urgence"]
)
async def test_talk_about_alerts_in_a_group_is_left_to_itself(ward: Hospital, said: str) -> None:
    await ward.injected()

    with ward.heard(ward.chat(Team.GREFFE)) as heard:
        await ward.say(ward.who(Team.GREFFE), said, ward.chat(Team.GREFFE))

    assert heard == []
