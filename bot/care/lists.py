"""Questions whose answer is a list, and messages that several records share."""

from collections.abc import Sequence

from bot.cards import checks as check_cards
from bot.cards import lists as cards
from bot.cards.common import SHOWN, head, more
from bot.care.telling import SHARED, Said
from bot.domain import due
from bot.domain.facts import Check
from bot.domain.message import Card, Refused, Text, text
from bot.domain.record import Record
from bot.domain.roles import Team
from bot.domain.schedule import last_morning
from bot.store import Unit
from bot.store.events import Event
from bot.store.records import Page

EVENTS_SHOWN = 30
CALLING = 50
"""Of so many running alerts, and so many late rounds, it is looked whom they call."""
SHOWN_IN_TRAINING = 50


def _records(unit: Unit, page: Page) -> list[Record]:
    found = unit.records.look([code for code, _, _ in page.lines])
    return [found[code] for code, _, _ in page.lines if code in found]


def _lines(unit: Unit, lines: Sequence[tuple[str, str, str]]) -> list[cards.Line]:
    """The things of a page, each with its record."""
    found = unit.records.look([code for code, _, _ in lines])
    return [
        (found[code], found[code].things[kind][key])
        for code, kind, key in lines
        if code in found and key in found[code].things[kind]
    ]


def centre_of(team: str, centre: str) -> str:
    """The coordination works in all of them."""
    return "" if team == Team.COORDINATION else centre


def todo(unit: Unit, team: str, centre: str, offset: int = 0, key: str = "todo.list") -> Card:
    """What calls one team and what it has open, in a centre or in all, most urgent first."""
    page = unit.records.owed(team, centre, offset, SHOWN)
    lines, calling = _lines(unit, page.lines), _calling(unit, team, centre)
    return cards.todo(calling, lines, team, offset, page.total, key)


def _calling(unit: Unit, team: str, centre: str) -> list[cards.Line]:
    """The alerts that a team must still take, and the rounds of others that climbed to it."""
    before = unit.now - unit.network.pathway.checks.escalate
    found = _lines(unit, unit.records.calling(centre, before, CALLING))
    return [line for line in found if due.calls(*line, team)][:SHOWN]


def late(unit: Unit, offset: int = 0) -> Card:
    """Everything that is late in the network, whoever owes it."""
    page = unit.records.late(offset, SHOWN)
    return cards.late(_lines(unit, page.lines), offset, page.total, unit.now)


def everyone(unit: Unit, centre: str, offset: int = 0) -> Card:
    """Every running pathway of a centre or of all, those with a worry first."""
    phases = unit.records.phases(centre)
    if not phases:
        raise Refused(text("patient.none"))
    worried = unit.records.worried(centre, offset, SHOWN)
    # Two lists in one: the calm ones begin on the page on which the worries end.
    shown = _records(unit, worried)
    others: list[Record] = []
    if len(shown) < SHOWN:
        begins = max(0, offset - worried.total)
        calm = unit.records.calm(centre, begins, SHOWN - len(shown))
        others = _records(unit, calm)
    return cards.everyone(shown, worried.total, others, phases, offset, unit.now)


def choose(unit: Unit, centre: str, verb: str, offset: int = 0) -> Card:
    """Which patient: those under watch first, then everybody whose pathway runs."""
    page = unit.records.watched(centre, offset, SHOWN)
    if not page.total:
        raise Refused(text("patient.none"))
    return cards.choose(_records(unit, page), verb, offset, page.total)


def missed(unit: Unit) -> Text:
    """The rounds that became missed since the last morning; nothing if there are none."""
    page = unit.records.missed(last_morning(unit.network.calendar, unit.now), SHOWN)
    if not page.total:
        return text("nothing")
    found = unit.records.look([code for code, _, _ in page.lines])
    lines: list[tuple[Record, Check]] = []
    for code, kind, key in page.lines:
        # Over, so not read with its record.
        check = unit.records.closed(code, kind, key)
        if code in found and isinstance(check, Check):
            lines.append((found[code], check))
    return cards.missed(lines, page.total)


def history(unit: Unit, record: Record, offset: int = 0) -> Card:
    """All that happened to a patient, oldest first, a page at a time, from the chain itself."""
    total = unit.events.count_of(record.code)
    events = unit.events.of(record.code, EVENTS_SHOWN, offset)
    lines = tuple(_event_line(record, event) for event in events)
    said = text("history.list", head=head(record), lines=lines, n=total)
    return Card(said, more(f"history:page:{record.code}", offset + len(lines), total))


def _event_line(record: Record, event: Event) -> Text:
    slug = event.data.get("step", "")
    return text(
        f"event.{event.kind}",
        at=event.at,
        who=record.who(event.member_id),
        label=record.pathway.step(slug).label if slug else text("nothing"),
        detail=cards.detail(dict(event.data)),
    )


# What several records share


def round_card(unit: Unit, check: Check, key: str = "check.round") -> Card:
    """The message of a round, with the lines of all its patients."""
    lines = unit.records.in_round(check.round)
    # Seen and not held: answering one line must not lock the round's other patients.
    found = unit.records.look([code for code, _ in lines])
    pairs = [
        (found[code], line) for code, line in lines if code in found and isinstance(line, Check)
    ]
    return check_cards.round_card(pairs, key)


def _round(unit: Unit, together: Sequence[Said]) -> Card:
    saying = together[0][1]
    assert isinstance(saying.about, Check)
    return round_card(unit, saying.about, saying.card)


def _never_asked(_unit: Unit, together: Sequence[Said]) -> Card:
    lines = [(r, saying.about) for r, saying in together if isinstance(saying.about, Check)]
    return check_cards.never_asked(lines)


def _catch_up(unit: Unit, together: Sequence[Said]) -> Card:
    record, saying = together[0]
    centre = centre_of(saying.team, record.patient.centre)
    return todo(unit, saying.team, centre, key="todo.catch_up")


SHARED |= {
    "check.round": _round,
    "check.round_again": _round,
    "check.round_escalated": _round,
    "check.never_asked": _never_asked,
    "todo.catch_up": _catch_up,
}


def anchors(unit: Unit) -> list[dict[str, str]]:
    """Codes and days, for the training page only: /healthz asks nobody who they are."""
    page = unit.records.patients("", 0, SHOWN_IN_TRAINING)
    found = unit.records.look([code for code, _, _ in page.lines])
    return [
        {"label": code, "day0": record.patient.day0_on.isoformat()}
        for code, record in found.items()
    ]
