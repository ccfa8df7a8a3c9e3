"""Finding a consultation, its presentation, its preview, its documents and feeds."""

import datetime as dt
import io
import re
import uuid

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from consultations import homepage
from consultations.models import Consultation, Document
from mulhouse import memory
from notifications.models import Subscription
from tests import factories as f
from tests.factories import sign_in

pytestmark = pytest.mark.django_db
LIST = "/concertations/"


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def page(client, address, status=200, **headers):
    response = client.get(address, headers=headers)
    assert response.status_code == status, address
    return response.content.decode()


def fetch(client, address):
    """Download a file to its end."""
    response = client.get(address)
    if response.streaming:
        response.body = b"".join(response.streaming_content)
    return response


def names(client, query=""):
    """The titles of the cards, in order."""
    groups = client.get(LIST + query).context["groups"]
    return [card.title for _label, cards in groups for card in cards]


# --- The list ------------------------------------------------------------------------------------------------------


def test_drafts_are_nobody_s_business(client):
    draft = f.make_consultation(published_at=None)
    for person in (None, f.make_resident()):
        if person:
            sign_in(client, person)
        assert names(client) == []
        page(client, draft.get_absolute_url(), 404)
        page(client, f"{draft.get_absolute_url()}contributions/", 404)
        page(client, f"{draft.get_absolute_url()}apercu.png", 404)
        assert draft.title not in page(client, reverse("consultations:feed", args=["atom"]))


def test_list_begins_with_what_is_open(client):
    rows = {phase: f.make_consultation(phase=phase, title=phase) for phase in f.PHASES}
    f.make_consultation(title="archived", archived_at=timezone.now())
    groups = client.get(LIST).context["groups"]
    assert [(str(label), sorted(card.title for card in cards)) for label, cards in groups] == [
        ("Ouvertes", ["contribute"]),
        ("À venir", ["inform"]),
        ("Avis clos", ["analyse", "archived", "decide", "follow"]),
    ]
    assert len(rows) == 5


@pytest.mark.parametrize(
    ("state", "found"), [("ouvertes", ["contribute"]), ("a-venir", ["inform"]), ("terminees", ["decide"])]
)
def test_list_by_state(client, state, found):
    for phase in ("inform", "contribute", "decide"):
        f.make_consultation(phase=phase, title=phase)
    assert names(client, f"?etat={state}") == found


def test_list_by_theme_district_and_words(client):
    theme, district = f.make_theme(), f.make_district()
    f.make_consultation(title="Quais du canal", theme=theme, districts=[district])
    f.make_consultation(title="Cours d’école", districts=[f.make_district()])
    f.make_consultation(title="Budget de la ville")
    assert names(client, f"?theme={theme.slug}") == ["Quais du canal"]
    assert sorted(names(client, f"?quartier={district.slug}")) == ["Budget de la ville", "Quais du canal"]
    assert names(client, "?q=ecoles") == ["Cours d’école"]
    assert names(client, "?q=ecoles&theme=inconnu&quartier=%27&etat=x&page=z") == ["Cours d’école"]


def test_filters_in_force_can_be_removed_one_by_one(client):
    theme = f.make_theme(name="Jardins du Fil", slug="jardins-du-fil")
    f.make_consultation(theme=theme)
    shown = client.get(f"{LIST}?q=absent&theme=jardins-du-fil&etat=ouvertes").context["chosen"]
    assert [(str(each.label), each.remove_url) for each in shown] == [
        ("Rechercher\u00a0: «\u00a0absent\u00a0»", f"{LIST}?theme=jardins-du-fil&etat=ouvertes"),
        ("Thème\u00a0: Jardins du Fil", f"{LIST}?q=absent&etat=ouvertes"),
    ]


def test_empty_list_says_what_to_do(client):
    assert "Aucune consultation ici pour l’instant" in page(client, LIST)
    assert "Essayez d’autres mots" in page(client, f"{LIST}?q=absent")


def test_list_has_pages(client):
    for _ in range(13):
        f.make_consultation()
    assert (len(names(client)), len(names(client, "?page=2"))) == (12, 1)
    assert "page 2" in page(client, f"{LIST}?page=2").split("</title>")[0]


def test_htmx_gets_the_list_alone_and_announces_it(client):
    f.make_consultation()
    fragment = page(client, LIST, **{"HX-Request": "true"})
    assert "<html" not in fragment
    assert 'id="resultats"' in fragment
    assert "1 consultation trouvée" in fragment


@pytest.mark.parametrize("count", [1, 3, 30])
def test_list_costs_the_same_whatever_its_length(client, count, django_assert_num_queries):
    for number in range(count):
        f.make_consultation(districts=[f.make_district()], phase=f.PHASES[number % 5])
    with django_assert_num_queries(6):  # register, count, page, phases, and the two filters
        client.get(LIST)
    sign_in(client, f.make_resident())
    client.get(LIST)  # which notes, once a minute, that its person is there
    with django_assert_num_queries(3):  # session, person and register: it was made, for everybody
        client.get(LIST)
    memory.client().flushdb()
    with django_assert_num_queries(8):  # these three, then what a visitor's page asks
        client.get(LIST)


# --- A consultation ------------------------------------------------------------------------------------------------


def test_presentation_says_everything_the_city_commits_to(client):
    row = f.make_consultation(
        sections=2,
        title="Quais du canal",
        summary="La Ville refait les quais.",
        description="<h3>Pourquoi</h3><p>Le quai est usé.</p>",
        open_to_discussion="Les usages",
        not_open="Les crues",
        decider="Le conseil municipal",
        budget_euros=1_800_000,
        place_name="Quai du Fil",
        minimum_age=16,
    )
    html = page(client, row.get_absolute_url())
    expected = (
        "La Ville refait les quais.",
        "<h3>Pourquoi</h3>",
        "Les usages",
        "Les crues",
        "Le conseil municipal",
        "1\u202f800\u202f000\u00a0€",
        "Quai du Fil",
        "à partir de 16\u00a0ans",
        row.service.name,
        "En cours\u00a0: encore",
        "Donner mon avis",
    )
    assert [
        words for words in expected if words not in html.replace("1\u00a0800\u00a0000", "1\u202f800\u202f000")
    ] == []
    assert html.count("<h1") == 1


def test_text_of_staff_is_cleaned_again_when_shown(client):
    row = f.make_consultation(
        description='<p onclick="x()">Bonjour</p><script>alert(1)</script><img src=x onerror=alert(1)>'
    )
    html = page(client, row.get_absolute_url())
    assert "<p>Bonjour</p>" in html
    assert [words for words in ("onclick", "alert(1)", "onerror") if words in html] == []


def test_title_and_summary_are_text(client):
    row = f.make_consultation(title="<script>alert(1)</script>", summary="<b>gras</b>", open_to_discussion="<i>x</i>")
    html = page(client, row.get_absolute_url()) + page(client, LIST)
    assert [words for words in ("<script>alert(1)", "<b>gras", "<i>x") if words in html] == []


@pytest.mark.parametrize("phase", ["inform", "analyse"])
def test_outside_its_phase_there_is_no_button_but_a_reason(client, phase):
    row = f.make_consultation(phase=phase)
    html = page(client, row.get_absolute_url())
    assert reverse("consultations:contribute", args=[row.slug]) not in html
    assert {"inform": "Vous pourrez donner votre avis", "analyse": "La phase d’avis est terminée"}[phase] in html


def test_agents_see_a_draft_marked_as_such(client):
    row = f.make_consultation(published_at=None)
    sign_in(client, f.make_staff("consultations.change_consultation"))
    assert "Enregistrée, non publiée" in page(client, row.get_absolute_url())


def test_page_of_visitors_holds_no_token_and_no_cookie(client):
    response = client.get(f.make_consultation().get_absolute_url())
    assert (response.cookies, "csrfmiddlewaretoken" in response.content.decode()) == ({}, False)


def test_latest_contributions_are_the_visible_ones(client):
    row = f.make_consultation()
    for number in range(4):
        at = timezone.now() - dt.timedelta(hours=number)
        f.make_contribution(consultation=row, title=f"Avis numéro {number}", published_at=at)
    f.make_contribution(consultation=row, title="Avis retiré", withdrawn_at=timezone.now())
    f.make_contribution(consultation=row, title="Brouillon d’avis", published_at=None)
    Consultation.objects.filter(pk=row.pk).update(contribution_count=4)
    shown = client.get(row.get_absolute_url()).context["latest"]
    assert [each.title for each in shown] == ["Avis numéro 0", "Avis numéro 1", "Avis numéro 2"]


def test_presentation_costs_the_same_whatever_it_holds(client, django_assert_num_queries):
    small = f.make_consultation()
    large = f.make_consultation(sections=8, districts=[f.make_district() for _ in range(6)])
    for row in (small, large):
        f.make_contribution(consultation=row)
        Consultation.objects.filter(pk=row.pk).update(contribution_count=1)
    for row in (small, large):
        with django_assert_num_queries(6):
            client.get(row.get_absolute_url())
    sign_in(client, f.make_resident())
    client.get(LIST)
    for row in (small, large):
        with django_assert_num_queries(7):
            client.get(row.get_absolute_url())


# --- Preview -------------------------------------------------------------------------------------------------------


def preview_of(row):
    return reverse("consultations:preview", args=[row.preview_key])


def test_preview_needs_the_whole_key(client):
    f.make_consultation(published_at=None)
    page(client, reverse("consultations:preview", args=[uuid.uuid4()]), 404)


def test_preview_shows_a_draft_and_takes_nothing(client):
    row = f.make_consultation(published_at=None)
    response = client.get(preview_of(row))
    html = response.content.decode()
    assert "Aperçu d’un brouillon" in html
    assert (response["X-Robots-Tag"], response["Cache-Control"], response["Referrer-Policy"]) == (
        "noindex, nofollow",
        "private, no-store",
        "no-referrer",
    )
    assert 'name="robots" content="noindex' in html
    assert [words for words in ("/participer/", "/suivre/", "<form method") if words in html] == []
    page(client, f"{row.get_absolute_url()}participer/", 302)  # to the sign-in page
    sign_in(client, f.make_resident())
    page(client, f"{row.get_absolute_url()}participer/", 404)
    assert client.post(f"{row.get_absolute_url()}suivre/").status_code == 404


def test_preview_of_a_published_consultation_is_its_page(client):
    row = f.make_consultation()
    assert client.get(preview_of(row))["Location"] == row.get_absolute_url()


# --- Files ---------------------------------------------------------------------------------------------------------


def make_document(row, **fields):
    given = {
        "title": "Plan du quai",
        "file": ContentFile(b"%PDF-1.7", "plan.pdf"),
        "content_type": "application/pdf",
        "size": 8,
        "html_body": "<h2>Plan</h2><script>x()</script><p>Le quai.</p>",
        **fields,
    }
    return Document.objects.create(consultation=row, **given)


def test_documents_of_a_draft_are_for_who_holds_the_link(client):
    row = f.make_consultation(published_at=None)
    document = make_document(row)
    addresses = [reverse(f"consultations:{name}", args=[document.key]) for name in ("document", "document_file")]
    for address in addresses:
        page(client, address, 404)
        page(client, f"{address}?apercu={uuid.uuid4()}", 404)
        assert fetch(client, f"{address}?apercu={row.preview_key}").status_code == 200
    assert f"{addresses[1]}?apercu={row.preview_key}" in page(client, preview_of(row))


def test_document_is_sent_to_be_saved_and_can_do_nothing(client):
    document = make_document(f.make_consultation())
    response = fetch(client, reverse("consultations:document_file", args=[document.key]))
    assert response.body == b"%PDF-1.7"
    assert response["Content-Disposition"] == 'attachment; filename="Plan du quai.pdf"'
    assert (response["Content-Type"], response["X-Content-Type-Options"], response["Content-Security-Policy"]) == (
        "application/pdf",
        "nosniff",
        "default-src 'none'; sandbox",
    )


def test_document_is_a_page_too(client):
    document = make_document(f.make_consultation())
    html = page(client, reverse("consultations:document", args=[document.key]))
    assert "<p>Le quai.</p>" in html
    assert "x()" not in html
    assert html.count("<h1") == 1


def test_accessible_document_without_a_page_leads_to_its_file(client):
    document = make_document(f.make_consultation(), html_body="", is_accessible=True)
    file_url = reverse("consultations:document_file", args=[document.key])
    assert client.get(reverse("consultations:document", args=[document.key]))["Location"] == file_url


def test_file_that_is_lost_is_not_found(client):
    document = make_document(f.make_consultation())
    document.file.storage.delete(document.file.name)
    page(client, reverse("consultations:document_file", args=[document.key]), 404)


def test_picture_of_a_consultation_is_found_under_its_present_name(client):
    row = f.make_consultation(image=ContentFile(b"RIFF", "quai.webp"), image_alt="Un quai")
    shown = client.get(row.get_absolute_url()).context["image_url"]
    response = fetch(client, shown)
    assert (response["Content-Type"], "immutable" in response["Cache-Control"]) == ("image/webp", True)
    page(client, reverse("consultations:image", args=[row.slug, "autre.webp"]), 404)
    Consultation.objects.filter(pk=row.pk).update(published_at=None)
    page(client, shown, 404)
    assert fetch(client, f"{shown}?apercu={row.preview_key}").status_code == 200


def test_shared_picture_is_drawn_once_for_each_title(client, settings):
    row = f.make_consultation(title="Quais du canal")
    address = reverse("consultations:social_image", args=[row.slug])
    first = client.get(address)
    with Image.open(io.BytesIO(first.content)) as picture:
        assert (picture.format, picture.size) == ("PNG", (1200, 630))
    (kept,) = (settings.MEDIA_ROOT / "apercus").iterdir()
    kept.write_bytes(b"kept")
    assert client.get(address).content == b"kept"
    Consultation.objects.filter(pk=row.pk).update(title="Autre titre")
    assert client.get(address).content != b"kept"


# --- Feeds, home, following ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "content_type"), [("atom", "application/atom+xml"), ("rss", "application/rss+xml")])
def test_feed_lists_what_is_published(client, kind, content_type):
    f.make_consultation(title="Quais & canaux", summary="La Ville <refait>.")
    f.make_consultation(title="Brouillon", published_at=None)
    f.make_consultation(title="Demain", published_at=timezone.now() + dt.timedelta(days=1))
    response = client.get(reverse("consultations:feed", args=[kind]))
    text = response.content.decode()
    assert response["Content-Type"].startswith(content_type)
    assert "Quais &amp; canaux" in text
    assert "La Ville &lt;refait&gt;." in text
    assert [words for words in ("Brouillon", "Demain") if words in text] == []


def test_unknown_feed_is_not_found(client):
    page(client, reverse("consultations:feed", args=["json"]), 404)


def test_home_shows_what_is_open_then_what_comes():
    for phase in ("follow", "inform", "contribute"):
        f.make_consultation(phase=phase, title=phase)
    f.make_consultation(phase="contribute", title="archived", archived_at=timezone.now())
    f.make_consultation(phase="contribute", title="draft", published_at=None)
    at = timezone.now()
    assert [card.title for card in homepage.cards(at)] == ["contribute", "inform", "follow"]
    assert [line.title for line in homepage.deadlines(at)] == ["contribute"]


def test_each_question_leads_to_its_own_answer(client):
    row = f.make_consultation(sections=2)
    page = client.get(row.get_absolute_url()).content.decode()
    answer = reverse("consultations:contribute", args=[row.slug])
    assert re.findall(rf'href="({answer}[^"]*)"', page) == [answer, f"{answer}?partie=1", f"{answer}?partie=2"]
    assert 'href=""' not in page


def test_home_counts_the_year_and_nothing_that_is_hidden():
    year = timezone.now() - dt.timedelta(days=400)
    row = f.make_consultation(published_at=timezone.now())
    f.make_consultation(published_at=year)
    contribution = f.make_contribution(consultation=row)
    f.make_contribution(consultation=row, withdrawn_at=timezone.now())
    f.make_contribution(consultation=row, published_at=year)
    f.make_comment(contribution=contribution)
    counted = [rows.count() for rows in homepage.tallies(timezone.now())]
    assert [(figure.value, figure.label) for figure in homepage.figures(counted)] == [
        ("1", "consultations"),
        ("1", "contributions"),
        ("1", "commentaires"),
    ]


def test_following_and_no_longer_following(client):
    row, user = f.make_consultation(), f.make_user()
    address = reverse("consultations:follow", args=[row.slug])
    assert client.post(address).status_code == 302
    assert Subscription.objects.count() == 0
    sign_in(client, user)
    for _ in range(2):
        client.post(address, {"suivre": "oui"})
    assert Subscription.objects.get().topic == f"consultation:{row.slug}"
    assert "Ne plus suivre" in page(client, row.get_absolute_url())
    for _ in range(2):
        client.post(address, {"suivre": "non"})
    assert Subscription.objects.count() == 0


def test_archived_consultation_is_not_followed_any_more(client):
    row = f.make_consultation(archived_at=timezone.now())
    sign_in(client, f.make_user())
    response = client.post(reverse("consultations:follow", args=[row.slug]), {"suivre": "oui"})
    assert response.status_code == 403
    assert "archivée" in response.content.decode()


def test_followers_find_their_topic_by_name():
    row = f.make_consultation(title="Quais du canal")
    assert homepage.topic(row.slug).title == "Quais du canal"
    assert homepage.topic("inconnu") is None
