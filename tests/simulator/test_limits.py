"""Telegram's refusals, one by one, in its own words."""

import pytest

from tests.simulator.desk import Desk
from tests.simulator.limits import LIMITS, Limit

PREFIXES = {400: "Bad Request: ", 403: "Forbidden: "}


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_telegram_refuses(desk: Desk, limit: Limit) -> None:
    answer = limit.meet(desk)

    assert answer["ok"] is False, answer
    assert answer["description"] == PREFIXES.get(limit.code, "") + limit.text
    assert answer["error_code"] == limit.code


def test_a_migrated_group_says_where_it_went(desk: Desk) -> None:
    refusal = next(limit for limit in LIMITS if limit.name == "migrated").meet(desk)

    assert refusal["parameters"] == {"migrate_to_chat_id": desk.efs.migrated_to}


def test_a_flood_says_how_long_to_wait(desk: Desk) -> None:
    limit = next(each for each in LIMITS if each.name == "twenty_messages_a_minute_to_a_group")
    refusal = limit.meet(desk)

    assert refusal["parameters"] == {"retry_after": 40}
    desk.wait(seconds=refusal["parameters"]["retry_after"])
    assert desk.ask("sendMessage", chat_id=desk.efs.id, text="Enfin")["ok"]


def test_what_is_just_within_the_limits_passes(desk: Desk) -> None:
    rows = [[{"text": "é", "callback_data": "é" * 32}] * 8] * 12
    answer = desk.ask(
        "sendMessage",
        chat_id=str(desk.claire.id),
        text="é" * 4096,
        reply_markup={"inline_keyboard": rows},
        disable_notification="true",
    )

    assert answer["ok"], answer
