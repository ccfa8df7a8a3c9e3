"""« données publqiues » finds « Données publiques »: accents folded, endings stemmed, typing mistakes forgiven."""

import pytest
from django.db import connection

from consultations import search
from consultations.models import Comment, Consultation, Contribution, Item
from tests import factories as f

pytestmark = pytest.mark.django_db

TEXTS = (
    ("Ouvrir les données publiques", "Les marchés de la ville doivent se lire en ligne."),
    ("Élargir le trottoir de l’école", "Deux poussettes ne s’y croisent pas."),
    ("Planter des tilleuls", "L’été, la cour de l’école est une fournaise."),
    ("Garder le marché", "Les marchands du samedi font vivre la place."),
)


@pytest.fixture
def texts():
    consultation, author = f.make_consultation(), f.make_resident()
    return [
        f.make_contribution(consultation=consultation, author=author, title=title, body=body) for title, body in TEXTS
    ]


def titles(rows):
    return sorted(rows.values_list("title", flat=True))


def first_words(found):
    return [title.split(" ", maxsplit=1)[0] for title in found]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("ecole", ["Planter", "Élargir"]),
        ("écoles", ["Planter", "Élargir"]),
        ("ÉCOLE", ["Planter", "Élargir"]),
        ("donnee publique", ["Ouvrir"]),
        ("marché", ["Garder", "Ouvrir"]),
        ("marché -ville", ["Garder"]),
        ('"cour de l’école"', ["Planter"]),
        ("trottoir école", ["Élargir"]),
        ("samedi or fournaise", ["Garder", "Planter"]),
        ("le la des", []),
        ("les écoles", ["Planter", "Élargir"]),
        ("les données à ouvrir", ["Ouvrir"]),
        ('"les données publiques"', ["Ouvrir"]),
        ('"des données publiques"', ["Ouvrir"]),
        ("piscine", []),
        ("' OR 1=1 --", []),
        ("&|!()<->", []),
    ],
)
def test_words_are_found_whatever_their_accents_and_endings(texts, asked, found):
    assert first_words(titles(search.by_words(Contribution.objects.all(), asked))) == found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("publqiues", ["Ouvrir"]),
        ("données publqiues", ["Ouvrir"]),
        ("tileul", ["Planter"]),
        ("trotoir", ["Élargir"]),
        ("trotoire ecole", ["Élargir"]),
        ("xylophone", []),
    ],
)
def test_typing_mistakes_are_forgiven(texts, asked, found):
    assert titles(search.by_words(Contribution.objects.all(), asked)) == []
    assert first_words(titles(search.by_likeness(Contribution.objects.all(), asked))) == found


def test_title_weighs_more_than_text(texts):
    keys = search.ranked(search.by_words(Contribution.objects.all(), "école"), "école")
    assert [Contribution.objects.get(pk=pk).title for pk in keys] == [
        "Élargir le trottoir de l’école",
        "Planter des tilleuls",
    ]


def test_ranking_looks_at_a_bounded_number_of_rows(texts, monkeypatch):
    monkeypatch.setattr(search, "RANKED", 1)
    assert len(search.ranked(search.by_words(Contribution.objects.all(), "école"), "école")) == 1


def test_very_long_question_is_cut(texts):
    assert search.by_words(Contribution.objects.all(), "école " * 500).count() == 2


def test_consultations_are_found_the_same_way():
    f.make_consultation(title="Place de la Réunion", summary="Que garder du marché ?")
    f.make_consultation(title="Quais du canal", summary="Promenade et ombre.")
    asked = {
        "marches": ["Place de la Réunion"],
        "reunoin": ["Place de la Réunion"],
        "canaux": ["Quais du canal"],
        "": [],
    }
    found = {text: titles(search.consultations(Consultation.objects.all(), text)) for text in asked if text}
    assert found == {text: result for text, result in asked.items() if text}


@pytest.mark.parametrize("asked", ["canal", "Linux", "libre", '"de canal"', "canal\u00a0!", "GNU/Linux"])
def test_a_no_break_space_and_a_slash_part_words(asked):
    """As people paste them from elsewhere, and as the city writes its own titles."""
    made = f.make_contribution(title="Au bord\u00a0de\u00a0canal\u00a0? Avec GNU/Linux", body="Un\u202flibre\u202f!")
    comment = f.make_comment(contribution=made, body="Au bord\u00a0de\u00a0canal, un libre GNU/Linux.")
    consultation = f.make_consultation(title="Au bord\u00a0de\u00a0canal\u00a0? Un libre GNU/Linux")
    item = f.make_item(contribution=made)
    assert list(search.by_words(Contribution.objects.all(), asked)) == [made]
    assert list(search.comments(Comment.objects.all(), asked)) == [comment]
    assert list(search.consultations(Consultation.objects.all(), asked)) == [consultation]
    assert list(search.items(Item.objects.all(), asked)) == [item]


def test_searches_read_their_indexes(texts):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "contribution_search" in search.by_words(Contribution.objects.all(), "école").explain()
    both = search.by_likeness(Contribution.objects.all(), "trotoir").explain()
    assert "contribution_search" in both
    assert "contribution_title_trgm" in both


def test_comments_are_found_by_their_words(texts):
    for text in ("Deux poussettes se croisent mal à l’école.", "Un banc à l’ombre, s’il vous plaît."):
        f.make_comment(contribution=texts[0], body=text)
    asked = {
        "poussette": ["Deux"],
        "ECOLES": ["Deux"],
        "bancs": ["Un"],
        "ombre -banc": [],
        "poussettes or bancs": ["Deux", "Un"],
        "piscine": [],
    }
    found = {
        words: first_words(sorted(search.comments(Comment.objects.all(), words).values_list("body", flat=True)))
        for words in asked
    }
    assert found == asked


def test_the_search_of_comments_reads_its_index(texts):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "comment_search" in search.comments(Comment.objects.all(), "école").explain()
