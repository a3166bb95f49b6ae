"""How the clock of a thawed product looks."""

from bot.cards.common import head
from bot.domain.facts import Countdown
from bot.domain.message import Card, text
from bot.domain.record import Record


def started(record: Record, countdown: Countdown) -> Card:
    return _card("countdown.started", record, countdown)


def left(record: Record, countdown: Countdown) -> Card:
    return _card("countdown.left", record, countdown)


def over(record: Record, countdown: Countdown) -> Card:
    return _card("countdown.over", record, countdown)


def _card(key: str, record: Record, countdown: Countdown) -> Card:
    minutes = (countdown.limit_at - record.now).total_seconds() / 60
    return Card(
        text(
            key,
            head=head(record),
            label=record.definition(record.steps[countdown.step]).label,
            product=countdown.product,
            since=countdown.started_at,
            # The hour beside the minutes: read later, « 10 min » is wrong, the hour is not.
            until=countdown.limit_at,
            n=max(0, round(minutes)),
        )
    )
