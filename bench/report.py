"""The one table, as Markdown and as JSON."""

import json
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.line import Line

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
PAGE = HERE.parent / "docs" / "bench.md"
HEAD = ("measure", "peer", "ours", "peer's", "ratio", "goal", "reached?")
PLACE = re.compile(r"(<!-- table -->\n).*(<!-- /table -->)", re.DOTALL)


def table(lines: Sequence[Sequence[str]]) -> str:
    """Markdown, its columns in line for who reads it in a terminal."""
    rows = [HEAD, *lines]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
    written = [_row(row, widths) for row in rows]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join((written[0], rule, *written[1:])) + "\n"


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)) + " |"


def keep(taken: Mapping[str, Iterable[Line]], date: str) -> dict[str, Any]:
    """Write what was measured over what was known; what was not measured stays."""
    known: dict[str, Any] = {}
    if RESULTS.exists():
        known = json.loads(RESULTS.read_text(encoding="utf-8"))
    machine = f"Python {platform.python_version()}, {platform.machine()}"
    for name, lines in taken.items():
        made = list(lines)
        known[name] = {
            "date": date,
            "machine": machine,
            "lines": [line.facts() for line in made],
            "cells": [line.cells() for line in made],
        }
    RESULTS.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return known


def write_page(known: Mapping[str, Any], order: Sequence[str]) -> None:
    """Put the table of all that is known into docs/bench.md."""
    found = [known[name] for name in order if name in known]
    cells = [row for each in found for row in each["cells"]]
    dates = sorted({each["date"] for each in found})
    machines = sorted({each["machine"] for each in found})
    said = f"Measured {' to '.join(dict.fromkeys((dates[0], dates[-1])))}, {', '.join(machines)}."
    page = PAGE.read_text(encoding="utf-8")
    written = PLACE.sub(lambda m: f"{m[1]}\n{said}\n\n{table(cells)}\n{m[2]}", page)
    PAGE.write_text(written, encoding="utf-8")
