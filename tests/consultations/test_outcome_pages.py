"""What became of each opinion is public: counted, by theme, opinion by opinion, in the files, and on one's own page."""

import csv
import datetime as dt
import io

import pytest
from django.urls import reverse
from django.utils import timezone

from consultations import answers, coverage, promises
from consultations.models import AnalysisTheme, Decision, Item, ItemOutcome, ItemTheme, Note, Outcome
from mulhouse import typography
from tests import factories as f
from tests.consultations.test_telling import answer, make_item

pytestmark = pytest.mark.django_db


def url(consultation, query=""):
    return reverse("consultations:outcomes", args=[consultation.slug]) + query


def text_of(response):
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


def answer_theme(consultation, title, items, *, decision=Decision.KEPT, at=None, **fields):
    """A theme with its public answer, given to some opinions."""
    at = at or timezone.now()
    theme = AnalysisTheme.objects.create(
        consultation=consultation, title=f"classeur {title}", public_title=title, **fields
    )
    outcome = Outcome.objects.create(
        consultation=consultation,
        theme=theme,
        subject=title,
        is_minority=theme.is_minority,
        decision=decision,
        explanation=f"Raison de {title}.",
        explanation_html=f"<p>Raison de {title}.</p>",
        published_at=at,
    )
    for item in items:
        ItemTheme.objects.create(item=item, theme=theme)
        ItemOutcome.objects.create(item=item, outcome=outcome, given_at=at)
        Item.objects.filter(pk=item.pk).update(place=Item.Place.ANSWERED)
    return theme


def titles(client, consultation, query):
    return [row.title for row in client.get(url(consultation, query)).context["rows"]]


def item_titled(consultation, title, **fields):
    return make_item(f.make_contribution(consultation=consultation, title=title, body=f"Texte sur {title}.", **fields))


# --- Denials ---------------------------------------------------------------------------------------------------------


def test_answers_of_a_draft_consultation_are_a_404(client):
    draft = f.make_consultation(published_at=None)
    assert client.get(url(draft)).status_code == 404
    f.sign_in(client, f.make_resident())
    assert client.get(url(draft)).status_code == 404


def test_working_titles_drafts_and_notes_are_on_no_page(client):
    consultation = f.make_consultation()
    item = item_titled(consultation, "Bancs")
    theme = answer_theme(consultation, "Mobilier", [item])
    Item.objects.filter(pk=item.pk).update(draft_explanation="Brouillon secret")
    AnalysisTheme.objects.filter(pk=theme.pk).update(draft_explanation="Brouillon secret")
    Note.objects.create(item=item, body="Note secrète", written_at=timezone.now())
    AnalysisTheme.objects.create(consultation=consultation, title="classeur sans réponse")
    pages = [url(consultation), url(consultation, "?voir=avis"), url(consultation, "?q=bancs")]
    for page in pages:
        text = text_of(client.get(page))
        assert [words in text for words in ("classeur", "Brouillon secret", "Note secrète")] == [False] * 3
    assert "Mobilier" in text_of(client.get(pages[0]))


def test_hidden_and_withdrawn_opinions_are_in_no_list(client):
    consultation = f.make_consultation()
    for title, place in (("Masqué", "hidden"), ("Retiré", "withdrawn"), ("Visible", "waiting")):
        item = item_titled(consultation, title)
        Item.objects.filter(pk=item.pk).update(place=place)
    assert titles(client, consultation, "?voir=avis") == ["Visible"]


# --- The list --------------------------------------------------------------------------------------------------------


def test_themes_come_with_their_answer_most_opinions_first(client):
    consultation = f.make_consultation()
    items = [item_titled(consultation, f"Avis {number}") for number in range(3)]
    answer_theme(consultation, "Petit", items[:1], decision=Decision.NOT_KEPT, is_minority=True)
    answer_theme(consultation, "Grand", items)
    response = client.get(url(consultation))
    found = response.context["themes"]
    assert [(theme.title, theme.count_words.replace("\u00a0", " ")) for theme in found] == [
        ("Grand", "3 avis"),
        ("Petit", "1 avis"),
    ]
    text = text_of(response)
    assert "Raison de Grand." in text
    assert "Point de vue minoritaire" in text
    assert "3 avis sur 3 ont une suite" in text


def test_earlier_answers_stay_in_sight(client):
    consultation = f.make_consultation()
    theme = answer_theme(
        consultation, "Mobilier", [item_titled(consultation, "Bancs")], at=timezone.now() - dt.timedelta(days=9)
    )
    Outcome.objects.create(
        consultation=consultation,
        theme=theme,
        subject="Mobilier",
        decision=Decision.PARTLY_KEPT,
        explanation="Moins de bancs.",
        explanation_html="<p>Moins de bancs.</p>",
        published_at=timezone.now(),
    )
    (found,) = client.get(url(consultation)).context["themes"]
    assert (str(found.answer.tag.label), [str(one.tag.label) for one in found.earlier]) == (
        "Retenu en partie",
        ["Retenu"],
    )


def test_opinions_are_found_by_words_decision_and_theme(client):
    consultation = f.make_consultation()
    kept, refused, waiting = (item_titled(consultation, title) for title in ("Tilleuls", "Parking", "Fontaine"))
    theme = answer_theme(consultation, "Nature", [kept])
    answer(refused, at=timezone.now(), decision=Decision.NOT_KEPT)
    assert waiting.place == "waiting"
    expected = {
        "?voir=avis": ["Fontaine", "Parking", "Tilleuls"],
        "?suite=retenus": ["Tilleuls"],
        "?suite=non-retenus": ["Parking"],
        "?suite=en-attente": ["Fontaine"],
        "?suite=transmis": [],
        f"?theme={theme.reference}": ["Tilleuls"],
        "?q=tilleul": ["Tilleuls"],
        "?q=tilleul&suite=non-retenus": [],
        "?voir=avis&suite=n-importe&theme=inconnu": ["Fontaine", "Parking", "Tilleuls"],
    }
    assert {query: titles(client, consultation, query) for query in expected} == expected


def test_opinions_are_found_as_contributions_are(client):
    """« les vélos » finds « le vélo », and a typing mistake does not lose the title."""
    consultation = f.make_consultation()
    item_titled(consultation, "Le vélo à l’école")
    item_titled(consultation, "Parking")
    for words in ("les vélos", "à vélo", "écoel"):
        assert titles(client, consultation, f"?voir=avis&q={words}") == ["Le vélo à l’école"], words


def test_decisions_are_counted_in_words_and_shape(client):
    consultation = f.make_consultation()
    items = [item_titled(consultation, f"Avis {number}") for number in range(4)]
    answer_theme(consultation, "Oui", items[:3])
    answer_theme(consultation, "Non", items[2:], decision=Decision.NOT_KEPT)
    parts = client.get(url(consultation)).context["parts"]
    assert [(part.label, part.count, part.start, part.width) for part in parts] == [
        ("retenus", 3, 0, 600),
        ("non retenus", 2, 600, 400),
    ]
    assert answers.parts_words(parts) == "3 retenus, 2 non retenus"
    assert answers.parts_words(answers.parts({"kept": 1, "already_done": 1})) == "1 retenu, 1 déjà fait"
    assert answers.counts(consultation)["not_kept"] == 2


def test_list_is_read_from_row_to_row(client):
    consultation = f.make_consultation()
    for number in range(45):
        item_titled(consultation, f"Avis {number:02}")
    seen, page = [], url(consultation, "?voir=avis")
    while page:
        context = client.get(page).context
        seen += [row.title for row in context["rows"]]
        page = context["pages"].next_url
    assert sorted(seen) == [f"Avis {number:02}" for number in range(45)]


@pytest.mark.parametrize("count", [1, 15])
@pytest.mark.parametrize(("query", "queries"), [("", 7), ("?voir=avis", 8)])
def test_pages_cost_the_same_whatever_their_length(client, count, query, queries, django_assert_max_num_queries):
    consultation = f.make_consultation()
    for number in range(count):
        answer_theme(consultation, f"Thème {number}", [item_titled(consultation, f"Avis {number}")])
    with django_assert_max_num_queries(queries):
        client.get(url(consultation, query))


def test_nothing_published_says_so(client):
    text = text_of(client.get(url(f.make_consultation())))
    assert "Aucune réponse publiée pour l’instant" in text


def test_coverage_is_counted_once_opinions_are_over_or_one_has_an_answer(client):
    opened = f.make_consultation()
    item = item_titled(opened, "Bancs")
    item_titled(opened, "Arbres")
    assert "une suite" not in text_of(client.get(url(opened)))
    answer(item, at=timezone.now())
    assert "1 avis sur 2 a une suite" in text_of(client.get(url(opened, "?encore")))
    over = f.make_consultation(phase="analyse")
    item_titled(over, "Bancs")
    assert "0 avis sur 1 a une suite" in text_of(client.get(url(over)))


def test_htmx_gets_the_results_alone(client):
    consultation = f.make_consultation()
    page = client.get(url(consultation, "?voir=avis"), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page
    assert 'id="resultats"' in page


def test_coverage_is_said_in_words():
    consultation = f.make_consultation()
    item = item_titled(consultation, "Bancs")
    answer(item, at=timezone.now())
    assert answers.coverage_words(coverage.of(consultation)).replace("\u00a0", " ") == "1 avis sur 1 a une suite"
    assert answers.coverage_words(coverage.of(f.make_consultation())) == ""


def test_page_of_the_consultation_shows_the_coverage_once_opinions_are_over(client):
    consultation = f.make_consultation(phase="analyse")
    answer(item_titled(consultation, "Bancs"), at=timezone.now())
    text = text_of(client.get(consultation.get_absolute_url()))
    assert "1 avis sur 1 a une suite" in text
    opened = f.make_consultation()
    item_titled(opened, "Arbres")
    assert "ont une suite" not in text_of(client.get(opened.get_absolute_url()))


# --- One's own page --------------------------------------------------------------------------------------------------


def test_own_page_says_what_became_of_each_text(client):
    author = f.make_resident()
    row = f.make_contribution(author=author, title="Des bancs")
    other = f.make_contribution(author=author, title="Des arbres")
    comment = f.make_comment(contribution=row, author=author)
    answer(make_item(row), at=timezone.now(), explanation="Douze bancs seront posés.")
    make_item(other)
    answer(make_item(comment), at=timezone.now(), decision=Decision.OUT_OF_SCOPE, explanation="C’est privé.")
    f.sign_in(client, author)
    text = text_of(client.get(reverse("consultations:mine")))
    assert "Douze bancs seront posés." in text
    assert f"en citant la référence {row.reference}" in text
    due = typography.day(promises.due_on(row.consultation)).replace("\u00a0", " ")
    assert f"Les avis sont encore ouverts. La Ville répondra le {due} au plus tard." in text
    text = text_of(client.get(reverse("consultations:mine") + "?voir=commentaires"))
    assert "Hors périmètre" in text
    assert "C’est privé." in text


@pytest.mark.parametrize(
    ("phase", "source_note", "days", "words"),
    [
        ("contribute", "", 30, "Les avis sont encore ouverts. La Ville répondra le "),
        ("analyse", "", 30, "La Ville répondra le "),
        ("analyse", "", 1, "La Ville devait répondre le "),
        ("analyse", "Tenue ailleurs", 30, "La Ville n’y a pas encore répondu."),
    ],
)
def test_who_waits_is_told_until_when(client, phase, source_note, days, words):
    author = f.make_resident()
    consultation = f.make_consultation(phase=phase, source_note=source_note, restitution_days=days)
    make_item(f.make_contribution(consultation=consultation, author=author))
    f.sign_in(client, author)
    assert f'<p class="discret">{words}' in text_of(client.get(reverse("consultations:mine")))


def test_own_page_shows_nothing_of_others(client):
    answer(make_item(), at=timezone.now(), explanation="Pour quelqu’un d’autre.")
    f.sign_in(client, f.make_resident())
    for view in ("", "?voir=commentaires", "?voir=questionnaires"):
        assert "Pour quelqu’un d’autre." not in text_of(client.get(reverse("consultations:mine") + view))


@pytest.mark.parametrize("count", [1, 10])
def test_own_page_costs_the_same(client, count, django_assert_max_num_queries):
    author = f.make_resident()
    for _ in range(count):
        answer(make_item(f.make_contribution(author=author)), at=timezone.now())
    f.sign_in(client, author)
    with django_assert_max_num_queries(8):
        client.get(reverse("consultations:mine"))


# --- Files -----------------------------------------------------------------------------------------------------------


def test_files_say_what_became_of_each_contribution(client):
    consultation = f.make_consultation()
    item = item_titled(consultation, "Bancs")
    item_titled(consultation, "Arbres")
    answer_theme(consultation, "Mobilier", [item])
    answer(
        item,
        at=timezone.now(),
        decision=Decision.FORWARDED,
        forwarded_to="L’agglomération",
        explanation="Pas la Ville.",
    )
    body = b"".join(
        client.get(reverse("consultations:export", args=[consultation.slug, "contributions", "csv"])).streaming_content
    )
    lines = {line["titre"]: line for line in csv.DictReader(io.StringIO(body.decode()), delimiter=";")}
    assert (lines["Bancs"]["suite"], lines["Arbres"]["suite"]) == ("transmis, retenu", "")
    body = b"".join(
        client.get(reverse("consultations:export", args=[consultation.slug, "suites", "csv"])).streaming_content
    )
    lines = list(csv.DictReader(io.StringIO(body.decode()), delimiter=";"))
    assert sorted((line["avis"], line["decision"], line["transmis_a"]) for line in lines) == [
        (item.reference, "retenu", ""),
        (item.reference, "transmis", "L’agglomération"),
    ]
