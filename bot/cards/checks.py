"""How a toxicity round looks, and a report."""

from collections.abc import Sequence

from bot.cards.common import data, head, rows
from bot.domain import check as checks
from bot.domain.alert import SIGNS
from bot.domain.facts import Check
from bot.domain.message import Button, Card, Text, text
from bot.domain.record import Record

Line = tuple[Record, Check]


def round_card(lines: Sequence[Line], key: str = "check.round") -> Card:
    """One line and two buttons for each patient of a round."""
    record, first = lines[0]
    # Only when it is asked late: a reminder says by itself that time has passed.
    late = record.now - first.at > checks.LATE and key == "check.round" and first.rung == 0
    said = text(
        key,
        at=first.at,
        team=first.team,
        lines=tuple(_line(*line) for line in lines),
        n=len(lines),
        late=text("check.late") if late else text("nothing"),
    )
    return Card(said, tuple(row(*line) for line in lines if checks.is_open(line[1])))


def _line(record: Record, check: Check) -> Text:
    return text(
        f"check.line.{check.state}",
        code=record.code,
        j=_day(record, check),
        who=record.who(check.answered_by),
        at=check.answered_at or record.now,
    )


def _day(record: Record, check: Check) -> int:
    """The J±n of the round itself: its message may be changed days later."""
    return record.calendar.offset(record.patient.day0_on, check.at)


def row(record: Record, check: Check) -> tuple[Button, ...]:
    return (
        # The code on each button: under ten lines nobody counts which row is whose.
        Button(text("check.button.ras", code=record.code), data("check:ras", record, check)),
        Button(text("check.button.report", code=record.code), data("check:report", record, check)),
    )


def never_asked(lines: Sequence[Line]) -> Card:
    """Rounds whose hour passed while nothing could be asked, in one message."""
    said = tuple(
        text("check.never_asked_line", code=record.code, j=_day(record, check), at=check.at)
        for record, check in lines
    )
    return Card(text("check.never_asked", lines=said, n=len(said)))


def sign_question(record: Record, check: Check) -> Card:
    """The first tap of a report: what is seen. The second one alerts."""
    where = f"{record.code}:{check.key}"
    signs = [
        Button(text(f"alert.button.sign_{sign}"), f"report:sign:{where}:{sign}") for sign in SIGNS
    ]
    back = Button(text("report.button.cancel"), f"report:cancel:{where}")
    return Card(text("report.which_sign", head=head(record)), rows(*signs, back))


def given_up(record: Record) -> Card:
    return Card(text("report.given_up", head=head(record)))
