"""The state machines as pictures: `python -m tests.diagrams` writes them into the page.

They are drawn from `TRANSITIONS` of bot/domain/facts.py: the page cannot tell another story.
"""

from dataclasses import fields
from enum import StrEnum
from pathlib import Path

from bot.domain import facts
from bot.domain.facts import KINDS, Dated

PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"
BEGIN, END = "<!-- machines -->\n", "<!-- /machines -->\n"


def machines() -> str:
    """Every state machine, as Mermaid in Markdown."""
    return "\n".join(map(machine, sorted(KINDS, key=lambda kind: kind.KIND)))


def machine(kind: type[Dated]) -> str:
    """One of them: where it begins, what may follow what, where it may end."""
    lines = [f"    [*] --> {first_state(kind)}"]
    for state, following in in_order(kind):
        lines += [f"    {state} --> {other}" for other in following]
        lines += [] if following else [f"    {state} --> [*]"]
    drawn = "\n".join(lines)
    return f"**{kind.KIND}**\n\n```mermaid\nstateDiagram-v2\n{drawn}\n```\n"


def first_state(kind: type[Dated]) -> str:
    return str(next(field.default for field in fields(kind) if field.name == "state"))


def in_order(kind: type[Dated]) -> list[tuple[str, list[str]]]:
    """Each state with those that may follow it, as their list names them."""
    states: type[StrEnum] = getattr(facts, f"{kind.__name__}State")
    return [
        (state.value, [s.value for s in states if s in kind.TRANSITIONS.get(state, ())])
        for state in states
    ]


def shown(page: str) -> str:
    """What the page shows between its two marks."""
    return page.partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    before = PAGE.read_text("utf-8")
    head, tail = before.partition(BEGIN)[0], before.partition(END)[2]
    PAGE.write_text(f"{head}{BEGIN}{machines()}{END}{tail}", "utf-8")
