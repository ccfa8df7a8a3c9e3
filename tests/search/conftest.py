"""What the tests of the search share."""

import html
import re

import pytest
from django.urls import reverse

ROW = re.compile(r'class="trouve">.*?<h3[^>]*><a href="([^"]*)">(.*?)</a>', re.DOTALL)


@pytest.fixture
def found(client):
    """Ask the page; give the addresses of its results, in order."""

    def ask(text, *, route="search:results", **asked):
        response = client.get(reverse(route), {"q": text, **asked})
        assert response.status_code == 200
        return [html.unescape(url) for url, _title in ROW.findall(response.content.decode())]

    return ask


@pytest.fixture
def meant(client):
    """Ask the page; give what was perhaps meant."""

    def ask(text):
        page = client.get(reverse("search:results"), {"q": text}).content.decode()
        match = re.search(r'class="vouliez">[^<]*<a [^>]*>(.*?)</a>', page)
        return html.unescape(match[1]) if match else ""

    return ask
