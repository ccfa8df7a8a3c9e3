"""Reading the file of another platform: what is kept, what is set aside, what is told."""

import datetime as dt
import json
from pathlib import Path

import pytest

from consultations import capcollectif
from consultations.phases import PARIS

FIXTURE = Path(__file__).parent.parent / "fixtures" / "capcollectif.jsonl"


@pytest.fixture
def reading():
    with FIXTURE.open("rb") as lines:
        return capcollectif.read(lines)


def test_reading_tells_each_wrong_line_and_goes_on(reading):
    assert [opinion.key for opinion in reading.opinions] == ["opinion:1", "opinion:10"]
    assert [str(problem) for problem in reading.problems] == [
        "ligne 1, argument 5 : « type » doit valoir 1 (pour) ou 0 (contre).",
        "ligne 2 : JSON illisible au caractère 27.",
        "ligne 4 : « title » manque ou est vide.",
        "ligne 5 : l’identifiant 1 est déjà à la ligne 1.",
        "ligne 7 : « created_at » n’est pas une date.",
        "ligne 8 : « votes_ok » doit être un nombre entier positif.",
        "ligne 9 : il ne reste rien du texte une fois nettoyé.",
        "ligne 10 : le titre dépasse 400 caractères.",
        "ligne 11, argument 2 : l’identifiant 11 est déjà à la ligne 1.",
        "ligne 11, argument 3 : un objet JSON est attendu.",
        "ligne 12 : un objet JSON est attendu.",
        "ligne 13 : le texte n’est pas en UTF-8.",
    ]


def test_reading_counts_what_its_platform_set_aside(reading):
    assert (reading.skipped_opinions, reading.skipped_comments) == (1, 2)


def test_opinion_is_decoded_and_cleaned(reading):
    opinion = reading.opinions[0]

    assert opinion.title == "Des bancs à l’ombre"
    assert opinion.body_html == (
        "<p><strong>Pourquoi&nbsp;?</strong></p><p>L’été, tout le monde <strong>cherche l'ombre</strong>.</p>"
        '<p>Voir <a rel="nofollow ugc noopener">ici</a> et '
        '<a href="https://exemple.org/bancs" rel="nofollow ugc noopener">là</a>.</p>'
        "<p>[barré&nbsp;: Cinq] Dix bancs.</p>"
        "\n<p><strong>Explication de l'article</strong></p>\n<p>Un banc coûte 800&nbsp;€.</p>"
    )
    assert opinion.body.splitlines()[-2:] == ["Explication de l'article", "Un banc coûte 800 €."]
    assert (opinion.agree, opinion.mixed, opinion.disagree) == (12, 3, 1)
    assert opinion.section == capcollectif.ImportedSection(
        key="type:7", title="Les rues", question="Section 1 de la consultation d’origine"
    )
    assert opinion.author == "participant-0001"


def test_arguments_are_plain_text(reading):
    first, second = reading.opinions[0].comments

    assert first.body_html == "<p>Oui &amp; vite !</p>\n<p>Avec un dossier,<br>sinon rien &lt;3</p>"
    assert (first.stance, first.supports) == ("for", 4)
    assert second.stance == "against"
    # A tag typed in a plain text is shown as typed.
    assert second.body_html == (
        "<p>&lt;img src=x onerror=alert(3)&gt; C'est &lt;script&gt;alert(4)&lt;/script&gt; trop cher</p>"
    )


def test_sources_keep_only_addresses_of_the_web(reading):
    assert [(source.title, source.url, source.body_html) for source in reading.opinions[0].sources] == [
        ("Plan des bancs & fontaines", "https://exemple.org/plan", "<p>Le plan de <strong>2020</strong>.</p>"),
        ("Sans lien", "", ""),
    ]


def test_days_are_those_of_paris(reading):
    assert reading.days() == (dt.date(2021, 3, 2), dt.date(2021, 4, 12))


def test_author_without_a_name_is_said_unknown(reading):
    assert reading.opinions[1].author == "Auteur inconnu"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Une ligne", "<p>Une ligne</p>"),
        ("moins de <50 % ou <nom>", "<p>moins de &lt;50 % ou &lt;nom&gt;</p>"),
        ("Un<br>\r\ndeux<br>trois", "<p>Un<br>deux<br>trois</p>"),
        ("Du <b>gras</b><script>x</script>", "<p>Du <strong>gras</strong></p>"),
        ("&lt;p&gt;", "<p>&lt;p&gt;</p>"),
        ("<div><p>Un</p></div><p> &nbsp;</p><div>Deux</div>", "<p>Un</p><p>Deux</p>"),
        ("<h1>Titre</h1><ul><li>a</li></ul>", "<p><strong>Titre</strong></p><ul><li>a</li></ul>"),
        ("", ""),
        ("<p></p>", ""),
    ],
)
def test_to_html(source, expected):
    assert capcollectif.to_html(source) == expected


def _line(**fields):
    row = {
        "id": 1,
        "title": "Titre",
        "body": "Texte",
        "created_at": "2021-03-02T10:00:00",
        "type": {"id": 7, "title": "Section 1"},
    }
    return json.dumps({**row, **fields}).encode()


def test_date_without_an_offset_is_in_paris():
    opinion = capcollectif.read([_line()]).opinions[0]

    assert opinion.published_at == dt.datetime(2021, 3, 2, 10, tzinfo=PARIS)


def test_section_has_one_name_or_the_other():
    titled = capcollectif.read([_line()]).opinions[0].section
    assert (titled.title, titled.question) == ("Section 1", "Partie de la consultation d’origine")
    subtitled = capcollectif.read([_line(type={"id": 7, "subtitle": "y" * 130})]).opinions[0].section
    assert subtitled.title == "y" * 119 + "…"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": None}, "« id » manque ou n’est pas un identifiant."),
        ({"id": True}, "« id » manque ou n’est pas un identifiant."),
        ({"id": "a b"}, "« id » manque ou n’est pas un identifiant."),
        ({"type": None}, "« type » manque."),
        ({"type": {"id": 7}}, "« type » n’a ni titre ni sous-titre."),
        ({"arguments": "x"}, "« arguments » doit être une liste."),
        ({"votes_nok": 1.5}, "« votes_nok » doit être un nombre entier positif."),
    ],
)
def test_wrong_line_says_why(fields, reason):
    reading = capcollectif.read([_line(**fields)])

    assert (reading.opinions, [problem.reason for problem in reading.problems]) == ([], [reason])
