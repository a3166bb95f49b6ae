"""Reads the parameters of a request: query, urlencoded, JSON or multipart."""

import json
from email.message import Message
from urllib.parse import parse_qsl

from starlette.requests import Request

from simulator.api.schema import Upload
from simulator.errors import Refusal


async def parameters(request: Request) -> dict[str, object]:
    """All parameters, from the address and from the body."""
    raw: dict[str, object] = dict(request.query_params)
    body = await request.body()
    kind = request.headers.get("content-type", "")
    if not body:
        return raw
    if kind.startswith("application/json"):
        return raw | _json(body)
    if kind.startswith("multipart/form-data"):
        return raw | parts(body, boundary(kind))
    return raw | dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def boundary(content_type: str) -> bytes:
    """The line between two parts."""
    header = Message()
    header["content-type"] = content_type
    return str(header.get_param("boundary", "")).encode()


def parts(body: bytes, line: bytes) -> dict[str, object]:
    """Fields and files of a multipart body."""
    found: dict[str, object] = {}
    for piece in (b"\r\n" + body).split(b"\r\n--" + line)[1:]:
        head, gap, content = piece.partition(b"\r\n\r\n")
        if gap:
            name, value = _part(head.strip(), content)
            found[name] = value
    return found


def _part(head: bytes, content: bytes) -> tuple[str, object]:
    headers = Message()
    for line in head.decode("utf-8", "replace").split("\r\n"):
        key, _, value = line.partition(":")
        headers[key] = value.strip()
    name = str(headers.get_param("name", "", "content-disposition"))
    filename = headers.get_param("filename", None, "content-disposition")
    if filename is None:
        return name, content.decode("utf-8", "replace")
    return name, Upload(str(filename), headers.get_content_type(), content)


def _json(body: bytes) -> dict[str, object]:
    try:
        value = json.loads(body)
    except ValueError:
        raise Refusal("can't parse JSON object") from None
    if not isinstance(value, dict):
        raise Refusal("object expected")
    return value
