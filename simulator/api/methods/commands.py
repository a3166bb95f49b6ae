"""The bot's command menu, by scope and language."""

import json
import re
from typing import Any

from simulator.api.params import Params
from simulator.errors import Refusal
from simulator.world.people import Chat, Person
from simulator.world.state import World

MAX_COMMANDS = 100
MAX_DESCRIPTION = 256
MAX_NAME = 32
NAME = re.compile(r"[a-z0-9_]{1,32}")
DEFAULT = {"type": "default"}


def set_my_commands(world: World, params: Params) -> object:
    commands = [_checked(command) for command in params["commands"]]
    if len(commands) > MAX_COMMANDS:
        raise Refusal("BOT_COMMANDS_TOO_MUCH")
    world.commands[_key(world, params)] = commands
    world.tell("commands")
    return True


def get_my_commands(world: World, params: Params) -> object:
    return world.commands.get(_key(world, params), [])


def delete_my_commands(world: World, params: Params) -> object:
    world.commands.pop(_key(world, params), None)
    world.tell("commands")
    return True


def menu(world: World, person: Person, chat: Chat) -> list[dict[str, Any]]:
    """The commands that a person is shown in a chat: the narrowest scope that has some."""
    admin = world.status(chat, person) in ("creator", "administrator") and not chat.private
    scopes: list[dict[str, Any]] = [
        {"type": "chat_member", "chat_id": chat.id, "user_id": person.id},
        *([{"type": "chat_administrators", "chat_id": chat.id}] if admin else []),
        {"type": "chat", "chat_id": chat.id},
        *([{"type": "all_chat_administrators"}] if admin else []),
        {"type": "all_private_chats" if chat.private else "all_group_chats"},
        DEFAULT,
    ]
    for scope in scopes:
        for language in ("fr", ""):
            commands = world.commands.get((_text(scope), language))
            if commands:
                return commands
    return []


def _checked(command: dict[str, str]) -> dict[str, str]:
    name, description = command["command"].removeprefix("/"), command["description"]
    if not name:
        raise Refusal("command must be non-empty")
    if len(name) > MAX_NAME:
        raise Refusal(f"command length must not exceed {MAX_NAME}")
    if not NAME.fullmatch(name):
        raise Refusal("BOT_COMMAND_INVALID")
    if not description.strip():
        raise Refusal("command description must be non-empty")
    if len(description) > MAX_DESCRIPTION:
        raise Refusal(f"command description length must not exceed {MAX_DESCRIPTION}")
    return {"command": name, "description": description}


def _key(world: World, params: Params) -> tuple[str, str]:
    scope = params.get("scope", DEFAULT)
    if "chat_id" in scope:
        scope = scope | {"chat_id": _chat_id(world, scope["chat_id"])}
    return _text(scope), params.get("language_code", "")


def _chat_id(world: World, given: int | str) -> int:
    if isinstance(given, str) and given.lstrip("-").isdigit():
        given = int(given)
    return world.known(given).id


def _text(scope: dict[str, Any]) -> str:
    return json.dumps(scope, sort_keys=True)
