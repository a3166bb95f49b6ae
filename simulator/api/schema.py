"""Checks values against the published description of the Bot API (types, fields, required)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

API_FILE = Path(__file__).parent / "api.min.json"
ARRAY = "Array of "
NUMBERS = ("Integer", "Float")


@dataclass(frozen=True)
class Upload:
    """A file that came with the request."""

    name: str
    mime: str
    content: bytes


@dataclass(frozen=True)
class Flaw:
    """One thing wrong with a value: where it is, in which type, and Telegram's wording."""

    where: str
    owner: str
    text: str


@dataclass(frozen=True)
class Field:
    name: str
    types: tuple[str, ...]
    required: bool


class Schema:
    """Methods and types of the Bot API."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.version: str = data["version"]
        self._types: Mapping[str, Any] = data["types"]
        self._names = {name.lower(): name for name in data["methods"]}
        self._methods: Mapping[str, Any] = data["methods"]
        self._fields = {name: _fields(kind) for name, kind in self._types.items()}
        self.parameters = {name: _fields(method) for name, method in self._methods.items()}

    def method(self, name: str) -> str | None:
        """The method's own spelling; Telegram does not look at capitals."""
        return self._names.get(name.lower())

    def returns(self, method: str) -> tuple[str, ...]:
        """The types that a method may answer with."""
        return tuple(self._methods[method]["returns"])

    def flaws(self, value: object, types: Iterable[str], where: str = "") -> list[Flaw]:
        """What is wrong with a value that should be one of these types; empty when nothing."""
        best: list[Flaw] | None = None
        for kind in types:
            found = self._flaws(value, kind, where)
            if not found:
                return []
            if best is None or len(found) < len(best):
                best = found
        return best or []

    def _flaws(self, value: object, kind: str, where: str) -> list[Flaw]:
        if kind.startswith(ARRAY):
            return self._array_flaws(value, kind.removeprefix(ARRAY), where)
        if kind in SCALARS:
            return [] if SCALARS[kind](value) else [_wrong_type(where, kind)]
        subtypes: Sequence[str] = self._types[kind].get("subtypes", ())
        if subtypes:
            return self.flaws(value, self._likely(value, subtypes), where)
        if not isinstance(value, dict):
            return [Flaw(where, kind, f"{kind} must be an Object")]
        return self._object_flaws(value, kind, where)

    def _array_flaws(self, value: object, kind: str, where: str) -> list[Flaw]:
        if not isinstance(value, list):
            return [Flaw(where, kind, f"expected an Array of {kind}")]
        return [
            flaw
            for index, item in enumerate(value)
            for flaw in self._flaws(item, kind, f"{where}[{index}]")
        ]

    def _object_flaws(self, value: dict[str, Any], kind: str, where: str) -> list[Flaw]:
        fields = self._fields[kind]
        found = [
            Flaw(f"{where}.{name}", kind, f'unknown field "{name}"')
            for name in value
            if name not in fields
        ]
        for name, field in fields.items():
            if name in value:
                inner = self.flaws(value[name], field.types, f"{where}.{name}")
                found += [Flaw(f.where, f.owner or kind, f.text) for f in inner]
            elif field.required:
                found.append(Flaw(f"{where}.{name}", kind, f'can\'t find field "{name}"'))
        return found

    def _likely(self, value: object, subtypes: Sequence[str]) -> Sequence[str]:
        """Of several subtypes, those that know every field: their flaws say more."""
        if not isinstance(value, dict):
            return subtypes
        known = [kind for kind in subtypes if set(value) <= set(self._fields[kind])]
        return known or subtypes


def _fields(owner: Mapping[str, Any]) -> dict[str, Field]:
    return {
        field["name"]: Field(field["name"], tuple(field["types"]), field["required"])
        for field in owner.get("fields", ())
    }


def _wrong_type(where: str, kind: str) -> Flaw:
    name = where.rsplit(".", 1)[-1]
    wanted = "must be a Number" if kind in NUMBERS else f"must be of type {kind}"
    return Flaw(where, "", f'field "{name}" {wanted}')


SCALARS = {
    "Integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "Float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "String": lambda value: isinstance(value, str),
    "Boolean": lambda value: isinstance(value, bool),
    "InputFile": lambda value: isinstance(value, Upload),
}


@cache
def load() -> Schema:
    """The description shipped with the simulator."""
    return Schema(json.loads(API_FILE.read_text(encoding="utf-8")))
