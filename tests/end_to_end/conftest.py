"""A town whose every part can fail, on the embedded database and on each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.ground import PHONES, Ground, ground


@pytest.fixture
def place(sqlite_url: str, tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path, sqlite_url, PHONES=PHONES) as it:
        yield it


@pytest.fixture
def any_place(database_url: str, tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path, database_url, PHONES=PHONES) as it:
        yield it
