"""Bots side by side, each with an API of its own and the same taps to answer."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.api import Api
from bench.process import Process, bot, running
from bench.town import GROUPS, Box, Tap, Town, alternately

TEAM = "coordination"
PEOPLE, IN_GROUP = 20, 6
"""So many people, each with a patient's checklist; the last ones read it in their group."""
QUIET = 0.4
"""Seconds after which nothing more follows from a burst."""
OURS, PTB, AIOGRAM, KEPT = "ours", "PTB", "aiogram", "PTB + sqlmodel"


@dataclass
class Player:
    """One bot, its API and the checklists before its people."""

    api: Api
    process: Process
    boxes: Sequence[Box]

    def taps(self, count: int) -> list[Tap]:
        return alternately(self.boxes, count)


@dataclass(frozen=True)
class Burst:
    """What became of taps that were queued at once."""

    rate: float
    """Taps a second, from the first queued to the last answered and shown."""
    answers: float
    """The same, to the last answered."""
    cpu: float
    """Milliseconds of processor a tap."""
    edits: float
    """Accepted edits a tap."""


@contextmanager
def ours(folder: Path, **more: str) -> Iterator[tuple[Player, Town]]:
    """The real bot with a network in place and a checklist open before each of its people."""
    with Api() as api, bot(api, folder, FLOOD_LIMITS="none", **more) as process:
        town = Town(api)
        town.gather(**{TEAM: PEOPLE, "reanimation": 1})
        boxes = []
        for place, person in enumerate(town.members[TEAM]):
            chat = person if place < PEOPLE - IN_GROUP else GROUPS[TEAM]
            boxes.append(town.box(person, chat, town.enrol()))
        yield Player(api, process, boxes), town


@contextmanager
def peer(name: str, folder: Path, boxes: Sequence[Box]) -> Iterator[Player]:
    """A bare bot before the same people and messages."""
    words = {
        PTB: ("bench.peers.ptb",),
        AIOGRAM: ("bench.peers.aiogram_bot",),
        KEPT: ("bench.peers.ptb",),
    }[name]
    file = (str(folder / "kept.db"),) if name == KEPT else ()
    with Api() as api, running(api, folder, words[0], api.url, *file) as process:
        yield Player(api, process, [_same(api, box) for box in boxes])


def _same(api: Api, box: Box) -> Box:
    """A message at the same place, for the peer to edit."""
    chat = box.tick.chat
    api.chats.known.add(chat)
    sent = api.chats.call("sendMessage", {"chat_id": chat, "text": "…"})
    number = int(sent["message_id"])
    return Box(box.tick._replace(message=number), box.clear._replace(message=number))


@contextmanager
def stage(*peers: str, **more: str) -> Iterator[Mapping[str, Player]]:
    """Ours first, then the peers, all of them up until the end of the block."""
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        player, _ = stack.enter_context(ours(folder, **more))
        players = {OURS: player}
        for each in peers:
            players[each] = stack.enter_context(peer(each, folder, player.boxes))
        yield players


def burst(player: Player, count: int) -> Burst:
    """Queue so many taps at once; over when each is answered and nothing more follows."""
    api = player.api
    api.forget()
    cpu, began = player.process.cpu(), perf_counter()
    api.pour(player.taps(count))
    api.until(lambda: len(api.answered) >= count, f"{count} answers", patience=300)
    api.until_quiet(QUIET)
    cpu = player.process.cpu() - cpu
    edits = api.accepted("editMessageText")
    answered = max(api.answered.values()) - began
    shown = max(answered, edits[-1].at - began)
    return Burst(count / shown, count / answered, 1000 * cpu / count, len(edits) / count)
