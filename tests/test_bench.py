"""The bench itself: its strict API, its arithmetic, and what it may know of the bot."""

import re
from pathlib import Path

import pytest

from bench.chats import Chats, Wrong
from bench.limits import Gate, Limits
from bench.line import Goal, Line, percentile, skip, spread
from bench.report import table

BENCH = Path(__file__).parents[1] / "bench"
GROUP, PERSON = -7, 7
KNOWS_THE_BOT = re.compile(r"^\s*(?:from|import) bot\b", re.MULTILINE)


def send(chats: Chats, text: str = "Bonjour", markup: str = "") -> int:
    given = {"chat_id": PERSON, "text": text, "reply_markup": markup}
    return int(chats.call("sendMessage", given)["message_id"])


@pytest.fixture
def chats() -> Chats:
    made = Chats()
    made.known.add(PERSON)
    return made


def test_only_the_adapter_knows_the_inside() -> None:
    knowing = [p.name for p in BENCH.rglob("*.py") if KNOWS_THE_BOT.search(p.read_text())]
    assert knowing == ["inside.py"]


def test_an_edit_changes_what_is_shown(chats: Chats) -> None:
    number = send(chats)
    markup = '{"inline_keyboard":[[{"text":"☐ Fait","callback_data":"x"}]]}'
    edit = {"chat_id": PERSON, "message_id": number, "text": "Voilà", "reply_markup": markup}
    chats.call("editMessageText", edit)
    [shown] = chats.at(PERSON)
    assert (shown.text, shown.data("☐")) == ("Voilà", "x")
    with pytest.raises(Wrong, match="not modified"):
        chats.call("editMessageText", edit)


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("sendMessage", {"chat_id": PERSON + 1, "text": "x"}),
        ("sendMessage", {"chat_id": PERSON, "text": ""}),
        ("sendMessage", {"chat_id": PERSON, "text": "x" * 4097}),
        ("editMessageText", {"chat_id": PERSON, "message_id": 1, "text": "x"}),
        ("answerCallbackQuery", {"callback_query_id": "q1"}),
        (
            "sendMessage",
            {
                "chat_id": PERSON,
                "text": "x",
                "reply_markup": '{"inline_keyboard":[[{"text":"x","callback_data":"'
                + "x" * 65
                + '"}]]}',
            },
        ),
    ],
)
def test_what_telegram_refuses(chats: Chats, method: str, given: dict[str, object]) -> None:
    with pytest.raises(Wrong):
        chats.call(method, given)


def test_thirty_in_any_second() -> None:
    gate = Gate(Limits())
    assert [gate.wait(chat, 0.0) for chat in range(1, 31)] == [0.0] * 30
    assert gate.wait(31, 0.5) == pytest.approx(0.5)
    assert gate.wait(31, 1.0) == 0.0


def test_one_a_second_to_a_chat_and_twenty_a_minute_to_a_group() -> None:
    gate = Gate(Limits())
    assert gate.wait(PERSON, 0.0) == 0.0
    assert gate.wait(PERSON, 0.5) > 0
    assert [gate.wait(GROUP, float(second)) for second in range(2, 22)] == [0.0] * 20
    assert gate.wait(GROUP, 22.0) == pytest.approx(40.0)


def test_ratios_are_taken_pair_by_pair() -> None:
    line = Line("a", "ms", [2, 9, 4], "b", [1, 3, 4], Goal("ratio", "≤", 2))
    assert line.ratios == [2, 3, 1]
    assert line.reached
    assert not Line("a", "ms", [2, 9, 4], goal=Goal("ours", "≤", 3)).reached


def test_what_was_not_measured_is_neither_reached_nor_missed() -> None:
    assert skip("a", "no Chromium").reached is None
    assert Line("a", "ms", [1]).reached is None


def test_a_figure_shows_its_median_and_its_bounds() -> None:
    assert spread([3, 1, 2]) == "2 (1–3)"
    assert spread([0.0123]) == "0.012"
    assert spread([0.0]) == "0"
    assert spread([20.0, 2000.0, 15.25]) == "20 (15.2–2,000)"
    assert percentile([1, 2, 3, 4], 0.5) == 3


def test_the_table_is_markdown() -> None:
    head, rule, row = table([Line("a", "ms", [1]).cells()]).splitlines()
    assert head.count("|") == rule.count("|") == row.count("|") == 8
