"""Plays a recorded run again, and says where the bot answers otherwise."""

import json
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from simulator.errors import Misuse
from simulator.record import FORMAT

Line = dict[str, Any]

WORD = re.compile(r"[\w-]+")
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
        raise Misuse(f"cannot read the recording {path}: {error}") from error
    if head.get("simulator") != FORMAT:
        raise Misuse(f"{path} is not a recording of this simulator")
    lines = [line for row in rows[1:] if (line := _parsed(row)) is not None]
    return Recording(datetime.fromisoformat(head["start"]), head.get("cast", {}), lines)


class Player:
    """Does the acts of a recording one by one."""

    def __init__(
        self,
        recording: Recording,
        act: Callable[[str, Line], Awaitable[object]],
        reach: Callable[[datetime], Awaitable[object]],
        said: Callable[[], list[Line]],
    ) -> None:
        self._recording, self._act, self._reach, self._said = recording, act, reach, said
        self.refused: list[str] = []

    async def play(self) -> list[str]:
        """The differences, in words; none when the bot said the same again."""
        heard: list[Line] = []
        for line in self._recording.lines:
            if "call" in line:
                heard.append(line)
                continue
            names = renamed(heard, self._said())
            await self._reach(datetime.fromisoformat(line["at"]))
            await self._do(line["act"], substituted(line["body"], names))
        return self.refused + differences(self._recording.said, self._said())

    async def _do(self, path: str, body: Line) -> None:
        try:
            await self._act(path, body)
        except Misuse as misuse:
            self.refused.append(f"{path} {json.dumps(body, ensure_ascii=False)}: {misuse}")


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
