"""Saying things: what a unit has to say, gathered while it lasts and written at its end."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, func, literal, not_, select, update

from bot.domain.message import Kind, Priority
from bot.models import LetterState
from bot.store.sayings import (
    ADOPT,
    HUSH,
    OFF,
    OURS,
    PENDING,
    REWRITE,
    SHOWN,
    STANDING,
    SUPERSEDE,
    VOID,
    WAITS,
    WITHDRAW,
    c,
    outbox,
)
from bot.store.statements import insert_new

Rows = list[list[dict[str, str]]]
"""A keyboard as it is kept: rows of {"text", "data" or "url"}."""

LETTER, TAPPED = "letter", "tapped"
"""In a change of a message that was on its way: its letter; what was tapped is left alone."""
ASKED_IN = "asked_in"
"""In a private answer to what was asked in a group: that group, and the number of the update."""
EDITED = 5
"""How many messages about one thing are kept up to date in a chat: what a phone shows of them."""


@dataclass(frozen=True, slots=True)
class Call:
    """What was said about a cause in one chat: since when, and whether some of it arrived."""

    cause: str
    chat: int
    first: datetime
    arrived: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """A message that Telegram would not delete: the number of the attempt, where, since when."""

    id: int
    chat: int
    at: datetime


@dataclass(slots=True)
class Shown:
    """What the messages about a cause are to show now."""

    body: str
    keyboard: Rows
    key: str
    tapped: tuple[int, int]


class Outbox:
    """Nobody sends; everybody writes a letter."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self._letters: dict[str, dict[str, Any]] = {}
        self._edits: dict[tuple[int, int], str] = {}
        """Of each message that is changed, the key of the change."""
        self._void: set[str] = set()
        self._hushed: set[str] = set()
        self._shown: dict[str, Shown] = {}
        self._adopted: list[dict[str, Any]] = []
        self.wrote = False
        self.tapped: tuple[int, int] = (0, 0)
        """Chat and id of the message whose button was pressed: its own handler changes it."""

    def send(
        self,
        chat: int,
        key: str,
        body: str,
        keyboard: Rows,
        *,
        priority: Priority = Priority.REMINDER,
        cause: str = "",
        team: str = "",
        centre: str = "",
        silent: bool = False,
        protect: bool = True,
        payload: dict[str, Any] | None = None,
    ) -> None:
        """Say it once for its key."""
        self._write(
            chat,
            Kind.SEND,
            key,
            body=body,
            keyboard=keyboard,
            priority=priority,
            cause=cause,
            team=team,
            centre=centre,
            live=bool(keyboard),
            silent=silent,
            protect=protect,
            payload=payload or {},
        )

    def edit(self, chat: int, message_id: int, key: str, body: str, keyboard: Rows) -> None:
        """Change what a message of ours shows; of several changes the last one is made."""
        earlier = self._edits.get((chat, message_id))
        if earlier != key:
            self._letters.pop(earlier or "", None)
        self._edits[chat, message_id] = key
        self._write(
            chat,
            Kind.EDIT,
            key,
            body=body,
            keyboard=keyboard,
            payload={"message_id": message_id},
            message_id=message_id,
        )

    def say_anew(self, chat: int, message_id: int, key: str, body: str, keyboard: Rows) -> None:
        """A message of ours cannot be changed: what it was to show is said in another one."""
        old = select(c.id, c.cause, c.team, c.centre).where(
            c.chat_id == chat, c.message_id == message_id, c.kind == Kind.SEND.value
        )
        row = self._connection.execute(old).first()
        if row is None:
            return
        self._connection.execute(OFF, {"ids": [row.id]})
        about = {"cause": row.cause, "team": row.team, "centre": row.centre}
        # No call: whoever has to act is called by the clock.
        self.send(chat, key, body, keyboard, priority=Priority.ANSWER, silent=True, **about)

    def popup(self, query_id: str, body: str = "", *, alert: bool = False) -> None:
        """Answer a tap: the pop-up, or only the end of the waiting wheel."""
        payload = {"query_id": query_id, "alert": alert}
        self._write(0, Kind.POPUP, f"popup:{query_id}", body=body, payload=payload)

    def picture(self, chat: int, key: str, body: str, payload: dict[str, Any]) -> None:
        """Send a picture with a caption; it may be forwarded."""
        self._write(chat, Kind.PHOTO, key, body=body, payload=payload, protect=False)

    def menu(self, chat: int, key: str, commands: Sequence[tuple[str, str]]) -> None:
        """Set the commands that Telegram shows to one chat (0: to everybody)."""
        listed = [{"command": name, "description": said} for name, said in commands]
        payload = {"commands": listed}
        self._write(chat, Kind.MENU, key, priority=Priority.BULK, payload=payload)

    def delete(self, chat: int, message_id: int) -> None:
        """Take a message out of a chat, where Telegram lets us."""
        key = f"delete:{chat}:{message_id}"
        self._write(chat, Kind.DELETE, key, payload={"message_id": message_id})

    def look(self, chat: int, key: str, account: int, member: int) -> None:
        """Ask whether somebody who was a member still is in a group."""
        payload = {"user_id": account, "member": member}
        self._write(chat, Kind.LOOK, key, priority=Priority.BULK, payload=payload)

    def withdraw(self, cause: str) -> None:
        """What `cause` made worth saying is so no longer: nothing of it leaves any more."""
        # What this same unit said of it before is void as well, and never written.
        self._void.add(cause)
        self._letters = {
            key: letter for key, letter in self._letters.items() if letter["cause"] != cause
        }

    def hush(self, code: str) -> None:
        """Nothing about this patient that waits leaves any more; what is said from here on does.

        A message about several patients stays, and shows the others alone.
        """
        self._hushed.add(code)
        self._letters = {
            key: letter
            for key, letter in self._letters.items()
            if f":{code}:" not in letter["cause"] and not key.startswith(f"{code}#")
        }

    def show(self, cause: str, key: str, body: str, keyboard: Rows) -> None:
        """Show this in the messages about `cause` that still have buttons.

        Not in the one that was just tapped: its handler knows better what to show there. Nor in
        those that `EDITED` newer ones follow in their chat: a tap on them is told how things are.
        """
        self._shown[cause] = Shown(body, keyboard, key, self.tapped)

    def adopt(self, chat: int, message_id: int, cause: str) -> None:
        """A message of ours becomes one about `cause`: what is shown of that, is shown in it."""
        self._adopted.append({"chat": chat, "message": message_id, "about": cause})

    def _write(self, chat: int, kind: Kind, key: str, **values: Any) -> None:
        values["priority"] = int(values.get("priority", Priority.ANSWER))
        self._letters.setdefault(
            key,
            BLANK
            | values
            | {
                "chat_id": chat,
                "kind": kind.value,
                "dedupe_key": key,
                "created_at": self._now,
            },
        )

    def write(self) -> None:
        """Void what is void, change what is shown, then write what is new."""
        # In this order: what is said after a withdrawal must not be withdrawn with it.
        if self._void:
            self._connection.execute(WITHDRAW, {"causes": sorted(self._void)})
        for code in sorted(self._hushed):
            self._connection.execute(HUSH, {"named": f"%:{code}:%", "news": f"{code}#%"})
        if self._shown:
            self._write_shown()
        if self._adopted:
            self._connection.execute(ADOPT, self._adopted)
        if self._letters:
            self._write_letters(list(self._letters.values()))
        self._letters, self._void, self._shown, self._adopted = {}, set(), {}, []
        self._edits, self._hushed = {}, set()

    def _write_shown(self) -> None:
        causes = {"causes": sorted(self._shown)}
        dead: list[int] = []
        seen: Counter[tuple[str, int]] = Counter()
        for id_, chat, message, cause, state in self._connection.execute(SHOWN, causes).all():
            new = self._shown[cause]
            if state == PENDING and self._rewrite_waiting(id_, new):
                continue
            seen[cause, chat] += 1
            old = seen[cause, chat] > EDITED
            if old or not new.keyboard:
                dead.append(id_)
            if old:
                continue
            key = f"{new.key}:{id_}"
            if message is None:
                self._edit_landing(chat, id_, key, new)
            # Two edits of one message: this one would cover what the handler shows there.
            elif (chat, message) != new.tapped:
                self.edit(chat, message, key, new.body, new.keyboard)
        if dead:
            self._connection.execute(OFF, {"ids": dead})

    def _rewrite_waiting(self, letter: int, new: Shown) -> bool:
        """Whether it still waited, and now says this."""
        keys = new.keyboard
        values = {"letter": letter, "said": new.body, "keys": keys, "lives": bool(keys)}
        return self._connection.execute(REWRITE, values).rowcount > 0

    def _edit_landing(self, chat: int, letter: int, key: str, new: Shown) -> None:
        """Change a message that is on its way: which one it is, is known when it has landed."""
        payload = {LETTER: letter, TAPPED: list(new.tapped)}
        self._write(chat, Kind.EDIT, key, body=new.body, keyboard=new.keyboard, payload=payload)

    def _write_letters(self, letters: list[dict[str, Any]]) -> None:
        urgent = [
            {"about": each["cause"], "chat": each["chat_id"], "before": self._now}
            for each in letters
            if each["cause"] and each["priority"] == Priority.ALERT
        ]
        if urgent:
            # An alert that still waits is void once newer news of it goes to the same chat.
            self._connection.execute(SUPERSEDE, urgent)
        dialect = self._connection.dialect.name
        self._connection.execute(insert_new(outbox, "dedupe_key", dialect), letters)
        self.wrote = True

    # What becomes of what waits

    def silence(self, chat: int) -> None:
        """Whoever reads there is out: nothing that waits leaves, nothing that left is changed."""
        # What this unit said before has to be found there too.
        self.write()
        self._void_for(chat)
        self.freeze(chat)

    def freeze(self, chat: int) -> None:
        """What was said there stays as it is, whatever becomes of what it was about."""
        there = update(outbox).where(c.chat_id == chat, c.live)
        self._connection.execute(there.values(live=False))

    def move(self, chat: int, to: int) -> None:
        """A group became a supergroup: what waits follows it; its messages have new numbers."""
        self.write()
        here = c.chat_id == chat
        # A change or a deletion would meet another message under the old number.
        numbered = c.kind.in_((Kind.EDIT.value, Kind.DELETE.value))
        self._connection.execute(update(outbox).where(here, WAITS, numbered).values(VOID))
        self._connection.execute(update(outbox).where(here, c.live, ~WAITS).values(live=False))
        self._connection.execute(update(outbox).where(here, WAITS).values(chat_id=to))

    def _void_for(self, chat: int) -> None:
        self._connection.execute(update(outbox).where(c.chat_id == chat, WAITS).values(VOID))

    def reroute(self, chat: int, others: Collection[int]) -> None:
        """A chat is lost: what waits for it, and was for a team, is said to others.

        With nobody left to hear it, it has failed; what is on its way fails when it lands.
        """
        self.write()
        ours = and_(
            c.chat_id == chat,
            c.kind == Kind.SEND.value,
            # What was for a person alone, an answer or a menu, is nobody else's to read.
            c.team != "",
            WAITS,
            ~c.withdrawn,
        )
        if not others:
            self._lose(chat, ours)
            return
        waiting = select(outbox).where(ours)
        for letter in self._connection.execute(waiting.order_by(c.id)).mappings().all():
            for other in others:
                # The key that it would have had: who has it already is spared.
                key = f"{letter['dedupe_key'].removesuffix(str(chat))}{other}"
                kept = {name: letter[name] for name in REROUTED}
                self._write(other, Kind.SEND, key, **kept)
        self._void_for(chat)

    def _lose(self, chat: int, ours: Any) -> None:
        failed = {"state": LetterState.FAILED.value, "error": "nobody is left to hear it"}
        self._connection.execute(update(outbox).where(ours, c.state == PENDING).values(failed))
        rest = update(outbox).where(c.chat_id == chat, WAITS, not_(ours))
        self._connection.execute(rest.values(VOID))

    def stale(self, chat: int, before: datetime) -> bool:
        """Whether a reminder waited there so long that the present state says it better."""
        old = select(literal(1)).where(_routine(chat), c.created_at < before).limit(1)
        return self._connection.execute(old).first() is not None

    def fold_routine(self, chat: int) -> None:
        """A newer message says it all: what waits of a reminder's weight is part of it."""
        folded = update(outbox).where(_routine(chat)).values(state=LetterState.FOLDED.value)
        self._connection.execute(folded)

    # The audit

    def troubles(self, stuck_before: datetime, since: datetime, limit: int) -> list[str]:
        """Letters that should have left by then, and those that nobody got: one line each.

        Alerts first, so that no number of others hides one.
        """
        # A stranger who does not listen to his own refusal is nobody's trouble.
        stuck = and_(WAITS, OURS, c.created_at < stuck_before)
        unheard = (LetterState.FAILED.value, LetterState.UNKNOWN.value)
        missed = c.kind == Kind.SEND.value
        lost = and_(c.state.in_(unheard), missed, OURS, ~c.withdrawn, c.created_at >= since)
        found = [
            select(c.id, c.state, c.created_at)
            .where(which)
            .order_by(c.priority, c.id)
            .limit(limit)
            for which in (stuck, lost)
        ]
        return [
            f"letter {id_} {state} since {at.isoformat()}"
            for query in found
            for id_, state, at in self._connection.execute(query)
        ]

    def calls(self, causes: Collection[str], since: datetime) -> list[Call]:
        """What was said about these causes since then, chat by chat."""
        arrived = func.max(case((c.state == LetterState.SENT.value, 1), else_=0))
        found = (
            select(c.cause, c.chat_id, func.min(c.created_at), arrived)
            .where(c.cause.in_(sorted(causes)), c.kind == Kind.SEND.value, c.created_at >= since)
            .group_by(c.cause, c.chat_id)
        )
        rows = self._connection.execute(found) if causes else ()
        return [Call(cause, chat, first, bool(sent)) for cause, chat, first, sent in rows]

    def asked_by(self, chat: int, message_id: int) -> str:
        """The key of the letter that is this message; nothing if none of ours is."""
        ours = select(c.dedupe_key).where(c.chat_id == chat, c.message_id == message_id)
        ours = ours.where(c.kind.in_((Kind.SEND.value, Kind.PHOTO.value)))
        return str(self._connection.execute(ours).scalar() or "")

    # What a group still holds

    def standing(self, limit: int) -> list[Standing]:
        """Messages that have to be deleted by hand, oldest first."""
        found = select(c.id, c.chat_id, c.created_at).where(STANDING).order_by(c.id).limit(limit)
        return [Standing(*row) for row in self._connection.execute(found)]

    def deleted_by_hand(self, number: int) -> bool:
        """Somebody has deleted it; false if nobody had to."""
        done = update(outbox).where(c.id == number, STANDING)
        cancelled = done.values(state=LetterState.CANCELLED.value)
        return self._connection.execute(cancelled).rowcount > 0

    def seen(self, since: datetime) -> list[tuple[int, int]]:
        """(group, member) of each look since then that found somebody there."""
        found = select(c.chat_id, c.payload).where(
            c.kind == Kind.LOOK.value, c.created_at >= since, c.message_id.is_not(None)
        )
        rows = self._connection.execute(found.order_by(c.id))
        return [(chat, payload["member"]) for chat, payload in rows]

    def give_up(self, number: int) -> None:
        """It reached nobody and that is said elsewhere: it has not failed unheard."""
        this = update(outbox).where(c.id == number)
        self._connection.execute(this.values(withdrawn=True))

    def purge(self, before: datetime, limit: int) -> int:
        """Forget what was settled long ago, so much at once; what still waits is kept."""
        # Failed ones too: the auditor names them while they are news, long before.
        old = select(c.id).where(c.created_at < before, ~WAITS)
        gone = outbox.delete().where(c.id.in_(old.order_by(c.created_at).limit(limit)))
        return self._connection.execute(gone).rowcount


def _routine(chat: int) -> Any:
    return and_(
        c.chat_id == chat,
        c.state == PENDING,
        c.priority >= int(Priority.REMINDER),
        c.kind == Kind.SEND.value,
        # Without a cause it is news: no present state says it again.
        c.cause != "",
    )


REROUTED = ("body", "keyboard", "priority", "cause", "team", "centre", "live", "protect")
BLANK: dict[str, Any] = {
    "body": "",
    "keyboard": [],
    "payload": {},
    "message_id": None,
    "cause": "",
    "team": "",
    "centre": "",
    "live": False,
    "silent": False,
    "protect": True,
    "state": PENDING,
    "withdrawn": False,
    "owner": 0,
    "attempts": 0,
    "error": "",
}
