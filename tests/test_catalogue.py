"""The code and the catalogue agree, and the French is set as French is printed."""

import ast
import re
from collections.abc import Collection, Mapping
from html import unescape
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from bot import handlers, texts
from bot.cards import CARDS
from bot.care import telling
from bot.domain import commands
from bot.texts import CATALOGUE, FAMILIES, TAG, parts
from tests.said import all_calls, callers_in, calls, logged, told

BUTTON_LIMIT = 40  # what a phone shows of one button on its own row
SHOWN = 8  # what a placeholder counts for in that limit: a patient's code
LAYOUT = {"line", "block"}
KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
UNSPACED = re.compile(r"[^\s\u00a0\u202f:;!?»][:;!?»]|[ \n][:;!?»]|«(?![\u00a0\u202f])")
FAULTS = {
    "a straight apostrophe or quote": re.compile("['\"]"),
    "a mark without its non-breaking space": UNSPACED,
    "a day counted with a hyphen": re.compile(r"\bJ-\d"),
    "an hour set tight": re.compile(r"\d\s?h\d|\dh\b"),
    "three dots for an ellipsis": re.compile(r"\.\.\."),
    "two spaces": re.compile(r" {2}"),
}


def read(path: Path = CATALOGUE) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="fr")


def forms(message: Message) -> tuple[str, ...]:
    """The French of an entry: one sentence, or one per plural form."""
    if isinstance(message.string, str):
        return (message.string,)
    return tuple(message.string or ("",))


def key_of(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


CALLS = all_calls()
FAMILY_KEYS = {f"{name}{member}" for name in FAMILIES for member in FAMILIES[name]}
ENTRIES: Mapping[str, Message] = {key_of(entry): entry for entry in read() if entry.id}


def placeholders(key: str) -> frozenset[str]:
    pieces = (piece for form in forms(ENTRIES[key]) for piece in parts(form))
    return frozenset(name for _, name, _ in pieces if name is not None)


def formats(key: str) -> frozenset[str]:
    pieces = (piece for form in forms(ENTRIES[key]) for piece in parts(form))
    return frozenset(spec for _, _, spec in pieces if spec)


def printed(form: str) -> str:
    """What a reader sees of a template, each value shown as one digit."""
    shown = "".join(
        literal + ("0" if name is not None else "") for literal, name, _ in parts(form)
    )
    return unescape(TAG.sub("", shown))


def faults(form: str) -> list[str]:
    seen = re.sub(r"https?://\S+|\d:\d", "", printed(form))
    return [name for name, pattern in FAULTS.items() if pattern.search(seen)]


def unbalanced(form: str) -> bool:
    """Telegram refuses a message whose tags do not close in order."""
    opened: list[str] = []
    for closing, tag in re.findall(r"<(/?)([^>]*)>", form):
        if closing and (not opened or opened.pop() != tag):
            return True
        if not closing:
            opened.append(tag)
        if tag not in {"b", "i", "u", "s", "code"}:
            return True
    return (
        bool(opened) or "<" in re.sub(r"<[^<>]*>", "", form) or bool(re.search(r"&(?!\w+;)", form))
    )


def is_button(key: str) -> bool:
    return key.endswith(".button") or ".button." in key


def expect_none(found: Collection[object]) -> None:
    """Fail with one line per fault, all of them: pytest would cut a long comparison."""
    if found:
        pytest.fail("".join(f"\n{fault}" for fault in found), pytrace=False)


# --- the code against the catalogue ---


def test_every_text_of_the_code_can_be_traced_to_its_entries() -> None:
    expect_none([call.where for call in CALLS if not call.keys])


def test_every_text_of_the_code_has_its_french() -> None:
    wanted = [(call.where, key) for call in CALLS for key in call.keys]

    expect_none([(where, key) for where, key in wanted if key not in ENTRIES])


def test_every_member_of_a_family_has_its_french() -> None:
    expect_none(sorted(FAMILY_KEYS - ENTRIES.keys()))


def test_every_entry_is_said_somewhere() -> None:
    said = {key for call in CALLS for key in call.keys}

    expect_none(sorted(ENTRIES.keys() - said - FAMILY_KEYS))


def test_every_call_gives_the_values_that_its_french_shows() -> None:
    lacking = [
        (call.where, key, sorted(placeholders(key) - call.names))
        for call in CALLS
        for key in call.keys
        if key in ENTRIES and not call.spread and placeholders(key) - call.names
    ]

    expect_none(lacking)


def test_what_is_written_on_a_button_is_named_as_a_button() -> None:
    expect_none(
        [
            (call.where, key)
            for call in CALLS
            if call.label
            for key in call.keys
            if not is_button(key)
        ]
    )


def test_every_plural_is_called_with_its_number() -> None:
    plural = {key for key, entry in ENTRIES.items() if not isinstance(entry.id, str)}

    careless = [
        (call.where, key)
        for call in CALLS
        for key in call.keys
        if key in plural and "n" not in call.names and not call.spread
    ]

    expect_none(careless)


def test_every_format_is_known() -> None:
    known = {*texts.PATTERNS, *(name[:-1] for name in FAMILIES), *LAYOUT, "j", "time", "second"}
    known.add("daytime")

    expect_none([(key, formats(key) - known) for key in ENTRIES if formats(key) - known])


# --- the families against the code ---


def test_the_menu_names_the_commands_that_are_served() -> None:
    shown = {*commands.EVERYONE, *commands.COORDINATOR, *commands.STRANGER}

    assert set(texts.COMMANDS) == set(handlers.COMMANDS) - {"help"} == shown


def test_every_kind_of_event_of_a_patient_has_its_line_in_the_history() -> None:
    assert sorted(texts.EVENTS) == sorted(logged())


def test_every_card_that_a_rule_tells_can_be_made_and_no_other() -> None:
    made = {*CARDS, *telling.SHARED}

    expect_none([(card, where) for card, where in told().items() if card not in made])
    expect_none(sorted(made - told().keys()))


# --- the catalogue on its own ---


def test_no_entry_is_written_twice() -> None:
    keys = re.findall(r'^msgid "(.+)"$', CATALOGUE.read_text("utf-8"), re.MULTILINE)

    expect_none(sorted({key for key in keys if keys.count(key) > 1}))


def test_keys_read_as_noun_and_event() -> None:
    expect_none([key for key in ENTRIES if not KEY.fullmatch(key)])


def test_a_plural_repeats_its_key_and_has_both_forms() -> None:
    plural = {key: entry for key, entry in ENTRIES.items() if not isinstance(entry.id, str)}

    expect_none([key for key, entry in plural.items() if entry.id != (key, key)])
    expect_none([key for key, entry in plural.items() if len(forms(entry)) != 2])


def test_nothing_is_left_to_translate() -> None:
    expect_none([key for key, entry in ENTRIES.items() if entry.fuzzy or not all(forms(entry))])


def test_the_french_is_set_as_french_is_printed() -> None:
    seen = [(key, faults(form)) for key, entry in ENTRIES.items() for form in forms(entry)]

    expect_none([(key, found) for key, found in seen if found])


def test_telegram_can_read_the_tags() -> None:
    seen = [(key, form) for key, entry in ENTRIES.items() for form in forms(entry)]

    expect_none([key for key, form in seen if unbalanced(form)])


def test_buttons_fit_their_key() -> None:
    shown = [
        (key, len(printed(form)) + (SHOWN - 1) * len(placeholders(key)))
        for key, entry in ENTRIES.items()
        if is_button(key)
        for form in forms(entry)
    ]

    expect_none([(key, length) for key, length in shown if length > BUTTON_LIMIT])


def test_buttons_bear_no_tag() -> None:
    buttons = [key for key in ENTRIES if is_button(key)]

    expect_none([key for key in buttons if TAG.search("".join(forms(ENTRIES[key])))])


# --- the checks themselves ---


def scan(source: str) -> list[tuple[tuple[str, ...], set[str], bool]]:
    head = "from bot.domain.message import text\n"
    return [(call.keys, set(call.names), call.spread) for call in calls(head + source, "x.py")]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('text("a.b", x=1)', [(("a.b",), {"x"}, False)]),
        ('text("a.b", x=1, **more)', [(("a.b",), {"x"}, True)]),
        ('text("a.b" if late else "a.c")', [(("a.b", "a.c"), set(), False)]),
        ('text(f"team.{slug}")', [(tuple(f"team.{t}" for t in texts.TEAMS), set(), False)]),
        ('text(f"unheard.{slug}")', [((), set(), False)]),
        ('text(f"{slug}.b")', [((), set(), False)]),
        ("text(key)", [((), set(), False)]),
        ('key = {1: "a.b", 2: "a.c"}[x]\ntext(key)', [(("a.b", "a.c"), set(), False)]),
        ('KEYS = {1: "a.b"}\ndef f(x):\n    return text(KEYS[x])', [(("a.b",), set(), False)]),
        ('def f(x):\n    key = "a.b"\ndef g(key):\n    text(key)', [((), set(), False)]),
        (
            'def f(x, key):\n    text(key)\nf(1, "a.b")\nf(2, key="a.c")',
            [(("a.b", "a.c"), set(), False)],
        ),
        (
            'def f(key):\n    text(key)\ndef g(x):\n    key = "a.b" if x else "a.c"\n    f(key)',
            [(("a.b", "a.c"), set(), False)],
        ),
        ('def f(key):\n    text(key)\nf("a.b")\nf(unheard())', [((), set(), False)]),
        (
            'def f(x, key="a.b"):\n    text(key)\nf(1)\nf(2, "a.c")',
            [(("a.b", "a.c"), set(), False)],
        ),
        ('text(f"team.x_{slug}")', [((), set(), False)]),
        ('key = key if x else "a.b"\ntext(key)', [((), set(), False)]),
        ('text("nothing")', []),
        ('text("nothing" if calm else "a.b")', [(("a.b",), set(), False)]),
        ('other("a.b")', []),
    ],
)
def test_the_scan_sees_each_way_of_naming_a_text(source: str, found: list[object]) -> None:
    assert scan(source) == found


@pytest.mark.parametrize(
    "caller", ["from bot.a import f\nf('a.c')", "from bot import a\na.f('a.c')"]
)
def test_the_scan_sees_what_another_file_hands_over(caller: str) -> None:
    source = 'from bot.domain.message import text\ndef f(key="a.b"):\n    text(key)'
    elsewhere = callers_in(ast.parse(caller), "bot.b")

    assert [call.keys for call in calls(source, "bot/a.py", elsewhere)] == [("a.b", "a.c")]


def test_the_scan_leaves_the_text_of_sql_alone() -> None:
    assert list(calls('from sqlalchemy import text\ntext("SELECT 1")', "x.py")) == []


def test_the_scan_sees_what_is_written_on_a_button() -> None:
    head = "from bot.domain.message import Button, text\n"
    found = calls(head + 'Button(text("a.button"), "x")\ntext("a.b")', "x.py")

    assert [(call.keys, call.label) for call in found] == [
        (("a.button",), True),
        (("a.b",), False),
    ]


@pytest.mark.parametrize(
    "form",
    [
        "l'équipe",
        'dit "oui"',
        "Reçu !",
        "Reçu!",
        "Heure : midi",
        "<b>Heure</b>: midi",
        "« oui »",
        "«\u00a0oui »",
        "le J-5",
        "à 14h30",
        "à 14 h30",
        "dans 2h",
        "attendez...",
        "deux  espaces",
    ],
)
def test_a_fault_of_typography_is_seen(form: str) -> None:
    assert faults(form)


@pytest.mark.parametrize(
    "form",
    [
        "l’équipe",
        "Reçu\u202f!",
        "Vraiment\u00a0?!",
        "Heure\u00a0: {when:time}",
        "<b>Heure</b>\u00a0: midi",
        "«\u00a0oui\u00a0»",
        "le J\u22125, le J+7, le J0",
        "à 14\u00a0h\u00a030",
        "R&amp;D &lt; 3",
        "écrivez 9:42",
    ],
)
def test_good_typography_passes(form: str) -> None:
    assert faults(form) == []


@pytest.mark.parametrize(
    "form", ["<b>open", "<b><i>crossed</b></i>", "closed</b>", "<em>x</em>", "3 < 4", "R&D"]
)
def test_bad_tags_are_seen(form: str) -> None:
    assert unbalanced(form)


def test_good_tags_pass() -> None:
    assert not unbalanced("<b>{x} <i>R&amp;D</i></b> &lt; 3")
