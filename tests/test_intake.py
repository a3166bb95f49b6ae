"""Updates are taken once, in order, and acknowledged only when they are committed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text as sql
from sqlalchemy.exc import OperationalError
from sqlmodel import select
from telegram import Update
from telegram.error import InvalidToken
from telegram.ext import Application, ApplicationBuilder, ExtBot, MessageHandler, filters

from bot.domain.message import Notice, text
from bot.intake import ALLOWED_UPDATES, Intake, described, dispatcher, straight_through
from bot.models import Inbox, Outbox
from bot.store import Database, Unit, inbox
from tests.fakes import FakeClock
from tests.telegram import TOKEN, FakeTelegram, error, ok

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


def answer(unit: Unit, said: Update) -> None:
    """A handler: says what it was told; « casse » breaks it half-way."""
    assert said.message is not None
    assert said.message.text is not None
    unit.notify(Notice(7, text(said.message.text), f"answer:{said.update_id}"))
    if said.message.text == "casse":
        raise ValueError("Mme Dupont")


@pytest.fixture
def telegram() -> FakeTelegram:
    return FakeTelegram()


@pytest.fixture
def bot(telegram: FakeTelegram) -> ExtBot[None]:
    return ExtBot(TOKEN, request=telegram, get_updates_request=telegram)


@pytest.fixture
def rests() -> list[timedelta]:
    return []


@pytest.fixture
def intake(bot: ExtBot[None], database: Database, rests: list[timedelta]) -> Intake:
    return build(bot, database.unit, rests)


def build(
    bot: ExtBot[None],
    units: Any,
    rests: list[timedelta],
    handle: Callable[[Unit, Update], object] = answer,
) -> Intake:
    async def rest(wait: timedelta) -> None:
        rests.append(wait)

    def apologise(unit: Unit, said: Update) -> None:
        unit.notify(Notice(7, text("error.apology"), f"apology:{said.update_id}"))

    return Intake(bot, units, handle, apologise=apologise, rest=rest)


def said(database: Database) -> list[str]:
    with database.unit() as unit:
        return [row.body for row in unit.session.exec(select(Outbox).order_by(Outbox.id))]  # type: ignore[arg-type]


def failed(database: Database) -> dict[int, str]:
    with database.unit() as unit:
        rows = unit.session.exec(select(Inbox).where(Inbox.failed))
        return {row.update_id: row.error for row in rows}


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
    bot: ExtBot[None], database: Database, rests: list[timedelta]
) -> None:
    handled = []
    intake = build(bot, database.unit, rests, lambda _, said: handled.append(said.update_id))

    intake.take([update(1)])
    intake.take([update(1), update(2), update(2)])

    assert handled == [1, 2]


def test_an_update_that_raises_rolls_back_alone(intake: Intake, database: Database) -> None:
    intake.take([update(1, "un"), update(2, "casse"), update(3, "trois")])

    assert said(database) == ["un", "error.apology", "trois"]
    assert set(failed(database)) == {2}


def test_a_failed_update_is_recorded_without_what_was_said(
    intake: Intake, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    intake.take([update(1, "casse")])

    assert failed(database)[1].startswith("ValueError at intake.py:")
    assert "Dupont" not in failed(database)[1] + caplog.text


def test_an_update_that_cannot_be_read_is_recorded_and_passed_over(
    intake: Intake, database: Database
) -> None:
    intake.take([{"update_id": 1, "message": {"message_id": "?"}}, update(2, "deux")])

    assert said(database) == ["deux"]
    assert set(failed(database)) == {1}


def test_an_apology_that_raises_does_not_undo_the_batch(
    bot: ExtBot[None], database: Database
) -> None:
    def raises(unit: Unit, said: Update) -> None:
        raise RuntimeError("a bug")

    intake = Intake(bot, database.unit, answer, apologise=raises)

    intake.take([update(1, "casse"), update(2, "deux")])

    assert said(database) == ["deux"]


def test_a_wrong_statement_fails_alone(
    bot: ExtBot[None], database: Database, rests: list[timedelta]
) -> None:
    def handle(unit: Unit, said: Update) -> None:
        if said.update_id == 1:
            unit.session.execute(sql("SELECT nothing FROM nowhere"))
        answer(unit, said)

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
    bot: ExtBot[None],
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
            if faults:
                raise faults.pop()

    telegram.answers = [ok([update(10, "un")])] * 3
    await poll(build(bot, units, rests), telegram)

    assert [given.get("offset") for _, given in telegram.calls] == [None, None, None, 11]
    assert said(database) == ["un"]
    assert rests == [timedelta(seconds=1), timedelta(seconds=2)]
    assert caplog.text.count("the database does not take them: disk is full") == 1


async def test_a_database_that_fails_in_a_handler_blames_no_update(
    bot: ExtBot[None], telegram: FakeTelegram, database: Database, rests: list[timedelta]
) -> None:
    faults = [OperationalError("INSERT", {}, Exception("database or disk is full"))]

    def handle(unit: Unit, said: Update) -> None:
        answer(unit, said)
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
        assert inbox.purge(unit, clock.now - timedelta(days=2)) == 1
        assert inbox.failures(unit, clock.now) == 1


PtbApplication = Application[Any, Any, Any, Any, Any, Any]


@pytest.fixture
async def application(bot: ExtBot[None]) -> AsyncIterator[PtbApplication]:
    async with ApplicationBuilder().bot(bot).updater(None).build() as application:
        yield application


async def test_handlers_run_straight_through(
    application: PtbApplication, bot: ExtBot[None]
) -> None:
    heard = []

    async def hear(update: Update, _context: Any) -> None:
        heard.append(update.update_id)

    application.add_handler(MessageHandler(filters.ALL, hear))
    dispatcher(application)(Update.de_json(update(1), bot))

    assert heard == [1]


async def test_what_a_handler_raises_comes_out(
    application: PtbApplication, bot: ExtBot[None]
) -> None:
    async def fall(_update: Update, _context: Any) -> None:
        raise ValueError("a bug")

    application.add_handler(MessageHandler(filters.ALL, fall))

    with pytest.raises(ValueError, match="a bug"):
        dispatcher(application)(Update.de_json(update(1), bot))


async def test_a_handler_that_waits_is_a_bug() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="a handler waited"):
        straight_through(wait())


async def test_an_error_is_described_by_kinds_and_places() -> None:
    with pytest.raises(RuntimeError) as raised:
        straight_through(asyncio.Event().wait())

    raised.value.__cause__ = KeyError("a secret")
    kinds, _, places = described(raised.value).partition(" at ")
    assert kinds == "RuntimeError < KeyError"
    assert places.startswith("intake.py:")
