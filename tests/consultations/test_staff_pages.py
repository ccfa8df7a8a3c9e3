"""Every page of the staff space, found from its routes: what it costs, and who is kept out of it."""

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse

from accounts import middleware
from tests.consultations.staff_pages import City, an_agent
from tests.factories import sign_in
from tests.test_budgets import LARGE, SMALL, asked

pytestmark = pytest.mark.django_db

MOST_QUERIES = 12
# Their answer is no page: a file, a row of data for a script, or « there is nothing here ».
ANSWERS = {200, 302, 403, 404, 405}


def test_staff_pages_cost_twelve_queries_at_most_and_the_same_at_ten_times_the_rows(client, monkeypatch):
    # The presence of a session is written once a minute: by the first page, not by one that is counted.
    monkeypatch.setattr(middleware, "RENEWAL_SECONDS", 3600)
    agent = an_agent()
    sign_in(client, agent)
    # Read once by each process, whatever the page.
    ContentType.objects.get_for_models(*apps.get_models())
    client.get(reverse("admin:index"))
    small, large = [], []
    for counts, size in ((small, SMALL), (large, LARGE)):
        for name, found in City(agent, size).addresses().items():
            for rank, address in enumerate(found):
                status, number = asked(client, address)
                assert status in ANSWERS, address
                counts.append((f"{name} {rank}", status, number))
    assert [line for line in large if line[2] > MOST_QUERIES] == []
    assert [(before, after) for before, after in zip(small, large, strict=True) if before != after] == []
