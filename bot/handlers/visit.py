"""One update as a handler sees it: who, where, what was pressed or typed; and how to answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bot.care import drafts
from bot.care.joining import Account
from bot.care.telling import rows_of
from bot.domain.access import Place
from bot.domain.commands import Command, command
from bot.domain.facts import Dated
from bot.domain.message import Card, Priority, Refused, Text, text
from bot.domain.people import Member
from bot.domain.record import Record
from bot.domain.roles import Team
from bot.handlers.door import REFUSED, TOKENS, Raw
from bot.handlers.guesses import Guesses
from bot.store import Unit
from bot.store.outbox import ASKED_IN
from bot.store.people import Draft

DIGITS = 12
"""More than any number on a button of ours has."""


@dataclass(slots=True)
class Visit:
    """What a handler is given; it answers through it, and never waits for the network."""

    unit: Unit
    update_id: int
    account: Account
    chat_id: int
    place: Place
    member: Member | None = None
    title: str = ""
    typed: str = ""
    command: Command | None = None
    args: list[str] = field(default_factory=list)
    query_id: str = ""
    message_id: int = 0
    reply_to: int = 0
    """The message that this one answers."""
    tokens: Sequence[str] = ()
    """The hashes of what it holds that looks like an invitation."""
    refused: str = ""
    """The category of an identity that was taken out at the door."""
    record: Record | None = None
    thing: Dated | None = None
    """What it is about; found before it is asked whether they may."""
    answers: int = 0
    answered: int = 0
    """How many answers the group had that was left."""
    group: tuple[int, Place] | None = None
    """The group that was left for a private answer."""
    calls: bool = False
    """It is a call for help."""
    alerted: bool = False
    guesses: Guesses | None = None
    """Who tried what codes lately."""

    @property
    def me(self) -> Member:
        """The member; handlers that need one are only called with one."""
        assert self.member is not None
        return self.member

    @property
    def in_group(self) -> bool:
        return not self.place.private

    @property
    def shown_centre(self) -> str:
        """Whose patients a list may show here; nothing: those of every centre."""
        if not self.me.coordinates:
            return self.me.centre
        # In a group only what all who read there may know.
        own = self.place.private or self.place.team == Team.COORDINATION
        return "" if own else self.place.centre

    @property
    def patient(self) -> Record:
        """The record that it is about; refused when the button is nobody's."""
        if self.record is None:
            raise Refused(text("button.stale"))
        return self.record

    def about(self, kind: type[Any]) -> Any:
        """The thing that it is about, of this kind."""
        # Nobody's, or of another kind: data made by hand, or of an older program.
        if self.record is None or not isinstance(self.thing, kind):
            raise Refused(text("button.stale"))
        return self.thing

    def go_private(self) -> None:
        """What is said from here on is for this person alone: others read where it was asked."""
        if self.in_group:
            self.group, self.answered = (self.chat_id, self.place), self.answers
            self.chat_id, self.place = self.account.telegram_id, Place(private=True)
            self.message_id = 0

    def come_back(self) -> None:
        """Say in the group that was left where the answer is, and whether an alert is gone."""
        if self.group is None:
            return
        (self.chat_id, self.place), self.group = self.group, None
        if self.alerted:
            self.say(text("alert.sent_elsewhere"))
        elif self.calls:
            self.say(text("alert.asked_elsewhere"))
        # A pop-up has said it all to whoever tapped.
        elif self.answers > self.answered:
            self.say(text("edge.in_private"))

    # What it says

    def arg(self, place: int = 0) -> str:
        if place >= len(self.args):
            raise Refused(text("button.stale"))
        return self.args[place]

    def number(self, place: int = 0) -> int:
        """A number out of a button's data; what is none was never on a button of ours."""
        digits = self.arg(place)
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= DIGITS):
            raise Refused(text("button.stale"))
        return int(digits)

    def day(self, place: int) -> date:
        """A day out of a button's data."""
        try:
            return date.fromisoformat(self.arg(place))
        except ValueError:
            raise Refused(text("button.stale")) from None

    def draft(self, kind: str) -> Draft:
        """The dialogue under way here, if it is still the one that the button belongs to."""
        found = drafts.current(self.unit, self.me, self.chat_id)
        if found is None or found.kind != kind:
            raise Refused(text("button.stale"))
        return found

    # How it is answered

    def say(
        self, card: Card | Text, *, protect: bool = True, cause: str = "", **payload: Any
    ) -> str:
        """Answer with a new message, kept up to date for its cause if it has one; its key."""
        shown = card if isinstance(card, Card) else Card(card)
        key = self._key("answer")
        payload |= self._asked_in()
        self.unit.outbox.send(
            self.chat_id,
            key,
            self.unit.words.render(shown.text),
            rows_of(self.unit, shown.keyboard),
            priority=Priority.ANSWER,
            protect=protect,
            cause=cause,
            payload=payload,
        )
        return key

    def show(self, card: Card | Text, *, cause: str = "") -> str:
        """Answer in the message whose button was pressed, else with a new one; gives which."""
        shown = card if isinstance(card, Card) else Card(card)
        # A command has no message of ours to change, and a tap may have lost its own.
        if not self.query_id or not self.message_id:
            return self.say(shown, cause=cause)
        if cause:
            self.unit.outbox.adopt(self.chat_id, self.message_id, cause)
        self.unit.outbox.edit(
            self.chat_id,
            self.message_id,
            self._key("shown"),
            self.unit.words.render(shown.text),
            rows_of(self.unit, shown.keyboard),
        )
        return str(self.message_id)

    def picture(self, caption: Text, **payload: Any) -> None:
        body = self.unit.words.render(caption)
        payload |= self._asked_in()
        self.unit.outbox.picture(self.chat_id, self._key("answer"), body, payload)

    def _asked_in(self) -> dict[str, Any]:
        """Where it is said that a private answer reached nobody."""
        return {ASKED_IN: [self.group[0], self.update_id]} if self.group else {}

    def popup(self, said: Text | None = None, *, alert: bool = False) -> None:
        """End the waiting wheel of a tap, with a word or without."""
        if self.query_id:
            words = self.unit.words.plain(said) if said else ""
            self.unit.outbox.popup(self.query_id, words, alert=alert)

    def refuse(self, no: Refused) -> None:
        """Say why not, and what to do."""
        if self.query_id:
            self.popup(no.text, alert=True)
        # A pop-up holds no button: what helps is said in a message.
        if no.keyboard or not self.query_id:
            self.say(Card(no.text, no.keyboard))

    def _key(self, what: str) -> str:
        self.answers += 1
        # The update's own number: no two answers share it, and none is written twice.
        return f"{what}:{self.update_id}:{self.answers}"


Do = Callable[[Visit], None]


# Read from what Telegram wrote


def read(unit: Unit, raw: Raw) -> Visit | None:
    """A message or a tap in our words; None if it is neither, or nobody's."""
    query = _dict(raw.get("callback_query"))
    if query:
        # Without an id it can be answered by nobody: it is no tap of Telegram's.
        return _read_tap(unit, raw, query) if _text(query.get("id")) else None
    message = _dict(raw.get("message")) or _dict(raw.get("edited_message"))
    return _read_message(unit, raw, message) if message else None


def _read_tap(unit: Unit, raw: Raw, query: Raw) -> Visit:
    message = _dict(query.get("message"))
    visit = _visit(unit, raw, _dict(query.get("from")), _dict(message.get("chat")))
    visit.query_id = _text(query.get("id"))
    visit.message_id = _number(message.get("message_id"))
    visit.typed = _text(query.get("data"))
    visit.args = visit.typed.split(":")[2:]
    unit.outbox.tapped = (visit.chat_id, visit.message_id)
    return visit


def _read_message(unit: Unit, raw: Raw, message: Raw) -> Visit:
    visit = _visit(unit, raw, _dict(message.get("from")), _dict(message.get("chat")))
    visit.message_id = _number(message.get("message_id"))
    visit.typed = _text(message.get("text")).strip()
    visit.command = command(visit.typed)
    visit.args = list(visit.command.words) if visit.command else []
    visit.reply_to = _number(_dict(message.get("reply_to_message")).get("message_id"))
    visit.refused = _text(message.get(REFUSED))
    tokens = message.get(TOKENS)
    visit.tokens = tokens if isinstance(tokens, list) else ()
    unit.outbox.tapped = (0, 0)
    return visit


def _visit(unit: Unit, raw: Raw, user: Raw, chat: Raw) -> Visit:
    names = (_text(user.get("first_name")), _text(user.get("last_name")))
    account = Account(_number(user.get("id")), " ".join(name for name in names if name))
    # A tap under a message that Telegram no longer shows us is answered in private.
    chat_id = _number(chat.get("id")) or account.telegram_id
    roster = unit.people.roster
    group = roster.groups.get(chat_id)
    if chat_id > 0 and chat_id == account.telegram_id:
        place = Place(private=True)
    else:
        place = Place(False, group.team, group.centre) if group else Place(False)
    return Visit(
        unit,
        _number(raw.get("update_id")),
        account,
        chat_id,
        place,
        member=roster.account(account.telegram_id),
        title=_text(chat.get("title")),
    )


def _dict(value: Any) -> Raw:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int:
    """Telegram's ids have 52 bits; anything else is none of its own."""
    usable = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
    return value if usable else 0
