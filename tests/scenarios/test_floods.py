"""Guesses and floods: strangers cost nothing and write nothing, members are told once."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain import privacy
from bot.domain.roles import Team
from bot.models import LetterState
from bot.store.inbox import inbox
from bot.store.letters import outbox
from tests.hospital import Hospital
from tests.scenarios.test_joining import member, presence
from tests.ward import Person

GREFFE, COORDINATION = Team.GREFFE, Team.COORDINATION
LONG = "le patient va bien, on a fait le point avec toute l’équipe à 14 h 30. " * 58


@pytest.fixture
async def guarded(ward: Hospital) -> Hospital:
    """A ward as it is run, with its doorman."""
    ward.guarded = True
    await ward.restart()
    return ward


def said(ward: Hospital, person: Person, count: int, *words: Any, chat: int = 0) -> list[Any]:
    what = words or ("bonjour",)
    where = chat or person.id
    return [ward.message(person, where, text=what[n % len(what)]) for n in range(count)]


def events(ward: Hospital) -> int:
    counted: int = ward.ask(lambda unit: unit.events.count())
    return counted


def rows(ward: Hospital, table: Any) -> list[Any]:
    return list(ward.ask(lambda unit: unit.connection.execute(select(table)).all()))


async def taken(ward: Hospital, updates: list[Any]) -> None:
    """As they come from a poll, a hundred at a time."""
    for at in range(0, len(updates), 100):
        await ward.relais.intake._take_all(updates[at : at + 100])
    await ward.flush()


# Codes


async def test_after_five_wrong_codes_each_further_one_has_to_wait_longer(
    guarded: Hospital,
) -> None:
    ward = guarded
    stranger = ward.person("Stranger")
    waits = []

    for n in range(8):
        await ward.say(stranger, f"/start wrong-code-{n}")
        assert ward.last(stranger) == "joining.invalid"
        wait = ward.relais.desk._guesses.wait(stranger.id) or timedelta(0)
        waits.append(wait.total_seconds() / 60)
        await ward.advance(seconds=wait.total_seconds())

    assert waits == [0, 0, 0, 0, 1, 2, 4, 8]
    for n in range(12):
        await ward.advance(days=1)
        await ward.say(stranger, f"/start again-{n}")
    assert ward.relais.desk._guesses.wait(stranger.id) == timedelta(days=1)


async def test_the_right_code_is_refused_while_its_author_has_to_wait(guarded: Hospital) -> None:
    ward = guarded
    guest, token = ward.person("Léa"), ward.token(GREFFE)
    for n in range(5):
        await ward.say(guest, f"/start wrong-code-{n}")

    with ward.heard(guest) as heard:
        for _ in range(10):
            await ward.say(guest, f"/start {token}")

    assert [each.split()[0] for each in heard] == ["joining.wait"]
    assert member(ward, guest) is None
    ward.clock.advance(minutes=1)
    await ward.say(guest, f"/start {token}")
    assert member(ward, guest) is not None


async def test_the_coordination_is_told_once_of_a_burst_of_wrong_codes(guarded: Hospital) -> None:
    ward = guarded
    strangers = [ward.person("One"), ward.person("Two")]
    before = events(ward)

    for stranger in strangers:
        for n in range(100):
            await ward.say(stranger, f"/start wrong-code-{n}")

    told = ward.told(ward.chat(COORDINATION), "joining.guesses")
    assert told == ["joining.guesses n=1 tries=6"]
    assert len(ward.told(strangers[0])) == 6
    assert events(ward) == before
    assert ward.relais.health()["dropped"]["guess"] > 150


async def test_a_code_guessed_in_a_group_counts_as_well(guarded: Hospital) -> None:
    ward = guarded
    stranger, group = ward.person("Stranger"), ward.chat(GREFFE)

    with ward.heard(group) as heard:
        for n in range(20):
            await ward.say(stranger, f"/start wrong-code-{n}", group)

    assert [each.split()[0] for each in heard] == ["joining.read"] * 5 + ["joining.wait"]
    assert ward.told(ward.chat(COORDINATION), "joining.guesses")


async def test_an_invitation_shown_in_a_group_is_void_whoever_has_to_wait(
    guarded: Hospital,
) -> None:
    ward = guarded
    stranger, guest, token = ward.person("Stranger"), ward.person("Léa"), ward.token(GREFFE)
    for n in range(5):
        await ward.say(stranger, f"/start wrong-code-{n}")

    await ward.say(stranger, f"/start {token}", ward.chat(GREFFE))
    await ward.say(guest, f"/start {token}")

    assert member(ward, guest) is None


# Strangers


async def test_six_hundred_messages_of_a_stranger_are_one_answer_and_nothing_kept(
    guarded: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward = guarded
    stranger = ward.person("Stranger")
    known, written = len(rows(ward, inbox)), events(ward)
    screened: list[str] = []
    monkeypatch.setattr(privacy, "screen", screened.append)

    await taken(ward, said(ward, stranger, 600, "Mme Dupont, 0612345678", LONG))

    assert ward.told(stranger) == ["joining.stranger"]
    assert [each for each in rows(ward, outbox) if each.state == LetterState.PENDING] == []
    assert len(rows(ward, inbox)) == known + 1
    assert screened == []
    assert events(ward) == written
    assert ward.relais.health()["dropped"]["stranger"] == 599
    await ward.advance(hours=1)
    await ward.say(stranger, "bonjour")
    assert len(ward.told(stranger)) == 2


async def test_a_stranger_hears_that_an_alert_of_theirs_has_not_left(guarded: Hospital) -> None:
    [code] = await guarded.injected()
    stranger = guarded.person("Stranger")

    await guarded.say(stranger, f"/alerte {code} Mme Dupont")

    assert guarded.told(stranger) == ["alert.none why=(joining.stranger)"]
    assert guarded.alerts(code) == []


@pytest.mark.parametrize(
    "content",
    [
        {"photo": [], "caption": "Mme Dupont"},
        {"text": "Mme Dupont, 0612345678"},
        {"voice": {}},
        {"forward_origin": {}, "text": "bonjour"},
        {"sticker": {}},
        {"text": "/start a-wrong-code"},
        {"text": "/retirer 1"},
    ],
    ids=str,
)
@pytest.mark.parametrize("is_guarded", [True, False], ids=["doorman", "none"])
async def test_nothing_that_a_stranger_does_enters_the_events(
    ward: Hospital, content: dict[str, Any], is_guarded: bool
) -> None:
    ward.guarded = is_guarded
    await ward.restart()
    stranger, before = ward.person("Stranger"), events(ward)

    for chat in (stranger.id, ward.chat(GREFFE), -4000):
        await ward.receive(ward.message(stranger, chat, **content))
        await ward.receive(
            ward.update("edited_message", ward.message(stranger, chat, **content)["message"])
        )
        await ward.tap(stranger, chat, 1, "member:gone:1")
        await ward.receive(presence(ward, stranger, -4000, "member"))

    assert events(ward) == before


async def test_strangers_in_a_group_are_answered_once_an_hour(guarded: Hospital) -> None:
    ward, group = guarded, guarded.chat(GREFFE)
    strangers = [ward.person(f"Stranger {n}") for n in range(5)]

    with ward.heard(group) as heard:
        for stranger in strangers:
            await ward.say(stranger, "/aide", group)
            await ward.say(stranger, "/aide@another_bot", group)
            await ward.say(stranger, "bonjour", group)

    assert heard == ["joining.stranger"]


async def test_a_stranger_who_adds_the_bot_again_and_again_is_told_once(
    guarded: Hospital,
) -> None:
    ward = guarded
    stranger = ward.person("Stranger")

    for _ in range(5):
        await ward.receive(presence(ward, stranger, -4000, "member"))
        await ward.receive(presence(ward, stranger, -4000, "left"))

    assert ward.told(-4000) == ["group.unbound"]


async def test_who_joins_and_calls_for_help_in_one_breath_is_heard(guarded: Hospital) -> None:
    ward = guarded
    [code] = await ward.injected()
    guest, token = ward.person("Léa"), ward.token(GREFFE)

    await ward.receive(
        ward.message(guest, text=f"/alerte {code}"), ward.message(guest, text=f"/start {token}")
    )

    # The order of one batch is Telegram's; whoever was early is told that it was not heard.
    assert member(ward, guest) is not None
    await ward.receive(ward.message(guest, text=f"/alerte {code}"))
    assert len(ward.alerts(code)) == 1


# Members


async def test_a_member_who_floods_is_told_once_and_an_alert_is_heard_all_the_same(
    guarded: Hospital,
) -> None:
    ward = guarded
    [code] = await ward.injected()
    greffe = ward.who(GREFFE)

    with ward.heard(greffe) as heard:
        await taken(ward, said(ward, greffe, 400, "/garde"))
        await ward.say(greffe, f"/alerte {code}")

    assert heard.count("typed.too_many") == 1
    assert len(heard) < 40
    assert len(ward.alerts(code)) == 1
    ward.clock.advance(seconds=11)
    with ward.heard(greffe) as heard:
        await ward.say(greffe, "/garde")
    assert len(heard) == 1
    assert heard != ["typed.too_many"]


async def test_a_flooded_group_is_told_once_and_the_others_are_heard(guarded: Hospital) -> None:
    ward, group = guarded, guarded.chat(GREFFE)
    many = [ward.person(f"Nurse {n}", GREFFE) for n in range(10)]
    flood = [update for who in many for update in said(ward, who, 20, "/garde", chat=group)]

    with ward.heard(group) as heard:
        await taken(ward, flood)

    assert heard.count("typed.too_many") == 1
    assert len(heard) == 121
    efs = ward.who(Team.EFS)
    with ward.heard(efs) as elsewhere:
        await ward.say(efs, "/garde")
    assert len(elsewhere) == 1


async def test_who_taps_too_much_is_told_in_a_pop_up(guarded: Hospital) -> None:
    ward = guarded
    greffe = ward.who(GREFFE)

    answers = [ward.popup(await ward.tap(greffe, greffe.id, 1, "gone:by")) for _ in range(203)]

    assert answers == ["button.stale"] * 200 + ["typed.too_many", "no answer", "no answer"]


async def test_what_was_typed_during_an_outage_is_no_flood(guarded: Hospital) -> None:
    ward = guarded
    greffe = ward.who(GREFFE)
    updates = said(ward, greffe, 100, "/garde")
    for n, update in enumerate(updates):
        update["message"]["date"] += 10 * n

    with ward.heard(greffe) as heard:
        await taken(ward, updates)

    assert len(heard) == 100
    assert "typed.too_many" not in heard


async def test_a_batch_that_breaks_is_counted_once(
    guarded: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward = guarded
    greffe, entered = ward.who(GREFFE), ward.relais.desk._handle
    updates = said(ward, greffe, 25, "/garde")
    broken = updates[-1]["update_id"]

    def breaks(unit: Any, raw: Any) -> None:
        if raw["update_id"] == broken:
            raise ValueError("a bug")
        entered(unit, raw)

    monkeypatch.setattr(ward.relais.desk, "_handle", breaks)
    ward.excused = (f"update {broken}",)

    with ward.heard(greffe) as heard:
        await ward.receive(*updates)

    assert len(heard) == 25
    assert heard[-1] == "edge.sorry"


async def test_an_identity_in_a_long_text_of_a_group_is_taken_away_still(
    guarded: Hospital,
) -> None:
    ward, group = guarded, guarded.chat(GREFFE)

    await ward.say(ward.who(GREFFE), f"{LONG[:3000]} Mme Dupont, née le 12/03/1956", group)

    assert len([each for each in ward.transport.to(group) if each.kind == "delete"]) == 1
