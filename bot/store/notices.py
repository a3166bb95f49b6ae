"""Saying things: letters are written in the transaction of the fact that causes them."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlmodel import col

from bot.domain.message import Card, Keyboard, Kind, Notice, Priority, Text
from bot.models import LetterState, Outbox
from bot.store.work import Work


class Notices(Work):
    """Nobody sends; everybody notifies."""

    def notify(self, notice: Notice) -> bool:
        """Say it once for its key; the words are fixed now. True if it was new.

        An alert that still waits to reach a chat is void once newer news of it goes there; what
        is less urgent is folded into one message (`care.backlog`).
        """
        new = self._write(
            notice.chat,
            Kind.SEND,
            notice.key,
            body=self.words.render(notice.text),
            priority=notice.priority,
            keyboard=json.dumps(self._rows(notice.keyboard), ensure_ascii=False),
            cause=notice.cause,
            live=bool(notice.keyboard),
            silent=notice.silent,
            protect=notice.protect,
        )
        if new and notice.cause and notice.priority is Priority.ALERT:
            self._supersede(notice)
        return new

    def _supersede(self, notice: Notice) -> None:
        older = self._about(notice.cause).where(
            col(Outbox.chat_id) == notice.chat,
            col(Outbox.kind) == Kind.SEND,
            col(Outbox.state) == LetterState.PENDING,
            # Two of the same instant are one piece of news in two messages.
            col(Outbox.created_at) < self.now,
        )
        self.session.execute(older.values(state=LetterState.CANCELLED.value))

    def edit(
        self,
        chat: int,
        message_id: int,
        card: Card,
        key: str,
        priority: Priority = Priority.ANSWER,
    ) -> None:
        """Change what a message of ours shows."""
        self._write(
            chat,
            Kind.EDIT,
            key,
            body=self.words.render(card.text),
            priority=priority,
            keyboard=json.dumps(self._rows(card.keyboard), ensure_ascii=False),
            payload=json.dumps({"message_id": message_id}),
        )

    def popup(self, query_id: str, said: Text | None = None, *, alert: bool = False) -> None:
        """Answer a tap: the pop-up, or only the end of the waiting wheel."""
        self._write(
            0,
            Kind.POPUP,
            f"popup:{query_id}",
            body=self.words.plain(said) if said else "",
            priority=Priority.ANSWER,
            payload=json.dumps({"query_id": query_id, "alert": alert}),
        )

    def picture(self, chat: int, png_base64: str, caption: Text, key: str) -> None:
        """Send a picture with a caption; it may be forwarded."""
        self._write(
            chat,
            Kind.PHOTO,
            key,
            body=self.words.render(caption),
            priority=Priority.ANSWER,
            payload=json.dumps({"png": png_base64}),
            protect=False,
        )

    def menu(self, chat: int, commands: list[tuple[str, Text]], key: str) -> None:
        """Set the commands that Telegram shows to one chat (0: to everybody)."""
        listed = [
            {"command": name, "description": self.words.plain(said)} for name, said in commands
        ]
        self._write(
            chat,
            Kind.MENU,
            key,
            priority=Priority.BULK,
            payload=json.dumps({"commands": listed}, ensure_ascii=False),
        )

    def delete(self, chat: int, message_id: int) -> None:
        """Take a message out of a chat, where Telegram lets us."""
        self._write(
            chat,
            Kind.DELETE,
            f"delete:{chat}:{message_id}",
            priority=Priority.ANSWER,
            payload=json.dumps({"message_id": message_id}),
        )

    def withdraw(self, cause: str) -> None:
        """What `cause` made worth saying is so no longer: nothing of it leaves any more."""
        waiting = self._about(cause).where(col(Outbox.state) == LetterState.PENDING)
        self.session.execute(waiting.values(state=LetterState.CANCELLED.value))
        leaving = self._about(cause).where(col(Outbox.state) == LetterState.SENDING)
        self.session.execute(leaving.values(withdrawn=True))

    def rewrite(self, cause: str, card: Card, key: str) -> None:
        """Show `card` in every message about `cause` that still has buttons.

        Not in the one that was just tapped: its handler knows better what to show there.
        """
        shown = self.all(
            select(Outbox).where(
                col(Outbox.cause) == cause,
                col(Outbox.live),
                col(Outbox.state) == LetterState.SENT,
            )
        )
        for letter in shown:
            letter.live = bool(card.keyboard)
            if letter.message_id is None or (letter.chat_id, letter.message_id) == self.tapped:
                continue
            self.edit(letter.chat_id, letter.message_id, card, f"{key}:{letter.id}")

    def stale_chats(self, before: datetime) -> Sequence[int]:
        """Chats in which several reminders wait to leave, one of them since `before`."""
        return self.session.scalars(
            select(col(Outbox.chat_id))
            .where(
                col(Outbox.state) == LetterState.PENDING,
                col(Outbox.priority) >= Priority.REMINDER,
                col(Outbox.kind) == Kind.SEND,
                # Without a cause it is news: no present state says it again.
                col(Outbox.cause) != "",
            )
            .group_by(col(Outbox.chat_id))
            .having(func.count() > 1, func.min(col(Outbox.created_at)) < before)
        ).all()

    def cancel_reminders(self, chat: int) -> None:
        """A newer message says it all: what waits of less than an answer's weight is void."""
        self.session.execute(
            update(Outbox)
            .where(
                col(Outbox.chat_id) == chat,
                col(Outbox.state) == LetterState.PENDING,
                col(Outbox.priority) >= Priority.REMINDER,
                col(Outbox.kind) == Kind.SEND,
                # Without a cause it is news: no present state says it again.
                col(Outbox.cause) != "",
            )
            .values(state=LetterState.CANCELLED.value)
            .execution_options(synchronize_session=False)
        )

    def silence(self, chat: int) -> None:
        """Whoever reads there is out: nothing that waits leaves any more."""
        waiting = update(Outbox).where(col(Outbox.chat_id) == chat)
        waiting = waiting.execution_options(synchronize_session=False)
        pending = waiting.where(col(Outbox.state) == LetterState.PENDING)
        self.session.execute(pending.values(state=LetterState.CANCELLED.value))
        leaving = waiting.where(col(Outbox.state) == LetterState.SENDING)
        self.session.execute(leaving.values(withdrawn=True))

    def reroute(self, chat: int, others: Sequence[int]) -> None:
        """A chat is lost: what waits for it and still matters is said to others."""
        waiting = self.all(
            select(Outbox).where(
                col(Outbox.chat_id) == chat,
                col(Outbox.kind) == Kind.SEND,
                col(Outbox.cause) != "",
                col(Outbox.state).in_((LetterState.PENDING, LetterState.SENDING)),
                ~col(Outbox.withdrawn),
            )
        )
        for letter in waiting:
            for other in others:
                self._write(
                    other,
                    Kind.SEND,
                    # The key that `tell` would have given it: who has it already is spared.
                    f"{letter.dedupe_key.removesuffix(str(chat))}{other}",
                    body=letter.body,
                    priority=letter.priority,
                    keyboard=letter.keyboard,
                    cause=letter.cause,
                    live=letter.live,
                )
        self.silence(chat)

    def stuck_letters(self, before: datetime) -> Sequence[Outbox]:
        """Letters that should have left by then."""
        return self.all(
            select(Outbox).where(
                col(Outbox.state).in_((LetterState.PENDING, LetterState.SENDING)),
                col(Outbox.created_at) < before,
            )
        )

    @staticmethod
    def _about(cause: str) -> Any:
        return (
            update(Outbox)
            .where(col(Outbox.cause) == cause)
            .execution_options(synchronize_session=False)
        )

    def _rows(self, keyboard: Keyboard) -> list[list[dict[str, str]]]:
        return [
            [
                {"text": self.words.plain(button.label)}
                | ({"url": button.url} if button.url else {"data": button.data})
                for button in row
            ]
            for row in keyboard
        ]

    def _write(self, chat: int, kind: Kind, key: str, **values: Any) -> bool:
        defaults = {
            "body": "",
            "keyboard": "[]",
            "payload": "{}",
            "cause": "",
            "live": False,
            "silent": False,
            "protect": True,
            "withdrawn": False,
            "attempts": 0,
            "error": "",
        }
        values["priority"] = int(values["priority"])
        new = self.insert_once(
            Outbox,
            "dedupe_key",
            **defaults
            | values
            | {
                "chat_id": chat,
                "kind": kind.value,
                "dedupe_key": key,
                "state": LetterState.PENDING.value,
                "created_at": self.now,
            },
        )
        self.wrote_letters = self.wrote_letters or new
        return new
