"""Accents, endings, beginnings and misspelt words; what is typed by anybody; the order; the cost."""

import datetime as dt
import html
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consultations.models import Comment, Consultation, Contribution
from search import actions, finding, spelling, upkeep, views
from search import asked as asking
from search.models import Document
from tests import factories as f
from tests.consultations.test_import import REAL
from tests.factories import sign_in
from tests.search.conftest import ROW
from tests.test_budgets import HTML_BYTES, asked

pytestmark = pytest.mark.django_db

PARIS = timezone.get_default_timezone()
TITLES = {
    "tilleuls": "Planter des tilleuls municipaux",
    "trottoir": "Élargir le trottoir devant l’école",
    "bibliothèque": "Ouvrir la bibliothèque le dimanche",
    "éclairage": "Réparer l’éclairage de la passerelle",
    "poubelles": "Vider les poubelles plus souvent",
}
letters = st.sampled_from("abcdefghijklmnopqrstuvwxyz")
words = st.text(letters, min_size=5, max_size=14)


@pytest.fixture
def corpus():
    consultation, author = f.make_consultation(), f.make_resident()
    rows = {
        word: f.make_contribution(consultation=consultation, author=author, title=title, body="Voilà pourquoi.")
        for word, title in TITLES.items()
    }
    actions.count_words()
    return {word: row.get_absolute_url() for word, row in rows.items()}


def mistaken(word, kind, at, sign):
    """Make one mistake in a word."""
    at %= len(word)
    if kind == "added":
        return word[:at] + sign + word[at:]
    if kind == "forgotten":
        return word[:at] + word[at + 1 :]
    if kind == "replaced":
        return word[:at] + sign + word[at + 1 :]
    at = min(at, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


mistakes = st.tuples(st.sampled_from(["added", "forgotten", "replaced", "swapped"]), st.integers(0, 20), letters)


@settings(deadline=None)
@given(word=words, mistake=mistakes)
def test_one_mistake_keeps_a_common_key(word, mistake):
    wrong = mistaken(word, *mistake)
    assert spelling.mistakes(word, wrong) <= 1
    assert spelling.keys(word) & spelling.keys(wrong)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(word=st.sampled_from(sorted(TITLES)), mistake=mistakes)
def test_a_word_with_one_mistake_finds_its_text(corpus, word, mistake):
    text = asking.read(mistaken(word, *mistake))
    answer = finding.answer(text, finding.Narrow(), at=timezone.now())
    addresses = [views._row(result).url for result in finding.page(answer, text, number=1)]  # noqa: SLF001 (what it shows)
    assert corpus[word] in addresses[:5]


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("ECLAIRAGE", "éclairage"),
        ("ecoles trottoirs", "trottoir"),
        ("muni", "tilleuls"),
        ("biblio", "bibliothèque"),
        ("bibliothequ", "bibliothèque"),
        ('"vider les poubelles"', "poubelles"),
        ("ouvrir -tilleuls", "bibliothèque"),
        ("les trottoirs", "trottoir"),
        ("elagrir le trotoir devan lecole", "trottoir"),
    ],
)
def test_words_are_found(corpus, found, typed, word):
    assert found(typed)[0] == corpus[word]


def test_what_was_perhaps_meant_is_said_with_its_accents(corpus, meant):
    assert meant("bibliotheqeu dimanche") == "bibliothèque dimanche"
    assert meant("bibliotheque") == ""


@pytest.mark.parametrize(
    "typed",
    ["' OR 1=1 --", '"', '"""', "a & b | !c <-> (d", "\\", "'''\\'''", "%s %d %", "\x00", "a\x00b", "\ud800", "(?:a+)+$", "*",
     ":*", "-", "- -", "or", "or or", "<script>alert(1)</script>", "ʼʼʼ", "'_':*", "x" * 10_000, "mot " * 3_000, "\u202eabc", "🌳" * 50,
     "ﬁﬁﬁ", "-tilleuls", "ß" * 90],
)  # fmt: skip
def test_whatever_is_typed_has_an_answer(corpus, client, typed):
    for route in ("search:results", "search:suggestions"):
        response = client.get(reverse(route), {"q": typed.encode("utf-8", "replace")}, headers={"HX-Request": "true"})
        assert response.status_code == 200
        assert "<script>alert" not in response.content.decode()


def test_suggestions_opened_alone_are_the_page_itself(client):
    response = client.get(reverse("search:suggestions"), {"q": "tilleuls & bancs"})
    assert response["Location"] == f"{reverse('search:results')}?q=tilleuls+%26+bancs"


def test_an_excerpt_is_escaped_and_marked():
    bad = f"<img src=x onerror=alert(1)> {finding.OPEN}mot{finding.CLOSED} {finding.CLOSED}{finding.OPEN}fin"
    assert views.marked(bad) == "&lt;img src=x onerror=alert(1)&gt; <mark>mot</mark> fin"


@pytest.mark.parametrize(
    ("excerpt", "body", "shown"),
    [
        ("Un banc au soleil", "Un banc au soleil.", "Un banc au soleil."),
        ("Un banc au soleil", "Un banc au soleil toute la journée.", "Un banc au soleil\u00a0…"),
        ("banc au soleil", "Un banc au soleil\u00a0!", "…\u00a0banc au soleil !"),
        ("", "Un banc.", ""),
    ],
)
def test_an_excerpt_says_where_the_text_goes_on(excerpt, body, shown):
    marked = excerpt.replace("banc", f"{finding.OPEN}banc{finding.CLOSED}")
    written = finding.framed(marked, body[:60], body[-60:].replace("\u00a0", " "))
    assert written.replace(finding.OPEN, "").replace(finding.CLOSED, "") == shown


def test_no_break_spaces_come_back_in_a_headline():
    assert (
        views.marked("Combien ? 1 200, dit « Léa » : oui.")
        == "Combien\u00a0? 1\u00a0200, dit «\u00a0Léa\u00a0»\u00a0: oui."
    )


def test_filters_narrow_and_nonsense_is_ignored(found):
    theme, district = f.make_theme(), f.make_district()
    here = f.make_consultation(title="La fontaine", theme=theme, districts=[district])
    f.make_consultation(title="Une autre fontaine", districts=[f.make_district()], phase="follow")
    assert len(found("fontaine")) == 2
    for question in ({"theme": theme.slug}, {"quartier": district.slug}, {"etat": "ouvert"}):
        assert found("fontaine", **question) == [here.get_absolute_url()]
    assert found("fontaine", sorte="comment") == []
    assert found("fontaine", periode="semaine") == []
    assert len(found("fontaine", theme="nulle-part", sorte="x", page="9999", periode="z")) == 2


def test_days_narrow_and_both_count(client, found):
    """From midnight to midnight in Paris, on the days of 23 and 25 hours too."""
    for day, hour, minute in ((24, 23, 59), (25, 0, 0), (25, 23, 59), (26, 0, 0)):
        at = dt.datetime(2026, 10, day, hour, minute, tzinfo=PARIS)
        f.make_contribution(title=f"Fontaine {day} {hour}", published_at=at)

    def titles(**asked):
        page = client.get(reverse("search:results"), {"q": "fontaine", **asked}).content.decode()
        return sorted(re.sub(r"<[^>]+>", "", title) for _url, title in ROW.findall(page))

    assert titles(du="2026-10-25", au="2026-10-25") == ["Fontaine 25 0", "Fontaine 25 23"]
    assert titles(au="2026-10-24") == ["Fontaine 24 23"]
    assert titles(du="26/10/2026") == ["Fontaine 26 0"]
    assert len(titles(du="2026-10-25", periode="annee")) == 3
    assert titles(du="2026-10-25", periode="semaine") == []


@pytest.mark.parametrize(
    ("asked", "name", "words"),
    [
        ({"du": "hier"}, "du", "Écrivez un jour qui existe, par exemple 31/12/2026."),
        ({"au": "2026-02-30"}, "au", "Écrivez un jour qui existe, par exemple 31/12/2026."),
        ({"du": "2026-03-02", "au": "2026-03-01"}, "au", "Ce jour vient avant celui du début."),
        ({"au": "9999-12-31"}, "au", "Écrivez une année entre 1900 et 2100."),
        ({"du": "0001-01-01"}, "du", "Écrivez une année entre 1900 et 2100."),
        ({"du": "<script>"}, "du", "Écrivez un jour qui existe, par exemple 31/12/2026."),
    ],
)
def test_a_wrong_day_is_said_beside_its_field_and_narrows_nothing(client, asked, name, words):
    f.make_contribution(title="Une fontaine")
    page = client.get(reverse("search:results"), {"q": "fontaine", **asked}).content.decode()
    assert re.search(rf'id="id_{name}_error".*?{re.escape(words)}', page, re.DOTALL)
    assert f'<li><a href="#id_{name}">' in page
    assert '<details class="filtres" open>' in page
    assert len(ROW.findall(page)) == 1
    assert "<script>" not in page


def test_what_was_asked_stays_in_every_link(client):
    """From a page to the next, from a kind to another: the address goes on saying all of it; « Tout effacer » says none."""
    consultation = f.make_consultation(title="La fontaine", districts=[f.make_district(slug="ici")])
    for _ in range(22):
        f.make_contribution(consultation=consultation, title="Une fontaine")
    first, last = (f.today() - dt.timedelta(days=70)).isoformat(), f.today().isoformat()
    asked = {
        "q": "fontaine",
        "du": first,
        "au": last,
        "periode": "annee",
        "etat": "ouvert",
        "theme": consultation.theme.slug,
    }
    page = html.unescape(client.get(reverse("search:results"), {**asked, "sorte": "contribution"}).content.decode())

    def link(words):
        (address,) = re.findall(rf'<a [^>]*?href="([^"]*)"[^>]*>(?:<svg.*?</svg>)?{words}', page)
        return dict(parse_qsl(urlsplit(address).query))

    assert link("Suivante") == {**asked, "sorte": "contribution", "page": "2"}
    assert link("Consultations \\(") == {**asked, "sorte": "consultation"}
    assert link("Tout effacer") == {"q": "fontaine"}
    without = [dict(parse_qsl(urlsplit(each).query)) for each in re.findall(r'puce--retirer" href="([^"]*)"', page)]
    whole = {**asked, "sorte": "contribution"}
    assert [sorted(whole.keys() - each.keys()) for each in without] == [
        ["etat"],
        ["theme"],
        ["periode"],
        ["du"],
        ["au"],
    ]


def test_a_page_too_far_is_refused_kindly(client):
    for _ in range(22):
        f.make_contribution(title="Une fontaine")
    page = client.get(reverse("search:results"), {"q": "fontaine", "page": "9999"}).content.decode()
    assert "Il n’y a pas de page plus loin que la page 2" in page
    assert len(ROW.findall(page)) == 2


def test_themes_that_are_named_lead_to_what_the_city_says_of_them(client):
    theme = f.make_theme(name="Jardins et zythologie", slug="jardins-et-zythologie")
    f.make_consultation(title="La zythologie", theme=theme)

    def themes(text):
        page = client.get(reverse("search:results"), {"q": text}).content.decode()
        return re.findall(
            r'href="/concertations/\?theme=([^"]*)"', page.partition("</form>")[2].partition("<footer")[0]
        )

    assert themes("zythologies") == [theme.slug]
    assert themes("la ZYTHO") == [theme.slug]
    assert themes("fontaine") == []
    assert len(themes("")) <= views.THEMES_SHOWN


def test_what_the_city_says_comes_before_what_is_said_of_it(found):
    row = f.make_contribution(title="La fontaine")
    consultation = f.make_consultation(title="La fontaine")
    f.make_comment(contribution=row, body="La fontaine")
    assert found("fontaine")[:2] == [consultation.get_absolute_url(), row.get_absolute_url()]


# --- Exactness ---------------------------------------------------------------------------------------------------------

writes = st.lists(
    st.tuples(
        st.sampled_from(["add", "bulk", "title", "html", "save", "slug", "comment", "drop", "hide"]),
        st.integers(0, 50),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=30),
    ),
    max_size=12,
)


def _write(consultation, author, kind, number, text):
    rows = list(Contribution.objects.order_by("pk"))
    row = rows[number % len(rows)] if rows else None
    if kind == "add":
        f.make_contribution(consultation=consultation, author=author, title=text, body=text)
    elif kind == "bulk":
        Contribution.objects.bulk_create(
            [
                Contribution(consultation=consultation, title=text, body=text, body_html=f"<p>{text}</p>")
                for _ in range(3)
            ]
        )
    elif kind == "slug":
        Consultation.objects.update(slug=f"adresse-{number}", title=text[:120])
    elif row is None:
        return
    elif kind == "title":
        Contribution.objects.filter(pk__gte=row.pk).update(title=text)
    elif kind == "html":
        Contribution.objects.filter(pk=row.pk).update(body_html=text)
    elif kind == "save":
        row.title = text
        row.save()
    elif kind == "comment":
        f.make_comment(contribution=row, author=author, body=text)
    elif kind == "drop":
        Comment.objects.filter(contribution=row).delete()
        row.delete()
    else:
        Contribution.objects.filter(pk=row.pk, published_at__isnull=False).update(hidden_at=timezone.now())


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=writes)
def test_the_index_equals_its_sources_after_any_writes(steps):
    author = f.make_resident()
    consultation = f.make_consultation()
    for step in steps:
        _write(consultation, author, *step)
    # Nothing to repair: the check writes again whatever differs, and counts it.
    differed = {
        kind: actions.check_documents.__wrapped__(
            kind=kind, keys=list(model.objects.order_by("pk").values_list("pk", flat=True))
        )
        for kind, model in {"consultation": Consultation, "contribution": Contribution, "comment": Comment}.items()
    }
    assert differed == {"consultation": 0, "contribution": 0, "comment": 0}
    counted = {kind: Document.objects.filter(kind=kind).count() for kind in ("contribution", "comment")}
    assert counted == {"contribution": Contribution.objects.count(), "comment": Comment.objects.count()}
    Comment.objects.all().delete()
    Contribution.objects.all().delete()
    Consultation.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_the_check_repairs_and_tells():
    row = f.make_contribution(title="Une fontaine")
    Document.objects.filter(kind="contribution").update(title="Autre chose")
    Document.objects.create(kind="comment", object_id=999, title="Un reste", parts=[])
    assert upkeep.check() == {"contribution": 1, "comment": 1}
    assert upkeep.check() == {}
    assert Document.objects.get(kind="contribution", object_id=row.pk).title == "Une fontaine"
    call_command("reindex", pages=True, verbosity=0)
    assert Document.objects.filter(kind="page").count() >= 9


# --- Cost --------------------------------------------------------------------------------------------------------------


def _fill(count):
    consultation, author = f.make_consultation(), f.make_resident()
    for number in range(count):
        row = f.make_contribution(
            consultation=consultation, author=author, title=f"Fontaine numéro {number}", body="L’eau. " * 90
        )
        f.make_comment(contribution=row, author=author, body="Une fontaine, oui.")


def test_the_page_costs_the_same_at_ten_times_the_rows(client):
    page, resident = reverse("search:results"), f.make_resident()
    addresses = {
        "found": f"{page}?q=fontaine",
        "close": f"{page}?q=fontiane+numero+verte",
        "nothing": f"{page}?q=zzzz",
        "empty": page,
    }
    _fill(3)
    actions.count_words()
    small = {name: asked(client, address)[1] for name, address in addresses.items()}
    _fill(30)
    actions.count_words()
    large = {name: asked(client, address)[1] for name, address in addresses.items()}
    assert small == large == {"found": 4, "close": 8, "nothing": 6, "empty": 1}
    assert len(re.sub(r"\s+", " ", client.get(addresses["found"]).content.decode())) < 10 * HTML_BYTES
    sign_in(client, resident)
    client.get(page)
    assert max(asked(client, address)[1] for address in addresses.values()) <= 12


# --- A real consultation -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not REAL.exists(), reason="the real consultation is not beside the checkout (../shared/data)")
def test_two_mistakes_in_a_title_of_the_real_consultation_find_it(found):
    f.make_service(slug="agence")
    call_command("import_consultation", str(REAL), slug="republique-numerique", verbosity=0)
    actions.count_words()
    rows = list(Contribution.objects.visible().order_by("-comment_count", "pk").select_related("consultation")[:25])
    lost = []
    for rank, row in enumerate(rows):
        typed = spelling.fold(row.title)[: asking.LONGEST].split()
        long = [at for at, word in enumerate(typed) if len(word) >= 6 and word.isalpha()][:2]
        for at in long:
            typed[at] = mistaken(typed[at], "swapped" if rank % 2 else "forgotten", 2, "x")
        if row.get_absolute_url() not in found(" ".join(typed))[:5]:
            lost.append(row.title)
    assert lost == []


def test_many_common_words_cost_little_to_mark(client):
    """A conjunction to mark combines every place of each word: twelve words in a long text filled the memory of the server."""
    text = " ".join(
        ["Le tilleul de la place attend une fontaine un banc une lampe un marché une école un jardin"] * 150
    )
    f.make_contribution(title="Tilleul fontaine banc lampe marché école jardin place", body=text)
    actions.count_words()
    for typed in (
        "tilleul place fontaine banc lampe marché école jardin",
        "tileul plase fontane banc lanpe marche ecole jardim",
    ):
        page = client.get("/recherche/", {"q": typed}).content.decode()
        assert "<mark>" in page
