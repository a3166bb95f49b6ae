"""Plays a recorded run again, and says where the bot answers otherwise."""

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from simulator.errors import Misuse
from simulator.ground import Ground
from simulator.page.operations import OPERATIONS
from simulator.world.recorder import FORMAT, SPOKEN, said

Line = dict[str, Any]

WORD = re.compile(r"[\w-]+")
# Real seconds to wait for a bot, and for what it does after each act.
PATIENCE = 30.0
PAUSED_STORY = ("task", "debrief", "broken")
# Shorter words are the same by chance.
MIN_RENAMED = 4


@dataclass(frozen=True)
class Recording:
    """One run."""

    start: datetime
    cast: dict[str, Any]
    lines: list[Line]

    @property
    def said(self) -> list[Line]:
        return [line for line in self.lines if "call" in line]


def read(path: Path) -> Recording:
    """A recording from its file; a last line cut short by a crash is left out."""
    try:
        rows = path.read_text(encoding="utf-8").splitlines()
        head = json.loads(rows[0])
    except (OSError, IndexError, ValueError) as error:
        raise Misuse(f"L’enregistrement {path} ne peut pas être lu.") from error
    if head.get("simulator") != FORMAT:
        raise Misuse(f"{path} n’est pas un enregistrement de ce simulateur.")
    lines = [line for row in rows[1:] if (line := _parsed(row)) is not None]
    return Recording(datetime.fromisoformat(head["start"]), head.get("cast", {}), lines)


async def again(ground: Ground, recording: Recording) -> list[str]:
    """Do the acts once more with whatever bot follows; the differences, in words."""
    if not await ground.changes.until(ground.lockstep.followed, PATIENCE):
        raise Misuse("Aucun bot ne suit l’horloge.")
    refused: list[str] = []
    heard: list[Line] = []
    for line in recording.lines:
        if "call" in line:
            heard.append(line)
            continue
        names = renamed(heard, _said(ground))
        instant = datetime.fromisoformat(line["at"])
        if instant > ground.clock.now():
            await ground.lockstep.advance(instant)
        refused += await _do(ground, line["act"], substituted(line["body"], names))
    return refused + differences(recording.said, _said(ground))


async def _do(ground: Ground, path: str, body: Line) -> list[str]:
    """One act, and what the bot does of it; a refusal is a difference."""
    try:
        await OPERATIONS[path](ground, body)
    except (Misuse, KeyError) as error:
        return [f"{path} {json.dumps(body, ensure_ascii=False)}\N{NO-BREAK SPACE}: {error}"]
    await ground.changes.until(lambda: _story_waits(ground), PATIENCE)
    await ground.lockstep.quiet(PATIENCE)
    return []


def _story_waits(ground: Ground) -> bool:
    """A story goes on by itself until it waits for somebody."""
    story = ground.runner.story
    return story is None or story.progress.phase in PAUSED_STORY


def _said(ground: Ground) -> list[Line]:
    return [said(call) for call in ground.journal.calls if call.method in SPOKEN]


def differences(before: list[Line], after: list[Line]) -> list[str]:
    """Chat by chat, the first place where the two runs part."""
    names = renamed(before, after)
    found = []
    olds, news = _by_chat(before), _by_chat(after)
    for chat in olds.keys() | news.keys():
        old = [substituted(line, names) for line in olds[chat]]
        new = news[chat]
        for number in range(max(len(old), len(new))):
            left = old[number] if number < len(old) else None
            right = new[number] if number < len(new) else None
            if left != right:
                found.append(f"chat {chat}, message {number + 1}: {_word(left)} → {_word(right)}")
                break
    return sorted(found)


def renamed(before: list[Line], after: list[Line]) -> dict[str, str]:
    """Words drawn by chance (codes, invitations): the new one for each old one."""
    names: dict[str, str] = {}
    olds, news = _by_chat(before), _by_chat(after)
    for chat, lines in olds.items():
        for old, new in zip(lines, news[chat], strict=False):
            olds_words, news_words = WORD.findall(old["text"]), WORD.findall(new["text"])
            if len(olds_words) != len(news_words):
                continue
            pairs = zip(olds_words, news_words, strict=True)
            names |= {a: b for a, b in pairs if a != b and len(a) >= MIN_RENAMED}
    return names


def substituted(line: Line, names: dict[str, str]) -> Line:
    """A line with the old words replaced wherever text stands."""

    def word(match: re.Match[str]) -> str:
        return names.get(match[0], match[0])

    return {k: WORD.sub(word, v) if isinstance(v, str) else v for k, v in line.items()}


def _by_chat(lines: list[Line]) -> dict[object, list[Line]]:
    chats: dict[object, list[Line]] = defaultdict(list)
    for line in lines:
        chats[line["chat"]].append(line)
    return chats


def _parsed(row: str) -> Line | None:
    try:
        line = json.loads(row)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def _word(line: Line | None) -> str:
    return f"{line['call']} {line['text']!r} ({line['status']})" if line else "nothing"
