"""The read-back of a relay: one right answer among several that look like it."""

import random
from datetime import date, timedelta

from bot.domain.codes import ALPHABET, check_character


def number_choices(answer: int, low: int, high: int, seed: int) -> tuple[str, ...]:
    """Four neighbouring numbers, the right one among them, in order."""
    first = max(low, min(answer - random.Random(seed).randrange(4), high - 3))
    return tuple(str(number) for number in range(first, first + 4))


def date_choices(answer: date, seed: int) -> tuple[str, ...]:
    """Four days in a row, the right one among them."""
    first = answer - timedelta(days=random.Random(seed).randrange(4))
    return tuple((first + timedelta(days=n)).isoformat() for n in range(4))


def code_choices(answer: str, seed: int) -> tuple[str, ...]:
    """The right code among three that differ by a character; none of them issued by this draw."""
    draw = random.Random(seed)
    centre, body = answer.split("-")
    codes = {answer}
    while len(codes) < 4:
        three = list(body[:3])
        three[draw.randrange(3)] = draw.choice(ALPHABET)
        stem = "".join(three)
        codes.add(f"{centre}-{stem}{check_character(stem)}")
    return tuple(sorted(codes))
