"""The pages that belong to no app: complete, light, true to the settings, and the same for every visitor."""

import datetime as dt
import io
import re
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone, translation
from PIL import Image

from mulhouse import charter, checks, errorpages, home, navigation, personal_data, security_txt, social
from mulhouse.errors import DomainError
from mulhouse.templatetags import ui
from tests import factories
from tests.factories import sign_in

PAGES = [
    "how_it_works",
    "approach",
    "charter",
    "legal",
    "privacy",
    "accessibility",
    "contact",
    "site_map",
    "security",
]
# Every page must lead there (law of 2005 on accessibility, law of 2004 on legal notices).
FOOTER = ["accessibility", "legal", "privacy", "charter", "site_map", "contact", "security"]
REAL = {
    "LEGAL": dict.fromkeys(settings.LEGAL, "Ville de Mulhouse, 2 rue Pierre-et-Marie-Curie"),
    "CONTACT": dict.fromkeys(settings.CONTACT, "participation@mulhouse.fr"),
    "SECURITY_CONTACT": "mailto:securite@mulhouse.fr",
}


class Page(HTMLParser):
    """What a test asks of a page: its elements, its title, its links."""

    def __init__(self, response):
        super().__init__()
        self.elements = []
        self.html = response.content.decode()
        self.feed(self.html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def all(self, tag, **wanted):
        return [a for name, a in self.elements if name == tag and wanted.items() <= a.items()]

    def links(self):
        return {a["href"] for a in self.all("a") if "href" in a}

    @property
    def title(self):
        return " ".join(re.search(r"<title>(.*?)</title>", self.html, re.DOTALL)[1].split())


def _get(client, name, **kwargs):
    response = client.get(reverse(name, kwargs=kwargs))
    assert response.status_code == 200
    return Page(response)


# --- Every page ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_page_asks_the_database_nothing(db, client, django_assert_num_queries, name):
    with django_assert_num_queries(0):
        _get(client, name)


@pytest.mark.parametrize("name", ["home", *PAGES])
def test_page_gives_a_visitor_no_cookie_and_no_token(db, client, name):
    response = client.get(reverse(name))
    assert (dict(response.cookies), "csrfmiddlewaretoken" in response.content.decode()) == ({}, False)


@pytest.mark.parametrize("name", ["home", *PAGES])
def test_page_has_one_title_of_each_sort(db, client, name):
    page = _get(client, name)
    assert len(page.all("h1")) == 1
    assert re.fullmatch(r"\S.* · Mulhouse participe", page.title)
    assert page.all("html")[0]["lang"] == "fr"
    assert len(page.all("meta", name="description")[0]["content"]) > 20


def test_pages_have_titles_of_their_own(db, client):
    titles = [_get(client, name).title for name in ["home", *PAGES]]
    assert sorted(set(titles)) == sorted(titles)


@pytest.mark.parametrize("name", ["home", *PAGES])
def test_footer_leads_to_what_the_law_asks(db, client, name):
    assert {reverse(name) for name in FOOTER} - _get(client, name).links() == set()


@pytest.mark.parametrize("name", ["home", *PAGES])
def test_links_within_the_page_arrive(db, client, name):
    page = _get(client, name)
    ids = {a["id"] for _, a in page.elements if "id" in a}
    assert {link for link in page.links() if link.startswith("#")} - {f"#{i}" for i in ids} == set()


@pytest.mark.parametrize("name", ["home", *PAGES])
def test_page_carries_its_preview(db, client, name):
    page = _get(client, name)
    address = f"{settings.SITE_URL}{reverse(name)}"
    assert page.all("link", rel="canonical") == [{"rel": "canonical", "href": address}]
    assert page.all("meta", property="og:image")[0]["content"].startswith(settings.SITE_URL)
    assert page.all("meta", property="og:url")[0]["content"] == address


@pytest.mark.parametrize("name", ["home", *PAGES])
def test_headings_skip_no_level(db, client, name):
    levels = [int(tag[1]) for tag, _ in _get(client, name).elements if re.fullmatch(r"h[1-6]", tag)]
    main = levels[levels.index(1) :]
    assert [(a, b) for a, b in pairwise(main) if b > a + 1] == []


def test_every_entry_of_the_navigation_has_its_page():
    """`navigation.present` skips an entry without a page so that an error page always shows: none is skipped for good."""
    entries = [
        *navigation.MAIN,
        *navigation.TAKE_PART,
        *navigation.UNDERSTAND,
        *navigation.LEGAL,
        *navigation.LEGAL_PAGES,
        *navigation.ACCOUNT,
        *navigation.ACCOUNT_PAGES,
    ]
    assert [entry.route for entry in entries if entry not in list(navigation.present(entries))] == []


def test_page_says_where_it_is_in_the_navigation(db, client):
    current = _get(client, "approach").all("a", **{"aria-current": "page"})
    assert {a["href"] for a in current} == {reverse("approach")}


def test_nothing_comes_from_another_host(db, client):
    page = _get(client, "home")
    fetched = [a.get("src") or a.get("href") for tag, a in page.elements if tag in {"script", "img", "link"}]
    assert [url for url in fetched if url.startswith("http") and not url.startswith(settings.SITE_URL)] == []


def test_footer_asks_nobody_to_make_an_account_twice(db, client):
    """It is the same for everybody, so that it may be kept: what it says is true signed in and signed out."""
    out = re.search(r"<footer.*</footer>", _get(client, "contact").html, re.DOTALL)[0]
    sign_in(client, factories.make_resident())
    page = _get(client, "contact")
    assert re.search(r"<footer.*</footer>", page.html, re.DOTALL)[0] == out
    assert reverse("account_signup") not in page.links()


def test_signed_in_person_finds_their_account(db, client):
    sign_in(client, factories.make_resident(scheme="sombre"))
    page = _get(client, "contact")
    assert page.all("html")[0]["data-theme"] == "sombre"
    assert {entry.url for entry in navigation.ACCOUNT} - page.links() == set()
    assert page.all("form", action=reverse("account_logout"))[0]["method"] == "post"
    assert reverse("admin:index") not in page.links()


# --- Home ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def sources(monkeypatch):
    registered = []
    monkeypatch.setattr(home, "_sources", registered)
    return registered


def test_home_of_a_quiet_week_says_what_to_do(db, client, sources):
    page = _get(client, "home")
    assert "Aucune consultation pour l’instant" in page.html
    assert reverse("how_it_works") in page.links()


def test_home_shows_the_nearest_deadlines_and_the_first_cards(db, client, sources):
    now = timezone.now()
    lines = [
        home.Deadline(now + timedelta(days=day), f"Dans {day} jours", f"/d/{day}/", "détail")
        for day in (9, 2, 5, 30, 7)
    ]
    cards = [ui.ProcessCard(f"Projet {n}", f"/c/{n}/", "Texte", ui.Tag("Avis ouverts", "yes")) for n in range(8)]
    sources.append(
        home.HomeSource(
            deadlines=lambda at: lines,
            cards=lambda at: cards,
            counts=lambda at: [4],
            figures=lambda counted: [home.KeyFigure(str(counted[0]), "contributions")],
        )
    )
    page = _get(client, "home")
    links = [a["href"] for a in page.all("a")]
    assert [url for url in links if url.startswith("/d/")] == ["/d/2/", "/d/5/", "/d/7/", "/d/9/"]
    assert [url for url in links if url.startswith("/c/")] == [f"/c/{n}/" for n in range(6)]
    assert "<dd>4</dd>" in page.html


# --- Charter, notices, data, accessibility ------------------------------------------------------------------------------


def test_charter_shows_the_version_in_force(db, client):
    html = _get(client, "charter").html
    assert charter.CURRENT.number in html
    assert "version ancienne" not in html


def test_unknown_version_of_the_charter_does_not_exist(db, client):
    assert client.get(reverse("charter_version", kwargs={"number": "1999-01"})).status_code == 404


def test_old_version_says_that_it_is_old(db, client, monkeypatch):
    newer = charter.Version("2031-02", dt.date(2031, 2, 1), charter.CURRENT.template)
    monkeypatch.setattr(charter, "VERSIONS", (*charter.VERSIONS, newer))
    monkeypatch.setattr(charter, "CURRENT", newer)
    assert "version ancienne" in _get(client, "charter_version", number="2026-11").html


def test_versions_of_the_charter_come_in_order_and_have_their_text():
    days = [version.in_force_on for version in charter.VERSIONS]
    assert days == sorted(days)
    assert charter.VERSIONS[-1] == charter.CURRENT
    assert [version for version in charter.VERSIONS if not ui.get_template(version.template)] == []


def test_criticism_is_never_a_reason_of_removal(db, client):
    """The clause that the whole moderation rests on."""
    assert "n’est jamais un motif de retrait" in _get(client, "charter").html


@pytest.mark.parametrize("name", sorted(settings.LEGAL.keys() - {"controller", "dpo_email"}))
def test_legal_notices_come_from_the_settings(db, client, settings, name):
    settings.LEGAL = {**settings.LEGAL, name: "Valeur déclarée"}
    assert "Valeur déclarée" in _get(client, "legal").html


def test_personal_data_lists_every_declared_table(db, client):
    html = _get(client, "privacy").html
    assert settings.LEGAL["dpo_email"] in html
    assert "cnil.fr" in html
    assert _get(client, "privacy:processings").html.count("Base légale") == len(personal_data.holdings())


@pytest.mark.parametrize(
    ("audited_on", "rate", "words"),
    [
        ("", 100, "non conforme"),
        ("2027-05-01", 49, "non conforme"),
        ("2027-05-01", 50, "partiellement conforme"),
        ("2027-05-01", 99, "partiellement conforme"),
        ("2027-05-01", 100, "totalement conforme"),
    ],
)
def test_accessibility_is_declared_as_the_law_words_it(db, client, settings, audited_on, rate, words):
    settings.ACCESSIBILITY_AUDIT_ON, settings.ACCESSIBILITY_RATE = audited_on, rate
    assert f"Accessibilité\u00a0: {words}</a>" in _get(client, "contact").html


def test_accessibility_page_holds_what_is_asked(db, client):
    page = _get(client, "accessibility")
    ids = {a["id"] for _, a in page.elements if "id" in a}
    assert {"declaration", "signaler", "recours", "schema", "plan"} - ids == set()
    assert "sous une semaine" in page.html
    assert "Défenseur des droits" in page.html


def test_contact_comes_from_the_settings(db, client):
    page = _get(client, "contact")
    assert f"mailto:{settings.CONTACT['email']}" in page.links()
    assert [value for value in settings.CONTACT.values() if value not in page.html] == []


def test_site_map_leads_to_every_page(db, client):
    assert {reverse(name) for name in PAGES if name != "site_map"} - _get(client, "site_map").links() == set()


# --- Checks before opening ----------------------------------------------------------------------------------------------


def _found(**overrides):
    return sorted({message.id for message in checks.declared_identity(None)})


def test_real_declarations_pass(settings):
    for name, value in REAL.items():
        setattr(settings, name, value)
    settings.SECURITY_TXT_EXPIRES = (timezone.now() + timedelta(days=200)).isoformat()
    assert _found() == []


@pytest.mark.parametrize(
    "value", ["", "  ", "À compléter", "mairie@exemple.fr", "03 00 00 00 00", "Ville (démonstration)"]
)
@pytest.mark.parametrize("where", ["LEGAL", "CONTACT"])
def test_placeholder_stops_the_opening(settings, where, value):
    for name, real in REAL.items():
        setattr(settings, name, real)
    settings.SECURITY_TXT_EXPIRES = (timezone.now() + timedelta(days=200)).isoformat()
    setattr(settings, where, {**REAL[where], next(iter(REAL[where])): value})
    assert _found() == ["portal.E001"]


@pytest.mark.parametrize(
    ("expires", "found"),
    [("bientôt", ["portal.E002"]), ("2027-01-01", ["portal.E002"]), ("2020-01-01T00:00:00Z", ["portal.W003"])],
)
def test_expiry_of_security_txt_is_checked(settings, expires, found):
    for name, real in REAL.items():
        setattr(settings, name, real)
    settings.SECURITY_TXT_EXPIRES = expires
    assert _found() == found


# --- security.txt -------------------------------------------------------------------------------------------------------


def test_security_txt_is_what_the_rfc_asks(client):
    response = client.get("/.well-known/security.txt")
    fields = [line.split(": ", 1) for line in response.content.decode().splitlines()]
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert [name for name, _ in fields] == ["Contact", "Expires", "Preferred-Languages", "Canonical", "Policy"]
    assert dict(fields)["Contact"] == settings.SECURITY_CONTACT
    assert dict(fields)["Policy"] == f"{settings.SITE_URL}{reverse('security')}"


def test_security_txt_is_renewed_in_time():
    """Fails thirty days before the date that .env.example and the demonstration give."""
    assert not security_txt.is_stale(settings.SECURITY_TXT_EXPIRES, at=timezone.now())


@pytest.mark.parametrize(("days", "stale"), [(31, False), (30, False), (29, True), (-1, True)])
def test_security_txt_is_stale_thirty_days_before(days, stale):
    at = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    assert security_txt.is_stale((at + timedelta(days=days)).isoformat(), at=at) is stale


def test_several_contacts_have_a_line_each():
    text = security_txt.build(
        contact="mailto:a@b.fr, tel:+33389000000", expires="2027-11-01T01:00:00+01:00", canonical="c", policy="p"
    )
    assert text.splitlines()[:3] == [
        "Contact: mailto:a@b.fr",
        "Contact: tel:+33389000000",
        "Expires: 2027-11-01T00:00:00Z",
    ]


# --- Error pages --------------------------------------------------------------------------------------------------------

ERRORS = {
    403: lambda request: errorpages.refused(request, PermissionDenied("Cette phase est terminée.")),
    404: errorpages.not_found,
    405: errorpages.not_opened,
    429: lambda request: errorpages.throttled(request, DomainError("throttled", "Vous allez trop vite.")),
    500: errorpages.failed,
    503: lambda request: errorpages.busy(request, None),
}


@pytest.mark.parametrize("status", ERRORS)
def test_error_page_needs_nothing(status):
    """No database in this test: any query would fail it."""
    response = ERRORS[status](RequestFactory().get("/nulle-part/"))
    page = Page(response)
    assert response.status_code == status
    assert len(page.all("h1")) == 1
    assert page.title.endswith("· Mulhouse participe")
    assert {reverse("home"), *(reverse(name) for name in FOOTER)} - page.links() == set()
    assert page.all("meta", name="robots") == [{"name": "robots", "content": "noindex"}]


def test_error_page_says_the_sentence_of_the_rule():
    html = ERRORS[403](RequestFactory().get("/")).content.decode()
    assert "<p>Cette phase est terminée.</p>" in html


@pytest.mark.parametrize("status", ERRORS)
def test_error_page_speaks_german(status):
    with translation.override("de"):
        page = Page(ERRORS[status](RequestFactory().get("/")))
    assert page.all("html")[0]["lang"] == "de"
    assert "Zur Startseite" in page.html


def test_unknown_address_shows_the_page(db, client):
    response = client.get("/nulle-part/")
    assert (response.status_code, "Cette page n’existe pas" in response.content.decode()) == (404, True)


# --- Preview ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("motif", [*social.CLOTHS, "inconnu"])
def test_preview_is_a_light_picture(motif):
    data = social.preview_png("Quais du canal\u00a0: quels usages demain\u00a0?", motif)
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.size) == ("PNG", (1200, 630))
    assert len(data) < 60_000


def test_preview_survives_any_title():
    for title in ("", "A", "Mot" * 40, "Un titre de cent vingt signes au plus, comme le modèle le permet, " * 3):
        assert social.preview_png(title, "eau").startswith(b"\x89PNG")


# --- Gallery ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?erreurs=1"])
def test_gallery_shows_every_component(db, client, query):
    response = client.get(reverse("gallery") + query)
    assert response.status_code == 200
    html = response.content.decode()
    shown = {
        "avis",
        "carte",
        "contrib",
        "etiquette",
        "fiche",
        "fichiers",
        "filtres",
        "pagination",
        "phases",
        "position",
    }
    assert [name for name in shown if f'class="{name}' not in html] == []
