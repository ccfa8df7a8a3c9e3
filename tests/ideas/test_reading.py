"""The page of an idea: who reads it, what it says, what stands in the place of what is gone, its photos and its preview."""

import datetime as dt

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from ideas import setting_aside
from ideas.models import Idea, IdeaVersion, Photo, Stage
from tests import factories as f
from tests.factories import sign_in

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def page(client, address, status=200):
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


def photo(idea, **fields):
    values = {"name": "cour.webp", "alt": "La cour", "content_type": "image/webp", "size": 3, "width": 8, "height": 6}
    item = Photo(idea=idea, **{**values, **fields})
    item.file.save(f"{item.key}.webp", ContentFile(b"abc"), save=False)
    item.save()
    return item


# --- Who -----------------------------------------------------------------------------------------------------------


def test_a_draft_has_no_public_page(client):
    draft = f.make_idea(published=False)
    for person in (None, f.make_resident(), f.make_staff("moderation.decide_case"), draft.author):
        if person:
            sign_in(client, person)
        page(client, draft.get_absolute_url(), 404)
        page(client, f"{draft.get_absolute_url()}apercu.png", 404)


@pytest.mark.parametrize("reference", ["AAAAAAAA", "x", "inconnue"])
def test_unknown_references_are_not_found(client, reference):
    page(client, f"/idees/{reference}/", 404)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"withdrawn_at": NOW}, "Idée retirée par son auteur"),
        ({"hidden_at": NOW, "hidden_reason": "3.2"}, "Idée retirée\u00a0: article 3.2 de la charte"),
        ({"hidden_at": NOW, "hidden_reason": setting_aside.REASON}, "Idée non visible pour le moment"),
    ],
)
def test_what_is_gone_keeps_a_neutral_sentence(client, fields, words):
    idea = f.make_idea(title="Titre secret", need_html="<p>Besoin secret</p>", **fields)
    html = page(client, idea.get_absolute_url(), 410)
    assert words in html
    assert [secret for secret in ("Titre secret", "Besoin secret") if secret in html] == []
    page(client, f"{idea.get_absolute_url()}apercu.png", 404)
    sign_in(client, idea.author)
    assert "Besoin secret" in page(client, idea.get_absolute_url(), 410)


def test_the_clause_of_a_hidden_idea_is_one_link_away(client):
    idea = f.make_idea(hidden_at=NOW, hidden_reason="3.2")
    assert "/charte/" in page(client, idea.get_absolute_url(), 410).split("Lire l’article de la charte")[0][-120:]


# --- What ----------------------------------------------------------------------------------------------------------


def test_page_says_what_its_author_wrote(client):
    campaign, district = f.make_campaign(title="La boîte"), f.make_district(name="Drouot-Test")
    idea = f.make_idea(
        campaign=campaign,
        title="Un four à pain",
        need_html="<p>On se croise sans se parler.</p>",
        proposal_html="<p>Un four <strong>partagé</strong>.</p>",
        beneficiaries="Tout le quartier",
        cost="Quelques milliers d’euros",
        place="Au parc",
        place_district=district,
    )
    html = page(client, idea.get_absolute_url())
    for words in (
        "Un four à pain",
        "On se croise sans se parler.",
        "<strong>partagé</strong>",
        "Tout le quartier",
        "Quelques milliers d’euros",
        "Au parc, Drouot-Test",
        "La boîte",
        idea.author.public_name,
        idea.reference,
    ):
        assert words in html, words


@pytest.mark.parametrize(
    ("fields", "signed", "beside"),
    [
        ({}, "Ada", "Vauban-Test"),
        ({"signature": "district"}, "Un habitant du quartier Vauban-Test", ""),
        ({"author_label": "Une association d’ailleurs"}, "Une association d’ailleurs", "Vauban-Test"),
        (
            {"behalf": "association", "behalf_name": "Les Amis"},
            "Ada",
            "pour l’association Les Amis (déclaré par l’auteur)",
        ),
        ({"behalf": "council", "behalf_name": "Drouot"}, "Ada", "pour le conseil Drouot (déclaré par l’auteur)"),
        ({"author": None}, "Compte fermé", ""),
        ({"author": None, "channel": "desk"}, "Une habitante ou un habitant du quartier Vauban-Test, au guichet", ""),
    ],
)
def test_signature(client, fields, signed, beside):
    district = f.make_district(name="Vauban-Test")
    author = f.make_resident(public_name="Ada", district=district)
    idea = f.make_idea(**{"author": author, "district": district, **fields})
    context = client.get(idea.get_absolute_url()).context
    assert (context["author"], context["beside"]) == (signed, beside)


@pytest.mark.parametrize(
    ("fields", "signed"),
    [
        ({}, "Ada"),
        ({"behalf": "association", "behalf_name": "Les Amis"}, "Ada, pour l’association Les Amis"),
        ({"behalf": "council", "behalf_name": "Drouot"}, "Ada, pour le conseil Drouot"),
    ],
)
def test_a_card_never_shows_a_council_or_an_association_alone(client, fields, signed):
    f.make_idea(author=f.make_resident(public_name="Ada"), **fields)
    assert [card.author for card in client.get("/idees/").context["cards"]] == [signed]


@pytest.mark.parametrize(
    ("verified", "declared", "verified_only", "told"),
    [
        (20, 31, False, ["20", "31"]),
        (0, 0, False, ["0", "0"]),
        (4, 31, False, []),
        (31, 1, False, []),
        (31, 1, True, ["31", "1"]),
    ],
)
def test_few_people_are_told_as_in_the_open_data(client, verified, declared, verified_only, told):
    idea = f.make_idea(verified_count=verified, declared_count=declared, verified_only=verified_only)
    response = client.get(idea.get_absolute_url())
    assert [fact.value for fact in response.context["counts"]] == told
    assert ("on ne reconnaît ainsi personne" in response.content.decode()) is not bool(told)
    exported = client.get("/idees/export/idees-soutiens.csv").getvalue().decode("utf-8-sig").splitlines()
    row = dict(zip(exported[0].split(";"), exported[1].split(";"), strict=True))
    assert [row[name] for name in ("residences_verifiees", "residences_declarees")] == (told or ["", ""])


def test_versions_are_readable_after_a_correction(client):
    idea = f.make_idea(title="Après", corrected_at=NOW)
    IdeaVersion.objects.create(
        idea=idea, number=1, title="Avant", need_html="<p>Besoin d’avant</p>", proposal_html="", replaced_at=NOW
    )
    html = page(client, idea.get_absolute_url())
    assert ("1 version précédente" in html, "Avant" in html, "Besoin d’avant" in html) == (True, True, True)


def test_support_block_tells_both_counts_and_what_the_thresholds_count(client):
    idea = f.make_idea(
        campaign=f.make_campaign(verified_only=True), verified_count=20, declared_count=31, next_supports=50
    )
    context = client.get(idea.get_absolute_url()).context
    assert context["progress"].words == "20 soutiens vérifiés sur 50"
    assert context["progress"].width == 40
    assert [fact.value for fact in context["counts"]] == ["20", "31"]
    assert "résidences vérifiées" in context["counting_rule"]
    assert context["progress"].lacks == "Encore 30 soutiens\u00a0: Rencontre"


def test_a_threshold_that_was_passed_stays_passed(client):
    idea = f.make_idea(declared_count=49, next_supports=100)
    context = client.get(idea.get_absolute_url()).context
    assert [(goal.supports, is_reached) for goal, is_reached in context["goals"]] == [(50, True), (100, False)]
    assert context["progress"].words == "49 soutiens sur 100"


@pytest.mark.parametrize(("days", "words"), [(-1, ""), (0, "Dernier jour"), (1, "Encore 2 jours")])
def test_days_left(client, days, words):
    idea = f.make_idea(supports_until=f.today() + dt.timedelta(days=days))
    context = client.get(idea.get_absolute_url()).context
    assert (context["left"], context["is_open"]) == (words, days >= 0)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage != Stage.SUPPORT])
def test_only_an_idea_that_gathers_supports_offers_a_button(client, stage):
    idea = f.make_idea(stage=stage, declared_count=7)
    sign_in(client, f.make_resident())
    html = page(client, idea.get_absolute_url())
    assert ("/soutenir/" in html, "7 soutiens" in html, str(Stage(stage).label) in html) == (False, True, True)


def test_one_reports_others_ideas_and_not_one_s_own(client):
    idea = f.make_idea()
    address = f"/signaler/idea/{idea.reference}/"
    assert client.get(idea.get_absolute_url()).context["report_url"] == address
    sign_in(client, idea.author)
    assert client.get(idea.get_absolute_url()).context["report_url"] == ""


# --- Photos and preview ----------------------------------------------------------------------------------------------


def test_photos_are_for_who_may_read_the_idea(client):
    idea = f.make_idea()
    seen, hidden = photo(idea), photo(idea, position=2, hidden_at=NOW, alt="Cachée")
    html = page(client, idea.get_absolute_url())
    assert (f"/idees/photos/{seen.key}/" in html, f"/idees/photos/{hidden.key}/" in html) == (True, False)
    response = client.get(f"/idees/photos/{seen.key}/")
    assert (response.status_code, response.getvalue(), response["Content-Type"]) == (200, b"abc", "image/webp")
    known = client.get(f"/idees/photos/{seen.key}/", headers={"If-None-Match": response["ETag"]})
    assert known.status_code == 304
    assert client.get(f"/idees/photos/{hidden.key}/").status_code == 404
    Idea.objects.filter(pk=idea.pk).update(withdrawn_at=NOW)
    assert client.get(f"/idees/photos/{seen.key}/").status_code == 404
    assert client.get(f"/idees/photos/{seen.key}/", headers={"If-None-Match": response["ETag"]}).status_code == 404
    sign_in(client, f.make_resident())
    assert client.get(f"/idees/photos/{seen.key}/").status_code == 404
    sign_in(client, idea.author)
    for key in (seen.key, hidden.key):
        assert client.get(f"/idees/photos/{key}/").getvalue() == b"abc"


def test_preview_is_drawn_once(client):
    idea = f.make_idea()
    address = f"{idea.get_absolute_url()}apercu.png"
    first = client.get(address)
    assert (first.status_code, first["Content-Type"], first.content[:4]) == (200, "image/png", b"\x89PNG")
    assert client.get(address).content == first.content
    assert f"{idea.get_absolute_url()}apercu.png" in page(client, idea.get_absolute_url())


# --- Cost ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_page_costs_the_same_whatever_hangs_on_it(client, count, django_assert_num_queries):
    idea = f.make_idea(campaign=f.make_campaign(thresholds=[(10 * n + 5, f"Seuil {n}") for n in range(1, count + 1)]))
    for number in range(count):
        photo(idea, position=number + 1)
        f.make_support(idea=idea)
    with django_assert_num_queries(7):  # register, idea, two of the debate, three of the city
        client.get(idea.get_absolute_url())
    sign_in(client, f.make_resident())
    client.get(idea.get_absolute_url())  # which notes, once a minute, that its person is there
    with django_assert_num_queries(10):
        client.get(idea.get_absolute_url())
