"""The people: they write, and press what they read on the buttons, through either messenger."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

from bench.chats import Chats, Shown
from bench.process import SETUP_CODE

Found = TypeVar("Found")
LOOKS = 50
"""How often somebody looks at a phone before giving up."""
PARIS = ZoneInfo("Europe/Paris")
NURSE = 501
FIRST_GUEST = 601
GROUPS = {
    "coordination": -1000000000001,
    "efs": -1000000000002,
    "pharmacie": -1000000000003,
    "greffe": -1000000000004,
    "reanimation": -1000000000005,
    "neurologie": -1000000000006,
}
LINK = re.compile(r"https://t\.me/\w+\?start=([\w-]+)")
CODE = re.compile(r"\b[A-Z]{3}-[2-9A-HJKMNP-TV-Z]{4}\b")
TAG = re.compile(r"<[^>]+>")
DONE, OPEN, TICKED, CREATE = "Fait", "☐", "☑", "Créer"
ALARM = "Alerter"
"""On a button that is not to be tried."""


class Messenger(Protocol):
    """How updates reach the bot; each call returns once everything that follows was said."""

    chats: Chats

    def say_and_wait(self, person: int, text: str, chat: int = 0) -> None: ...
    def press_and_wait(self, person: int, chat: int, message: int, data: str) -> None: ...
    def rest(self) -> None:
        """Let what may still be under way arrive."""
        ...


class Tap(NamedTuple):
    """Who presses what where."""

    person: int
    chat: int
    message: int
    data: str


class Box(NamedTuple):
    """An item of a checklist: the tap that ticks it, and the one that clears it."""

    tick: Tap
    clear: Tap


class Town:
    """One network at its phones."""

    def __init__(self, messenger: Messenger) -> None:
        self._messenger = messenger
        self.chats = messenger.chats
        self.chats.known |= {NURSE, *GROUPS.values()}
        self.members: dict[str, list[int]] = {}
        self.codes: list[str] = []
        self._guests = FIRST_GUEST

    def gather(self, **teams: int) -> None:
        """The nurse comes in, then so many members of each team, and the team's group."""
        self._messenger.say_and_wait(NURSE, f"/start {SETUP_CODE}")
        for team, people in teams.items():
            self._join(team, people)
            self._messenger.say_and_wait(NURSE, f"/rattacher {team}", GROUPS[team])

    def _join(self, team: str, people: int) -> None:
        before = self._link("")
        self._messenger.say_and_wait(NURSE, f"/inviter {team} {people}")
        link = self._seen(lambda: self._link(before), f"an invitation to {team}")
        for _ in range(people):
            self.chats.known.add(self._guests)
            self._messenger.say_and_wait(self._guests, f"/start {link}")
            self.members.setdefault(team, []).append(self._guests)
            self._guests += 1

    def _link(self, before: str) -> str:
        """The newest invitation, if it is not the one from before."""
        found = (LINK.search(said.text) for said in self._newest(NURSE))
        newest = next((link[1] for link in found if link), "")
        return newest if newest != before else ""

    def enrol(self, today: date | None = None) -> str:
        """`/nouveau …` on one line, then *Créer*; gives the code."""
        self.plan(today or datetime.now(PARIS).date())
        self.press(NURSE, NURSE, CREATE)
        self.codes.append(self._seen(self._new_code, "a new code"))
        return self.codes[-1]

    def _new_code(self) -> str:
        found = (code for said in self._newest(NURSE) for code in CODE.findall(plain(said)))
        return next((code for code in found if code not in self.codes), "")

    def plan(self, today: date) -> None:
        """`/nouveau …`: the dated plan is shown, nothing is created yet."""
        apheresis = today + timedelta(days=21)
        dates = f"{apheresis:%d/%m/%Y} j0 {apheresis + timedelta(days=35):%d/%m/%Y}"
        self._messenger.say_and_wait(NURSE, f"/nouveau yescarta apherese {dates} centre TLS")

    def press(self, person: int, chat: int, label: str, about: str = "") -> None:
        """Press the newest such button of a chat, in a message or on a button about `about`."""
        shown, data = self.button(chat, label, about)
        self._messenger.press_and_wait(person, chat, shown.id, data)

    def say(self, person: int, text: str, chat: int = 0) -> None:
        self._messenger.say_and_wait(person, text, chat)

    def button(self, chat: int, label: str, about: str = "") -> tuple[Shown, str]:
        """The newest message of a chat with such a button, and the button's data."""
        what = f"« {label} » about {about!r} in {chat}"
        return self._seen(lambda: self._button(chat, label, about), what)

    def _button(self, chat: int, label: str, about: str) -> tuple[Shown, str] | None:
        for shown in self._newest(chat):
            data = shown.data(label) if about in plain(shown) else shown.data(label, after=about)
            if data:
                return shown, data
        return None

    def box(self, person: int, chat: int, code: str) -> Box:
        """Open the first checklist of a patient there; gives its first open item."""
        self._messenger.say_and_wait(person, f"/statut {code}", chat)
        self._open_step(person, chat, code)
        self.press(person, chat, DONE, code)
        shown, tick = self.button(chat, OPEN, code)
        self._messenger.press_and_wait(person, chat, shown.id, tick)
        clear = self._seen(lambda: shown.data(TICKED), f"« {TICKED} » in {chat}")
        self._messenger.press_and_wait(person, chat, shown.id, clear)
        return Box(Tap(person, chat, shown.id, tick), Tap(person, chat, shown.id, clear))

    def _open_step(self, person: int, chat: int, code: str) -> None:
        """The step's own card, by whatever button of the status leads to one with *Fait*."""
        status = self._seen(lambda: self._about(chat, code), f"the status of {code}")
        for label, data in status.buttons():
            if ALARM in label:
                continue
            self._messenger.press_and_wait(person, chat, status.id, data)
            if self._button(chat, DONE, code):
                return
        raise LookupError(f"no way from {plain(status)!r} to « {DONE} »: {status.buttons()}")

    def _about(self, chat: int, code: str) -> Shown | None:
        """The newest message about a patient that has buttons."""
        found = (shown for shown in self._newest(chat) if code in plain(shown) and shown.markup)
        return next(found, None)

    def _seen(self, look: Callable[[], Found | None], what: str) -> Found:
        """What is looked for, as soon as it is there."""
        for _ in range(LOOKS):
            found = look()
            if found:
                return found
            self._messenger.rest()
        raise LookupError(f"not seen: {what}")

    def _newest(self, chat: int) -> Sequence[Shown]:
        return self.chats.at(chat)[::-1]


def plain(shown: Shown) -> str:
    return TAG.sub("", shown.text)


def alternately(boxes: Sequence[Box], count: int) -> list[Tap]:
    """So many taps: each box in its turn, ticked and cleared by turns."""
    return [
        box.clear if place // len(boxes) % 2 else box.tick
        for place in range(count)
        for box in (boxes[place % len(boxes)],)
    ]
