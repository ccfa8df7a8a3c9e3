"""An agent of the city, second factor included, from an empty page to a consultation that residents read."""

import datetime as dt

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from consultations.models import Consultation
from tests import factories
from tests.e2e.journeys import Phone, follow, heading, press, sign_in
from transparency.models import RegisterLine

SUMMARY = "La Ville refait la place. Dites ce qui compte pour vous."


@pytest.fixture(params=["desktop", "phone", "without_script"])
def page(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def agent(live_server):
    """Somebody with the role that writes and publishes, and a telephone."""
    user = factories.make_staff(email="agent@example.org")
    user.groups.set(Group.objects.filter(name__in=["agent", "publisher"]))
    factories.make_theme(name="Espaces verts")
    factories.make_service(name="Voirie")
    return user


def create(page):
    page.goto(page.url.rstrip("/") + "/consultations/consultation/add/")
    page.get_by_label("Titre").fill("Quels arbres place de la Paix ?")
    page.get_by_label("En bref").fill(SUMMARY)
    page.get_by_label("Thème").select_option("Espaces verts")
    page.get_by_label("Service responsable").select_option("Voirie")
    press(page, "Enregistrer et continuer")


def present(page):
    editor = page.locator(".tiptap")
    if editor.count():
        editor.click()
        page.keyboard.type("La place sera refaite au printemps.")
    else:
        page.locator("textarea[name=description]").fill("La place sera refaite au printemps.")
    page.get_by_label("Ce qui est ouvert à la discussion").fill("Le choix des arbres.")
    page.get_by_label("Ce qui ne l’est pas").fill("Le budget.")
    page.get_by_label("Qui décide").fill("Le conseil municipal")
    page.get_by_label("Fonction responsable").fill("Chef de projet")
    press(page, "Enregistrer")


def date(page, consultation):
    today = factories.today()
    follow(page, "Phases")
    for number, (name, kind, start, end) in enumerate(
        [
            ("On en parle", "contribute", 0, 20),
            ("La Ville étudie", "analyse", 21, 40),
            ("La Ville répond", "decide", 41, 60),
        ]
    ):
        phase = page.get_by_role("group", name=f"Phase {number + 1}")
        phase.get_by_label("Nom").fill(name)
        phase.get_by_label("Sorte").select_option(kind)
        phase.get_by_label("Premier jour").fill((today + dt.timedelta(days=start)).isoformat())
        phase.get_by_label("Dernier jour").fill((today + dt.timedelta(days=end)).isoformat())
    press(page, "Enregistrer")


def ask(page):
    follow(page, "Parties et questions")
    page.get_by_label("Titre de la partie").first.fill("Les arbres")
    page.get_by_label("Question posée aux habitants").first.fill("Lesquels, et où ?")
    press(page, "Enregistrer")


def test_an_agent_creates_previews_and_publishes(page, browser, client, live_server, agent):
    phone = Phone(agent)
    sign_in(page, live_server.url + reverse("admin:index"), agent.email, phone)
    create(page)
    consultation = Consultation.objects.get()
    present(page)
    date(page, consultation)
    ask(page)

    follow(page, "Aperçu et publication")
    preview = page.locator("a.lien-apercu").get_attribute("href")
    assert client.get(consultation.get_absolute_url()).status_code == 404
    page.goto(preview)
    assert heading(page) == "Quels arbres place de la Paix ?"

    page.go_back()
    follow(page, "Publier")
    press(page, "Publier")
    consultation.refresh_from_db()
    assert consultation.published_at is not None
    assert consultation.description == "<p>La place sera refaite au printemps.</p>"

    seen = client.get(consultation.get_absolute_url()).content.decode()
    assert "Lesquels, et où" in seen
    assert RegisterLine.objects.filter(act="consultation.published", subject=consultation.slug).count() == 1
