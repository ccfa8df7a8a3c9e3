"""A real browser for the journeys: a pytest plugin, registered by tests/conftest.py.

`desktop` and `phone` are pages (1280 and 390 px), `without_script` a phone whose JavaScript is off. Any request that
leaves this machine fails the test, and so does an error of a script.
"""

import os
import re
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e import chromium

HERE = Path(__file__).resolve().parent
FIXTURES = {"browser", "desktop", "phone", "without_script"}
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--no-pings",
    # The one that keeps the browser from asking any name of the network, and any other machine by its number.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE_MILLISECONDS = 15_000
ELSEWHERE = re.compile(r"^(?!http://127\.0\.0\.1:|http://localhost:|data:|blob:)")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Put the browser tests last, or leave them out before any server starts for them and say why in one line.

    Last, because what Playwright and Django need to live together marks the whole process from then on.
    """
    asking = [item for item in items if item.path.is_relative_to(HERE) or FIXTURES & set(item.fixturenames)]
    if not asking:
        return
    browser_tests = set(asking)
    items[:] = [item for item in items if item not in browser_tests] + asking
    if (why := chromium.missing()) is None:
        return
    if os.environ.get("REQUIRE_BROWSER"):
        raise pytest.UsageError(f"REQUIRE_BROWSER est demandé, mais {why}.")
    for item in asking:
        item.add_marker(pytest.mark.skip(reason=f"{NO_BROWSER}{why}"))


NO_BROWSER = "sans navigateur : "


def pytest_terminal_summary(terminalreporter):
    """Say why once; the reports may come from other processes, they are all that is known here."""
    reasons = [str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", ())]
    without = [reason.partition(NO_BROWSER)[2] for reason in reasons if NO_BROWSER in reason]
    if without:
        terminalreporter.write_line(f"{len(without)} tests dans le navigateur ignorés : {without[0]}.", yellow=True)


@pytest.fixture(scope="session")
def browser():
    found = chromium.find()
    # Playwright's synchronous interface keeps a loop in this thread, which Django would take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = chromium.node()
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=found, args=flags, env={**os.environ, **chromium.environment(found)}
        )
        yield launched
        launched.close()


@contextmanager
def open_page(browser, viewport, **options):
    """Open a page of its own session, that can only reach this machine."""
    context = browser.new_context(
        viewport=viewport,
        locale="fr-FR",
        timezone_id="Europe/Paris",
        reduced_motion="reduce",
        service_workers="block",
        **options,
    )
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    asked, broken = [], []
    # Watched, and refused by FLAGS: to route requests would turn the cache off, and load each file again with each page.
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("pageerror", lambda error: broken.append(str(error)))
    yield page
    context.close()
    assert [address for address in asked if ELSEWHERE.match(address)] == []
    assert broken == []


@pytest.fixture
def desktop(browser):
    with open_page(browser, DESKTOP) as page:
        yield page


@pytest.fixture
def phone(browser):
    with open_page(browser, PHONE, has_touch=True, is_mobile=True) as page:
        yield page


@pytest.fixture
def without_script(browser):
    with open_page(browser, PHONE, java_script_enabled=False) as page:
        yield page
