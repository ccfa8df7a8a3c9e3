"""A resident from the first visit to the last word: on a desk, on a telephone, and without any script."""

import pytest
from django.urls import reverse
from PIL import Image

from accounts.forms import SignupForm
from accounts.models import Residency
from consultations.models import Attachment, Comment, Contribution, Position
from tests import factories
from tests.e2e.journeys import code_mailed_to, follow, heading, photo_with_a_place, press
from transparency.models import RegisterLine
from transparency.verification import verify_whole

ADDRESS = "lea.muller@example.org"


@pytest.fixture(params=["desktop", "phone", "without_script"])
def page(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def consultation(live_server):
    """One that is open, with somebody else's contribution in it."""
    factories.make_district(name="Les Tilleuls")
    made = factories.make_consultation(title="La place de demain", sections=2)
    factories.make_contribution(consultation=made, title="Des bancs à l’ombre", body="Il en manque.")
    return made


def sign_up(page, base):
    page.goto(base + reverse("account_signup"))
    page.get_by_label("Adresse électronique").fill(ADDRESS)
    page.get_by_label("Mot de passe").fill("dix-neuf tilleuls")
    page.get_by_label("J’ai lu la charte").check()
    press(page, "Créer mon compte")
    # The browser works before the form leaves: a slow machine takes its time.
    page.get_by_role("heading", name="Confirmez votre adresse").wait_for(timeout=60_000)
    page.get_by_label("Code à six chiffres").first.fill(code_mailed_to(ADDRESS))
    press(page, "Confirmer")


def contribute(page, base, consultation):
    page.goto(base + consultation.get_absolute_url())
    follow(page, "Donner mon avis")
    page.get_by_role("radio", name=consultation.sections.first().title).check()
    page.get_by_role("radio", name="Une proposition").check()
    page.get_by_label("Titre", exact=True).fill("Planter six tilleuls sur la place")
    page.get_by_label("Votre texte").fill("L’été, **personne** ne traverse.\n\n- de l’ombre\n- des bancs")
    page.get_by_text("Ajouter une photo ou un document").first.click()
    page.get_by_label("Photo ou document").first.set_input_files(photo_with_a_place())
    page.get_by_label("Si c’est une photo, décrivez-la en une phrase").first.fill("La place au soleil, sans un arbre.")
    page.get_by_label("Votre nom public").fill("Léa M.")
    page.get_by_label("Votre quartier").select_option("Les Tilleuls")
    press(page, "Vérifier avant de publier")
    assert heading(page) == "Vérifiez, puis publiez"
    assert Contribution.objects.filter(published_at__isnull=False).count() == 1
    press(page, "Publier ma contribution")
    assert heading(page) == "Planter six tilleuls sur la place"


def take_position_and_comment(page, base, other):
    page.goto(base + other.get_absolute_url())
    press(page, "D’accord")
    page.get_by_text("Votre position").first.wait_for()
    assert page.get_by_role("button", name="D’accord").first.get_attribute("aria-pressed") == "true"
    press(page, "Pas d’accord")
    page.goto(base + other.get_absolute_url())
    page.get_by_role("radio", name="Pour").check(force=True)
    page.get_by_label("Votre commentaire").fill("Oui, et des fontaines.")
    press(page, "Publier mon commentaire")


def test_a_resident_signs_up_contributes_reacts_and_withdraws(page, client, live_server, consultation, monkeypatch):
    # A browser driven by a program reads faster than people, and waits less.
    monkeypatch.setattr(SignupForm, "FASTEST_SECONDS", 0)
    monkeypatch.setattr(SignupForm, "FASTEST_WITHOUT_PROOF_SECONDS", 0)
    base, other = live_server.url, Contribution.objects.get()

    sign_up(page, base)
    contribute(page, base, consultation)
    take_position_and_comment(page, base, other)

    mine = Contribution.objects.exclude(pk=other.pk).get()
    assert (mine.author.email, mine.author.public_name) == (ADDRESS, "Léa M.")
    assert (
        Residency.objects.filter(user=mine.author, district__name="Les Tilleuls", verified_on__isnull=True).count() == 1
    )
    photo = Attachment.objects.get()
    with photo.file.open() as file:
        assert dict(Image.open(file).getexif()) == {}
    assert Position.objects.get().choice == "disagree"
    assert Comment.objects.get().body == "Oui, et des fontaines."

    page.goto(base + mine.get_absolute_url())
    follow(page, "Retirer")
    press(page, "Retirer ma contribution")
    mine.refresh_from_db()
    assert mine.withdrawn_at is not None
    assert page.goto(base + mine.get_absolute_url()).status == 410
    seen = client.get(mine.get_absolute_url())
    assert (seen.status_code, "tilleuls" in seen.content.decode()) == (410, False)
    assert ADDRESS not in "".join(RegisterLine.objects.values_list("content", flat=True))
    assert verify_whole().reason == ""
