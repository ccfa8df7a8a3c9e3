"""One visibility rule on every surface: what is hidden, private, in draft or embargoed is nowhere, for nobody but who may read it."""

import pytest

from tests import factories as f
from tests.visibility import crawl, hidden

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(db):
    return hidden.build()


def shown(read, secrets):
    """Give what is shown and should not be: (what, where)."""
    return sorted(
        (secret.what, address)
        for address, (_status, text) in read.items()
        for secret in secrets
        if secret.word in text and secret.word not in address
    )


def searches(secrets):
    """Ask each list for each word: in what is found, and in what is said of it."""
    return [
        f"{address}?q={secret.word}"
        for secret in secrets
        for address in ("/concertations/", "/engagements/", "/registre/")
    ]


def test_visitor_finds_nothing_that_is_hidden(client, city):
    read = crawl.crawl(client)
    assert shown(read, city.secrets) == []
    for what, word in city.seen.items():
        assert [address for address, (_status, text) in read.items() if word in text] != [], what
    assert [address for address, (status, _text) in read.items() if status >= 500] == []


def test_other_resident_finds_nothing_that_is_hidden(client, city):
    f.sign_in(client, f.make_resident())
    read = crawl.crawl(client)
    assert shown(read, city.secrets) == []


def test_own_address_of_what_is_hidden_says_nothing(client, city):
    """Where existence is private the answer is « not found »; what was public keeps a neutral sentence."""
    answers = {}
    for who in ("visitor", "resident"):
        if who == "resident":
            f.sign_in(client, f.make_resident())
        for secret in city.secrets:
            if secret.url:
                response = client.get(secret.url)
                assert secret.word not in crawl.text_of(response).replace(secret.url, ""), (who, secret.what)
                answers[secret.what, who] = response.status_code
    was_public = {"withdrawn contribution", "hidden contribution"}
    assert {what for (what, _who), status in answers.items() if status in {200, 410}} <= was_public
    assert {status for (what, _who), status in answers.items() if what not in was_public} == {404}


def test_no_search_finds_what_is_hidden(client, city):
    for address in searches(city.secrets):
        page = client.get(address).content.decode()
        assert page.count(address.partition("=")[2]) == page.count(f'value="{address.partition("=")[2]}"') or (
            "Aucun" in page or "aucun" in page
        ), address


def test_author_reads_their_own(client, city):
    author = next(secret for secret in city.secrets if secret.readers).readers[0]
    f.sign_in(client, author)
    own = {secret.what: secret for secret in city.secrets if author in secret.readers}
    read = {what: secret.word in crawl.text_of(client.get(secret.url, follow=True)) for what, secret in own.items()}
    assert read == dict.fromkeys(own, True)
