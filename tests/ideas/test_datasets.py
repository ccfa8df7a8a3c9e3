"""The idea box in the catalogue: files of the night, the API and its filters. What holds of every dataset: tests/opendata."""

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ideas import actions, exports, supporting, talking
from ideas.datasets import DATASETS
from ideas.models import Idea
from ideas.models.writing import Stage
from mulhouse.references import new_reference
from opendata import cursors, datasets, dumping, writing
from tests import factories as f
from tests.ideas.rows import make_answer, make_event, make_milestone, make_reading
from tests.moderation import deciding
from tests.opendata.test_api import get, pages
from tests.opendata.test_catalogue import body

pytestmark = pytest.mark.django_db
CODES = [dataset.code for dataset in DATASETS]


def test_every_table_of_the_files_is_in_the_catalogue():
    assert list(exports.TABLES) == CODES
    assert [datasets.find(code) for code in CODES] == list(DATASETS)


def references(client, code, **asked):
    return [row.get("reference") or row["idee"] for row in pages(client, code, **asked)]


@pytest.mark.parametrize("code", ["idees", "idees-soutiens"])
def test_filters_of_ideas(client, code):
    campaign, theme, place = f.make_campaign(slug="edition"), f.make_theme(slug="eau-c"), f.make_district(slug="lieu-c")
    found = {
        "campagne": f.make_idea(campaign=campaign),
        "theme": f.make_idea(theme=theme),
        "quartier": f.make_idea(place_district=place),
        "etape": f.make_idea(stage=Stage.STUDY),
        "depuis": f.make_idea(published_at=timezone.now()),
    }
    noon = found["depuis"].published_at.isoformat().replace("+00:00", "Z")
    asked = {"campagne": "edition", "theme": "eau-c", "quartier": "lieu-c", "etape": "etude", "depuis": noon}
    for name, value in asked.items():
        assert references(client, code, **{name: value}) == [found[name].reference], name
        assert references(client, code, taille=1, **{name: value}) == [found[name].reference], name
    assert references(client, code, campagne="edition", etape="etude") == []


@pytest.mark.parametrize(
    "code", ["idees-commentaires", "idees-reponses", "idees-nouvelles", "idees-etapes", "idees-lectures"]
)
def test_what_belongs_to_an_idea(client, code):
    made = {
        "idees-commentaires": lambda idea: f.make_idea_comment(idea=idea),
        "idees-reponses": make_answer,
        "idees-nouvelles": make_event,
        "idees-etapes": make_milestone,
        "idees-lectures": make_reading,
    }[code]
    idea, other = f.make_idea(), f.make_idea()
    made(idea)
    made(other)
    assert [row["idee"] for row in pages(client, code, idee=idea.reference)] == [idea.reference]
    hidden = f.make_idea(hidden_at=timezone.now(), hidden_reason="3.2")
    made(hidden)
    assert [get(client, code, idee=each)["lignes"] for each in (hidden.reference, "inconnue")] == [[], []]


@pytest.mark.parametrize("code", ["idees-campagnes", "idees-seuils"])
def test_a_draft_campaign_and_an_unknown_one_answer_alike(client, code):
    draft = f.make_campaign(published_at=None)
    shown = f.make_campaign()
    assert {row["campagne"] for row in pages(client, code)} == {shown.slug}
    if code == "idees-seuils":
        assert [pages(client, code, campagne=slug) for slug in (draft.slug, "inconnue")] == [[], []]


ASKED = {"depuis": "2020-01-01T00:00:00Z", "campagne": "edition"}
ASKINGS = [
    (dataset.code, {name: ASKED[name]} if name else {})
    for dataset in DATASETS
    if dataset.listing  # what is computed whole has files only
    for name in ("", *(each.name for each in dataset.listing.filters if each.name in ASKED))
]


@pytest.mark.parametrize(("code", "asked"), ASKINGS)
def test_a_page_costs_the_same_with_ten_times_the_rows(client, code, asked):
    campaign = f.make_campaign(slug="edition")

    def counted(times):
        for _ in range(times):
            idea = f.make_idea(campaign=campaign)
            f.make_idea_comment(idea=idea)
            make_answer(idea)
            make_event(idea)
            make_milestone(idea)
            make_reading(idea)
        with CaptureQueriesContext(connection) as found:
            get(client, code, taille=10 * times, **asked)
        return len(found)

    assert counted(1) == counted(9)


# --- The files of the night ------------------------------------------------------------------------------------------------


def test_what_only_adds_leaves_the_files(client):
    author, reader = f.make_resident(public_name="Nadia B."), f.make_resident(public_name="Ali C.")
    campaign, at = f.make_campaign(thresholds=((2, "Rencontre"),)), timezone.now()
    dumping.make(DATASETS, at=at)
    words = actions.Words(title="Un banc", need="x", proposal="y", signature="name", theme=f.make_theme())
    draft = actions.save_draft(actor=author, campaign=campaign, reference=new_reference(), words=words)
    idea = actions.publish(actor=author, idea=draft, at=at)
    supporting.support(actor=reader, idea=idea, at=at)
    supporting.withdraw_support(actor=reader, idea=idea, at=at)
    talking.comment(actor=reader, idea=idea, reference=new_reference(), stance="for", body="Oui.", at=at)
    assert [dataset.code for dataset in dumping.stale() if dataset.code in CODES] == []


@pytest.mark.parametrize("gesture", ["withdraw", "correct", "hide", "withdraw comment"])
def test_what_goes_leaves_the_files_at_once(client, gesture):
    author, at = f.make_resident(public_name="Nadia B."), timezone.now()
    idea = f.make_idea(author=author, title="Zinnia", theme=f.make_theme())
    said = f.make_idea_comment(idea=idea, author=author, body="Quassia")
    dumping.make(DATASETS, at=at)
    words = actions.Words(title="Un banc", need="x", proposal="y", signature="name", theme=idea.theme)
    {
        "withdraw": lambda: actions.withdraw(actor=author, idea=idea, at=at),
        "correct": lambda: actions.correct(actor=author, idea=idea, words=words, at=at),
        "hide": lambda: deciding.hide(idea),
        "withdraw comment": lambda: talking.withdraw_comment(actor=author, comment=said, at=at),
    }[gesture]()
    word, code = ("Quassia", "idees-commentaires") if gesture == "withdraw comment" else ("Zinnia", "idees")
    for form in writing.CHUNKS:
        assert word not in body(client.get(f"/donnees/{code}.{form}"))


def test_the_description_of_the_api_names_each(client):
    told = json.loads(client.get("/api/v1/openapi.json").content)
    listed = {f"/api/v1/{dataset.code}" for dataset in DATASETS if dataset.listing}
    assert {path for path in told["paths"] if path.startswith("/api/v1/idees")} == listed


# --- Indexes ---------------------------------------------------------------------------------------------------------------

INDEXES = [
    ("idees", {}, "ideas_idea_pkey"),
    ("idees", {"campagne": "edition"}, "idea_campaign"),
    ("idees", {"theme": "eau-c"}, "idea_theme"),
    ("idees", {"quartier": "lieu-c"}, "idea_place"),
    ("idees", {"etape": "soutiens"}, "idea_stage"),
    ("idees", {"depuis": timezone.now()}, "idea_recent"),
    ("idees-soutiens", {"etape": "soutiens"}, "idea_stage"),
    ("idees-commentaires", {}, "ideas_comment_pkey"),
    ("idees-commentaires", {"depuis": timezone.now()}, "idea_comment_published"),
    ("idees-reponses", {"depuis": timezone.now()}, "idea_answer_recent"),
    ("idees-nouvelles", {"depuis": timezone.now()}, "idea_event_recent"),
]


@pytest.mark.parametrize(("code", "asked", "index"), INDEXES)
def test_a_page_follows_an_index(code, asked, index):
    """From its first row on: what is sorted is at most what shares the first column, row after row (an incremental sort)."""
    idea = f.make_idea(
        campaign=f.make_campaign(slug="edition"),
        theme=f.make_theme(slug="eau-c"),
        place_district=f.make_district(slug="lieu-c"),
    )
    f.make_idea_comment(idea=idea)
    make_answer(idea)
    make_event(idea)
    # Enough others that the wanted index is worth more than another one: on a single row they cost the same.
    other = f.make_idea(stage=Stage.DONE)
    names = ("campaign", "theme", "title", "need", "proposal", "stage", "stage_at", "published_at", "supports_until")
    Idea.objects.bulk_create(Idea(**{name: getattr(other, name) for name in names}) for _ in range(500))
    listing = datasets.find(code).listing
    rows, order = listing.rows(), listing.order
    first = rows[0]
    for each in listing.filters:
        if each.name in asked:
            rows, order = each.keep(rows, asked[each.name]), each.order or order
    further = cursors.beyond(rows, cursors.after(first, name=code, order=order), name=code, order=order)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ideas_idea")
        for way in ("seqscan", "sort", "bitmapscan", "hashjoin", "mergejoin"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        for page in (rows, further):
            plan = page.order_by(*order)[:101].explain()
            assert re.search(rf"using {index}\b", plan), plan
            assert not re.search(r"(?<!Incremental )Sort  ", plan), plan
