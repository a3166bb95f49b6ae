"""Bad input: one clear sentence, nothing lost, never a failure."""

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel

from bot.domain.codes import ALPHABET, check_character
from bot.domain.network import Network
from bot.domain.roles import Team
from bot.handlers import BUTTONS, COMMANDS
from bot.store import Database
from tests.fakes import FakeClock, Show
from tests.hospital import ANY, BEFORE_INJECTION, Hospital
from tests.scenarios.played import events


def mistyped(code: str) -> str:
    """The same code with its first character wrong: the check sees it."""
    other = next(c for c in ALPHABET if c != code[4] and check_character(c + code[5:7]) != code[7])
    return code[:4] + other + code[5:]


async def one_answer(ward: Hospital, team: Team, said: str) -> str:
    who = ward.who(team)
    with ward.heard(who) as heard:
        await ward.say(who, said)
    assert len(heard) == 1, heard
    return heard[0]


# Codes


@pytest.mark.parametrize("command", ["/statut", "/historique"])
async def test_a_mistyped_code_is_refused_and_the_nearest_are_proposed(
    ward: Hospital, command: str
) -> None:
    code = await ward.enrol()
    nurse = ward.who(Team.COORDINATION)

    answer = await one_answer(ward, Team.COORDINATION, f"{command} {mistyped(code)}")
    await ward.press(nurse, f"patient.button.near code={code}")

    assert answer.startswith("patient.unknown_near")
    assert ward.last(nurse).startswith("status.one")
    assert ward.alerts(code) == []


async def test_a_code_of_nobody_is_refused(ward: Hospital) -> None:
    assert (await one_answer(ward, Team.EFS, "/statut zzzzzzzzzz")).startswith("patient.unknown")


@pytest.mark.parametrize("shape", ["{0}", "{1}", "tls {1}", "  {0}  ", "tls{1}"])
async def test_a_code_is_read_without_prefix_hyphen_or_capitals(
    ward: Hospital, shape: str
) -> None:
    code = await ward.enrol()

    typed = shape.format(code, code[4:]).lower()

    assert (await one_answer(ward, Team.EFS, f"/statut {typed}")).startswith("status.one")


# Buttons


async def test_a_stale_button_says_so(ward: Hospital) -> None:
    efs = ward.who(Team.EFS)

    assert ward.popup(await ward.tap(efs, efs.id, 1, "gone:by")) == "button.stale"
    assert ward.popup(await ward.tap(efs, efs.id, 1, "")) == "button.stale"


async def test_the_button_of_a_step_already_done_says_by_whom(ward: Hospital) -> None:
    code = await ward.enrol()
    await ward.do(Team.COORDINATION, code, "rcp")
    nurse = ward.who(Team.COORDINATION)

    for button in ("done", "confirm", "set", "problem", "move"):
        query = await ward.tap(nurse, nurse.id, 1, f"step:{button}:{code}:rcp:0:1")
        assert ward.popup(query).startswith("step.already_done")


async def test_a_double_tap_on_confirm_acts_once(any_ward: Hospital) -> None:
    code = await any_ward.enrol()
    nurse = any_ward.who(Team.COORDINATION)
    for item in (0, 1):
        await any_ward.tap(nurse, nurse.id, 1, f"step:set:{code}:rcp:{item}:1")

    data = f"step:confirm:{code}:rcp"
    taps = [any_ward.query(nurse, nurse.id, 1, data, f"q{n}") for n in (1, 2)]
    await any_ward.receive(*(any_ward.update("callback_query", tap) for tap in taps))

    assert any_ward.popup("q1") == ""
    assert any_ward.popup("q2").startswith("step.already_done")
    assert len(events(any_ward, code, "step_done")) == 1


async def test_another_team_cannot_confirm(ward: Hospital) -> None:
    code = await ward.enrol()
    step, efs = ward.step(code, "consultation_neuro"), ward.who(Team.EFS)

    for button in ("done", "set", "confirm", "problem", "move", "waive", "skip"):
        query = await ward.tap(efs, efs.id, 1, f"step:{button}:{code}:{step.key}:0:9")
        assert ward.popup(query).startswith("step.other_team")

    assert ward.step(code, "consultation_neuro") == step


async def test_the_same_team_of_another_centre_neither_sees_nor_acts(ward: Hospital) -> None:
    code = await ward.enrol()
    ward.staff(Team.EFS, centre="MPL")
    far = ward.who(Team.EFS, "MPL")

    shown = await ward.tap(far, far.id, 1, f"step:show:{code}:bilan_apherese")
    done = await ward.tap(far, far.id, 1, f"step:problem:{code}:bilan_apherese")
    await ward.say(far, f"/statut {code}")

    assert ward.popup(shown).startswith("check.other_centre")
    assert ward.popup(done).startswith("check.other_centre")
    assert ward.last(far).startswith("check.other_centre")


async def test_a_team_cannot_press_what_is_the_coordinators(ward: Hospital) -> None:
    code = await ward.enrol()
    efs, about = ward.who(Team.EFS), f"{code}:apherese"

    for data in (
        f"move:preview:{about}:2026-03-25",
        f"move:apply:{about}:2026-03-23:2026-03-25",
        f"demand:refuse:{code}:1",
        f"step:undo_why:{about}",
        f"status:correct:{code}",
        "member:gone:1",
    ):
        assert ward.popup(await ward.tap(efs, efs.id, 1, data)) == "role.forbidden"


@pytest.mark.parametrize(
    "data",
    [
        "step:set:CODE",
        "step:set:CODE:rcp:99:1",
        "step:set:CODE:rcp:-1:1",
        "step:set:CODE:rcp:0:2",
        "step:show:abc",
        "step:show:",
        "step:show",
        "step:show:CODE",
        "step:show:CODE:kitchen",
        "step:show:code:rcp",
        "step:done:99999999999999999999999999999999",
        "step:why:CODE:rcp:rumour",
        "demand:seen:CODE:999999",
        "check:ras:CODE:999999",
        "relay:answer:CODE:1",
        "relay:show:CODE:999999",
        "status:show:TLS-7K4Z",
        "status:plan:TLS-7K4Z",
        "status:correct:TLS-7K4Z",
        "status:show:",
        "alert:new:TLS-7K4Z",
        "alert:new:٣",
        "alert:take:CODE:1",
        "alert:sign:CODE:1:src",
        "report:new:TLS-7K4Z",
        "report:cancel:CODE:999999",
        "move:ask:CODE:apherese:2026-02-31",
        "move:preview:CODE:apherese:soon",
        "move:apply:CODE:apherese",
        "move:apply:CODE:apherese:2026-03-23:soon",
        "demand:refuse:CODE:999999",
        "member:remove:999999",
        "enrol:is:apheresis:yescarta",
        "enrol:is",
    ],
)
async def test_button_data_that_we_never_wrote_gets_one_sentence(
    ward: Hospital, data: str
) -> None:
    code = await ward.enrol()
    nurse = ward.who(Team.COORDINATION)

    said = ward.popup(await ward.tap(nurse, nurse.id, 1, data.replace("CODE", code)))

    assert said not in ("", "no answer", "edge.sorry")
    assert ward.alerts(code) == []


async def test_a_number_longer_than_any_id_finds_nothing(any_ward: Hospital) -> None:
    code = await any_ward.enrol()
    nurse = any_ward.who(Team.COORDINATION)

    for verb in ("step:show", "relay:show", "alert:take", "check:ras", "demand:seen"):
        for number in ("9" * 10, "9" * 18, "9" * 19):
            for data in (f"{verb}:{number}", f"{verb}:{code}:{number}", f"status:show:{number}"):
                query = await any_ward.tap(nurse, nurse.id, 1, data)
                assert any_ward.popup(query) not in ("", "no answer", "edge.sorry")


async def test_a_number_that_was_not_offered_is_not_taken(ward: Hospital) -> None:
    code = await ward.enrol()
    neuro, about = ward.who(Team.NEUROLOGIE), f"{code}:consultation_neuro"

    for value in ("11", "-1", "ten", "", "9" * 30):
        query = await ward.tap(neuro, neuro.id, 1, f"step:set:{about}:0:{value}")
        assert ward.popup(query) == "button.stale"

    assert ward.step(code, "consultation_neuro").values == {}


# Hours and days


async def injecting(ward: Hospital) -> str:
    """A patient whose injection may be noted: it is Monday 27 April, 10:00 in Toulouse."""
    code = await ward.enrol()
    await ward.skip_to("2026-04-27T10:00", BEFORE_INJECTION)
    return code


async def ask_the_hour(ward: Hospital, code: str) -> list[str]:
    """Open the checklist of the injection; what the buttons of its hour of start carry."""
    greffe, chat = ward.who(Team.GREFFE), ward.chat(Team.GREFFE)
    await ward.say(greffe, "/afaire", chat)
    shown = ward.screen(chat)[-1]
    await ward.tap(greffe, chat, shown.id, f"step:done:{code}:injection")
    buttons = [button for row in ward.message_at(chat, shown.id).keyboard for button in row]
    return [b["data"] for b in buttons if b["data"].startswith(f"step:set:{code}:injection:1:")]


async def press_hour(ward: Hospital, data: str) -> str:
    greffe, chat = ward.who(Team.GREFFE), ward.chat(Team.GREFFE)
    return ward.popup(await ward.tap(greffe, chat, ANY, data))


async def test_a_fresh_hour_button_is_believed(ward: Hospital) -> None:
    code = await injecting(ward)
    buttons = await ask_the_hour(ward, code)

    await ward.advance(minutes=15)
    said = [await press_hour(ward, data) for data in buttons]

    assert len(said) == 5
    assert all(popup.startswith("item.type.time") for popup in said)
    assert ward.step(code, "injection").values["debut"].startswith("2026-04-27T07:00")


async def test_an_hour_button_older_than_a_quarter_of_an_hour_is_not_believed(
    ward: Hospital,
) -> None:
    code = await injecting(ward)
    buttons = await ask_the_hour(ward, code)

    await ward.advance(minutes=16)

    assert [await press_hour(ward, data) for data in buttons] == ["button.stale"] * 5
    assert ward.step(code, "injection").values == {}


@pytest.mark.parametrize(
    "hour",
    ["2 days ago", "1970", "tomorrow", "in one minute", "0", "-1", "29000000", "1e9", "٣-٠", ""],
)
async def test_an_hour_that_was_not_offered_is_not_taken(ward: Hospital, hour: str) -> None:
    code = await injecting(ward)
    now = int(ward.clock().timestamp()) // 60
    minutes = {
        "2 days ago": now - 2880,
        "1970": 0,
        "tomorrow": now + 1440,
        "in one minute": now + 1,
    }
    forged = (str(minutes[hour]), f"{minutes[hour]}-0") if hour in minutes else (hour,)

    for data in forged:
        assert await press_hour(ward, f"step:set:{code}:injection:1:{data}") == "button.stale"

    assert ward.step(code, "injection").values == {}


async def test_the_hour_button_of_an_old_card_does_not_move_day_0(any_ward: Hospital) -> None:
    code = await injecting(any_ward)
    old = await ask_the_hour(any_ward, code)
    await any_ward.advance(hours=25)

    refused = await press_hour(any_ward, old[0])
    before = any_ward.record(code).patient.day0_on
    await any_ward.do(Team.GREFFE, code, "injection")

    assert refused == "button.stale"
    assert before == date(2026, 4, 27)
    assert any_ward.record(code).patient.day0_on == date(2026, 4, 28)
    for team in (Team.REANIMATION, Team.NEUROLOGIE):
        await any_ward.read_back(team, code)


@pytest.mark.parametrize(
    ("said", "answer", "started"),
    [
        ("10 h 06", "item.hour_ahead", "2026-04-27T08:00"),
        ("14 h", "item.hour_ahead", "2026-04-27T08:00"),
        ("9 h 42", "step.checklist", "2026-04-27T07:42"),
        ("hier 23 h 50", "step.checklist", "2026-04-26T21:50"),
    ],
)
async def test_an_hour_that_is_still_to_come_does_not_become_yesterday_s(
    ward: Hospital, said: str, answer: str, started: str
) -> None:
    code, greffe = await injecting(ward), ward.who(Team.GREFFE)
    now = int(ward.clock().timestamp()) // 60
    await ward.tap(greffe, greffe.id, ANY, f"step:set:{code}:injection:1:{now}-0")

    await ward.say(greffe, said)
    answered, value = ward.last(greffe), ward.step(code, "injection").values["debut"]
    await ward.say(greffe, "9 h 55")

    assert answered.startswith(answer)
    assert datetime.fromisoformat(value) == datetime.fromisoformat(f"{started}+00:00")
    # Refused, it was asked again: the right hour is taken.
    taken = ward.step(code, "injection").values["debut"].startswith("2026-04-27T07:55")
    assert taken is answer.startswith("item.")


async def test_a_day_that_was_not_offered_is_not_taken(ward: Hospital) -> None:
    code = await ward.enrol()
    await ward.skip_to("2026-05-12T10:00", (*BEFORE_INJECTION, "injection"))
    greffe, call = ward.who(Team.GREFFE), f"step:set:{code}:sortie:5"

    for day in ("2026-05-12", "2026-05-17", "1970-01-01", "2036-05-13", "20260513", "soon", "1"):
        popup = ward.popup(await ward.tap(greffe, greffe.id, ANY, f"{call}:{day}"))
        assert popup == "button.stale", day
    refused = ward.step(code, "sortie").values
    await ward.tap(greffe, greffe.id, ANY, f"{call}:2026-05-13")

    assert refused == {}
    assert ward.step(code, "sortie").values == {"premier_appel": "2026-05-13"}


PIECES = st.one_of(
    st.integers(-2, 30).map(str),
    st.sampled_from(
        ["", "abc", "99999999999999999999", "2026-03-25", "2026-02-31", "src", "icans", "suite",
         "product", "day0", "yescarta", "patient", "TLS", "é", "0x1", "1_0", "٣", "1.5"]
    ),
)  # fmt: skip
SLUGS = ("rcp", "irm", "injection", "sortie", "fin_surveillance")
SUBJECTS = st.one_of(
    st.lists(PIECES, max_size=2),
    st.tuples(st.just("CODE"), st.sampled_from((*SLUGS, "1", "2", "MINUTE"))).map(list),
)
DATA = st.tuples(st.sampled_from(sorted(BUTTONS)), SUBJECTS, st.lists(PIECES, max_size=2)).map(
    lambda three: ":".join((three[0], *three[1], *three[2]))
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(presses=st.lists(st.tuples(st.sampled_from(tuple(Team)), DATA), min_size=20, max_size=60))
async def test_no_button_data_makes_an_update_fail(
    network: Network, presses: list[tuple[Team, str]]
) -> None:
    clock = FakeClock()
    memory = Database("sqlite://", clock=clock, words=Show(), network=network, audit_key=b"key")
    SQLModel.metadata.create_all(memory.engine)
    ward = Hospital(memory, clock)
    await ward.open()
    ward.staff()
    [code] = await ward.injected()
    await ward.at("2026-04-27T14:00")
    await ward.alert(Team.GREFFE, code)

    minute = next(iter(ward.record(code).checks))
    taps = (
        ward.query(
            *(ward.who(team), ward.chat(team), 1),
            data.replace("CODE", code).replace("MINUTE", minute),
            f"fuzz {n}",
        )
        for n, (team, data) in enumerate(presses)
    )
    await ward.receive(*(ward.update("callback_query", tap) for tap in taps))

    found = ward.faults()
    memory.close()
    assert found == []


TYPED = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=60),
    st.sampled_from(
        ["31/02", "25 h", "9h42", "demain", "-1", "/", "«\u202f»", "j0", "29/02", "0/0"]
    ),
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(lines=st.lists(TYPED, min_size=10, max_size=30))
async def test_nothing_typed_makes_an_update_fail_in_any_dialogue(
    network: Network, lines: list[str]
) -> None:
    clock = FakeClock()
    memory = Database("sqlite://", clock=clock, words=Show(), network=network, audit_key=b"key")
    SQLModel.metadata.create_all(memory.engine)
    ward = Hospital(memory, clock)
    await ward.open()
    ward.staff()
    code = await ward.enrol()
    nurse = ward.who(Team.COORDINATION)
    openings = (
        "/nouveau yescarta centre TLS",
        f"step:problem:{code}:rcp",
        f"step:move:{code}:rcp",
        f"step:skip:{code}:irm",
        f"step:waive:{code}:chimio_1",
        f"step:undo_why:{code}:rcp",
    )

    for number, line in enumerate(lines):
        opening = openings[number % len(openings)]
        if opening.startswith("/"):
            await ward.say(nurse, opening)
        else:
            await ward.tap(nurse, nurse.id, 1, opening)
        await ward.say(nurse, line)

    found = ward.faults()
    memory.close()
    assert found == []


@pytest.mark.parametrize("odd", ["\0", "\ud83d"])
async def test_what_no_database_takes_is_left_out_of_what_is_kept(
    any_ward: Hospital, odd: str
) -> None:
    code = await any_ward.enrol()
    nurse = any_ward.who(Team.COORDINATION)
    await any_ward.tap(nurse, nurse.id, ANY, f"step:problem:{code}:rcp{odd}")

    await any_ward.say(nurse, f"pas de{odd} lit")
    await any_ward.receive(
        any_ward.message(nurse, photo=[], caption=f"{odd}/alerte {code}"),
        any_ward.message(nurse, text=f"/statut {odd}{code}"),
    )

    [demand] = any_ward.record(code).open_demands()
    assert demand.note == "pas de lit"
    assert len(any_ward.alerts(code)) == 1
    assert any_ward.last(nurse).startswith("status.one")


# What is written


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ({"sticker": {}}, "typed.only_text"),
        ({"dice": {"emoji": "🎲", "value": 3}}, "typed.only_text"),
        ({"text": "x" * 4096}, "typed.too_long"),
        ({"text": "x" * 10_000}, "typed.too_long"),
        ({"text": "💉" * 600}, "typed.too_long"),
        ({"text": "/inconnue"}, "typed.unknown_command"),
        ({"text": "/"}, "typed."),
        ({"text": "aphérèse faite", "forward_origin": {}}, "typed.forwarded"),
        ({"text": "bla bla"}, "typed.not_understood"),
        ({"text": "<b>&amp;"}, "typed.not_understood"),
    ],
)
async def test_what_cannot_be_understood_gets_one_sentence(
    ward: Hospital, content: dict[str, Any], answer: str
) -> None:
    efs = ward.who(Team.EFS)
    if "sticker" in content:
        content = {"sticker": sticker()}
    if "forward_origin" in content:
        content["forward_origin"] = {"type": "hidden_user", "sender_user_name": "X", "date": 1}

    await ward.receive(ward.message(efs, **content))

    assert len(ward.told(efs)) == 1
    assert ward.last(efs).startswith(answer)


def sticker() -> dict[str, Any]:
    size = {"width": 1, "height": 1, "is_animated": False, "is_video": False}
    return {"file_id": "f", "file_unique_id": "u", "type": "regular"} | size


@pytest.mark.parametrize("said", ["bon appétit", "demain 14 h ?", "merci", "il pleut"])
async def test_people_may_talk_among_themselves_in_a_group(ward: Hospital, said: str) -> None:
    efs, group = ward.who(Team.EFS), ward.chat(Team.EFS)

    await ward.say(efs, said, group)
    await ward.receive(ward.message(efs, group, sticker=sticker()))

    assert ward.told(group) == []


POLL = {
    "id": "1",
    "question": "Mme X sort-elle demain ?",
    "options": [{"text": "oui", "voter_count": 0}, {"text": "non", "voter_count": 0}],
    "total_voter_count": 0,
    "is_closed": False,
    "is_anonymous": False,
    "type": "regular",
    "allows_multiple_answers": False,
}


async def test_a_message_edited_after_the_fact_changes_nothing_and_its_author_knows(
    ward: Hospital,
) -> None:
    code = await ward.enrol()
    efs = ward.who(Team.EFS)
    first = ward.message(efs, text="bonjour")["message"]

    await ward.receive(
        ward.update("edited_message", first | {"text": f"/alerte {code}", "edit_date": 2})
    )

    assert ward.last(efs) == "typed.edited"
    assert ward.alerts(code) == []


@pytest.mark.parametrize(
    "content",
    [
        {"photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]},
        {"voice": {"file_id": "f", "file_unique_id": "u", "duration": 1}},
        {"document": {"file_id": "f", "file_unique_id": "u"}},
        {"location": {"latitude": 43.6, "longitude": 1.4}},
        {"contact": {"phone_number": "0612345678", "first_name": "X"}},
        {"poll": POLL},
        {"checklist": {"title": "Mme X", "tasks": [{"id": 1, "text": "sortie"}]}},
    ],
)
@pytest.mark.parametrize("in_group", [False, True])
async def test_what_may_show_a_patient_is_taken_away_and_its_author_told_why(
    ward: Hospital, content: dict[str, Any], in_group: bool
) -> None:
    efs = ward.who(Team.EFS)
    chat = ward.chat(Team.EFS) if in_group else efs.id
    update = ward.message(efs, chat, **content)

    await ward.receive(update)

    gone = [x.payload["message_id"] for x in ward.transport.to(chat) if x.kind == "delete"]
    assert gone == [update["message"]["message_id"]]
    assert ward.last(chat) == "typed.identifying"


@pytest.mark.parametrize("query_id", ["", None, 7])
async def test_a_tap_that_cannot_be_answered_is_left_aside(ward: Hospital, query_id: Any) -> None:
    efs = ward.who(Team.EFS)
    query = ward.query(efs, efs.id, 1, "todo:page:0", "q") | {"id": query_id}

    await ward.receive({"update_id": 900_000, "callback_query": query})

    assert ward.told(efs) == []


async def test_a_reply_to_nothing_is_read_as_any_text(ward: Hospital) -> None:
    efs = ward.who(Team.EFS)
    gone = {"message_id": 1, "date": 0, "chat": {"id": efs.id, "type": "private"}}

    await ward.receive(ward.message(efs, text="oui", reply_to_message=gone))

    assert ward.told(efs) == ["typed.not_understood"]


async def test_a_command_for_another_bot_is_not_ours(ward: Hospital) -> None:
    efs, group = ward.who(Team.EFS), ward.chat(Team.EFS)

    await ward.say(efs, "/statut@other_bot", group)
    silent = ward.told(group)
    await ward.say(efs, "/statut@relais_bot", group)

    assert silent == []
    assert len(ward.told(group)) == 1


async def test_no_command_fails_whatever_follows_it(ward: Hospital) -> None:
    await ward.enrol()
    nurse = ward.who(Team.COORDINATION)

    for command in COMMANDS:
        for rest in ("", " 7", " TLS-2222", " x y z", " J0", " -1", " " + "9" * 200, " é\n\n<b>"):
            await ward.say(nurse, f"/{command}{rest}")

    assert ward.faults() == []


async def test_a_team_works_in_another_teams_group_with_its_own_rights(ward: Hospital) -> None:
    code = await ward.enrol()
    efs, group = ward.who(Team.EFS), ward.chat(Team.PHARMACIE)

    popup = ward.popup(await ward.tap(efs, group, 1, f"step:done:{code}:liberation_lot"))

    assert popup.startswith("step.other_team")


async def test_an_update_of_a_kind_that_we_do_not_know_is_passed_over(ward: Hospital) -> None:
    efs = ward.who(Team.EFS)

    await ward.receive({"update_id": 900, "something_new": {"a": 1}})
    await ward.receive(ward.message(efs, new_chat_title="Renamed"))

    assert ward.told(efs) == []
