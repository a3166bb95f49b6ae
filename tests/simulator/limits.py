"""Every limit that the simulator enforces: the call that meets it and Telegram's answer.

`docs/simulator.md` lists the same names with their sources; a test holds the two together.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.api.schema import Upload
from simulator.world import actions, media
from tests.simulator.desk import Desk, button

Answer = dict[str, Any]


@dataclass(frozen=True)
class Limit:
    """One refusal: how to meet it and what Telegram says."""

    name: str
    meet: Callable[[Desk], Answer]
    text: str
    code: int = 400


def call(method: str, **params: object) -> Callable[[Desk], Answer]:
    """A call to Claire's private chat, unless it names another."""

    def meet(desk: Desk) -> Answer:
        given = {"chat_id": desk.claire.id, **params}
        answer: Answer = desk.ask(method, {k: v for k, v in given.items() if v is not None})
        return answer

    return meet


def send(**params: object) -> Callable[[Desk], Answer]:
    return call("sendMessage", **{"text": "Bonjour", **params})


def html(text: str) -> Callable[[Desk], Answer]:
    return send(text=text, parse_mode="HTML")


def markdown(text: str) -> Callable[[Desk], Answer]:
    return send(text=text, parse_mode="MarkdownV2")


def keys(*rows: list[dict[str, object]]) -> Callable[[Desk], Answer]:
    return send(reply_markup={"inline_keyboard": list(rows)})


def commands(*pairs: tuple[str, str]) -> Callable[[Desk], Answer]:
    listed = [{"command": name, "description": text} for name, text in pairs]
    return call("setMyCommands", chat_id=None, commands=listed)


def blocked(desk: Desk) -> Answer:
    actions.block(desk.world, desk.claire)
    return send()(desk)


def never_started(desk: Desk) -> Answer:
    return send(chat_id=desk.amina.id)(desk)


def kicked(desk: Desk) -> Answer:
    actions.leave(desk.world, desk.efs, desk.world.bot)
    return send(chat_id=desk.efs.id)(desk)


def kicked_from_supergroup(desk: Desk) -> Answer:
    new = actions.migrate(desk.world, desk.efs)
    actions.leave(desk.world, new, desk.world.bot)
    return send(chat_id=new.id)(desk)


def left(desk: Desk) -> Answer:
    desk.ask("leaveChat", chat_id=desk.efs.id)
    return send(chat_id=desk.efs.id)(desk)


def foreign_group(desk: Desk) -> Answer:
    group = desk.world.add_group("Ailleurs")
    actions.gather(desk.world, group, [desk.amina])
    return send(chat_id=group.id)(desk)


def topic_closed(desk: Desk) -> Answer:
    new = actions.migrate(desk.world, desk.efs)
    actions.close_topic(desk.world, new)
    return send(chat_id=new.id)(desk)


def migrated(desk: Desk) -> Answer:
    actions.migrate(desk.world, desk.efs)
    return send(chat_id=desk.efs.id)(desk)


def edit(**params: object) -> Callable[[Desk], Answer]:
    def meet(desk: Desk) -> Answer:
        message = desk.sent("Bonjour", reply_markup=button())
        given = {"chat_id": desk.claire.id, "message_id": message.id, **params}
        answer: Answer = desk.ask("editMessageText", given)
        return answer

    return meet


def same_text_and_keyboard(desk: Desk) -> Answer:
    message = desk.sent("Bonjour", reply_markup=button())
    same = {"chat_id": desk.claire.id, "message_id": message.id, "reply_markup": button()}
    answer: Answer = desk.ask("editMessageText", same, text="Bonjour")
    return answer


def edit_of_a_persons_message(desk: Desk) -> Answer:
    said = actions.say(desk.world, desk.claire, desk.world.chat(desk.claire.id), "Oui")
    return call("editMessageText", message_id=said.id, text="Non")(desk)


def edit_of_a_deleted_message(desk: Desk) -> Answer:
    message = desk.sent()
    desk.world.delete(message)
    return call("editMessageText", message_id=message.id, text="Non")(desk)


def edit_text_of_a_photo(desk: Desk) -> Answer:
    photo = Upload("p.png", "image/png", media.png(10, 10))
    sent = desk.ask("sendPhoto", chat_id=desk.claire.id, photo=photo)["result"]
    return call("editMessageText", message_id=sent["message_id"], text="Non")(desk)


def old_message(desk: Desk) -> Answer:
    message = desk.sent()
    desk.wait(hours=48, seconds=1)
    return call("deleteMessage", message_id=message.id)(desk)


def deleted_twice(desk: Desk) -> Answer:
    message = desk.sent()
    call("deleteMessage", message_id=message.id)(desk)
    return call("deleteMessage", message_id=message.id)(desk)


def deletion_of_a_members_message(desk: Desk) -> Answer:
    said = actions.say(desk.world, desk.amina, desk.efs, "/aide")
    return call("deleteMessage", chat_id=desk.efs.id, message_id=said.id)(desk)


def old_tap(desk: Desk) -> Answer:
    message = desk.sent("Bonjour", reply_markup=button())
    tap = actions.press(desk.world, desk.claire, message, data="yes")
    desk.wait(seconds=61)
    answer: Answer = desk.ask("answerCallbackQuery", callback_query_id=tap.id)
    return answer


def long_popup(desk: Desk) -> Answer:
    message = desk.sent("Bonjour", reply_markup=button())
    tap = actions.press(desk.world, desk.claire, message, data="yes")
    answer: Answer = desk.ask("answerCallbackQuery", callback_query_id=tap.id, text="é" * 201)
    return answer


def pin_without_right(desk: Desk) -> Answer:
    message = desk.sent(chat=desk.efs)
    return call("pinChatMessage", chat_id=desk.efs.id, message_id=message.id)(desk)


def flood_to_one_chat(desk: Desk) -> Answer:
    desk.floods.on = True
    send()(desk)
    return send()(desk)


def flood_to_a_group(desk: Desk) -> Answer:
    desk.floods.on = True
    for _ in range(20):
        desk.sent(chat=desk.efs)
        desk.wait(seconds=1)
    return send(chat_id=desk.efs.id)(desk)


def flood_to_everyone(desk: Desk) -> Answer:
    desk.floods.on = True
    people = [desk.world.add_person(f"P{n}") for n in range(31)]
    for person in people:
        actions.start(desk.world, person)
        answer: Answer = send(chat_id=person.id)(desk)
    return answer


def photo(content: bytes) -> Callable[[Desk], Answer]:
    return call("sendPhoto", photo=Upload("p.png", "image/png", content))


def document(content: bytes, **more: object) -> Callable[[Desk], Answer]:
    return call("sendDocument", document=Upload("d.pdf", "application/pdf", content), **more)


def big_download(desk: Desk) -> Answer:
    blob = desk.world.store("d.bin", "application/octet-stream", bytes(20 * 1024 * 1024 + 1))
    answer: Answer = desk.ask("getFile", file_id=blob.file_id)
    return answer


def two_reactions(desk: Desk) -> Answer:
    both = [{"type": "emoji", "emoji": "👍"}, {"type": "emoji", "emoji": "🔥"}]
    return call("setMessageReaction", message_id=desk.sent().id, reaction=both)(desk)


def unknown_reaction(desk: Desk) -> Answer:
    one = [{"type": "emoji", "emoji": "🧯"}]
    return call("setMessageReaction", message_id=desk.sent().id, reaction=one)(desk)


OLD_TAP = "query is too old and response timeout expired or query ID is invalid"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly"
    " the same as a current content and reply markup of the message"
)
OUI: dict[str, object] = {"text": "Oui", "callback_data": "yes"}

LIMITS = [
    # Requests
    Limit("unknown_method", call("sendFax"), "Not Found: method not found", 404),
    Limit("no_chat", send(chat_id=None), "chat_id is empty"),
    Limit("no_text", send(text=None), "message text is empty"),
    Limit("no_message_id", call("deleteMessage"), "message identifier is not specified"),
    Limit("no_message_ids", call("deleteMessages"), "message identifiers are not specified"),
    Limit("no_photo", call("sendPhoto"), "there is no photo in the request"),
    Limit("no_document", call("sendDocument"), "there is no document in the request"),
    Limit("no_file_id", call("getFile"), "file_id not specified"),
    Limit(
        "message_id_is_a_number",
        call("deleteMessage", message_id="trois"),
        'field "message_id" must be a Number',
    ),
    Limit(
        "silent_is_a_boolean",
        send(disable_notification="peut-être"),
        'field "disable_notification" must be of type Boolean',
    ),
    Limit("text_is_a_string", send(text=["Bonjour"]), 'field "text" must be of type String'),
    Limit(
        "markup_is_json",
        send(reply_markup="{oui"),
        "can't parse reply keyboard markup JSON object",
    ),
    Limit("markup_is_an_object", send(reply_markup="[]"), "object expected as reply markup"),
    Limit(
        "reply_is_an_object",
        send(reply_parameters="12"),
        "object expected as reply parameters",
    ),
    Limit(
        "reply_names_a_message",
        send(reply_parameters=json.dumps({})),
        "can't parse ReplyParameters: Can't find field \"message_id\"",
    ),
    # Texts
    Limit("text_at_most_4096", send(text="é" * 4097), "message is too long"),
    Limit("text_not_blank", send(text="  \n "), "text must be non-empty"),
    Limit("raw_text_at_most_32_kb", send(text="é" * 16_385), "text is too long"),
    Limit("parse_mode_known", send(parse_mode="BBCode"), "unsupported parse_mode"),
    Limit(
        "html_tag_known",
        html("a <h1>b</h1>"),
        'can\'t parse entities: Unsupported start tag "h1" at byte offset 2',
    ),
    Limit(
        "html_tag_closed",
        html("<b>é"),
        "can't parse entities: Can't find end tag corresponding to start tag \"b\"",
    ),
    Limit(
        "html_tags_nested",
        html("<b><i>é</b></i>"),
        'can\'t parse entities: Unmatched end tag at byte offset 8, expected "</i>", found "</b>"',
    ),
    Limit(
        "html_end_tag_expected",
        html("é</b>"),
        "can't parse entities: Unexpected end tag at byte offset 2",
    ),
    Limit(
        "html_less_than_escaped",
        html("taux < 5"),
        "can't parse entities: Unclosed start tag at byte offset 5",
    ),
    Limit(
        "html_span_is_a_spoiler",
        html("<span>x</span>"),
        'can\'t parse entities: Tag "span" must have class "tg-spoiler" at byte offset 0',
    ),
    Limit(
        "markdown_reserved_escaped",
        markdown("J+3."),
        "can't parse entities: Character '+' is reserved and must be escaped"
        " with the preceding '\\'",
    ),
    Limit(
        "markdown_bold_closed",
        markdown("é *gras"),
        "can't parse entities: Can't find end of Bold entity at byte offset 3",
    ),
    Limit(
        "markdown_link_closed",
        markdown("[ici](https://exemple.fr"),
        "can't parse entities: Can't find end of a URL at byte offset 6",
    ),
    Limit(
        "entity_begins_inside",
        send(entities=[{"type": "bold", "offset": 9, "length": 1}]),
        "can't parse entities: Entity begins after the end of the text at UTF-16 offset 9",
    ),
    Limit(
        "entity_ends_inside",
        send(entities=[{"type": "bold", "offset": 0, "length": 9}]),
        "can't parse entities: Entity beginning at UTF-16 offset 0 ends after the end of"
        " the text at UTF-16 offset 7",
    ),
    # Keyboards
    Limit(
        "callback_data_at_most_64_bytes",
        keys([OUI | {"callback_data": "x" * 65}]),
        "BUTTON_DATA_INVALID",
    ),
    Limit(
        "button_has_a_text",
        keys([OUI | {"text": " "}]),
        "inline keyboard button text must be non-empty",
    ),
    Limit(
        "button_text_given",
        keys([{"callback_data": "yes"}]),
        "can't parse inline keyboard button: Can't find field \"text\"",
    ),
    Limit(
        "button_does_something",
        keys([{"text": "Oui"}]),
        "text buttons are unallowed in the inline keyboard",
    ),
    Limit(
        "button_link_is_http",
        keys([{"text": "Oui", "url": "ici"}]),
        "inline keyboard button URL 'ici' is invalid: Wrong HTTP URL",
    ),
    Limit("at_most_100_buttons", keys([OUI] * 100, [OUI]), "reply markup is too long"),
    Limit(
        "keyboard_is_an_array_of_arrays",
        send(reply_markup={"inline_keyboard": [OUI]}),
        'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
    ),
    Limit(
        "edit_takes_an_inline_keyboard",
        edit(text="x", reply_markup={"force_reply": True}),
        "inline keyboard expected",
    ),
    # Chats
    Limit("chat_exists", send(chat_id=42), "chat not found"),
    Limit("username_exists", send(chat_id="@personne"), "chat not found"),
    Limit("group_never_entered", foreign_group, "chat not found"),
    Limit("blocked", blocked, "bot was blocked by the user", 403),
    Limit("never_started", never_started, "bot can't initiate conversation with a user", 403),
    Limit("kicked", kicked, "bot was kicked from the group chat", 403),
    Limit(
        "kicked_from_supergroup",
        kicked_from_supergroup,
        "bot was kicked from the supergroup chat",
        403,
    ),
    Limit("left_group", left, "bot is not a member of the group chat", 403),
    Limit("migrated", migrated, "group chat was upgraded to a supergroup chat"),
    Limit("topic_closed", topic_closed, "TOPIC_CLOSED"),
    Limit(
        "administrators_in_groups_only",
        call("getChatAdministrators"),
        "there are no administrators in the private chat",
    ),
    Limit("member_exists", call("getChatMember", user_id=42), "PARTICIPANT_ID_INVALID"),
    Limit(
        "pin_needs_the_right",
        pin_without_right,
        "not enough rights to manage pinned messages in the chat",
    ),
    # Messages
    Limit(
        "reply_exists",
        send(reply_parameters={"message_id": 99}),
        "message to be replied not found",
    ),
    Limit("edit_found", edit_of_a_deleted_message, "message to edit not found"),
    Limit("edit_own_only", edit_of_a_persons_message, "message can't be edited"),
    Limit("edit_changes_something", same_text_and_keyboard, NOT_MODIFIED),
    Limit("edit_has_a_text", edit(), "message text is empty"),
    Limit("edit_text_at_most_4096", edit(text="é" * 4097), "message is too long"),
    Limit(
        "edit_names_a_message",
        edit(text="x", message_id=None),
        "message identifier is not specified",
    ),
    Limit("photo_has_no_text", edit_text_of_a_photo, "there is no text in the message to edit"),
    Limit("delete_found", deleted_twice, "message to delete not found"),
    Limit("delete_within_48_hours", old_message, "message can't be deleted for everyone"),
    Limit(
        "delete_of_others_needs_admin", deletion_of_a_members_message, "message can't be deleted"
    ),
    Limit(
        "delete_at_most_100",
        call("deleteMessages", message_ids=list(range(1, 102))),
        "too many message identifiers specified",
    ),
    Limit("reaction_known", unknown_reaction, "REACTION_INVALID"),
    Limit("one_reaction", two_reactions, "REACTIONS_TOO_MANY"),
    # Taps
    Limit("tap_answered_in_time", old_tap, OLD_TAP),
    Limit("tap_exists", call("answerCallbackQuery", callback_query_id="42"), OLD_TAP),
    Limit("popup_at_most_200", long_popup, "MESSAGE_TOO_LONG"),
    # Files
    Limit("photo_is_a_picture", photo(b"Bonjour"), "IMAGE_PROCESS_FAILED"),
    Limit("photo_sides_at_most_10000", photo(media.png(6000, 1)[:24]), "PHOTO_INVALID_DIMENSIONS"),
    Limit(
        "caption_at_most_1024", document(b"x", caption="é" * 1025), "message caption is too long"
    ),
    Limit("file_not_empty", document(b""), "file must be non-empty"),
    Limit(
        "file_known",
        call("sendDocument", document="F9"),
        "wrong file identifier/HTTP URL specified",
    ),
    Limit(
        "photo_at_most_10_mb", photo(bytes(10 * 1024 * 1024 + 1)), "Request Entity Too Large", 413
    ),
    Limit(
        "document_at_most_50_mb",
        document(bytes(50 * 1024 * 1024 + 1)),
        "Request Entity Too Large",
        413,
    ),
    Limit("download_at_most_20_mb", big_download, "file is too big"),
    Limit("file_id_known", call("getFile", file_id="F9"), "invalid file_id"),
    Limit(
        "chat_action_known",
        call("sendChatAction", action="thinking"),
        "wrong parameter action in request",
    ),
    # Commands
    Limit(
        "at_most_100_commands",
        commands(*[(f"c{n}", "x") for n in range(101)]),
        "BOT_COMMANDS_TOO_MUCH",
    ),
    Limit("command_at_most_32", commands(("c" * 33, "x")), "command length must not exceed 32"),
    Limit("command_in_small_letters", commands(("Statut", "x")), "BOT_COMMAND_INVALID"),
    Limit("command_without_accent", commands(("toxicité", "x")), "BOT_COMMAND_INVALID"),
    Limit("command_described", commands(("statut", " ")), "command description must be non-empty"),
    Limit(
        "description_at_most_256",
        commands(("statut", "é" * 257)),
        "command description length must not exceed 256",
    ),
    Limit(
        "command_fields",
        call("setMyCommands", commands=[{"command": "x"}]),
        "can't parse BotCommand: Can't find field \"description\"",
    ),
    Limit(
        "commands_are_json",
        call("setMyCommands", commands="{"),
        "can't parse commands JSON object",
    ),
    # Floods
    Limit(
        "one_message_a_second_to_a_chat",
        flood_to_one_chat,
        "Too Many Requests: retry after 1",
        429,
    ),
    Limit(
        "twenty_messages_a_minute_to_a_group",
        flood_to_a_group,
        "Too Many Requests: retry after 40",
        429,
    ),
    Limit(
        "thirty_messages_a_second_overall",
        flood_to_everyone,
        "Too Many Requests: retry after 1",
        429,
    ),
]
