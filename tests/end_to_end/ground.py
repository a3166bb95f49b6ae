"""A town with its bot, of which every part can fail: what a test of a fault stands on."""

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from bot.domain.message import text
from bot.texts import CATALOGUE, Texts
from simulator.client import Client
from tests.end_to_end.nest import hatch
from tests.end_to_end.programs import (
    CAST,
    PATIENCE,
    free_port,
    run,
    settings,
    simulator,
    until_it_follows,
)
from tests.end_to_end.town import PARIS, Town

START = "2026-03-09T10:00+01:00"
REQUEST = "yescarta apherese 23/03/2026 j0 27/04/2026 centre TLS"
NUMBER = "05 61 00 00 15"
PHONES = f"TLS:reanimation={NUMBER}"
LOOK = 0.05
"""Real seconds between two looks at what must come to be."""

WORDS = Texts(CATALOGUE, PARIS)
AGAIN, PERHAPS_AGAIN = (
    WORDS.render(text(key)).replace("<i>", "").replace("</i>", "")
    for key in ("outbox.again", "outbox.perhaps_again")
)
"""How begins what may arrive a second time: an alert, and all the rest."""


def eventually(look: Callable[[], Any], within: float = PATIENCE) -> Any:
    """The first true thing that it sees; fails after so many real seconds."""
    end, pause = monotonic() + within, Event()
    while not (seen := look()):
        assert monotonic() < end, f"still not so after {within:g} s"
        pause.wait(LOOK)
    return seen


@contextmanager
def measured(what: str) -> Iterator[None]:
    """A figure of `make faults`."""
    began = monotonic()
    yield
    sys.stdout.write(f"\n{what}: {monotonic() - began:.1f} s\n")


@dataclass
class Ground:
    """One town, one bot that lives and dies, one database."""

    client: Client
    folder: Path
    given: dict[str, str]
    before: Callable[[], object] = str
    """Done in each new process of the bot."""
    bots: list[BaseProcess] = field(default_factory=list)

    @property
    def town(self) -> Town:
        return Town(self.client)

    # The bot's process

    @property
    def bot(self) -> BaseProcess:
        return self.bots[-1]

    def live(self, *, follows: bool = True) -> None:
        """A new bot on the same database."""
        self.bots.append(hatch(self.given, self.folder, self.before))
        if follows:
            until_it_follows(self.client)

    def signal(self, number: signal.Signals) -> None:
        assert self.bot.pid is not None
        os.kill(self.bot.pid, number)

    def kill(self) -> None:
        self.bot.kill()
        self.bot.join()

    def stop(self) -> int | None:
        """SIGTERM; gives its exit code."""
        self.bot.terminate()
        self.bot.join(PATIENCE)
        return self.bot.exitcode

    def log(self) -> str:
        return (self.folder / "bot.log").read_text("utf-8")

    def end(self) -> None:
        for bot in self.bots:
            if bot.is_alive():
                bot.kill()
            bot.join()

    # What can be seen

    def texts(self, chat: str) -> list[str]:
        return self.town.texts(chat)

    def heard(self, chat: str, words: str, within: float = PATIENCE) -> list[str]:
        """All that was said there with these words, as soon as there is any."""
        return list(
            eventually(lambda: [said for said in self.texts(chat) if words in said], within)
        )

    def number(self, chat: str) -> int:
        """The present number of a chat, or of a person's."""
        people = {each["slug"]: each["id"] for each in self.client.world()["people"]}
        groups = {
            each["slug"]: each["id"]
            for each in self.client.chats()
            if each["slug"] and each["migrated_to"] is None
        }
        return int({**people, **groups}[chat])

    def health(self) -> dict[str, Any]:
        """What /healthz says, with its code."""
        url = f"http://127.0.0.1:{self.given['HTTP_PORT']}/healthz"
        with suppress(OSError):
            try:
                with urllib.request.urlopen(url, timeout=10) as answer:
                    return {"code": answer.status, **json.load(answer)}
            except urllib.error.HTTPError as error:
                with error:
                    return {"code": error.code, **json.load(error)}
        return {"code": 0}

    def audit(self) -> None:
        """The chain of events verifies."""
        code, said, why = run(self.folder, self.given, "audit")
        assert code == 0, said + why

    # What is done

    def cut_off(self, kind: str, *chats: str, **more: object) -> None:
        """Messages to these chats fail so."""
        for chat in chats:
            self.client.fault(kind, method="sendMessage", chat_id=self.number(chat), **more)

    def alert(self, code: str, person: str = "sofia", chat: str = "greffe") -> None:
        self.town.say(person, f"/alerte {code}", chat)


@contextmanager
def ground(
    folder: Path,
    database: str,
    start: str = START,
    before: Callable[[], object] = str,
    **more: str,
) -> Iterator[Ground]:
    """Everybody has joined, and the bot follows the clock of the town."""
    with simulator(folder, start, "--cast", str(CAST)) as url:
        given = settings(url, folder, DATABASE_URL=database, HTTP_PORT=str(free_port()), **more)
        it = Ground(Client(url), folder, given, before)
        try:
            it.live()
            it.client.until_quiet()
            it.town.gather()
            yield it
        except BaseException as error:
            with suppress(OSError):
                error.add_note(it.log()[-3000:])
            raise
        finally:
            it.end()
