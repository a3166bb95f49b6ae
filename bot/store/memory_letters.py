"""What the store in memory keeps, and what is said and noted there."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from bot.domain.facts import Dated
from bot.domain.message import Kind, Priority
from bot.domain.people import Roster
from bot.domain.record import Entry
from bot.store.events import Event
from bot.store.outbox import BLANK, EDITED, REROUTED, Call, Outbox, Rows, Shown, Standing
from bot.store.people import Draft, Invitation
from bot.store.records import Held

SENT, FAILED = "sent", "failed"
ALIVE = ("sent", "pending", "sending")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a thing could not be handled when it was due, and until when it is left alone."""

    what: str
    missed_at: datetime | None
    until: datetime


@dataclass(slots=True)
class Facts:
    """Everything that is kept."""

    records: dict[str, Held] = field(default_factory=dict)
    archive: dict[str, dict[tuple[str, str], Dated]] = field(default_factory=dict)
    """What is over and is not read with its record, by patient."""
    duties: dict[str, datetime] = field(default_factory=dict)
    faults: dict[tuple[str, str, str], Fault] = field(default_factory=dict)
    roster: Roster = field(default_factory=lambda: Roster({}, {}))
    today: tuple[datetime, date] = (datetime.min, date.min)  # noqa: DTZ901 - never compared
    """The local day of the instant that was asked about last."""
    invitations: dict[str, Invitation] = field(default_factory=dict)
    drafts: dict[tuple[int, int], Draft] = field(default_factory=dict)
    letters: list[dict[str, Any]] = field(default_factory=list)
    waiting: dict[int, dict[str, Any]] = field(default_factory=dict)
    by_cause: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    failed: list[dict[str, Any]] = field(default_factory=list)
    """Letters that nobody got."""
    keys: set[str] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)

    def heard(self, cause: str) -> bool:
        """Some letter about it left, or is about to."""
        return any(x["state"] in ALIVE for x in self.by_cause.get(cause, ()))


class MemoryOutbox(Outbox):
    """Letters: said in the same words as for a database, kept in a list."""

    def __init__(self, facts: Facts, now: datetime) -> None:
        self._facts = facts
        self._now = now
        self._shown: dict[str, Shown] = {}
        self.tapped: tuple[int, int] = (0, 0)
        self.wrote = False
        self._older = len(facts.keys)
        """The numbers up to here are of other units: what this one says, it says as things are."""

    def _write(self, chat: int, kind: Kind, key: str, **values: Any) -> None:
        if key in self._facts.keys:
            return
        # For ever, as the unique column does it: a key that comes again is said already.
        self._facts.keys.add(key)
        values["priority"] = int(values.get("priority", Priority.ANSWER))
        if values.get("cause") and values["priority"] == Priority.ALERT:
            self._supersede(values["cause"], chat)
        letter = BLANK | values | {"chat_id": chat, "kind": kind.value, "dedupe_key": key}
        letter |= {"created_at": self._now, "id": len(self._facts.keys)}
        self._facts.letters.append(letter)
        self._facts.waiting[letter["id"]] = letter
        if letter["cause"]:
            self._facts.by_cause.setdefault(letter["cause"], []).append(letter)
        self.wrote = True

    def edit(self, chat: int, message_id: int, key: str, body: str, keyboard: Rows) -> None:
        earlier = [x for x in self._facts.waiting.values() if x["kind"] == Kind.EDIT.value]
        where = chat, message_id
        self._cancel(x for x in earlier if (x["chat_id"], x["message_id"]) == where)
        self._write(chat, Kind.EDIT, key, body=body, keyboard=keyboard, message_id=message_id)

    def _cancel(self, letters: Iterable[dict[str, Any]]) -> None:
        for letter in letters:
            if letter["state"] == "pending":
                letter["state"] = "cancelled"
                self._facts.waiting.pop(letter["id"], None)

    def _about(self, cause: str) -> list[dict[str, Any]]:
        return self._facts.by_cause.get(cause, [])

    def _waiting(self, cause: str) -> list[dict[str, Any]]:
        return [x for x in self._facts.waiting.values() if x["cause"] == cause]

    def _supersede(self, cause: str, chat: int) -> None:
        self._cancel(
            letter
            for letter in self._waiting(cause)
            if letter["chat_id"] == chat and letter["created_at"] < self._now
        )

    def withdraw(self, cause: str) -> None:
        self._cancel(self._waiting(cause))

    def hush(self, code: str) -> None:
        about = (
            x
            for x in self._facts.waiting.values()
            if f":{code}:" in x["cause"] or x["dedupe_key"].startswith(f"{code}#")
        )
        self._cancel(list(about))

    def adopt(self, chat: int, message_id: int, cause: str) -> None:
        for letter in self._facts.letters:
            where = letter["kind"], letter["chat_id"], letter["message_id"]
            if where == (Kind.SEND.value, chat, message_id):
                if letter in self._about(letter["cause"]):
                    self._about(letter["cause"]).remove(letter)
                letter["cause"], letter["live"] = cause, True
                self._facts.by_cause.setdefault(cause, []).append(letter)

    def write(self) -> None:
        """What is to be shown, the newest of each cause; the letters are written already."""
        for cause, shown in self._shown.items():
            seen: Counter[int] = Counter()
            for letter in reversed(list(self._about(cause))):
                if not letter["live"]:
                    continue
                if letter["state"] == "pending" and letter["id"] <= self._older:
                    letter["body"], letter["keyboard"] = shown.body, shown.keyboard
                    letter["live"] = bool(shown.keyboard)
                elif letter["state"] == SENT:
                    seen[letter["chat_id"]] += 1
                    self._rewrite(letter, shown, old=seen[letter["chat_id"]] > EDITED)
        self._shown = {}

    def _rewrite(self, letter: dict[str, Any], shown: Shown, *, old: bool) -> None:
        letter["live"] = bool(shown.keyboard) and not old
        chat, message = letter["chat_id"], cast(int, letter["message_id"])
        if not old and (chat, message) != shown.tapped:
            self.edit(chat, message, f"{shown.key}:{letter['id']}", shown.body, shown.keyboard)

    def silence(self, chat: int) -> None:
        self._void_for(chat)
        self.freeze(chat)

    def freeze(self, chat: int) -> None:
        for letter in self._facts.letters:
            letter["live"] &= letter["chat_id"] != chat

    def _void_for(self, chat: int) -> None:
        self._cancel([x for x in self._facts.waiting.values() if x["chat_id"] == chat])

    def reroute(self, chat: int, others: Collection[int]) -> None:
        for letter in list(self._facts.waiting.values()):
            if letter["chat_id"] != chat or letter["kind"] != Kind.SEND.value:
                continue
            for other in others if letter["team"] else ():
                key = f"{letter['dedupe_key'].removesuffix(str(chat))}{other}"
                self._write(other, Kind.SEND, key, **{name: letter[name] for name in REROUTED})
            if letter["team"] and not others:
                letter["state"] = FAILED
                self._facts.failed.append(letter)
                del self._facts.waiting[letter["id"]]
        self._void_for(chat)

    def troubles(self, stuck_before: datetime, since: datetime, limit: int) -> list[str]:
        stuck = [x for x in self._facts.waiting.values() if x["created_at"] < stuck_before]
        lost = [x for x in self._facts.failed if x["created_at"] >= since]
        return [
            f"letter {x['id']} {x['state']} since {x['created_at'].isoformat()}"
            for x in (*stuck[:limit], *lost[:limit])
        ]

    def calls(self, causes: Collection[str], since: datetime) -> list[Call]:
        said: dict[tuple[str, int], list[dict[str, Any]]] = {}
        for letter in (x for cause in causes for x in self._about(cause)):
            if letter["kind"] == Kind.SEND.value and letter["created_at"] >= since:
                said.setdefault((letter["cause"], letter["chat_id"]), []).append(letter)
        return [
            Call(*where, min(x["created_at"] for x in of), any(x["state"] == SENT for x in of))
            for where, of in said.items()
        ]

    def asked_by(self, chat: int, message_id: int) -> str:
        where = Kind.SEND.value, chat, message_id
        ours = (
            x for x in self._facts.letters if (x["kind"], x["chat_id"], x["message_id"]) == where
        )
        found = (x["dedupe_key"] for x in ours)
        return next(found, "")

    def standing(self, limit: int) -> list[Standing]:  # noqa: ARG002 - as the other store
        """Nothing is deleted here, and so nothing refused."""
        return []

    def seen(self, since: datetime) -> list[tuple[int, int]]:  # noqa: ARG002 - as the other store
        """Nobody is removed here."""
        return []

    def purge(self, before: datetime, limit: int) -> int:
        if not self._facts.letters or self._facts.letters[0]["created_at"] >= before:
            return 0
        old = [x for x in self._facts.letters if x["created_at"] < before][:limit]
        gone = {id(x) for x in old if x["state"] != "pending"}
        self._facts.letters = [x for x in self._facts.letters if id(x) not in gone]
        return len(gone)


class MemoryEvents:
    """What happened; a chain needs a key and a file, and has neither here."""

    def __init__(self, facts: Facts, now: datetime) -> None:
        self._facts = facts
        self._now = now

    def record(self, kind: str, code: str = "", member: int | None = None, **data: Any) -> None:
        number = len(self._facts.events) + 1
        self._facts.events.append(Event(self._now, kind, code, member, data, number))

    def write(self) -> None:
        """Nothing is gathered here."""

    def of(self, code: str, limit: int, offset: int = 0) -> Sequence[Event]:
        return [e for e in self._facts.events if e.code == code][offset : offset + limit]

    def about(self, codes: Collection[str], kinds: Collection[str]) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for event in self._facts.events:
            if event.code in codes and event.kind in kinds:
                found.setdefault(event.code, []).append(_entry(event))
        return found

    def of_kinds(self, kinds: Collection[str]) -> list[Entry]:
        return [_entry(event) for event in self._facts.events if event.kind in kinds]

    def codes_of(self, kind: str) -> set[str]:
        return {event.code for event in self._facts.events if event.kind == kind}

    def count_of(self, code: str) -> int:
        return sum(event.code == code for event in self._facts.events)

    def last(self, kind: str) -> Event | None:
        return next((each for each in reversed(self._facts.events) if each.kind == kind), None)

    def count_since(self, kind: str, since: datetime) -> int:
        return sum(e.kind == kind and e.at >= since for e in self._facts.events)


def _entry(event: Event) -> Entry:
    return Entry(event.kind, event.member_id, event.data)
