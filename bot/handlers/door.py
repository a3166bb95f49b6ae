"""The door: what may not enter is taken out of an update before anything else sees it.

Identities of patients and the secrets of invitations are never stored, not even in what waits for
its turn (DESIGN, *Privacy and safety*).
"""

import re
from typing import Any

from bot.care.joining import hash_token
from bot.domain import privacy

Raw = dict[str, Any]
"""An update as Telegram wrote it."""

REFUSED = "refused"
"""Where the category of what was taken out stands."""
URGENT = ("alert:", "report:", "check:report", "choose:page:alert")
"""What buttons say that overtakes everything, besides /alerte and /toxicite."""
START = "/start"
ADDRESSED = re.compile(r"^(/[A-Za-z0-9_]+)@[A-Za-z0-9_]+(?!\S)")
"""A command as Telegram completes it in a group, with its bot's name: no e-mail address."""


def screen(raw: Raw) -> Raw:
    """The same update without identities and without secrets."""
    for kind in ("message", "edited_message"):
        message = raw.get(kind)
        if isinstance(message, dict) and isinstance(message.get("text"), str):
            return {**raw, kind: _screened(message)}
    return raw


def _screened(message: Raw) -> Raw:
    said = message["text"]
    if said.startswith(START):
        command, _, token = said.partition(" ")
        hashed = f"{command} {hash_token(token.strip())}" if token.strip() else command
        return {**message, "text": hashed}
    found = privacy.screen(ADDRESSED.sub(r"\1", said))
    if found is None:
        return message
    kept = {key: value for key, value in message.items() if key not in ("text", "entities")}
    return {**kept, REFUSED: found.value}
