import pytest
from django.urls import reverse

from desk import consent
from tests.factories import make_consultation, make_district

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


def test_printed_pages_cost_little(client, django_assert_num_queries):
    few, many = make_consultation(), make_consultation(sections=9)
    client.get(reverse("consultations:poster", args=[few.slug]))
    for consultation in (few, many):
        with django_assert_num_queries(4):
            client.get(reverse("consultations:paper_form", args=[consultation.slug]))
