"""Days and hours of the hospital: local dates, working days, quiet hours, and dates as typed."""

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Calendar:
    """The hospital's own calendar: its zone, its holidays, its nights."""

    zone: ZoneInfo
    is_holiday: Callable[[date], bool]
    # Silent nights (clinique §8); alerts, rounds and thawed products do not ask.
    quiet_from: time = time(22)
    quiet_to: time = time(7)

    def instant(self, on: date, at: time) -> datetime:
        """An hour that the spring change skips is read as the first one after it."""
        wall = datetime.combine(on, at, self.zone)  # fold=0: the first of two equal hours
        while not self._exists(wall):
            wall = wall.replace(second=0, microsecond=0) + MINUTE
        return wall.astimezone(UTC)

    def _exists(self, wall: datetime) -> bool:
        back = wall.astimezone(UTC).astimezone(self.zone)
        return back.replace(tzinfo=None) == wall.replace(tzinfo=None)

    def local(self, instant: datetime) -> datetime:
        return instant.astimezone(self.zone)

    def day(self, instant: datetime) -> date:
        return self.local(instant).date()

    def working(self, on: date) -> bool:
        return on.isoweekday() <= 5 and not self.is_holiday(on)

    def working_days_before(self, on: date, n: int) -> date:
        while n > 0:
            on -= DAY
            n -= self.working(on)
        return on

    def quiet(self, instant: datetime) -> bool:
        at = self.local(instant).time()
        if self.quiet_from <= self.quiet_to:
            return self.quiet_from <= at < self.quiet_to
        return at >= self.quiet_from or at < self.quiet_to

    def awake(self, instant: datetime) -> datetime:
        """The same instant, or the end of the night that it falls in."""
        if not self.quiet(instant):
            return instant
        here = self.local(instant)
        ends_on = here.date() if here.time() < self.quiet_to else here.date() + DAY
        return self.instant(ends_on, self.quiet_to)

    def next(self, at: time, after: datetime) -> datetime:
        """The first instant after `after` at which the clock on the wall shows `at`."""
        on = self.day(after)
        coming = self.instant(on, at)
        return coming if coming > after else self.instant(on + DAY, at)

    def offset(self, day0: date, when: date | datetime) -> int:
        """J±n: whole local days from `day0`."""
        on = self.day(when) if isinstance(when, datetime) else when
        # On local dates: the night that clocks go back, J+1 is 25 hours away and still J+1.
        return (on - day0).days


WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier", "fevrier", "mars", "avril", "mai", "juin",
    "juillet", "aout", "septembre", "octobre", "novembre", "decembre",
)  # fmt: skip
RELATIVE = {"aujourd'hui": 0, "demain": 1, "apres-demain": 2, "apres demain": 2}

NUMERIC = re.compile(r"(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}|\d{2}))?")
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
NAMED = re.compile(rf"(\d{{1,2}})(?:er)? ({'|'.join(MONTHS)})(?: (\d{{4}}))?")
WEEKDAY = re.compile(rf"({'|'.join(WEEKDAYS)})(?: prochain)?")
HOUR = re.compile(r"(\d{1,2}) ?(?:h|:) ?(\d{2})?")

# A date typed without its year is the nearest one: `10/03` typed on the 12th is two days
# ago, and refused as past, never silently a year ahead.
NEAREST = timedelta(days=183)


def parse_day(typed: str, today: date) -> date | None:
    """A typed day; None if it is not one, ValueError if no such day exists (31/02)."""
    said = _plain(typed)
    if said in RELATIVE:
        return today + RELATIVE[said] * DAY
    if found := WEEKDAY.fullmatch(said):
        # « lundi », said on a Monday, is the next one: today has its own word.
        ahead = (WEEKDAYS.index(found[1]) - today.weekday() - 1) % 7 + 1
        return today + ahead * DAY
    return _parse_date(said, today)


def _parse_date(said: str, today: date) -> date | None:
    if found := ISO.fullmatch(said):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := NUMERIC.fullmatch(said):
        return _day(int(found[1]), int(found[2]), found[3], today)
    if found := NAMED.fullmatch(said):
        return _day(int(found[1]), MONTHS.index(found[2]) + 1, found[3], today)
    return None


def _day(day: int, month: int, year: str | None, today: date) -> date:
    if year:
        return date(int(year) if len(year) == 4 else 2000 + int(year), month, day)
    near = []
    for each in (today.year, today.year + 1, today.year - 1):
        with suppress(ValueError):  # 29/02, most years
            near.append(date(each, month, day))
    on = min(near, key=lambda each: abs(each - today), default=None)
    if on is None or abs(on - today) > NEAREST:
        raise ValueError(f"no day {day}/{month} near {today}")
    return on


def parse_hour(typed: str) -> time | None:
    """A typed hour; None if it is not one, ValueError if no such hour exists (25 h)."""
    found = HOUR.fullmatch(_plain(typed).removeprefix("a "))
    # « 9h » is an hour, « 9: » is a slip of the finger.
    if not found or (":" in typed and not found[2]):
        return None
    return time(int(found[1]), int(found[2] or 0))


def _plain(typed: str) -> str:
    """Lower case, no accents, single ordinary spaces, straight apostrophes."""
    bare = unicodedata.normalize("NFKD", typed.lower().replace("’", "'"))
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())
