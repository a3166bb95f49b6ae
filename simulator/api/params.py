"""Reads a request's raw parameters into typed ones, refusing as Telegram does."""

import json
from collections.abc import Mapping
from typing import Any

from simulator.api.schema import ARRAY, NUMBERS, Field, Flaw, Schema, Upload
from simulator.errors import Refusal

Raw = Mapping[str, object]
Params = dict[str, Any]

MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "message_ids": "message identifiers are not specified",
    "user_id": "invalid user_id specified",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
    "file_id": "file_id not specified",
    "callback_query_id": ("query is too old and response timeout expired or query ID is invalid"),
}
NOT_JSON = {
    "reply_markup": "can't parse reply keyboard markup JSON object",
    "reply_parameters": "can't parse reply parameters JSON object",
    "scope": "can't parse BotCommandScope JSON object",
    "reaction": "can't parse reaction types JSON object",
}
NOT_OBJECT = {
    "reply_markup": "object expected as reply markup",
    "reply_parameters": "object expected as reply parameters",
    "link_preview_options": "object expected as link preview options",
    "message_ids": "expected an Array of message identifiers",
}
SPOKEN = {
    "InlineKeyboardButton": "inline keyboard button",
    "KeyboardButton": "keyboard button",
}
# Telegram accepts an empty address: it removes the webhook.
MAY_BE_EMPTY = {("setWebhook", "url")}
WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def read(schema: Schema, method: str, raw: Raw) -> Params:
    """The typed parameters of one request; unknown ones are left out, as Telegram does."""
    params: Params = {}
    for field in schema.parameters[method].values():
        value = raw.get(field.name)
        if value is None or value == "":
            if field.required and (method, field.name) not in MAY_BE_EMPTY:
                text = MISSING.get(field.name, f'parameter "{field.name}" is required')
                raise Refusal(text)
            continue
        params[field.name] = _value(schema, field, value, raw)
    return params


def _value(schema: Schema, field: Field, value: object, raw: Raw) -> object:
    if "InputFile" in field.types:
        return _file(field, value, raw)
    if field.types[0] in READERS:
        return READERS[field.types[0]](field, value)
    return _structure(schema, field, value)


def _file(field: Field, value: object, raw: Raw) -> object:
    if isinstance(value, str) and value.startswith("attach://"):
        value = raw.get(value.removeprefix("attach://"))
    if isinstance(value, Upload):
        return value
    if isinstance(value, str) and "String" in field.types:
        return value
    raise Refusal(MISSING.get(field.name, f"there is no {field.name} in the request"))


def _number(field: Field, value: object) -> object:
    if isinstance(value, str):
        try:
            return int(value) if field.types[0] == "Integer" else float(value)
        except ValueError:
            if "String" in field.types:
                return value
    if isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1:
        return int(value) if field.types[0] == "Integer" else float(value)
    if isinstance(value, float) and field.types[0] in NUMBERS[1:]:
        return value
    raise Refusal(f'field "{field.name}" must be a Number')


def _string(field: Field, value: object) -> object:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return json.dumps(value)
    raise Refusal(f'field "{field.name}" must be of type String')


def _boolean(field: Field, value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int) and str(value).lower() in WORDS:
        return WORDS[str(value).lower()]
    raise Refusal(f'field "{field.name}" must be of type Boolean')


READERS = {"Integer": _number, "Float": _number, "String": _string, "Boolean": _boolean}


def _structure(schema: Schema, field: Field, value: object) -> object:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise Refusal(_not_json(field.name)) from None
    wanted = list if field.types[0].startswith(ARRAY) else dict
    if not isinstance(value, wanted):
        kind = field.types[0].removeprefix(ARRAY)
        other = f"expected an Array of {kind}" if wanted is list else "object expected"
        raise Refusal(NOT_OBJECT.get(field.name, other))
    flaws = schema.flaws(value, _types(field, value), field.name)
    hard = [flaw for flaw in flaws if not flaw.text.startswith("unknown field")]
    if hard:
        raise Refusal(_spoken(hard[0]))
    return value


def _types(field: Field, value: object) -> tuple[str, ...]:
    """Which of the reply markups is meant shows in its keys."""
    if field.name != "reply_markup" or not isinstance(value, dict):
        return field.types
    keys = {
        "inline_keyboard": "InlineKeyboardMarkup",
        "keyboard": "ReplyKeyboardMarkup",
        "remove_keyboard": "ReplyKeyboardRemove",
        "force_reply": "ForceReply",
    }
    meant = tuple(kind for key, kind in keys.items() if key in value)
    if meant and not set(meant) & set(field.types):
        raise Refusal("inline keyboard expected")
    return meant or field.types


def _not_json(name: str) -> str:
    return NOT_JSON.get(name, f"can't parse {name.replace('_', ' ')} JSON object")


def _spoken(flaw: Flaw) -> str:
    owner = SPOKEN.get(flaw.owner, flaw.owner)
    text = flaw.text[0].upper() + flaw.text[1:]
    if flaw.where.startswith("reply_markup") and flaw.text.startswith("expected an Array"):
        return 'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays'
    return f"can't parse {owner}: {text}" if owner else flaw.text
