"""Updates are taken once, in order, and acknowledged only when they are committed."""

import asyncio
import json
import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy import text as sql
from sqlalchemy.exc import OperationalError
from telegram import Bot
from telegram.error import InvalidToken

from bot.intake import ALLOWED_UPDATES, CHUNK, Intake, urgency
from bot.rival import Holes, Rival
from bot.store import Database, Unit
from bot.store import inbox as updates_in
from bot.store.inbox import Raw, inbox
from bot.store.sayings import outbox
from tests.fakes import FakeClock
from tests.telegram import TOKEN, FakeTelegram, error, ok

SECRET = "Mme Dupont"
ANN = {"id": 7, "is_bot": False, "first_name": "Ann"}


def update(number: int, said: str = "bonjour") -> dict[str, Any]:
    message = {
        "message_id": number,
        "date": 0,
        "chat": {"id": 7, "type": "private", "first_name": "Ann"},
        "from": ANN,
        "text": said,
    }
    return {"update_id": number, "message": message}


def tap(number: int, data: str = "step:1") -> dict[str, Any]:
    return {"update_id": number, "callback_query": {"id": str(number), "from": ANN, "data": data}}


def answer(unit: Unit, updates: Sequence[Raw]) -> None:
    """Handlers: say what they were told; « casse » breaks half-way."""
    for raw in updates:
        said = raw["message"]["text"]
        unit.outbox.send(7, f"answer:{raw['update_id']}", said, [])
        if said == "casse":
            raise ValueError("Mme Dupont")


class Heard:
    """Handlers that only note what came, chunk by chunk."""

    def __init__(self) -> None:
        self.chunks: list[list[int]] = []

    def __call__(self, unit: Unit, updates: Sequence[Raw]) -> None:
        self.chunks.append([raw["update_id"] for raw in updates])

    @property
    def all(self) -> list[int]:
        return [number for chunk in self.chunks for number in chunk]


@pytest.fixture
def telegram() -> FakeTelegram:
    return FakeTelegram()


@pytest.fixture
def bot(telegram: FakeTelegram) -> Bot:
    return Bot(TOKEN, request=telegram, get_updates_request=telegram)


@pytest.fixture
def rests() -> list[timedelta]:
    return []


@pytest.fixture
def intake(bot: Bot, database: Database, rests: list[timedelta]) -> Intake:
    return build(bot, database.unit, rests)


def build(
    bot: Bot,
    units: Any,
    rests: list[timedelta],
    handle: Callable[[Unit, Sequence[Raw]], object] = answer,
    **how: Any,
) -> Intake:
    async def rest(wait: timedelta) -> None:
        rests.append(wait)

    def apologise(unit: Unit, raw: Raw) -> None:
        unit.outbox.send(7, f"apology:{raw['update_id']}", "error.apology", [])

    return Intake(bot, units, handle, apologise=apologise, rest=rest, **how)


def said(database: Database) -> list[str]:
    with database.look() as unit:
        return list(unit.connection.execute(select(outbox.c.body).order_by(outbox.c.id)).scalars())


def failed(database: Database) -> dict[int, str]:
    with database.look() as unit:
        rows = unit.connection.execute(
            select(inbox.c.update_id, inbox.c.error).where(inbox.c.failed)
        )
        return {number: trace for number, trace in rows}  # noqa: C416


def kept(database: Database) -> list[Any]:
    with database.look() as unit:
        return list(unit.connection.execute(select(inbox.c.content)).scalars())


async def poll(intake: Intake, telegram: FakeTelegram) -> None:
    """Poll until nothing is left to take."""
    running = asyncio.create_task(intake.run())
    idle = asyncio.create_task(telegram.idle.wait())
    await asyncio.wait([running, idle], return_when=asyncio.FIRST_COMPLETED)
    idle.cancel()
    if running.done():
        running.result()
    running.cancel()


def test_a_batch_is_handled_in_order(intake: Intake, database: Database) -> None:
    intake.take([update(1, "un"), update(2, "deux"), update(3, "trois")])

    assert said(database) == ["un", "deux", "trois"]


def test_a_redelivered_update_does_nothing(
    bot: Bot, database: Database, rests: list[timedelta]
) -> None:
    heard = Heard()
    intake = build(bot, database.unit, rests, heard)

    intake.take([update(1)])
    intake.take([update(1), update(2), update(2)])

    assert heard.all == [1, 2]


def test_another_update_under_a_number_that_was_taken_is_handled_and_logged(
    bot: Bot, database: Database, rests: list[timedelta], caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard()
    intake = build(bot, database.unit, rests, heard)

    intake.take([update(1, "un"), update(2, "deux")])
    intake.take([update(1, "autre"), update(2, "deux")])
    intake.take([update(1, "autre")])

    assert heard.all == [1, 2, 1]
    assert [each.getMessage() for each in caplog.records] == [
        "update 1 has other content than the one that had its number"
    ]


def test_a_tap_whose_message_changed_since_is_the_same_tap(
    bot: Bot, database: Database, rests: list[timedelta]
) -> None:
    heard = Heard()
    intake = build(bot, database.unit, rests, heard)
    again = tap(1)
    again["callback_query"]["message"] = {"message_id": 7, "edit_date": 5}

    intake.take([tap(1)])
    intake.take([again])
    intake.take([tap(1, "step:2")])

    assert heard.all == [1, 1]


async def test_another_update_under_a_known_number_waits_for_its_turn_too(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    heard = Heard()
    intake = build(bot, database.unit, rests, heard)
    intake.take([tap(n, "step:0") for n in range(60)])
    telegram.answers = [ok([tap(n, f"step:{n // 50}") for n in range(100)])] + [ok([])] * 4

    await poll(intake, telegram)

    # The first fifty are known.
    assert sorted(heard.all[60:]) == list(range(50, 100))


def test_an_update_that_raises_rolls_back_alone(intake: Intake, database: Database) -> None:
    intake.take([update(1, "un"), update(2, "casse"), update(3, "trois")])

    assert said(database) == ["un", "error.apology", "trois"]
    assert set(failed(database)) == {2}


def test_a_failed_update_is_recorded_without_what_was_said(
    intake: Intake, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    intake.take([update(1, "casse")])

    assert failed(database)[1].startswith("ValueError at ")
    assert "Dupont" not in failed(database)[1] + caplog.text


def test_an_update_that_cannot_be_read_is_recorded_and_passed_over(
    intake: Intake, database: Database
) -> None:
    intake.take([{"update_id": 1, "message": []}, update(2, "deux")])

    assert said(database) == ["error.apology", "deux"]
    assert set(failed(database)) == {1}


def test_an_apology_that_raises_does_not_undo_the_batch(bot: Bot, database: Database) -> None:
    def raises(unit: Unit, raw: Raw) -> None:
        raise RuntimeError("a bug")

    intake = Intake(bot, database.unit, answer, apologise=raises)

    intake.take([update(1, "casse"), update(2, "deux")])

    assert said(database) == ["deux"]


def test_a_wrong_statement_fails_alone(
    bot: Bot, database: Database, rests: list[timedelta]
) -> None:
    def handle(unit: Unit, updates: Sequence[Raw]) -> None:
        if updates[0]["update_id"] == 1:
            unit.connection.execute(sql("SELECT nothing FROM nowhere"))
        answer(unit, updates)

    build(bot, database.unit, rests, handle).take([update(1), update(2, "deux")])

    assert said(database) == ["error.apology", "deux"]


async def test_a_batch_is_acknowledged_by_the_next_poll(
    intake: Intake, telegram: FakeTelegram, database: Database
) -> None:
    telegram.answers = [ok([update(10, "un"), update(11, "deux")]), ok([])]

    await poll(intake, telegram)

    assert [given.get("offset") for _, given in telegram.calls] == [None, 12, 12]
    assert telegram.calls[0][1]["allowed_updates"] == list(ALLOWED_UPDATES)
    assert said(database) == ["un", "deux"]


async def test_a_batch_that_cannot_be_committed_is_not_acknowledged(
    bot: Bot,
    telegram: FakeTelegram,
    database: Database,
    rests: list[timedelta],
    caplog: pytest.LogCaptureFixture,
) -> None:
    faults = [OperationalError("COMMIT", {}, Exception("disk is full")) for _ in range(2)]

    @contextmanager
    def units() -> Generator[Unit]:
        with database.unit() as unit:
            yield unit
            unit.write()
            if faults and unit.wrote_letters:
                raise faults.pop()

    telegram.answers = [ok([update(10, "un")])] * 3
    await poll(build(bot, units, rests), telegram)

    assert [given.get("offset") for _, given in telegram.calls] == [None, None, None, 11]
    assert said(database) == ["un"]
    assert rests == [timedelta(seconds=1), timedelta(seconds=2)]
    assert caplog.text.count("the database does not take them: OperationalError") == 1


async def test_a_database_that_fails_in_a_handler_blames_no_update(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    faults = [OperationalError("INSERT", {}, Exception("database or disk is full"))]

    def handle(unit: Unit, updates: Sequence[Raw]) -> None:
        answer(unit, updates)
        if faults:
            raise faults.pop()

    telegram.answers = [ok([update(1, "un")])] * 2
    await poll(build(bot, database.unit, rests, handle), telegram)

    assert said(database) == ["un"]
    assert failed(database) == {}


@pytest.mark.parametrize(
    "trouble",
    [
        error(409, "Conflict: terminated by other getUpdates request"),
        error(502, "Bad Gateway"),
        error(429, "Too Many Requests: retry after 5", retry_after=5),
        (200, {"ok": True}),
    ],
)
async def test_trouble_on_the_line_is_outlived(
    trouble: Any,
    intake: Intake,
    telegram: FakeTelegram,
    database: Database,
    rests: list[timedelta],
) -> None:
    telegram.answers = [trouble, trouble, ok([update(1, "un")])]

    await poll(intake, telegram)

    assert said(database) == ["un"]
    assert len(rests) == 2


async def test_a_token_that_telegram_never_knew_ends_the_start(
    intake: Intake, telegram: FakeTelegram
) -> None:
    telegram.answers = [error(401, "Unauthorized")]

    with pytest.raises(InvalidToken):
        await poll(intake, telegram)


async def test_a_token_that_worked_is_given_time(
    intake: Intake, telegram: FakeTelegram, rests: list[timedelta]
) -> None:
    telegram.answers = [ok([]), error(401, "Unauthorized"), ok([])]

    await poll(intake, telegram)

    assert rests == [timedelta(seconds=1)]


async def test_old_updates_are_forgotten(
    intake: Intake, database: Database, clock: FakeClock
) -> None:
    intake.take([update(1)])
    clock.advance(days=3)
    intake.take([update(2, "casse")])

    with database.unit() as unit:
        assert updates_in.purge(unit, clock.now - timedelta(days=2), 10) == 1
        assert updates_in.failures(unit, clock.now, 10) == [2]


async def test_so_many_old_updates_are_forgotten_at_once(
    intake: Intake, database: Database, clock: FakeClock
) -> None:
    intake.take([update(n) for n in range(5)])
    clock.advance(days=3)

    with database.unit() as unit:
        assert [updates_in.purge(unit, clock.now, 3) for _ in range(3)] == [3, 2, 0]


def test_an_update_that_waits_too_long_is_seen(database: Database, clock: FakeClock) -> None:
    with database.unit() as unit:
        updates_in.set_aside(unit, [(1, update(8)), (0, update(9))])
    clock.advance(minutes=6)

    with database.look() as unit:
        seen = unit.update_troubles(clock.now - timedelta(minutes=5), clock.now, 10)
    assert [line.split(" since")[0] for line in seen] == ["update 9 waits", "update 8 waits"]


async def test_an_urgent_tap_is_handled_before_two_thousand_others(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    heard = Heard()
    taps = [tap(number) for number in range(1, 2001)] + [tap(2001, "alert:take:3")]
    telegram.answers = [ok(taps[at : at + 100]) for at in range(0, 2001, 100)]
    telegram.answers += [ok([])] * (2000 // CHUNK + 2)

    await poll(build(bot, database.unit, rests, heard), telegram)

    assert heard.chunks[0] == [2001]
    assert heard.all[1:] == list(range(1, 2001))
    assert max(map(len, heard.chunks)) == CHUNK
    assert {given["timeout"] for _, given in telegram.calls[1:-3]} == {0}
    assert set(kept(database)) == {None}


async def test_what_is_urgent_and_comes_while_others_wait_overtakes_them(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    heard = Heard()
    telegram.answers = [ok([tap(n) for n in range(1, 101)]), ok([]), ok([tap(200, "alert:x")])]
    telegram.answers += [ok([])] * 4

    await poll(build(bot, database.unit, rests, heard), telegram)

    assert heard.all.index(200) == CHUNK


async def test_what_waited_when_the_process_was_killed_is_handled_after_the_restart(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    class Killed(BaseException):
        pass

    def kill(unit: Unit, updates: Sequence[Raw]) -> None:
        raise Killed

    heard = Heard()
    telegram.answers = [ok([]), ok([tap(n) for n in range(1, 101)]), ok([tap(101, "alert:x")])]
    with pytest.raises(Killed):
        await build(bot, database.unit, rests, kill).run()

    telegram.answers = [ok([tap(101, "alert:x")])] + [ok([])] * 5
    await poll(build(bot, database.unit, rests, heard), telegram)

    # What was set aside waits here; what was not acknowledged is brought again.
    assert sorted(heard.all) == list(range(1, 102))


async def test_what_is_set_aside_is_screened_before_it_is_kept(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    def screen(raw: Raw) -> Raw:
        return {"update_id": raw["update_id"], "screened": True}

    def handle(unit: Unit, updates: Sequence[Raw]) -> None:
        given.extend(updates)

    given: list[Raw] = []
    telegram.answers = [ok([update(n, "Mme Dupont") for n in range(100)])] + [ok([])] * 4
    await poll(build(bot, database.unit, rests, handle, screen=screen), telegram)

    assert given == [{"update_id": n, "screened": True} for n in range(100)]


async def test_a_bug_in_one_of_those_that_waited_fails_it_alone(
    intake: Intake, telegram: FakeTelegram, database: Database
) -> None:
    updates = [update(n, "casse" if n == 30 else str(n)) for n in range(100)]
    telegram.answers = [ok(updates)] + [ok([])] * 4

    await poll(intake, telegram)

    assert set(failed(database)) == {30}
    assert len(said(database)) == 100


async def test_with_telegram_out_of_reach_what_waits_is_handled(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    heard = Heard()
    telegram.answers = [ok([]), ok([tap(n) for n in range(100)])] + [error(502, "Bad Gateway")] * 3

    await poll(build(bot, database.unit, rests, heard), telegram)

    assert heard.all == list(range(100))


@pytest.mark.parametrize(
    "result",
    [[{}], [1], {}, {"update_id": 1}, "text", [{"update_id": 2**70}], [{"update_id": True}], None],
    ids=str,
)
async def test_an_answer_of_no_shape_is_outlived_and_told_once(
    result: Any,
    intake: Intake,
    telegram: FakeTelegram,
    database: Database,
    rests: list[timedelta],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)
    telegram.answers = [ok(result), ok(result), ok([update(1, "un")])]

    await poll(intake, telegram)

    assert said(database) == ["un"]
    assert len(rests) == 2
    assert len(caplog.records) <= 2


def on_the_line(*updates: dict[str, Any] | bytes) -> tuple[int, bytes]:
    """An answer as bytes, some of its updates in a shape that no JSON writer gives."""
    parts = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in updates]
    return 200, b'{"ok":true,"result":[' + b",".join(parts) + b"]}"


@pytest.mark.parametrize("spoilt", [b'"\\ud83d"', b'"caf\xe9"'], ids=["half a pair", "not UTF-8"])
async def test_a_spoilt_character_spoils_a_word_and_no_update(
    spoilt: bytes, intake: Intake, telegram: FakeTelegram, database: Database
) -> None:
    one = json.dumps(update(1)).encode().replace(b'"bonjour"', spoilt)
    telegram.answers = [on_the_line(one, update(2, "deux"))]

    await poll(intake, telegram)

    assert said(database)[1:] == ["deux"]
    assert failed(database) == {}


async def test_an_update_that_nobody_can_read_is_passed_over_alone_and_seen(
    intake: Intake, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    deep = b'{"update_id": 2, "message": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"
    telegram.answers = [
        on_the_line(update(1, "un"), deep, update(3, "trois")),
        on_the_line(update(1, "un")),
        on_the_line(deep),
        on_the_line(update(3, "trois")),
    ]

    await poll(intake, telegram)

    assert said(database) == ["un", "trois"]
    assert list(failed(database)) == [2]
    assert [call["limit"] for _, call in telegram.calls] == [100, 1, 1, 100, 100]
    assert telegram.calls[-1][1]["offset"] == 4
    assert len(rests) == 1


async def test_whatever_goes_wrong_polling_goes_on(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    once = iter([True])

    def admit(_: Unit, updates: Sequence[Raw]) -> Sequence[Raw]:
        if next(once, False):
            raise OverflowError("Mme Dupont")
        return updates

    telegram.answers = [ok([update(1, "un")]), ok([update(1, "un")])]

    await poll(build(bot, database.unit, rests, admit=admit), telegram)

    assert said(database) == ["un"] or failed(database)


async def test_an_answer_without_any_update_does_not_slow_the_next_ones_down(
    intake: Intake, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    telegram.answers = [(200, b"<html>"), ok([update(1, "un")])]

    await poll(intake, telegram)

    assert [call["limit"] for _, call in telegram.calls] == [100, 100, 100]


async def test_what_cannot_be_read_does_not_hold_up_what_can(
    intake: Intake, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    telegram.answers = [ok([{}, 1, update(5, "cinq"), {"update_id": 2**70}])]

    await poll(intake, telegram)

    assert said(database) == ["cinq"]
    assert telegram.calls[-1][1]["offset"] == 6
    assert rests == []


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (tap(1, "alert:take:3"), 0),
        (tap(1, "report:x"), 0),
        (tap(1, "check:report:x"), 0),
        (tap(1, "step:1"), 1),
        (update(1, "/alerte TLS-7K4Q"), 0),
        (update(1, "/Toxicité"), 0),
        (update(1, "/alert 7K4Q"), 0),
        (update(1, "/alerteTLS-7K4Q"), 0),
        ({"update_id": 1, "message": {"photo": [], "caption": "/alerte 7K4Q"}}, 0),
        ({"update_id": 1, "message": {"photo": [], "caption": "bonjour"}}, 1),
        (update(1, "/statut 7K4Q"), 1),
        (update(1, "bonjour"), 1),
        ({"update_id": 1, "message": 3, "callback_query": {"data": 4}}, 1),
        (update(1, "/start abc"), 0),
        ({"update_id": 1}, 1),
    ],
)
def test_an_alert_and_a_report_are_urgent(raw: Raw, expected: int) -> None:
    assert urgency(raw) == expected


async def test_in_a_small_batch_too_the_urgent_comes_first(
    bot: Bot, database: Database, rests: list[timedelta]
) -> None:
    heard = Heard()

    build(bot, database.unit, rests, heard).take([tap(1), tap(2, "alert:x"), tap(3)])

    assert heard.chunks == [[2, 1, 3]]


async def test_the_urgent_of_a_batch_is_committed_before_the_rest_is_looked_at(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    heard = Heard()
    telegram.answers = [ok([*map(tap, range(1, 61)), tap(61, "alert:x")]), ok([])]

    await poll(build(bot, database.unit, rests, heard), telegram)

    assert [len(chunk) for chunk in heard.chunks] == [1, 50, 10]
    assert heard.chunks[0] == [61]


async def test_an_alert_behind_five_hundred_long_texts_waits_for_none_of_its_batch(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    heard, screened = Heard(), list[int]()

    def screen(raw: Raw) -> Raw:
        screened.append(raw["update_id"])
        return raw

    def handle(unit: Unit, updates: Sequence[Raw]) -> None:
        heard(unit, updates)
        before.append(len(screened))

    before = list[int]()
    texts = [update(n, "a" * 4096) for n in range(499)] + [update(499, "/alerte 7K4Q")]
    telegram.answers = [ok(texts[at : at + 100]) for at in range(0, 500, 100)] + [ok([])] * 12
    await poll(build(bot, database.unit, rests, handle, screen=screen), telegram)

    assert heard.chunks[0] == [499]
    # Of its own batch none was looked at before.
    assert before[0] == 400
    assert sorted(heard.all) == list(range(500))


async def test_an_alert_behind_a_flood_that_is_not_admitted_is_alone(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    def admit(unit: Unit, updates: Sequence[Raw]) -> Sequence[Raw]:
        return [raw for raw in updates if not urgency(raw)]

    def screen(raw: Raw) -> Raw:
        raise AssertionError("nobody reads it")

    heard = Heard()
    texts = [update(n, "a" * 4096) for n in range(499)] + [update(499, "/alerte 7K4Q")]
    telegram.answers = [ok(texts[at : at + 100]) for at in range(0, 500, 100)] + [ok([])]
    await poll(build(bot, database.unit, rests, heard, screen=screen, admit=admit), telegram)

    assert heard.chunks == [[499]]
    assert len(kept(database)) == 1
    assert telegram.calls[-1][1]["offset"] == 500


async def test_long_texts_are_taken_few_at_a_time(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    heard = Heard()
    texts = [update(n, "a" * length) for n, length in enumerate([4096, 4096, 500, 500, 1, 1])]
    telegram.answers = [ok([*texts, update(6, "/alerte 7K4Q")])]

    await poll(build(bot, database.unit, rests, heard), telegram)

    assert heard.chunks == [[6], [0], [1], [2, 3], [4, 5]]


async def test_what_a_poller_set_aside_is_handled_under_a_webhook_too(
    bot: Bot, database: Database, rests: list[timedelta]
) -> None:
    with database.unit() as unit:
        updates_in.set_aside(unit, [(1, tap(n)) for n in range(1, 121)])
    heard = Heard()

    await build(bot, database.unit, rests, heard).drain()

    assert [n for chunk in heard.chunks for n in chunk] == list(range(1, 121))


async def test_an_outage_of_the_database_is_two_lines_and_tells_nothing(
    bot: Bot,
    telegram: FakeTelegram,
    database: Database,
    rests: list[timedelta],
    caplog: pytest.LogCaptureFixture,
) -> None:
    faults = [OperationalError(f"INSERT {SECRET}", {}, Exception(SECRET)) for _ in range(7)]

    @contextmanager
    def units() -> Generator[Unit]:
        if faults:
            raise faults.pop()
        with database.unit() as unit:
            yield unit

    telegram.answers = [ok([update(1, "un")])]
    await poll(build(bot, units, rests), telegram)

    begins, ends = caplog.messages
    assert begins.startswith("no updates: the database does not take them: OperationalError")
    assert ends.startswith("no updates: over, after 7 times in ")
    assert SECRET not in caplog.text


async def test_an_outage_of_telegram_is_two_lines_whatever_it_answers(
    intake: Intake, telegram: FakeTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    troubles = [error(502, "Bad Gateway"), error(409, "Conflict: terminated by other getUpdates")]
    telegram.answers = [*troubles * 3, ok([update(1, "un")])]

    await poll(intake, telegram)

    begins, ends = caplog.messages
    assert begins.startswith("no updates: ")
    assert ends.startswith("no updates: over, after 6 times in ")


# Another program with the same token

REFUSED = error(409, "Conflict: terminated by other getUpdates request")


def build_with_rival(
    bot: Bot, database: Database, rests: list[timedelta], told: list[bool]
) -> tuple[Intake, list[float]]:
    seconds = [0.0]
    rival = Rival(lambda: seconds[0])

    def tell(unit: Unit, here: bool) -> None:
        told.append(here)

    intake = build(bot, database.unit, rests, rival=rival, on_rival=tell)
    return intake, seconds


async def polled(
    intake: Intake, telegram: FakeTelegram, seconds: list[float], *polls: tuple[float, Any]
) -> None:
    """At each of these seconds a poll, answered so."""
    for second, answered in polls:
        seconds[0] = second
        telegram.answers = [answered]
        await poll(intake, telegram)


def brought(*numbers: int) -> Any:
    return ok([update(number) for number in numbers])


async def test_a_second_poller_is_an_incident_once_it_lasts_and_is_told_once(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    told: list[bool] = []
    intake, seconds = build_with_rival(bot, database, rests, told)

    for second, here in ((0, None), (20, None), (31, True), (45, True)):
        await polled(intake, telegram, seconds, (second, REFUSED))
        assert intake.rival.here is here

    assert told == [True]


async def test_polls_that_succeed_between_do_not_end_the_incident_and_a_calm_minute_does(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    told: list[bool] = []
    intake, seconds = build_with_rival(bot, database, rests, told)

    polls = ((0, REFUSED), (10, ok([])), (20, REFUSED), (40, REFUSED), (50, ok([])))
    await polled(intake, telegram, seconds, *polls)
    assert intake.rival.here
    await polled(intake, telegram, seconds, (101, ok([])))

    assert intake.rival.here is False
    assert told == [True, False]


async def test_two_polls_that_overlap_for_a_moment_are_no_incident(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    told: list[bool] = []
    intake, seconds = build_with_rival(bot, database, rests, told)

    polls = ((0, REFUSED), (10, ok([])), (80, ok([])), (90, REFUSED))
    await polled(intake, telegram, seconds, *polls)

    assert told == [False]
    assert not intake.rival.here


async def test_refusals_an_hour_apart_are_no_incident(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    told: list[bool] = []
    intake, seconds = build_with_rival(bot, database, rests, told)

    # Between them nobody could poll: the network was away, or another process led.
    await polled(intake, telegram, seconds, (0, REFUSED), (3700, REFUSED))

    assert not intake.rival.here


async def test_a_program_that_polls_now_and_then_is_an_incident_and_ends_an_hour_after(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    told: list[bool] = []
    intake, seconds = build_with_rival(bot, database, rests, told)

    for minute in range(0, 20, 5):
        polls = ((minute * 60, REFUSED), (minute * 60 + 120, ok([])))
        await polled(intake, telegram, seconds, *polls)
    assert intake.rival.here
    await polled(intake, telegram, seconds, (3700, ok([])))

    assert told == [False, True, False]


async def test_updates_that_went_to_somebody_else_are_an_incident_without_a_refusal(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    told: list[bool] = []
    intake, seconds = build_with_rival(bot, database, rests, told)

    for second, numbers in ((0, (1, 2)), (10, (4,)), (20, (5, 7)), (45, (9,))):
        await polled(intake, telegram, seconds, (second, brought(*numbers)))

    assert intake.rival.here
    assert told == [True]


async def test_a_batch_that_comes_again_and_numbers_in_a_row_are_no_sign_of_anybody(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    told: list[bool] = []
    intake, seconds = build_with_rival(bot, database, rests, told)

    for second, numbers in ((0, (7, 8)), (50, (7, 8)), (100, (9, 10, 11))):
        await polled(intake, telegram, seconds, (second, brought(*numbers)))

    assert intake.rival.here is False


async def test_two_refusals_of_a_program_that_stops_slowly_are_no_incident(
    bot: Bot, telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    told: list[bool] = []
    intake, seconds = build_with_rival(bot, database, rests, told)

    await polled(intake, telegram, seconds, (0, REFUSED), (35, REFUSED))

    assert not intake.rival.here


async def test_a_webhook_that_somebody_set_is_taken_away_while_we_poll(
    intake: Intake, telegram: FakeTelegram, database: Database
) -> None:
    refused = error(409, "Conflict: can't use getUpdates method while webhook is active")
    telegram.answers = [refused, ok(True), ok([update(1, "un")])]

    await poll(intake, telegram)

    assert [name for name, _ in telegram.calls][:2] == ["getUpdates", "deleteWebhook"]
    assert said(database) == ["un"]


def test_what_a_webhook_never_brings_is_an_incident_and_what_comes_late_is_none(
    bot: Bot, database: Database, rests: list[timedelta]
) -> None:
    told: list[bool] = []
    seconds = [0.0]
    intake = build(
        bot,
        database.unit,
        rests,
        rival=Rival(lambda: seconds[0]),
        holes=Holes(lambda: seconds[0]),
        on_rival=lambda _unit, here: told.append(here),
    )

    # Out of order is no hole; 13 comes late, 21, 31 … never.
    for second, number in ((0, 12), (1, 11), (2, 14), (3, 13), (70, 15)):
        seconds[0] = second
        intake.called([update(number)])
    assert not intake.rival.here
    for minute in range(4):
        for second, number in ((0, 20 + 10 * minute), (120, 22 + 10 * minute)):
            seconds[0] = 200 + 300 * minute + second
            intake.called([update(number)])

    assert intake.rival.here
    assert told[-1] is True


def test_what_another_process_of_ours_took_is_missing_nowhere(
    bot: Bot, database: Database, rests: list[timedelta]
) -> None:
    """Two of them serve one webhook, and each sees half of the numbers."""
    seconds = [0.0]
    one, other = (
        build(
            bot,
            database.unit,
            rests,
            rival=Rival(lambda: seconds[0]),
            holes=Holes(lambda: seconds[0]),
        )
        for _ in range(2)
    )

    for number in range(1, 200):
        seconds[0] = number * 2
        (one if number % 2 else other).called([update(number)])

    assert not one.rival.here
    assert not other.rival.here
