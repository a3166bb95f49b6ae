"""A test that hangs fails; it does not hold up all the others."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HANGS = """
import asyncio
import pytest

@pytest.mark.time_limit(0.2)
def test_in_a_loop():
    while True:
        pass

@pytest.mark.time_limit(0.2)
async def test_in_a_wait():
    await asyncio.Event().wait()

@pytest.fixture
def stuck():
    while True:
        pass

@pytest.mark.time_limit(0.2)
def test_in_a_fixture(stuck):
    pass

def test_after_them():
    pass
"""


def test_a_hang_fails_wherever_it_is_and_the_next_test_runs(tmp_path: Path) -> None:
    (tmp_path / "test_hangs.py").write_text(HANGS)
    options = ("-n0", "-q", "-c", ROOT / "pyproject.toml", "-p", "tests.conftest")
    played = subprocess.run(
        [sys.executable, "-m", "pytest", *options, tmp_path / "test_hangs.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "2 failed, 1 passed, 1 error" in played.stdout
    assert played.stdout.count("TooLong: not over after 0.2 s") >= 3


@pytest.mark.time_limit(5)
def test_a_test_in_time_passes() -> None:
    """Its alarm is taken back with it."""
