"""What becomes of a message: edited, deleted, pinned, answered by a reaction."""

from datetime import timedelta
from typing import Any

from simulator.api import keyboards
from simulator.api.methods.sending import caption_content, text_content
from simulator.api.params import MISSING, Params
from simulator.errors import Refusal
from simulator.world import objects
from simulator.world.people import Chat, Markup, Message
from simulator.world.state import World

DELETE_LIMIT = timedelta(hours=48)
MAX_DELETED_AT_ONCE = 100
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly"
    " the same as a current content and reply markup of the message"
)
# What a bot without premium may react with (a part of Telegram's list).
REACTIONS = (
    *"👍👎🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳🌚🌭💯🤣⚡🍌🏆💔🤨😐🍓🍾💋🖕😈😴😭🤓👻",
    *"👀🎃🙈😇😨🤝🤗🫡🎅🎄💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾😡❤✍",
)


def edit_text(world: World, params: Params) -> object:
    message = _own(world, params)
    if "text" not in params:
        raise Refusal(MISSING["text"])
    content = text_content(params)
    if "text" not in message.content:
        raise Refusal("there is no text in the message to edit")
    return _change(world, message, content, params)


def edit_caption(world: World, params: Params) -> object:
    message = _own(world, params)
    if "text" in message.content:
        raise Refusal("there is no caption in the message to edit")
    media = {
        name: value for name, value in message.content.items() if not name.startswith("caption")
    }
    return _change(world, message, media | caption_content(params), params)


def edit_reply_markup(world: World, params: Params) -> object:
    message = _own(world, params)
    return _change(world, message, message.content, params)


def delete_message(world: World, params: Params) -> object:
    chat = world.reach(params["chat_id"])
    message = world.message(chat, params["message_id"])
    if message is None:
        raise Refusal("message to delete not found")
    _may_delete(world, message)
    world.delete(message)
    return True


def delete_messages(world: World, params: Params) -> object:
    """Delete several at once; those not found or not deletable are skipped."""
    chat = world.reach(params["chat_id"])
    if len(params["message_ids"]) > MAX_DELETED_AT_ONCE:
        raise Refusal("too many message identifiers specified")
    for message_id in params["message_ids"]:
        message = world.message(chat, message_id)
        if message is not None and not _delete_fault(world, message):
            world.delete(message)
    return True


def set_reaction(world: World, params: Params) -> object:
    chat = world.reach(params["chat_id"])
    message = _found(world, chat, params["message_id"], "message to react not found")
    emoji = [reaction.get("emoji", "") for reaction in params.get("reaction", [])]
    if any(one not in REACTIONS for one in emoji):
        raise Refusal("REACTION_INVALID")
    if len(emoji) > 1:
        raise Refusal("REACTIONS_TOO_MANY")
    message.reactions[world.bot.id] = emoji
    world.tell("edited", chat=chat.id, message=message.id)
    return True


def pin(world: World, params: Params) -> object:
    chat = _pinnable(world, params)
    message = _found(world, chat, params["message_id"], "message to pin not found")
    if message.id not in chat.pinned:
        chat.pinned.append(message.id)
        world.post(
            chat,
            world.bot,
            {"pinned_message": objects.message(message, with_reply=False)},
            silent=params.get("disable_notification", False),
        )
        world.tell("chat", chat=chat.id)
    return True


def unpin(world: World, params: Params) -> object:
    """Without an id, the newest pinned message."""
    chat = _pinnable(world, params)
    wanted = params.get("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if wanted not in chat.pinned:
        raise Refusal("message to unpin not found")
    chat.pinned.remove(wanted)
    world.tell("chat", chat=chat.id)
    return True


def unpin_all(world: World, params: Params) -> object:
    chat = _pinnable(world, params)
    chat.pinned = []
    world.tell("chat", chat=chat.id)
    return True


def _pinnable(world: World, params: Params) -> Chat:
    chat = world.reach(params["chat_id"])
    if not chat.private and chat.bot_status != "administrator":
        raise Refusal("not enough rights to manage pinned messages in the chat")
    return chat


def _found(world: World, chat: Chat, message_id: int, missing: str) -> Message:
    message = world.message(chat, message_id)
    if message is None:
        raise Refusal(missing)
    return message


def _own(world: World, params: Params) -> Message:
    """The bot's own message that a request wants to edit."""
    if not params.get("message_id") or "chat_id" not in params:
        raise Refusal(MISSING["message_id"])
    chat = world.reach(params["chat_id"])
    message = _found(world, chat, params["message_id"], "message to edit not found")
    if message.sender is not world.bot or _is_service(message):
        raise Refusal("message can't be edited")
    return message


def _change(world: World, message: Message, content: dict[str, Any], params: Params) -> object:
    markup = _inline(params)
    if content == message.content and markup == message.markup:
        raise Refusal(NOT_MODIFIED)
    # Changing only the keyboard leaves no trace of an edit, as on Telegram.
    if content != message.content:
        message.edited_at = world.now()
    message.content, message.markup = content, markup
    world.tell("edited", chat=message.chat.id, message=message.id)
    return objects.message(message)


def _inline(params: Params) -> Markup | None:
    return keyboards.checked(params.get("reply_markup"))


def _may_delete(world: World, message: Message) -> None:
    fault = _delete_fault(world, message)
    if fault:
        raise Refusal(fault)


def _delete_fault(world: World, message: Message) -> str:
    chat, own = message.chat, message.sender is world.bot
    if chat.kind == "supergroup" and chat.bot_status == "administrator":
        return ""
    if not own and not chat.private and chat.bot_status != "administrator":
        return "message can't be deleted"
    if world.now() - message.sent_at > DELETE_LIMIT:
        return "message can't be deleted for everyone"
    return ""


def _is_service(message: Message) -> bool:
    return not set(message.content) & {"text", "photo", "document"}
