import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from consultations.models import Phase
from desk import consent
from mulhouse import qr
from tests.factories import make_consultation, make_district, make_staff, sign_in, today

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("page", ["paper_form", "poster"])
def test_a_draft_is_not_printed(client, page):
    consultation = make_consultation(published_at=None)
    assert client.get(reverse(f"consultations:{page}", args=[consultation.slug])).status_code == 404


def test_the_form_asks_each_question_and_says_where_it_goes(client, settings):
    consultation = make_consultation(sections=2)
    page = client.get(reverse("consultations:paper_form", args=[consultation.slug])).content.decode()
    for section in consultation.sections.all():
        assert f"{section.position}. {section.title}" in page
    for sentence in consent.SENTENCES:
        assert str(sentence) in page
    assert settings.CONTACT["address"] in page
    assert 'role="img"' in page
    assert "csrfmiddlewaretoken" not in page


def test_the_poster_asks_the_question_until_its_last_day(client):
    consultation = make_consultation(districts=[make_district(name="Quartier des tilleuls")])
    page = client.get(reverse("consultations:poster", args=[consultation.slug])).content.decode()
    for words in ("Quartier des tilleuls", "Qu’en pensez-vous", "Donnez votre avis", "jusqu’au", consultation.slug):
        assert words in page


def test_the_poster_of_a_closed_consultation_invites_to_read(client):
    consultation = make_consultation(phase="decide")
    page = client.get(reverse("consultations:poster", args=[consultation.slug])).content.decode()
    assert "Lisez les avis" in page
    assert "jusqu’au" not in page


def test_the_agents_of_a_draft_prepare_its_poster(client):
    consultation = make_consultation(published_at=None)
    sign_in(client, make_staff("consultations.change_consultation"))
    for page in ("paper_form", "poster"):
        assert client.get(reverse(f"consultations:{page}", args=[consultation.slug])).status_code == 200


@pytest.mark.parametrize("fields", [{"phase": "decide"}, {"archived_at": timezone.now()}])
def test_no_form_is_printed_once_it_is_over(client, fields):
    """Filled in and posted, it would be thrown away."""
    consultation = make_consultation(**fields)
    page = client.get(reverse("consultations:paper_form", args=[consultation.slug])).content.decode()
    assert "Nom de naissance" not in page
    assert "data-imprimer" not in page
    assert f'href="{consultation.get_absolute_url()}"' in page
    assert "Lisez les avis" in client.get(reverse("consultations:poster", args=[consultation.slug])).content.decode()


def test_a_form_is_printed_before_the_opening(client):
    consultation = make_consultation(phase="inform")
    Phase.objects.create(
        consultation=consultation,
        kind="contribute",
        starts_on=today() + dt.timedelta(days=30),
        ends_on=today() + dt.timedelta(days=60),
        position=9,
    )
    page = client.get(reverse("consultations:paper_form", args=[consultation.slug])).content.decode()
    assert "Nom de naissance" in page


@pytest.mark.parametrize("page", ["paper_form", "poster"])
@pytest.mark.parametrize("fields", [{}, {"phase": "decide"}, {"archived_at": timezone.now()}])
def test_the_code_leads_to_the_page(client, settings, page, fields):
    """The code of the page is the one of its address, and this address answers."""
    consultation = make_consultation(**fields)
    url = settings.SITE_URL + consultation.get_absolute_url()
    shown = client.get(reverse(f"consultations:{page}", args=[consultation.slug])).content.decode()
    if page == "poster" or not fields:
        assert re.search(r'<path[^>]* d="([^"]+)"', qr.svg(url, label="x"))[1] in shown
    assert client.get(consultation.get_absolute_url()).status_code == 200


def test_the_form_asks_for_the_place_and_keeps_room_for_the_receipt(client):
    """What the page asks, the paper asks: the place is what puts an opinion on the map."""
    consultation = make_consultation(sections=2)
    page = client.get(reverse("consultations:paper_form", args=[consultation.slug])).content.decode()
    assert page.count("Le lieu dont vous parlez, et son quartier") == 2
    assert "numéro du reçu" in page


def test_printed_pages_cost_little(client, django_assert_num_queries):
    few, many = make_consultation(), make_consultation(sections=9)
    client.get(reverse("consultations:poster", args=[few.slug]))
    for consultation in (few, many):
        with django_assert_num_queries(4):
            client.get(reverse("consultations:paper_form", args=[consultation.slug]))
