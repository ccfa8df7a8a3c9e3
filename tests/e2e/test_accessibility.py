"""Every type of page, empty, full and in error, wide and narrow, light and dark, read by axe-core."""

import pytest
from django.urls import NoReverseMatch, reverse

from tests.e2e import axe
from tests.e2e.browser import open_page
from tests.test_routes import OURS

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
NARROWEST = {"width": 320, "height": 640}


@pytest.fixture
def page(browser):
    """A page that can be resized and recoloured, and that must never break its security policy."""
    refused = []
    with open_page(browser, WIDE) as opened:
        opened.on(
            "console",
            lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None,
        )
        yield opened
    assert refused == []


def problems(page, address, *, status=200):
    """Visit once, then look at it at each width and in both colours."""
    answer = page.goto(address)
    found = [] if answer.status == status else [f"answered {answer.status}"]
    looks = ((WIDE, "light"), (NARROW, "dark"), (NARROWEST, "light"))
    for size, scheme in looks:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += [f"{size['width']} {scheme}: {line}" for line in axe.violations(page)]
        found += [f"{size['width']} overflows: {line}" for line in axe.overflow(page)]
    found += [f"spaced text: {line}" for line in axe.cut_under_text_spacing(page)]
    page.set_viewport_size(WIDE)
    return found


def all_problems(page, base, addresses, *, status=200):
    """Visit many addresses; give what is wrong with each, nothing for those where nothing is."""
    found, seen = {}, set()
    for address in addresses:
        answer = page.request.get(base + address)
        if "text/html" in answer.headers["content-type"] and answer.url not in seen:
            seen.add(answer.url)
            found[address] = problems(page, answer.url, status=status)
    return {address: lines for address, lines in found.items() if lines}


def plain_addresses(access):
    for name, entry in sorted(OURS.items()):
        if entry == access:
            try:
                yield reverse(name)
            except NoReverseMatch:
                continue


def test_gallery_in_both_schemes_at_each_width(page, live_server):
    """Every component in every state: each width in each scheme."""
    page.goto(live_server.url + reverse("gallery"))
    found = []
    for size in (WIDE, NARROW, NARROWEST):
        for scheme in ("light", "dark"):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += [f"{size['width']} {scheme}: {line}" for line in [*axe.violations(page), *axe.overflow(page)]]
    assert found == []


def test_public_pages_without_content(page, live_server, settings):
    """Empty lists included: nothing is in the database. The pages of the demonstration too."""
    settings.DEMO = True
    assert all_problems(page, live_server.url, plain_addresses("public")) == {}
