"""`make bench`: python -m bench [--write] [MEASURE …]; one table, and bench/results.json."""

import argparse
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module

from bench import report
from bench.line import Line, skip

MEASURES = (
    "burst",
    "latency",
    "distance",
    "floor",
    "statements",
    "enrolment",
    "backlog",
    "crowd",
    "flood",
    "scale",
    "ring",
    "start",
    "postgres",
    "takeover",
    "reminders",
    "simulation",
    "page",
)
"""In the order of the table; docs/bench.md says what each is."""


def main() -> int:
    asked = _arguments()
    taken = {name: _measured(name) for name in asked.measures or MEASURES}
    known = report.keep(taken, datetime.now(UTC).date().isoformat())
    if asked.write:
        report.write_page(known, MEASURES)
    lines = [line for each in taken.values() for line in each]
    sys.stdout.write("\n" + report.table([line.cells() for line in lines]))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=", ".join(MEASURES))
    parser.add_argument("--write", action="store_true", help="put the table into docs/bench.md")
    asked = parser.parse_args()
    unknown = set(asked.measures) - set(MEASURES)
    if unknown:
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    return asked


def _measured(name: str) -> Sequence[Line]:
    """What one measure found; one that breaks is named, and the others go on."""
    sys.stderr.write(f"{name} …\n")
    try:
        lines: Sequence[Line] = import_module(f"bench.measures.{name}").measure()
    except Exception as error:
        traceback.print_exc()
        return [skip(name, f"{type(error).__name__}: {error}".splitlines()[0])]
    for line in lines:
        sys.stderr.write("  " + " | ".join(line.cells()) + "\n")
    return lines


if __name__ == "__main__":
    sys.exit(main())
