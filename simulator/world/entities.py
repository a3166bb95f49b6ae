"""Text entities: what Telegram finds by itself in a text, and where an entity may lie."""

import re
from typing import Any

from simulator.errors import Refusal

Entity = dict[str, Any]

FOUND = (
    ("url", re.compile(r"(?:https?://|www\.|(?<![\w/@.])t\.me/)[^\s<>«»\"]*[\w/]")),
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    (
        "bot_command",
        re.compile(r"(?<![\w/@<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])"),
    ),
    ("mention", re.compile(r"(?<![\w/@.])@[A-Za-z][A-Za-z0-9_]{2,31}(?!\w)")),
    ("hashtag", re.compile(r"(?<![\w/@#])#\w*[^\W\d]\w*")),
)
# An entity found by Telegram gives way inside these.
OPAQUE = ("code", "pre", "text_link", "text_mention")


def utf16(text: str) -> int:
    """Telegram counts offsets in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, entity: Entity) -> str:
    """The part of a text that an entity covers."""
    raw = text.encode("utf-16-le")
    start = entity["offset"] * 2
    return raw[start : start + entity["length"] * 2].decode("utf-16-le", "replace")


def found(text: str) -> list[Entity]:
    """Commands, mentions, addresses and hashtags of a plain text."""
    result: list[Entity] = []
    for kind, pattern in FOUND:
        for match in pattern.finditer(text):
            entity = {
                "type": kind,
                "offset": utf16(text[: match.start()]),
                "length": utf16(match.group()),
            }
            if not any(_meet(entity, other) for other in result):
                result.append(entity)
    return _sorted(result)


def merged(text: str, given: list[Entity]) -> list[Entity]:
    """The entities of the sender, and those that Telegram adds around them."""
    opaque = [entity for entity in given if entity["type"] in OPAQUE]
    added = [e for e in found(text) if not any(_meet(e, other) for other in opaque)]
    return _sorted(given + added)


def checked(text: str, given: list[Entity]) -> list[Entity]:
    """Entities that came ready made must lie inside the text."""
    length = utf16(text)
    for entity in given:
        offset = entity["offset"]
        if offset < 0 or offset > length:
            where = f"Entity begins after the end of the text at UTF-16 offset {offset}"
            raise Refusal(f"can't parse entities: {where}")
        if entity["length"] <= 0 or offset + entity["length"] > length:
            where = f"Entity beginning at UTF-16 offset {offset} ends after the end of the text"
            raise Refusal(f"can't parse entities: {where} at UTF-16 offset {length}")
    return given


def trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Telegram strips the white space around a text and moves the entities along."""
    lead = utf16(text) - utf16(text.lstrip())
    text = text.strip()
    length = utf16(text)
    kept = []
    for entity in entities:
        start = max(entity["offset"] - lead, 0)
        end = min(entity["offset"] - lead + entity["length"], length)
        if end > start:
            kept.append(entity | {"offset": start, "length": end - start})
    return text, kept


def _meet(one: Entity, other: Entity) -> bool:
    return bool(
        one["offset"] < other["offset"] + other["length"]
        and other["offset"] < one["offset"] + one["length"]
    )


def _sorted(entities: list[Entity]) -> list[Entity]:
    return sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))
