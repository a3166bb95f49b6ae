"""The people of the cast at their phones: they read, write and press what they see there."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from simulator.client import Client, View
from tests.end_to_end.programs import SETUP_CODE

PARIS = ZoneInfo("Europe/Paris")
NURSE = "claire"
MEMBERS = {
    "efs": ("amina",),
    "pharmacie": ("marc",),
    "greffe": ("sofia", "ferrand"),
    "reanimation": ("roche", "hugo"),
    "neurologie": ("alary",),
}
DONE, OPEN, CONFIRM, RECEIVE = "Fait", "☐", "Confirmer", "Je reçois"
CODE = re.compile(r"\b[A-Z]{3}-[2-9A-HJKMNP-TV-Z]{4}\b")
LINK = re.compile(r"https://t\.me/\S+")
LONGEST_CHECKLIST = 20


class Town:
    """One network in a running simulator, and the bot that serves it."""

    def __init__(self, client: Client) -> None:
        self.client = client
        people = client.world()["people"]
        self._chats = {person["slug"]: int(person["id"]) for person in people}

    # Telling the time

    def at(self, when: str | datetime) -> None:
        """Push the clock to an instant, a local one if written `2026-04-14T10:00`."""
        self.client.to(local(when) if isinstance(when, str) else when)

    # Writing and pressing

    def say(self, person: str, text: str, chat: str = "", reply_to: int | None = None) -> None:
        """Write, and wait until everybody has read what follows from it."""
        self.client.say(person, text, self._chat(chat or person), reply_to)
        self.client.until_quiet()

    def start(self, person: str, payload: str) -> None:
        self.client.start(person, payload)
        self.client.until_quiet()

    def press(self, person: str, label: str, chat: str = "", about: str = "") -> str:
        """Press the newest such button; gives the words of the pop-up, mostly none."""
        where = chat or person
        return self.tap(person, self.newest(where, label, about), label)

    def tap(self, person: str, message: View, label: str) -> str:
        """Press a button of one message."""
        tapped = self.client.press(person, label, message["chat"], message=message["id"])
        assert tapped["answer"] is not None, f"« {label} » was not answered"
        self.client.until_quiet()
        return str(tapped["answer"].get("text") or "")

    # Reading

    def messages(self, chat: str) -> list[View]:
        """What the bot wrote in a chat and is still there, as it stands now."""
        return [m for m in self.client.messages(self._chat(chat)) if m["from"]["is_bot"]]

    def newest(self, chat: str, label: str, about: str = "") -> View:
        """The newest message with such a button whose first line holds `about`."""
        for message in reversed(self.messages(chat)):
            if button(message, label) and about in message["text"].splitlines()[0]:
                return message
        raise AssertionError(f"no « {label} » about {about!r} in {self.texts(chat)[-5:]}")

    def again(self, message: View) -> View:
        """The same message as it stands now."""
        found = self.client.messages(message["chat"])
        return next(m for m in found if m["id"] == message["id"])

    def texts(self, chat: str) -> list[str]:
        return [message["text"] for message in self.messages(chat)]

    def last(self, chat: str) -> str:
        return self.texts(chat)[-1]

    def _chat(self, name: str) -> int | str:
        return self._chats.get(name, name)

    # What a network does

    def gather(self) -> None:
        """The nurse comes in by the set-up code and brings the teams, by link and by group."""
        self.start(NURSE, SETUP_CODE)
        for team, people in MEMBERS.items():
            self.say(NURSE, f"/inviter {team} {len(people)}")
            link = LINK.search(self.last(NURSE))
            assert link, self.last(NURSE)
            for person in people:
                self.start(person, link[0])
            self.say(NURSE, f"/rattacher {team}", team)

    def enrol(self, line: str) -> str:
        """`/nouveau …` on one line; gives the code."""
        self.say(NURSE, f"/nouveau {line}")
        self.press(NURSE, "Créer")
        found = CODE.search(self.last(NURSE))
        assert found, self.last(NURSE)
        return found[0]

    def do(self, team: str, label: str) -> None:
        """One of the team ticks a step off: *Fait*, the checklist, *Confirmer*."""
        person, chat = who(team)
        card = self._card(person, chat, label)
        self.tap(person, card, DONE)
        for _ in range(LONGEST_CHECKLIST):
            open_ = button(self.again(card), OPEN)
            if not open_:
                break
            self.tap(person, card, open_)
        self.tap(person, card, CONFIRM)
        assert "fait" in self.again(card)["text"].splitlines()[0], self.again(card)["text"]

    def _card(self, person: str, chat: str, label: str) -> View:
        """The step's own message, from its reminder, else from /afaire."""
        for message in reversed(self.messages(chat)):
            about = message["text"].splitlines()[0]
            if button(message, DONE) and about.partition(" : ")[0].endswith(f"· {label}"):
                return message
        self.say(person, "/afaire", chat)
        listed = self.newest(chat, label)
        self.tap(person, listed, label)
        return listed

    def receive(self, team: str, label: str, right: str) -> None:
        """One of the team reads a relay back."""
        person, chat = who(team)
        relay = self.newest(chat, RECEIVE, label)
        self.tap(person, relay, RECEIVE)
        self.tap(person, relay, right)
        assert not button(self.again(relay), right), self.again(relay)["text"]


def local(when: str) -> datetime:
    return datetime.fromisoformat(when).replace(tzinfo=PARIS)


def who(team: str) -> tuple[str, str]:
    """The first of a team, and where the team is reached."""
    return (MEMBERS[team][0], team) if team in MEMBERS else (NURSE, NURSE)


def button(message: View, label: str) -> str:
    """The first whole label of a message that holds these words, or nothing."""
    labels = (key["text"] for row in message["keyboard"] for key in row)
    return next((whole for whole in labels if label in whole), "")
