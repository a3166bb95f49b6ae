"""Reads storyboards: TOML files with scenes to watch and scenes to play."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from simulator.errors import Misuse
from simulator.world import toml

FOLDER = Path(__file__).parent / "boards"
UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d)")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
# What a scene may do; exactly one of these, or a task with `press` or `say`.
VERBS = (
    *("note", "say", "press", "start", "send", "block", "unblock", "migrate", "bot"),
    *(
        "expect",
        "await",
        "advance",
        "until",
        "at",
        "keep",
        "speed",
        "fault",
        "clear",
        "floods",
        "task",
    ),
)
DETAILS = (
    *("as", "in", "to", "reply", "most"),
    *("hint", "within", "pace", "show", "anywhere"),
)


@dataclass(frozen=True)
class Scene:
    """One step of a storyboard, as its file has it."""

    verb: str
    fields: Mapping[str, Any]

    def get(self, name: str, default: Any = None) -> Any:
        return self.fields.get(name, default)


@dataclass(frozen=True)
class Storyboard:
    """A storyboard with its scenes in order; those of the prologue first."""

    name: str
    title: str
    summary: str
    minutes: int
    you: str
    begins: datetime | None
    scenes: list[Scene]
    cast: str = ""
    learn: list[str] = field(default_factory=list)
    prologue: int = 0

    def drawn(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "summary": self.summary,
            "minutes": self.minutes,
            "you": self.you,
        }


def names(folder: Path = FOLDER) -> list[str]:
    """Every storyboard in its file's order; those that start with `_` are prologues."""
    return [path.stem for path in sorted(folder.glob("*.toml")) if path.stem[0] != "_"]


def load(name: str, folder: Path = FOLDER) -> Storyboard:
    """A storyboard by its file's name."""
    data = _read(name, folder)
    before = [s for each in data.get("before", []) for s in _with_prologue(each, folder)]
    own = _scenes(name, folder)
    return Storyboard(
        name=name,
        title=data.get("title", name),
        summary=data.get("summary", ""),
        minutes=data.get("minutes", 10),
        you=data.get("you", ""),
        begins=_begins(data, folder),
        scenes=[*before, *own],
        cast=data.get("cast", ""),
        learn=data.get("learn", []),
        prologue=len(before),
    )


def span(text: str | float) -> timedelta:
    """« 3 d », « 2 h », « 30 min », or a number of seconds."""
    if isinstance(text, int | float):
        return timedelta(seconds=text)
    parts = SPAN.findall(text)
    if not parts:
        raise Misuse(f"« {text} » n’est pas une durée.")
    return timedelta(seconds=sum(float(number) * UNITS[unit] for number, unit in parts))


def filled(text: str, values: Mapping[str, str], *, pattern: bool = False) -> str:
    """A text with its {placeholders} replaced; in a pattern they match literally."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            return match[0]
        return re.escape(values[match[1]]) if pattern else values[match[1]]

    return PLACEHOLDER.sub(value, text)


def _read(name: str, folder: Path) -> dict[str, Any]:
    known = ", ".join(names(folder))
    if not re.fullmatch(r"[\w-]+", name) or not (folder / f"{name}.toml").is_file():
        raise Misuse(f"Le scénario « {name} » n’existe pas. Scénarios connus : {known}.")
    return toml.read(folder / f"{name}.toml")


def _begins(data: dict[str, Any], folder: Path) -> datetime | None:
    """The instant of the story, or of its prologue."""
    if "begins" in data:
        begins: datetime = data["begins"]
        return begins
    before = [_begins(_read(each, folder), folder) for each in data.get("before", [])]
    return before[0] if before else None


def _with_prologue(name: str, folder: Path) -> list[Scene]:
    before = _read(name, folder).get("before", [])
    scenes = [scene for each in before for scene in _with_prologue(each, folder)]
    return [*scenes, *_scenes(name, folder)]


def _scenes(name: str, folder: Path) -> list[Scene]:
    listed = _read(name, folder).get("scene", [])
    return [_scene(name, number, fields) for number, fields in enumerate(listed, 1)]


def _scene(name: str, number: int, fields: dict[str, Any]) -> Scene:
    where = f"Scénario « {name} », scène {number}"
    unknown = [key for key in fields if key not in VERBS + DETAILS]
    if unknown:
        raise Misuse(f"{where} : le champ « {unknown[0]} » n’existe pas.")
    verbs = [verb for verb in VERBS if verb in fields]
    if "task" in fields:
        acts = [verb for verb in verbs if verb in ("press", "say", "start")]
        if len(acts) != 1 or len(verbs) != 2:
            raise Misuse(
                f"{where} : une tâche se fait par press, say ou start, un seul des trois."
            )
        return Scene("task", fields)
    if len(verbs) != 1:
        raise Misuse(f"{where} : il faut un seul verbe parmi {', '.join(VERBS)}.")
    return Scene(verbs[0], fields)
