"""How the end of a pathway looks: which end, to be confirmed, told to each team."""

from bot.cards.common import data, head, rows
from bot.domain.ending import DEATH, REASONS
from bot.domain.facts import End, EndState
from bot.domain.message import Button, Card, text
from bot.domain.record import Record


def which(record: Record) -> Card:
    """`/cloturer`: why the pathway ends."""
    keys = [
        Button(text(f"end.button.{reason}"), f"end:ask:{record.code}:{reason}")
        for reason in REASONS
    ]
    leave = Button(text("end.button.leave"), f"status:show:{record.code}")
    return Card(text("end.which", head=head(record)), rows(*keys, leave))


def death(record: Record) -> Card:
    """Said in a sentence, by whoever was there."""
    said = Button(text(f"end.button.{DEATH}"), f"end:ask:{record.code}:{DEATH}")
    leave = Button(text("end.button.leave"), f"status:show:{record.code}")
    return Card(text("end.death", head=head(record)), rows(said, leave))


def card(record: Record, end: End) -> Card:
    """What the second person is asked, and how it was answered."""
    said = text(
        f"end.{end.state}",
        head=head(record),
        reason=text(f"end.reason.{end.reason}"),
        who=record.who(end.asked_by),
        at=end.asked_at,
        by=record.who(end.answered_by),
    )
    if end.state != EndState.ASKED:
        return Card(said)
    confirm = Button(text("end.button.confirm"), data("end:confirm", record, end))
    wrong = Button(text("end.button.withdraw"), data("end:withdraw", record, end))
    return Card(said, rows(confirm, wrong))


def told(record: Record, end: End) -> Card:
    return Card(text(f"end.told.{end.reason}", head=head(record)))


def over(record: Record, end: End) -> Card:
    """In the place of what waited for somebody."""
    return Card(text("end.over", head=head(record), reason=text(f"end.reason.{end.reason}")))
