"""Likely duplicates: what a re-worded title finds, what it does not, and at what cost."""

import csv

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.rewordings import REAL, REWORDINGS
from ideas import similarity
from ideas.models import Answer, Idea
from tests import factories as f

pytestmark = pytest.mark.django_db

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


def test_published_example():
    """docs/algorithms/idees-ressemblances.md tells it in words."""
    near, other, _far = ideas_of(
        ["Une piste cyclable avenue de Colmar", "Des bancs avenue de Colmar", "Un four à pain"]
    )
    found = similarity.scored("Piste cyclable, avenue de Colmar")
    assert [(key, round(score, 2)) for key, score in found] == [(near.pk, 1.89), (other.pk, 0.91)]


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
