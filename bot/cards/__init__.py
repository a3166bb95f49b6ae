"""What a record looks like: texts, cards, keyboards; nothing here has an effect.

A rule says *what* must be said by the name of a card; this table says how that card is made.
"""

from collections.abc import Callable

from bot.cards import alerts, countdowns, demands, ends, enrolment, relays, steps
from bot.domain.message import Card

CARDS: dict[str, Callable[..., Card]] = {
    "patient.created_team": enrolment.created_team,
    "step.card": steps.card,
    "step.closed": steps.closed,
    "step.waived": steps.waived,
    "step.undone": steps.undone,
    "step.late_coordination": steps.late_coordination,
    "move.moved": steps.moved,
    "move.told": steps.told,
    "relay.card": relays.card,
    "relay.misread": relays.misread,
    "relay.locked": relays.locked,
    "relay.unread": relays.unread,
    "relay.informed": relays.informed,
    "relay.uninformed": relays.uninformed,
    "alert.card": alerts.card,
    "alert.author": alerts.raised,
    "alert.ask_outcome": alerts.ask_outcome,
    "demand.card": demands.card,
    "demand.again": demands.again,
    "demand.seen": demands.seen,
    "demand.refused": demands.refused,
    "countdown.started": countdowns.started,
    "countdown.left": countdowns.left,
    "countdown.over": countdowns.over,
    "end.card": ends.card,
    "end.told": ends.told,
    "end.over": ends.over,
}
"""Each is given the record, the thing, and the values that the rule said."""
