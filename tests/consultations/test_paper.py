import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from desk import consent
from desk.models import Act
from mulhouse import qr
from mulhouse.templatetags import ui
from tests.ballots.votes import make_draft, make_vote
from tests.factories import make_consultation, make_district, make_staff, sign_in, today
from tests.questionnaires.making import add_question, add_section, make_questionnaire

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
    for sentence in consent.SENTENCES[Act.CONTRIBUTION]:
        assert sentence in page
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


# --- Questionnaires and ballots ------------------------------------------------------------------------------------------


def form_page(client, consultation):
    return client.get(reverse("consultations:paper_form", args=[consultation.slug])).content.decode()


def sheet(client, route, consultation, reference):
    return client.get(reverse(f"consultations:{route}", args=[consultation.slug, reference]))


@pytest.mark.parametrize("fields", [{}, {"takes_contributions": False}])
def test_a_consultation_without_questions_never_promises_some(client, fields):
    """What asks by questionnaire or by vote alone is whole."""
    consultation = make_consultation(sections=0, **fields)
    questionnaire, link = make_questionnaire(consultation=consultation), make_vote(consultation=consultation)
    page = form_page(client, consultation)
    assert "Les questions seront ajoutées" not in page
    assert "Nom de naissance" not in page
    assert "data-imprimer" not in page
    for route, reference in (
        ("paper_questionnaire", questionnaire.reference),
        ("paper_ballot", link.votation.reference),
    ):
        assert f'href="{reverse(f"consultations:{route}", args=[consultation.slug, reference])}"' in page
    poster = client.get(reverse("consultations:poster", args=[consultation.slug])).content.decode()
    assert ("Participez" if fields else "Donnez votre avis") in poster


def test_what_is_over_is_not_offered(client):
    consultation = make_consultation()
    make_questionnaire(consultation=consultation, closes=0)
    make_questionnaire(consultation=consultation, published_at=None)
    link = make_vote(consultation=consultation, opens_on=today() - dt.timedelta(days=20))
    assert "/formulaire/" not in form_page(client, consultation).split("<main")[1]
    page = sheet(client, "paper_ballot", consultation, link.votation.reference).content.decode()
    assert "Bulletin de vote</p>" not in page
    assert "Le vote est clos" in page


def test_a_draft_or_another_s_sheet_is_not_printed(client):
    consultation, other = make_consultation(), make_consultation()
    draft = make_questionnaire(consultation=consultation, published_at=None)
    elsewhere = make_questionnaire(consultation=other)
    vote, asked = make_draft(consultation=consultation), make_vote(consultation=other)
    for route, reference in (
        ("paper_questionnaire", draft.reference),
        ("paper_questionnaire", elsewhere.reference),
        ("paper_ballot", vote.votation.reference),
        ("paper_ballot", asked.votation.reference),
    ):
        assert sheet(client, route, consultation, reference).status_code == 404


def test_a_questionnaire_is_printed_with_every_kind_of_question(client, settings):
    consultation = make_consultation(sections=0)
    asked = make_questionnaire(consultation=consultation, intro="Pour mieux circuler.")
    first = add_question(asked, label="Venez-vous à pied ?", options=("Oui", "Non"), other="Autrement")
    add_question(asked, "multiple", label="Avec qui ?", options=("Seul", "À deux"), max_choices=2)
    add_question(asked, "scale", label="Est-ce sûr ?", lowest_label="pas du tout")
    add_question(asked, "matrix", label="Et où ?", rows=("À l’école",), options=("Souvent", "Jamais"))
    second = add_section(asked, "Vos souhaits")
    add_question(second, "ranking", label="Dans quel ordre ?", options=("Arbres", "Bancs", "Eau"))
    add_question(second, "text", label="Et encore ?", on=first, wanted=("Oui",))
    add_question(second, "number", label="Combien de minutes ?", lowest=0, highest=90, unit="minutes")
    add_question(second, "district", label="Où allez-vous ?")
    add_question(second, "file", label="Une photo ?")
    response = sheet(client, "paper_questionnaire", consultation, asked.reference)
    page = response.content.decode()
    assert [re.sub(r"<.*?>", "", found) for found in re.findall(r'<h4 id="question-\d+">(.*?)</h4>', page)] == [
        "1. Venez-vous à pied ?",
        "2. Avec qui ?",
        "3. Est-ce sûr ?",
        "4. Et où ?",
        "5. Dans quel ordre ?",
        "6. Et encore ?",
        "7. Combien de minutes ?",
        "8. Où allez-vous ?",
        "9. Une photo ?",
    ]
    for words in (
        "Pour mieux circuler.",
        asked.reference,
        "Vos souhaits",
        '<span class="case">Autrement, précisez',
        "Cochez 2 cases au plus.",
        '<span class="case">1</span>',
        "<span>1\u00a0: pas du tout</span>",
        '<span class="case">5</span>',
        '<th scope="row">À l’école</th>',
        "jusqu’à 3.",
        "Seulement si vous avez choisi «\u00a0Oui\u00a0» à la question 1.",
        "Écrivez un nombre, de 0 à 90.",
        "Cochez un seul quartier.",
        '<span class="case">Rebberg</span>',
        "Joignez une feuille",
        '<span class="case">J’ai joint une feuille ou une photo.</span>',
        '<span class="case">J’ai lu ce qui précède et je suis d’accord.</span>',
        settings.CONTACT["address"],
    ):
        assert words in page, words
    address = reverse("consultations:questionnaire", args=[consultation.slug, asked.reference])
    assert re.search(r'<path[^>]* d="([^"]+)"', qr.svg(settings.SITE_URL + address, label="x"))[1] in page
    assert "csrfmiddlewaretoken" not in page


def test_what_one_agrees_to_is_true_of_the_paper(client):
    """An opinion is public; answers never are, and a questionnaire must not say so."""
    consultation = make_consultation()
    asked = make_questionnaire(consultation=consultation)
    opinion = form_page(client, consultation)
    answers = sheet(client, "paper_questionnaire", consultation, asked.reference).content.decode()
    assert ("Il est public" in opinion, "Il est public" in answers, "votre avis" in answers) == (True, False, False)
    for sentence in consent.SENTENCES[Act.ANSWERS]:
        assert sentence in answers
    # The name is on a sheet of its own, which is destroyed; the answers follow it.
    for page in (opinion, answers):
        before, after = page.split('class="feuille-reponses"')
        assert ("Nom de naissance" in before, "Nom de naissance" in after, "feuille-question" in before) == (
            True,
            False,
            False,
        )


@pytest.mark.parametrize("kind", ["single", "yes_no"])
def test_a_ballot_asks_nothing_of_who_votes(client, settings, kind):
    """Two people print the same sheet: no name, no number, no code."""
    link = make_vote(kind=kind)
    page = sheet(client, "paper_ballot", link.consultation, link.votation.reference).content.decode()
    sheet_ = page.split('<article class="feuille feuille--bulletin"')[1].split("</article>")[0]
    ballot, kept = sheet_.split('class="bulletin-coupe"')
    for option in link.votation.options.all():
        assert option.label in ballot
    assert (ballot.count('class="case"'), kept.count('class="case"')) == (3 if kind == "single" else 6, 0)
    # What is cut off says the rules and where one votes.
    assert ("Majorité" in ballot, "Majorité" in kept, settings.CONTACT["address"] in kept) == (False, True, True)
    for words in ("Nom de naissance", "Signature", "reçu", link.votation.reference, "<svg", "<path"):
        assert words not in sheet_, words


def test_the_form_has_a_box_to_tick_for_consent(client):
    assert '<span class="case">J’ai lu ce qui précède et je suis d’accord.</span>' in form_page(
        client, make_consultation()
    )


def test_printed_questionnaires_cost_the_same(client, django_assert_num_queries):
    few, many = make_questionnaire(), make_questionnaire()
    for asked, number in ((few, 1), (many, 12)):
        for _ in range(number):
            add_question(asked)
    client.get(reverse("consultations:poster", args=[few.consultation_link.consultation.slug]))
    for asked in (few, many):
        with django_assert_num_queries(7):
            sheet(client, "paper_questionnaire", asked.consultation_link.consultation, asked.reference)


@pytest.mark.parametrize(("starts", "offered"), [(-1, True), (-20, False)])
def test_a_consultation_with_only_a_vote_leads_to_its_ballot(client, starts, offered):
    consultation = make_consultation(sections=0, takes_contributions=False)
    link = make_vote(consultation=consultation, opens_on=today() + dt.timedelta(days=starts))
    page = client.get(consultation.get_absolute_url()).content.decode()
    assert (f'href="{reverse("consultations:paper_form", args=[consultation.slug])}"' in page) is offered
    sheets = (sheet(client, "vote", consultation, link.votation.reference), client.get(poster_url(consultation)))
    vote, poster = (response.content.decode() for response in sheets)
    address = reverse("consultations:paper_ballot", args=[consultation.slug, link.votation.reference])
    assert (f'href="{address}"' in vote) is offered
    assert (f"jusqu’au {ui.long_day(link.votation.ends_on)}" in poster) is offered


def poster_url(consultation):
    return reverse("consultations:poster", args=[consultation.slug])


@pytest.mark.parametrize(("closes", "offered"), [(2, True), (0, False)])
def test_a_questionnaire_leads_to_its_paper(client, closes, offered):
    consultation = make_consultation(sections=0)
    asked = make_questionnaire(consultation=consultation, closes=closes)
    address = reverse("consultations:paper_questionnaire", args=[consultation.slug, asked.reference])
    page = sheet(client, "questionnaire", consultation, asked.reference).content.decode()
    assert (f'href="{address}"' in page) is offered
