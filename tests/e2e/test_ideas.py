"""The idea box in a browser: a resident from a sentence to the answer of the city, an agent from a first reading to what was built."""

import datetime as dt
import re

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from ideas import studying, tasks
from ideas.models import Answer, Comment, Event, Idea, Milestone, Study, Support
from ideas.models.studies import CriterionCode
from notifications.models import Notification, OutboundMail, Subscription
from tests import factories
from tests.e2e import axe
from tests.e2e.journeys import Phone, follow, heading, photo_with_a_place, press, sign_in
from tests.ideas import city_rows
from transparency.models import RegisterLine
from transparency.verification import verify_whole

OTHERS = "Des bancs à l’ombre sur la place de la Paix"
CLOSE = "Des bancs à l’ombre place de la Paix"
ITS_OWN = "Une fontaine à boire devant la gare"
NEED = "L’été, les gens n’ont nulle part où boire."
CRITERIA = (
    "Elle sert l’intérêt général",
    "Elle relève de la Ville",
    "Elle ne rapporte rien",
    "Elle respecte la charte",
)


@pytest.fixture
def page(without_script):
    """A telephone without any script, where no test says otherwise."""
    return without_script


@pytest.fixture
def box(live_server):
    """The permanent box, with an idea of somebody else in it; three supports open the study."""
    factories.make_theme(name="Espaces verts", slug="espaces-verts")
    campaign = factories.make_campaign(title="La boîte à idées", thresholds=((2, "Relayée"), (3, "Étudiée")))
    factories.make_idea(campaign=campaign, title=OTHERS)
    return campaign


def on(page, title):
    """Check which page it is, and that nothing sticks out of it sideways."""
    assert (heading(page), axe.overflow(page)) == (title, [])


def words(page):
    """Read the page, its spaces all alike."""
    return " ".join(page.locator("main").inner_text().split())


def begin(page, base, title):
    """Go to the first step, tick the four criteria and give the title."""
    page.goto(base + reverse("ideas:list"))
    follow(page, "Déposer une idée", within=page.locator("main"))
    for label in CRITERIA:
        page.get_by_label(label).check()
    page.get_by_label("Votre idée en une phrase").fill(title)


def tell():
    """Do what a worker does once the city acted."""
    for name, model in (("study", Study), ("answer", Answer), ("event", Event)):
        for key in model.objects.order_by("pk").values_list("pk", flat=True):
            getattr(tasks, f"tell_{name}")(**{f"{name}_id": key})


def mailed(person, kind):
    """Count the mails of a kind to somebody."""
    tell()
    return OutboundMail.objects.filter(user=person, kind=kind).count()


# --- Without any script ----------------------------------------------------------------------------------------------


def test_who_is_offered_a_likely_idea_supports_it_and_takes_it_back(page, live_server, box):
    base = live_server.url
    person, other = factories.make_resident(), Idea.objects.get()
    sign_in(page, base + reverse("ideas:mine"), person.email)

    begin(page, base, CLOSE)
    press(page, "Continuer")
    assert page.get_by_role("heading", level=3).all_inner_texts() == [OTHERS]
    press(page, "Soutenir celle-ci")
    on(page, OTHERS)
    # What was begun held nothing but a title: it is gone.
    assert "Votre brouillon est supprimé" in " ".join(page.locator("body").inner_text().split())
    assert list(Idea.objects.all()) == [other]
    press(page, "Soutenir", within=page.locator("#soutenir"))
    on(page, OTHERS)
    assert page.get_by_role("heading", name="Vous soutenez cette idée").count() == 1
    assert Support.objects.filter(idea=other, person__user=person).count() == 1

    # What is begun and resembles nothing is kept until its author throws it away.
    begin(page, base, ITS_OWN)
    press(page, "Continuer")
    on(page, "Décrire mon idée")
    page.goto(base + reverse("ideas:mine"))
    on(page, "Mes idées")
    follow(page, "Supprimer", within=page.locator("main"))
    press(page, "Supprimer le brouillon")
    assert list(Idea.objects.all()) == [other]

    page.goto(base + reverse("ideas:supported"))
    on(page, "Idées que je soutiens")
    follow(page, OTHERS, within=page.locator("main"))
    press(page, "Retirer mon soutien")
    assert page.get_by_role("heading", name="Soutenir cette idée").count() == 1
    assert Support.objects.count() == 0


def test_from_a_sentence_to_a_published_idea(page, live_server, box):
    base = live_server.url
    person = factories.make_resident(public_name="Léa M.")
    sign_in(page, base + reverse("ideas:mine"), person.email)

    begin(page, base, "")
    press(page, "Continuer")
    assert "Dites votre idée en une phrase." in words(page)
    assert [page.get_by_label(label).is_checked() for label in CRITERIA] == [True] * len(CRITERIA)
    page.get_by_label("Votre idée en une phrase").fill(CLOSE)
    press(page, "Continuer")
    assert page.get_by_role("heading", level=3).all_inner_texts() == [OTHERS]
    follow(page, "C’est différent, je continue")

    on(page, "Décrire mon idée")
    page.get_by_label("Votre idée en une phrase").fill(ITS_OWN)
    page.get_by_label("Quel est le besoin").fill(NEED)
    press(page, "Enregistrer le brouillon")
    on(page, "Mes idées")
    follow(page, "Continuer", within=page.locator("main"))
    press(page, "Voir l’aperçu")
    assert "Choisissez un thème." in words(page)
    assert page.get_by_label("Quel est le besoin").input_value() == NEED
    page.get_by_label("Que proposez-vous").fill("Une **fontaine**, comme au marché.\n\n- près du tram\n- à l’ombre")
    page.get_by_label("Thème").select_option("Espaces verts")
    press(page, "Voir l’aperçu")

    on(page, "Relisez, puis publiez")
    follow(page, "Ajouter des photos")
    page.get_by_label("Photo", exact=True).set_input_files(photo_with_a_place())
    page.get_by_label("Décrivez-la").fill("La place de la gare, sans un arbre.")
    press(page, "Ajouter cette photo")
    on(page, "Photos de mon idée")
    follow(page, "Voir l’aperçu")
    assert page.get_by_role("img", name="La place de la gare, sans un arbre.").count() == 1
    assert Idea.objects.visible().count() == 1
    press(page, "Publier mon idée")

    on(page, ITS_OWN)
    mine = Idea.objects.get(title=ITS_OWN)
    assert (mine.author, mine.is_visible, "Léa M." in words(page)) == (person, True, True)
    assert person.email not in "".join(RegisterLine.objects.values_list("content", flat=True))
    assert verify_whole().reason == ""


def test_one_follows_an_idea_speaks_of_it_and_reads_the_answer(page, live_server, box):
    base, person = live_server.url, factories.make_resident()
    mine = factories.make_idea(campaign=box, title=ITS_OWN, author=person)
    sign_in(page, base + reverse("ideas:mine"), person.email)
    page.goto(base + mine.get_absolute_url())
    press(page, "Suivre par courriel")
    assert Subscription.objects.filter(user=person, topic=mine.topic).count() == 1

    press(page, "Publier mon commentaire")
    assert "Écrivez votre commentaire." in words(page)
    page.get_by_label("Votre commentaire", exact=True).fill("Qui connaît une gare qui en a une ?")
    page.get_by_role("radio", name="Pour", exact=True).check(force=True)
    press(page, "Publier mon commentaire")
    on(page, ITS_OWN)
    assert (Comment.objects.get().author, Comment.objects.get().stance) == (person, "for")

    # The city answers: the mail leads to the page, where the author says what they think of it.
    city_rows.pass_threshold(mine)
    city_rows.read(mine)
    studying.open_study(
        actor=city_rows.make_agent(), idea=mine, services=[factories.make_service()], at=timezone.now(), reason=""
    )
    city_rows.make_answered(idea=mine, reason="La Ville posera une fontaine au printemps.")
    assert (mailed(person, "ideas.answer"), mailed(person, "ideas.news")) == (1, 1)
    page.goto(base + mine.get_absolute_url())
    on(page, ITS_OWN)
    assert "La Ville posera une fontaine au printemps." in words(page)
    follow(page, "Réagir à cette réponse")
    page.get_by_role("textbox").last.fill("Merci pour les enfants du quartier.")
    press(page, "Publier ma réaction")
    on(page, ITS_OWN)
    assert "Merci pour les enfants du quartier." in words(page)


def test_a_visitor_looks_for_an_idea_and_compares_two(page, live_server, box):
    base = live_server.url
    district = factories.make_district(name="Les Tilleuls")
    factories.make_idea(campaign=box, title=ITS_OWN, place_district=district)
    page.goto(base + reverse("ideas:list"))
    page.get_by_label("Rechercher une idée").fill("fontaine")
    press(page, "Appliquer")
    assert page.locator("#resultats h3").all_inner_texts() == [ITS_OWN]

    follow(page, "Voir sur la carte")
    on(page, "Carte des idées")
    follow(page, "Les Tilleuls", within=page.get_by_role("table"))
    assert page.locator("#liste ~ ul h3").all_inner_texts() == [ITS_OWN]
    follow(page, ITS_OWN)
    follow(page, "Comparer avec une autre idée")
    page.get_by_label("Rechercher une idée").fill("bancs")
    press(page, "Chercher", within=page.locator("main"))
    follow(page, "Comparer", within=page.locator("main .taches"))
    on(page, "Comparer deux idées")
    assert page.locator("thead a").all_inner_texts() == [ITS_OWN, OTHERS]

    # The rules of the campaign, and what to do with them: a visitor signs in first.
    page.goto(base + box.get_absolute_url())
    on(page, "La boîte à idées")
    follow(page, "Déposer une idée", within=page.locator("main"))
    assert page.get_by_label("Mot de passe", exact=True).count() == 1


# --- An agent --------------------------------------------------------------------------------------------------------


@pytest.fixture
def agent(live_server):
    """Somebody with the role that reads, studies and answers, and a telephone."""
    user = factories.make_staff(email="agent@example.org")
    user.groups.set(Group.objects.filter(name="agent"))
    return user


@pytest.fixture
def ready(box):
    """An idea with the supports that open its study, somebody who follows it, and two services."""
    for name in ("Eau", "Voirie"):
        factories.make_service(name=name)
    idea = factories.make_idea(campaign=box, title=ITS_OWN)
    follower = factories.make_resident()
    Subscription.objects.create(user=follower, topic=idea.topic)
    return city_rows.pass_threshold(idea), follower


def read(page):
    """Publish the first reading: six criteria, a level and a reason each."""
    follow(page, "Faire la première lecture")
    page.get_by_label("La Ville", exact=True).check()
    for code in CriterionCode:
        page.locator(f"input[name={code.value}_level][value='3']").check()
        page.locator(f"[name={code.value}]").fill(f"Raison publique, {code.label.lower()}.")
    press(page, "Publier la lecture")
    on(page, ITS_OWN)


def study(page):
    """Ask two services, give the part of each, write what comes out of them."""
    follow(page, "Ouvrir l’étude")
    # First of the list by the rule: no reason is asked.
    assert page.get_by_label("Pourquoi avant son tour").count() == 0
    for name in ("Eau", "Voirie"):
        page.get_by_label(name, exact=True).check()
    press(page, "Ouvrir l’étude")
    for said in ("Le réseau passe dessous.", "Rien ne gêne."):
        follow(page, re.compile("^Rendre cette part"))
        page.get_by_label("Faisable", exact=True).check()
        page.get_by_label("Coût, en euros").fill("8500")
        page.get_by_label("Contrainte").fill(said)
        press(page, "Rendre cette part")
    follow(page, "Écrire la synthèse")
    page.get_by_label("Synthèse").fill("Les deux services disent oui.")
    press(page, "Enregistrer")


def answer(page):
    """Write the answer, see it as residents will, publish it."""
    follow(page, "Préparer la réponse")
    page.get_by_label("Retenue", exact=True).check()
    page.get_by_label("Raisons").fill("La gare n’a **pas** d’eau. La Ville posera une fontaine.")
    page.get_by_label(re.compile("^Prochaine étape")).fill("Raccorder l’eau")
    page.get_by_label("Date de la prochaine étape").fill((factories.today() + dt.timedelta(days=60)).isoformat())
    page.get_by_label("Fonction de qui signe").fill("L’adjointe déléguée à l’eau")
    press(page, "Voir l’aperçu")
    assert page.get_by_role("heading", name="Ce que les habitants liront").count() == 1
    press(page, "Publier cette réponse")


def realise(page):
    """Announce two stages, then do them."""
    follow(page, "Annoncer des dates")
    for step in (Milestone.Step.WORKS, Milestone.Step.DONE):
        page.locator(f"[name={step.value}]").fill(factories.today().isoformat())
    press(page, "Annoncer ces dates")
    for said in ("La tranchée est ouverte.", "L’eau coule."):
        follow(page, re.compile("^C’est fait"))
        page.get_by_label("Ce qui a été fait").fill(said)
        page.locator("[name=happened_on]").fill(factories.today().isoformat())
        press(page, re.compile("fait"), within=page.locator("main form"))
    on(page, ITS_OWN)


def test_an_agent_reads_studies_answers_and_realises(page, client, live_server, agent, ready):
    idea, follower = ready
    sign_in(page, live_server.url + reverse("admin:ideas_idea_change", args=[idea.pk]), agent.email, Phone(agent))
    on(page, ITS_OWN)

    def seen():
        return client.get(idea.get_absolute_url()).content.decode()

    read(page)
    assert "Réalisme\u00a0: 75 sur 100" in seen()
    study(page)
    assert mailed(follower, "ideas.news") == 1
    # What a service thinks is read with the answer, not before; the synthesis never.
    assert [text in seen() for text in ("À l’étude", "Le réseau passe dessous.")] == [True, False]
    answer(page)
    assert (mailed(idea.author, "ideas.answer"), mailed(follower, "ideas.news")) == (1, 2)
    texts = ("posera une fontaine", "Le réseau passe dessous.", "Les deux services disent oui.")
    assert [text in seen() for text in texts] == [True, True, False]
    realise(page)
    assert mailed(follower, "ideas.news") == 5
    lines = Notification.objects.filter(user=follower, kind="ideas.news").values_list("subject_line", flat=True)
    told = sorted(line.partition("\u00a0:")[0] for line in lines)
    assert told == ["C’est fait", "Des nouvelles", "La Ville a répondu", "À l’étude", "Étape faite"]
    assert "Réalisée" in seen()
    assert ITS_OWN in client.get(reverse("ideas:realised")).content.decode()
    assert verify_whole().reason == ""


# --- What a script makes better --------------------------------------------------------------------------------------


def test_likely_ideas_appear_while_the_title_is_typed(phone, live_server, box):
    page, base, person = phone, live_server.url, factories.make_resident()
    sign_in(page, base + reverse("ideas:mine"), person.email)
    begin(page, base, "")
    title, found = page.get_by_label("Votre idée en une phrase"), page.locator("#ressemblances h3")
    with page.expect_response(lambda answer: "title=" in answer.url):
        title.press_sequentially("Des bancs à")
    assert found.count() == 0
    title.press_sequentially(" l’ombre place de la Paix")
    found.wait_for()
    assert found.all_inner_texts() == [OTHERS]
    assert page.locator("#annonce").inner_text() == "1 idée ressemble à la vôtre"
    assert [*axe.overflow(page), *axe.violations(page)] == []

    # Seen once, it is not shown again.
    press(page, "Continuer")
    on(page, "Décrire mon idée")


def test_one_supports_from_the_list_without_leaving_it(phone, live_server, box):
    page, base, person = phone, live_server.url, factories.make_resident()
    sign_in(page, base + reverse("ideas:mine"), person.email)
    page.goto(base + reverse("ideas:list"))
    page.evaluate("() => { window.stayed = true; }")
    press(page, "Soutenir")
    page.get_by_role("button", name="Soutenue").wait_for()
    assert Support.objects.filter(person__user=person).count() == 1
    assert page.evaluate("() => document.activeElement.textContent").startswith("Soutenue")
    press(page, "Soutenue")
    page.get_by_role("button", name="Soutenir").wait_for()
    assert (Support.objects.count(), page.evaluate("() => window.stayed")) == (0, True)
    # So is the list sorted and searched.
    page.get_by_label("Rechercher une idée").fill("introuvable")
    press(page, "Appliquer")
    page.get_by_role("heading", name="Aucune idée ne correspond").wait_for()
    assert (page.evaluate("() => window.stayed"), "q=introuvable" in page.url) == (True, True)
