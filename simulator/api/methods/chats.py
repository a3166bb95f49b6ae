"""Chats and their members, as the bot may ask for them."""

from simulator.api.params import Params
from simulator.errors import Refusal
from simulator.world import objects
from simulator.world.people import Chat, Person
from simulator.world.state import PRESENT, World


def get_chat(world: World, params: Params) -> object:
    return objects.full_chat(_readable(world, params))


def get_chat_member(world: World, params: Params) -> object:
    chat = _readable(world, params)
    person = _user(world, params["user_id"])
    status = world.status(chat, person)
    if chat.private and status not in PRESENT:
        raise Refusal("member not found")
    return objects.member(person, status)


def get_chat_member_count(world: World, params: Params) -> object:
    chat = world.reach(params["chat_id"])
    if chat.private:
        return 2
    return 1 + sum(status in PRESENT for status in chat.members.values())


def get_chat_administrators(world: World, params: Params) -> object:
    chat = world.reach(params["chat_id"])
    if chat.private:
        raise Refusal("there are no administrators in the private chat")
    return [
        objects.member(world.person(person_id), status)
        for person_id, status in chat.members.items()
        if status in ("creator", "administrator")
    ]


def leave_chat(world: World, params: Params) -> object:
    chat = world.reach(params["chat_id"])
    if chat.private:
        raise Refusal("chat member status can't be changed in private chats")
    chat.bot_status = "left"
    world.post(chat, world.bot, {"left_chat_member": objects.user(world.bot)})
    world.tell("chat", chat=chat.id)
    return True


def _readable(world: World, params: Params) -> Chat:
    """A private chat can be read even when the bot may not write to it."""
    chat = world.known(params["chat_id"])
    if chat.private and chat.bot_status != "left":
        return chat
    if chat.private:
        raise Refusal("chat not found")
    return world.reach(params["chat_id"])


def _user(world: World, user_id: int) -> Person:
    if user_id == world.bot.id:
        return world.bot
    if user_id not in world.people:
        raise Refusal("PARTICIPANT_ID_INVALID")
    return world.people[user_id]
