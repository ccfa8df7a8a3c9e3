"""The browser of the journeys does what it promises, before any journey relies on it."""

import re

import pytest
from playwright.sync_api import Error

from tests.e2e.browser import DESKTOP, open_page


def test_text_has_height(desktop):
    desktop.set_content("<p>Mulhouse participe</p>")

    assert desktop.locator("p").bounding_box()["height"] > 10


@pytest.mark.parametrize("host", ["outside.example", "192.0.2.1"])
def test_page_cannot_leave_this_machine(browser, host):
    with (
        pytest.raises(AssertionError, match=re.escape(host)),
        open_page(browser, DESKTOP) as page,
        pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"),
    ):
        page.goto(f"http://{host}/")


def test_phone_has_no_script_when_asked(without_script):
    without_script.set_content("<noscript>sans</noscript><script>document.title = 'avec'</script>")

    assert without_script.title() == ""
