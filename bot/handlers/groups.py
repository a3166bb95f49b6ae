"""The bot's own life in groups: added, put out, moved to a supergroup."""

from telegram import ChatMember, Update

from bot.care import joining
from bot.store import Unit, letters

THERE = {ChatMember.MEMBER, ChatMember.ADMINISTRATOR, ChatMember.OWNER}


def membership(unit: Unit, update: Update) -> None:
    """The bot entered or left a chat, or a person blocked or unblocked it."""
    change = update.my_chat_member
    assert change is not None
    chat, new = change.chat, change.new_chat_member
    present = new.status in THERE or bool(getattr(new, "is_member", False))
    if chat.id < 0:
        joining.meet_group(unit, chat.id, chat.title or "", present=present)
    elif present:
        joining.found_chat(unit, chat.id)
    else:
        joining.lost_chat(unit, chat.id, "blocked")


def migrated(unit: Unit, update: Update) -> None:
    """A group became a supergroup: its team and its letters follow, nobody notices."""
    message = update.effective_message
    if message is not None and message.migrate_to_chat_id:
        letters.move_chat(unit, message.chat_id, message.migrate_to_chat_id)
