"""Frozen dataclasses to plain values (JSON, TOML) and back, saying where a value is wrong."""

import re
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import time, timedelta
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")
Path = tuple[str | int, ...]

DURATION = re.compile(r"(?:(\d+) h)?(?: ?(\d+) min)?")
HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class Misread(ValueError):
    """A value that cannot be what it should be; `path` leads to it."""

    def __init__(self, path: Path, said: str) -> None:
        super().__init__(said)
        self.path = path


def write(value: object) -> Any:
    """Dates of a pathway are whole minutes, so `08:00` and `2 h` lose nothing."""
    if is_dataclass(value):
        return {field.name: write(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [write(each) for each in value]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, timedelta):
        return _duration_text(value)
    return value


def read(kind: type[T], value: object, path: Path = ()) -> T:
    """Build a `kind` from plain values; raises Misread with the path of the first fault."""
    built: T = _read(kind, value, path)
    return built


def _read(kind: Any, value: object, path: Path) -> Any:
    if get_origin(kind) is tuple:
        return _read_tuple(get_args(kind), value, path)
    if get_origin(kind) is UnionType:  # only `X | None` is used
        return None if value is None else _read(get_args(kind)[0], value, path)
    if is_dataclass(kind):
        return _read_record(kind, value, path)
    if type(value) is not (str if issubclass(kind, StrEnum | time | timedelta) else kind):
        raise Misread(path, f"{_name(path)} must be {_plain_name(kind)}, not {value!r}")
    return _read_text(kind, str(value), path) if isinstance(value, str) else value


def _read_text(kind: Any, value: str, path: Path) -> Any:
    try:
        if issubclass(kind, StrEnum):
            return kind(value)
        if kind is time:
            return _hour(value)
        return _duration(value) if kind is timedelta else value
    except ValueError:
        known = f" (one of: {', '.join(kind)})" if issubclass(kind, StrEnum) else ""
        raise Misread(path, f"{_name(path)} cannot be {value!r}{known}") from None


def _read_tuple(kinds: tuple[Any, ...], value: object, path: Path) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise Misread(path, f"{_name(path)} must be a list, not {value!r}")
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise Misread(path, f"{_name(path)} must have {len(kinds)} values, not {len(value)}")
    return tuple(
        _read(kind, each, (*path, at))
        for at, (kind, each) in enumerate(zip(kinds, value, strict=True))
    )


def _read_record(kind: Any, value: object, path: Path) -> Any:
    if not isinstance(value, dict):
        raise Misread(path, f"{_name(path)} must be a table, not {value!r}")
    hints, known = _hints(kind), {field.name: field for field in fields(kind)}
    for key in value:
        if key not in known:
            raise Misread((*path, key), f"unknown key '{key}'")
    for name, field in known.items():
        if name not in value and not _has_default(field):
            raise Misread(path, f"'{name}' is missing")
    return kind(**{key: _read(hints[key], each, (*path, key)) for key, each in value.items()})


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _name(path: Path) -> str:
    return f"'{next((str(key) for key in reversed(path) if isinstance(key, str)), 'it')}'"


def _plain_name(kind: Any) -> str:
    return {int: "a whole number", bool: "true or false"}.get(kind, "a text")


def _hour(value: str) -> time:
    if not (found := HOUR.fullmatch(value)):
        raise ValueError(value)
    return time(int(found[1]), int(found[2]))


def _duration(value: str) -> timedelta:
    found = DURATION.fullmatch(value)
    if not value or not found:
        raise ValueError(value)
    return timedelta(hours=int(found[1] or 0), minutes=int(found[2] or 0))


def _duration_text(value: timedelta) -> str:
    hours, minutes = divmod(round(value.total_seconds() / 60), 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours)
    return " ".join(parts)
