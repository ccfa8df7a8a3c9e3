"""The pages of audience, full: read by axe-core wide and narrow, light and dark."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from audience import demo as audience
from audience import figures
from audience.models import DailyPageCount
from tests.e2e.browser import open_page
from tests.e2e.test_accessibility import WIDE, all_problems


@pytest.fixture
def page(browser):
    with open_page(browser, WIDE) as opened:
        yield opened


def test_pages_of_audience_full(page, live_server):
    audience.seed(at=timezone.now())
    DailyPageCount.objects.create(
        day=figures.today(at=timezone.now()) - dt.timedelta(days=2),
        route="consultations:detail",
        subject="reamenagement-de-la-place-de-la-concorde-et-de-ses-abords-immediats-jusqu-au-canal",
        language="fr",
        device="ordinateur",
        views=4,
    )
    addresses = [reverse("audience:figures"), reverse("audience:refuse")]
    assert all_problems(page, live_server.url, addresses) == {}
