"""What a poll may be answered that no Telegram would say: as bytes, for some are no JSON."""

import json

from simulator.world.inbox import FIRST_ID, Update

HUGE = 2**70
DEEP = 50_000
# The numbers of these updates lie before all others, so that none of those is passed over.
FIRST_ODD = FIRST_ID - 100_000

# In place of the list of updates.
INSTEAD = {"object": b"{}", "null": b"null", "word": b'"updates"'}
# In the list, before what waits: things that are no updates …
NO_UPDATE = {"empty": b"{}", "number": b"1", "list": b"[]"}
# … and updates that cannot be read, by their text or by their number.
TEXTS = {
    "surrogate": rb'"\ud83d"',
    "bytes": b'"\xff\xfe\xe9"',
    "deep": b"[" * DEEP + b"]" * DEEP,
    "huge_id": b'"/aide"',
}
SHAPES = (*INSTEAD, *NO_UPDATE, *TEXTS)


def answer(shape: str, number: int, writer: int, waiting: list[Update]) -> bytes:
    """The whole body of an odd answer; what waits for the bot stands in the list too."""
    if shape in INSTEAD:
        return b'{"ok":true,"result":' + INSTEAD[shape] + b"}"
    odd = NO_UPDATE.get(shape) or _update(shape, number, writer)
    listed = b",".join([odd, *(json.dumps(update).encode() for update in waiting)])
    return b'{"ok":true,"result":[' + listed + b"]}"


def _update(shape: str, number: int, writer: int) -> bytes:
    head = {
        "message_id": 1,
        "date": 0,
        "chat": {"id": writer, "type": "private", "first_name": "?"},
        "from": {"id": writer, "is_bot": False, "first_name": "?"},
    }
    message = json.dumps(head).encode()[:-1] + b',"text":' + TEXTS[shape] + b"}"
    known = HUGE if shape == "huge_id" else FIRST_ODD + number
    return b'{"update_id":%d,"message":%s}' % (known, message)
