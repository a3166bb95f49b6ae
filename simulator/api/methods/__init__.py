"""The methods of the Bot API that this Telegram knows, by their documented names."""

from collections.abc import Callable, Mapping

from simulator.api.methods import chats, commands, files, identity, messages, sending
from simulator.api.params import Params
from simulator.world.state import World

Method = Callable[[World, Params], object]

METHODS: Mapping[str, Method] = {
    "getMe": identity.get_me,
    "logOut": identity.log_out,
    "close": identity.close,
    "answerCallbackQuery": identity.answer_callback_query,
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "sendDocument": sending.send_document,
    "sendChatAction": sending.send_chat_action,
    "editMessageText": messages.edit_text,
    "editMessageCaption": messages.edit_caption,
    "editMessageReplyMarkup": messages.edit_reply_markup,
    "deleteMessage": messages.delete_message,
    "deleteMessages": messages.delete_messages,
    "setMessageReaction": messages.set_reaction,
    "pinChatMessage": messages.pin,
    "unpinChatMessage": messages.unpin,
    "unpinAllChatMessages": messages.unpin_all,
    "setMyCommands": commands.set_my_commands,
    "getMyCommands": commands.get_my_commands,
    "deleteMyCommands": commands.delete_my_commands,
    "getChat": chats.get_chat,
    "getChatMember": chats.get_chat_member,
    "getChatMemberCount": chats.get_chat_member_count,
    "getChatAdministrators": chats.get_chat_administrators,
    "leaveChat": chats.leave_chat,
    "getFile": files.get_file,
}
