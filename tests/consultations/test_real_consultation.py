"""A real consultation, whole: République numérique, 2015, whose file lies beside the checkout.

An agent imports it, sorts its opinions with what the pages suggest, decides and publishes, as one does with a browser. What comes
out is compared with the file itself and with SQL that shares nothing with the site; every page of it is weighed.
"""

import gzip
import html
import json
import re
import time

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import get_resolver, reverse

from accounts import middleware
from consultations import coverage
from consultations.models import AnalysisTheme, Consultation, Item, ItemTheme, Report
from tests.consultations.staff_pages import an_agent, routes
from tests.consultations.test_import import REAL
from tests.consultations.test_reporting import TEXTS, assert_decisions_equal_to_sql, assert_equal_to_sql
from tests.factories import make_resident, make_service, sign_in
from tests.moderation.deciding import take_away
from tests.test_budgets import HTML_BYTES, SIGNED_IN_QUERIES, VISITOR_QUERIES, asked
from tests.test_routes import walk

pytestmark = [
    pytest.mark.skipif(not REAL.exists(), reason="the real consultation is not beside the checkout (../shared/data)"),
    pytest.mark.django_db,
]

SLUG = "republique-numerique"
# A working title, what the city decides of it, and why.
SUBJECTS = (
    ("Neutralité du net", "kept", "La neutralité entre dans le texte."),
    ("Données personnelles et vie privée", "partly_kept", "Le texte en garde l’essentiel."),
    ("Logiciel libre", "not_kept", "Le texte encourage, il n’impose pas."),
    ("Open data et données publiques", "forwarded", "Une autre administration en décide."),
)
REST = ("Autres sujets", "out_of_scope", "Ce n’est pas l’objet de ce texte.")
# What answers no page to a visitor nor to a resident: files, forms that are sent only, what is open to others or is not there.
NO_PUBLIC_PAGE = {
    *("package", "own_dates", "report_pdf", "report_annex", "report_participation", "social_image"),
    *("follow", "position", "comments", "comment", "support", "unsupport", "withdraw_comment"),
    *("contribute", "draft", "check", "discard", "edit", "withdraw"),
    *("vote", "cast_vote", "receipt", "secrecy", "paper_ballot"),
    *(
        "questionnaires",
        "questionnaire",
        "questionnaire_check",
        "questionnaire_resume",
        "questionnaire_thanks",
        "questionnaire_start",
    ),
    *("questionnaire_results", "questionnaire_crosses", "paper_questionnaire"),
}
NO_STAFF_PAGE = {"report_begin", "report_discard", "report_preview", "report_publish"}


def rows(query, *values):
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


class Agent:
    """Somebody of the city in front of the staff space: reads a page, ticks what it offers, sends its forms."""

    def __init__(self, client, consultation):
        self.client, self.consultation = client, consultation

    def address(self, route, *args):
        return reverse(f"admin:consultations_consultation_{route}", args=[self.consultation.pk, *args])

    def read(self, address):
        response = self.client.get(address)
        assert response.status_code == 200, address
        return response.content.decode()

    def send(self, address, **values):
        """Send a form; give where it leads. A form that is refused comes back with 422."""
        response = self.client.post(address, values)
        assert response.status_code == 302, re.findall(r'class="erreur"[^>]*>([^<]+)', response.content.decode())
        return response["Location"]

    def offered(self, address, box):
        """Give the references of the opinions that a page offers in a box, `Suggestions pour ce thème` or `Avis proches`."""
        _before, found, after = self.read(address).partition(box)
        return re.findall(r'name="avis" value="(\w{8})"', after.partition("</section>")[0]) if found else []

    def begin_theme(self, title):
        return self.send(self.address("analysis_themes"), title=title)

    def decide(self, theme, decision, explanation, title):
        seen = re.search(r'name="seen" value="(\d+)"', self.read(theme)).group(1)
        values = {"title": title, "public_title": title, "public_summary": f"Ce que disent les avis\u00a0: {title}."}
        values |= {"forwarded_to": "L’autorité de la concurrence"} if decision == "forwarded" else {}
        self.send(theme, geste="enregistrer", seen=seen, decision=decision, explanation=explanation, **values)


@pytest.fixture
def imported(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    make_service(slug="numerique")
    call_command(
        "import_consultation", str(REAL), slug=SLUG, title="République numérique", decider="Le Parlement", verbosity=0
    )
    return Consultation.objects.get(slug=SLUG)


def test_whole_of_it_is_sorted_answered_and_reported(imported, client, monkeypatch):
    # The presence of a session is written once a minute: by the first page, not by one that is counted.
    monkeypatch.setattr(middleware, "RENEWAL_SECONDS", 3600)
    user = an_agent()
    sign_in(client, user)
    agent = Agent(client, imported)
    hidden = imported.contributions.order_by("comment_count", "pk").first()
    take_away(hidden, at=imported.published_at)

    themes = sorted_with_the_suggestions(agent)
    report = decided_and_published(agent, themes)

    assert_everything_is_covered(imported)
    assert_equal_to_sql(imported, report.figures)
    assert_decisions_equal_to_sql(imported, report.figures)
    assert_equal_to_the_file(report.figures, without=hidden)
    assert_written_on_the_page(client.get(report.get_absolute_url()).content.decode(), report.figures)
    assert_every_page_keeps_to_its_budget(client, imported, user)


def sorted_with_the_suggestions(agent):
    """Put every opinion in a theme from what the pages offer: those of the theme, neighbours of an opinion, the rest of a search."""
    themes = {}
    for title, _decision, _why in SUBJECTS:
        theme = themes[title] = agent.begin_theme(title)
        for _round in range(3):
            offered = agent.offered(theme, "Suggestions pour ce thème")
            assert 0 < len(offered) <= 24
            # An agent leaves one of them out.
            agent.send(theme, geste="ajouter", avis=offered[:-1])
        assert AnalysisTheme.objects.get(title=title).links.count() >= 30
    # From an opinion, its neighbours join its themes, or it.
    head = Item.objects.filter(links__theme__title=SUBJECTS[0][0]).earliest("pk")
    page = agent.address("analysis_item", head.reference)
    close, same = [agent.offered(page, "Avis proches")[rank] for rank in (0, 1)]
    agent.send(page, geste="comme", avis=close)
    agent.send(page, geste="regrouper", avis=same)
    assert ItemTheme.objects.filter(item__reference=close, theme__title=SUBJECTS[0][0]).exists()
    assert Item.objects.get(reference=same).grouped_with == head
    # A comment that proposes something is one opinion more.
    comment = head.contribution.comments.filter(is_proposal=False).latest("published_at")
    agent.send(page, geste="proposition", commentaire=comment.reference)
    # « Tous les avis de cette recherche »: those without a theme.
    title, *_answer = REST
    agent.send(agent.address("analysis"), geste="rattacher", tous="oui", question="theme=sans", nouveau=title)
    themes[title] = agent.address("analysis_theme", AnalysisTheme.objects.get(title=title).reference)
    assert "0 avis</h2>" in agent.read(agent.address("analysis") + "?theme=sans")
    return themes


def decided_and_published(agent, themes):
    """Prepare each answer, one of them last: until then the report names what lacks it, and does not go out."""
    *ready, last = [*SUBJECTS, REST]
    for title, decision, why in ready:
        agent.decide(themes[title], decision, why, title)
    # One opinion gets an answer of its own.
    alone = Item.objects.filter(links__theme__title=last[0], place="waiting").latest("pk")
    page = agent.address("analysis_item", alone.reference)
    own = {"decision": "already_done", "explanation": "La loi le dit déjà.", "seen": alone.version}
    agent.send(page, geste="enregistrer", themes=[link.theme_id for link in alone.links.all()], **own)
    agent.send(agent.address("report_begin"))
    agent.send(agent.address("report"), seen=1, **TEXTS)
    waiting = Item.objects.filter(links__theme__title=last[0], place="waiting").exclude(pk=alone.pk)
    refused = agent.read(agent.address("report"))
    number = f"{waiting.count():,}".replace(",", "\u00a0")
    assert f"{number} avis sans réponse" in refused
    assert waiting.earliest("received_at", "pk").reference in refused
    agent.send(agent.address("report_publish"), seen=2)
    assert Report.objects.get().published_at is None
    title, decision, why = last
    agent.decide(themes[title], decision, why, title)
    # The page of the draft and its preview are there until it is published.
    for page in (agent.address("report"), agent.address("report_preview")):
        status, queries = asked(agent.client, page)
        assert (status, queries <= SIGNED_IN_QUERIES) == (200, True), (page, queries)
        assert len(gzip.compress(agent.read(page).encode(), 6)) <= HTML_BYTES
    started = time.monotonic()
    agent.send(agent.address("report_publish"), seen=2)
    assert time.monotonic() - started < 10
    report = Report.objects.select_related("consultation").get()
    assert report.published_at is not None
    return report


def assert_everything_is_covered(consultation):
    found = coverage.of(consultation)
    assert (found.percent, found.without_outcome, found.by_place["hidden"], found.by_place["grouped"]) == (100, 0, 1, 1)
    # One opinion for each text that is public and each proposal, hidden ones included, whatever the site says of it.
    texts = "SELECT count(*) FROM consultations_contribution WHERE consultation_id = %s AND published_at IS NOT NULL"
    assert found.total == rows(texts, consultation.pk)[0][0] + 1
    # Each has an answer that stands: its own, or one from each of its themes; its head's where it is grouped.
    without = """
        SELECT count(*) FROM consultations_item i JOIN consultations_item h ON h.id = coalesce(i.grouped_with_id, i.id)
        LEFT JOIN consultations_contribution c ON c.id = i.contribution_id
        WHERE i.consultation_id = %s AND c.hidden_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM consultations_itemoutcome g JOIN consultations_outcome o ON o.id = g.outcome_id
            WHERE g.item_id = i.id AND g.ended_at IS NULL AND o.item_id = h.id
        ) AND (NOT EXISTS (SELECT 1 FROM consultations_itemtheme t WHERE t.item_id = h.id) OR EXISTS (
            SELECT 1 FROM consultations_itemtheme t WHERE t.item_id = h.id AND NOT EXISTS (
                SELECT 1 FROM consultations_itemoutcome g JOIN consultations_outcome o ON o.id = g.outcome_id
                WHERE g.item_id = i.id AND g.ended_at IS NULL AND o.theme_id = t.theme_id
            )
        ))
    """
    assert rows(without, consultation.pk) == [(0,)]
    decided = "SELECT DISTINCT decision FROM consultations_outcome WHERE consultation_id = %s"
    assert {name for (name,) in rows(decided, consultation.pk)} == {
        "already_done",
        *(decision for _title, decision, _why in (*SUBJECTS, REST)),
    }


def assert_equal_to_the_file(figures, *, without):
    """Count the file itself: what was thrown away over there did not come, what was hidden here is not counted."""
    kept = [row for row in map(json.loads, REAL.read_text().strip().split("\n")) if not row["is_trashed"]]
    authors = {row["author"]["displayName"] for row in kept}
    authors |= {each["author"]["displayName"] for row in kept for each in row["arguments"]}
    votes = sum(row["votes_ok"] + row["votes_mitige"] + row["votes_nok"] for row in kept)
    assert figures["people"] == len(authors)
    assert figures["contributions"] == len(kept) - 1
    assert figures["comments"] == sum(len(row["arguments"]) for row in kept) - without.comment_count
    gone = without.imported_agree_count + without.imported_mixed_count + without.imported_disagree_count
    assert figures["positions"] == votes - gone


def assert_written_on_the_page(page, figures):
    text = re.sub(r"<[^>]+>", " ", html.unescape(page))
    for name in ("people", "contributions", "comments", "positions"):
        assert f"{figures[name]:,}".replace(",", "\u00a0") in text, name
    for answer in figures["answers"]:
        assert re.search(rf"\b{answer['opinions']}\b", text.partition(answer["title"])[2][:300]), answer["title"]


def heaviest(consultation):
    """Give the opinions whose pages weigh most: the most debated, the longest, those that are both."""
    rows = list(consultation.contributions.filter(hidden_at=None))
    debated = sorted(rows, key=lambda row: row.comment_count)[-2:][::-1]
    assert debated[0].comment_count > 70
    longest = sorted(rows, key=lambda row: len(row.body_html))[-2:]
    both = sorted(rows, key=lambda row: 400 * min(row.comment_count, 20) + len(row.body_html))[-2:]
    return list(dict.fromkeys([*debated, *longest, *both]))


def addresses_of(consultation):
    """Give every public page of the consultation, found from the routes, and the pages its lists lead to."""
    theme = AnalysisTheme.objects.earliest("pk")
    heavy = heaviest(consultation)
    debated = heavy[0]
    comment = debated.comments.earliest("pk")
    known = {
        "slug": [{}],
        "number slug": [{"number": 1}],
        "reference slug": [{"reference": row.reference} for row in heavy],
        "comment_reference reference slug": [{"reference": debated.reference, "comment_reference": comment.reference}],
    }
    found = {}
    for name, (_view, converters) in walk(get_resolver()):
        takes = " ".join(sorted(converters))
        if name.startswith("consultations:") and takes in known:
            for rank, values in enumerate(known[takes]):
                address = reverse(name, kwargs={"slug": consultation.slug, **values})
                found[f"{name.removeprefix('consultations:')} {rank}"] = address
    contributions = reverse("consultations:contributions", args=[consultation.slug])
    outcomes = reverse("consultations:outcomes", args=[consultation.slug])
    behind = reverse("consultations:report_rows", args=[consultation.slug, 1])
    return found | {
        "contributions, search": f"{contributions}?q=donn%C3%A9es+publiques",
        "contributions, most discussed": f"{contributions}?tri=discussed",
        "outcomes, search": f"{outcomes}?q=logiciel",
        "rows of a theme": f"{behind}?theme={theme.reference}",
    }


def staff_addresses_of(consultation):
    """Give every page of its workspace, found from the routes."""
    themes = AnalysisTheme.objects.order_by("pk")
    items = Item.objects.filter(consultation=consultation)
    grouped = items.get(place="grouped")
    found = {}
    for name, takes in routes().items():
        short = name.removeprefix("admin:consultations_consultation_")
        if name.startswith("admin:consultations_consultation_") and takes == {"pk"}:
            found[short] = reverse(name, args=[consultation.pk])
    place = "admin:consultations_consultation_{}".format
    heavy = [row.item for row in heaviest(consultation)]
    hidden = items.get(place="hidden")
    alone = items.get(own_outcomes__isnull=False)
    some = (grouped, grouped.grouped_with, items.get(comment__isnull=False), hidden, alone, *heavy)
    for row in (*themes, *some):
        route = "analysis_theme" if isinstance(row, AnalysisTheme) else "analysis_item"
        found[f"{route} {row.reference}"] = reverse(place(route), args=[consultation.pk, row.reference])
    listed = found["analysis"]
    return found | {
        "analysis, search": f"{listed}?q=logiciels+libres&place=answered",
        "analysis, theme": f"{listed}?theme={themes[0].reference}",
        "analysis, all ticked": f"{listed}?place=answered&tout=oui",
    }


def assert_every_page_keeps_to_its_budget(client, consultation, agent):
    public, staff = addresses_of(consultation), staff_addresses_of(consultation)
    for person, pages, limit in (
        (None, public, VISITOR_QUERIES),
        (make_resident(), public, SIGNED_IN_QUERIES),
        (agent, staff, SIGNED_IN_QUERIES),
    ):
        client.logout()
        if person is not None:
            sign_in(client, person)
            client.get(reverse("home"))
        over, heavy, no_page = {}, {}, set()
        for name, address in pages.items():
            status, queries = asked(client, address)
            response = client.get(address)
            if queries > limit:
                over[name] = queries
            if status != 200 or not response["Content-Type"].startswith("text/html"):
                no_page.add(name.partition(" ")[0])
            elif (weight := len(gzip.compress(response.content, 6))) > HTML_BYTES:
                heavy[name] = weight
        assert (over, heavy, no_page) == ({}, {}, NO_PUBLIC_PAGE if pages is public else NO_STAFF_PAGE)
