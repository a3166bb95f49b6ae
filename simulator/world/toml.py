"""Reads the TOML files of casts and storyboards; what is wrong with one is a French sentence."""

import re
import tomllib
from pathlib import Path
from typing import Any

from simulator.errors import Misuse

WHERE = re.compile(r"at line (\d+), column (\d+)")


def read(path: Path) -> dict[str, Any]:
    """The tables of a file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Misuse(f"Le fichier {path} n’existe pas.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"Le fichier {path} ne peut pas être lu.") from error
    except tomllib.TOMLDecodeError as error:
        raise Misuse(f"Le fichier {path} n’est pas du TOML{_place(error)}.") from error


def _place(error: tomllib.TOMLDecodeError) -> str:
    where = WHERE.search(str(error))
    return f" (ligne {where[1]}, colonne {where[2]})" if where else ""
