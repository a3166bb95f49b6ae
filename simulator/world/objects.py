"""Draws persons, chats and messages as the objects of the Bot API."""

from typing import Any

from simulator.world.people import Blob, Chat, Message, Person, Tap

Object = dict[str, Any]

ADMIN_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
)


def user(person: Person) -> Object:
    """A `User`."""
    drawn: Object = {
        "id": person.id,
        "is_bot": person.is_bot,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "username": person.username,
    }
    if not person.is_bot:
        drawn["language_code"] = "fr"
    return _given(drawn)


def chat(it: Chat) -> Object:
    """A `Chat`."""
    drawn: Object = {"id": it.id, "type": it.kind, "title": it.title}
    if it.topic_closed:
        drawn["is_forum"] = True
    if it.person:
        person = it.person
        drawn |= {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "username": person.username,
        }
    return _given(drawn)


def full_chat(it: Chat) -> Object:
    """A `ChatFullInfo`."""
    drawn = chat(it) | {
        "accent_color_id": abs(it.id) % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(
            (
                "unlimited_gifts",
                "limited_gifts",
                "unique_gifts",
                "premium_subscription",
                "gifts_from_channels",
            ),
            False,
        ),
    }
    if not it.private:
        drawn["permissions"] = {"can_send_messages": True}
    if it.pinned:
        drawn["pinned_message"] = message(it.messages[it.pinned[-1]])
    return drawn


def message(it: Message, *, with_reply: bool = True) -> Object:
    """A `Message`; a reply carries the message it answers, one level deep."""
    drawn: Object = {
        "message_id": it.id,
        "from": user(it.sender),
        "chat": chat(it.chat),
        "date": int(it.sent_at.timestamp()),
        **it.content,
    }
    if it.edited_at:
        drawn["edit_date"] = int(it.edited_at.timestamp())
    if it.protected:
        drawn["has_protected_content"] = True
    if it.markup and "inline_keyboard" in it.markup:
        drawn["reply_markup"] = it.markup
    if it.reply_to and with_reply:
        drawn["reply_to_message"] = message(it.reply_to, with_reply=False)
    return drawn


def inaccessible(it: Message) -> Object:
    """What is left of a message that was deleted."""
    return {"chat": chat(it.chat), "message_id": it.id, "date": 0}


def member(person: Person, status: str) -> Object:
    """A `ChatMember` of the subtype that the status names."""
    drawn: Object = {"status": status, "user": user(person)}
    if status == "creator":
        drawn["is_anonymous"] = False
    if status == "administrator":
        drawn |= {"can_be_edited": False, "is_anonymous": False}
        drawn |= dict.fromkeys(ADMIN_RIGHTS, True)
    if status == "kicked":
        drawn["until_date"] = 0
    return drawn


def callback_query(tap: Tap) -> Object:
    """A `CallbackQuery`."""
    it = tap.message
    return {
        "id": tap.id,
        "from": user(tap.person),
        "message": inaccessible(it) if it.deleted else message(it),
        "chat_instance": str(abs(it.chat.id) * 7919),
        "data": tap.data,
    }


def file(blob: Blob) -> Object:
    """A `File`."""
    return {
        "file_id": blob.file_id,
        "file_unique_id": blob.unique_id,
        "file_size": len(blob.content),
        "file_path": blob.path,
    }


def document(blob: Blob) -> Object:
    """A `Document`."""
    drawn = file(blob) | {"file_name": blob.name, "mime_type": blob.mime}
    del drawn["file_path"]
    return drawn


def photo(blob: Blob, size: tuple[int, int]) -> list[Object]:
    """The sizes of a photo; here only its own."""
    width, height = size
    return [
        {
            "file_id": blob.file_id,
            "file_unique_id": blob.unique_id,
            "width": width,
            "height": height,
            "file_size": len(blob.content),
        }
    ]


def _given(drawn: Object) -> Object:
    return {name: value for name, value in drawn.items() if value not in ("", None)}
