"""Letters leave once, in order, the urgent first, and whatever goes wrong."""

import asyncio
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from bot.clock import pause
from bot.domain.message import Kind, Priority
from bot.domain.network import Network
from bot.domain.people import Group, Member
from bot.landing import SendError
from bot.models import LetterState
from bot.outbox import Sender
from bot.store import Database, Unit, letters
from bot.store.letters import Letter, Outcome, outbox
from bot.store.outbox import EDITED
from bot.throttle import LIMITS_TELEGRAM, Throttle
from tests.fakes import FakeClock, FakeTransport, Show
from tests.virtual import START, VirtualLoop, play

HERE, THERE, GROUP = 1, 2, -100
SECRET = "Mme Dupont"
UNDER_WAY = (LetterState.PENDING, LetterState.SENDING)


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
        repeat_prefix_routine="Peut-être déjà reçu · ",
    )


def say(
    database: Database,
    key: str,
    chat: int = HERE,
    priority: Priority = Priority.ANSWER,
    cause: str = "",
    team: str = "",
) -> None:
    with database.unit() as unit:
        unit.outbox.send(chat, key, key, [], priority=priority, cause=cause, team=team)


def row(database: Database, key: str) -> Any:
    with database.look() as unit:
        found = select(outbox).where(outbox.c.dedupe_key == key)
        return unit.connection.execute(found).one()


def sent_to(database: Database, chat: int) -> Sequence[Any]:
    with database.look() as unit:
        ours = select(outbox).where(outbox.c.chat_id == chat).order_by(outbox.c.id)
        return unit.connection.execute(ours).all()


def state(database: Database, key: str) -> tuple[str, str]:
    found = row(database, key)
    return found.state, found.error


def claim_all(unit: Unit) -> list[Letter]:
    return letters.claim(unit, [head.id for head in letters.waiting(unit)])


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

    found = row(database, "hello")
    assert (found.message_id, found.sent_at, found.attempts) == (1, clock.now, 1)


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
        async def deliver(self, letter: object) -> int | None:
            if letter.priority is not Priority.ALERT:  # type: ignore[attr-defined]
                await release.wait()
            else:
                release.set()
            return await super().deliver(letter)  # type: ignore[arg-type]

    release = asyncio.Event()
    transport = Hanging(clock)
    sender = Sender(database.unit, transport, clock, Throttle(None), lanes=4)
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


async def test_a_routine_message_without_an_answer_is_repeated_recognisably(
    database: Database, sender: Sender, transport: FakeTransport, clock: FakeClock
) -> None:
    transport.fail(HERE, SendError("timeout", unknown=True))
    say(database, "routine")

    await sender.flush()
    assert state(database, "routine") == (LetterState.PENDING, "unknown: timeout")
    clock.advance(seconds=1)
    await sender.flush()

    assert bodies(transport) == ["Peut-être déjà reçu · routine"]


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
        unit.outbox.edit(HERE, 7, "edit:7", "card", [])

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
        unit.outbox.send(THERE, f"unreachable:{chat}", f"{chat} is lost", [])

    sender = Sender(database.unit, transport, clock, Throttle(None), on_unreachable=tell)
    database.on_letters = sender.wake
    transport.fail(HERE, SendError("blocked", permanent=True))
    say(database, "lost")

    await sender.flush()

    assert bodies(transport) == ["1 is lost"]


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
    assert state(database, "unlucky") == (LetterState.PENDING, "unknown: KeyError")


async def test_a_group_that_became_a_supergroup_is_followed(
    database: Database, sender: Sender, transport: FakeTransport
) -> None:
    with database.unit() as unit:
        unit.people.put_group(Group(GROUP, "Greffe", team="greffe", centre="TLS"))
    transport.fail(GROUP, SendError("upgraded", moved_to=-1009))
    say(database, "first", GROUP)
    say(database, "second", GROUP)

    await sender.flush()

    assert [letter.body for letter in transport.to(-1009)] == ["first", "second"]
    with database.look() as unit:
        assert [group.team for group in unit.people.roster.groups.values()] == ["greffe"]
        assert set(unit.people.roster.groups) == {-1009}


def test_a_group_that_moves_in_the_unit_that_met_it_has_one_number(database: Database) -> None:
    with database.unit() as unit:
        unit.people.put_group(Group(GROUP, "Greffe", team="greffe", centre="TLS"))
        letters.move_chat(unit, GROUP, -1009)

    with database.look() as unit:
        assert set(unit.people.roster.groups) == {-1009}


async def test_what_lost_its_cause_does_not_leave(
    database: Database, sender: Sender, transport: FakeTransport, clock: FakeClock
) -> None:
    transport.fail(HERE, SendError("ConnectionRefused"))
    say(database, "moved", cause="step:1")
    await sender.flush()

    with database.unit() as unit:
        unit.outbox.withdraw("step:1")
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
                unit.outbox.withdraw("step:1")
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
        unit.outbox.popup("first")
        unit.outbox.popup("second")

    await sender.flush()

    assert [letter.payload["query_id"] for _, letter in transport.sent] == ["second"]


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


async def test_that_the_calls_of_an_alert_arrived_is_told(
    database: Database, transport: FakeTransport, clock: FakeClock
) -> None:
    arrived: list[str] = []
    sender = Sender(
        database.unit,
        transport,
        clock,
        Throttle(None),
        on_calls=lambda _, calls: arrived.extend(call.body for call in calls),
    )
    transport.fail(THERE, SendError("connection refused"))
    say(database, "alert", priority=Priority.ALERT)
    say(database, "answer")
    say(database, "not yet", THERE, priority=Priority.ALERT)

    await sender.flush()

    assert arrived == ["alert"]


def test_a_letter_is_taken_once(database: Database) -> None:
    say(database, "once")

    with database.unit() as unit:
        ids = [head.id for head in letters.waiting(unit)]
        first = letters.claim(unit, ids)
        second = letters.claim(unit, ids)

    assert [letter.body for letter in first] == ["once"]
    assert second == []


def test_who_comes_too_late_does_not_change_what_became_of_a_letter(database: Database) -> None:
    say(database, "once")
    with database.unit() as unit:
        [letter] = claim_all(unit)

        letters.settle(unit, [Outcome(letter, LetterState.SENT, message_id=1)])
        letters.settle(unit, [Outcome(letter, LetterState.PENDING, error="late")])

    assert state(database, "once") == (LetterState.SENT, "")


def test_a_letter_carried_by_nobody_of_this_process_waits_again(database: Database) -> None:
    say(database, "lost")
    say(database, "carried", THERE)
    with database.unit() as unit:
        _, carried = claim_all(unit)

        assert letters.recover(unit, 0, [carried.id]) == 1

    assert state(database, "lost")[0] == LetterState.PENDING
    assert state(database, "carried")[0] == LetterState.SENDING


def test_only_what_is_not_at_its_end_is_counted(database: Database) -> None:
    for key in ("waits", "fails", "sent"):
        say(database, key)
    with database.unit() as unit:
        ids = [head.id for head in letters.waiting(unit)]
        fails, sent = letters.claim(unit, ids[1:])
        letters.settle(unit, [Outcome(fails, LetterState.FAILED), Outcome(sent, LetterState.SENT)])

        assert letters.counts(unit) == {
            LetterState.PENDING: 1,
            LetterState.SENDING: 0,
            LetterState.FAILED: 1,
            LetterState.UNKNOWN: 0,
        }


@pytest.mark.parametrize("end", [each for each in LetterState if each not in UNDER_WAY])
def test_what_is_at_its_end_is_forgotten_in_time(
    database: Database, clock: FakeClock, end: LetterState
) -> None:
    say(database, "over")
    with database.unit() as unit:
        letters.settle(unit, [Outcome(letter, end) for letter in claim_all(unit)])
    for key in ("on its way", "waits"):
        say(database, key)
        with database.unit() as unit:
            letters.claim(unit, [h.id for h in letters.waiting(unit)] if key != "waits" else [])
    clock.advance(days=1)

    with database.unit() as unit:
        assert unit.outbox.purge(clock.now, 10) == 1

    assert [each.dedupe_key for each in sent_to(database, HERE)] == ["on its way", "waits"]


def test_what_was_withdrawn_on_its_way_is_not_revived_with_what_a_dead_process_left(
    database: Database,
) -> None:
    say(database, "void", cause="over")
    say(database, "asked", cause="open")
    with database.unit() as unit:
        claim_all(unit)
    with database.unit() as unit:
        unit.outbox.withdraw("over")

    with database.unit() as unit:
        letters.recover(unit, 0)

    assert state(database, "void")[0] == LetterState.CANCELLED
    assert state(database, "asked")[0] == LetterState.PENDING


async def test_what_was_for_a_team_is_said_to_others_of_it(
    database: Database, transport: FakeTransport, clock: FakeClock
) -> None:
    sender = Sender(
        database.unit,
        transport,
        clock,
        Throttle(None),
        on_unreachable=lambda unit, chat, _: unit.outbox.reroute(chat, [THERE]),
    )
    database.on_letters = sender.wake
    transport.fail(HERE, SendError("blocked", permanent=True))
    for n in range(2):
        say(database, f"step:{n}:{HERE}", priority=Priority.ALERT, team="greffe")

    await sender.flush()

    assert [letter.body for letter in transport.to(THERE)] == ["step:0:1", "step:1:1"]
    assert {letter.priority for letter in transport.to(THERE)} == {Priority.ALERT}
    assert state(database, f"step:0:{HERE}")[0] == LetterState.REROUTED


async def test_what_was_for_a_team_of_which_nobody_is_left_has_failed(
    database: Database, transport: FakeTransport, clock: FakeClock
) -> None:
    sender = Sender(
        database.unit,
        transport,
        clock,
        Throttle(None),
        on_unreachable=lambda unit, chat, _: unit.outbox.reroute(chat, []),
    )
    transport.fail(HERE, SendError("blocked", permanent=True))
    for n in range(2):
        say(database, f"step:{n}", team="greffe")
    say(database, "answer")

    await sender.flush()

    assert state(database, "step:0") == (LetterState.FAILED, "blocked")
    assert state(database, "step:1")[0] == LetterState.FAILED
    assert state(database, "answer")[0] == LetterState.CANCELLED
    with database.look() as unit:
        lost = unit.outbox.troubles(clock.now, clock.now, 10)
    assert len(lost) == 2


async def test_however_much_is_wrong_the_alert_among_it_is_named(
    database: Database, transport: FakeTransport, clock: FakeClock
) -> None:
    for n in range(5):
        say(database, f"step:{n}", priority=Priority.REMINDER, team="greffe")
    say(database, "alert", priority=Priority.ALERT, team="reanimation")
    alert = row(database, "alert").id
    clock.advance(minutes=6)

    with database.look() as unit:
        first, *_ = unit.outbox.troubles(clock.now, clock.now, 3)

    assert first.startswith(f"letter {alert} ")


async def test_a_stranger_who_does_not_hear_his_refusal_is_no_trouble(
    database: Database, transport: FakeTransport, clock: FakeClock
) -> None:
    transport.fail(HERE, SendError("blocked", permanent=True))
    transport.fail(THERE, SendError("blocked", permanent=True))
    with database.unit() as unit:
        ann = Member(0, THERE, "Ann", "greffe", "TLS", clock.now)
        unit.people.join(ann)
    for chat in (HERE, THERE):
        say(database, f"refusal:{chat}", chat)

    await Sender(database.unit, transport, clock, Throttle(None)).flush()

    assert state(database, f"refusal:{HERE}")[0] == LetterState.FAILED
    with database.look() as unit:
        [trouble] = unit.outbox.troubles(clock.now, clock.now, 3)
    assert trouble.startswith(f"letter {row(database, f'refusal:{THERE}').id} ")


async def test_after_an_outage_each_chat_gets_one_message_that_is_fresh(
    database: Database, transport: FakeTransport, clock: FakeClock
) -> None:
    def catch_up(unit: Unit, chat: int) -> None:
        unit.outbox.fold_routine(chat)
        unit.outbox.send(chat, f"now:{chat}", f"as it is at {unit.now:%H:%M}", [])

    sender = Sender(database.unit, transport, clock, Throttle(None), on_stale=catch_up)
    database.on_letters = sender.wake
    for n in range(40):
        say(database, f"old {n}", HERE, Priority.REMINDER, cause=f"step:{n}")
    say(database, "news", HERE, Priority.REMINDER)
    say(database, "old alert", HERE, Priority.ALERT, cause="alert:1")
    clock.advance(hours=2)

    await sender.flush()

    assert bodies(transport) == ["old alert", "news", "as it is at 10:00"]


async def test_a_catch_up_that_raises_loses_nothing(
    database: Database,
    transport: FakeTransport,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def raises(unit: Unit, chat: int) -> None:
        raise RuntimeError("a bug")

    sender = Sender(database.unit, transport, clock, Throttle(None), on_stale=raises)
    say(database, "old", HERE, Priority.REMINDER, cause="step:1")
    clock.advance(hours=2)

    await sender.flush()

    assert bodies(transport) == ["old"]


async def test_a_letter_that_cannot_be_filled_in_did_not_leave_and_holds_up_nobody(
    database: Database,
    transport: FakeTransport,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    faults = [KeyError("a bug")]

    def fill(letter: Letter) -> Letter:
        if faults:
            raise faults.pop()
        return letter

    sender = Sender(database.unit, transport, clock, Throttle(None), fill=fill)
    say(database, "unlucky")
    say(database, "next")

    await sender.flush()
    assert bodies(transport) == ["next"]
    clock.advance(seconds=1)
    await sender.flush()

    assert bodies(transport) == ["next", "unlucky"]


async def test_an_alert_overtakes_a_routine_message_of_its_chat_that_waits_for_its_next_attempt(
    database: Database, sender: Sender, transport: FakeTransport
) -> None:
    transport.fail(HERE, SendError("ConnectionRefused"))
    say(database, "routine")
    await sender.flush()
    say(database, "alert", priority=Priority.ALERT)

    await sender.flush()

    assert bodies(transport)[0] == "alert"


async def test_what_an_error_of_ours_says_goes_into_no_line(
    database: Database,
    transport: FakeTransport,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """In the transport, in a rule that settles, and at each attempt: one line, without it."""

    def raises(*_: object) -> None:
        raise RuntimeError(SECRET)

    sender = Sender(database.unit, transport, clock, Throttle(None), on_unreachable=raises)
    transport.fail(HERE, *(KeyError(SECRET) for _ in range(5)))
    transport.fail(THERE, SendError("blocked", permanent=True))
    say(database, "unlucky")
    say(database, "lost", THERE)
    for _ in range(7):
        await sender.flush()
        clock.advance(minutes=1)

    assert "unlucky" in bodies(transport)[0]
    assert sum("was not carried: KeyError" in line for line in caplog.messages) == 1
    assert sum("nobody could be told" in line for line in caplog.messages) == 1
    assert SECRET not in caplog.text


async def test_a_telegram_that_is_away_is_two_lines(
    database: Database,
    sender: Sender,
    transport: FakeTransport,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    transport.fail(HERE, *(SendError("ConnectionRefused") for _ in range(9)))
    say(database, "at last")
    for _ in range(12):
        await sender.flush()
        clock.advance(minutes=1)

    assert bodies(transport) == ["at last"]
    begins, ends = caplog.messages
    assert begins == "letters do not arrive: ConnectionRefused"
    assert ends.startswith("letters do not arrive: over, after 8 times in ")


def test_a_database_that_is_away_is_two_lines(
    calm: Database, loop: VirtualLoop, caplog: pytest.LogCaptureFixture
) -> None:
    faults = [OperationalError(f"SELECT {SECRET}", {}, Exception(SECRET)) for _ in range(30)]

    @contextmanager
    def units() -> Generator[Unit]:
        if faults:
            raise faults.pop()
        with calm.unit() as unit:
            yield unit

    transport = FakeTransport(loop.wall)
    say(calm, "at last")
    sender = Sender(units, transport, loop.wall, Throttle(None))
    play(loop, until(loop, sender, lambda: bool(transport.sent)))

    begins, ends = (line for line in caplog.messages if line.startswith("nothing can be sent"))
    assert begins.startswith("nothing can be sent: OperationalError at outbox.py:")
    assert ends.startswith("nothing can be sent: over, after 30 times in ")
    assert SECRET not in caplog.text


async def test_an_error_of_ours_is_not_the_end_of_sending(
    database: Database,
    transport: FakeTransport,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sender = Sender(database.unit, transport, clock, Throttle(None), on_calls=lambda *_: 1 / 0)
    say(database, "alert", priority=Priority.ALERT)
    say(database, "next")
    with suppress(ZeroDivisionError):
        await sender.flush()

    await sender.flush()

    assert bodies(transport) == ["alert", "next"]
    assert state(database, "alert")[0] == LetterState.SENT


async def test_what_became_of_a_thing_is_shown_where_people_look(
    database: Database, sender: Sender, clock: FakeClock
) -> None:
    button = [[{"text": "Je prends", "data": "alert:take:TLS-7K4Z:1"}]]
    for n in range(30):
        with database.unit() as unit:
            unit.outbox.send(HERE, f"call {n}", f"call {n}", button, cause="alert")
            unit.outbox.send(THERE, f"there {n}", f"call {n}", button, cause="alert")
        await sender.flush()
        clock.advance(minutes=1)
    arrived = {
        chat: [each.message_id for each in sent_to(database, chat) if each.message_id]
        for chat in (HERE, THERE)
    }
    assert all(len(messages) > EDITED for messages in arrived.values())

    for n in range(2):
        with database.unit() as unit:
            unit.outbox.show("alert", f"taken {n}", "Prise", button)

    for chat, messages in arrived.items():
        edits = [each for each in sent_to(database, chat) if each.kind == Kind.EDIT]
        assert sorted(each.message_id for each in edits) == sorted(messages[-EDITED:] * 2)


async def test_of_several_changes_of_a_message_in_one_unit_the_last_one_is_made(
    database: Database, transport: FakeTransport, sender: Sender
) -> None:
    with database.unit() as unit:
        for n in range(20):
            unit.outbox.edit(HERE, 42, f"tick {n}", f"{n} cases", [])
        unit.outbox.edit(HERE, 43, "other", "autre", [])

    await sender.flush()

    assert [each.body for each in transport.to(HERE)] == ["19 cases", "autre"]


async def test_a_change_that_a_newer_one_follows_does_not_use_up_the_chat(
    database: Database, transport: FakeTransport, sender: Sender
) -> None:
    for n in range(30):
        with database.unit() as unit:
            unit.outbox.edit(HERE, 42, f"tick {n}", f"{n} cases", [])
    say(database, "answer")

    await sender.flush()

    assert [each.body for each in transport.to(HERE)] == ["29 cases", "answer"]
    assert state(database, "tick 0")[0] == LetterState.CANCELLED


def test_what_was_numbered_in_a_group_is_not_changed_in_the_supergroup_it_became(
    database: Database,
) -> None:
    say(database, "question", GROUP)
    with database.unit() as unit:
        unit.outbox.edit(GROUP, 89, "shown", "faite", [])
        unit.outbox.delete(GROUP, 90)
        unit.outbox.send(GROUP, "said just before", "bonjour", [])
        letters.move_chat(unit, GROUP, -1009)

    moved = {each.dedupe_key: each.state for each in sent_to(database, -1009)}
    left = {each.kind: each.state for each in sent_to(database, GROUP)}
    assert moved == dict.fromkeys(("question", "said just before"), LetterState.PENDING)
    assert left == dict.fromkeys((Kind.EDIT, Kind.DELETE), LetterState.CANCELLED)


def test_what_is_said_in_the_unit_in_which_its_chat_is_lost_finds_other_readers(
    database: Database,
) -> None:
    with database.unit() as unit:
        unit.outbox.send(HERE, f"relay:{HERE}", "à relire", [], team="greffe")
        unit.outbox.reroute(HERE, [THERE])

    assert state(database, f"relay:{THERE}")[0] == LetterState.PENDING


TAKE = [[{"text": "Je prends", "data": "alert:take:TLS-7K4Z:1"}]]


class Overtaken(FakeTransport):
    """While a call is on its way, the alert is taken."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        super().__init__(clock)
        self._database = database
        self.tapped = (0, 0)

    async def deliver(self, letter: Letter) -> int | None:
        if letter.kind is Kind.SEND:
            with self._database.unit() as unit:
                unit.outbox.tapped = self.tapped
                unit.outbox.withdraw("alert")
                unit.outbox.show("alert", "taken", "Prise", [])
        return await super().deliver(letter)


@pytest.fixture
def overtaken(database: Database, clock: FakeClock) -> Overtaken:
    return Overtaken(database, clock)


async def call(database: Database, transport: FakeTransport, clock: FakeClock) -> Sender:
    """An alert calls, with its button."""
    sender = Sender(database.unit, transport, clock, Throttle(None))
    database.on_letters = sender.wake
    with database.unit() as unit:
        alert = Priority.ALERT
        unit.outbox.send(HERE, "call", "Alerte", TAKE, priority=alert, cause="alert")
    await sender.flush()
    return sender


async def test_what_lands_after_its_thing_was_over_shows_it_at_once(
    database: Database, overtaken: Overtaken, clock: FakeClock
) -> None:
    await call(database, overtaken, clock)

    said, shown = overtaken.to(HERE)
    assert (said.body, said.keyboard) == ("Alerte", TAKE)
    assert (shown.kind, shown.body, shown.keyboard) == (Kind.EDIT, "Prise", [])
    assert shown.payload["message_id"] == row(database, "call").message_id
    assert not row(database, "call").live


async def test_what_never_landed_is_not_changed(
    database: Database, overtaken: Overtaken, clock: FakeClock
) -> None:
    overtaken.fail(HERE, SendError("ConnectionRefused"))

    sender = await call(database, overtaken, clock)
    clock.advance(minutes=1)
    await sender.flush()

    assert overtaken.to(HERE) == []
    states = [each.state for each in sent_to(database, HERE)]
    assert states == [LetterState.CANCELLED, LetterState.CANCELLED]


async def test_what_was_tapped_before_we_knew_that_it_landed_is_left_to_its_handler(
    database: Database, overtaken: Overtaken, clock: FakeClock
) -> None:
    overtaken.tapped = (HERE, 1)

    await call(database, overtaken, clock)

    assert row(database, "call").message_id == 1
    assert [letter.body for letter in overtaken.to(HERE)] == ["Alerte"]


async def test_a_secret_is_filled_in_at_the_last_instant_and_kept_nowhere(
    database: Database, transport: FakeTransport, clock: FakeClock
) -> None:
    def fill(letter: Letter) -> Letter:
        return replace(letter, body=letter.body.replace("{link}", "t.me/secret"))

    sender = Sender(database.unit, transport, clock, Throttle(None), fill=fill)
    say(database, "{link}")

    await sender.flush()

    assert bodies(transport) == ["t.me/secret"]
    assert row(database, "{link}").body == "{link}"


async def test_a_wall_clock_that_went_back_delays_nothing_by_more_than_its_own_length(
    database: Database, transport: FakeTransport, clock: FakeClock
) -> None:
    transport.fail(HERE, SendError("ConnectionRefused"))
    say(database, "late")
    await Sender(database.unit, transport, clock, Throttle(None)).flush()

    clock.advance(hours=-1)
    restarted = Sender(database.unit, transport, clock, Throttle(None))
    await restarted.flush()
    clock.advance(minutes=1)
    await restarted.flush()

    assert bodies(transport) == ["late"]


async def test_what_was_withdrawn_by_the_hundred_uses_up_no_slot(
    database: Database, sender: Sender, transport: FakeTransport
) -> None:
    for n in range(200):
        say(database, f"void {n}", n, Priority.BULK, cause="step:1")
    await sender.flush()
    with database.unit() as unit:
        unit.outbox.withdraw("step:1")
    say(database, "next", 1000, Priority.ANSWER)

    left = len(bodies(transport))
    await sender.flush()

    assert bodies(transport)[left:] == ["next"]


# Many, in a time of their own


class Strict:
    """A messenger 40 ms away that keeps Telegram's limits and takes note of who breaks them."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.taken: list[tuple[float, Letter]] = []
        self.refused = 0
        self._loop = loop
        self._chance = Random(1)

    async def deliver(self, letter: Letter) -> int:
        await pause(timedelta(seconds=self._chance.uniform(0.015, 0.025)))
        now = self._loop.time()
        if not self._allows(letter.chat_id, now):
            self.refused += 1
            raise SendError("Too Many Requests", retry_after=timedelta(seconds=1))
        self.taken.append((now, letter))
        await pause(timedelta(seconds=0.02))
        return len(self.taken)

    def _allows(self, chat: int, now: float) -> bool:
        lately = [(at, letter.chat_id) for at, letter in self.taken[-100:]]
        overall = sum(at > now - 1 for at, _ in lately)
        here = sum(at > now - 1 for at, other in lately if other == chat)
        return overall < 30 and here < 1


@pytest.fixture
def loop() -> VirtualLoop:
    return VirtualLoop()


@pytest.fixture
def calm(sqlite_url: str, network: Network, loop: VirtualLoop) -> Iterator[Database]:
    opened = Database(sqlite_url, clock=loop.wall, words=Show(), network=network)
    yield opened
    opened.close()


ROUND_ROBIN = [n % 60 for n in range(600)]
GROUPED = [n // 10 for n in range(600)]


@pytest.mark.parametrize(
    ("order", "least"), [(ROUND_ROBIN, 28.5), (GROUPED, 28.0)], ids=["round robin", "grouped"]
)
def test_a_bulk_leaves_as_fast_as_telegram_allows(
    calm: Database, loop: VirtualLoop, order: list[int], least: float
) -> None:
    strict = Strict(loop)
    sender = Sender(calm.unit, strict, loop.wall, Throttle())
    with calm.unit() as unit:
        for n, chat in enumerate(order):
            unit.outbox.send(-1 - chat, f"bulk {n}", "bulk", [], priority=Priority.BULK)

    play(loop, until(loop, sender, lambda: len(strict.taken) == 600))

    assert 600 / strict.taken[-1][0] >= least
    assert strict.refused <= 1


def test_an_alert_in_the_middle_of_a_bulk_leaves_at_once(
    calm: Database, loop: VirtualLoop
) -> None:
    strict = Strict(loop)
    sender = Sender(calm.unit, strict, loop.wall, Throttle())
    calm.on_letters = sender.wake
    with calm.unit() as unit:
        for n in range(300):
            unit.outbox.send(-1 - n % 30, f"bulk {n}", "bulk", [], priority=Priority.BULK)
    loop.call_later(5, lambda: say(calm, "alert", -100, Priority.ALERT))

    play(loop, until(loop, sender, lambda: len(strict.taken) == 301))

    [at] = [at for at, letter in strict.taken if letter.chat_id == -100]
    assert at <= 5.026
    assert strict.refused == 0


def test_answers_40_ms_away_are_300_a_second(calm: Database, loop: VirtualLoop) -> None:
    class Far(FakeTransport):
        async def deliver(self, letter: Letter) -> int | None:
            await pause(timedelta(milliseconds=40))
            return await super().deliver(letter)

    far = Far(loop.wall)
    commits = []
    sender = Sender(
        calm.unit, far, loop.wall, Throttle(None), on_look=lambda: commits.append(loop.time())
    )
    with calm.unit() as unit:
        for n in range(600):
            unit.outbox.popup(f"q{n}")
            unit.outbox.edit(n % 200, n, f"edit {n}", "card", [])

    play(loop, until(loop, sender, lambda: len(far.sent) == 1200))

    assert loop.time() <= 2
    assert len(commits) <= 100


HANGING = range(1000, 1040)
TIMEOUT = 20.0


class Hanging(FakeTransport):
    """Forty chats of which nothing is heard until the transport gives up."""

    deaf = frozenset(HANGING)

    async def deliver(self, letter: Letter) -> int | None:
        hangs = letter.chat_id in self.deaf
        await pause(timedelta(seconds=TIMEOUT if hangs else 0.04))
        if hangs:
            raise SendError("TimedOut", unknown=True)
        return await super().deliver(letter)


def hanging(calm: Database, loop: VirtualLoop) -> tuple[Hanging, Sender]:
    """Letters wait for all of them; somebody else asks for something every second."""
    transport = Hanging(loop.wall)
    sender = Sender(calm.unit, transport, loop.wall, Throttle(None))
    calm.on_letters = sender.wake
    for chat in HANGING:
        say(calm, f"to {chat}", chat)
    for second in range(100):
        loop.call_later(second + 0.5, say, calm, f"answer {second}", HERE)
    return transport, sender


def test_forty_chats_that_hang_delay_no_answer_to_another_by_three_seconds(
    calm: Database, loop: VirtualLoop
) -> None:
    transport, sender = hanging(calm, loop)

    play(loop, until(loop, sender, lambda: len(transport.sent) == 100))

    asked = {letter.id: letter.created_at for _, letter in transport.sent}
    delays = [(at - asked[letter.id]).total_seconds() for at, letter in transport.sent]
    assert max(delays) < 3
    # Once they are known, nobody waits for them at all.
    assert max(delays[10:]) < 0.1


def test_a_chat_that_hung_hears_everything_once_it_answers_again(
    calm: Database, loop: VirtualLoop
) -> None:
    transport, sender = hanging(calm, loop)
    loop.call_later(50, setattr, transport, "deaf", frozenset())

    play(loop, until(loop, sender, lambda: len(transport.sent) == 140))

    assert {letter.chat_id for _, letter in transport.sent} == {HERE, *HANGING}


def test_an_alert_to_a_chat_that_hung_is_tried_at_once(calm: Database, loop: VirtualLoop) -> None:
    transport, sender = hanging(calm, loop)
    loop.call_later(50, setattr, transport, "deaf", frozenset(HANGING) - {HANGING[-1]})
    loop.call_later(55, say, calm, "alert", HANGING[-1], Priority.ALERT)

    play(loop, until(loop, sender, lambda: "alert" in bodies(transport)))

    [at] = [at for at, letter in transport.sent if letter.body == "alert"]
    assert (at - START).total_seconds() < 55.1


async def until(loop: VirtualLoop, sender: Sender, done: Callable[[], bool]) -> None:
    running = loop.create_task(sender.run())
    while not done():
        await pause(timedelta(milliseconds=5))
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await sender.close(timedelta(seconds=1))


# Two chats that never answer


@pytest.mark.parametrize("unknown", [False, True])
async def test_two_chats_that_never_answer_keep_their_pauses_while_others_are_reached(
    database: Database,
    transport: FakeTransport,
    sender: Sender,
    clock: FakeClock,
    *,
    unknown: bool,
) -> None:
    for chat in (1, 2):
        transport.fail(chat, *[SendError("no answer", unknown=unknown) for _ in range(500)])
        say(database, f"bad {chat}", chat)
    await sender.flush()

    for n in range(60):
        clock.advance(seconds=0.5)
        say(database, f"good {n}", 100 + n)
        await sender.flush()

    # After 1 s, 2, 4, 8 …, and once more when the first of the others arrived.
    assert row(database, "bad 1").attempts <= 7


async def test_a_letter_of_a_kind_that_nobody_knows_holds_up_no_alert(
    database: Database, transport: FakeTransport, sender: Sender
) -> None:
    """Of a newer version of the program, or made by hand."""
    say(database, "odd")
    with database.engine.begin() as connection:
        connection.execute(update(outbox).values(kind="fax"))
    say(database, "alert", THERE, Priority.ALERT)

    await sender.flush()

    assert [letter.body for letter in transport.to(THERE)] == ["alert"]
