"""What rules said becomes letters: to whom, how it looks, under which key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.cards import CARDS
from bot.domain.message import Button, Card, Keyboard, Priority, text
from bot.domain.record import Change, Hush, Record, Saying, To
from bot.domain.roles import Team
from bot.store import Unit
from bot.store.outbox import Rows

Said = tuple[Record, Saying]
CATCH_UP_SLOT = 600
"""Seconds within which one message says where a team stands."""
SHARED: dict[str, Callable[[Unit, Sequence[Said]], Card]] = {}
"""Cards that several records share; filled by those who know how to make them."""


def spread(unit: Unit) -> None:
    """Make letters of all that was said since the last time, and events of what was logged."""
    said: list[Said] = []
    for held in unit.records.held:
        record = held.record
        if not (record.said or record.logged):
            continue
        said += [(record, one) for one in record.said if isinstance(one, Saying)]
        for one in record.said:
            if isinstance(one, Hush):
                unit.outbox.hush(record.code)
            elif isinstance(one, Change):
                _change(unit, record, one)
        for entry in record.logged:
            unit.events.record(entry.kind, record.code, entry.member, **entry.data)
        # Said or only logged, it makes the record's version grow, on which the keys rest.
        held.said += len(record.said) + len(record.logged)
        record.said, record.logged = [], []
    for together in _together(said):
        _tell(unit, together)


def _together(said: Sequence[Said]) -> list[list[Said]]:
    """Those that several records say alike are one message."""
    found: dict[object, list[Said]] = {}
    for place, (record, saying) in enumerate(said):
        shared = saying.card in SHARED
        key = (saying.card, saying.cause, saying.team, saying.to) if shared else place
        centre = record.patient.centre if shared else ""
        found.setdefault((key, centre), []).append((record, saying))
    return list(found.values())


def _tell(unit: Unit, together: Sequence[Said]) -> None:
    record, saying = together[0]
    card = card_of(unit, together)
    notice = Notice(
        saying.team,
        record.patient.centre,
        card,
        key_of(unit, record, saying.cause),
        saying.priority,
        saying.cause,
        saying.silent,
    )
    tell(unit, notice, saying.to)


def card_of(unit: Unit, together: Sequence[Said]) -> Card:
    record, saying = together[0]
    if saying.card in SHARED:
        return SHARED[saying.card](unit, together)
    return CARDS[saying.card](record, saying.about, **saying.values)


def key_of(unit: Unit, record: Record, cause: str) -> str:
    """Never the same twice: how often the record was written, and what was said since."""
    if cause.startswith("catch_up:"):
        # However many transactions it takes to catch up, a team hears of it once.
        return f"{cause}:{record.patient.centre}:{int(unit.now.timestamp()) // CATCH_UP_SLOT}"
    # The record's version grows at each write, so no later unit can make this key again;
    # a key that came twice would be taken for said already, and its message never leave.
    held = unit.records.version_of(record)
    held.said += 1
    return f"{cause or record.code}#{record.code}.{held.version}.{held.said}"


def _change(unit: Unit, record: Record, change: Change) -> None:
    if not change.card:
        unit.outbox.withdraw(change.cause)
        return
    saying = Saying(change.card, change.about, "", cause=change.cause, values=change.values)
    card = card_of(unit, [(record, saying)])
    key = key_of(unit, record, change.cause)
    # Nobody of the round waits any more: what still asks about it asks for nothing.
    if change.card in SHARED and not card.keyboard:
        unit.outbox.withdraw(change.cause)
    unit.outbox.show(change.cause, key, unit.words.render(card.text), rows_of(unit, card.keyboard))


def rows_of(unit: Unit, keyboard: Keyboard) -> Rows:
    """A keyboard as it is kept and sent."""
    return [[_button(unit, button) for button in row] for row in keyboard]


def _button(unit: Unit, button: Button) -> dict[str, str]:
    label = {"text": unit.words.plain(button.label)}
    return label | ({"url": button.url} if button.url else {"data": button.data})


# To whom


@dataclass(frozen=True, slots=True)
class Notice:
    """What a team is told."""

    team: str
    centre: str
    card: Card
    key: str
    """Said once for it."""
    priority: Priority = Priority.REMINDER
    cause: str = ""
    silent: bool = False


def tell(unit: Unit, notice: Notice, to: To = To.CHATS) -> None:
    """Say it to a team, or to the coordination that nobody of the team can be reached."""
    chats = _chats(unit, notice, to)
    _tell_chats(unit, chats, notice)
    if not chats and to is not To.ON_CALL:
        _nobody(unit, notice)


def tell_coordination(unit: Unit, card: Card, key: str, centre: str = "", cause: str = "") -> None:
    """What it has to know now; without a centre, what concerns the whole network."""
    at = centre or unit.network.first_centre
    tell(unit, Notice(Team.COORDINATION, at, card, key, Priority.ANSWER, cause))


def _chats(unit: Unit, notice: Notice, to: To) -> list[int]:
    roster = unit.people.roster
    if to is To.EACH:
        return roster.private_chats(notice.team, notice.centre)
    if to is To.ON_CALL:
        return roster.on_call_chats(notice.team, notice.centre, unit.now)
    return roster.chats(notice.team, notice.centre)


def _nobody(unit: Unit, notice: Notice) -> None:
    team, centre, card = notice.team, notice.centre, notice.card
    unit.events.record("nobody_reached", team=team, centre=centre, cause=notice.cause)
    if team == Team.COORDINATION:
        return  # the auditor says so, and the heartbeat stops, until somebody there is reached
    said = text("team.nobody", team=team, centre=centre, said=card.text)
    instead = replace(
        notice,
        team=Team.COORDINATION.value,
        card=Card(said, card.keyboard),
        key=f"{notice.key}:nobody:{team}",
        # At least as fast as an answer: somebody must find a reader for it.
        priority=min(notice.priority, Priority.ANSWER),
        silent=False,
    )
    _tell_chats(unit, unit.people.roster.chats(instead.team, centre), instead)


def _tell_chats(unit: Unit, chats: Sequence[int], notice: Notice) -> None:
    if not chats:
        return
    card = notice.card
    body, keyboard = unit.words.render(card.text), rows_of(unit, card.keyboard)
    for chat in dict.fromkeys(chats):
        unit.outbox.send(
            chat,
            f"{notice.key}:{chat}",
            body,
            keyboard,
            priority=notice.priority,
            cause=notice.cause,
            team=notice.team,
            centre=notice.centre,
            silent=notice.silent,
        )
