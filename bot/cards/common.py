"""What many cards have in common."""

from collections.abc import Sequence

from bot.domain import schedule
from bot.domain.facts import Dated
from bot.domain.message import Button, Keyboard, Text, Value, text
from bot.domain.record import Record

SHOWN = 10
"""How many lines a list shows at once: a phone's screen."""
NOTHING = text("nothing")


def head(record: Record) -> Text:
    """Which patient, which day: at the top of every message about a patient."""
    # Code and day alone: a locked screen shows this line to whoever passes (clinique §6.3).
    return text("patient.head", code=record.code, j=record.days)


def passed_over(record: Record) -> Value:
    """In red on every card: what somebody decided not to wait for, and is still missing."""
    return lines_or_nothing(
        [
            text(
                "step.passed_over",
                label=record.definition(missing).label,
                who=record.who(step.waived_member),
                at=step.waived_at or record.now,
                reason=step.waived_by,
            )
            for missing, step in schedule.passed_over(record)
        ]
    )


def data(verb: str, record: Record, thing: Dated, *rest: object) -> str:
    """What a button says when it is pressed; 64 bytes at the most (Bot API)."""
    return ":".join((verb, record.code, thing.key, *map(str, rest)))


def rows(*buttons: Button) -> Keyboard:
    """Each button on a row of its own."""
    return tuple((button,) for button in buttons)


def pair_up(buttons: Sequence[Button], per_row: int = 2) -> Keyboard:
    return tuple(tuple(buttons[at : at + per_row]) for at in range(0, len(buttons), per_row))


def more(verb: str, shown: int, total: int) -> Keyboard:
    """The button of the next page, if there is one."""
    if shown >= total:
        return ()
    return rows(Button(text("list.button.more", n=total - shown), f"{verb}:{shown}"))


def parts(*found: Text | None) -> tuple[Text, ...]:
    return tuple(part for part in found if part is not None)


def lines_or_nothing(lines: Sequence[Text]) -> Value:
    return tuple(lines) or NOTHING
