"""The page of a report, its files and its PDF, as everybody reads them."""

import csv
import datetime as dt
import gzip
import io
import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from urllib.parse import quote

import pypdf
import pytest
import typst
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone, translation

from ballots.models import RollLine, Votation
from city.models import Population
from consultations import actions, tasks
from consultations.models import AnalysisTheme, Item, ItemTheme, Outcome, Report, ReportRow, TableNotes
from consultations.reporting import assembling, figures, pdf, rows, writing
from questionnaires.models import Response
from tests.ballots.votes import make_vote
from tests.consultations.test_reporting import PUBLISHER, make_report, public, published, take_part, url
from tests.factories import (
    READY,
    make_analysis_theme,
    make_comment,
    make_consultation,
    make_contribution,
    make_district,
    make_item,
    make_resident,
    make_staff,
    sign_in,
    today,
)
from tests.questionnaires.making import make_questionnaire, make_response
from transparency.models import RegisterLine


@pytest.fixture
def publisher(db):
    return make_staff(*PUBLISHER)


def make_closed(*, opinions=2, people=40):
    consultation = make_consultation(phase="analyse", title="Des arbres place de la Paix")
    author = make_resident()
    members = [
        make_item(contribution=make_contribution(consultation=consultation, author=author)) for _ in range(opinions)
    ]
    make_analysis_theme(
        consultation=consultation,
        members=members,
        public_title="Planter des arbres",
        public_summary="De l’ombre en été 🌳",
        is_minority=True,
        draft_decision="forwarded",
        draft_explanation="Oui, **douze** arbres\u202f: c’est voté.",
        draft_forwarded_to="L’agglomération",
    )
    near, far = make_district(), make_district()
    Population.objects.create(district=near, inhabitants=1000, year=2021, source="Essai", is_estimate=True)
    Population.objects.create(district=far, inhabitants=9000, year=2021, source="Essai", is_estimate=True)
    for band in ("18-24", "40-59"):
        Population.objects.get_or_create(age_band=band, year=2021, defaults={"inhabitants": 500, "source": "Essai"})
    take_part(consultation, people, district=near, age_band="40-59")
    take_part(consultation, 12, channel="desk", district=far, age_band="18-24")
    return consultation


RICH = (
    "<h3>Les arbres</h3><p>Un <strong>gros</strong> tilleul,<br>et <a href='https://example.org/'>la suite</a>.</p>"
    "<ul><li>l’ombre</li><li>l’eau</li></ul><ol><li>un</li></ol><blockquote><p>De l’air</p></blockquote>"
    "<table><tr><th scope='col'>Année</th><th scope='col'>Arbres</th></tr><tr><td>2027</td><td>12</td></tr></table>"
)


# --- The page ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_page_tells_everything(client, publisher):
    consultation = make_closed()
    report = published(
        consultation,
        publisher,
        minority="<p>Quelques-uns veulent garder le parking.</p>",
        deliberation_number="D-12",
        deliberation_url="https://example.org/d12",
    )

    page = client.get(public(consultation)).content.decode()

    for words in (
        "Quels arbres planter",
        "De l’ombre, d’abord.",
        "Quelques-uns veulent garder le parking.",
        "Planter des arbres",
        "L’agglomération",
        "Adjointe ou adjoint aux espaces verts",
        'href="https://example.org/d12">D-12</a>',
        "PDF en préparation",
        "au moins trois fois moins présents",
        "Ce sont des estimations.",
        "Version 1, publiée le",
    ):
        assert words in page, words
    rows = reverse("consultations:report_rows", args=[consultation.slug, 1])
    assert f"{rows}?theme=" in page
    assert f"{rows}?partie=1&amp;sorte=opinion" in page
    assert page.count('<svg class="graphique"') == page.count(", en tableau<svg") + page.count("le détail, ")
    assert re.findall(r'<li><a href="#([a-z]+)"', page) == re.findall(r'<h2 id="([a-z]+)"', page)[2:]
    assert report.get_absolute_url() == public(consultation, number=1)
    home = client.get(consultation.get_absolute_url()).content.decode()
    assert f'href="{public(consultation)}"' in home


@pytest.mark.django_db(transaction=True)
def test_there_is_no_tab_before_the_report(client, publisher):
    consultation = make_closed()
    assert public(consultation) not in client.get(consultation.get_absolute_url()).content.decode()


@pytest.mark.django_db(transaction=True)
def test_page_of_the_consultation_leads_to_the_report_first(client, publisher):
    consultation = make_closed()
    published(consultation, publisher)
    html = client.get(consultation.get_absolute_url()).content.decode()
    actions = html.split('<div class="titre-actions">')[1].split("</div>")[0]
    assert re.findall(r'<a class="bouton" href="([^"]+)"', actions) == [public(consultation)]


@pytest.mark.django_db(transaction=True)
def test_the_preview_is_the_page(client, publisher):
    consultation = make_closed()
    make_report(consultation)
    sign_in(client, publisher)
    preview = client.get(url("report_preview", consultation.pk))
    assert preview["X-Robots-Tag"] == "noindex, nofollow"
    report = Report.objects.get()
    writing.publish(actor=publisher, report=report, seen=1, at=timezone.now())
    page = client.get(public(consultation)).content.decode()

    def figures_of(text):
        return re.findall(r"<(?:svg class=\"graphique\".*?</svg|tbody>.*?</tbody)>", text, re.DOTALL)

    drawn = [re.sub(r"<a href=[^>]*>|</a>|<span class=\"sr\">.*?</span>", "", part) for part in figures_of(page)]
    before = [
        re.sub(r"<a href=[^>]*>|</a>|<span class=\"sr\">.*?</span>", "", part)
        for part in figures_of(preview.content.decode())
    ]
    assert drawn == before


@pytest.mark.django_db(transaction=True)
def test_the_page_costs_the_same_at_ten_times_the_rows_and_stays_light(
    client, publisher, django_assert_max_num_queries, django_assert_num_queries
):
    small, large = make_closed(), make_closed(opinions=20, people=400)
    published(small, publisher)
    published(large, publisher)
    sizes = []
    for consultation in (small, large):
        client.get(public(consultation))
        with django_assert_max_num_queries(8):
            page = client.get(f"{public(consultation)}?{consultation.pk}")
        sizes.append(len(gzip.compress(page.content)))
    with django_assert_num_queries(4):
        client.get(f"{public(small)}?encore")
    with django_assert_num_queries(4):
        client.get(f"{public(large)}?encore")
    assert max(sizes) <= 15_000
    sign_in(client, make_resident())
    with django_assert_max_num_queries(12):
        client.get(public(large))


def test_presence_is_told_in_words():
    ratios = (0.0, 0.2, 0.5, 0.7, 1.0, 1.5, 2.0, 4.0)
    assert [assembling.presence_words(ratio) for ratio in ratios] == [
        "absents",
        "au moins trois fois moins présents",
        "environ deux fois moins présents",
        "moins présents",
        "aussi présents",
        "plus présents",
        "environ deux fois plus présents",
        "bien plus présents",
    ]


def test_nothing_is_compared_with_too_few_people(db):
    consultation = make_closed(people=3)
    consultation.participations.filter(channel="desk").delete()
    counted = figures.collect(consultation, at=timezone.now())
    assert all(group.ratio is None for group in assembling.presences(counted, "by_age", str))


# --- The files -----------------------------------------------------------------------------------------------------------


def read_csv(response):
    text = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


@pytest.mark.django_db(transaction=True)
def test_the_annex_holds_each_opinion_as_it_was_on_that_day(client, publisher):
    consultation = make_closed(opinions=3)
    first, second, _third = Item.objects.order_by("pk")
    Item.objects.filter(pk=second.pk).update(place="grouped", grouped_with=first)
    published(consultation, publisher)
    annex = reverse("consultations:report_annex", args=[consultation.slug, 1])

    rows = read_csv(client.get(annex))

    assert [row["reference"] for row in rows] == list(Item.objects.order_by("pk").values_list("reference", flat=True))
    assert {(row["sorte"], row["canal"], row["theme"], row["reponse"], row["transmis_a"]) for row in rows} == {
        ("avis", "en_ligne", "Planter des arbres", "Transmis", "L’agglomération")
    }
    assert {row["explication"] for row in rows} == {"Oui, douze arbres\u202f: c’est voté."}


@pytest.mark.django_db(transaction=True)
def test_the_annex_leaves_out_what_was_withdrawn_and_costs_the_same(client, publisher, django_assert_num_queries):
    small, large = make_closed(), make_closed(opinions=20)
    Item.objects.filter(pk=small.items.order_by("pk").first().pk).update(place="withdrawn")
    published(small, publisher)
    published(large, publisher)
    counts = []
    for consultation in (small, large):
        with django_assert_num_queries(3):
            counts.append(len(read_csv(client.get(reverse("consultations:report_annex", args=[consultation.slug, 1])))))
    assert counts == [1, 20]


@pytest.mark.django_db(transaction=True)
def test_the_participation_file_holds_what_the_page_shows(client, publisher):
    consultation = make_closed()
    take_part(consultation, 2, channel="phone")
    published(consultation, publisher)
    rows = read_csv(client.get(reverse("consultations:report_participation", args=[consultation.slug, 1])))
    channels = [(row["valeur"], row["personnes"], row["regroupe"]) for row in rows if row["dimension"] == "canal"]
    assert rows[0]["personnes"] == "54"
    assert channels == [
        ("desk", "12", ""),
        ("web", "", "oui"),
        ("phone", "", "oui"),
        ("ensemble_des_regroupes", "42", "oui"),
    ]


def follow(client, url):
    """How many rows a link of the report leads to."""
    response = client.get(url)
    if response.streaming:
        return read_csv(response)
    found, page = [], response
    while True:
        found += page.context["rows"]
        if not page.context["pages"].next_url:
            return found
        page = client.get(page.context["pages"].next_url)


def thrown(publisher):
    """A consultation with two parts, two themes, comments and positions thrown by a fixed die, and its report."""
    dice = random.Random(7)
    consultation = make_consultation(phase="analyse", sections=2)
    sections, author = list(consultation.sections.all()), make_resident()
    found = [
        make_item(
            contribution=make_contribution(
                consultation=consultation,
                author=author,
                section=dice.choice(sections),
                kind=dice.choice(["opinion", "proposal"]),
                comment_count=dice.randrange(4),
                agree_count=dice.randrange(9),
                mixed_count=dice.randrange(3),
                imported_disagree_count=dice.randrange(3),
            )
        )
        for _ in range(37)
    ]
    found.append(make_item(comment=make_comment(contribution=found[0].contribution, author=author)))
    make_analysis_theme(consultation=consultation, members=found[:20], public_title="Des arbres", **READY)
    make_analysis_theme(
        consultation=consultation,
        members=found[15:],
        public_title="Des bancs",
        draft_decision="not_kept",
        draft_explanation="Trop étroit.",
    )
    Item.objects.filter(pk=found[3].pk).update(place="grouped", grouped_with=found[30])
    take_part(consultation, 20)
    return consultation, published(consultation, publisher), found


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("later", [False, True], ids=["that_day", "after_changes"])
def test_each_figure_leads_to_exactly_its_rows(client, publisher, later):
    """And for ever: themes moved, texts withdrawn and hidden since change neither the figures nor the rows behind them."""
    consultation, report, found = thrown(publisher)
    if later:
        ItemTheme.objects.filter(item=found[1]).delete()
        AnalysisTheme.objects.filter(consultation=consultation).update(public_title="Autrement dit")
        actions.withdraw(actor=found[2].contribution.author, contribution=found[2].contribution, at=timezone.now())
        Item.objects.filter(pk=found[5].pk).update(place="hidden")
    shown = assembling.content(consultation, report, report.figures)
    people, contributions, comments, positions = (
        (int(str(fact.value).replace("\u202f", "")), fact.url) for fact in shown.key_figures
    )
    assert people[0] == int(follow(client, people[1])[0]["personnes"]) == 20
    assert contributions[0] == len(follow(client, contributions[1])) == 37
    rows = follow(client, comments[1])
    assert comments[0] == sum(int(row["commentaires"]) for row in rows)
    rows = follow(client, positions[1])
    assert positions[0] == sum(int(row[name]) for row in rows for name in ("d_accord", "mitige", "pas_d_accord"))
    links = [
        (cell.words, cell.url)
        for chart in (*shown.said, shown.decisions)
        for row in chart.rows
        for cell in row
        if cell.url
    ]
    links += [(answer.opinions.split()[0], answer.url) for answer in shown.answers]
    assert len(links) == 4 + 2 + 2
    for number, address in links:
        assert int(number) == len(follow(client, address)), address
    assert len(follow(client, shown.decisions.url)) == report.figures["opinions"] == 38
    assert {chart.url for chart in shown.who} == {people[1]}
    assert shown.said[0].url == shown.decisions.url
    by_part = {}
    for row in follow(client, shown.said[0].url):
        if row["sorte"] in {"avis", "proposition"}:
            counted = by_part.setdefault((row["partie"], row["sorte"]), [0, 0, 0, 0])
            for place, name in enumerate(("commentaires", "d_accord", "mitige", "pas_d_accord")):
                counted[place] += int(row[name])
    assert sorted(by_part.values()) == sorted(
        [row["comments"], row["agree"], row["mixed"], row["disagree"]] for row in report.figures["sections"]
    )


@pytest.mark.django_db(transaction=True)
def test_what_is_public_no_more_is_counted_and_not_pointed_at(client, publisher):
    consultation, _report, found = thrown(publisher)
    title, reference = found[2].contribution.title, found[2].reference
    Item.objects.filter(pk=found[2].pk).update(place="hidden")
    annex = reverse("consultations:report_annex", args=[consultation.slug, 1])
    (gone,) = [row for row in read_csv(client.get(annex)) if row["retire_depuis"]]
    assert (gone["reference"], gone["explication"], gone["theme"], gone["reponse"]) == ("", "", "Des arbres", "Retenu")
    lines = follow(client, reverse("consultations:report_rows", args=[consultation.slug, 1]))
    assert [line.url for line in lines if line.title == "Avis retiré ou masqué depuis"] == [""]
    assert not [line for line in lines if reference in (line.reference, line.url) or line.title == title]


@pytest.mark.django_db(transaction=True)
def test_rows_of_a_public_version_never_change(client, publisher):
    consultation, report, _found = thrown(publisher)
    row = report.rows.order_by("pk").first()
    for gesture in (
        lambda: ReportRow.objects.filter(pk=row.pk).update(comments=9),
        lambda: ReportRow.objects.filter(pk=row.pk).delete(),
        lambda: ReportRow.objects.create(
            report=report, item=make_item(), part=0, themes=[], comments=0, agree=0, mixed=0, disagree=0
        ),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            gesture()
    draft = make_report(consultation, number=2, correction="Un chiffre.")
    for number in (2, 9):
        assert client.get(reverse("consultations:report_rows", args=[consultation.slug, number])).status_code == 404
    assert [row.item_id for row in rows.each(draft)] == [row.item_id for row in rows.each(report)]


@pytest.mark.django_db(transaction=True)
def test_the_page_of_the_rows_is_narrowed_and_costs_the_same(client, publisher, django_assert_max_num_queries):
    consultation, _report, _found = thrown(publisher)
    page = reverse("consultations:report_rows", args=[consultation.slug, 1])
    words = {
        "": "38 avis",
        "?suite=retenus": "19 avis",
        "?suite=inconnue&theme=ABCD2345&partie=9&sorte=rien": "38 avis",
        "?sorte=comment": "1 avis",
        "?partie=0": "0 avis",
    }
    for query, expected in words.items():
        with django_assert_max_num_queries(8):
            text = client.get(page + query).content.decode()
        assert f"<strong>{expected}</strong>" in text, query
    second = client.get(f"{page}?encore").context["pages"].next_url
    with django_assert_max_num_queries(8):
        assert len(client.get(second).context["rows"]) == 8


@pytest.mark.django_db
def test_a_consultation_of_some_districts_is_compared_with_them():
    consultation = make_consultation(phase="analyse")
    here, there = make_district(), make_district()
    consultation.districts.set([here])
    for district, inhabitants in ((here, 300), (there, 9000)):
        Population.objects.create(district=district, inhabitants=inhabitants, year=2021, source="Essai")
    for band, inhabitants in (("18-24", 50), ("40-59", 250)):
        Population.objects.update_or_create(
            district=None, age_band=band, year=2099, defaults={"inhabitants": 10 * inhabitants, "source": "Ville"}
        )
    take_part(consultation, 30, district=here, age_band="40-59")
    take_part(consultation, 6, district=there, age_band="18-24")

    def words():
        counted = figures.collect(consultation, at=timezone.now())
        assert [name for name, _number in counted["by_district"]["rows"]] == [here.name, there.name]
        assert counted["population"]["by_district"]["inhabitants"] == {here.name: 300}
        found = assembling.content(consultation, Report(consultation=consultation), counted)
        return counted["population"]["by_age"], found.compared

    population, compared = words()
    assert (population["inhabitants"]["40-59"], population["scope"]) == (2500, [])
    assert compared == ["Comparé à toute la ville\u00a0: l’âge des habitants de ces quartiers n’est pas connu."]
    for band in (
        Population.objects.filter(district=None)
        .exclude(age_band="")
        .values_list("age_band", flat=True)
        .distinct()
        .order_by("age_band")
    ):
        Population.objects.create(district=here, age_band=band, inhabitants=150, year=2021, source="Essai")
    population, compared = words()
    assert (population["inhabitants"]["40-59"], population["scope"]) == (150, [here.name])
    assert compared == [f"Comparé aux habitants des quartiers concernés\u00a0: {here.name}."]


# --- The PDF -------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_pdf_is_tagged_titled_and_in_french(client, publisher):
    consultation = make_closed()
    report = published(consultation, publisher, said=RICH)
    address = reverse("consultations:report_pdf", args=[consultation.slug, 1])
    assert client.get(address).status_code == 404

    tasks.build_report(report_id=report.pk)
    tasks.build_report(report_id=report.pk)

    response = client.get(address)
    content = b"".join(response.streaming_content)
    made = pypdf.PdfReader(io.BytesIO(content))
    root = made.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712 (an object of pypdf)
    assert "/StructTreeRoot" in root
    assert root["/Lang"].startswith("fr")
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712 (same)
    assert made.metadata.title == "Bilan\u00a0: Des arbres place de la Paix"
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    alternatives, kinds = _structure(root["/StructTreeRoot"])
    assert {"/H1", "/H2", "/P", "/L", "/Table", "/TH", "/TD", "/Figure", "/Link"} <= kinds
    assert {"Par canal", "Par âge", "Ce que les avis sont devenus"} <= {
        text.split("\u00a0")[0] for text in alternatives
    }
    _is_read_aloud_well(made)
    words = " ".join(page.extract_text() for page in made.pages)
    for expected in ("La question posée", "Planter des arbres", "De l’ombre en été □", "tilleul", "2027"):
        assert expected in words, expected
    page = client.get(public(consultation)).content.decode()
    assert f'href="{address}"' in page
    assert "PDF en préparation" not in page
    assert RegisterLine.objects.filter(act="report.pdf_made", subject=consultation.slug).count() == 1
    assert len(default_storage.listdir("bilans")[1]) >= 1


@pytest.mark.parametrize(("count", "is_drawn"), [(pdf.MOST_BARS, True), (pdf.MOST_BARS + 1, False)])
def test_a_drawing_of_too_many_bars_is_left_to_its_table(count, is_drawn):
    rows = [[assembling.Cell(f"Quartier {number}"), assembling.Cell("7")] for number in range(count)]
    chart = assembling.Chart("by_district", "Par quartier", "", "<svg/>", ("Quartier", "Personnes"), rows, "/", "")
    drawn = pdf.drawn(chart)
    assert (bool(drawn["svg"]), len(drawn["rows"])) == (is_drawn, count)


def _is_read_aloud_well(made):
    """Go through every element: tables with a heading and headers of columns, drawings with words, headings without a jump."""
    assert [page["/Tabs"] for page in made.pages] == ["/S"] * len(made.pages)
    assert made.outline
    elements = list(_elements(made.trailer["/Root"]["/StructTreeRoot"]))
    kinds = Counter(str(element.get("/S")) for element in elements)
    assert kinds["/Table"] == kinds["/THead"] > 1
    # Each table is named by a heading of its own, read just before it.
    marks = [str(element["/S"]) for element in elements if re.fullmatch(r"/H\d|/Table", str(element.get("/S")))]
    assert [pair for pair in itertools.pairwise(marks) if pair == ("/Table", "/Table")] == []
    assert [element["/Alt"] for element in elements if element.get("/S") == "/Figure" and not element.get("/Alt")] == []
    scopes = [
        next(owner["/Scope"] for owner in element["/A"] if owner["/O"] == "/Table")
        for element in elements
        if element.get("/S") == "/TH"
    ]
    assert set(scopes) == {"/Column"}
    levels = [int(element["/S"][2:]) for element in elements if re.fullmatch(r"/H\d", str(element.get("/S")))]
    assert levels[0] == 1
    assert all(level <= before + 1 for before, level in itertools.pairwise(levels))


def _elements(node):
    """Give the elements of a tree of tags, in the order in which they are read."""
    node = node.get_object()
    if isinstance(node, list):
        for each in node:
            yield from _elements(each)
    elif isinstance(node, dict):
        yield node
        if not isinstance(node.get("/K"), (int, type(None))):
            yield from _elements(node["/K"])


def test_an_untagged_pdf_is_seen():
    """What the test above asks is not true of any PDF."""
    made = pypdf.PdfReader(io.BytesIO(bytes(typst.compile(b"= Un titre", format="pdf", pdf_tags=False))))
    assert "/StructTreeRoot" not in made.trailer["/Root"]
    assert "/MarkInfo" not in made.trailer["/Root"]
    assert made.metadata is None or made.metadata.title is None


def _structure(root):
    alternatives, kinds, waiting = [], set(), [root]
    while waiting:
        node = waiting.pop().get_object()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            kinds.add(str(node.get("/S")))
            if "/Alt" in node:
                alternatives.append(str(node["/Alt"]))
            kids = node.get("/K")
            if kids is not None and not isinstance(kids, int):
                kids = kids.get_object()
                waiting += kids if isinstance(kids, list) else [kids]
            waiting = [kid for kid in waiting if not isinstance(kid, int)]
    return alternatives, kinds


@pytest.mark.django_db(transaction=True)
def test_a_pdf_whose_message_was_lost_is_asked_again(publisher):
    report = published(make_closed(), publisher)
    Report.objects.filter(pk=report.pk).update(pdf_asked_at=timezone.now() - 2 * tasks.LOST_AFTER)
    tasks.sweep_reports()
    # The sweep names the task; what it does is the test above.
    tasks.build_report(report_id=report.pk)
    assert Report.objects.get(pk=report.pk).pdf_state == Report.PdfState.READY


@pytest.mark.django_db(transaction=True)
def test_a_pdf_that_failed_is_asked_again_by_an_agent(client, publisher):
    consultation = make_closed()
    report = published(consultation, publisher)
    writing.fail_pdf(report=report)
    sign_in(client, publisher)
    assert "Refaire le PDF" in client.get(url("report", consultation.pk)).content.decode()
    address = url("report_pdf", consultation.pk, 1)
    assert client.post(address).status_code == 302
    assert Report.objects.get().pdf_state == Report.PdfState.PREPARING
    client.post(address)
    assert Report.objects.get().pdf_state == Report.PdfState.PREPARING
    assert client.post(url("report_pdf", consultation.pk, 9)).status_code == 404


def test_rich_texts_become_blocks():
    found = pdf.blocks(RICH)
    assert [block["kind"] for block in found] == ["heading", "paragraph", "bullets", "numbers", "quote", "table"]
    assert [run["text"] for run in found[1]["runs"]] == ["Un ", "gros", " tilleul,", "", "et ", "la suite", "."]
    assert (found[1]["runs"][1]["bold"], found[1]["runs"][5]["url"]) == (True, "https://example.org/")
    assert found[5]["width"] == 2
    assert pdf.blocks("Sans balise") == [
        {
            "kind": "paragraph",
            "runs": [{"text": "Sans balise", "bold": False, "italic": False, "url": "", "break": False}],
        }
    ]
    assert pdf.blocks("") == []


# --- Killed half-way -------------------------------------------------------------------------------------------------------

PUBLISH = """
import django
django.setup()
from django.utils import timezone
from accounts.models import User
from consultations.models import Report
from consultations.reporting import writing
report = Report.objects.select_related("consultation").get()
print("begun", flush=True)
writing.publish(actor=User.objects.get(pk={actor}), report=report, seen=1, at=timezone.now())
print("published", flush=True)
"""


@pytest.mark.django_db(transaction=True)
def test_a_publication_killed_half_way_leaves_nothing_half_published(publisher):
    """The last thing it does is wait for the register, which this test holds: it is killed there, everything written."""
    make_report(make_closed(opinions=5))
    database = connection.settings_dict
    user, password = (quote(str(database[name]), safe="") for name in ("USER", "PASSWORD"))
    address = f"postgres://{user}:{password}@:{database['PORT']}/{database['NAME']}?host={database['HOST']}"
    environment = {**os.environ, "DATABASE_URL": address, "PORTAL_ENV": "test"}
    from transparency.register import CHAIN_LOCK  # noqa: PLC0415 (only here)

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [CHAIN_LOCK])
        process = subprocess.Popen(
            [sys.executable, "-c", PUBLISH.format(actor=publisher.pk)],
            cwd=settings.BASE_DIR,
            env={**environment, "DJANGO_SETTINGS_MODULE": "mulhouse.settings"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            _wait_until_it_waits(cursor, process, CHAIN_LOCK)
            os.kill(process.pid, signal.SIGKILL)
        finally:
            process.kill()
            said, _errors = process.communicate(timeout=20)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [CHAIN_LOCK])
    assert said.split() == ["begun"]
    _wait_until_it_is_gone()
    assert Report.objects.get().published_at is None
    assert (Outcome.objects.count(), RegisterLine.objects.count()) == (0, 0)
    assert set(Item.objects.order_by("pk").values_list("place", flat=True)) == {"waiting"}

    writing.publish(
        actor=publisher, report=Report.objects.select_related("consultation").get(), seen=1, at=timezone.now()
    )
    assert set(Item.objects.order_by("pk").values_list("place", flat=True)) == {"answered"}


def _wait_until_it_waits(cursor, process, lock):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = %s", [lock]
        )
        if cursor.fetchone()[0]:
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    pytest.fail("it never came to the register")


def _wait_until_it_is_gone():
    """The server sees the death of a client when it next looks at it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND state LIKE 'idle in transaction%%' OR wait_event = 'advisory'"
            )
            if not cursor.fetchone()[0]:
                return
        time.sleep(0.1)


# --- Found from elsewhere ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_feeds_and_the_site_map_know_the_report(client, publisher):
    consultation = make_closed()
    feed, site_map = reverse("consultations:feed", args=["atom"]), reverse("sitemap")
    assert "Bilan" not in client.get(feed).content.decode()
    assert public(consultation) not in client.get(site_map).content.decode()

    published(consultation, publisher)

    text = client.get(feed).content.decode()
    assert f"Bilan\u00a0: {consultation.title}" in text
    assert f"{settings.SITE_URL}{public(consultation, number=1)}" in text
    assert f"<loc>{settings.SITE_URL}{public(consultation)}</loc>" in client.get(site_map).content.decode()


# --- Questionnaires, votes, tables -----------------------------------------------------------------------------------------


def make_gathered(**fields):
    """A closed consultation with a questionnaire, a vote that is counted, and a table of a meeting."""
    consultation = make_closed(**fields)
    asked = make_questionnaire(consultation=consultation, title="Vos trajets", closes=0, accepts_without_account=True)
    for channel, number in (("web", 6), ("desk", 7)):
        for _ in range(number):
            make_response(asked, channel=channel)
    for rank in range(5):
        made = make_response(asked, channel="web")
        Response.objects.filter(pk=made.pk).update(person=None, token_hash=f"{rank:064}")
    make_response(asked, submitted_at=None)
    link = make_vote(consultation=consultation, question="Quel arbre ?", opens_on=today() - dt.timedelta(days=20))
    RollLine.objects.bulk_create(
        RollLine(votation=link.votation, channel="web", voted_on=link.votation.opens_on) for _ in range(6)
    )
    Votation.objects.filter(pk=link.votation.pk).update(counted_at=timezone.now())
    TableNotes.objects.create(
        consultation=consultation,
        table="Table 1",
        gathering="Rencontre",
        held_on=today(),
        rapporteur="Agent",
        people=9,
        entered_at=timezone.now(),
    )
    return consultation, asked, link.votation


@pytest.mark.django_db(transaction=True)
def test_a_report_counts_questionnaires_votes_and_tables(client, publisher):
    consultation, asked, votation = make_gathered()
    report = published(consultation, publisher)
    assert report.figures["seated"] == 9
    assert report.figures["questionnaires"] == [
        {
            "reference": asked.reference,
            "title": "Vos trajets",
            "responses": 18,
            "by_channel": {"rows": [["web", 11], ["desk", 7]], "merged": [], "rest": 0},
            "without_account": 5,
        }
    ]
    assert report.figures["votes"] == [
        {"reference": votation.reference, "question": "Quel arbre ?", "voters": 6, "by_channel": {"web": 6}}
    ]
    page = client.get(public(consultation)).content.decode()
    base = consultation.get_absolute_url()
    for words in (
        "personnes aux tables des rencontres",
        f'<a href="{base}questionnaire/{asked.reference}/resultats/">Vos trajets</a></th><td>18</td>',
        f'<a href="{base}vote/{votation.reference}/">Quel arbre ?</a></th><td>6</td>',
    ):
        assert words in page, words
    assert client.get(f"{base}questionnaire/{asked.reference}/resultats/").status_code == 200
    rows = read_csv(client.get(reverse("consultations:report_participation", args=[consultation.slug, 1])))
    counted = [
        tuple(row.values())[:4] for row in rows if row["dimension"].startswith(("aux_", "questionnaire", "vote"))
    ]
    assert counted == [
        ("aux_tables", "", "9", ""),
        (f"questionnaire_{asked.reference}", "", "18", ""),
        (f"questionnaire_{asked.reference}", "web", "11", ""),
        (f"questionnaire_{asked.reference}", "desk", "7", ""),
        (f"questionnaire_{asked.reference}", "sans_compte", "5", ""),
        (f"vote_{votation.reference}", "", "6", ""),
        (f"vote_{votation.reference}", "web", "6", ""),
    ]
    with translation.override("fr"):
        printed = json.dumps(pdf.described(report), ensure_ascii=False)
    assert f"/questionnaire/{asked.reference}/resultats/" in printed
    assert f"/vote/{votation.reference}/" in printed


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("with_one", "without"), [(11, 4), (4, 11)])
def test_few_responses_without_account_are_not_told_apart(with_one, without):
    consultation = make_closed()
    asked = make_questionnaire(consultation=consultation, closes=0, accepts_without_account=True)
    for _ in range(with_one):
        make_response(asked)
    for rank in range(without):
        made = make_response(asked)
        Response.objects.filter(pk=made.pk).update(person=None, token_hash=f"{rank:064}")
    counted = figures.collect(consultation, at=timezone.now())["questionnaires"]
    assert [(row["responses"], row["without_account"]) for row in counted] == [(15, None)]


@pytest.mark.django_db(transaction=True)
def test_a_vote_that_is_not_counted_and_a_questionnaire_that_is_open_are_not_told():
    consultation = make_closed()
    make_response(make_questionnaire(consultation=consultation))
    make_response(make_questionnaire(consultation=consultation, closes=0, published_at=None))
    make_vote(consultation=consultation)
    counted = figures.collect(consultation, at=timezone.now())
    assert (counted["questionnaires"], counted["votes"], counted["seated"]) == ([], [], 0)


@pytest.mark.django_db(transaction=True)
def test_versions_published_before_still_render(client):
    """Their figures are frozen without what later versions count."""
    consultation, *_more = make_gathered()
    whole = figures.collect(consultation, at=timezone.now())
    old = {name: value for name, value in whole.items() if name not in {"seated", "questionnaires", "votes"}}
    report = make_report(consultation, figures=old, published_at=timezone.now())
    page = client.get(public(consultation, number=1))
    assert page.status_code == 200
    assert "aux tables" not in page.content.decode()
    rows = read_csv(client.get(reverse("consultations:report_participation", args=[consultation.slug, 1])))
    assert {row["dimension"] for row in rows} == {"total", "canal", "quartier", "age", "periode"}
    assert pdf.make(report).startswith(b"%PDF")
