"""Formatted texts: what is shown, and where the entities lie in UTF-16 units."""

from typing import Any

import pytest

from simulator.api import markup
from simulator.world import entities

Expected = list[tuple[str, str]]


def drawn(text: str, found: list[dict[str, Any]]) -> Expected:
    return [(entity["type"], entities.cut(text, entity)) for entity in found]


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("<b>é😀</b> x", "é😀 x", [("bold", "é😀")]),
        ("😀 <i>a<u>b</u></i>", "😀 ab", [("italic", "ab"), ("underline", "b")]),
        ("&lt;b&gt; &amp; &#233;", "<b> & é", []),
        ('<a href="https://exemple.fr/?a=1&amp;b=2">ici</a>', "ici", [("text_link", "ici")]),
        ("<a>ici</a>", "ici", []),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", "x")]),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", "x")]),
        ("<b></b>x", "x", []),
        ("<STRONG>x</STRONG>", "x", [("bold", "x")]),
        ("<pre>a &lt; b</pre>", "a < b", [("pre", "a < b")]),
    ],
)
def test_html(source: str, text: str, expected: Expected) -> None:
    shown, found = markup.html(source)

    assert (shown, drawn(shown, found)) == (text, expected)


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("*é😀* x", "é😀 x", [("bold", "é😀")]),
        ("_a __b___", "a b", [("italic", "a b"), ("underline", "b")]),
        (r"J\+3\.", "J+3.", []),
        ("`a*b`", "a*b", [("code", "a*b")]),
        ("```py\nx = 1\n```", "x = 1\n", [("pre", "x = 1\n")]),
        ("[ici](https://exemple.fr/a\\)b)", "ici", [("text_link", "ici")]),
        ("||x||", "x", [("spoiler", "x")]),
        (">un\n>deux\ntrois", "un\ndeux\ntrois", [("blockquote", "un\ndeux")]),
        ("~x~", "x", [("strikethrough", "x")]),
    ],
)
def test_markdown(source: str, text: str, expected: Expected) -> None:
    shown, found = markup.markdown(source)

    assert (shown, drawn(shown, found)) == (text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/statut 7K4Q", [("bot_command", "/statut")]),
        ("😀 /aide@relais_bot", [("bot_command", "/aide@relais_bot")]),
        ("https://t.me/relais_bot?start=abc.", [("url", "https://t.me/relais_bot?start=abc")]),
        ("a@exemple.fr", [("email", "a@exemple.fr")]),
        ("10/03/2026", []),
        ("@claire_vidal #urgent", [("mention", "@claire_vidal"), ("hashtag", "#urgent")]),
    ],
)
def test_found_in_a_plain_text(text: str, expected: Expected) -> None:
    assert drawn(text, entities.found(text)) == expected


def test_white_space_around_a_text_is_trimmed_and_entities_move_along() -> None:
    text, found = markup.html("  <b>é</b>  ")
    text, found = entities.trimmed(text, found)

    assert (text, found) == ("é", [{"type": "bold", "offset": 0, "length": 1}])
