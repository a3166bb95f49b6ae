"""Where in a TOML file a value was written, which the parser does not say."""

import re
from collections import Counter

Path = tuple[str | int, ...]

# Only what these files use of TOML: what is not found is named by the nearest line around it.
HEADER = re.compile(r"(\[\[?)([\w.-]+)\]")
KEY = re.compile(r"([\w-]+)\s*=")
ENTRY = re.compile(r"\s+[{\[\"]")


class Fault(ValueError):
    """What is wrong in a file, in one sentence; `path` leads to it."""

    def __init__(self, path: Path, said: str) -> None:
        super().__init__(said)
        self.path = path


def line_of(source: str, path: Path) -> int:
    """The line, from 1, of the value at this path, or of the nearest thing around it."""
    written = _lines(source)
    around = (path[:depth] for depth in range(len(path), 0, -1))
    return next((written[each] for each in around if each in written), 1)


def _lines(source: str) -> dict[Path, int]:
    """The line of each table, of each key, and of each entry of a list that has its own line."""
    written: dict[Path, int] = {}
    tables: dict[str, Path] = {}
    counts: Counter[Path] = Counter()
    table: Path = ()
    within: Path = ()
    for n, line in enumerate(source.splitlines(), 1):
        if header := HEADER.match(line):
            outer, _, name = header[2].rpartition(".")
            table = (*tables.get(outer, (outer,) if outer else ()), name)
            written.setdefault(table, n)
            if header[1] == "[[":
                counts[table] += 1
                table = (*table, counts[table] - 1)
            tables[header[2]] = within = table
            written.setdefault(table, n)
        elif key := KEY.match(line):
            within = (*table, key[1])
            written.setdefault(within, n)
        elif ENTRY.match(line):
            counts[within] += 1
            written[(*within, counts[within] - 1)] = n
    return written
