"""Parses HTML and MarkdownV2 into text and entities, with Telegram's own complaints."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

from simulator.errors import Refusal
from simulator.world.entities import Entity, utf16

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
}
START_TAG = re.compile(r"<([^\s>/]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
END_TAG = re.compile(r"</([^\s>]*)\s*>")
ATTRIBUTE = re.compile(r"([\w-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([\w.-]+)))?")
# Telegram knows these four named entities, and numbers.
HTML_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
RESERVED = "_*[]()~`>#+-=|{}.!"
MARKS = {
    "__": "underline",
    "_": "italic",
    "*": "bold",
    "~": "strikethrough",
    "||": "spoiler",
    "`": "code",
    "```": "pre",
    "[": "text_link",
    "![": "custom_emoji",
}
SPOKEN = {
    "text_link": "TextUrl",
    "custom_emoji": "CustomEmoji",
    "pre": "Pre",
    "code": "Code",
    "spoiler": "Spoiler",
    "bold": "Bold",
    "italic": "Italic",
    "underline": "Underline",
    "strikethrough": "Strikethrough",
}


def parse(text: str, mode: str) -> tuple[str, list[Entity]]:
    """The visible text and its entities."""
    parser: Callable[[str], tuple[str, list[Entity]]] | None = {
        "html": html,
        "markdownv2": markdown,
    }.get(mode.lower())
    if parser is None:
        raise Refusal("unsupported parse_mode")
    return parser(text)


def html(text: str) -> tuple[str, list[Entity]]:
    """Telegram's small HTML."""
    return _Html(text).run()


def markdown(text: str) -> tuple[str, list[Entity]]:
    """Telegram's MarkdownV2."""
    return _Markdown(text).run()


class _Reader:
    """What both languages share: the text read so far and the entities still open."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.out: list[str] = []
        self.length = 0
        self.open: list[dict[str, Any]] = []
        self.entities: list[Entity] = []

    def add(self, text: str) -> None:
        self.out.append(text)
        self.length += utf16(text)

    def byte(self, at: int) -> int:
        return len(self.source[:at].encode())

    def refuse(self, text: str) -> Refusal:
        return Refusal(f"can't parse entities: {text}")

    def close(self, extra: dict[str, Any]) -> None:
        """End the innermost entity; an empty one leaves no trace."""
        start = self.open.pop()
        length = self.length - start["offset"]
        if length:
            entity = {"type": start["type"], "offset": start["offset"], "length": length}
            self.entities.append(entity | extra)

    def result(self) -> tuple[str, list[Entity]]:
        ordered = sorted(self.entities, key=lambda e: (e["offset"], -e["length"]))
        return "".join(self.out), ordered


class _Html(_Reader):
    def run(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.source):
            if self.source[self.at] == "<":
                self._tag()
            else:
                self._text()
        if self.open:
            tag = self.open[-1]["tag"]
            raise self.refuse(f'Can\'t find end tag corresponding to start tag "{tag}"')
        return self.result()

    def _text(self) -> None:
        end = self.source.find("<", self.at)
        end = len(self.source) if end < 0 else end
        piece = self.source[self.at : end]
        self.add(HTML_ENTITY.sub(lambda match: unescape(match.group()), piece))
        self.at = end

    def _tag(self) -> None:
        if self.source.startswith("</", self.at):
            self._end_tag()
            return
        match = START_TAG.match(self.source, self.at)
        where = f"at byte offset {self.byte(self.at)}"
        if match is None:
            raise self.refuse(f"Unclosed start tag {where}")
        name = match.group(1).lower()
        if name not in TAGS:
            raise self.refuse(f'Unsupported start tag "{name}" {where}')
        attributes = _attributes(match.group(2))
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise self.refuse(f'Tag "span" must have class "tg-spoiler" {where}')
        self.open.append(
            {"type": TAGS[name], "tag": name, "offset": self.length, "attributes": attributes}
        )
        self.at = match.end()

    def _end_tag(self) -> None:
        where = f"at byte offset {self.byte(self.at)}"
        if not self.open:
            raise self.refuse(f"Unexpected end tag {where}")
        match = END_TAG.match(self.source, self.at)
        if match is None:
            raise self.refuse(f"Unclosed end tag {where}")
        name, wanted = match.group(1).lower(), self.open[-1]["tag"]
        if name and name != wanted:
            found = f'expected "</{wanted}>", found "</{name}>"'
            raise self.refuse(f"Unmatched end tag {where}, {found}")
        self.at = match.end()
        self._close_tag()

    def _close_tag(self) -> None:
        innermost = self.open[-1]
        attributes = innermost["attributes"]
        if innermost["tag"] == "a":
            self._close_link(attributes.get("href", ""))
            return
        if innermost["tag"] == "blockquote" and "expandable" in attributes:
            innermost["type"] = "expandable_blockquote"
        extra = {}
        if innermost["tag"] == "tg-emoji":
            extra = {"custom_emoji_id": attributes.get("emoji-id", "")}
        self.close(extra)

    def _close_link(self, href: str) -> None:
        """A link without a usable address is plain text, as on Telegram."""
        if re.match(r"(?:https?|tg|mailto|tel):", href):
            self.close({"url": href})
        else:
            self.open.pop()


def _attributes(text: str) -> dict[str, str]:
    return {
        match[1].lower(): unescape(match[2] or match[3] or match[4] or "")
        for match in ATTRIBUTE.finditer(text)
    }


class _Markdown(_Reader):
    def run(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.source):
            self._step()
        quote = [entity for entity in self.open if entity["type"] == "blockquote"]
        if len(self.open) > len(quote):
            raise self._unclosed()
        if quote:
            self.close({})
        return self.result()

    def _step(self) -> None:
        char = self.source[self.at]
        inside = self.open[-1]["type"] if self.open else ""
        if char == "\\" and 0 < ord(self.source[self.at + 1 : self.at + 2] or "\0") <= 126:
            self.add(self.source[self.at + 1])
            self.at += 2
        elif inside in ("code", "pre") and char != "`":
            self._plain(char)
        elif char == "\n":
            self._line_end()
        elif char in RESERVED:
            self._mark()
        else:
            self._plain(char)

    def _plain(self, char: str) -> None:
        self.add(char)
        self.at += 1

    def _line_end(self) -> None:
        if self.open and self.open[-1]["type"] == "blockquote":
            if self.source.startswith("\n>", self.at):
                self.add("\n")
                self.at += 2
                return
            self.close({})
        elif self.open:
            raise self._unclosed()
        self._plain("\n")

    def _mark(self) -> None:
        if self.source[self.at] == ">" and self._at_line_start():
            self.open.append({"type": "blockquote", "mark": ">", "offset": self.length})
            self.at += 1
            return
        mark = next((m for m in ("```", "__", "||", "![") if self._starts(m)), None)
        mark = mark or self.source[self.at]
        if self._closes(mark):
            self._end(mark)
        elif mark in MARKS:
            self._begin(mark)
        else:
            raise self.refuse(
                f"Character '{self.source[self.at]}' is reserved and must be escaped"
                " with the preceding '\\'"
            )

    def _starts(self, mark: str) -> bool:
        return self.source.startswith(mark, self.at)

    def _at_line_start(self) -> bool:
        return not self.open and (self.at == 0 or self.source[self.at - 1] == "\n")

    def _closes(self, mark: str) -> bool:
        if not self.open:
            return False
        opened = self.open[-1]["mark"]
        return mark == ("]" if opened in ("[", "![") else opened)

    def _begin(self, mark: str) -> None:
        entity = {"type": MARKS[mark], "mark": mark, "offset": self.length, "begin": self.at}
        self.open.append(entity)
        self.at += len(mark)
        if mark == "```":
            match = re.compile(r"([^\s`]*)\n").match(self.source, self.at)
            if match:
                entity["language"] = match.group(1)
                self.at = match.end()

    def _end(self, mark: str) -> None:
        self.at += len(mark)
        if mark == "]":
            self._end_link()
            return
        language = self.open[-1].get("language")
        self.close({"language": language} if language else {})

    def _end_link(self) -> None:
        if not self._starts("("):
            self.open.pop()
            return
        end = re.compile(r"\(((?:\\.|[^)\\])*)\)").match(self.source, self.at)
        if end is None:
            where = self.byte(self.at + 1)
            raise self.refuse(f"Can't find end of a URL at byte offset {where}")
        url = re.sub(r"\\(.)", r"\1", end.group(1))
        self.at = end.end()
        if self.open[-1]["type"] == "custom_emoji":
            self.close({"custom_emoji_id": url.rpartition("id=")[2]})
        elif re.match(r"(?:https?|tg|mailto|tel):", url):
            self.close({"url": url})
        else:
            self.open.pop()

    def _unclosed(self) -> Refusal:
        entity = next(e for e in reversed(self.open) if e["type"] != "blockquote")
        where = self.byte(entity["begin"])
        spoken = SPOKEN[entity["type"]]
        return self.refuse(f"Can't find end of {spoken} entity at byte offset {where}")
