"""The webhook: who takes it away, and what fails behind it, is seen within minutes."""

from collections.abc import Callable, Sequence
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


def info(
    url: str = OURS,
    waiting: int = 0,
    failed_at: int | None = None,
    kinds: Sequence[str] = ALLOWED_UPDATES,
) -> Answer:
    said: dict[str, Any] = {
        "url": url,
        "allowed_updates": list(kinds),
        "has_custom_certificate": False,
        "pending_update_count": waiting,
    }
    if failed_at is not None:
        said |= {"last_error_date": failed_at, "last_error_message": "Bad Gateway"}
    return ok(said)


async def ours(hook: Hook, telegram: FakeTelegram, url: str = OURS) -> None:
    """It is set, and looked at for the first time."""
    telegram.answers = [ok(True), info(url), info(url)]
    await hook.set()
    await hook.look()


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
    await ours(hook, telegram)
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
    await ours(hook, telegram, f"{OURS}/")

    await look(hook, telegram, info(f"{OURS}/"))

    assert not hook.taken


async def test_fewer_kinds_of_updates_than_ours_are_another_webhook(
    hook: Hook, telegram: FakeTelegram
) -> None:
    """With the same address, no button would be heard."""
    await ours(hook, telegram)

    await look(hook, telegram, info(kinds=["message"]), ok(True), info())

    assert hook.taken
    assert telegram.calls[-2][1]["allowed_updates"] == list(ALLOWED_UPDATES)


async def test_updates_that_wait_behind_a_failing_address_are_told_at_the_second_look(
    hook: Hook, telegram: FakeTelegram, told: list[str]
) -> None:
    await ours(hook, telegram)
    found = []
    for answers in (
        (info(waiting=3, failed_at=60),),
        # Set again: another secret than ours, at the same address, is mended so.
        (info(waiting=5, failed_at=60), ok(True), info()),
        (info(),),
    ):
        await look(hook, telegram, *answers)
        found.append(hook.deaf)

    assert found == [False, True, False]
    assert [each for each in told if each.startswith("deaf")] == [
        "deaf False",
        "deaf True",
        "deaf False",
    ]


async def test_an_old_failure_and_a_busy_moment_are_no_fault(
    hook: Hook, telegram: FakeTelegram
) -> None:
    # A failure of last week, then one that a new webhook wiped out.
    for failed_at in (60, 60, None, None):
        await look(hook, telegram, info(waiting=2, failed_at=failed_at))

    assert not hook.deaf


async def test_a_webhook_that_cannot_be_taken_back_is_told_all_the_same(
    hook: Hook, telegram: FakeTelegram, told: list[str], looks: list[None]
) -> None:
    await ours(hook, telegram)
    looks.clear()

    await look(hook, telegram, info(THEIRS), error(400, "Bad Request: bad webhook"))

    assert "taken True" in told
    assert looks == []


@pytest.mark.parametrize(
    "odd",
    [
        error(502, "Bad Gateway"),
        ok({}),
        ok(None),
        ok([]),
        ok({"url": OURS, "last_error_date": "yesterday", "pending_update_count": 1}),
        ok({"url": OURS, "last_error_date": 10**14, "pending_update_count": 1}),
    ],
)
async def test_a_look_that_fails_is_no_look_and_ends_nothing(
    odd: Answer, hook: Hook, telegram: FakeTelegram, told: list[str], looks: list[None]
) -> None:
    await look(hook, telegram, odd)

    assert (looks, told) == ([], [])
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
