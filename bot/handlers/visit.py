"""One update as a handler sees it: who, where, what was pressed or typed; and how to answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from telegram import Update
from telegram.ext import Application, ContextTypes

from bot.care import joining
from bot.care.joining import Account
from bot.domain.message import Card, Notice, Priority, Refused, Text, text
from bot.domain.roles import Action, Team, may
from bot.models import Draft, Member, Patient
from bot.store import Unit

DIGITS = 18
"""More than any id has; both databases hold a number of that many."""
Bot = Application[Any, Any, Any, Any, Any, Any]


@dataclass
class Visit:
    """What a handler is given; it answers through it, and never waits for the network."""

    unit: Unit
    update_id: int
    account: Account
    chat_id: int
    member: Member | None = None
    typed: str = ""
    args: list[str] = field(default_factory=list)
    query_id: str = ""
    message_id: int = 0
    title: str = ""
    answers: int = 0

    @property
    def me(self) -> Member:
        """The member; handlers that need one are only called with one."""
        assert self.member is not None
        return self.member

    @property
    def in_group(self) -> bool:
        return self.chat_id < 0

    def say(self, card: Card | Text, *, protect: bool = True) -> None:
        """Answer with a new message."""
        shown = card if isinstance(card, Card) else Card(card)
        self.answers += 1
        self.unit.notify(
            Notice(
                self.chat_id,
                shown.text,
                f"answer:{self.update_id}:{self.answers}",
                priority=Priority.ANSWER,
                keyboard=shown.keyboard,
                protect=protect,
            )
        )

    def picture(self, png_base64: str, caption: Text) -> None:
        """Answer with a picture."""
        self.answers += 1
        key = f"answer:{self.update_id}:{self.answers}"
        self.unit.picture(self.chat_id, png_base64, caption, key)

    def show(self, card: Card | Text) -> None:
        """Answer in the message whose button was pressed, else with a new one."""
        shown = card if isinstance(card, Card) else Card(card)
        if not self.query_id or not self.message_id:
            self.say(shown)
            return
        self.answers += 1
        key = f"shown:{self.update_id}:{self.answers}"
        self.unit.edit(self.chat_id, self.message_id, shown, key)

    def popup(self, said: Text | None = None, *, alert: bool = False) -> None:
        """End the waiting wheel of a tap, with a word or without."""
        if self.query_id:
            self.unit.popup(self.query_id, said, alert=alert)

    def refuse(self, no: Refused) -> None:
        """Say why not, and what to do."""
        if self.query_id:
            self.popup(no.text, alert=True)
        if no.keyboard or not self.query_id:
            self.say(Card(no.text, no.keyboard))

    def number(self, place: int = 0) -> int:
        """An id out of a button's data; what is none was never on a button of ours."""
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

    def patient(self, place: int = 0) -> Patient:
        """The patient that a button is about."""
        found = self.unit.get(Patient, self.number(place))
        if found is None:
            raise Refused(text("button.stale"))
        return found

    def arg(self, place: int = 0) -> str:
        if place >= len(self.args):
            raise Refused(text("button.stale"))
        return self.args[place]

    def draft(self, kind: str) -> Draft:
        """The dialogue under way here, if it is still the one that the button belongs to."""
        found = self.unit.draft(self.me, self.chat_id)
        if found is None or found.kind != kind:
            raise Refused(text("button.stale"))
        return found


Do = Callable[[Visit], None]


class Desk:
    """Where handlers find the transaction of the update under way."""

    def __init__(self) -> None:
        self.unit: Unit | None = None

    def edge(
        self, action: Action | None, do: Do, *, talk: bool = False
    ) -> Callable[[Update, Any], Any]:
        """A PTB callback: who is it, may they, do it; a refusal undoes what was begun.

        `talk`: people also talk among themselves in groups; who is not of ours is not answered.
        """

        async def handle(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
            assert self.unit is not None, "an update was processed outside of a batch"
            visit = read(self.unit, update, context.args)
            if talk and visit.in_group and not known_here(visit):
                return
            try:
                with self.unit.savepoint():
                    if action is not None:
                        admit(visit, action)
                    do(visit)
                    visit.popup()
            except Refused as no:
                visit.refuse(no)

        return handle

    def raw(self, do: Callable[[Unit, Update], None]) -> Callable[[Update, Any], Any]:
        """A PTB callback for what no person did: it answers nobody."""

        async def handle(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
            assert self.unit is not None, "an update was processed outside of a batch"
            do(self.unit, update)

        return handle


def read(unit: Unit, update: Update, args: list[str] | None) -> Visit:
    """What PTB parsed, in our words."""
    user, chat = update.effective_user, update.effective_chat
    account = Account(user.id if user else 0, user.full_name if user else "")
    visit = Visit(unit, update.update_id, account, chat.id if chat else 0)
    visit.title = (chat.title if chat else "") or ""
    visit.member = unit.member_of(account.telegram_id)
    query, message = update.callback_query, update.effective_message
    if query is not None:
        visit.query_id = query.id
        visit.message_id = query.message.message_id if query.message else 0
        visit.args = (query.data or "").split(":")[2:]
        unit.tapped = (visit.chat_id, visit.message_id)
    elif message is not None:
        visit.message_id = message.message_id
        visit.typed = (message.text or "").strip()
        visit.args = list(args or [])
        unit.tapped = (0, 0)
    if visit.member is not None:
        joining.seen(unit, visit.member, visit.chat_id)
    return visit


def known_here(visit: Visit) -> bool:
    group = visit.unit.group(visit.chat_id)
    return visit.member is not None and group is not None and bool(group.team)


def admit(visit: Visit, action: Action) -> None:
    """Strangers learn nothing; a member does what the table of roles says, in a known place."""
    if visit.member is None:
        raise Refused(text("joining.stranger"))
    if not may(Team(visit.member.team), action):
        raise Refused(text("role.forbidden"))
    if visit.in_group and action is not Action.BIND:
        group = visit.unit.group(visit.chat_id)
        if group is None or not group.team:
            raise Refused(text("group.unbound"))
