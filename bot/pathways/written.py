"""Plain values of a TOML file into our dataclasses: strict, and what is wrong is named."""

import json
import re
from datetime import time, timedelta
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, SchemaValidator, core_schema

from bot.pathways.lines import Fault, Path

T = TypeVar("T")

HOUR = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
DURATION = re.compile(r"(?=[0-9])(?:([0-9]{1,4}) h)?(?: ?([0-9]{1,4}) min)?")


class Written(Generic[T]):
    """Reads one kind of dataclass, with hours as `08:00` and durations as `1 h 30 min`."""

    def __init__(self, adapter: TypeAdapter[T]) -> None:
        self._validator = SchemaValidator(_spelt(adapter.core_schema))

    def read(self, value: object, path: Path = ()) -> T:
        """Build it; raises Fault with the path of the first thing wrong."""
        # Strict Python wants tuples and members of enums; strict JSON has neither.
        text = json.dumps(value, default=str)
        try:
            built: T = self._validator.validate_json(text, strict=True, extra="forbid")
        except ValidationError as wrong:
            raise _fault(wrong.errors()[0], path) from None
        return built


def _spelt(schema: Any) -> Any:
    """The same schema, but for how an hour and a duration are spelt."""
    if isinstance(schema, list):
        return [_spelt(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    spelling = {"time": _hour, "timedelta": _duration}.get(schema.get("type", ""))
    if spelling:
        return core_schema.no_info_plain_validator_function(spelling)
    return {key: _spelt(value) for key, value in schema.items()}


def _hour(value: object) -> time:
    if not isinstance(value, str) or not HOUR.fullmatch(value):
        raise ValueError("is no hour like 08:00")
    return time.fromisoformat(value)


def _duration(value: object) -> timedelta:
    found = DURATION.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError("is no duration like 2 h, 30 min or 1 h 30 min")
    return timedelta(hours=int(found[1] or 0), minutes=int(found[2] or 0))


KINDS = {
    "bool_type": "true or false",
    "dataclass_type": "a table",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "string_type": "a text",
    "tuple_type": "a list",
}


def _fault(error: ErrorDetails, path: Path) -> Fault:
    """One English sentence about the first thing that is wrong."""
    path, kind, value = (*path, *error["loc"]), error["type"], error["input"]
    name = f"'{next((each for each in reversed(path) if isinstance(each, str)), 'it')}'"
    if kind == "missing" and isinstance(path[-1], str):
        return Fault(path[:-1], f"{name} is missing")
    if kind == "unexpected_keyword_argument":
        return Fault(path, f"unknown key {name}")
    if kind in KINDS:
        return Fault(path, f"{name} must be {KINDS[kind]}, not {value!r}")
    why = error["msg"].removeprefix("Value error, ").replace("Input should be", "it must be")
    return Fault(path, f"{name} cannot be {value!r}: {why}")
