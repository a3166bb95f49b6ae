"""The set-up: locks that a new machine can trust, commands that say what they lack."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def pins(lock: str) -> dict[str, str]:
    """Each requirement of a lock with all its lines."""
    entries = re.split(r"^(?=[a-z0-9])", (ROOT / lock).read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {re.split("==", entry)[0]: entry for entry in entries}


def named(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=]", requirement)[0] for requirement in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_and_no_path(lock: str) -> None:
    content = (ROOT / lock).read_text("utf-8")

    assert not re.search(r"://|--(extra-)?index-url|--find-links|^[^#\n]*/", content, re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_in_a_lock_is_pinned_with_its_hash(lock: str) -> None:
    loose = [name for name, entry in pins(lock).items() if "--hash=sha256:" not in entry]

    assert loose == []


def test_tests_run_on_the_very_versions_that_run() -> None:
    runtime, dev = (pins(lock) for lock in LOCKS)

    assert {name: entry for name, entry in dev.items() if name in runtime} == runtime


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]

    assert named(project["dependencies"] + extras["postgres"]) <= set(pins(LOCKS[0]))
    assert named(extras["dev"]) <= set(pins(LOCKS[1]))


@pytest.mark.parametrize("command", ["demo", "run", "test", "lint", "bench", "simulate", "faults"])
def test_a_second_make_installs_nothing(command: str, tmp_path: Path) -> None:
    clone = a_clone(tmp_path)
    for name in ("bin/pip", ".runtime", ".dev"):
        path = clone / ".venv" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    planned = make(clone, "--dry-run", command)

    assert planned.returncode == 0
    assert "pip install" not in planned.stdout


def test_a_changed_lock_is_installed_again(tmp_path: Path) -> None:
    clone = a_clone(tmp_path)
    for name in ("bin/pip", ".dev"):
        path = clone / ".venv" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    os.utime(clone / ".venv" / ".dev", (0, 0))

    assert "--require-hashes -r requirements-dev.lock" in make(clone, "--dry-run", "test").stdout


def test_an_old_python_is_refused_with_one_sentence(tmp_path: Path) -> None:
    clone = a_clone(tmp_path)
    old = clone / "old-python"
    old.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "import sys; sys.version_info = (3, 10); '
        'sys.version = \'3.10.9\'; exec(sys.argv[1])" "$2"\n'
    )
    old.chmod(0o755)

    refused = make(clone, f"PYTHON={old}", "test")

    assert refused.returncode != 0
    assert "Python 3.11 or newer is needed, 3.10.9 was found" in refused.stderr
    assert not (clone / ".venv").exists()


def test_ci_is_a_script_that_bash_can_read() -> None:
    script = ROOT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def a_clone(folder: Path) -> Path:
    for name in ("Makefile", *LOCKS):
        shutil.copy(ROOT / name, folder)
    return folder


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # A make that runs these tests would hand its own options down.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=clean, capture_output=True, text=True, check=False
    )
