"""The two-key relay: one team gives, the other reads back; between them a clock runs."""

from datetime import date, datetime, timedelta

from bot.domain import schedule
from bot.domain.calendar import DAY
from bot.domain.codes import ALPHABET, check_character
from bot.domain.facts import CLOSED, Relay, RelayState, Step
from bot.domain.message import Priority, Refused, text
from bot.domain.pathway import Handover, ItemKind, ReadBack
from bot.domain.people import Member
from bot.domain.record import Draw, Record
from bot.domain.roles import Team

AT_ONCE = timedelta(minutes=15)
"""A relay that must be read back within this overtakes everything else."""
AGAIN = timedelta(minutes=30)
"""The least time between two reminders of a relay that nobody reads back."""
CHOICES = 4
WRONG_ALLOWED = 1
"""One slip is human; after a second wrong answer the rest would only be guessed."""


def priority(relay: Relay) -> Priority:
    return Priority.ALERT if _within(relay) <= AT_ONCE else Priority.ANSWER


def _within(relay: Relay) -> timedelta:
    return relay.deadline_at - relay.offered_at


# Offered


def offer_after(record: Record, step: Step) -> None:
    """Offer what closing this step hands over."""
    closed = {slug for slug, other in record.steps.items() if other.state in CLOSED}
    for _, handover in record.pathway.handovers_after(step.key, closed):
        if handover.inform:
            record.news(handover.to, "relay.informed", step, silent=True)
        else:
            _offer(record, step, handover)


def _offer(record: Record, step: Step, handover: Handover) -> None:
    label, answer, choices = _question(record, handover)
    deadline = record.now + handover.within
    # A slow one lets the night pass; a thawed product does not wait for the morning.
    slow = handover.within > AT_ONCE
    relay = record.add(
        Relay(
            key=record.next_number(Relay),
            step=step.key,
            from_team=step.team,
            to_team=handover.to.value,
            title=handover.title,
            label=label,
            answer=answer,
            choices=choices,
            offered_at=record.now,
            deadline_at=deadline,
            next_at=record.calendar.awake(deadline) if slow else deadline,
        )
    )
    record.log("relay_offered", relay=relay.key, to=relay.to_team)
    record.tell(relay.to_team, "relay.card", relay, priority=priority(relay))


def _question(record: Record, handover: Handover) -> tuple[str, str, tuple[str, ...]]:
    """What is read back: its label, the right answer, and that answer among others."""
    if handover.read_back is ReadBack.VALUE:
        slug, name = handover.source.split(".")
        source = record.steps[slug]
        value, item = source.values.get(name), record.definition(source).item(name)
        if value is not None and item.kind is ItemKind.DAY:
            on = date.fromisoformat(value)
            return handover.label, str(value), date_choices(on, record.draw)
        if value is not None:
            found = number_choices(int(value), item.low, item.high, record.draw)
            return handover.label, str(value), found
    # Also when the source was closed without a value (« non requis »).
    return "", record.code, code_choices(record.code, record.draw)


def number_choices(answer: int, low: int, high: int, draw: Draw) -> tuple[str, ...]:
    """Four neighbouring numbers, the right one among them, in order."""
    # Neighbours, from a drawn place: what stands out, or always stands first, is tapped unread.
    first = max(low, min(answer - draw(CHOICES), high - CHOICES + 1))
    return tuple(str(number) for number in range(first, first + CHOICES))


def date_choices(answer: date, draw: Draw) -> tuple[str, ...]:
    """Four days in a row, the right one among them."""
    first = answer - draw(CHOICES) * DAY
    return tuple((first + n * DAY).isoformat() for n in range(CHOICES))


def code_choices(answer: str, draw: Draw) -> tuple[str, ...]:
    """The right code among three that differ from it by a character, none of them alike."""
    centre, body = answer.split("-")
    codes = {answer}
    while len(codes) < CHOICES:
        three = list(body[:3])
        # Look-alikes: whoever only glances at the code takes a wrong one.
        three[draw(3)] = ALPHABET[draw(len(ALPHABET))]
        stem = "".join(three)
        codes.add(f"{centre}-{stem}{check_character(stem)}")
    return tuple(sorted(codes))


# Read back


def must_be_offered(record: Record, relay: Relay) -> None:
    """Refuse a relay that is over; who asks has the right to know it."""
    if relay.state == RelayState.CANCELLED:
        raise Refused(text("relay.gone"))
    if relay.state == RelayState.ACCEPTED:
        by, at = record.who(relay.accepted_by), relay.accepted_at or record.now
        raise Refused(text("relay.already", who=by, at=at))


def locked(relay: Relay) -> bool:
    return relay.wrong > WRONG_ALLOWED


def must_be_readable(record: Record, relay: Relay, by: Member) -> None:
    """Refuse a relay that is over, locked until the giver or the coordination opens it, or whose
    first key is in the same hand.
    """
    must_be_offered(record, relay)
    # The coordination confirms for other teams, and would read back what it gave itself.
    if by.id == record.steps[relay.step].done_by:
        raise Refused(text("relay.same_person"))
    if locked(relay):
        raise Refused(text("relay.is_locked", team=relay.from_team))


def answer(record: Record, relay: Relay, by: Member, given: str) -> bool:
    """The receiver's key: true if read back right; a wrong answer is recorded and told to both."""
    must_be_readable(record, relay, by)
    # Of a question that was drawn before an unlock, or made by hand.
    if given not in relay.choices:
        raise Refused(text("relay.redrawn"))
    if given != relay.answer:
        _misread(record, relay, by, given)
        return False
    relay.become(RelayState.ACCEPTED)
    relay.accepted_at, relay.accepted_by, relay.next_at = record.now, by.id, None
    record.log("relay_accepted", by.id, relay=relay.key)
    cause = record.cause(relay)
    record.withdraw(cause)
    record.show(cause, "relay.card", relay)
    # The giver answers for the patient until now, and has to hear that it is over.
    record.tell(relay.from_team, "relay.card", relay, cause="", priority=priority(relay))
    schedule.refresh(record)
    return True


def _misread(record: Record, relay: Relay, by: Member, given: str) -> None:
    relay.wrong += 1
    record.log("relay_misread", by.id, relay=relay.key, given=given)
    if locked(relay):
        # Changed and not withdrawn: the relay is still theirs, and still open.
        record.show(record.cause(relay), "relay.card", relay)
    # It may be another patient's product: all who could stop it hear at once.
    for team in dict.fromkeys((relay.from_team, relay.to_team, Team.COORDINATION.value)):
        # Who misread it does not open it again: that key is another's.
        opens = locked(relay) and team != relay.to_team
        card, urgent = "relay.locked" if opens else "relay.misread", priority(relay)
        record.tell(team, card, relay, cause="", priority=urgent, by=by.id, given=given)


def unlock(record: Record, relay: Relay, by: Member) -> None:
    """The giver or the coordination found what was misread: it is read back anew."""
    must_be_offered(record, relay)
    if not locked(relay):
        raise Refused(text("button.stale"))
    if by.team == relay.to_team:
        raise Refused(text("relay.is_locked", team=relay.from_team))
    relay.wrong = 0
    # Drawn anew: what was wrong before would be known by where it stood.
    _, _, relay.choices = _question(record, _handover(record, relay))
    record.log("relay_unlocked", by.id, relay=relay.key)
    record.tell(relay.to_team, "relay.card", relay, priority=priority(relay))


def _handover(record: Record, relay: Relay) -> Handover:
    resting = record.pathway.handovers_after(relay.step, record.steps)
    return next(each for _, each in resting if each.to == relay.to_team and not each.inform)


# Taken back, or left


def cancel_resting_on(record: Record, step: Step) -> None:
    """The giver took the step back: what it handed over is void, and its receivers know."""
    resting = {
        (slug, handover.to.value)
        for each in record.pathway.steps
        for handover in each.handovers
        if step.key in handover.once
        for slug in handover.once
    }
    for relay in record.relays.values():
        if relay.state != RelayState.CANCELLED and (relay.step, relay.to_team) in resting:
            _cancel(record, relay)
    for handover in record.definition(step).handovers:
        if handover.inform:
            record.news(handover.to, "relay.uninformed", step)


def _cancel(record: Record, relay: Relay) -> None:
    relay.become(RelayState.CANCELLED)
    relay.next_at = None
    cause = record.cause(relay)
    record.withdraw(cause)
    record.show(cause, "relay.card", relay)
    record.tell(relay.to_team, "relay.card", relay, cause="", priority=priority(relay))


def climb(record: Record, relay: Relay) -> None:
    """Nobody read it back in time: the receiver and the giver first, then the coordination."""
    relay.rung += 1
    relay.next_at = _next_climb(record, relay)
    record.log("relay_late", relay=relay.key, rung=relay.rung)
    urgent = priority(relay)
    record.tell(relay.to_team, "relay.card", relay, priority=urgent)
    # The giver is near and can go and ask; only then is it a matter for others.
    other = relay.from_team if relay.rung == 1 else Team.COORDINATION
    record.tell(other, "relay.unread", relay, priority=urgent)


def _next_climb(record: Record, relay: Relay) -> datetime:
    within = _within(relay)
    if within <= AT_ONCE:
        return record.now + within
    return record.after(max(within, AGAIN))
