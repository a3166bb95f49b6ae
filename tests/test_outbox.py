"""Letters leave once, in order, the urgent first, and whatever goes wrong."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from bot.domain.message import Card, Kind, Notice, Priority, text
from bot.models import LetterState, Outbox
from bot.outbox import Sender, SendError
from bot.store import Database, Unit, letters
from bot.store.letters import Outcome
from bot.throttle import LIMITS_TELEGRAM, Throttle
from tests.fakes import FakeClock, FakeTransport

HERE, THERE, GROUP = 1, 2, -100


@pytest.fixture
def transport(clock: FakeClock) -> FakeTransport:
    return FakeTransport(clock)


@pytest.fixture
def unreachable() -> list[int]:
    return []


@pytest.fixture
def sender(
    database: Database, transport: FakeTransport, clock: FakeClock, unreachable: list[int]
) -> Sender:
    return Sender(
        database.unit,
        transport,
        clock,
        Throttle(LIMITS_TELEGRAM),
        on_unreachable=lambda unit, chat, reason: unreachable.append(chat),
        repeat_prefix="Rappel · ",
    )


def say(
    database: Database,
    key: str,
    chat: int = HERE,
    priority: Priority = Priority.ANSWER,
    cause: str = "",
) -> None:
    with database.unit() as unit:
        unit.notify(Notice(chat, text(key), key, priority, cause=cause))


def state(database: Database, key: str) -> tuple[str, str]:
    with database.unit() as unit:
        row = unit.session.exec(select(Outbox).where(Outbox.dedupe_key == key)).one()
        return row.state, row.error


def bodies(transport: FakeTransport) -> list[str]:
    return [letter.body for _, letter in transport.sent]


async def test_a_letter_leaves_once(
    database: Database, sender: Sender, transport: FakeTransport
) -> None:
    say(database, "hello")

    await sender.flush()
    await sender.flush()

    assert bodies(transport) == ["hello"]
    assert state(database, "hello") == (LetterState.SENT, "")


async def test_the_record_says_when_it_left_and_as_which_message(
    database: Database, sender: Sender, clock: FakeClock
) -> None:
    say(database, "hello")

    await sender.flush()

    with database.unit() as unit:
        row = unit.session.exec(select(Outbox)).one()
    assert (row.message_id, row.sent_at, row.attempts) == (1, clock.now, 1)


async def test_a_chat_hears_everything_in_order(
    database: Database, sender: Sender, transport: FakeTransport
) -> None:
    for n in range(3):
        say(database, f"here {n}", HERE)
        say(database, f"there {n}", THERE)

    await sender.flush()

    assert [letter.body for letter in transport.to(HERE)] == ["here 0", "here 1", "here 2"]
    assert [letter.body for letter in transport.to(THERE)] == ["there 0", "there 1", "there 2"]


async def test_an_alert_overtakes_what_waits(
    database: Database, sender: Sender, transport: FakeTransport, clock: FakeClock
) -> None:
    for n in range(60):
        say(database, f"bulk {n}", -n - 1, Priority.BULK)
    await sender.flush()
    say(database, "alert", THERE, Priority.ALERT)

    await sender.flush()

    assert bodies(transport)[-1] == "alert"
    assert transport.sent[-1][0] == clock.now


async def test_an_alert_finds_room_when_every_lane_hangs(
    database: Database, clock: FakeClock
) -> None:
    class Hanging(FakeTransport):
        async def deliver(self, letter: object) -> int:
            if letter.priority is not Priority.ALERT:  # type: ignore[attr-defined]
                await release.wait()
            else:
                release.set()
            return await super().deliver(letter)  # type: ignore[arg-type]

    release = asyncio.Event()
    transport = Hanging(clock)
    sender = Sender(database.unit, transport, clock, Throttle(None))
    for n in range(6):
        say(database, f"slow {n}", n)

    flush = asyncio.create_task(sender.flush())
    await asyncio.wait([flush], timeout=0.01)
    say(database, "alert", 3, Priority.ALERT)
    sender.wake()
    await flush

    assert bodies(transport)[0] == "alert"
    assert len(bodies(transport)) == 7


async def test_a_banned_chat_delays_nobody_else(
    database: Database, sender: Sender, transport: FakeTransport, clock: FakeClock
) -> None:
    transport.fail(HERE, SendError("Too Many Requests", retry_after=timedelta(seconds=10)))
    say(database, "banned", HERE)
    say(database, "free", THERE)

    await sender.flush()
    assert bodies(transport) == ["free"]

    clock.advance(seconds=9)
    await sender.flush()
    assert bodies(transport) == ["free"]

    clock.advance(seconds=1)
    await sender.flush()
    assert bodies(transport) == ["free", "banned"]


async def test_two_banned_chats_in_a_row_stop_everybody(
    database: Database, sender: Sender, transport: FakeTransport, clock: FakeClock
) -> None:
    for chat in (HERE, THERE):
        transport.fail(chat, SendError("flood", retry_after=timedelta(seconds=10)))
        say(database, f"banned {chat}", chat)
    await sender.flush()
    say(database, "third", 3)

    await sender.flush()
    assert bodies(transport) == []

    clock.advance(seconds=10)
    await sender.flush()
    assert sorted(bodies(transport)) == ["banned 1", "banned 2", "third"]


async def test_a_refused_connection_is_tried_again_later_and_later(
    database: Database, sender: Sender, transport: FakeTransport, clock: FakeClock
) -> None:
    transport.fail(HERE, *[SendError("ConnectionRefused")] * 3)
    say(database, "first")
    say(database, "second")

    for seconds in (0, 1, 2, 4):
        clock.advance(seconds=seconds)
        await sender.flush()

    assert [(at - transport.refused[0][0]).seconds for at, _ in transport.refused] == [0, 1, 3]
    assert bodies(transport) == ["first", "second"]


async def test_an_alert_is_tried_at_least_every_five_seconds(
    database: Database, sender: Sender, transport: FakeTransport, clock: FakeClock
) -> None:
    transport.fail(HERE, *[SendError("ConnectionRefused")] * 20)
    say(database, "alert", priority=Priority.ALERT)

    for _ in range(21):
        await sender.flush()
        clock.advance(seconds=5)

    assert len(transport.refused) == 20
    assert bodies(transport) == ["alert"]


async def test_when_the_network_is_back_nobody_waits_for_his_next_attempt(
    database: Database, sender: Sender, transport: FakeTransport, clock: FakeClock
) -> None:
    for chat in (HERE, THERE):
        transport.fail(chat, *[SendError("ConnectionRefused")] * 4)
        say(database, f"late {chat}", chat)
    for seconds in (0, 1, 2, 4):
        clock.advance(seconds=seconds)
        await sender.flush()
    say(database, "new", 3)

    await sender.flush()

    assert sorted(bodies(transport)) == ["late 1", "late 2", "new"]


async def test_a_routine_message_without_an_answer_is_not_repeated(
    database: Database, sender: Sender, transport: FakeTransport, clock: FakeClock
) -> None:
    transport.fail(HERE, SendError("timeout", unknown=True))
    say(database, "routine")

    await sender.flush()
    clock.advance(minutes=5)
    await sender.flush()

    assert bodies(transport) == []
    assert state(database, "routine")[0] == LetterState.UNKNOWN


async def test_an_alert_without_an_answer_is_repeated_recognisably(
    database: Database, sender: Sender, transport: FakeTransport, clock: FakeClock
) -> None:
    transport.fail(HERE, SendError("timeout", unknown=True), SendError("ConnectionRefused"))
    say(database, "alert", priority=Priority.ALERT)

    for seconds in (0, 1, 2):
        clock.advance(seconds=seconds)
        await sender.flush()

    assert bodies(transport) == ["Rappel · alert"]


async def test_an_edit_without_an_answer_is_simply_done_again(
    database: Database, sender: Sender, transport: FakeTransport, clock: FakeClock
) -> None:
    transport.fail(HERE, SendError("timeout", unknown=True))
    with database.unit() as unit:
        unit.edit(HERE, 7, Card(text("card")), "edit:7")

    await sender.flush()
    clock.advance(seconds=1)
    await sender.flush()

    assert [letter.kind for letter in transport.to(HERE)] == [Kind.EDIT]


async def test_a_blocked_chat_is_told_to_somebody_once(
    database: Database, sender: Sender, transport: FakeTransport, unreachable: list[int]
) -> None:
    transport.fail(HERE, SendError("Forbidden: bot was blocked by the user", permanent=True))
    say(database, "lost")

    await sender.flush()
    await sender.flush()

    assert unreachable == [HERE]
    assert state(database, "lost") == (
        LetterState.FAILED,
        "Forbidden: bot was blocked by the user",
    )


async def test_what_is_told_about_a_blocked_chat_leaves_in_the_same_flush(
    database: Database, transport: FakeTransport, clock: FakeClock
) -> None:
    def tell(unit: Unit, chat: int, reason: str) -> None:
        unit.notify(Notice(THERE, text("chat.unreachable", chat=chat), f"unreachable:{chat}"))

    sender = Sender(database.unit, transport, clock, Throttle(None), on_unreachable=tell)
    database.on_letters = sender.wake
    transport.fail(HERE, SendError("blocked", permanent=True))
    say(database, "lost")

    await sender.flush()

    assert bodies(transport) == ["chat.unreachable chat=1"]


async def test_a_rule_that_raises_does_not_undo_what_was_sent(
    database: Database,
    transport: FakeTransport,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def raises(unit: Unit, chat: int, reason: str) -> None:
        raise RuntimeError("a bug")

    sender = Sender(database.unit, transport, clock, Throttle(None), on_unreachable=raises)
    transport.fail(HERE, SendError("blocked", permanent=True))
    say(database, "lost")
    say(database, "fine", THERE)

    await sender.flush()

    assert state(database, "lost")[0] == LetterState.FAILED
    assert state(database, "fine")[0] == LetterState.SENT


async def test_a_bug_in_the_transport_holds_up_nobody(
    database: Database,
    sender: Sender,
    transport: FakeTransport,
    caplog: pytest.LogCaptureFixture,
) -> None:
    transport.fail(HERE, KeyError("oops"))
    say(database, "unlucky")
    say(database, "next")

    await sender.flush()

    assert bodies(transport) == ["next"]
    assert state(database, "unlucky") == (LetterState.UNKNOWN, "unknown: KeyError")


async def test_a_group_that_became_a_supergroup_is_followed(
    database: Database, transport: FakeTransport, clock: FakeClock
) -> None:
    moves = []
    sender = Sender(
        database.unit,
        transport,
        clock,
        Throttle(None),
        on_moved=lambda unit, old, new: moves.append((old, new)),
    )
    transport.fail(GROUP, SendError("upgraded", moved_to=-1009))
    say(database, "first", GROUP)
    say(database, "second", GROUP)

    await sender.flush()

    assert [letter.body for letter in transport.to(-1009)] == ["first", "second"]
    assert moves == [(GROUP, -1009)]


async def test_what_lost_its_cause_does_not_leave(
    database: Database, sender: Sender, transport: FakeTransport, clock: FakeClock
) -> None:
    transport.fail(HERE, SendError("ConnectionRefused"))
    say(database, "moved", cause="step:1")
    await sender.flush()

    with database.unit() as unit:
        unit.withdraw("step:1")
    clock.advance(minutes=1)
    await sender.flush()

    assert bodies(transport) == []
    assert state(database, "moved")[0] == LetterState.CANCELLED


async def test_what_lost_its_cause_on_its_way_is_not_tried_again(
    database: Database, clock: FakeClock
) -> None:
    class Losing(FakeTransport):
        async def deliver(self, letter: object) -> int:
            with database.unit() as unit:
                unit.withdraw("step:1")
            raise SendError("ConnectionRefused")

    sender = Sender(database.unit, Losing(clock), clock, Throttle(None))
    say(database, "moved", cause="step:1")

    await sender.flush()

    assert state(database, "moved")[0] == LetterState.CANCELLED


async def test_after_a_kill_an_alert_on_its_way_goes_again_recognisably(
    database: Database, transport: FakeTransport, clock: FakeClock
) -> None:
    class Killed(FakeTransport):
        async def deliver(self, letter: object) -> int:
            await asyncio.Event().wait()
            return 0

    say(database, "alert", priority=Priority.ALERT)
    killed = Sender(database.unit, Killed(clock), clock, Throttle(None))
    await asyncio.wait([flush := asyncio.create_task(killed.flush())], timeout=0.01)
    flush.cancel()
    for task in killed._flying:
        task.cancel()

    sender = Sender(database.unit, transport, clock, Throttle(None), repeat_prefix="Rappel · ")
    running = asyncio.create_task(sender.run())
    await asyncio.wait([running], timeout=0.05)
    running.cancel()

    assert bodies(transport) == ["Rappel · alert"]


async def test_a_letter_that_is_always_refused_holds_up_its_chat_only_for_a_while(
    database: Database, sender: Sender, transport: FakeTransport, clock: FakeClock
) -> None:
    transport.fail(HERE, *[SendError("Internal Server Error")] * 10)
    say(database, "poison")
    say(database, "next")

    for _ in range(9):
        await sender.flush()
        clock.advance(minutes=1)
    assert bodies(transport) == []

    await sender.flush()
    assert bodies(transport) == ["next"]


async def test_a_pop_up_waits_for_nothing(
    database: Database, sender: Sender, transport: FakeTransport
) -> None:
    transport.fail(0, SendError("ConnectionRefused"))
    with database.unit() as unit:
        unit.popup("first")
        unit.popup("second")

    await sender.flush()

    assert [letter.payload["query_id"] for _, letter in transport.sent] == ["second"]


async def test_two_senders_never_carry_the_same_letter(
    database: Database, transport: FakeTransport, clock: FakeClock
) -> None:
    senders = [Sender(database.unit, transport, clock, Throttle(None)) for _ in range(2)]
    for n in range(40):
        say(database, f"letter {n}", n)

    await asyncio.gather(*(sender.flush() for sender in senders))

    assert len(bodies(transport)) == len(set(bodies(transport))) == 40


async def test_a_database_out_of_reach_is_tried_again_and_nothing_is_sent_twice(
    database: Database, transport: FakeTransport, clock: FakeClock
) -> None:
    calls = []

    @contextmanager
    def units() -> Generator[Unit]:
        with database.unit() as unit:
            calls.append(unit)
            yield unit
            if len(calls) == 2:
                raise OperationalError("COMMIT", {}, Exception("database or disk is full"))

    sender = Sender(units, transport, clock, Throttle(None))
    say(database, "once")

    with pytest.raises(OperationalError):
        await sender.flush()
    await sender.flush()

    assert bodies(transport) == ["once"]
    assert state(database, "once")[0] == LetterState.SENT


async def test_how_long_an_alert_took_is_told(
    database: Database, transport: FakeTransport, clock: FakeClock
) -> None:
    took: list[timedelta] = []
    sender = Sender(database.unit, transport, clock, Throttle(None), on_alert_sent=took.append)
    say(database, "alert", priority=Priority.ALERT)
    clock.advance(seconds=2)

    await sender.flush()

    assert took == [timedelta(seconds=2)]


def test_of_two_processes_one_takes_a_letter(database: Database, clock: FakeClock) -> None:
    say(database, "once")
    lease = clock.now + timedelta(minutes=1)

    with database.unit() as unit:
        ids = [head.id for head in letters.heads(unit, clock.now)]
        first = letters.claim(unit, ids, clock.now, lease)
        second = letters.claim(unit, ids, clock.now, lease)

    assert [letter.body for letter in first] == ["once"]
    assert second == []


def test_who_comes_too_late_does_not_change_what_became_of_a_letter(
    database: Database, clock: FakeClock
) -> None:
    say(database, "once")
    with database.unit() as unit:
        ids = [head.id for head in letters.heads(unit, clock.now)]
        [letter] = letters.claim(unit, ids, clock.now, clock.now)

        letters.settle(unit, [Outcome(letter, LetterState.SENT, message_id=1)])
        letters.settle(unit, [Outcome(letter, LetterState.PENDING, error="late")])

    assert state(database, "once") == (LetterState.SENT, "")


def test_the_next_attempt_is_never_in_the_past(database: Database, clock: FakeClock) -> None:
    say(database, "waits")
    with database.unit() as unit:
        ids = [head.id for head in letters.heads(unit, clock.now)]
        [letter] = letters.claim(unit, ids, clock.now, clock.now)
        at = clock.now + timedelta(seconds=5)
        letters.settle(unit, [Outcome(letter, LetterState.PENDING, retry_at=at)])

        assert letters.next_attempt(unit, clock.now) == at
        assert letters.next_attempt(unit, at) is None
