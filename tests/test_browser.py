"""The browser of the tests opens, and says in one sentence when it is not there."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium


def test_a_page_opens(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<title>Réanimation</title>")

    assert page.title() == "Réanimation"
    page.close()


def test_without_chromium_one_sentence_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"^Chromium is missing: apt-get install"):
        chromium(str(tmp_path))
