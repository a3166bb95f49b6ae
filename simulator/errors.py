"""What Telegram answers when it refuses, and what the control API answers when asked nonsense."""

PREFIXES = {400: "Bad Request: ", 403: "Forbidden: "}


class Refusal(Exception):
    """A Bot API error, in Telegram's own words."""

    def __init__(
        self,
        text: str,
        code: int = 400,
        *,
        retry_after: int | None = None,
        migrate_to: int | None = None,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.description = PREFIXES.get(code, "") + text
        self.retry_after = retry_after
        self.migrate_to = migrate_to

    def answer(self) -> dict[str, object]:
        """The body that Telegram sends."""
        body: dict[str, object] = {
            "ok": False,
            "error_code": self.code,
            "description": self.description,
        }
        parameters = {
            "retry_after": self.retry_after,
            "migrate_to_chat_id": self.migrate_to,
        }
        given = {name: value for name, value in parameters.items() if value is not None}
        return body | ({"parameters": given} if given else {})


def forbidden(text: str) -> Refusal:
    """Telegram knows the chat, and will not let the bot in."""
    return Refusal(text, 403)


class Misuse(Exception):
    """The control API was asked for something that does not exist or cannot be done."""
