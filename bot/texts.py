"""How things are said: keys of the catalogue become French sentences, safe to send as HTML."""

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, tzinfo
from functools import lru_cache
from html import escape, unescape
from pathlib import Path
from string import Formatter
from typing import Final

from babel import Locale
from babel.dates import format_date

from bot.domain import alert, due, ending, privacy
from bot.domain.commands import NAMES
from bot.domain.demand import PROBLEMS
from bot.domain.enrolment import APHERESIS, CENTRE, DAY0, PRODUCT
from bot.domain.facts import (
    UNANSWERED,
    CheckState,
    DemandKind,
    EndState,
    PatientState,
    StepState,
)
from bot.domain.message import Text, Value, text
from bot.domain.pathway import ItemKind, StabilityFrom
from bot.domain.roles import Team

logger = logging.getLogger(__name__)

CATALOGUE: Final = Path(__file__).parent.parent / "locales" / "fr" / "LC_MESSAGES" / "messages.po"

TEAMS: Final = tuple(Team)
ANSWERS: Final = tuple(state for state in CheckState if state not in UNANSWERED)
COMMANDS: Final = tuple(name for name in NAMES if name != "help")
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
    "relay_unlocked",
    "relay_late",
    "put_off",
    "check_late",
    "check_ras",
    "check_missed",
    "report_begun",
    "report_given_up",
    "alert_raised",
    "alert_receipt",
    "alert_sign",
    "alert_grade",
    "alert_taken",
    "alert_climbed",
    "alert_reopened",
    "alert_risen",
    "alert_outcome",
    "alert_cancelled",
    "alert_ended",
    "end_asked",
    "end_late",
    "end_withdrawn",
    "patient_ended",
)

# Keys that the code builds: text(f"team.{slug}"). A family is also a format: {team:team_of}.
FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "team.": TEAMS,
    "team_the.": TEAMS,
    "team_of.": TEAMS,
    "team_to.": TEAMS,
    "team_short.": TEAMS,
    "alert.sign.": alert.SIGNS,
    "alert.button.sign_": alert.SIGNS,
    "alert.outcome.": alert.OUTCOMES,
    "alert.button.outcome_": alert.OUTCOMES,
    "check.line.": tuple(CheckState),
    "status.check.": ANSWERS,
    "status.phase.": due.PHASES,
    "identity.": tuple(privacy.Category),
    "status.state.": (PatientState.PAUSED, PatientState.ENDED),
    "plan.line.": (*StepState, "late"),
    "patient.ask.": (PRODUCT, CENTRE, APHERESIS, DAY0),
    "event.": EVENTS,
    "item.type.": (ItemKind.TEXT, ItemKind.TIME),
    "item.stability_from.": tuple(StabilityFrom),
    "why.": ("skip", "waive", "undo"),
    "demand.": tuple(DemandKind),
    "problem.button.": PROBLEMS,
    "problem.reason.": PROBLEMS,
    "menu.": COMMANDS,
    "end.": tuple(EndState),
    "end.reason.": ending.REASONS,
    "end.told.": ending.REASONS,
    "end.button.": ending.REASONS,
}

LOCALE: Final = Locale.parse("fr")
UNKNOWN: Final = "—"
NOTHING: Final = "nothing"  # the key of an empty part; the catalogue holds no empty sentence
MINUS: Final = "\u2212"
TAG: Final = re.compile(r"</?[a-z]+>")
PATTERNS: Final = {
    "day": "EEEE d MMMM",
    "date": "EEEE d MMMM y",
    "weekday": "EEE d MMMM",
    "short": "dd/MM",
}
KEPT: Final = 4096  # days and hours that were lately said, each in a format
PLURAL: Final = "plural=(n > 1)"
WRITTEN: Final = re.compile(r'(?:(msgid|msgid_plural|msgstr|msgstr\[[01]\]) )?(".*")')

Say = Callable[[Value], str]
Parts = tuple[tuple[str, str | None, str], ...]
Form = tuple[str, tuple[tuple[str, Say, str], ...]]
"""A template, cut: what comes first, then each value's name, how it is said, what follows it."""


class MissingText(KeyError):
    """The catalogue has no such entry, or the entry lacks a value that it shows."""


class Texts:
    """The catalogue, cut up once; `strict` raises where a person would get the bare key."""

    def __init__(self, catalogue: Path, zone: tzinfo, *, strict: bool = False) -> None:
        written = _read(catalogue)
        self._zone = zone
        self._strict = strict
        self._formats: dict[str, Say] = {
            "": self._bare,
            "j": _kept(self._offset),
            "time": _kept(self._time),
            "second": self._second,
            "line": lambda part: self._apart("\n", part),
            "block": lambda part: self._apart("\n\n", part),
            "daytime": _kept(lambda when: self._say(text("date.daytime", when=when))),
        }
        self._formats |= {name: _kept(self._on(it)) for name, it in PATTERNS.items()}
        self._formats |= {prefix[:-1]: self._member(prefix) for prefix in FAMILIES}
        self._forms = {key: tuple(map(self._cut, forms)) for key, forms in written.items()}
        self._forms[NOTHING] = (("", ()),)

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
        shown = self.render(said)
        if "<" not in shown and "&" not in shown:
            return shown
        # Telegram shows « &amp; » in a button as it is written.
        return unescape(TAG.sub("", shown))

    def _say(self, said: Text) -> str:
        shown, holes = self._form(said)
        values = said.values
        for name, say, literal in holes:
            try:
                value = values[name]
            except KeyError:
                raise MissingText(f"{said.key} needs a value for {name!r}") from None
            shown += (UNKNOWN if value is None else say(value)) + literal
        return shown

    def _form(self, said: Text) -> Form:
        forms = self._forms.get(said.key)
        if forms is None:
            raise MissingText(said.key)
        if len(forms) == 1:
            return forms[0]
        n = said.values.get("n")
        return forms[isinstance(n, int) and n > 1]

    def _cut(self, template: Parts) -> Form:
        """Each value with the text after it, which the parser gives before the next one."""
        literals = [literal for literal, _, _ in template]
        holes = [(name, self._how(spec)) for _, name, spec in template if name is not None]
        literals += [""] * (1 + len(holes) - len(literals))
        # A literal for each hole, or the end of a sentence would be lost unseen.
        after = zip(holes, literals[1:], strict=True)
        return literals[0], tuple((name, say, literal) for (name, say), literal in after)

    def _how(self, spec: str) -> Say:
        return self._formats.get(spec) or _unheard_of(spec)

    def _bare(self, value: Value) -> str:
        match value:
            case str():
                return _escaped(value)
            case Text():
                return self.render(value)
            case tuple():
                return "\n".join(map(self.render, value))
            case float():
                return _decimal(value)
            case int() if not isinstance(value, bool):
                return str(value)
        raise TypeError(f"a {type(value).__name__} needs a format")

    def _apart(self, gap: str, part: Value) -> str:
        """A part that may be empty brings its own line break; so do the members of a list."""
        each = map(self.render, part) if isinstance(part, tuple) else (self._bare(part),)
        return "".join([gap + said for said in each if said])

    def _local(self, when: Value) -> datetime:
        if not isinstance(when, datetime) or when.tzinfo is None:
            raise TypeError(f"an aware instant is needed, not {type(when).__name__}")
        return when.astimezone(self._zone)

    def _on(self, pattern: str) -> Say:
        def say(when: Value) -> str:
            on = self._local(when).date() if isinstance(when, datetime) else when
            if not isinstance(on, date):
                raise TypeError(f"a day is needed, not {type(on).__name__}")
            if on.day > 1:
                return _named(on, pattern)
            # French writes the first of a month as an ordinal, which CLDR patterns cannot say.
            first = self._say(text("date.first"))
            return _named(on, re.sub(r"\bd\b", f"'{first}'", pattern))

        return say

    def _time(self, when: Value) -> str:
        at = self._local(when)
        if at.minute == 0:
            return self._say(text("date.hour", hour=at.hour))
        return self._say(text("date.time", hour=at.hour, minute=f"{at.minute:02d}"))

    def _second(self, when: Value) -> str:
        at = self._local(when)
        minute, second = f"{at.minute:02d}", f"{at.second:02d}"
        return self._say(text("date.second", hour=at.hour, minute=minute, second=second))

    def _offset(self, days: Value) -> str:
        if not isinstance(days, int):
            raise TypeError(f"a number of days is needed, not {type(days).__name__}")
        signed = f"{days:+d}".replace("-", MINUS) if days else "0"
        return self._say(text("date.offset", days=signed))

    def _member(self, prefix: str) -> Say:
        def say(slug: Value) -> str:
            key = f"{prefix}{slug}"
            forms = self._forms.get(key)
            if forms and not forms[0][1]:
                return forms[0][0]
            return self.render(Text(key)) if slug else UNKNOWN

        return say


def _kept(say: Say) -> Say:
    """The same days and hours are said again and again."""
    return lru_cache(KEPT, typed=True)(say)


def _unheard_of(spec: str) -> Say:
    def say(_value: Value) -> str:
        raise LookupError(f"unknown format {spec!r}")

    return say


def _escaped(value: str) -> str:
    if "&" in value or "<" in value or ">" in value:
        return escape(value, quote=False)
    return value


def parts(template: str) -> Parts:
    """Cut a template into (literal, name of the value after it, its format)."""
    return tuple(
        (before, name, spec or "") for before, name, spec, _ in Formatter().parse(template)
    )


@lru_cache(KEPT)
def _named(on: date, pattern: str) -> str:
    return format_date(on, pattern, locale=LOCALE)


def _decimal(value: float) -> str:
    from babel.numbers import format_decimal  # dear, and hardly ever needed

    return format_decimal(value, locale=LOCALE)


def _bare_facts(said: Text) -> Iterator[str]:
    """Keep the patient's code and the numbers when the sentence itself is lost."""
    for name, value in said.values.items():
        if isinstance(value, str | int):
            yield escape(f"{name}={value}", quote=False)


def _read(catalogue: Path) -> dict[str, tuple[Parts, ...]]:
    """The French of each key: one sentence, or one per plural form."""
    if catalogue.is_dir():
        catalogue = catalogue / "fr" / "LC_MESSAGES" / "messages.po"
    try:
        entries = _entries(catalogue.read_text("utf-8"))
        # Refused at the start: a missing sentence would be found out at night, by a nurse.
        if not all(entries.values()) or PLURAL not in entries.pop("", [""])[0]:
            raise ValueError(f"an entry without its French, or a header without {PLURAL}")
        return {key: tuple(map(parts, forms)) for key, forms in entries.items()}
    except (OSError, ValueError) as error:
        raise ValueError(f"the catalogue {catalogue.name} cannot be read: {error}") from error


def _entries(source: str) -> dict[str, list[str]]:
    """Our own .po and nothing more of the format: ten times faster than Babel's reader."""
    entries: dict[str, list[str]] = {}
    forms = [""]
    for n, line in enumerate(source.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = WRITTEN.fullmatch(line)
        if not found:
            raise ValueError(f"line {n} is no line of a catalogue")
        keyword, said = found[1], json.loads(found[2])
        awaited = ("msgstr", "msgstr[0]") if not forms else (f"msgstr[{len(forms)}]",)
        if keyword == "msgid" and said not in entries:
            entries[said] = forms = []
        elif keyword is None and forms:
            forms[-1] += said
        elif keyword in awaited:
            forms.append(said)
        elif keyword != "msgid_plural":
            raise ValueError(f"line {n} is out of place")
    return entries
