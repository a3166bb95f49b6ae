"""Letters become exactly the documented calls of the Bot API, and its errors become ours."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from telegram import Bot

from bot.domain.message import Kind, Priority
from bot.landing import SendError
from bot.store.letters import Letter
from bot.transport import TelegramTransport, pages, plain, visible_length
from tests.telegram import CHATS, TOKEN, Answer, FakeTelegram, error, ok


@pytest.fixture
def telegram() -> FakeTelegram:
    return FakeTelegram()


@pytest.fixture
def transport(telegram: FakeTelegram) -> TelegramTransport:
    return TelegramTransport(Bot(TOKEN, request=telegram, get_updates_request=telegram))


def letter(kind: Kind = Kind.SEND, body: str = "bonjour", **values: Any) -> Letter:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return Letter(
        1, values.pop("chat_id", 7), kind, Priority.ANSWER, created_at=at, body=body, **values
    )


async def test_a_message_is_html_protected_and_without_preview(
    telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    rows = [[{"text": "Fait", "data": "step:1"}], [{"text": "Voir", "url": "https://t.me/x"}]]

    message_id = await transport.deliver(
        letter(body="<b>Aphérèse</b>", keyboard=rows, silent=True)
    )

    name, given = telegram.calls[0]
    assert (name, message_id) == ("sendMessage", 101)
    assert given["parse_mode"] == "HTML"
    assert given["protect_content"] is True
    assert given["disable_notification"] is True
    assert given["link_preview_options"] == {"is_disabled": True}
    assert given["reply_markup"]["inline_keyboard"] == [
        [{"text": "Fait", "callback_data": "step:1"}],
        [{"text": "Voir", "url": "https://t.me/x"}],
    ]


async def test_a_long_message_is_cut_at_a_line_with_its_buttons_on_the_last(
    telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    body = "\n".join(f"<b>ligne</b> {n} " + "é" * 90 for n in range(100))

    message_id = await transport.deliver(
        letter(body=body, keyboard=[[{"text": "x", "data": "y"}]])
    )

    said = [given for _, given in telegram.calls]
    assert "\n".join(given["text"] for given in said) == body
    assert all(visible_length(given["text"]) <= 4096 for given in said)
    assert ["reply_markup" in given for given in said] == [False] * (len(said) - 1) + [True]
    assert message_id == 100 + len(said)


async def test_a_long_message_cut_by_a_flood_goes_on_where_it_stopped(
    telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    body = "\n".join("é" * 3000 for _ in range(2))
    telegram.answers = [
        ok({"message_id": 1, **CHATS}),
        error(429, "Too Many Requests: retry after 3", retry_after=3),
    ]

    with pytest.raises(SendError):
        await transport.deliver(letter(body=body))
    await transport.deliver(letter(body=body))

    assert len(telegram.calls) == 3


async def test_a_text_that_telegram_cannot_read_goes_plain(
    telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    telegram.answers = [error(400, "Bad Request: can't parse entities: unclosed tag")]

    await transport.deliver(letter(body="<b>grade &lt; 3"))

    assert telegram.calls[-1][1]["text"] == "grade < 3"
    assert "parse_mode" not in telegram.calls[-1][1]


async def test_an_edit_changes_text_and_buttons(
    telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    message_id = await transport.deliver(letter(Kind.EDIT, payload={"message_id": 42}))

    name, given = telegram.calls[0]
    assert (name, given["message_id"], message_id) == ("editMessageText", 42, 42)


async def test_an_edit_without_text_changes_the_buttons_alone(
    telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    rows = [[{"text": "Fait", "data": "x"}]]

    await transport.deliver(letter(Kind.EDIT, "", payload={"message_id": 42}, keyboard=rows))

    assert telegram.calls[0][0] == "editMessageReplyMarkup"


async def test_an_edit_that_changes_nothing_counts_as_done(
    telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    telegram.answers = [error(400, "Bad Request: message is not modified: exactly the same")]

    assert await transport.deliver(letter(Kind.EDIT, payload={"message_id": 42})) == 42


async def test_a_pop_up_is_plain_and_short(
    telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    body = "<b>Déjà</b> &lt;pris&gt; " + "x" * 300

    await transport.deliver(letter(Kind.POPUP, body, payload={"query_id": "q", "alert": True}))

    name, given = telegram.calls[0]
    assert (name, given["callback_query_id"]) == ("answerCallbackQuery", "q")
    assert given["text"].startswith("Déjà <pris> ")
    assert len(given["text"]) == 200
    assert given["show_alert"] is True


async def test_a_picture_has_its_caption(
    telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()

    await transport.deliver(letter(Kind.PHOTO, "<i>invitation</i>", payload={"png": png}))

    name, given = telegram.calls[0]
    assert (name, given["caption"]) == ("sendPhoto", "<i>invitation</i>")


async def test_a_chat_that_takes_no_pictures_is_told_in_words(
    telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    refused = "Bad Request: not enough rights to send photos to the chat"
    telegram.answers = [error(400, refused)]

    await transport.deliver(letter(Kind.PHOTO, "invitation", payload={"png": "iVBORw=="}))

    assert [name for name, _ in telegram.calls] == ["sendPhoto", "sendMessage"]
    assert telegram.calls[1][1]["text"] == "invitation"


async def test_a_caption_too_long_follows_its_picture(
    telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    await transport.deliver(letter(Kind.PHOTO, "é" * 1025, payload={"png": "iVBORw=="}))

    assert [name for name, _ in telegram.calls] == ["sendPhoto", "sendMessage"]


async def test_a_message_is_deleted(telegram: FakeTelegram, transport: TelegramTransport) -> None:
    await transport.deliver(letter(Kind.DELETE, "", payload={"message_id": 42}))

    assert telegram.calls == [("deleteMessage", {"chat_id": 7, "message_id": 42})]


async def test_a_message_that_is_gone_already_is_deleted(
    telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    telegram.answers = [error(400, "Bad Request: message to delete not found")]

    assert await transport.deliver(letter(Kind.DELETE, "", payload={"message_id": 42})) is None


PERSON = {"id": 9, "is_bot": False, "first_name": "Léa"}
LOOK = {"payload": {"user_id": 9, "member": 1}}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"status": "member"}, 1),
        ({"status": "administrator"}, 1),
        ({"status": "creator"}, 1),
        ({"status": "restricted", "is_member": True}, 1),
        ({"status": "restricted", "is_member": False}, None),
        ({"status": "left"}, None),
        ({"status": "kicked", "until_date": 0}, None),
    ],
)
async def test_a_look_tells_whether_somebody_is_in_the_group(
    given: dict[str, Any], found: int | None, telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    telegram.answers = [ok({"user": PERSON, **given})]

    assert await transport.deliver(letter(Kind.LOOK, "", **LOOK)) == found
    assert telegram.calls == [("getChatMember", {"chat_id": 7, "user_id": 9})]


@pytest.mark.parametrize(
    "said", ["user not found", "member not found", "PARTICIPANT_ID_INVALID", "USER_ID_INVALID"]
)
async def test_whom_telegram_does_not_know_there_is_not_there(
    said: str, telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    telegram.answers = [error(400, f"Bad Request: {said}")]

    assert await transport.deliver(letter(Kind.LOOK, "", **LOOK)) is None


@pytest.mark.parametrize("end", ["", " for everyone"])
async def test_a_message_that_telegram_will_not_delete_is_refused(
    end: str, telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    telegram.answers = [error(400, f"Bad Request: message can't be deleted{end}")]

    with pytest.raises(SendError) as raised:
        await transport.deliver(letter(Kind.DELETE, "", payload={"message_id": 42}))

    assert raised.value.refused
    assert not raised.value.gone


@pytest.mark.parametrize(
    ("chat", "extra", "scope"),
    [
        (0, {}, None),
        (7, {}, {"type": "chat", "chat_id": 7}),
        (0, {"scope": {"type": "all_group_chats"}}, {"type": "all_group_chats"}),
    ],
)
async def test_the_menu_has_a_scope(
    chat: int,
    extra: dict[str, Any],
    scope: object,
    telegram: FakeTelegram,
    transport: TelegramTransport,
) -> None:
    payload = {"commands": [{"command": "aide", "description": "L’aide"}], **extra}

    await transport.deliver(letter(Kind.MENU, "", chat_id=chat, payload=payload))

    name, given = telegram.calls[0]
    assert name == "setMyCommands"
    assert given["commands"] == [{"command": "aide", "description": "L’aide"}]
    assert given.get("scope") == scope


@pytest.mark.parametrize(
    ("answer", "is_so"),
    [
        (
            error(429, "Too Many Requests: retry after 9", retry_after=9),
            lambda e: e.retry_after == timedelta(seconds=9) and not e.everyone,
        ),
        (
            error(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1009),
            lambda e: e.moved_to == -1009,
        ),
        (error(403, "Forbidden: bot was blocked by the user"), lambda e: e.permanent),
        (error(403, "Forbidden: bot was kicked from the group chat"), lambda e: e.permanent),
        (error(403, "Forbidden: user is deactivated"), lambda e: e.permanent),
        (error(400, "Bad Request: chat not found"), lambda e: e.permanent),
        (error(400, "Bad Request: TOPIC_CLOSED"), lambda e: e.permanent),
        (error(400, "Bad Request: CHAT_SEND_PLAIN_FORBIDDEN"), lambda e: e.permanent),
        (error(400, "Bad Request: message thread not found"), lambda e: e.permanent),
        (error(400, "Bad Request: message text is empty"), lambda e: e.refused),
        (error(400, "Bad Request: query is too old and …"), lambda e: e.gone),
        (error(400, "Bad Request: message to edit not found"), lambda e: e.gone),
        (error(400, "Bad Request: BUTTON_DATA_INVALID"), lambda e: e.refused),
        (error(400, "Bad Request: MESSAGE_TOO_LONG"), lambda e: e.refused and not e.permanent),
        (error(400, "Bad Request: SOMETHING_NEW"), lambda e: e.refused and not e.permanent),
        (error(413, "Request Entity Too Large"), lambda e: e.refused),
        (
            error(500, "Internal Server Error"),
            # Whoever stands between us may say so after it was taken.
            lambda e: e.unknown and not (e.hung or e.permanent or e.gone or e.refused),
        ),
        (
            error(502, "Bad Gateway"),
            # Whoever stands between us may say so after it was taken.
            lambda e: e.unknown and not (e.hung or e.permanent or e.gone or e.refused),
        ),
        (
            error(401, "Unauthorized"),
            lambda e: not (e.permanent or e.unknown or e.gone or e.refused),
        ),
    ],
    ids=lambda value: str(value[1]["description"]) if isinstance(value, tuple) else "",
)
async def test_an_error_of_telegram_says_what_to_do_about_it(
    answer: Answer,
    is_so: Callable[[SendError], bool],
    telegram: FakeTelegram,
    transport: TelegramTransport,
) -> None:
    telegram.answers = [answer]

    with pytest.raises(SendError) as raised:
        await transport.deliver(letter())

    assert is_so(raised.value)


async def test_a_trouble_with_an_edit_says_nothing_about_its_chat(
    telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    telegram.answers = [error(400, "Bad Request: SOMETHING_ELSE")]

    with pytest.raises(SendError) as raised:
        await transport.deliver(letter(Kind.EDIT, payload={"message_id": 42}))

    assert raised.value.refused


async def test_an_edit_in_a_chat_that_is_gone_tells_that_it_is_gone(
    telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    telegram.answers = [error(400, "Bad Request: chat not found")]

    with pytest.raises(SendError) as raised:
        await transport.deliver(letter(Kind.EDIT, payload={"message_id": 42}))

    assert raised.value.permanent


@pytest.mark.parametrize("result", [True, [], {"message_id": "?"}])
async def test_an_answer_without_a_message_leaves_it_unknown(
    result: object, telegram: FakeTelegram, transport: TelegramTransport
) -> None:
    telegram.answers = [ok(result)]

    with pytest.raises(SendError) as raised:
        await transport.deliver(letter())

    assert raised.value.unknown


def test_a_page_closes_its_tags_and_the_next_opens_them_again() -> None:
    body = "<b>un\ndeux\ntrois</b>\nquatre"

    assert list(pages(body, 8)) == ["<b>un\ndeux</b>", "<b>trois</b>", "quatre"]


def test_a_line_longer_than_a_page_is_cut_anyway() -> None:
    cut = list(pages("<b>" + "a &amp; " * 1000 + "</b>", 100))

    assert all(visible_length(page) <= 100 for page in cut)
    assert "".join(plain(page) for page in cut) == "a & " * 1000


def test_telegram_counts_in_utf_16_after_the_tags() -> None:
    assert visible_length("<b>é🩸&lt;</b>") == 4


async def test_of_what_may_be_a_repetition_the_first_part_with_its_mark_comes_again(
    transport: TelegramTransport, telegram: FakeTelegram
) -> None:
    long = letter(body="x" * 4000 + "\n" + "y" * 4000)
    telegram.answers = [ok({"message_id": 1, **CHATS}), error(502, "Bad Gateway")]
    with pytest.raises(SendError):
        await transport.deliver(long)

    await transport.deliver(replace(long, body=f"rappel\n{long.body}", repeated=True))

    said = [given["text"] for name, given in telegram.calls if name == "sendMessage"]
    assert said[2].startswith("rappel")
