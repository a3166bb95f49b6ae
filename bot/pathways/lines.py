"""Where in a TOML file a value was written, which the parser does not say."""

import re
from collections.abc import Iterator
from itertools import islice

from bot.domain.plain import Path


def line_of(source: str, path: Path) -> int:
    """The line, from 1, of the value at this path, or of the nearest thing around it."""
    lines = source.splitlines()
    at, rest = _table(lines, path)
    if rest and isinstance(rest[0], str):
        at = _key(lines, at, rest[0])
    if len(rest) > 1 and isinstance(rest[1], int):
        at = _entry(lines, at, rest[1])
    return max(at, 0) + 1


def _table(lines: list[str], path: Path) -> tuple[int, Path]:
    """The header of the innermost table on the path, and what of the path is inside it."""
    at, taken, name = -1, 0, ""
    for depth, key in enumerate(path):
        if isinstance(key, int):
            continue
        name = f"{name}.{key}" if name else key
        nth = next((each for each in path[depth + 1 : depth + 2] if isinstance(each, int)), None)
        found = next(islice(_headers(lines, at, name), nth or 0, None), None)
        if found is None:
            break
        at, taken = found, depth + (1 if nth is None else 2)
    return at, path[taken:]


def _headers(lines: list[str], after: int, name: str) -> Iterator[int]:
    for at in range(after + 1, len(lines)):
        if re.match(rf"\[{{1,2}}{re.escape(name)}\]", lines[at]):
            yield at


def _key(lines: list[str], header: int, key: str) -> int:
    for at in range(header + 1, len(lines)):
        if re.match(rf"{re.escape(key)}\s*=", lines[at]):
            return at
        if re.match(r"\[", lines[at]):
            break
    return header


def _entry(lines: list[str], key: int, nth: int) -> int:
    """The nth element of a list written one element a line; else the line of its key."""
    if re.search(r"\]\s*(#.*)?$", lines[max(key, 0)]):
        return key
    entries = (at for at in range(key + 1, len(lines)) if re.match(r"\s*[{\[\"]", lines[at]))
    return next(islice(entries, nth, None), key)
