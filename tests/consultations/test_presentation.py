"""Consultations in words: where they stand, for whom, how long; nothing of it is decided in a template."""

import datetime as dt

import pytest
from django.utils import timezone

from consultations import presentation
from consultations.models import Consultation, Phase, ResidencyLevel
from tests import factories as f

pytestmark = pytest.mark.django_db


def dated(*days, kinds=("contribute", "analyse"), **fields):
    """A consultation whose phases are given as (first day, last day), counted from today."""
    row = f.make_consultation(phase=None, **fields)
    for position, (kind, (first, last)) in enumerate(zip(kinds, days, strict=False), start=1):
        Phase.objects.create(
            consultation=row,
            position=position,
            kind=kind,
            name=str(Phase.Kind(kind).label),
            starts_on=f.today() + dt.timedelta(days=first),
            ends_on=None if last is None else f.today() + dt.timedelta(days=last),
        )
    return row


def tag(row):
    return str(presentation.open_tag(row, at=timezone.now()).label)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"phase": "inform"}, "Bientôt"),
        ({"phase": "contribute"}, "Avis ouverts"),
        ({"phase": "analyse"}, "Avis en cours d’analyse"),
        ({"phase": "decide"}, "Décision en préparation"),
        ({"phase": "follow"}, "Décision rendue"),
        ({"published_at": None}, "Brouillon"),
        ({"archived_at": timezone.now()}, "Archivée"),
        ({"phase": None}, "Terminée"),
    ],
)
def test_one_word_says_where_a_consultation_stands(fields, words):
    assert tag(f.make_consultation(**fields)) == words


def test_one_word_before_between_and_after_the_phases():
    assert [tag(dated((2, 9))), tag(dated((-9, -2), (2, 9))), tag(dated((-9, -5), (-4, -2)))] == [
        "Bientôt",
        "Bientôt",
        "Terminée",
    ]


def card(row):
    row = Consultation.objects.with_district_names().get(pk=row.pk)
    shown = presentation.card(row, at=timezone.now())
    return shown.step, shown.steps, str(shown.step_words), str(shown.left_words)


def day(days):
    return presentation.Words().day(timezone.now() + dt.timedelta(days=days))


def test_card_says_the_step_and_what_is_left():
    assert card(dated((-3, 4), (5, 9))) == (1, 2, "Étape 1 sur 2\u00a0: Donner son avis", "Encore 5 jours")
    assert card(dated((-3, 0), (1, 9))) == (1, 2, "Étape 1 sur 2\u00a0: Donner son avis", "Dernier jour")
    assert card(dated((-9, -1), (0, None))) == (2, 2, "Étape 2 sur 2\u00a0: Analyser", "")
    assert card(dated((2, 9), (10, 12))) == (0, 2, f"Donner son avis, à partir du {day(2)}", "")
    assert card(dated((-9, -2), (2, 9))) == (1, 2, f"Analyser, à partir du {day(2)}", "")
    assert card(dated((-9, -5), (-4, -2))) == (3, 2, "Toutes les étapes sont terminées", "")
    assert card(f.make_consultation(phase=None)) == (1, 0, "", "")


def test_finished_phase_of_contribution_says_what_it_brought():
    row = dated((-9, -2), (-1, 9), contribution_count=1200)
    words = [str(step.state_words) for step in presentation.stepper(row, at=timezone.now())]
    assert words == ["Terminé\u00a0: 1\u00a0200 contributions", "En cours\u00a0: encore 10 jours"]


@pytest.mark.parametrize(("count", "words"), [(0, "Toute la ville"), (1, "A"), (2, "A, B"), (3, "3 quartiers")])
def test_places_are_named_while_they_are_few(count, words):
    names = [f.make_district(name=name, position=number) for number, name in enumerate("ABC"[:count])]
    f.make_consultation(districts=names)
    assert presentation.places(Consultation.objects.with_district_names().get()) == words


def facts(**fields):
    return {str(fact.label): str(fact.value) for fact in presentation.facts(f.make_consultation(**fields))}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"budget_euros": 640_000}, "640\u00a0000\u00a0€"),
        ({"budget_euros": 640_000, "budget_note": "hors études"}, "640\u00a0000\u00a0€ (hors études)"),
        ({"budget_note": "à définir avec vous"}, "à définir avec vous"),
        ({"budget_euros": 0}, "0\u00a0€"),
        ({}, None),
    ],
)
def test_budget_is_said_as_far_as_it_is_known(fields, words):
    found = facts(**fields).get("Budget")
    assert (found and found.replace("\u202f", "\u00a0")) == words


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"residency_level": ResidencyLevel.NONE}, "Toute personne intéressée"),
        ({"minimum_age": 16}, "Les personnes qui déclarent habiter Mulhouse, à partir de 16\u00a0ans"),
    ],
)
def test_who_may_take_part_is_said(fields, words):
    assert facts(**fields)["Qui peut participer\u00a0?"] == words


def test_place_is_said_with_what_is_known_of_it():
    assert facts(place_address="12 quai du Fil")["Lieu"] == "12 quai du Fil"
    assert facts(place_name="Le Fil", place_address="12 quai du Fil")["Lieu"] == "Le Fil, 12 quai du Fil"


@pytest.mark.parametrize(
    ("content_type", "name", "kind"),
    [
        ("application/pdf", "a.bin", "PDF"),
        ("application/vnd.oasis.opendocument.text", "a", "ODT"),
        ("image/svg+xml", "a.svg", "SVG"),
        ("x/y", "sans-extension", "Fichier"),
        ("x/y", None, "Fichier"),
    ],
)
def test_type_of_a_file_is_one_that_people_know(content_type, name, kind):
    assert presentation.file_kind(content_type, name) == kind


def test_excerpt_is_cut_at_a_word():
    assert presentation.shortened("Un mot", 10) == "Un mot"
    assert presentation.shortened("Un  mot\n\nde trop, vraiment", 16) == "Un mot de trop…"
    assert presentation.shortened("Un avis\u00a0:\nle mien", 20) == "Un avis\u00a0: le mien"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("La rue change. Dites ce que vous en pensez.", "La rue change."),
        ("La rue de 2.5 km change et vous le dites.", "La rue de 2.5 km…"),
        ("Oui. La rue change de sens, dites ce que vous en pensez.", "Oui. La rue change…"),
    ],
    ids=["a sentence fits", "a number is no end", "too little would be left"],
)
def test_excerpt_ends_with_a_sentence_where_it_can(text, shown):
    assert presentation.shortened(text, 20) == shown


def test_text_that_must_not_pass_for_whole_says_where_it_was_cut():
    assert presentation.shortened("La rue change. Dites ce que vous en pensez.", 20, mark="\u00a0[…]").endswith(
        ".\u00a0[…]"
    )
    assert presentation.shortened("La rue change.", 20, mark="\u00a0[…]") == "La rue change."


def test_excerpt_of_a_very_long_article_holds_no_half_tag():
    html = "<p>" + "mot " * 50 + '<a href="https://example.org/' + "x" * 3000 + '">lien</a></p>'
    author = f.make_resident()
    row = presentation.row(f.make_contribution(author=author, body_html=html), words=presentation.Words(), base="/x/")
    assert "<a" not in row.excerpt
    assert row.excerpt.startswith("mot mot")
