"""The browser of the tests: the machine's own Chromium, which nothing outside can reach."""

import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",  # it refuses its sandbox to root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium(path: str | None = None) -> str:
    """Where Chromium is, on `path` or the machine's; a test that needs it fails without it."""
    for name in NAMES:
        found = shutil.which(name, path=path)
        if found:
            return found
    pytest.fail("Chromium is missing: apt-get install chromium, then run again.", pytrace=False)
