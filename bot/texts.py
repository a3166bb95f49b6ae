"""How things are said: keys of the catalogue become French sentences, safe to send as HTML."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, tzinfo
from functools import lru_cache
from gettext import GNUTranslations
from html import escape, unescape
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Final

from babel import Locale
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_decimal

from bot.domain.message import Text, Value, text

logger = logging.getLogger(__name__)

CATALOGUE: Final = Path(__file__).parent.parent / "locales" / "fr" / "LC_MESSAGES" / "messages.po"

TEAMS: Final = (
    "efs",
    "pharmacie",
    "greffe",
    "reanimation",
    "neurologie",
    "coordination",
)

SIGNS: Final = ("src", "icans", "autre")
OUTCOMES: Final = ("stable", "reanimation", "resolue", "suite")
ANSWERS: Final = ("ras", "reported", "missed", "cancelled")
PROBLEMS: Final = ("patient", "product", "transport", "equipment", "staff")
COMMANDS: Final = (
    "start",
    "aide",
    "statut",
    "afaire",
    "toxicite",
    "alerte",
    "garde",
    "annuler",
    "nouveau",
    "reporter",
    "retards",
    "historique",
    "inviter",
    "rattacher",
    "equipes",
    "retirer",
)
# Every kind of event that is recorded about a patient: /historique says each of them.
EVENTS: Final = (
    "patient_enrolled",
    "step_done",
    "step_not_required",
    "step_undone",
    "step_waived",
    "step_late",
    "problem",
    "problem_seen",
    "demand_late",
    "countdown_started",
    "countdown_over",
    "move_asked",
    "move_refused",
    "date_moved",
    "relay_offered",
    "relay_accepted",
    "relay_misread",
    "relay_late",
    "check_ras",
    "check_missed",
    "report_begun",
    "report_given_up",
    "alert_raised",
    "alert_sign",
    "alert_grade",
    "alert_taken",
    "alert_climbed",
    "alert_reopened",
    "alert_outcome",
    "alert_cancelled",
)

# Keys that the code builds: text(f"team.{slug}"). A family is also a format: {team:team_of}.
FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "team.": TEAMS,
    "team_the.": TEAMS,
    "team_of.": TEAMS,
    "team_to.": TEAMS,
    "team_short.": TEAMS,
    "alert.sign.": SIGNS,
    "alert.button.sign_": SIGNS,
    "alert.outcome.": OUTCOMES,
    "alert.button.outcome_": OUTCOMES,
    "check.line.": (*ANSWERS, "asked", "reporting"),
    "status.check.": ANSWERS,
    "status.phase.": (
        "inclusion",
        "apherese",
        "fabrication",
        "preparation",
        "hospitalisation",
        "surveillance",
        "suivi",
    ),
    "status.state.": ("paused", "ended"),
    "plan.line.": ("planned", "late", "done", "not_required", "cancelled"),
    "patient.ask.": ("product", "centre", "apheresis", "day0"),
    "event.": EVENTS,
    "item.type.": ("text", "time"),
    "why.": ("skip", "waive", "undo"),
    "demand.": ("problem", "move"),
    "problem.button.": PROBLEMS,
    "problem.reason.": PROBLEMS,
    "menu.": COMMANDS,
}

LOCALE: Final = Locale.parse("fr")
UNKNOWN: Final = "—"
NOTHING: Final = "nothing"  # the key of an empty part; gettext cannot hold an empty sentence
MINUS: Final = "\u2212"
TAG: Final = re.compile(r"</?[a-z]+>")
PATTERNS: Final = {
    "day": "EEEE d MMMM",
    "date": "EEEE d MMMM y",
    "weekday": "EEE d MMMM",
    "short": "dd/MM",
}


class MissingText(KeyError):
    """The catalogue has no such entry, or the entry lacks a value that it shows."""


class Texts:
    """The catalogue, compiled in memory; `strict` raises where a person would get the bare key."""

    def __init__(self, catalogue: Path, zone: tzinfo, *, strict: bool = False) -> None:
        self._translations = _compile(_read(catalogue))
        self._zone = zone
        self._strict = strict
        self._formats: dict[str, Callable[[Value], str]] = {
            "": self._bare,
            "j": self._offset,
            "time": self._time,
            "line": lambda part: self._apart("\n", part),
            "block": lambda part: self._apart("\n\n", part),
            "daytime": lambda when: self._say(text("date.daytime", when=when)),
        }
        self._formats |= {name: self._on(pattern) for name, pattern in PATTERNS.items()}
        self._formats |= {prefix[:-1]: self._member(prefix) for prefix in FAMILIES}

    def render(self, said: Text) -> str:
        """Say it in HTML: values are escaped, the catalogue's own <b> and <i> are kept."""
        try:
            return self._say(said)
        except (LookupError, TypeError, ValueError) as error:
            if self._strict:
                raise
            # A clumsy message still calls for help; a message not sent does not.
            logger.error("text %s cannot be said: %s", said.key, type(error).__name__)
            return " ".join((f"«\u00a0{escape(said.key)}\u00a0»", *_bare_facts(said)))

    def plain(self, said: Text) -> str:
        """Say it where Telegram reads no HTML: button labels and pop-ups."""
        return unescape(TAG.sub("", self.render(said)))

    def _say(self, said: Text) -> str:
        return "".join(self._pieces(said, self._template(said)))

    def _pieces(self, said: Text, template: str) -> Iterator[str]:
        for literal, name, spec in parts(template):
            yield literal
            if name is not None:
                if name not in said.values:
                    raise MissingText(f"{said.key} needs a value for {name!r}")
                yield self._value(said.values[name], spec)

    def _template(self, said: Text) -> str:
        key, n = said.key, said.values.get("n")
        if key == NOTHING:
            return ""
        found = self._translations.ngettext(key, key, n) if isinstance(n, int) else key
        found = self._translations.gettext(key) if found == key else found
        if found == key:
            raise MissingText(key)
        return found

    def _value(self, value: Value, spec: str) -> str:
        if value is None:
            return UNKNOWN
        if spec not in self._formats:
            raise LookupError(f"unknown format {spec!r}")
        return self._formats[spec](value)

    def _bare(self, value: Value) -> str:
        match value:
            case str():
                return escape(value, quote=False)
            case Text():
                return self.render(value)
            case tuple():
                return "\n".join(map(self.render, value))
            case float():
                return format_decimal(value, locale=LOCALE)
            case int() if not isinstance(value, bool):
                return str(value)
        raise TypeError(f"a {type(value).__name__} needs a format")

    def _apart(self, gap: str, part: Value) -> str:
        """A part that may be empty brings its own line break; so do the members of a list."""
        each = map(self.render, part) if isinstance(part, tuple) else (self._bare(part),)
        return "".join(gap + said for said in each if said)

    def _local(self, when: Value) -> datetime:
        if not isinstance(when, datetime) or when.tzinfo is None:
            raise TypeError(f"an aware instant is needed, not {type(when).__name__}")
        return when.astimezone(self._zone)

    def _on(self, pattern: str) -> Callable[[Value], str]:
        # French writes the first of a month as an ordinal, which CLDR patterns cannot say.
        first = re.sub(r"\bd\b", f"'{self._say(text('date.first'))}'", pattern)

        def say(when: Value) -> str:
            on = self._local(when).date() if isinstance(when, datetime) else when
            if not isinstance(on, date):
                raise TypeError(f"a day is needed, not {type(on).__name__}")
            return _named(on, first if on.day == 1 else pattern)

        return say

    def _time(self, when: Value) -> str:
        at = self._local(when)
        if at.minute == 0:
            return self._say(text("date.hour", hour=at.hour))
        return self._say(text("date.time", hour=at.hour, minute=f"{at.minute:02d}"))

    def _offset(self, days: Value) -> str:
        if not isinstance(days, int):
            raise TypeError(f"a number of days is needed, not {type(days).__name__}")
        signed = f"{days:+d}".replace("-", MINUS) if days else "0"
        return self._say(text("date.offset", days=signed))

    def _member(self, prefix: str) -> Callable[[Value], str]:
        return lambda slug: self.render(Text(f"{prefix}{slug}")) if slug else UNKNOWN


@lru_cache(maxsize=2048)
def parts(template: str) -> tuple[tuple[str, str | None, str], ...]:
    """Cut a template into (literal, name of the value after it, its format)."""
    return tuple(
        (before, name, spec or "") for before, name, spec, _ in Formatter().parse(template)
    )


@lru_cache(maxsize=4096)
def _named(on: date, pattern: str) -> str:
    return format_date(on, pattern, locale=LOCALE)


def _bare_facts(said: Text) -> Iterator[str]:
    """Keep the patient's code and the numbers when the sentence itself is lost."""
    for name, value in said.values.items():
        if isinstance(value, str | int):
            yield escape(f"{name}={value}", quote=False)


def _read(catalogue: Path) -> Catalog:
    if catalogue.is_dir():
        catalogue = catalogue / "fr" / "LC_MESSAGES" / "messages.po"
    try:
        with catalogue.open("rb") as file:
            catalog = read_po(file, locale="fr", abort_invalid=True)
        for template in templates(catalog):
            parts(template)
    except (OSError, PoFileError, ValueError) as error:
        raise ValueError(f"the catalogue {catalogue.name} cannot be read: {error}") from error
    return catalog


def templates(catalog: Catalog) -> Iterator[str]:
    """Every French sentence of the catalogue, each plural form on its own."""
    for message in catalog:
        forms = message.string or ()
        yield from [forms] if isinstance(forms, str) else forms


def _compile(catalog: Catalog) -> GNUTranslations:
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)
