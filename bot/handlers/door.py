"""The door: what may not enter is taken out of an update before anything else sees it.

Identities of patients and the secrets of invitations are never stored, not even in what waits for
its turn (DESIGN, *Privacy and safety*): only what the edge reads is let in.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import islice
from typing import Any

from bot.care.joining import UNNAMED, hash_token
from bot.domain import codes, privacy
from bot.domain.commands import CALLS, SECRET, command
from bot.understanding import unwell

Raw = dict[str, Any]
"""An update as Telegram wrote it."""

REFUSED = "refused"
"""Where the category of what was taken out stands."""
SCREENED = "screened"
"""It came through this door already: what waits for its turn comes to it twice."""
VERDICT = "verdict"
"""Where it stands that an update is not to be read: what the crowd before the door decided."""
TOKEN = re.compile(r"(?<![\w-])(?=[\w-]+[A-Z0-9])[\w-]{22}(?![\w-])", re.ASCII)
"""What looks like an invitation's, wherever it stands: alone, or in its link."""
TOKENS = "tokens"
"""Where their hashes stand."""
MOST_TOKENS = 10
HIDDEN = "…"
ADDRESSED = re.compile(r"^(/[A-Za-z0-9_]+)@[A-Za-z0-9_]+(?!\S)")
"""A command as Telegram completes it in a group, with its bot's name: no e-mail address."""
UNSTORED = re.compile("[\0\ud800-\udfff]")
"""Characters that no database takes; people type none of them."""


def screen(raw: Raw) -> Raw:
    """The same update with what is read of it, without identities and without secrets."""
    if raw.get(SCREENED) is True:
        return raw
    kept: Raw = {SCREENED: True}
    if "update_id" in raw:
        kept["update_id"] = raw["update_id"]
    if VERDICT in raw:
        return kept | {VERDICT: raw[VERDICT]} | _unread(raw)
    for kind, keep in KINDS.items():
        if isinstance(raw.get(kind), dict):
            kept[kind] = keep(raw[kind])
    return kept


def _unread(raw: Raw) -> Raw:
    """Who came, where, and how to answer; of what was said only that it calls for help."""
    kept = {kind: _known(raw[kind], UNREAD) for kind in UNREAD_KINDS if kind in raw}
    for kind, body in kept.items():
        asked = command(said) if isinstance(said := raw[kind].get("text"), str) else None
        if asked is not None and asked.name in CALLS:
            body["text"] = asked.written
    return kept


def _message(message: Raw) -> Raw:
    """What was said, and of anything else only that it was there."""
    # That a picture came has to be known, to take it away; what it shows does not.
    kept: Raw = dict.fromkeys(message, True) | _known(message, MESSAGE)
    said, caption = message.get("text"), message.get("caption")
    if isinstance(said, str):
        del kept["text"]
        kept |= _text(_as_it_is(said))
    elif isinstance(caption, str):
        # What it stands under is taken away, and a call for help is not.
        kept |= _urgent(_as_it_is(caption))
    tokens = _tokens(message)
    return kept | {TOKENS: tokens} if tokens else kept


def _tokens(message: Raw) -> list[str]:
    """The hashes of the invitations in a message; that of a command is its argument already."""
    said, caption = message.get("text"), message.get("caption")
    asked = command(said) if isinstance(said, str) else None
    if asked is not None and asked.name == SECRET:
        return []
    texts = [each for each in (said, caption) if isinstance(each, str)]
    for entities in (message.get("entities"), message.get("caption_entities")):
        # A link may stand under other words.
        for entity in entities if isinstance(entities, list) else ():
            url = entity.get("url") if isinstance(entity, dict) else None
            texts += [url] if isinstance(url, str) else []
    found = (token[0] for each in texts for token in TOKEN.finditer(each))
    return [hash_token(token) for token in islice(dict.fromkeys(found), MOST_TOKENS)]


def _text(said: str) -> Raw:
    asked = command(said)
    # An invitation is a password: hashed here, it stands in no queue and no log.
    if asked is not None and asked.name == SECRET and asked.words:
        return {"text": f"{asked.written} {hash_token(' '.join(asked.words))}"}
    # Only the category goes on: refused and kept would still be kept (clinique §6.1).
    found = privacy.screen(ADDRESSED.sub(r"\1", said))
    return {REFUSED: found.value} | _urgent(said) if found else {"text": TOKEN.sub(HIDDEN, said)}


def _urgent(said: str) -> Raw:
    """Of what may not be kept, the call for help and its codes: a name must not hold it back."""
    asked = command(said)
    if asked is not None and asked.name in CALLS:
        # Right ones alone: a wrong one may be a part of what was refused.
        named = filter(codes.valid, map(_canonical, codes.called(asked.words)))
        return {"text": " ".join((asked.written, *named))}
    # What is seen is not kept either: it is asked.
    code = unwell(said)
    return {"text": f"/toxicite {code}"} if codes.valid(code) else {}


def _canonical(typed: str) -> str:
    return codes.normalise(typed) or ""


def _query(query: Raw) -> Raw:
    return _known(query, QUERY)


def _presence(change: Raw) -> Raw:
    return _known(change, PRESENCE)


def _known(what: Any, shape: dict[str, Any]) -> Raw:
    """Of a dictionary only what is named, each in its own shape."""
    if not isinstance(what, dict):
        return {}
    return {
        name: _known(what[name], inner) if isinstance(inner, dict) else inner(what[name])
        for name, inner in shape.items()
        if name in what
    }


def _as_it_is(value: Any) -> Any:
    return UNSTORED.sub("", value) if isinstance(value, str) else value


def _title(value: Any) -> Any:
    return UNNAMED if isinstance(value, str) and _screen_name(value) else _as_it_is(value)


def _user(user: Any) -> Raw:
    """A person may bear any name, but no number, and no other person's title."""
    kept = _known(user, USER)
    names = [name for key in NAMES if isinstance(name := kept.get(key), str)]
    # Both together: a number may be cut in two by them.
    if _screen_name(" ".join(names)) in (None, privacy.Category.NAME):
        return kept
    return {key: value for key, value in kept.items() if key not in NAMES} | {NAMES[0]: UNNAMED}


@lru_cache(maxsize=2048)
def _screen_name(name: str) -> privacy.Category | None:
    """Of an account or a group, which comes with each update; never of what is typed."""
    return privacy.screen(name)


NAMES = ("first_name", "last_name")
USER: dict[str, Any] = dict.fromkeys(("id", "is_bot", *NAMES), _as_it_is)
CHAT = {"id": _as_it_is, "type": _as_it_is, "title": _title}
MESSAGE = {
    **dict.fromkeys(("message_id", "date", "migrate_to_chat_id"), _as_it_is),
    "from": _user,
    "chat": CHAT,
    # What it answers was read in its own turn, or was not for us.
    "reply_to_message": {"message_id": _as_it_is},
}
WHO = {"id": _as_it_is}
UNREAD = {
    "id": _as_it_is,
    "message_id": _as_it_is,
    "from": WHO,
    "chat": {"id": _as_it_is, "type": _as_it_is},
    "message": {"message_id": _as_it_is, "chat": WHO},
}
UNREAD_KINDS = ("message", "edited_message", "callback_query")
QUERY = {"id": _as_it_is, "data": _as_it_is, "from": _user, "message": MESSAGE}
PRESENCE = {
    "chat": CHAT,
    "from": _user,
    "new_chat_member": {"status": _as_it_is, "is_member": _as_it_is},
}
KINDS: dict[str, Callable[[Raw], Raw]] = {
    "message": _message,
    "edited_message": _message,
    "callback_query": _query,
    "my_chat_member": _presence,
}
