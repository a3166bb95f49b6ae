"""The crowd before the door: who says more than anybody can read, and who is nobody of ours.

Told once, then passed over before anything is read, screened or written. Counted in memory: a
flood must cost nothing, and what a restart forgets is one more answer. What members say is
counted by Telegram's own hour of it: after an outage an hour of messages comes at once.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.domain.commands import CALLS, SECRET, URGENT_DATA, Command, command
from bot.handlers.door import VERDICT, Raw
from bot.handlers.guesses import Guesses
from bot.store import Unit
from bot.understanding import unwell


@dataclass(frozen=True)
class Budget:
    """What is read in any `SPAN`; more than anybody types or taps, less than a machine sends."""

    said: int
    tapped: int


SPAN = 10.0
"""Seconds."""
ONE, GROUP = Budget(30, 200), Budget(120, 600)
LATEST = 2**40
"""Seconds."""
CALLS_HEARD = 2
"""Calls for help of one account beyond its budget, in any `SPAN`."""
ENTERING = timedelta(minutes=5)
"""How long whoever tries a code is read as somebody who may have been let in meanwhile."""
PAGE = 500
"""Characters that count as one more message: so many take as long to read as a short one."""
HOUR = timedelta(hours=1)
KEPT = 10_000
"""Accounts and chats."""
READ_LATELY = 2_000
"""Updates of which it is remembered that they may be read: a batch may be taken twice."""
SHORT = 500
"""Characters among which a call for help is looked for in a flood."""


class Verdict(StrEnum):
    READ = "read"
    STRANGER = "stranger"
    """Only that somebody came: they are told whom to ask, and what they said is not read."""
    TOO_MANY = "too_many"
    """The first too many: they are told so."""
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Said:
    """What is asked about an update before it is read."""

    number: int
    kind: str
    account: int
    chat: int
    text: str
    at: float
    """Seconds, by the clock of whoever wrote it down."""
    command: Command | None

    @property
    def tapped(self) -> bool:
        return self.kind == "callback_query"

    @property
    def private(self) -> bool:
        return self.chat == self.account

    @property
    def tries_a_code(self) -> bool:
        asked = self.command
        return asked is not None and asked.name == SECRET and bool(asked.words)

    @property
    def calls(self) -> bool:
        """Whether somebody calls for help."""
        if self.tapped:
            return self.text.startswith(URGENT_DATA)
        if self.command is not None and self.command.name in CALLS:
            return True
        return len(self.text) <= SHORT and bool(unwell(self.text))


class Lately:
    """When each came lately: what came and was not read counts too, until they are quiet."""

    def __init__(self, most: int) -> None:
        self._came: deque[float] = deque(maxlen=most)
        self.told: int | None = None
        """The update whose author was told that it is too much."""

    def is_full(self, at: float, weight: int) -> bool:
        full = len(self._came) == self._came.maxlen and all(
            # After an outage what is urgent comes first, though it was said long after.
            abs(at - came) < SPAN
            for came in self._came
        )
        self._came.extend([at] * weight)
        self.told = self.told if full else None
        return full


class Crowd:
    """Asked of each update first; `budgets`: whether members are limited too."""

    def __init__(
        self, clock: Callable[[], datetime], guesses: Guesses, bot_name: str, *, budgets: bool
    ) -> None:
        self._clock = clock
        self._guesses = guesses
        self._bot_name = bot_name.lower()
        self._budgets = budgets
        self._lately: dict[Hashable, Lately] = {}
        self._answered: dict[Hashable, tuple[datetime, int]] = {}
        self._entering: dict[Hashable, datetime] = {}
        self._read: dict[Hashable, datetime] = {}
        self.dropped: Counter[str] = Counter({"flood": 0, "stranger": 0, "guess": 0})

    def admit(self, unit: Unit, updates: Sequence[Raw]) -> list[Raw]:
        """Those that are to be taken, each with the verdict if it is not simply read."""
        said = {raw["update_id"]: found for raw in updates if (found := _said(raw, self._now()))}
        for each in said.values():
            if each.tries_a_code and each.private:
                # Who comes in and calls for help at once is one of ours by then.
                _put(self._entering, each.account, self._clock(), KEPT)
        admitted = []
        for raw in updates:
            found = said.get(raw["update_id"])
            verdict = self._judge(unit, found) if found else Verdict.READ
            if verdict is Verdict.READ:
                admitted.append(raw)
            elif verdict is not Verdict.DROP:
                admitted.append({**raw, VERDICT: verdict.value})
        return admitted

    def may_answer(self, account: int, chat: int, number: int, *, tapped: bool = False) -> bool:
        """Somebody who has not joined is answered once an hour, and so is a group of them."""
        # A pop-up is seen by who tapped alone.
        key, now = account if tapped else chat, self._clock()
        at, by = self._answered.get((tapped, key), (now - HOUR, 0))
        # Asked about the same update again, it says the same.
        if by == number or now - at >= HOUR:
            _put(self._answered, (tapped, key), (now, number), KEPT)
            return True
        return False

    def _judge(self, unit: Unit, said: Said) -> Verdict:
        read_at = self._read.get(said.number)
        if read_at is not None and self._clock() - read_at < HOUR:
            return Verdict.READ
        if said.tries_a_code and self._guesses.knows(said.account):
            self._guesses.turns_away(said.account)
            verdict, why = Verdict.DROP, "guess"
        elif unit.people.roster.account(said.account) is None and not self._is_entering(said):
            verdict, why = self._strangers(said), "stranger"
        else:
            verdict, why = self._within_budget(said), "flood"
        if verdict is Verdict.READ:
            _put(self._read, said.number, self._clock(), READ_LATELY)
        elif verdict is Verdict.DROP:
            self.dropped[why] += 1
        return verdict

    def _is_entering(self, said: Said) -> bool:
        since = self._entering.get(said.account)
        return since is not None and self._clock() - since < ENTERING

    def _strangers(self, said: Said) -> Verdict:
        if said.tries_a_code:
            found = self._within_budget(said)
            return found if found is Verdict.READ else Verdict.DROP
        # In a group they talk to one another, and to other bots.
        mine = said.private or said.tapped or (said.kind == "message" and self._to_me(said))
        if not mine or not self.may_answer(
            said.account, said.chat, said.number, tapped=said.tapped
        ):
            return Verdict.DROP
        return Verdict.STRANGER

    def _to_me(self, said: Said) -> bool:
        asked = said.command
        return asked is not None and asked.bot.lower() in ("", self._bot_name)

    def _within_budget(self, said: Said) -> Verdict:
        if not self._budgets:
            return Verdict.READ
        kinds = [(said.account, ONE)] + ([] if said.private else [(said.chat, GROUP)])
        for who, budget in kinds:
            lately = self._of((who, said.tapped), budget.tapped if said.tapped else budget.said)
            if lately.is_full(said.at, 1 + len(said.text) // PAGE):
                # Of one who floods a group the group is not to blame.
                return self._too_many(lately, said)
        return Verdict.READ

    def _too_many(self, lately: Lately, said: Said) -> Verdict:
        # A call for help is heard all the same, but not so many that nobody else is.
        if said.calls and not self._of((said.account, "calls"), CALLS_HEARD).is_full(said.at, 1):
            return Verdict.READ
        if lately.told is None:
            lately.told = said.number
        # Asked about the same update again, it says the same.
        return Verdict.TOO_MANY if lately.told == said.number else Verdict.DROP

    def _of(self, key: Hashable, most: int) -> Lately:
        found = self._lately.get(key)
        if found is None:
            found = Lately(most)
            _put(self._lately, key, found, KEPT)
        return found

    def _now(self) -> float:
        return self._clock().timestamp()


def _put(kept: dict[Hashable, Any], key: Hashable, value: Any, most: int) -> None:
    """Keep it as the newest; the oldest goes when there are too many."""
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > most:
        del kept[next(iter(kept))]


KINDS: Collection[str] = ("message", "edited_message", "callback_query")


def _said(raw: Raw, now: float) -> Said | None:
    """What is known of an update without reading it; nothing if it is always taken."""
    for kind in KINDS:
        body = raw.get(kind)
        if isinstance(body, dict):
            break
    else:
        return None
    # A group became another one: it is Telegram that says so.
    if "migrate_to_chat_id" in body:
        return None
    tapped = kind == "callback_query"
    message = body.get("message") if tapped else body
    account = _id(body.get("from"))
    chat = _id(message.get("chat")) if isinstance(message, dict) else 0
    text = body.get("data" if tapped else "text") or body.get("caption")
    written = None if tapped else body.get("edit_date", body.get("date"))
    return Said(
        raw["update_id"],
        kind,
        account,
        chat or account,
        text if isinstance(text, str) else "",
        # No date of Telegram's is beyond: made by hand, it is none.
        written if isinstance(written, int) and 0 <= written < LATEST else now,
        command(text) if isinstance(text, str) and not tapped else None,
    )


def _id(who: Any) -> int:
    number = who.get("id") if isinstance(who, dict) else 0
    return number if isinstance(number, int) else 0
