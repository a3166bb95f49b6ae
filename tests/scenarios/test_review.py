"""What a hostile reader found: each of these was once silent, lost, or said to the wrong one."""

from bot.domain.facts import AlertState, Check, WatchState
from bot.domain.roles import Team
from bot.landing import SendError
from tests.hospital import Hospital
from tests.scenarios.faults import raising
from tests.ward import Person


async def begun(ward: Hospital, code: str) -> tuple[Person, int, Check]:
    """Greffe pressed *Signaler* in the newest round."""
    nurse, chat = ward.who(Team.GREFFE), ward.chat(Team.GREFFE)
    await ward.press(nurse, f"check.button.report code={code}", chat)
    [check] = ward.record(code).unanswered()
    return nurse, chat, check


# Reports


async def test_a_report_begun_just_before_the_next_round_still_alerts(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.at("2026-04-27T21:59")
    nurse, chat, _ = await begun(ward, code)
    await ward.at("2026-04-27T22:01")

    popup = await ward.press(nurse, "alert.button.sign_src", chat)

    assert popup == ""
    assert [alert.sign for alert in ward.alerts(code)] == ["src"]


async def test_a_report_left_while_the_next_round_comes_becomes_an_alert(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.at("2026-04-27T21:59")
    await begun(ward, code)

    await ward.at("2026-04-27T22:05")

    assert len(ward.alerts(code)) == 1
    assert ward.told(ward.chat(Team.REANIMATION), "alert.raised")


async def test_a_sign_said_after_the_report_became_an_alert_calls_neurology(
    ward: Hospital,
) -> None:
    [code] = await ward.injected()
    await ward.at("2026-04-27T14:00")
    nurse, chat, _ = await begun(ward, code)
    await ward.advance(minutes=6)

    popup = await ward.press(nurse, "report.button.cancel", chat)
    assert "check.already" in popup
    await ward.press(nurse, "alert.button.sign_icans", chat)

    [alert] = ward.alerts(code)
    assert alert.sign == "icans"
    assert ward.told(ward.chat(Team.NEUROLOGIE), "alert.")


async def test_nobody_calms_what_somebody_is_reporting(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.at("2026-04-27T14:00")
    await begun(ward, code)

    assert "check.being_reported" in await ward.ras(Team.GREFFE, code)

    await ward.advance(minutes=5)
    assert len(ward.alerts(code)) == 1


async def test_a_stale_report_button_still_opens_a_report(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.at("2026-04-27T14:00")
    nurse, chat = ward.who(Team.GREFFE), ward.chat(Team.GREFFE)
    stale = ward.newest(chat, "check.button.report")
    data = stale.button("check.button.report")
    assert data
    await ward.ras(Team.GREFFE, code)

    await ward.tap(nurse, chat, stale.id, data["data"])
    await ward.press(nurse, "alert.button.sign_src", chat)

    assert len(ward.alerts(code)) == 1


# Alerts


async def test_neurology_is_pursued_when_the_sign_comes_after_the_icu_took(
    ward: Hospital,
) -> None:
    [code] = await ward.injected()
    nurse, chat = ward.who(Team.GREFFE), ward.chat(Team.GREFFE)
    await ward.say(nurse, f"/alerte {code}", chat)
    await ward.take(Team.REANIMATION)
    await ward.press(nurse, "alert.button.sign_icans", chat)

    with ward.heard(ward.chat(Team.NEUROLOGIE)) as heard:
        await ward.advance(minutes=6)

    assert [said for said in heard if "alert." in said]


async def test_the_last_rung_calls_one_by_one_those_who_have_not_taken(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.alert(Team.GREFFE, code, "icans")
    await ward.take(Team.REANIMATION)

    doctor, neurologist = ward.who(Team.REANIMATION), ward.who(Team.NEUROLOGIE)
    with ward.heard(doctor) as one, ward.heard(neurologist) as other:
        await ward.advance(minutes=11)

    assert one == []
    assert len(other) == 1


async def test_a_high_grade_said_late_hastens_the_ladder(ward: Hospital) -> None:
    [code] = await ward.injected()
    nurse, chat = ward.who(Team.GREFFE), ward.chat(Team.GREFFE)
    number = await ward.alert(Team.GREFFE, code)
    await ward.press(nurse, "alert.button.grade grade=2", chat)
    await ward.advance(minutes=16)

    await ward.tap(nurse, chat, 0, f"alert:grade:{code}:{number}:4")
    await ward.advance(minutes=4)

    [alert] = ward.alerts(code)
    assert alert.rung == 2


async def test_two_teams_taking_in_one_batch_are_both_shown(ward: Hospital) -> None:
    [code] = await ward.injected()
    number = await ward.alert(Team.GREFFE, code, "icans")
    data = f"alert:take:{code}:{number}"
    taps = [
        ward.update("callback_query", ward.query(ward.who(team), ward.chat(team), 0, data, team))
        for team in (Team.REANIMATION, Team.NEUROLOGIE)
    ]

    await ward.receive(*taps)

    assert ward.told(ward.chat(Team.COORDINATION), "alert.taken ")


async def test_the_question_about_a_reopened_alert_offers_to_take_it(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.alert(Team.GREFFE, code)
    await ward.take(Team.REANIMATION)

    await ward.advance(hours=2, minutes=31)

    [alert] = ward.alerts(code)
    assert alert.state == AlertState.OPEN
    shown = ward.screen(ward.chat(Team.REANIMATION))
    assert not [message for message in shown if message.button("alert.button.outcome")]


# What is taken back, what is moved


async def undo(ward: Hospital, team: Team, code: str, slug: str) -> str:
    data = f"step:undo:{code}:{slug}"
    return ward.popup(await ward.tap(ward.who(team), ward.chat(team), 0, data))


async def test_the_watch_is_not_closed_before_its_last_day(ward: Hospital) -> None:
    [code] = await ward.injected()

    assert "step.watch_not_over" in await ward.do(Team.REANIMATION, code, "fin_surveillance")

    assert ward.record(code).watch.next_at is not None


async def test_taking_back_the_end_of_the_watch_resumes_it(ward: Hospital) -> None:
    [code] = await ward.injected()
    ward.jump(days=29, hours=23)
    await ward.advance()
    await ward.do(Team.REANIMATION, code, "fin_surveillance")
    assert ward.record(code).watch.next_at is None

    await undo(ward, Team.REANIMATION, code, "fin_surveillance")

    with ward.heard(ward.chat(Team.GREFFE)) as heard:
        await ward.at("2026-05-27T10:00")
    assert [said for said in heard if said.startswith("check.round")]


async def test_a_discharge_confirmed_by_mistake_gives_back_its_day(ward: Hospital) -> None:
    [code] = await ward.injected()
    planned = ward.step(code, "sortie").on
    await ward.advance(days=2)
    await ward.do(Team.GREFFE, code, "sortie")
    assert ward.record(code).patient.discharge_on != planned

    await undo(ward, Team.GREFFE, code, "sortie")

    record = ward.record(code)
    assert record.patient.discharge_on == record.steps["sortie"].on == planned


async def test_a_step_taken_back_late_is_recalled_again(ward: Hospital) -> None:
    code = await ward.enrol()
    await ward.do(Team.COORDINATION, code, "rcp")
    await ward.advance(days=3)
    nurse = ward.who(Team.COORDINATION)
    await ward.tap(nurse, nurse.id, 0, f"step:undo_why:{code}:rcp")
    await ward.say(nurse, "Mauvais patient")

    with ward.heard(ward.chat(Team.COORDINATION)) as heard:
        await ward.advance(days=1)

    assert [said for said in heard if said.startswith("step.card") and "label=RCP" in said]


async def test_a_step_brought_into_the_past_is_late_from_now_on(ward: Hospital) -> None:
    code = await ward.enrol()
    nurse = ward.who(Team.COORDINATION)
    await ward.at("2026-04-02T10:00")

    await ward.say(nurse, f"/reporter {code} j0 06/04/2026")
    await ward.press(nurse, "move.button.apply")

    with ward.heard(ward.chat(Team.NEUROLOGIE)) as heard:
        await ward.at("2026-04-02T20:00")
    assert [said for said in heard if "Consultation de neurologie" in said and "step.card" in said]


async def test_taking_back_one_of_three_examinations_voids_their_relay(ward: Hospital) -> None:
    code = await ward.enrol()
    for slug in ("consultation_neuro", "irm", "eeg"):
        await ward.do(Team.NEUROLOGIE, code, slug)

    await undo(ward, Team.NEUROLOGIE, code, "irm")
    await ward.do(Team.NEUROLOGIE, code, "irm")

    relays = ward.record(code).open_relays()
    assert [relay.to_team for relay in relays].count(Team.GREFFE) == 1


# The clock and the messenger


async def test_one_broken_patient_does_not_stop_the_round_of_the_others(ward: Hospital) -> None:
    broken, sound = await ward.injected(patients=2)

    with ward.heard(ward.chat(Team.GREFFE)) as heard, raising(ward, broken):
        await ward.at("2026-04-27T14:00")

    assert [said for said in heard if said.startswith("check.round ") and sound in said]
    assert ward.unexplained() == [f"watch {broken} raised: RuntimeError"]
    await ward.advance(minutes=5)


async def test_an_alert_that_a_lost_group_cannot_get_reaches_its_members(ward: Hospital) -> None:
    [code] = await ward.injected()
    ward.excused = ("letter",)
    chat = ward.chat(Team.REANIMATION)
    ward.transport.fail(chat, SendError("kicked", permanent=True))

    await ward.alert(Team.GREFFE, code)

    assert len(ward.told(ward.who(Team.REANIMATION), "alert.raised")) == 1


async def test_somebody_removed_gets_nothing_that_was_waiting(ward: Hospital) -> None:
    code = await ward.enrol()
    gone, nurse = ward.person("Parti", Team.REANIMATION), ward.who(Team.COORDINATION)
    ward.transport.fail(gone.id, SendError("down"))
    await ward.say(gone, f"/statut {code}")

    member = ward.ask(lambda unit: unit.people.roster.account(gone.id))
    await ward.tap(nurse, nurse.id, 0, f"member:gone:{member.id}")
    await ward.advance(minutes=10)

    assert ward.told(gone, "status.") == []


async def test_the_auditor_names_a_patient_whom_nobody_will_ask_about(ward: Hospital) -> None:
    [code] = await ward.injected()
    faults = [f"{code}: under watch without a next check"]
    ward.excused = tuple(faults)
    with ward.change(code) as record:
        record.watch.state, record.watch.next_at = WatchState.CLOSED.value, None

    assert ward.unexplained() == faults


async def test_the_morning_proof_does_not_call_a_running_alert_explained(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.at("2026-04-28T07:20")
    await ward.ras(Team.GREFFE, code)
    await ward.alert(Team.GREFFE, code)

    with ward.heard(ward.chat(Team.COORDINATION)) as heard:
        await ward.at("2026-04-28T07:30")

    [digest] = [said for said in heard if said.startswith("digest.morning")]
    assert "audit.all_explained" not in digest


# Who learns what


async def test_the_health_page_names_no_patient(ward: Hospital) -> None:
    code = await ward.enrol()

    assert code not in str(ward.relais.health())


async def test_who_is_on_call_is_left_in_peace_once_the_icu_has_it(ward: Hospital) -> None:
    [code] = await ward.injected()
    doctor = ward.who(Team.REANIMATION)
    await ward.say(doctor, "/garde")
    await ward.press(doctor, "duty.button.take")
    await ward.alert(Team.GREFFE, code, "icans")
    await ward.take(Team.REANIMATION)

    with ward.heard(doctor) as heard:
        await ward.advance(minutes=6)

    assert heard == []


async def test_a_slip_of_typing_teaches_no_code_of_another_centre(ward: Hospital) -> None:
    code = await ward.enrol()
    far = ward.person("Loin", Team.EFS, "MPL")
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")

    await ward.say(far, f"/statut {wrong}")

    assert ward.last(far).startswith("patient.unknown ")
    assert not ward.screen(far)[-1].keyboard


async def test_a_relay_is_not_shown_to_another_centre(ward: Hospital) -> None:
    code = await ward.enrol()
    for slug in ("consultation_neuro", "irm", "eeg"):
        await ward.do(Team.NEUROLOGIE, code, slug)
    far, relay = ward.person("Loin", Team.GREFFE, "MPL"), ward.relay(Team.GREFFE, code)

    popup = ward.popup(await ward.tap(far, far.id, 0, f"relay:show:{code}:{relay.key}"))

    assert "button.stale" in popup
