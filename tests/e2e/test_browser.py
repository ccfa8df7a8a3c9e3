"""The browser of the journeys does what it promises, before any journey relies on it."""

import pytest
from playwright.sync_api import Error

from tests.e2e.browser import DESKTOP, open_page


def test_text_has_height(desktop):
    desktop.set_content("<p>Mulhouse participe</p>")

    assert desktop.locator("p").bounding_box()["height"] > 10


def test_page_cannot_leave_this_machine(browser):
    with (
        pytest.raises(AssertionError, match=r"outside\.example"),
        open_page(browser, DESKTOP) as page,
        pytest.raises(Error),
    ):
        page.goto("http://outside.example/")


def test_phone_has_no_script_when_asked(without_script):
    without_script.set_content("<noscript>sans</noscript><script>document.title = 'avec'</script>")

    assert without_script.title() == ""
