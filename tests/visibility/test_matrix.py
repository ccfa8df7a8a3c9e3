"""One visibility rule on every surface: what is hidden, private, in draft or embargoed is nowhere, for nobody but who may read it."""

import re

import pytest

from mulhouse import memory
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


def finding(secrets):
    """Ask each search for each word."""
    doors = ("/recherche/", "/concertations/", "/engagements/", "/registre/")
    return {f"{door}?q={secret.word}": secret for secret in secrets for door in doors}


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


@pytest.mark.parametrize("who", ["visitor", "resident"])
def test_no_search_finds_what_is_hidden(client, city, who):
    """The word comes back in the field of the search, and nowhere else: not in a title, an excerpt nor a suggestion."""
    if who == "resident":
        f.sign_in(client, f.make_resident())
    for address, secret in finding(city.secrets).items():
        memory.client().flushdb()  # nobody asks all of this in a minute
        page = client.get(address).content.decode()
        page = page.replace(f"q={secret.word}", "").replace(f'value="{secret.word}"', "")
        found = re.findall(rf"[^<>]*<[^<>]*>[^<>]*{secret.word}[^<>]*", page)
        assert [piece for piece in found if "«" not in piece] == [], address


def test_search_finds_what_is_public(client, city):
    for word in city.seen.values():
        assert f"<mark>{word}</mark>" in client.get(f"/recherche/?q={word}").content.decode()


def test_author_reads_their_own(client, city):
    author = next(secret for secret in city.secrets if secret.readers).readers[0]
    f.sign_in(client, author)
    own = {secret.what: secret for secret in city.secrets if author in secret.readers}
    read = {what: secret.word in crawl.text_of(client.get(secret.url, follow=True)) for what, secret in own.items()}
    assert read == dict.fromkeys(own, True)
