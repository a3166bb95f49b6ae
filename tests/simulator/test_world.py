"""What the bot is told of what people do, and what it is not told."""

from pathlib import Path
from typing import Any

import pytest

from simulator.api.methods.commands import menu
from simulator.errors import Misuse
from simulator.world import actions, cast, media
from tests.simulator.desk import Desk, button

CAST = Path(__file__).parents[2] / "simulator" / "data" / "onco_occitanie.toml"


def heard(desk: Desk) -> list[str]:
    return [message.get("text", "") for message in desk.updates("message")]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("/statut", True),
        ("/statut@relais_bot", True),
        ("/statut@Relais_Bot 7K4Q", True),
        ("/statut@autre_bot", False),
        ("dites, @relais_bot, où en est-on ?", True),
        ("bonjour à tous", False),
        ("3/4 des poches", False),
    ],
)
def test_in_a_group_the_bot_reads_only_what_is_meant_for_it(
    desk: Desk, text: str, seen: bool
) -> None:
    actions.say(desk.world, desk.amina, desk.efs, text)

    assert (text in heard(desk)) is seen


def test_the_bot_reads_an_answer_to_its_own_message(desk: Desk) -> None:
    asked = desk.sent("Combien de poches ?", chat=desk.efs)

    actions.say(desk.world, desk.amina, desk.efs, "deux", reply_to=asked.id)

    assert desk.updates("message")[-1]["reply_to_message"]["text"] == "Combien de poches ?"


def test_an_administrator_bot_reads_everything(desk: Desk) -> None:
    actions.promote(desk.world, desk.efs, desk.world.bot)

    actions.say(desk.world, desk.amina, desk.efs, "bonjour à tous")

    assert heard(desk)[-1] == "bonjour à tous"


def test_without_privacy_the_bot_reads_everything(desk: Desk) -> None:
    desk.world.privacy = False

    actions.say(desk.world, desk.amina, desk.efs, "bonjour à tous")

    assert heard(desk)[-1] == "bonjour à tous"
    assert desk.ask("getMe")["result"]["can_read_all_group_messages"]


def test_an_edited_message_comes_with_its_new_text(desk: Desk) -> None:
    chat = desk.world.chat(desk.claire.id)
    said = actions.say(desk.world, desk.claire, chat, "37,5")

    actions.edit(desk.world, desk.claire, chat, said.id, "38,5")

    [edited] = desk.updates("edited_message")
    assert (edited["text"], "edit_date" in edited) == ("38,5", True)


def test_a_phone_cuts_a_text_that_is_too_long(desk: Desk) -> None:
    actions.say(desk.world, desk.claire, desk.world.chat(desk.claire.id), "x" * 10_000)

    assert [len(text) for text in heard(desk)[-3:]] == [4096, 4096, 1808]


def test_blocking_and_coming_back_are_told(desk: Desk) -> None:
    actions.block(desk.world, desk.claire)
    actions.start(desk.world, desk.claire, "retour")

    changes = [u["new_chat_member"]["status"] for u in desk.updates("my_chat_member")[-2:]]
    assert changes == ["kicked", "member"]
    assert heard(desk)[-1] == "/start retour"


def test_a_blocked_bot_cannot_be_written_to(desk: Desk) -> None:
    actions.block(desk.world, desk.claire)

    with pytest.raises(Misuse, match="a bloqué le bot"):
        actions.say(desk.world, desk.claire, desk.world.chat(desk.claire.id), "Bonjour")


def test_other_members_are_told_only_to_an_administrator_that_asked(desk: Desk) -> None:
    desk.world.inbox.allow(["message", "chat_member"])
    marc = desk.world.add_person("Marc")

    actions.join(desk.world, desk.efs, marc)
    assert desk.updates("chat_member") == []
    actions.promote(desk.world, desk.efs, desk.world.bot)
    actions.leave(desk.world, desk.efs, marc)

    [change] = desk.updates("chat_member")
    assert change["new_chat_member"]["status"] == "left"


def test_a_removed_bot_is_told_and_hears_no_more(desk: Desk) -> None:
    actions.leave(desk.world, desk.efs, desk.world.bot)
    actions.say(desk.world, desk.amina, desk.efs, "/aide")

    assert desk.updates("my_chat_member")[-1]["new_chat_member"]["status"] == "kicked"
    assert "/aide" not in heard(desk)


def test_members_follow_their_group_into_the_supergroup(desk: Desk) -> None:
    new = actions.migrate(desk.world, desk.efs)

    actions.say(desk.world, desk.amina, new, "/aide")

    assert desk.updates("message")[-1]["chat"] == {
        "id": new.id,
        "type": "supergroup",
        "title": "EFS",
    }
    with pytest.raises(Misuse, match="supergroupe"):
        actions.say(desk.world, desk.amina, desk.efs, "/aide")


def test_only_members_press_buttons(desk: Desk) -> None:
    message = desk.sent(chat=desk.efs, reply_markup=button())
    stranger = desk.world.add_person("Inconnu")

    with pytest.raises(Misuse):
        actions.press(desk.world, stranger, message, label="Oui")


def test_a_tap_on_a_keyboard_that_is_gone_still_arrives(desk: Desk) -> None:
    message = desk.sent("Prêt ?", reply_markup=button())
    where = {"chat_id": desk.claire.id, "message_id": message.id}
    desk.ask("editMessageReplyMarkup", where)

    actions.press(desk.world, desk.claire, message, data="yes", stale=True)

    [tap] = desk.updates("callback_query")
    assert (tap["data"], "reply_markup" in tap["message"]) == ("yes", False)


def test_a_tap_on_a_deleted_message_shows_only_its_place(desk: Desk) -> None:
    message = desk.sent("Prêt ?", reply_markup=button())
    desk.world.delete(message)

    actions.press(desk.world, desk.claire, message, data="yes", stale=True)

    [tap] = desk.updates("callback_query")
    assert tap["message"]["date"] == 0


def test_unwanted_kinds_of_updates_are_never_queued(desk: Desk) -> None:
    desk.world.inbox.allow(["callback_query"])
    before = len(desk.world.inbox.waiting)

    actions.say(desk.world, desk.claire, desk.world.chat(desk.claire.id), "Bonjour")

    assert len(desk.world.inbox.waiting) == before


def test_updates_wait_a_day_and_no_longer(desk: Desk) -> None:
    desk.wait(hours=24)
    actions.say(desk.world, desk.claire, desk.world.chat(desk.claire.id), "Bonjour")

    desk.world.inbox.expire(desk.world.now())

    assert heard(desk) == ["Bonjour"]
    assert desk.world.inbox.lost > 0


@pytest.mark.parametrize("kind", [kind for kind in media.KINDS if kind != "forward"])
def test_every_kind_of_message_is_a_telegram_message(desk: Desk, kind: str) -> None:
    chat = desk.world.chat(desk.claire.id)
    actions.send(desk.world, desk.claire, chat, media.content(desk.world, kind, {}))

    update = desk.world.inbox.peek()[-1]
    assert kind in update["message"]
    assert desk.telegram.schema.flaws(update, ("Update",)) == []


def test_a_forwarded_message_names_its_author(desk: Desk) -> None:
    said = actions.say(desk.world, desk.amina, desk.efs, "les poches sont parties")
    chat = desk.world.chat(desk.claire.id)
    actions.send(desk.world, desk.claire, chat, media.forwarded(said))

    origin = desk.updates("message")[-1]["forward_origin"]
    assert origin["sender_user"]["first_name"] == "Amina"


def test_every_update_of_a_lively_day_is_a_telegram_update(desk: Desk) -> None:
    desk.world.inbox.allow(["message", "edited_message", "callback_query", "chat_member"])
    actions.promote(desk.world, desk.efs, desk.world.bot)
    actions.join(desk.world, desk.efs, desk.world.add_person("Marc"))
    actions.press(desk.world, desk.claire, desk.sent("?", reply_markup=button()), label="Oui")
    actions.migrate(desk.world, desk.efs)

    assert desk.telegram.schema.flaws(desk.world.inbox.peek(), ("Array of Update",)) == []


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        ("message", ["migrate_to_chat_id", "migrate_from_chat_id"]),
        ("join_first", ["member", "migrate_to_chat_id", "migrate_from_chat_id"]),
        ("join_only", ["member"]),
    ],
)
def test_a_bot_hears_of_a_supergroup_in_one_of_three_ways(
    desk: Desk, told: str, heard: list[str]
) -> None:
    desk.world.inbox.waiting.clear()

    new = actions.migrate(desk.world, desk.efs, told)

    assert [_news(update) for update in desk.world.inbox.peek()] == heard
    assert desk.telegram.schema.flaws(desk.world.inbox.peek(), ("Array of Update",)) == []
    joined = desk.updates("my_chat_member")
    assert [change["chat"]["id"] for change in joined] == [new.id] * ("member" in heard)


def _news(update: dict[str, Any]) -> str:
    """What an update says of a group: how the bot stands there, or whither it went."""
    if "my_chat_member" in update:
        return str(update["my_chat_member"]["new_chat_member"]["status"])
    return next(str(name) for name in update["message"] if name.startswith("migrate"))


def test_in_a_closed_topic_only_administrators_write(desk: Desk) -> None:
    new = actions.migrate(desk.world, desk.efs)
    actions.close_topic(desk.world, new)

    actions.say(desk.world, desk.claire, new, "/aide")
    with pytest.raises(Misuse):
        actions.say(desk.world, desk.amina, new, "/aide")
    actions.close_topic(desk.world, new, closed=False)

    assert desk.ask("sendMessage", chat_id=new.id, text="Enfin")["ok"]
    assert desk.telegram.schema.flaws(desk.world.inbox.peek(), ("Array of Update",)) == []


def test_only_a_supergroup_has_a_topic_to_close(desk: Desk) -> None:
    with pytest.raises(Misuse):
        actions.close_topic(desk.world, desk.efs)


def test_the_narrowest_menu_is_shown(desk: Desk) -> None:
    def set_menu(name: str, **scope: object) -> None:
        listed = [{"command": name, "description": name}]
        desk.ask("setMyCommands", commands=listed, scope=scope or None)

    set_menu("aide")
    set_menu("afaire", type="all_group_chats")
    set_menu("nouveau", type="chat", chat_id=desk.claire.id)

    def shown(person: object, chat: object) -> str:
        return str(menu(desk.world, person, chat)[0]["command"])  # type: ignore[arg-type]

    assert shown(desk.claire, desk.world.chat(desk.claire.id)) == "nouveau"
    assert shown(desk.amina, desk.world.chat(desk.amina.id)) == "aide"
    assert shown(desk.amina, desk.efs) == "afaire"


def test_changing_only_the_keyboard_does_not_mark_the_message_edited(desk: Desk) -> None:
    message = desk.sent("Prêt ?", reply_markup=button())
    where = {"chat_id": desk.claire.id, "message_id": message.id}

    edited = desk.ask("editMessageReplyMarkup", where, reply_markup=button("Non", "no"))

    assert "edit_date" not in edited["result"]


def test_a_pinned_message_leads_the_chat(desk: Desk) -> None:
    actions.promote(desk.world, desk.efs, desk.world.bot)
    message = desk.sent("À lire", chat=desk.efs)

    desk.ask("pinChatMessage", chat_id=desk.efs.id, message_id=message.id)
    pinned = desk.ask("getChat", chat_id=desk.efs.id)["result"]["pinned_message"]
    assert pinned["text"] == "À lire"
    desk.ask("unpinChatMessage", chat_id=desk.efs.id)

    assert "pinned_message" not in desk.ask("getChat", chat_id=desk.efs.id)["result"]


def test_an_administrator_deletes_what_members_wrote(desk: Desk) -> None:
    said = actions.say(desk.world, desk.amina, desk.efs, "/aide")
    actions.promote(desk.world, desk.efs, desk.world.bot)

    assert desk.ask("deleteMessage", chat_id=desk.efs.id, message_id=said.id)["ok"]
    assert said.deleted


def test_a_reaction_stands_on_the_message(desk: Desk) -> None:
    message = desk.sent()
    thumb = [{"type": "emoji", "emoji": "👍"}]

    desk.ask("setMessageReaction", chat_id=desk.claire.id, message_id=message.id, reaction=thumb)

    assert message.reactions == {desk.world.bot.id: ["👍"]}


def test_in_the_groups_of_the_demo_the_bot_hears_what_people_type(desk: Desk) -> None:
    cast.enter(desk.world, cast.read(CAST))
    claire = next(person for person in desk.world.people.values() if person.slug == "claire")
    groups = [chat for chat in desk.world.chats.values() if chat.slug]

    for group in groups:
        actions.say(desk.world, claire, group, "bonjour à tous")

    told = [
        message["chat"].get("title") for message in desk.updates("message") if "text" in message
    ]
    assert told[-len(groups) :] == [group.title for group in groups]
    assert {group.bot_status for group in groups} == {"administrator"}
