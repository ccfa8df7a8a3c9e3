"""Reading the whole site as somebody who follows every link: pages, fragments, feeds, exports, files."""

import io
import re
import zipfile
from html import unescape
from urllib.parse import urldefrag, urljoin, urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve

from mulhouse import memory
from tests.factories import sign_in

LINK = re.compile(
    r"""(?:href|src|action|hx-get)=["']([^"']+)["']|<loc>([^<]+)</loc>|<link>([^<]+)</link>|<id>(http[^<]+)</id>"""
)
ADDRESS_IN_DATA = re.compile(r'"(https?://[^"\s]+|/[a-z0-9/._?=&-]+)"')
# What signs out, starts something, or is Django's own; static files hold no data.
LEFT_OUT = re.compile(r"^/(gestion|static|compte/deconnexion|demo|galerie|de|en)(/|$)")
START = (
    "/api/v1/",
    "/donnees/",
    "/recherche/",
    "/",
    "/plan-du-site/",
    "/sitemap.xml",
    "/robots.txt",
    "/promesses/",
    "/registre/",
    "/engagements/",
    "/concertations/",
    "/idees/",
)
MOST = 1500


def text_of(response):
    """Give what a response holds, archives opened."""
    raw = b"".join(response.streaming_content) if response.streaming else response.content
    if raw[:2] == b"PK":  # a spreadsheet, an archive
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return "\n".join(f"{name}\n{archive.read(name).decode('utf-8', 'replace')}" for name in archive.namelist())
    return raw.decode("utf-8", "replace")


def links_of(address, text):
    """Give the addresses of this site that a page leads to, without the language versions of itself."""
    found = {unescape(next(filter(None, match))) for match in LINK.findall(text)}
    if text.startswith(("{", "[")):
        found |= set(ADDRESS_IN_DATA.findall(text))
    for link in found:
        whole = urlsplit(urldefrag(urljoin(f"{settings.SITE_URL}{address}", link)).url)
        if whole.netloc and whole.netloc != urlsplit(settings.SITE_URL).netloc:
            continue
        here = f"{whole.path}?{whole.query}" if whole.query else whole.path
        if whole.path.startswith("/") and not LEFT_OUT.match(whole.path):
            yield here


def plain_routes():
    """Give the addresses of the public routes that take no argument."""
    from tests.test_routes import OURS, ROUTES, reverse  # noqa: PLC0415 (it reads every route of the site)

    return [reverse(name) for name in OURS if not ROUTES[name][1] and OURS[name] in {"public", "resident"}]


def shape(address):
    """Give the form of an address: one filter with another value is not another surface."""
    whole = urlsplit(address)
    keys = tuple(sorted(re.findall(r"(?:^|&)([^=&]+)=", whole.query)))
    return whole.path, keys


def crawl(client, start=(), *, only=None):
    """Read everything that can be reached by GET, or what a pattern allows; give {address: (status, text)}."""

    def is_read(address):
        return not LEFT_OUT.match(address) and (only is None or only.match(address))

    waiting = [*dict.fromkeys([*START, *plain_routes(), *start])]
    waiting = [address for address in waiting if is_read(address)]
    known = {shape(address) for address in waiting}
    read = {}
    while waiting:
        address = waiting.pop(0)
        if len(read) % 20 == 0:
            memory.client().flushdb()  # nobody asks all of this in a minute
        response = client.get(address)
        text = text_of(response)
        read[address] = (response.status_code, text)
        assert len(read) < MOST, "the crawl does not end"
        if response.status_code in {301, 302}:
            text = f'href="{response["Location"]}"'
        for link in links_of(address, text):
            if shape(link) not in known and is_read(link):
                known.add(shape(link))
                waiting.append(link)
    return read


def read_as(client, city, person):
    """Read the whole city as a visitor, or as somebody; once for all the tests of a city."""
    if person not in city.read:
        client.logout()
        if person is not None:
            sign_in(client, person)
        city.read[person] = crawl(client, city.starts)
    return city.read[person]


def surfaces(read):
    """Give the names of the pages that showed something: a page, a file, or a gesture that leads to one."""
    found = set()
    for address, (status, _text) in read.items():
        if status < 400:
            try:
                found.add(resolve(urlsplit(address).path).view_name)
            except Resolver404:
                continue
    return found
