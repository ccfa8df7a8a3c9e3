"""What a failing journey says: the address and the words of the page where it stopped."""

import pytest
from playwright.sync_api import Error


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and page is not None:
        try:
            words = page.locator("main").inner_text(timeout=1000)[:3000]
        except Error as error:
            words = str(error)
        report.sections.append(("The page", f"{page.url}\n{words}"))
    return report
