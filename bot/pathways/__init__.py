"""Pathways and products as TOML that the teams edit, read and checked before anything starts."""

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from bot.domain.pathway import Pathway, Product, Reminders
from bot.pathways import rules
from bot.pathways.lines import Fault, line_of
from bot.pathways.written import Written

T = TypeVar("T")
FOLDER = Path(__file__).parent
PRODUCTS = FOLDER / "products.toml"


def load(name_or_path: str) -> Pathway:
    """A bundled pathway by its name, or any file; ValueError names the file and the line."""
    return _read(_file(name_or_path), _pathway)


@cache  # read at every enrolment
def load_products(file: Path = PRODUCTS) -> tuple[Product, ...]:
    return _read(file, _products)


def to_json(pathway: Pathway) -> str:
    """Always the same text for the same pathway, so that its digest may name a version."""
    return json.dumps(_KEPT.dump_python(pathway, mode="json"), ensure_ascii=False, sort_keys=True)


def from_json(text: str) -> Pathway:
    """A version that a patient keeps: never refused for what the rules have learnt since."""
    return _KEPT.validate_json(text)


def _file(name_or_path: str) -> Path:
    bundled = FOLDER / f"{name_or_path}.toml"
    file = bundled if bundled.is_file() else Path(name_or_path)
    if not file.is_file():
        names = sorted(each.stem for each in FOLDER.glob("*.toml") if each != PRODUCTS)
        raise ValueError(f"no pathway '{name_or_path}': not a file, and not {', '.join(names)}")
    return file


def _read(file: Path, build: Callable[[dict[str, Any]], T]) -> T:
    source = ""
    try:
        source = file.read_text(encoding="utf-8")
        return build(tomllib.loads(source))
    except Fault as wrong:
        where = line_of(source, wrong.path)
        raise ValueError(f"{file.name}:{where}: {wrong}") from None
    except tomllib.TOMLDecodeError as wrong:  # its own message names the line
        raise ValueError(f"{file.name}: {wrong}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{file.name} is not written in UTF-8") from None


def _pathway(raw: dict[str, Any]) -> Pathway:
    pathway = _PATHWAY.read(_with_defaults(raw))
    # At the start, not at the first patient: a fault of the file is the editor's to see.
    rules.check(pathway, {each.id: each for each in load_products()})
    return pathway


def _with_defaults(raw: dict[str, Any]) -> dict[str, Any]:
    """Every step and handover made complete, so that a kept pathway needs no defaults."""
    given = raw.pop("defaults", None)
    _DEFAULTS.read(given, ("defaults",))
    for step in _tables(raw.get("steps")):
        step.setdefault("at", given["at"])
        own = step.get("reminders", {})
        if isinstance(own, dict):
            # Line by line: a step that changes one delay keeps the others of the house.
            step["reminders"] = {**given["reminders"], **own}
        for handover in _tables(step.get("handovers")):
            handover.setdefault("within", given["within"])
            # Handed over with the step that gives it, unless it waits for several.
            handover.setdefault("once", [step.get("id")])
    return raw


def _tables(value: object) -> list[dict[str, Any]]:
    """The tables of a list; what is not one is left for the reader to refuse."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _products(raw: dict[str, Any]) -> tuple[Product, ...]:
    products = _PRODUCTS.read(raw).products
    rules.check_products(products)
    return products


@dataclass(frozen=True)
class _Defaults:
    at: time
    within: timedelta
    reminders: Reminders


@dataclass(frozen=True)
class _Products:
    products: tuple[Product, ...]


_KEPT = TypeAdapter(Pathway)
_PATHWAY = Written(_KEPT)
_DEFAULTS, _PRODUCTS = Written(TypeAdapter(_Defaults)), Written(TypeAdapter(_Products))
