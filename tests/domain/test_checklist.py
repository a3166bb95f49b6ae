"""What a checklist offers, and what is believed of what comes back."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import checklist
from bot.domain.message import Refused
from bot.domain.pathway import Item, ItemKind
from tests.domain.patients import CALENDAR, PATHWAY

NOW = datetime(2026, 4, 27, 8, 0, 30, tzinfo=UTC)  # 10:00 in Toulouse
MINUTE = int(NOW.timestamp()) // 60

TICK = Item("identite", "Identité vérifiée")
NOTE = Item("note", "Remarque", ItemKind.TEXT)
BAGS = Item("poches", "Nombre de poches", ItemKind.NUMBER, low=1, high=3)
ICE = Item("ice", "ICE", ItemKind.NUMBER, low=0, high=3, descending=True)
PLACE = Item("lieu", "Lieu", ItemKind.CHOICE, choices=("chambre", "bloc"))
CALL = Item("appel", "Date du premier appel", ItemKind.DAY, low=1, high=3)
START = Item("debut", "Heure de début", ItemKind.TIME)


def read(item: Item, coded: str, now: datetime = NOW) -> Any:
    return checklist.read(item, coded, now, CALENDAR)


@pytest.mark.parametrize(
    ("item", "offered"),
    [
        (TICK, ("1",)),
        (NOTE, ("1",)),
        (BAGS, ("1", "2", "3")),
        (ICE, ("3", "2", "1", "0")),
        (PLACE, ("chambre", "bloc")),
        (CALL, ("2026-04-28", "2026-04-29", "2026-04-30")),
        (START, tuple(f"{MINUTE - ago}-{ago}" for ago in (0, 5, 15, 30, 60))),
    ],
)
def test_each_kind_offers_its_values(item: Item, offered: tuple[str, ...]) -> None:
    assert checklist.offered(item, NOW, CALENDAR) == offered


@pytest.mark.parametrize("item", [TICK, NOTE, BAGS, ICE, PLACE, CALL, START])
def test_what_was_just_offered_is_believed(item: Item) -> None:
    for coded in checklist.offered(item, NOW, CALENDAR):
        read(item, coded)


@pytest.mark.parametrize(
    ("item", "coded", "value"),
    [
        (TICK, "1", True),
        (NOTE, "1", ""),
        (BAGS, "2", 2),
        (ICE, "0", 0),
        (PLACE, "bloc", "bloc"),
        (CALL, "2026-04-29", "2026-04-29"),
        (START, f"{MINUTE - 5}-5", "2026-04-27T07:55:00+00:00"),
    ],
)
def test_a_value_is_read_as_it_is_kept(item: Item, coded: str, value: Any) -> None:
    assert read(item, coded) == value


@pytest.mark.parametrize(
    ("item", "coded"),
    [
        *((TICK, coded) for coded in ("", "0", "2", "true")),
        *((BAGS, coded) for coded in ("", "0", "4", "-1", "1.0", "01", "٢", "9" * 30)),
        *((PLACE, coded) for coded in ("", "couloir", "Bloc", "1")),
        *((CALL, coded) for coded in ("", "2026-04-27", "2026-05-01", "1970-01-01", "20260428")),
        *(
            (START, coded)
            for coded in ("", "0", "0-0", str(MINUTE), f"{MINUTE}-1", f"-{MINUTE}-0")
        ),
        (START, f"{MINUTE + 1}-0"),
        (START, f"{MINUTE - 2880}-0"),
        (START, f"{MINUTE + 60}-60" + "0"),
        (START, f"{MINUTE}-٠"),
    ],
)
def test_what_was_not_offered_is_refused(item: Item, coded: str) -> None:
    with pytest.raises(Refused):
        read(item, coded)


@given(st.integers(-100, 100), st.sampled_from(checklist.AGO))
def test_an_hour_is_believed_for_a_quarter_of_an_hour(waited: int, ago: int) -> None:
    coded = f"{MINUTE - ago}-{ago}"
    pressed = NOW + timedelta(minutes=waited)

    if 0 <= waited <= 15:
        said = datetime.fromisoformat(read(START, coded, pressed))
        assert int(said.timestamp()) // 60 == MINUTE - ago
    else:
        with pytest.raises(Refused):
            read(START, coded, pressed)


MIDNIGHT = NOW - timedelta(hours=9, minutes=30)  # half past midnight


def typed(at: time, now: datetime = NOW, *, eve: bool = False) -> str:
    return checklist.read_hour(at, now, CALENDAR, START, eve=eve)


@pytest.mark.parametrize(
    ("at", "now", "instant"),
    [
        (time(9, 42), NOW, "2026-04-27T07:42:00+00:00"),
        (time(10, 0), NOW, "2026-04-27T08:00:00+00:00"),
        (time(10, 1), NOW, "2026-04-27T08:01:00+00:00"),  # a watch that goes a little fast
        (time(23, 50), NOW, "2026-04-26T21:50:00+00:00"),
        (time(23, 50), MIDNIGHT, "2026-04-26T21:50:00+00:00"),
        (time(0, 10), MIDNIGHT, "2026-04-26T22:10:00+00:00"),
    ],
)
def test_a_typed_hour_is_today_s_or_that_of_the_night_before(
    at: time, now: datetime, instant: str
) -> None:
    assert typed(at, now) == instant


@pytest.mark.parametrize("at", [time(10, 2), time(10, 6), time(10, 29), time(14, 0), time(21, 0)])
def test_an_hour_that_is_still_to_come_is_asked_again_and_never_made_yesterday_s(
    at: time,
) -> None:
    with pytest.raises(Refused) as refused:
        typed(at)

    assert refused.value.text.key == "item.hour_ahead"


def test_yesterday_is_believed_when_it_is_said() -> None:
    assert typed(time(14, 30), eve=True) == "2026-04-26T12:30:00+00:00"


@pytest.mark.parametrize(
    ("values", "complete"),
    [
        ({}, False),
        ({"personnes": True, "debut": "x"}, False),
        ({"personnes": True, "debut": "x", "fin": "y"}, True),
        ({"personnes": True, "debut": "x", "fin": "y", "more": 1}, True),
    ],
)
def test_a_checklist_is_complete_when_every_item_is_there(
    values: dict[str, Any], complete: bool
) -> None:
    assert checklist.complete(PATHWAY.step("injection"), values) is complete


@pytest.mark.parametrize(
    ("values", "day"),
    [
        ({}, date(2026, 4, 28)),
        ({"debut": "2026-04-27T21:50:00+00:00"}, date(2026, 4, 27)),
        ({"debut": "2026-04-27T22:10:00+00:00"}, date(2026, 4, 28)),
        ({"fin": "2026-04-27T21:50:00+00:00"}, date(2026, 4, 27)),
    ],
)
def test_it_took_place_on_the_day_of_its_first_hour(values: dict[str, Any], day: date) -> None:
    now = datetime(2026, 4, 27, 22, 30, tzinfo=UTC)  # half past midnight in Toulouse

    assert checklist.day_of(PATHWAY.step("injection"), values, now, CALENDAR) == day
