"""The webhook: who takes it away, and what fails behind it, is seen within minutes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from telegram import Bot

from bot.hook import LOOK, Hook
from bot.intake import ALLOWED_UPDATES
from bot.store import Database, Unit
from tests.telegram import TOKEN, Answer, FakeTelegram, error, ok

OURS, THEIRS = "https://relais.example/hook", "https://other.example/"


@pytest.fixture
def telegram() -> FakeTelegram:
    return FakeTelegram()


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def looks() -> list[None]:
    return []


@pytest.fixture
def hook(telegram: FakeTelegram, database: Database, told: list[str], looks: list[None]) -> Hook:
    def tells(what: str) -> Callable[[Unit, bool], None]:
        return lambda unit, here: told.append(f"{what} {here}")

    return Hook(
        Bot(TOKEN, request=telegram, get_updates_request=telegram),
        OURS,
        "secret",
        database.unit,
        allowed=ALLOWED_UPDATES,
        on_look=lambda: looks.append(None),
        on_taken=tells("taken"),
        on_deaf=tells("deaf"),
    )


def info(url: str = OURS, waiting: int = 0, failed_at: int | None = None) -> Answer:
    said: dict[str, Any] = {
        "url": url,
        "has_custom_certificate": False,
        "pending_update_count": waiting,
    }
    if failed_at is not None:
        said |= {"last_error_date": failed_at, "last_error_message": "Bad Gateway"}
    return ok(said)


async def look(hook: Hook, telegram: FakeTelegram, *answers: Answer) -> None:
    telegram.answers = list(answers)
    await hook.look()
    assert telegram.answers == []


async def test_the_webhook_is_set_with_its_secret(hook: Hook, telegram: FakeTelegram) -> None:
    telegram.answers = [ok(True), info()]

    await hook.set()

    name, given = telegram.calls[0]
    assert (name, given["url"], given["secret_token"]) == ("setWebhook", OURS, "secret")
    assert "callback_query" in given["allowed_updates"]


@pytest.mark.parametrize("taken", ["", THEIRS])
async def test_a_webhook_that_was_taken_is_set_again_and_told_once(
    taken: str, hook: Hook, telegram: FakeTelegram, told: list[str]
) -> None:
    await look(hook, telegram, info())
    for _ in range(2):
        await look(hook, telegram, info(taken), ok(True), info())
        assert hook.taken
    await look(hook, telegram, info())

    assert not hook.taken
    assert [each for each in told if each.startswith("taken")] == [
        "taken False",
        "taken True",
        "taken False",
    ]


async def test_an_address_that_telegram_writes_in_its_own_way_is_ours(
    hook: Hook, telegram: FakeTelegram
) -> None:
    telegram.answers = [ok(True), info(f"{OURS}/")]
    await hook.set()

    await look(hook, telegram, info(f"{OURS}/"))

    assert not hook.taken


async def test_updates_that_wait_behind_a_failing_address_are_told_at_the_second_look(
    hook: Hook, telegram: FakeTelegram, told: list[str]
) -> None:
    found = []
    for answer in (info(), info(waiting=3, failed_at=60), info(waiting=5, failed_at=60), info()):
        await look(hook, telegram, answer)
        found.append(hook.deaf)

    assert found == [False, False, True, False]
    assert [each for each in told if each.startswith("deaf")] == [
        "deaf False",
        "deaf True",
        "deaf False",
    ]


async def test_an_old_failure_and_a_busy_moment_are_no_fault(
    hook: Hook, telegram: FakeTelegram
) -> None:
    await look(hook, telegram, info(failed_at=60))
    for _ in range(3):
        await look(hook, telegram, info(waiting=2, failed_at=60))

    assert not hook.deaf


async def test_a_look_that_fails_is_no_look(
    hook: Hook, telegram: FakeTelegram, told: list[str], looks: list[None]
) -> None:
    await look(hook, telegram, error(502, "Bad Gateway"))
    await look(hook, telegram, info(THEIRS), error(502, "Bad Gateway"))

    assert looks == []
    assert told == []

    await look(hook, telegram, info())
    assert len(looks) == 1


async def test_it_is_looked_at_each_minute(hook: Hook, telegram: FakeTelegram) -> None:
    rests: list[timedelta] = []

    class Enough(BaseException):
        pass

    async def rest(wait: timedelta) -> None:
        rests.append(wait)
        telegram.answers = [info()]
        if len(rests) == 3:
            raise Enough

    telegram.answers = [info()]
    with pytest.raises(Enough):
        await hook.watch(rest)

    assert rests == [LOOK] * 3
