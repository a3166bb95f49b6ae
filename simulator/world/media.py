"""What people send besides text: a photo, a voice, a place, someone else's words."""

import struct
import zlib
from typing import Any

from simulator.errors import Misuse
from simulator.world import objects
from simulator.world.actions import Content, text_content
from simulator.world.people import Message
from simulator.world.state import World

KINDS = ("photo", "document", "sticker", "voice", "location", "contact", "forward")


def content(world: World, kind: str, wanted: dict[str, Any]) -> Content:
    """The content of a message of one kind, with harmless made-up data."""
    makers = {
        "photo": _photo,
        "document": _document,
        "sticker": _sticker,
        "voice": _voice,
        "location": _location,
        "contact": _contact,
    }
    if kind not in makers:
        raise Misuse(f"Envoi inconnu « {kind} » ; connus : {', '.join(KINDS)}.")
    made = makers[kind](world, wanted)
    caption = wanted.get("caption")
    return made | ({"caption": caption} if caption and kind in ("photo", "document") else {})


def forwarded(it: Message) -> Content:
    """Someone else's text, forwarded."""
    origin = {
        "type": "user",
        "date": int(it.sent_at.timestamp()),
        "sender_user": objects.user(it.sender),
    }
    return text_content(it.content.get("text", "…")) | {"forward_origin": origin}


def png(width: int, height: int, rgb: tuple[int, int, int] = (120, 150, 190)) -> bytes:
    """A plain picture."""
    rows = (b"\x00" + bytes(rgb) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _photo(world: World, _: dict[str, Any]) -> Content:
    blob = world.store("photo.png", "image/png", png(320, 240))
    return {"photo": objects.photo(blob, (320, 240))}


def _document(world: World, wanted: dict[str, Any]) -> Content:
    name = wanted.get("name", "document.pdf")
    blob = world.store(name, "application/pdf", b"%PDF-1.4\n%%EOF\n")
    return {"document": objects.document(blob)}


def _sticker(world: World, wanted: dict[str, Any]) -> Content:
    blob = world.store("sticker.webp", "image/webp", b"RIFF\x00\x00\x00\x00WEBP")
    return {
        "sticker": {
            "file_id": blob.file_id,
            "file_unique_id": blob.unique_id,
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
            "emoji": wanted.get("emoji", "👍"),
        }
    }


def _voice(world: World, wanted: dict[str, Any]) -> Content:
    blob = world.store("voice.ogg", "audio/ogg", b"OggS")
    return {
        "voice": {
            "file_id": blob.file_id,
            "file_unique_id": blob.unique_id,
            "duration": int(wanted.get("duration", 4)),
            "mime_type": "audio/ogg",
        }
    }


def _location(_: World, wanted: dict[str, Any]) -> Content:
    place = {"latitude": 43.556, "longitude": 1.414}
    return {"location": {key: float(wanted.get(key, place[key])) for key in place}}


def _contact(_: World, wanted: dict[str, Any]) -> Content:
    return {
        "contact": {
            "phone_number": wanted.get("phone_number", "+33500000000"),
            "first_name": wanted.get("first_name", "Contact"),
        }
    }
