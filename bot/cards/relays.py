"""How a relay looks: to its receiver, to its giver, when it is read back."""

from datetime import date

from bot.cards.common import data, head, pair_up, passed_over, rows
from bot.domain import relay as relays
from bot.domain.facts import Relay, RelayState, Step
from bot.domain.message import Button, Card, Keyboard, Text, Value, text
from bot.domain.record import Record


def card(record: Record, relay: Relay) -> Card:
    """The relay as its receiver sees it, with its clock."""
    given = _given(record, relay)
    if relay.state == RelayState.ACCEPTED:
        by, at = record.who(relay.accepted_by), relay.accepted_at or record.now
        return Card(text("relay.accepted", **given, by=by, at=at))
    if relay.state == RelayState.CANCELLED:
        return Card(text("relay.cancelled", **given))
    if relays.locked(relay):
        return Card(text("relay.locked", **given, giver=relay.from_team))
    # Asked of the clock and not of the rung: opened again later, the card is still true.
    late = relay.deadline_at <= record.now
    said = text(
        "relay.offered_late" if late else "relay.offered",
        **given,
        giver=relay.from_team,
        team=relay.to_team,
        at=relay.offered_at,
        until=relay.deadline_at,
        missing=passed_over(record),
    )
    receive = Button(text("relay.button.receive"), data("relay:receive", record, relay))
    return Card(said, rows(receive))


def _given(record: Record, relay: Relay) -> dict[str, Value]:
    """What was handed over, under the name of the whole where several steps make one relay."""
    step = record.steps[relay.step]
    label = relay.title or record.definition(step).label
    return {"head": head(record), "label": label, "who": record.who(step.done_by)}


def question(record: Record, relay: Relay) -> Card:
    """*Je reçois*: the read-back, one right answer among several."""
    # Reading the code back is worth nothing if it stands above the question.
    asked = (
        text("relay.ask", head=head(record), what=relay.label)
        if relay.label
        else text("relay.ask_code", team=relay.from_team)
    )
    answers = [
        # The value and not its place: on an older draw another one may stand there.
        Button(_choice(choice), data("relay:answer", record, relay, choice))
        for choice in relay.choices
    ]
    back = Button(text("step.button.back"), data("relay:show", record, relay))
    return Card(asked, (*pair_up(answers), (back,)))


def _choice(choice: str) -> Text:
    try:
        return text("relay.button.day", on=date.fromisoformat(choice))
    except ValueError:
        return text("relay.button.choice", value=choice)


def misread(record: Record, relay: Relay, by: int, given: str) -> Card:
    shown = _given(record, relay) | {"who": record.who(by)}
    what = relay.label or text("relay.the_code")
    # What was read is said too: it tells a slip from another patient's product.
    key = "relay.misread_twice" if relays.locked(relay) else "relay.misread"
    return Card(
        text(
            key,
            **shown,
            what=what,
            given=_choice(given),
            wrong=relay.wrong,
            giver=relay.from_team,
        )
    )


def locked(record: Record, relay: Relay, by: int, given: str) -> Card:
    """The same to those who may open it again."""
    return Card(misread(record, relay, by, given).text, _unlock(record, relay))


def _unlock(record: Record, relay: Relay) -> Keyboard:
    return rows(Button(text("relay.button.unlock"), data("relay:unlock", record, relay)))


def unread(record: Record, relay: Relay) -> Card:
    return Card(
        text(
            "relay.unread",
            **_given(record, relay),
            team=relay.to_team,
            at=relay.offered_at,
            until=relay.deadline_at,
        ),
        _unlock(record, relay) if relays.locked(relay) else (),
    )


def informed(record: Record, step: Step) -> Card:
    return Card(_said("relay.informed", record, step))


def uninformed(record: Record, step: Step) -> Card:
    """Those who were only informed hear that it is not so after all."""
    return Card(_said("relay.cancelled", record, step))


def _said(key: str, record: Record, step: Step) -> Text:
    label = record.definition(step).label
    return text(key, head=head(record), label=label, who=record.who(step.done_by))
