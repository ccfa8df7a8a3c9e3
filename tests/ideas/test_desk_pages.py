"""The desk for ideas: who enters, what is typed and kept, sheets of supports, and what is printed."""

import datetime as dt
import io

import pytest
from django.contrib.admin import site
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from city.models import District
from desk import people
from desk.models import Assistance, Person, Receipt
from ideas import assisting
from ideas import desk_forms as forms
from ideas.models import Idea, Photo, Support
from mulhouse.errors import RefusedError
from tests.ballots.votes import make_campaign_vote
from tests.factories import (
    make_campaign,
    make_consultation,
    make_district,
    make_idea,
    make_resident,
    make_staff,
    make_theme,
    sign_in,
    today,
)
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)

FAMILY, GIVEN, BORN = "Zimmermannovic", "Wilhelmine-Odette", "1951-07-23"


def url(route, *args):
    return reverse(f"admin:desk_{route}", args=args)


@pytest.fixture
def agent():
    return make_staff("desk.assist", "accounts.verify_residency", public_name="Guichet")


@pytest.fixture
def client(agent):
    return sign_in(Client(), agent)


@pytest.fixture
def campaign():
    return make_campaign(title="La boîte de Mulhouse")


def rebberg():
    return District.objects.filter(name="Rebberg").first() or make_district(name="Rebberg")


def identity(**fields):
    return {
        "channel": "desk",
        "family_name": FAMILY,
        "given_names": GIVEN,
        "birth_date": BORN,
        "district": rebberg().pk,
        "consent": "on",
        **fields,
    }


def opened(client, campaign, **fields):
    response = client.post(url("idea_open", campaign.slug), identity(**fields))
    assert response.status_code == 302
    return Assistance.objects.order_by("-pk").first()


def said(**fields):
    return {
        "title": "Des bancs à l’ombre",
        "need": "On ne peut pas s’asseoir.",
        "proposal": "Mettre des bancs.",
        "theme": make_theme().pk,
        "behalf": "oneself",
        "signature": "district",
        **fields,
    }


def sheet(*lines, **fields):
    """What a page of a sheet sends: lines of (family name, given name, day of birth)."""
    typed = {}
    for rank, line in enumerate(lines):
        names = ("family_name", "given_names", "birth_date", "district")
        values = (*line, str(rebberg().pk))[:4] if any(line) else ("", "", "", "")
        typed |= {f"ligne-{rank}-{name}": value for name, value in zip(names, values, strict=True)}
    return {
        "ligne-TOTAL_FORMS": len(lines),
        "ligne-INITIAL_FORMS": 0,
        "is_signed": "on",
        "count": "1",
        **typed,
        **fields,
    }


# --- Who may enter ---------------------------------------------------------------------------------------------------


def _pages(campaign, agent=None):
    """Every page of the desk for ideas, with somebody being helped."""
    idea = make_idea(campaign=campaign)
    with transaction.atomic():
        person = people.of_identity("e" * 64)
    help_of = Assistance.objects.create(
        agent=agent or make_staff("desk.assist"),
        person=person,
        topic=campaign.topic,
        channel="desk",
        district=rebberg(),
        birth_year=1980,
        consent_version="1",
        opened_at=timezone.now(),
        expires_at=timezone.now() + dt.timedelta(minutes=15),
    )
    receipt = Receipt.objects.create(
        act="idea", channel="desk", topic=campaign.topic, title="Une idée", path="/idees/", reference=idea.reference
    )
    return {
        "open": url("idea_open", campaign.slug),
        "namesake": url("idea_namesake", campaign.slug),
        "act": url("idea_act", help_of.key),
        "find": url("idea_find", help_of.key),
        "support": url("idea_support", help_of.key, idea.reference),
        "roll": url("idea_roll", help_of.key, make_campaign_vote(campaign=campaign).pk),
        "sheets": url("idea_sheets", campaign.slug),
        "sheet": url("idea_sheet", campaign.slug, idea.reference),
        "ticket": url("ticket", receipt.number),
        "withdraw": url("withdraw", receipt.number),
    }


def test_every_page_of_ideas_at_the_desk_is_tried(campaign):
    named = {
        pattern.name for pattern in site.get_model_admin(Receipt).get_urls() if pattern.name.startswith("desk_idea")
    }
    assert {f"desk_idea_{name}" for name in _pages(campaign)} - {"desk_idea_ticket", "desk_idea_withdraw"} == named


def test_residents_other_agents_and_those_without_a_second_factor_do_not_enter(campaign, agent):
    for page in _pages(campaign).values():
        assert sign_in(Client(), make_staff("ideas.answer_idea")).get(page).status_code == 403
        for who in (Client(), sign_in(Client(), make_resident()), sign_in(Client(), agent, second_factor=False)):
            assert who.get(page).status_code in {302, 403}


def test_an_assistance_of_a_consultation_opens_nothing_here(client, agent, campaign):
    key = url("idea_act", opened(client, campaign).key)
    Assistance.objects.update(topic=make_consultation().topic)
    assert client.get(key).status_code == 404
    assert client.get(url("idea_open", make_campaign(published_at=None).slug)).status_code == 404
    other = make_idea()
    assert client.get(url("idea_sheet", campaign.slug, other.reference)).status_code == 404


# --- An idea -----------------------------------------------------------------------------------------------------------


def test_an_agent_deposits_an_idea_and_prints_a_receipt(client, campaign):
    assistance = opened(client, campaign)
    page = client.get(url("idea_open", campaign.slug)).content.decode()
    assert ("peuvent la soutenir" in page, "une fois par personne" in page) == (True, True)
    response = client.post(url("idea_act", assistance.key), said(place="Rue du Sauvage"), follow=True)
    idea, receipt = Idea.objects.get(), Receipt.objects.get()
    page = response.content.decode()
    assert (receipt.number in page, idea.reference in page, "votre idée" in page) == (True, True, True)
    assert (idea.place, idea.author, idea.channel) == ("Rue du Sauvage", None, "desk")
    followed = Client().get(reverse("desk:follow"), {"reference": receipt.number}).content.decode()
    assert f'href="{idea.get_absolute_url()}"' in followed
    client.post(url("withdraw", receipt.number))
    assert Idea.objects.get().withdrawn_at is not None


@pytest.mark.parametrize(
    ("fields", "name", "sentence"),
    [
        ({"title": "Bancs"}, "title", "au moins 10"),
        ({"need": ""}, "need", "obligatoire"),
        ({"theme": "x"}, "theme", "choix"),
        ({"behalf": "council"}, "behalf_name", "Écrivez le nom de l’association"),
        ({"signature": "name"}, "public_name", "Écrivez le nom public"),
        ({"signature": "name", "public_name": "www.odette.fr"}, "public_name", "ni adresse"),
        ({"proposal": "Appelez le 06 12 34 56 78."}, "proposal", "06 12 34 56 78"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_is_lost(client, campaign, fields, name, sentence):
    assistance = opened(client, campaign)
    response = client.post(url("idea_act", assistance.key), said(**{"cost": "Cinq bancs", **fields}))
    page = response.content.decode()
    assert response.status_code == 422
    assert (f'href="#id_{name}' in page, sentence in page, "Cinq bancs" in page) == (True, True, True)
    assert (Idea.objects.count(), Assistance.objects.get().used_at) == (0, None)


def picture(name="banc.jpg"):
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "#7f9f52").save(file, "JPEG")
    return SimpleUploadedFile(name, file.getvalue(), "image/jpeg")


@pytest.mark.parametrize("words", [{"photo_alt": "La place sans un banc."}, {"photo_is_decorative": "on"}])
def test_an_agent_joins_the_photo_that_somebody_gives(client, campaign, words):
    assistance = opened(client, campaign)
    assert client.post(url("idea_act", assistance.key), said(photo=picture(), **words)).status_code == 302
    photo = Photo.objects.select_related("idea").get()
    assert (photo.alt, photo.is_decorative) == (words.get("photo_alt", ""), "photo_is_decorative" in words)
    assert (photo.position, photo.width, photo.idea.published_at is not None) == (1, 60, True)
    page = Client().get(photo.idea.get_absolute_url()).content.decode()
    assert reverse("ideas:photo", args=[photo.key]) in page


@pytest.mark.parametrize(
    ("fields", "name", "sentence"),
    [
        ({"photo": SimpleUploadedFile("a.jpg", b"<script>", "image/jpeg"), "photo_alt": "x"}, "photo", ""),
        ({"photo": SimpleUploadedFile("a.odt", b"PK", "text/plain"), "photo_alt": "x"}, "photo", ""),
        ({}, "photo_alt", "Décrivez cette photo"),
        ({"photo_alt": "Appelez le 06 12 34 56 78."}, "photo_alt", "06 12 34 56 78"),
    ],
)
def test_a_wrong_photo_is_refused_and_no_file_stays(client, campaign, fields, name, sentence):
    assistance = opened(client, campaign)
    response = client.post(url("idea_act", assistance.key), said(**{"photo": picture(), **fields}))
    page = response.content.decode()
    assert (response.status_code, f'href="#id_{name}"' in page, sentence in page) == (422, True, True)
    assert (Idea.objects.count(), Photo.objects.count(), Assistance.objects.get().used_at) == (0, 0, None)
    assert "Mettre des bancs." in page


def test_the_photo_of_a_refused_idea_is_taken_back(client, campaign):
    assistance = opened(client, campaign)
    before = stored_files()
    with transaction.atomic():
        Assistance.objects.update(used_at=timezone.now())
    given = forms.SaidForm(said(photo_alt="Un banc."), {"photo": picture()})
    assert given.is_valid()
    with pytest.raises(RefusedError):
        assisting.deposit(
            actor=assistance.agent,
            campaign=campaign,
            assistance=assistance,
            said=given.said(),
            shown=given.shown(),
            at=timezone.now(),
        )
    assert stored_files() == before


def stored_files():
    """Name every file of the storage."""

    def below(folder):
        try:
            folders, files = default_storage.listdir(folder)
        except FileNotFoundError:
            return set()
        return {f"{folder}{name}" for name in files}.union(*(below(f"{folder}{each}/") for each in folders))

    return below("")


def test_what_was_typed_too_late_is_given_back(client, campaign):
    assistance = opened(client, campaign)
    Assistance.objects.update(opened_at=timezone.now() - dt.timedelta(hours=1), expires_at=timezone.now())
    response = client.post(url("idea_act", assistance.key), said(proposal="Des mots à ne pas perdre."))
    assert (response.status_code, "Des mots à ne pas perdre." in response.content.decode()) == (422, True)
    assert Idea.objects.count() == 0


# --- A support ---------------------------------------------------------------------------------------------------------


def test_an_agent_finds_the_idea_supports_it_and_takes_it_back(client, campaign):
    idea, other = make_idea(campaign=campaign, title="Une piste cyclable"), make_idea(title="Une piste de danse")
    make_idea(campaign=campaign, title="Une fontaine")
    assistance = opened(client, campaign)
    for words in ("pistes", idea.reference.lower()):
        page = client.get(url("idea_find", assistance.key), {"q": words}).content.decode()
        assert (idea.title in page, other.title in page, "Une fontaine" in page) == (True, False, False)
    page = client.post(url("idea_support", assistance.key, idea.reference), follow=True).content.decode()
    assert "vous avez soutenu cette idée" in page
    assert Support.objects.get().idea == idea
    assert client.post(url("idea_support", assistance.key, idea.reference)).status_code == 422
    again = opened(client, campaign)
    client.post(url("idea_support", again.key, idea.reference), {"withdraw": "1"})
    assert (Support.objects.count(), Receipt.objects.count()) == (0, 1)


def test_supports_go_on_when_deposits_are_over(client):
    days = {"opens_on": -30, "closes_on": -15, "supports_end_on": 9}
    campaign = make_campaign(kind="edition", **{name: today() + dt.timedelta(days=day) for name, day in days.items()})
    response = client.post(url("idea_open", campaign.slug), identity())
    assert response["Location"] == url("idea_find", Assistance.objects.get().key)
    assert (
        "Les dépôts de cette campagne sont terminés"
        in client.get(url("idea_act", Assistance.objects.get().key)).content.decode()
    )
    over = make_campaign(
        kind="edition",
        **{name: today() + dt.timedelta(days=day) for name, day in {**days, "supports_end_on": -12}.items()},
    )
    assert client.post(url("idea_open", over.slug), identity(channel="paper")).status_code == 422
    page = client.get(url("receipt_changelist")).content.decode()
    assert (campaign.title in page, over.title in page) == (True, False)


# --- A sheet -------------------------------------------------------------------------------------------------------------


def test_a_sheet_counts_whoever_signed_and_never_says_who_was_known(client, campaign):
    idea = make_idea(campaign=campaign)
    page = url("idea_sheet", campaign.slug, idea.reference)
    lines = [
        ("Weiss", "Anne", "1980-01-02"),
        ("WEISS", "anne", "1980-01-02"),
        ("", "", ""),
        ("Roth", "Paul", "1990-05-06"),
    ]
    shown = client.post(page, sheet(*lines), follow=True).content.decode()
    assert "3 lignes, 2 soutiens comptés." in shown
    assert "1 ligne ne compte pas une fois de plus" in shown
    assert ("Weiss" in shown, Support.objects.count()) == (False, 2)
    idea.refresh_from_db()
    assert idea.declared_count == 2


def test_what_is_wrong_on_a_sheet_is_said_beside_each_line_and_nothing_is_lost(client, campaign):
    idea = make_idea(campaign=campaign)
    page = url("idea_sheet", campaign.slug, idea.reference)
    lines = [
        ("Weiss", "Anne", "1980-01-02"),
        ("Roth", "", "1990-05-06"),
        ("!!", "Paul", "2990-01-01"),
        ("Kern", "Luc", "1970-01-01", ""),
    ]
    response = client.post(page, sheet(*lines))
    shown = response.content.decode()
    assert response.status_code == 422
    for name in ("ligne-1-given_names", "ligne-2-family_name", "ligne-2-birth_date"):
        assert f'href="#id_{name}"' in shown
    assert [f'value="{value}"' in shown for value in ("Weiss", "Roth", "1990-05-06", "Kern")] == [True] * 4
    response = client.post(page, sheet(lines[0], lines[3]))
    shown = response.content.decode()
    assert (response.status_code, "il faut un quartier" in shown, 'href="#id_ligne-1-district"' in shown) == (
        422,
        True,
        True,
    )
    response = client.post(page, sheet(lines[0], is_signed=""))
    assert (response.status_code, "Sans leur signature" in response.content.decode()) == (422, True)
    assert (Support.objects.count(), Person.objects.count()) == (0, 0)


def test_more_lines_keep_what_was_typed(client, campaign):
    idea = make_idea(campaign=campaign)
    page = url("idea_sheet", campaign.slug, idea.reference)
    response = client.post(page, sheet(("Weiss", "Anne", ""), ("", "", ""), ("Roth", "Paul", "1990-05-06"), more="1"))
    shown = response.content.decode()
    assert (response.status_code, 'value="Weiss"' in shown, 'value="1990-05-06"' in shown) == (200, True, True)
    assert 'name="ligne-TOTAL_FORMS" value="7"' in shown
    assert 'name="ligne-INITIAL_FORMS" value="0"' in shown
    # A line that is emptied afterwards is left aside.
    client.post(page, sheet(("", "", ""), ("Roth", "Paul", "1990-05-06")))
    assert Support.objects.count() == 1


def test_namesakes_on_a_sheet_are_told_by_their_place_of_birth(client, campaign):
    idea = make_idea(campaign=campaign)
    page, line = url("idea_sheet", campaign.slug, idea.reference), ("Weiss", "Anne", "1980-01-02")
    client.post(page, sheet(line))
    with transaction.atomic():
        Person.objects.create(
            identity_hash="f" * 64, identity_on=today(), namesake_hash=Person.objects.get().identity_hash
        )
    response = client.post(page, sheet(line))
    shown = response.content.decode()
    assert (response.status_code, 'name="ligne-0-birth_place"' in shown) == (422, True)
    kept = client.post(page, sheet(line, **{"ligne-0-birth_place": "Thann", "more": "1"})).content.decode()
    assert 'value="Thann"' in kept
    assert client.post(page, sheet(line, **{"ligne-0-birth_place": "Thann"})).status_code == 302
    assert Support.objects.count() == 1


def test_no_name_of_a_sheet_nor_of_an_assistance_is_kept(client, campaign, caplog):
    idea = make_idea(campaign=campaign)
    client.post(url("idea_act", opened(client, campaign).key), said())
    client.post(url("idea_sheet", campaign.slug, idea.reference), sheet((FAMILY, GIVEN, BORN)))
    texts = [caplog.text]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            texts.append(repr(cursor.fetchall()))
    whole = "\n".join(texts).casefold()
    assert [word.casefold() in whole for word in (FAMILY, "Wilhelmine", BORN, "1951, 7, 23")] == [False] * 4
    assert RegisterLine.objects.filter(act="idea.sheet_entered").count() == 1


# --- What it costs -----------------------------------------------------------------------------------------------------------

COSTS = {
    "open": 6,
    "namesake": 7,
    "act": 9,
    "find": 8,
    "support": 8,
    "roll": 8,
    "sheets": 5,
    "sheet": 6,
    "ticket": 4,
    "withdraw": 4,
}


@pytest.mark.parametrize("more", [1, 3])
def test_every_page_costs_at_most_twelve_queries_however_many_rows(client, agent, campaign, more):
    for _ in range(more):
        make_idea(campaign=campaign)
        make_district()
        make_theme()
    found = {}
    for name, page in _pages(campaign, agent).items():
        client.get(page)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page).status_code == 200
        found[name] = len(queries)
    assert found == COSTS


# --- On paper ----------------------------------------------------------------------------------------------------------------------


def test_the_form_and_the_sheet_print_what_one_agrees_to_and_a_code(client, campaign):
    make_theme(name="Nature en ville")
    idea = make_idea(campaign=campaign, title="Une piste cyclable")
    form = Client().get(reverse("ideas:paper_form", args=[campaign.slug])).content.decode()
    assert [
        words in form for words in ("Nom de naissance", "Nature en ville", "La Ville publie votre idée", "<svg")
    ] == [True] * 4
    page = Client().get(reverse("ideas:paper_sheet", args=[idea.reference])).content.decode()
    assert [words in page for words in (idea.reference, "une fois par personne", "Signature", "<svg")] == [True] * 4


def test_what_takes_nothing_more_is_not_printed():
    days = {"opens_on": -30, "closes_on": -1, "supports_end_on": 9}
    over = make_campaign(kind="edition", **{name: today() + dt.timedelta(days=day) for name, day in days.items()})
    verified = make_campaign(residency_level="verified")
    pages = [
        reverse("ideas:paper_form", args=[over.slug]),
        reverse("ideas:paper_sheet", args=[make_idea(stage="study").reference]),
        reverse("ideas:paper_sheet", args=[make_idea(campaign=verified).reference]),
    ]
    for page in pages:
        response = Client().get(page)
        assert (response.status_code, "Nom de naissance" in response.content.decode()) == (200, False)
    draft, hidden = make_idea(published=False), make_idea(hidden_at=timezone.now())
    assert [
        Client().get(reverse("ideas:paper_sheet", args=[row.reference])).status_code for row in (draft, hidden)
    ] == [404] * 2


@pytest.mark.parametrize("rows", [1, 3])
def test_what_is_printed_costs_the_same_however_many_rows(campaign, rows, django_assert_max_num_queries):
    for _ in range(rows):
        idea = make_idea(campaign=campaign)
    for page in (
        reverse("ideas:paper_form", args=[campaign.slug]),
        reverse("ideas:paper_sheet", args=[idea.reference]),
    ):
        with django_assert_max_num_queries(3):
            assert Client().get(page).status_code == 200
