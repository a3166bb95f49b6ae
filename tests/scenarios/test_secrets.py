"""Secrets: no token of an invitation and no identity stands in any column of any table."""

import re
from typing import Any

import pytest

from bot.care.joining import hash_token
from bot.domain.message import Kind
from bot.domain.roles import Team
from tests.hospital import ANY, Hospital
from tests.scenarios.faults import everything
from tests.ward import Person

COORDINATION, EFS, GREFFE = Team.COORDINATION, Team.EFS, Team.GREFFE
NAME = "Ducontraire"
IDENTITY = f"Mme {NAME}, née le 12/03/1957"


async def invited(ward: Hospital) -> str:
    """The token of a real invitation, as it stood on the coordinator's screen."""
    nurse = ward.who(COORDINATION)
    await ward.say(nurse, "/inviter efs 3")
    shown = ward.screen(nurse)[-1].text
    found = re.search(r"https://t\.me/relais_bot\?start=([\w-]+)", shown)
    assert found, shown
    return found[1]


def joined(ward: Hospital, guest: Person) -> bool:
    found = ward.ask(lambda unit: unit.people.roster.account(guest.id))
    return found is not None


def set_aside(ward: Hospital, *updates: dict[str, Any]) -> None:
    """Telegram delivers more than is handled at once: they wait in the inbox."""
    ward.relais.intake._set_aside(updates)


# Tokens


async def test_the_token_of_an_invitation_stands_nowhere(any_ward: Hospital) -> None:
    guest, token = any_ward.person("Léa"), await invited(any_ward)
    assert hash_token(token) in everything(any_ward)
    assert token not in everything(any_ward)

    await any_ward.say(guest, f"/start {token}")

    assert joined(any_ward, guest)
    assert token not in everything(any_ward)


@pytest.mark.parametrize(
    "said",
    [
        "/start {}",
        "  /start {}",
        "/start@relais_bot {}",
        "/START {}",
        "https://t.me/relais_bot?start={}",
        "le lien : t.me/relais_bot?start={} merci",
        "{}",
    ],
)
async def test_a_token_that_waits_for_its_turn_is_no_token(ward: Hospital, said: str) -> None:
    guest, token = ward.person("Léa"), await invited(ward)

    set_aside(ward, ward.message(guest, text=said.format(token)))

    assert token not in everything(ward)


async def test_a_guest_who_waits_for_their_turn_gets_in(ward: Hospital) -> None:
    guest, token = ward.person("Léa"), await invited(ward)

    set_aside(ward, ward.message(guest, text=f"/start {token}"))
    ward.relais.intake._handle_waiting()

    assert joined(ward, guest)


async def test_a_token_typed_as_a_reason_stands_nowhere(ward: Hospital) -> None:
    code, token = await ward.enrol(), await invited(ward)
    nurse = ward.who(COORDINATION)
    await ward.tap(nurse, nurse.id, ANY, f"step:problem:{code}:rcp")

    await ward.say(nurse, f"voici https://t.me/relais_bot?start={token}")

    assert token not in everything(ward)


# Identities


async def taken_away(ward: Hospital, who: Person, chat: int, said: str = IDENTITY) -> None:
    """It is deleted from the chat, its author is told why, and nothing of it is kept."""
    deleted = len([each for each in ward.transport.to(chat) if each.kind == "delete"])
    with ward.heard(chat) as heard:
        update = ward.message(who, chat, text=said)
        await ward.receive(update)

    gone = [each for each in ward.transport.to(chat) if each.kind == "delete"][deleted:]
    assert [each.payload["message_id"] for each in gone] == [update["message"]["message_id"]]
    assert [each.split()[0] for each in heard] == ["typed.identity"]
    assert NAME not in everything(ward)


async def test_an_identity_in_a_sentence_is_taken_away(any_ward: Hospital) -> None:
    await taken_away(any_ward, any_ward.who(EFS), any_ward.chat(EFS), f"où en est {IDENTITY} ?")


async def test_an_identity_as_the_argument_of_a_command_is_taken_away(ward: Hospital) -> None:
    nurse = ward.who(COORDINATION)

    for command in ("/statut", "/nouveau", "/reporter", "/inviter", "/retirer"):
        await taken_away(ward, nurse, nurse.id, f"{command} {IDENTITY}")


@pytest.mark.parametrize("said", ["/alerte {0} {1} convulse", "/alerte@relais_bot {1} {0}"])
async def test_an_alert_that_names_somebody_is_raised_and_the_name_taken_away(
    any_ward: Hospital, said: str
) -> None:
    [code] = await any_ward.injected()
    greffe, group = any_ward.who(GREFFE), any_ward.chat(GREFFE)

    chat = group if "@" in said else greffe.id
    with any_ward.heard(chat) as heard:
        await any_ward.say(greffe, said.format(code, f"Mme {NAME}"), chat)

    assert len(any_ward.alerts(code)) == 1
    assert heard[0].startswith("typed.identity")
    assert "delete" in {each.kind for each in any_ward.transport.to(chat)}
    assert NAME not in everything(any_ward)


async def test_an_emergency_that_names_somebody_is_asked_about(ward: Hospital) -> None:
    code = await ward.enrol()
    greffe = ward.who(GREFFE)

    with ward.heard(greffe) as heard:
        await ward.say(greffe, f"{code} Mme {NAME} ne répond pas")

    assert [each.split()[0] for each in heard] == ["typed.identity", "report.which_sign"]
    assert ward.alerts(code) == []
    assert NAME not in everything(ward)


@pytest.mark.parametrize("said", ["/alerte {0} {1}", "/alerté {1} chambre 12 convulse"])
async def test_an_alert_that_names_somebody_and_no_code_asks_for_which_patient(
    ward: Hospital, said: str
) -> None:
    [code] = await ward.injected()
    wrong, greffe = code[:-1] + ("2" if code[-1] != "2" else "3"), ward.who(GREFFE)

    with ward.heard(greffe) as heard:
        await ward.say(greffe, said.format(wrong, IDENTITY))

    assert [each.split()[0] for each in heard] == ["typed.identity", "alert.whom"]
    assert ward.alerts(code) == []
    assert NAME not in everything(ward)
    await ward.press(greffe, code)
    assert len(ward.alerts(code)) == 1


@pytest.mark.parametrize("caption", ["/alerte {0}", "/alerte Mme {1} {0}", "/Alerté{0}"])
async def test_the_alert_under_a_picture_is_raised_and_the_picture_taken_away(
    any_ward: Hospital, caption: str
) -> None:
    [code] = await any_ward.injected()
    greffe, group = any_ward.who(GREFFE), any_ward.chat(GREFFE)

    for kind in ("photo", "document"):
        said = caption.format(code[4:], NAME)
        with any_ward.heard(group) as heard:
            await any_ward.receive(any_ward.message(greffe, group, **{kind: [], "caption": said}))
        assert [each.split()[0] for each in heard][:2] == ["typed.identifying", "alert.sent"]

    assert [each.kind for each in any_ward.transport.to(group)].count(Kind.DELETE) == 2
    assert len(any_ward.alerts(code)) == 1
    assert NAME not in everything(any_ward)


async def test_an_emergency_under_a_picture_is_asked_about(ward: Hospital) -> None:
    code = await ward.enrol()
    greffe = ward.who(GREFFE)

    with ward.heard(greffe) as heard:
        await ward.receive(ward.message(greffe, photo=[], caption=f"fièvre {code}, Mme {NAME}"))

    assert [each.split()[0] for each in heard] == ["typed.identifying", "report.which_sign"]
    assert NAME not in everything(ward)


async def test_a_stranger_who_names_somebody_is_not_heard(ward: Hospital) -> None:
    [code] = await ward.injected()
    stranger = ward.person("Stranger")

    await taken_away(ward, stranger, stranger.id, f"/alerte {code} {IDENTITY}")

    assert ward.alerts(code) == []


@pytest.mark.parametrize("verb", ["problem", "skip", "waive"])
async def test_an_identity_as_a_reason_is_taken_away(ward: Hospital, verb: str) -> None:
    code = await ward.enrol()
    nurse = ward.who(COORDINATION)
    await ward.tap(nurse, nurse.id, ANY, f"step:{verb}:{code}:rcp")

    await taken_away(ward, nurse, nurse.id)


async def test_an_identity_as_the_note_of_a_correction_is_taken_away(ward: Hospital) -> None:
    code = await ward.enrol()
    await ward.do(COORDINATION, code, "rcp")
    nurse = ward.who(COORDINATION)
    await ward.tap(nurse, nurse.id, ANY, f"step:undo_why:{code}:rcp")

    await taken_away(ward, nurse, nurse.id)


async def test_an_identity_as_the_value_of_a_checklist_is_taken_away(ward: Hospital) -> None:
    [code] = await ward.injected()
    who, chat = ward.who(GREFFE), ward.chat(GREFFE)
    for place in range(4):
        await ward.tap(who, chat, ANY, f"step:set:{code}:sortie:{place}:1")

    await taken_away(ward, who, chat)


async def test_an_identity_as_the_title_of_a_group_is_kept_by_nobody(ward: Hospital) -> None:
    nurse, group = ward.who(COORDINATION), -4000
    chat = {"id": group, "type": "group", "title": IDENTITY}
    bot = {"id": 1, "is_bot": True, "first_name": "Relais"}
    entered = {
        "chat": chat,
        "from": ward._user(nurse),
        "date": int(ward.clock().timestamp()),
        "old_chat_member": {"user": bot, "status": "left"},
        "new_chat_member": {"user": bot, "status": "member"},
    }
    command = ward.message(nurse, group, text="/rattacher pharmacie MPL")
    command["message"]["chat"] = chat

    set_aside(ward, ward.update("my_chat_member", entered), command)
    assert NAME not in everything(ward)
    await ward.receive(ward.update("my_chat_member", entered))
    other = ward.message(nurse, group, text="/rattacher pharmacie MPL")
    other["message"]["chat"] = chat
    await ward.receive(other)

    assert ward.ask(lambda unit: unit.people.roster.chats("pharmacie", "MPL")) == [group]
    assert NAME not in everything(ward)


@pytest.mark.parametrize(
    "content",
    [
        {"text": IDENTITY},
        {"text": "oui", "reply_to_message": {"message_id": 4, "text": IDENTITY}},
        {"text": "oui", "quote": {"text": IDENTITY, "position": 0}},
        {"photo": [{"file_id": "x"}], "caption": IDENTITY},
        {"contact": {"phone_number": "+33612345678", "first_name": NAME}},
        {"poll": {"question": IDENTITY}},
        {"document": {"file_id": "x", "file_name": f"{NAME}.pdf"}},
        {"text": "lu", "forward_origin": {"type": "hidden_user", "sender_user_name": NAME}},
    ],
)
async def test_an_identity_that_waits_for_its_turn_is_kept_by_nobody(
    ward: Hospital, content: dict[str, Any]
) -> None:
    nurse = ward.who(COORDINATION)

    set_aside(ward, ward.message(nurse, **content))

    assert NAME not in everything(ward)
    assert "12/03/1957" not in everything(ward)
    ward.relais.intake._handle_waiting()
    await ward.flush()
    assert NAME not in everything(ward)


async def test_a_tapped_message_that_waits_for_its_turn_keeps_none_of_its_words(
    ward: Hospital,
) -> None:
    nurse = ward.who(COORDINATION)
    query = ward.query(nurse, nurse.id, 5, "todo:page:0", "q")
    query["message"]["text"] = IDENTITY

    set_aside(ward, ward.update("callback_query", query))

    assert NAME not in everything(ward)
