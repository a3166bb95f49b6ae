"""Draws the world for the page and for tests: plainer than Telegram's own objects."""

from typing import Any

from simulator.api.methods.commands import menu
from simulator.world.people import Chat, Message, Person, Tap
from simulator.world.state import PRESENT, World

View = dict[str, Any]

MEDIA = ("photo", "document", "sticker", "voice", "location", "contact")
SERVICE = (
    "new_chat_members",
    "left_chat_member",
    "group_chat_created",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "pinned_message",
    "forum_topic_closed",
    "forum_topic_reopened",
)


def person(it: Person) -> View:
    return {
        "id": it.id,
        "name": it.name,
        "first_name": it.first_name,
        "username": it.username,
        "slug": it.slug,
        "role": it.role,
        "is_bot": it.is_bot,
    }


def chat(world: World, it: Chat) -> View:
    """A chat without its messages."""
    return {
        "id": it.id,
        "kind": it.kind,
        "title": it.title or world.bot.name,
        "slug": it.slug,
        "person": it.person.id if it.person else None,
        "members": [i for i, status in it.members.items() if status in PRESENT],
        "bot": it.bot_status,
        "pinned": it.pinned,
        "migrated_to": it.migrated_to,
        "migrated_from": it.migrated_from,
        "topic_closed": it.topic_closed,
        "last_id": it.last_id,
    }


def message(it: Message) -> View:
    """A message with what a phone shows of it."""
    content = it.content
    return {
        "id": it.id,
        "chat": it.chat.id,
        "from": {"id": it.sender.id, "name": it.sender.name, "is_bot": it.sender.is_bot},
        "date": it.sent_at.isoformat(),
        "kind": kind(it),
        "text": content.get("text") or content.get("caption", ""),
        "entities": content.get("entities") or content.get("caption_entities", []),
        "keyboard": (it.markup or {}).get("inline_keyboard", []),
        "markup": it.markup if it.markup and "inline_keyboard" not in it.markup else None,
        "media": next(({name: content[name]} for name in MEDIA if name in content), None),
        "service": {name: content[name] for name in SERVICE if name in content},
        "forwarded": content.get("forward_origin"),
        "reply_to": _quote(it.reply_to),
        "edited": it.edited_at is not None,
        "deleted": it.deleted,
        "silent": it.silent,
        "protected": it.protected,
        "reactions": [emoji for given in it.reactions.values() for emoji in given],
    }


def kind(it: Message) -> str:
    """text, one of the media, or service."""
    if "text" in it.content:
        return "text"
    return next((name for name in MEDIA if name in it.content), "service")


def tap(it: Tap) -> View:
    return {
        "id": it.id,
        "person": it.person.id,
        "chat": it.message.chat.id,
        "message": it.message.id,
        "data": it.data,
        "answer": it.answer,
    }


def written(world: World) -> int:
    """How many messages people wrote: what an empty ground has none of."""
    messages = [one for it in world.chats.values() for one in it.messages.values()]
    return sum(not one.sender.is_bot and kind(one) != "service" for one in messages)


def snapshot(world: World, newest: int) -> View:
    """All that the page needs to draw the phones; of each chat the newest messages."""
    chats = [chat(world, one) for one in world.chats.values()]
    for drawn in chats:
        messages = list(world.chats[drawn["id"]].messages.values())
        drawn["messages"] = [message(one) for one in messages[-newest:]]
        drawn["older"] = max(len(messages) - newest, 0)
    return {
        "bot": person(world.bot),
        "people": [person(one) for one in world.people.values()],
        "chats": chats,
    }


def commands(world: World, who: Person, where: Chat) -> list[dict[str, Any]]:
    return menu(world, who, where)


def _quote(it: Message | None) -> View | None:
    if it is None:
        return None
    text = it.content.get("text") or it.content.get("caption", "")
    return {"id": it.id, "from": it.sender.name, "text": text[:200], "deleted": it.deleted}
