"""Who the bot is, and its answers to taps."""

from datetime import datetime
from typing import Any

from simulator.api.params import MISSING, Params
from simulator.errors import Refusal
from simulator.world import objects
from simulator.world.actions import TAP_LIFE
from simulator.world.people import Tap
from simulator.world.state import World

MAX_POPUP = 200


def get_me(world: World, _: Params) -> object:
    return objects.user(world.bot) | {
        "can_join_groups": True,
        "can_read_all_group_messages": not world.privacy,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def log_out(_: World, __: Params) -> object:
    return True


def close(_: World, __: Params) -> object:
    return True


def answer_callback_query(world: World, params: Params) -> object:
    """Show the pop-up, or just stop the button's little clock."""
    tap = world.taps.get(params["callback_query_id"])
    if tap is None or _too_old(tap, world.now()):
        raise Refusal(MISSING["callback_query_id"])
    if len(params.get("text", "")) > MAX_POPUP:
        raise Refusal("MESSAGE_TOO_LONG")
    if params.get("url"):
        raise Refusal("URL_INVALID")
    if tap.answer is None:
        tap.answer = _answer(params)
        world.tell("answer", tap=tap.id, person=tap.person.id, answer=tap.answer)
    return True


def _too_old(tap: Tap, now: datetime) -> bool:
    return now - tap.at > TAP_LIFE


def _answer(params: Params) -> dict[str, Any]:
    return {"text": params.get("text", ""), "alert": params.get("show_alert", False)}
