"""What Telegram refuses in a reply markup."""

from simulator.errors import Refusal
from simulator.world.people import Markup, buttons

MAX_BUTTONS = 100
MAX_CALLBACK_BYTES = 64
MAX_COPY_TEXT = 256
# One of these says what an inline button does.
ACTIONS = (
    "url",
    "callback_data",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "callback_game",
    "pay",
    "login_url",
    "web_app",
    "copy_text",
)


def checked(markup: Markup | None) -> Markup | None:
    """A markup that Telegram takes; an empty inline keyboard is no keyboard."""
    if markup is None:
        return None
    if "inline_keyboard" in markup:
        return _inline(markup)
    for row in markup.get("keyboard", ()):
        if any(not button["text"] for button in row):
            raise Refusal("keyboard button text must be non-empty")
    return markup


def _inline(markup: Markup) -> Markup | None:
    every = list(buttons(markup))
    for button in every:
        _check(button)
    if len(every) > MAX_BUTTONS:
        raise Refusal("reply markup is too long")
    rows = [row for row in markup["inline_keyboard"] if row]
    return {"inline_keyboard": rows} if rows else None


def _check(button: Markup) -> None:
    if not button["text"].strip():
        raise Refusal("inline keyboard button text must be non-empty")
    if not any(button.get(action) not in (None, "") for action in ACTIONS):
        raise Refusal("text buttons are unallowed in the inline keyboard")
    if len(button.get("callback_data", "").encode()) > MAX_CALLBACK_BYTES:
        raise Refusal("BUTTON_DATA_INVALID")
    if len(button.get("copy_text", {}).get("text", "")) > MAX_COPY_TEXT:
        raise Refusal("BUTTON_COPY_TEXT_INVALID")
    url = button.get("url", "")
    if url and not url.startswith(("http://", "https://", "tg://", "t.me/")):
        raise Refusal(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
