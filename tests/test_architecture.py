"""Who may import whom: the table of docs/architecture.md, read from the code itself."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]

# Each library has its one place; a part of the bot that is not named may not import it.
PLACES = {
    "aiohttp": {"clock", "heartbeat", "transport"},
    "alembic": {"migrations"},
    "apscheduler": {"scheduler"},
    "babel": {"texts"},
    "holidays": {"app"},
    "phonenumbers": {"domain"},
    "prometheus_client": {"web"},
    "pydantic": {"pathways", "settings", "store"},
    "pydantic_core": {"pathways", "store", "transport", "web"},
    "pydantic_settings": {"settings"},
    "rapidfuzz": {"understanding"},
    "segno": {"care"},
    "sqlalchemy": {"migrations", "models", "store"},
    "sqlmodel": {"migrations", "models", "store"},
    "starlette": {"web"},
    "stdnum": {"domain"},
    "telegram": {"app", "hook", "intake", "relais", "transport"},
    "uvicorn": {"web"},
    "yarl": {"transport"},
}
# Not SQL: what the edge catches when a commit fails.
ANYWHERE = {"sqlalchemy.exc"}
NOBODY = {"psycopg", "tzdata"}  # found by SQLAlchemy and by zoneinfo, never imported by us


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def part(path: Path) -> str:
    """`bot/store/letters.py` and `bot/store.py` are both of the part `store`."""
    return path.relative_to(ROOT / "bot").parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def libraries(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(path) if name not in ANYWHERE}


@pytest.mark.parametrize("library", sorted(PLACES))
def test_a_library_is_imported_only_in_its_place(library: str) -> None:
    strays = [
        str(path.relative_to(ROOT))
        for path in modules("bot")
        if library in libraries(path) and part(path) not in PLACES[library]
    ]

    assert strays == []


def test_every_dependency_of_the_bot_has_its_place() -> None:
    """Whatever is imported is named above, and what is declared is imported."""
    used = {name for path in modules("bot") for name in libraries(path)}
    foreign = used - sys.stdlib_module_names - {"bot"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {IMPORTED_AS.get(name, name.replace("-", "_")) for name in bare_names(project)}

    assert foreign - PLACES.keys() == set()
    assert declared - foreign - NOBODY == set()


IMPORTED_AS = {"python-stdnum": "stdnum", "python-telegram-bot": "telegram"}


def bare_names(project: dict[str, Any]) -> list[str]:
    return [re.split(r"[\[<>=]", each)[0] for each in project["dependencies"]]


def test_no_part_of_the_domain_imports_what_imports_it() -> None:
    below = {module_of(path): ours(path) for path in modules("bot/domain")}

    cycles = [
        name for name, direct in below.items() if name in reached(direct - {name}, below, set())
    ]

    assert cycles == []


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def ours(path: Path) -> set[str]:
    """The modules of the domain that one of them imports, by `from x import y` or whole."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "bot.domain":
            found |= {f"bot.domain.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bot.domain."):
            found.add(str(node.module))
    return found


def reached(names: set[str], below: dict[str, set[str]], seen: set[str]) -> set[str]:
    """All that is imported by these, directly or not."""
    for name in names - seen:
        seen.add(name)
        reached(below.get(name, set()), below, seen)
    return seen


def test_the_domain_stands_on_the_standard_library_and_two_others() -> None:
    # The keys of a NIR and the numbers of a telephone are not rewritten here.
    allowed = sys.stdlib_module_names | {"bot", "stdnum", "phonenumbers"}

    foreign = {
        str(path.relative_to(ROOT)): libraries(path) - allowed for path in modules("bot/domain")
    }

    assert {path: names for path, names in foreign.items() if names} == {}


def test_only_the_settings_read_the_environment() -> None:
    # bot/__init__.py sets one variable of a library, before the library is imported; the
    # transport asks whether a proxy is named there, which aiohttp reads at each request if told.
    excused = {"__init__", "transport"}
    readers = {part(path) for path in modules("bot") if "environ" in path.read_text("utf-8")}

    assert readers - excused <= {"settings"}


def test_no_traceback_goes_to_the_log() -> None:
    """It ends with what the error says, which may be about people: `described` says the rest."""
    said = (".exception(", "exc_info=", "traceback.print", "traceback.format")
    strays = [
        str(path.relative_to(ROOT))
        for path in modules("bot")
        if any(each in path.read_text("utf-8") for each in said)
    ]

    assert strays == []


def test_no_module_passes_500_lines() -> None:
    long = [
        str(path.relative_to(ROOT))
        for package in ("bot", "simulator")
        for path in modules(package)
        if "versions" not in path.parts and path.read_text("utf-8").count("\n") > 500
    ]

    assert long == []


def test_the_layers_hold() -> None:
    # In a process of its own, for it changes the logging of the one that runs it.
    lint = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert found.returncode == 0, found.stdout + found.stderr
