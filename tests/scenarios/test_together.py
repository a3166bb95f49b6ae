"""Together: two people, two rings, two bots on one database; one wins, the other is told."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select

from bot.domain.network import Network
from bot.domain.roles import Team
from bot.store import Database
from bot.store.sayings import outbox
from tests.fakes import FakeClock, Show
from tests.hospital import Hospital
from tests.ward import Person

GREFFE, REANIMATION = Team.GREFFE, Team.REANIMATION


@pytest.fixture
async def two(
    postgres_url: str, clock: FakeClock, network: Network
) -> AsyncIterator[tuple[Hospital, Hospital]]:
    """Two bots on one PostgreSQL, each with its own connections and its own messenger."""
    opened = []
    for _ in range(2):
        database = Database(
            postgres_url, clock=clock, words=Show(), network=network, audit_key=b"key"
        )
        opened.append(Hospital(database, clock))
        await opened[-1].open()
    first, second = opened
    first.staff()
    second.people, second.groups = first.people, first.groups
    yield first, second
    found = first.faults()
    for each in opened:
        each.database.close()
    assert found == []


def press(ward: Hospital, who: Person, chat: int, data: str, query: str) -> dict[str, object]:
    return ward.update("callback_query", ward.query(who, chat, 1, data, query))


def line(ward: Hospital, code: str) -> str:
    """How buttons name a patient's line of the open round."""
    [asked] = ward.record(code).unanswered()
    return f"{code}:{asked.key}"


def sent_by(wards: tuple[Hospital, Hospital], chat: int, about: str) -> int:
    return sum(len(ward.told(chat, about)) for ward in wards)


async def test_two_bots_ring_and_each_due_thing_is_handled_once(
    two: tuple[Hospital, Hospital],
) -> None:
    first, second = two
    [code] = await first.injected()
    await first.alert(GREFFE, code)
    first.clock.advance(minutes=5)

    await first.relais.ring()
    await second.relais.ring()
    await first.flush()
    await second.flush()

    assert sent_by(two, first.chat(REANIMATION), "alert.again") == 1
    assert first.alerts(code)[0].rung == 1


async def test_two_bots_send_each_letter_once(two: tuple[Hospital, Hospital]) -> None:
    first, second = two
    [code] = await first.injected()
    first.relais.intake.take([first.message(first.who(GREFFE), text=f"/alerte {code}")])

    await second.flush()
    await first.flush()

    assert sent_by(two, first.chat(REANIMATION), "alert.raised") == 1
    left = select(func.count()).where(outbox.c.state != "sent")
    assert first.ask(lambda unit: unit.connection.execute(left).scalar()) == 0


async def test_an_update_given_to_two_bots_acts_once(two: tuple[Hospital, Hospital]) -> None:
    first, second = two
    [code] = await first.injected()
    update = first.message(first.who(GREFFE), text=f"/alerte {code}")

    await first.receive(update)
    await second.receive(update)

    assert len(first.alerts(code)) == 1


async def test_two_taps_of_two_people_in_one_batch_confirm_once(any_ward: Hospital) -> None:
    [code] = await any_ward.injected()
    one, other = any_ward.who(GREFFE), any_ward.person("Ines", GREFFE)
    await any_ward.at("2026-04-27T14:00")
    chat, ras = any_ward.chat(GREFFE), f"check:ras:{line(any_ward, code)}"

    await any_ward.receive(
        press(any_ward, one, chat, ras, "a"),
        press(any_ward, other, chat, ras, "b"),
    )

    assert any_ward.popup("a") == ""
    assert any_ward.popup("b").startswith("check.already")
    assert "name=Greffe" in any_ward.popup("b")


async def test_an_alert_taken_in_two_chats_at_the_same_instant_has_one_taker(
    any_ward: Hospital,
) -> None:
    [code] = await any_ward.injected()
    one, other = any_ward.who(REANIMATION), any_ward.person("Zoe", REANIMATION)
    number = await any_ward.alert(GREFFE, code)
    take = f"alert:take:{code}:{number}"

    await any_ward.receive(
        press(any_ward, one, any_ward.chat(REANIMATION), take, "a"),
        press(any_ward, other, other.id, take, "b"),
    )

    assert any_ward.popup("a") == ""
    assert any_ward.popup("b").startswith("alert.already_taken")
    assert any_ward.alerts(code)[0].taken_by is not None


async def test_one_reports_while_the_other_says_ras_and_the_report_stands(
    ward: Hospital,
) -> None:
    [code] = await ward.injected()
    one, other = ward.who(GREFFE), ward.person("Ines", GREFFE)
    await ward.at("2026-04-27T14:00")
    chat, asked = ward.chat(GREFFE), line(ward, code)

    await ward.receive(
        press(ward, one, chat, f"report:sign:{asked}:src", "a"),
        press(ward, other, chat, f"check:ras:{asked}", "b"),
    )

    assert len(ward.alerts(code)) == 1
    assert ward.popup("b").startswith("check.already")


async def test_a_check_answered_between_two_rings_is_not_escalated(ward: Hospital) -> None:
    [code] = await ward.injected()
    await ward.at("2026-04-27T15:59")
    ward.clock.advance(minutes=2)

    ras = f"check:ras:{line(ward, code)}"
    ward.relais.intake.take([press(ward, ward.who(GREFFE), ward.chat(GREFFE), ras, "a")])
    await ward.advance()

    assert ward.told(ward.chat(REANIMATION), "check.round_escalated") == []
