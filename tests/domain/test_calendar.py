"""Local days, working days, quiet hours, both clock changes, and dates as people type them."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calendar import Calendar, parse_day, parse_hour

FRENCH = holidays.country_holidays("FR", years=range(2025, 2029))
CALENDAR = Calendar(ZoneInfo("Europe/Paris"), FRENCH.__contains__)
TODAY = date(2026, 3, 10)  # a Tuesday


def utc(month: int, day: int, hour: int, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("on", "at", "instant"),
    [
        (date(2026, 1, 15), time(8), utc(1, 15, 7)),
        (date(2026, 7, 15), time(8), utc(7, 15, 6)),
        (date(2026, 3, 28), time(9), utc(3, 28, 8)),
        (date(2026, 3, 29), time(1, 59), utc(3, 29, 0, 59)),
        (date(2026, 3, 29), time(2), utc(3, 29, 1)),  # does not exist: 03:00
        (date(2026, 3, 29), time(2, 30, 15), utc(3, 29, 1)),  # likewise
        (date(2026, 3, 29), time(3), utc(3, 29, 1)),
        (date(2026, 3, 29), time(9), utc(3, 29, 7)),
        (date(2026, 10, 25), time(2, 30), utc(10, 25, 0, 30)),  # twice: the first
        (date(2026, 10, 25), time(3), utc(10, 25, 2)),
        (date(2026, 10, 25), time(9), utc(10, 25, 8)),
    ],
)
def test_a_local_hour_is_one_instant(on: date, at: time, instant: datetime) -> None:
    assert CALENDAR.instant(on, at) == instant


@given(st.dates(date(2000, 1, 1), date(2040, 12, 31)), st.times())
def test_a_local_hour_comes_back_or_is_the_first_after_the_gap(on: date, at: time) -> None:
    back = CALENDAR.local(CALENDAR.instant(on, at))

    assert back.date() == on
    assert back.time() == at or (back.time() == time(3) and time(2) <= at < time(3))


def test_a_day_is_a_local_day() -> None:
    assert CALENDAR.day(utc(4, 14, 21, 59)) == date(2026, 4, 14)
    assert CALENDAR.day(utc(4, 14, 22)) == date(2026, 4, 15)


@pytest.mark.parametrize(
    ("on", "working"),
    [
        (date(2026, 4, 3), True),  # Good Friday is worked in Occitanie
        (date(2026, 4, 4), False),
        (date(2026, 4, 5), False),
        (date(2026, 4, 6), False),  # Easter Monday
        (date(2026, 5, 1), False),
        (date(2026, 5, 14), False),  # Ascension
        (date(2026, 7, 14), False),
        (date(2026, 12, 26), False),  # a Saturday
        (date(2026, 4, 7), True),
    ],
)
def test_weekends_and_holidays_are_not_worked(on: date, working: bool) -> None:
    assert CALENDAR.working(on) is working


@pytest.mark.parametrize(
    ("on", "n", "before"),
    [
        (date(2026, 3, 12), 0, date(2026, 3, 12)),
        (date(2026, 3, 12), 3, date(2026, 3, 9)),
        (date(2026, 3, 10), 3, date(2026, 3, 5)),
        (date(2026, 4, 7), 1, date(2026, 4, 3)),  # over Easter
        (date(2026, 4, 6), 3, date(2026, 4, 1)),  # from a holiday
        (date(2026, 1, 2), 3, date(2025, 12, 29)),
    ],
)
def test_working_days_are_counted_back(on: date, n: int, before: date) -> None:
    assert CALENDAR.working_days_before(on, n) == before


@pytest.mark.parametrize(
    ("instant", "awake"),
    [
        (utc(1, 15, 20, 59), utc(1, 15, 20, 59)),
        (utc(1, 15, 21), utc(1, 16, 6)),
        (utc(1, 15, 23, 30), utc(1, 16, 6)),
        (utc(1, 16, 5, 59), utc(1, 16, 6)),
        (utc(1, 16, 6), utc(1, 16, 6)),
        (utc(3, 28, 22), utc(3, 29, 5)),  # the short night
        (utc(10, 24, 21), utc(10, 25, 6)),  # the long one
    ],
)
def test_the_night_ends_at_seven(instant: datetime, awake: datetime) -> None:
    assert CALENDAR.awake(instant) == awake


@pytest.mark.parametrize(
    ("at", "after", "coming"),
    [
        (time(7, 30), utc(1, 15, 6, 29), utc(1, 15, 6, 30)),
        (time(7, 30), utc(1, 15, 6, 30), utc(1, 16, 6, 30)),  # that very instant has come
        (time(7, 30), utc(1, 15, 23, 30), utc(1, 16, 6, 30)),  # it is tomorrow in Toulouse
        (time(7, 30), utc(7, 15, 4), utc(7, 15, 5, 30)),
        (time(7, 30), utc(3, 28, 6, 30), utc(3, 29, 5, 30)),  # the short night
        (time(7, 30), utc(10, 24, 5, 30), utc(10, 25, 6, 30)),  # the long one
        (time(2, 30), utc(3, 28, 12), utc(3, 29, 1)),  # skipped: 03:00
        (time(2, 30), utc(3, 29, 1), utc(3, 30, 0, 30)),
        (time(2, 30), utc(10, 25, 0), utc(10, 25, 0, 30)),  # twice: the first
        (time(2, 30), utc(10, 25, 0, 30), utc(10, 26, 1, 30)),
        (time(0), utc(12, 31, 12), utc(12, 31, 23)),
    ],
)
def test_the_next_time_that_it_is_that_hour(at: time, after: datetime, coming: datetime) -> None:
    assert CALENDAR.next(at, after) == coming


MINUTES = st.integers(0, 3 * 366 * 1440).map(lambda n: utc(1, 1, 0) + timedelta(minutes=n))


@given(MINUTES, st.times())
def test_the_next_hour_is_always_to_come_and_within_about_a_day(after: datetime, at: time) -> None:
    assert after < CALENDAR.next(at, after) <= after + timedelta(hours=26)


def test_quiet_hours_may_lie_within_one_day_or_not_be() -> None:
    nap = Calendar(CALENDAR.zone, CALENDAR.is_holiday, time(13), time(14))
    never = Calendar(CALENDAR.zone, CALENDAR.is_holiday, time(0), time(0))

    assert nap.awake(utc(1, 15, 12, 30)) == utc(1, 15, 13)
    assert nap.awake(utc(1, 15, 2)) == utc(1, 15, 2)
    assert never.awake(utc(1, 15, 2)) == utc(1, 15, 2)


def test_offsets_are_whole_local_days() -> None:
    day0 = date(2026, 3, 28)

    assert CALENDAR.offset(day0, day0) == 0
    assert CALENDAR.offset(day0, date(2026, 3, 23)) == -5
    assert CALENDAR.offset(day0, utc(3, 28, 22, 59)) == 0
    assert CALENDAR.offset(day0, utc(3, 28, 23)) == 1
    assert CALENDAR.offset(day0, utc(3, 29, 21, 59)) == 1  # a day of 23 hours
    assert CALENDAR.offset(day0, utc(3, 29, 22)) == 2


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("10/03/2026", date(2026, 3, 10)),
        ("10/03/26", date(2026, 3, 10)),
        ("10-03-2026", date(2026, 3, 10)),
        ("10.3.2026", date(2026, 3, 10)),
        ("2026-03-10", date(2026, 3, 10)),
        ("14/04", date(2026, 4, 14)),
        ("09/03", date(2026, 3, 9)),
        ("15/12", date(2025, 12, 15)),
        ("14 avril", date(2026, 4, 14)),
        ("1er août 2026", date(2026, 8, 1)),
        ("3 Février", date(2026, 2, 3)),
        ("aujourd’hui", TODAY),
        ("demain", date(2026, 3, 11)),
        ("Après-demain", date(2026, 3, 12)),
        ("apres demain", date(2026, 3, 12)),
        ("lundi", date(2026, 3, 16)),
        ("mardi", date(2026, 3, 17)),
        (" mercredi  prochain ", date(2026, 3, 11)),
    ],
)
def test_a_day_is_read_as_people_type_it(typed: str, day: date) -> None:
    assert parse_day(typed, TODAY) == day


def test_a_date_without_its_year_is_the_nearest() -> None:
    assert parse_day("05/01", date(2026, 12, 15)) == date(2027, 1, 5)
    assert parse_day("29/02", date(2027, 12, 1)) == date(2028, 2, 29)


@pytest.mark.parametrize(
    "typed", ["31/02", "31/02/2026", "29/02", "32/01", "10/13", "0/3", "2026-02-30", "31 avril"]
)
def test_a_day_that_does_not_exist_is_an_error(typed: str) -> None:
    with pytest.raises(ValueError, match=r"day|month"):
        parse_day(typed, TODAY)


@pytest.mark.parametrize("typed", ["", "bientôt", "10", "10/", "10/03/202", "7K4Q", "à 9h"])
def test_what_is_not_a_day_is_none(typed: str) -> None:
    assert parse_day(typed, TODAY) is None


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_a_full_date_is_read_back(on: date) -> None:
    assert parse_day(f"{on:%d/%m/%Y}", TODAY) == on
    assert parse_day(on.isoformat(), TODAY) == on


@given(st.integers(-182, 182))
def test_a_short_date_is_read_back_within_six_months(days: int) -> None:
    on = TODAY + timedelta(days=days)

    assert parse_day(f"{on:%d/%m}", TODAY) == on


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("9h42", time(9, 42)),
        ("9 h 42", time(9, 42)),
        ("14\u202fh\u202f30", time(14, 30)),
        ("09:42", time(9, 42)),
        ("9H", time(9)),
        ("14 h", time(14)),
        ("à 9h42", time(9, 42)),
        ("0h05", time(0, 5)),
    ],
)
def test_an_hour_is_read_as_people_type_it(typed: str, at: time) -> None:
    assert parse_hour(typed) == at


@pytest.mark.parametrize("typed", ["25h", "24:00", "9h60"])
def test_an_hour_that_does_not_exist_is_an_error(typed: str) -> None:
    with pytest.raises(ValueError, match="must be in"):
        parse_hour(typed)


@pytest.mark.parametrize("typed", ["", "9", "9:", "ce soir", "9h4", "9h42m", "942"])
def test_what_is_not_an_hour_is_none(typed: str) -> None:
    assert parse_hour(typed) is None
