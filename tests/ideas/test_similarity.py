"""Likely duplicates: what a re-worded title finds, what it does not, and at what cost."""

import csv
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ideas import similarity
from ideas.models import Answer, Idea
from tests import factories as f

pytestmark = pytest.mark.django_db

REAL = Path(settings.BASE_DIR).parent / "shared" / "data" / "paris-participatory-budget" / "projects.csv"
LEAST_RECALL = 0.9
# What a resident could type for one of these, and the idea that is meant.
TITLES = (
    ("Planter des arbres place de la Réunion", "Des arbres pour la place de la Réunion"),
    ("Un composteur partagé au quartier Franklin", "Composter ensemble\u00a0: un bac partagé à Franklin"),
    ("Des bancs à l’ombre le long du canal", "Le long du canal, des bancs ombragés"),
    ("Ouvrir la cour de l’école Wagner le samedi", "L’école Wagner\u00a0: une cour ouverte le week-end"),
    ("Une piste cyclable avenue de Colmar", "Avenue de Colmar, une vraie piste pour les cyclistes"),
    ("Des jeux pour enfants au parc Salvator", "Parc Salvator\u00a0: plus de jeux pour les petits"),
    ("Allonger les horaires de la bibliothèque de Bourtzwiller", "La bibliothèque de Bourtzwiller ouverte plus tard"),
    ("Un four à pain commun aux Coteaux", "Cuire son pain ensemble aux Coteaux\u00a0: un four commun"),
    ("Réparer les vélos\u00a0: un atelier gratuit à la gare", "Un atelier à la gare pour réparer son vélo"),
    ("Une fresque sur le mur de la piscine Pierre et Marie Curie", "Peindre une fresque à la piscine Curie"),
)
FAR = ("Baisser le prix du stationnement", "Un marché de producteurs le dimanche", "Éclairer la rue de Bâle la nuit")
# The number of a project of the real file, and other words for it: written by us from its title.
REWORDINGS = (
    ("1360", "Mettre des plantes sur le pont Saint-Louis"),
    ("1520", "Des supports pour attacher les vélos rue Dalayrac et rue Monsigny"),
    ("1927", "Un potager au coin de la rue de Savies et de la rue des Cascades"),
    ("1791", "Créer un parcours de sport le long des grands boulevards"),
    ("1743", "Refaire la place Cambronne et ce qui l’entoure"),
    ("1863", "Marcadet-Poissonniers\u00a0: il manque une vraie place"),
    ("2303", "Aider le théâtre de marionnettes du jardin du Ranelagh"),
    ("2413", "Moins de circulation près du square Montholon"),
    ("2453", "La ferme Montsouris, une maison citoyenne ouverte à la culture"),
    ("2505", "De meilleures conditions pour étudier, pour les élèves du 12e"),
    ("2525", "Des aménagements pour le vélo des enfants et des adultes dans le 19e"),
    ("2532", "Remettre en état le Mur pour la Paix"),
    ("2547", "Une fresque Rosa Parks près de la halle Pajol"),
    ("2643", "Un lieu de vie autour du centre Valeyre"),
    ("2705", "Réaménager la rue La Condamine pour les piétons"),
    ("2717", "L’énergie positive dans les quartiers populaires"),
    ("2808", "Handicap\u00a0: accéder facilement aux établissements publics et à leurs abords"),
    ("2838", "Continuer de rénover le dessous de la dalle de Beaugrenelle"),
    ("2888", "Élargir les trottoirs, pour plus de confort"),
    ("2929", "Un atelier collaboratif de menuiserie ouvert à tous"),
    ("3391", "La médiathèque Yourcenar a besoin d’un auditorium"),
    ("3409", "De nouveaux sanitaires au jardin Catherine Labouré"),
    ("3435", "Donner une nouvelle vie au square Leonor-Fini"),
    ("3827", "Des jeux dans les parcs du 19e\u00a0: de nouveaux espaces ludiques"),
    ("6133", "Faire du sport dehors, en plein air"),
    ("6210", "Restaurer les murs de l’ancienne ligne de chemin de fer d’Auteuil"),
    ("6299", "Améliorer le jardin d’Éole et le jardin Hermite"),
    ("6360", "Trier les déchets dans les cantines des écoles avec des tables de tri"),
    ("6380", "Des cantines plus écologiques et responsables"),
    ("6387", "Restaurer à Sainte-Clotilde la chapelle des baptêmes"),
    ("6389", "Les peintures murales de l’église Saint-Pierre du Gros Caillou à restaurer"),
    ("8550", "Des panneaux solaires et des plantes sur les toitures des écoles"),
    ("8619", "Pouvoir traverser les rues du 11e en sécurité"),
    ("8738", "Une boutique solidaire pour la charrette des quatre saisons"),
    ("8857", "Moderniser le matériel dans les écoles du 19e"),
    ("8876", "Le week-end, ouvrir la cour des écoles pour faire du sport"),
    ("8890", "Aider les personnes fragiles à ne plus être exclues"),
    ("10585", "Porte de Vanves\u00a0: une oasis pour les associations et les citoyens"),
    ("10630", "Du matériel pour les associations qui travaillent à une alimentation durable"),
    ("11004", "Verdir les cours des écoles du 9e et y jouer mieux"),
    ("11007", "Végétalisation de murs publics dans le 9e"),
    ("11077", "Davantage d’arceaux pour les vélos"),
    ("11102", "Avant les Jeux de 2024, du sport dans les quartiers du 13e"),
    ("11139", "Embellir le trottoir et le pied des arbres"),
    ("11155", "Le théâtre doit rayonner dans le 14e"),
    ("11172", "Des boîtes pour échanger des livres dans chaque parc"),
    ("11596", "École Saint-Germain l’Auxerrois\u00a0: refaire le réfectoire et le préau"),
    ("11703", "Plus de bancs publics, adaptés à chacun"),
    ("11730", "Rénovation des équipements de sport dans les quartiers populaires"),
    ("11748", "Des parcs pour les chiens mieux faits aux Épinettes"),
)


def ideas_of(titles, **fields):
    """Publish ideas of these titles, in their order."""
    campaign, author = f.make_campaign(), f.make_resident()
    return [f.make_idea(campaign=campaign, author=author, title=title, **fields) for title in titles]


def keys(title):
    return [near.idea.pk for near in similarity.of_title(title)]


def recall(pairs):
    """Give the share of the re-wordings that find the idea that is meant, and those that do not."""
    lost = [title for title, meant in pairs if meant not in keys(title)]
    return 1 - len(lost) / len(pairs), lost


def test_another_wording_finds_the_idea():
    ideas = ideas_of([title for title, _other in TITLES] + list(FAR))
    pairs = [(other, idea.pk) for (_title, other), idea in zip(TITLES, ideas, strict=False)]
    assert recall(pairs) == (1, [])


@pytest.mark.skipif(not REAL.exists(), reason="the real projects are not beside the checkout (../shared/data)")
def test_fifty_wordings_of_real_projects_find_them():
    with REAL.open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    campaign, author, at = f.make_campaign(), f.make_resident(), timezone.now()
    dated = {"submitted_at": at, "published_at": at, "stage_at": at, "supports_until": f.today()}
    written = {"need": "Besoin", "proposal": "Proposition", "theme": f.make_theme(), "author": author}
    made = Idea.objects.bulk_create(
        Idea(campaign=campaign, title=row["titre_projet_gagnant"][:120], **written, **dated) for row in rows
    )
    by_number = {row["identifiant_projet_gagnant"]: idea.pk for row, idea in zip(rows, made, strict=True)}
    found, lost = recall([(title, by_number[number]) for number, title in REWORDINGS])
    assert found >= LEAST_RECALL, lost


def test_another_idea_finds_nothing():
    ideas_of([title for title, _other in TITLES])
    assert [keys(title) for title in FAR] == [[], [], []]


def test_accents_and_capitals_do_not_count():
    (idea,) = ideas_of(["Végétaliser l’école Jean-Zay"])
    assert keys("VEGETALISER L'ECOLE JEAN-ZAY") == [idea.pk]


@pytest.mark.parametrize("title", ["Une piste ciclable avenue de Colmar", "Une piste cyclab", "Avenue de Colmarr"])
def test_a_misspelt_or_unfinished_word_is_found(title):
    (idea,) = ideas_of(["Une piste cyclable avenue de Colmar"])
    assert keys(title) == [idea.pk]


def test_from_the_twelfth_character():
    (idea,) = ideas_of(["Four à pain commun"])
    assert [keys("Four à pain"), keys("Four à pain   "), keys("Four à pain c")] == [[], [], [idea.pk]]


@pytest.mark.parametrize(
    "title",
    [
        "",
        " " * 40,
        "de la et les pour avec",
        "!!!!!!!!!!!!!!!!",
        r"'''\\'''\ ' & | ! ( <-> :*A",
        "%s %(title)s %% 100 %",
        "\x00" * 20,
        "é" * 5000,
    ],
)
def test_what_is_no_title_finds_nothing(title):
    ideas_of(["Une piste cyclable avenue de Colmar"])
    assert keys(title) == []


def test_a_quoted_or_escaped_word_is_a_word():
    title = r"Ouvrir http://ville.example/a\b'c aux habitants"
    (idea,) = ideas_of([title])
    assert keys(title) == [idea.pk]


def test_what_is_not_visible_is_not_found():
    at = timezone.now()
    title = "Une piste cyclable avenue de Colmar"
    ideas_of([title], withdrawn_at=at)
    ideas_of([title], hidden_at=at)
    ideas_of([title], published=False)
    assert (keys(title), keys("Une piste ciklable avenu de Colmarr")) == ([], [])


def test_five_at_most_the_closest_first():
    titles = [f"Une piste cyclable avenue de Colmar {number}" for number in range(7)]
    ideas = ideas_of(["Une piste cyclable", *titles, "Une piste cyclable rue Franklin"])
    found = keys("Une piste cyclable avenue de Colmar 4")
    assert (len(found), found[0]) == (5, ideas[5].pk)
    assert set(found) <= {idea.pk for idea in ideas[1:8]}


def test_it_says_the_last_answer():
    (idea,) = ideas_of(["Une piste cyclable avenue de Colmar"])
    for number, outcome in enumerate(("transferred", "already"), start=1):
        Answer.objects.create(
            idea=idea,
            number=number,
            outcome=outcome,
            reason="La piste existe.",
            reason_html="<p>La piste existe.</p>",
            handed_to="l’agglomération",
            correction="" if number == 1 else "La piste a été vue depuis.",
            signatory="Service des rues",
            published_at=timezone.now(),
        )
    (near,) = similarity.of_title("Une piste cyclable avenue de Colmar")
    assert (near.idea, near.answer.outcome) == (idea, "already")


def test_three_queries_whatever_the_number():
    counts = []
    for _ in range(2):
        ideas_of(["Une piste cyclable avenue de Colmar"] * 3)
        with CaptureQueriesContext(connection) as asked:
            similarity.of_title("Une piste cyclable avenue de Colmar")
        counts.append(len(asked))
    assert counts == [3, 3]
