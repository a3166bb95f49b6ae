"""The table of limits in the documentation and the tests say the same."""

import re
from pathlib import Path

from simulator.world.actions import TOLD
from simulator.world.faults import KINDS
from simulator.world.oddities import SHAPES
from tests.simulator.limits import LIMITS

PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"
PREFIXES = {400: "Bad Request: ", 403: "Forbidden: "}


def test_every_limit_is_documented_with_its_answer() -> None:
    rows = PAGE.read_text(encoding="utf-8").splitlines()
    documented = {
        row.split("`")[-2]: row for row in rows if row.startswith("|") and "](http" in row
    }

    assert set(documented) == {limit.name for limit in LIMITS}
    for limit in LIMITS:
        answer = f"{limit.code} {PREFIXES.get(limit.code, '')}{limit.text}"
        assert answer in documented[limit.name].replace("\\|", "|")


def test_every_fault_is_documented() -> None:
    _, _, after = PAGE.read_text(encoding="utf-8").partition("## Faults")
    said, _, _ = after.partition("\n## ")

    assert [shape for shape in SHAPES if f"`{shape}`" not in said] == []
    assert [told for told in TOLD if f"`{told}`" not in said and f'"{told}"' not in said] == []
    assert [kind for kind in KINDS if kind.partition("_")[0] not in said] == []


def test_every_picture_of_the_page_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")

    for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", text):
        assert (PAGE.parent / name).is_file(), name
