"""The files of the idea box: what is in each column, what never is, and what they cost."""

import csv
import datetime as dt
import io
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ideas import exports, gathering
from ideas.models import Campaign, Comment, Event, Idea, Milestone, Reading
from ideas.models.studies import Answer, CriterionCode
from ideas.models.writing import Stage
from mulhouse import opendata, small_cells
from tests import factories as f
from tests.ideas.city_rows import read
from tests.ideas.rows import make_answer, make_event, make_milestone, make_reaction, make_reading

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 3, 29, 0, 30, tzinfo=dt.UTC)
NAMES = [f"{table}.{form}" for table in exports.TABLES for form in ("csv", "json")]


def body(response):
    return b"".join(response.streaming_content).decode()


def rows(client, table):
    """Read a CSV file as its users do."""
    return list(csv.DictReader(io.StringIO(body(client.get(f"/idees/export/{table}.csv"))), delimiter=";"))


def everything():
    """One line of each table."""
    idea = f.make_idea(campaign=f.make_campaign(thresholds=((50, "Rencontre"),)))
    f.make_idea_comment(idea=idea)
    make_reaction(make_answer(idea))
    make_event(idea)
    make_milestone(idea)
    read(idea)
    f.gather(*(f.make_idea(campaign=idea.campaign) for _ in range(2)))
    return idea


# --- Who -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["soutiens.csv", "idees.xml", "supports.json"])
def test_other_tables_do_not_exist(client, name):
    assert client.get(f"/idees/export/{name}").status_code == 404


@pytest.mark.parametrize("name", NAMES)
def test_anybody_reads_them_under_the_licence(client, name):
    response = client.get(f"/idees/export/{name}")
    assert response.status_code == 200
    assert response["Link"] == f'<{opendata.LICENCE_URL}>; rel="license"'
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Content-Disposition"] == f'attachment; filename="mulhouse-{name}"'
    body(response)
    assert client.post(f"/idees/export/{name}").status_code == 405
    assert client.get(f"/idees/export/{name}", headers={"if-none-match": response["ETag"]}).status_code == 304


@pytest.mark.parametrize("table", exports.TABLES)
def test_nothing_hidden_is_exported(client, table):
    at = timezone.now()
    for fields in ({"withdrawn_at": at}, {"hidden_at": at, "hidden_reason": "3.2"}, {"published": False}):
        idea = f.make_idea(title="Zinnia", need="Zinnia", **fields)
        f.make_idea_comment(idea=idea, body="Zinnia")
        make_reaction(make_answer(idea, reason="Zinnia"), body="Zinnia")
        make_event(idea, text="Zinnia")
        make_milestone(idea)
        make_reading(idea, reason="Zinnia")
        secret = idea.reference
        assert secret not in body(client.get(f"/idees/export/{table}.json"))
    shown = f.make_idea()
    f.make_idea_comment(idea=shown, body="Zinnia", hidden_at=at)
    f.make_idea_comment(idea=shown, body="Zinnia", withdrawn_at=at)
    make_reaction(make_answer(shown), body="Zinnia", hidden_at=at)
    f.make_campaign(title="Zinnia", summary="Zinnia", published_at=None, thresholds=((3, "Zinnia"),))
    for form in ("csv", "json"):
        assert "Zinnia" not in body(client.get(f"/idees/export/{table}.{form}"))


# --- What ----------------------------------------------------------------------------------------------------------------


def test_idea_as_csv(client):
    place = f.make_district(name="Les Essais")
    idea = f.make_idea(
        campaign=f.make_campaign(slug="edition"),
        author=f.make_resident(public_name="Aïcha"),
        title="=Un banc",
        need='Ligne une ; «\u00a0deux\u00a0»\nLigne "trois"',
        proposal="Des *bancs*.",
        beneficiaries="Les piétons",
        cost="Une centaine d’euros",
        theme=f.make_theme(name="Espaces verts"),
        place="Place de la Paix",
        place_district=place,
        district=place,
        behalf="association",
        behalf_name="Les amis",
        published_at=AT,
        realism=72,
        verified_count=3,
        declared_count=6,
        comment_count=4,
        for_count=2,
        against_count=1,
        supports_until=dt.date(2026, 6, 27),
    )
    assert rows(client, "idees") == [
        {
            "reference": idea.reference,
            "campagne": "edition",
            "titre": "'=Un banc",
            "besoin": 'Ligne une ; «\u00a0deux\u00a0»\nLigne "trois"',
            "proposition": "Des *bancs*.",
            "pour_qui": "Les piétons",
            "cout_estime": "Une centaine d’euros",
            "theme": "Espaces verts",
            "lieu": "Place de la Paix",
            "quartier_du_lieu": "Les Essais",
            "signature": "Aïcha",
            "quartier": "",
            "au_nom_de": "association",
            "organisme": "Les amis",
            "canal": "en_ligne",
            "publiee_le": "2026-03-29T01:30:00+01:00",
            "corrigee_le": "",
            "etape": "soutiens",
            "etape_le": "2026-03-29T01:30:00+01:00",
            "soutiens": "9",
            "soutiens_jusqu_au": "2026-06-27",
            "commentaires": "4",
            "commentaires_pour": "2",
            "commentaires_contre": "1",
            "realisme": "72",
            "origine": "",
            "adresse": f"{settings.SITE_URL}/idees/{idea.reference}/",
        }
    ]


def test_the_district_is_given_with_a_signature_that_says_it_only(client):
    place = f.make_district(name="Les Essais")
    f.make_idea(district=place, signature="district")
    f.make_idea(district=place, signature="name", author=f.make_resident(public_name="Aïcha"))
    f.make_idea(district=place, author=None)
    found = [(row["signature"], row["quartier"]) for row in rows(client, "idees")]
    assert found == [
        ("Compte fermé", ""),
        ("Aïcha", ""),
        ("Un habitant du quartier Les Essais", "Les Essais"),
    ]


@pytest.mark.parametrize("verified", [0, 1, 4, 5, 30])
@pytest.mark.parametrize("declared", [0, 3, 5, 12])
def test_a_total_is_told_and_few_people_are_not(client, verified, declared):
    f.make_idea(verified_count=verified, declared_count=declared)
    (row,) = rows(client, "idees-soutiens")
    assert row["soutiens"] == str(verified + declared)
    parts = (row["residences_verifiees"], row["residences_declarees"])
    is_told = min(verified, declared) >= small_cells.THRESHOLD or verified == declared == 0
    assert parts == ((str(verified), str(declared)) if is_told else ("", ""))


def test_comment_answer_and_news_as_csv(client):
    idea = f.make_idea()
    first = f.make_idea_comment(idea=idea, author=f.make_resident(public_name="Léo"), is_question=True, body="Quand ?")
    reply = f.make_idea_comment(idea=idea, parent=first, author=f.make_resident(public_name="Zoé"), body="Bientôt.")
    found = [
        (row["reference"], row["idee"], row["en_reponse_a"], row["question"], row["signature"])
        for row in rows(client, "idees-commentaires")
    ]
    assert found == [
        (reply.reference, idea.reference, first.reference, "non", "Zoé"),
        (first.reference, idea.reference, "", "oui", "Léo"),
    ]
    answer = make_answer(idea, cost_cents=1250050, published_at=AT, next_on=dt.date(2027, 1, 5))
    make_reaction(answer, body="Merci.", published_at=AT)
    (row,) = rows(client, "idees-reponses")
    assert {name: row[name] for name in ("reponse", "cout", "prochaine_etape_le", "reaction", "publiee_le")} == {
        "reponse": "retenue",
        "cout": "12500.5",
        "prochaine_etape_le": "2027-01-05",
        "reaction": "Merci.",
        "publiee_le": "2026-03-29T01:30:00+01:00",
    }
    make_event(idea, kind="date", date_before=dt.date(2027, 1, 5), date_after=dt.date(2027, 2, 5), text="La pluie.")
    (row,) = rows(client, "idees-nouvelles")
    assert (row["sorte"], row["date_avant"], row["date_apres"]) == ("date", "2027-01-05", "2027-02-05")
    make_milestone(idea, done_on=dt.date(2027, 3, 1))
    (row,) = rows(client, "idees-etapes")
    assert (row["etape"], row["faite_le"]) == ("travaux", "2027-03-01")


def test_readings_as_csv_with_those_that_were_replaced(client):
    idea = f.make_idea()
    read(idea, level=1, power="other", handed_to="L’État")
    read(idea, level=3)
    found = rows(client, "idees-lectures")
    assert [(row["idee"], row["numero"], row["realisme"], row["niveau"]) for row in found] == [
        *[(idea.reference, "2", "75", "3")] * 6,
        *[(idea.reference, "1", "25", "1")] * 6,
    ]
    assert [row["critere"] for row in found[:6]] == [exports.CRITERIA[code] for code in reversed(CriterionCode.values)]
    assert (found[6]["competence"], found[6]["transmise_a"], found[0]["competence"]) == ("autre", "L’État", "ville")
    assert found[0]["raison"] == "Raison de overlap."


def test_gatherings_as_csv_until_one_of_both_is_hidden(client):
    made, proposed = f.gather(at=AT), f.make_gathering()
    first, second = (member.idea.reference for member in made.members.select_related("idea").order_by("pk"))
    both = [
        (first, made.parent.reference, "auteur", "2026-03-29T01:30:00+01:00", ""),
        (second, made.parent.reference, "auteur", "2026-03-29T01:30:00+01:00", ""),
    ]

    def told():
        names = ("idee", "reunie_par", "propose_par", "regroupee_le", "separee_le")
        return sorted(tuple(row[name] for name in names) for row in rows(client, "idees-regroupements"))

    assert proposed.opened_at is None
    assert told() == sorted(both)
    Idea.objects.filter(reference=first).update(hidden_at=timezone.now())
    assert told() == [both[1]]
    Idea.objects.filter(reference=first).update(hidden_at=None)
    agent = f.make_staff("ideas.study_idea")
    gathering.separate(actor=agent, gathering=made, reason="Deux lieux.", at=AT)
    found = rows(client, "idees-regroupements")
    assert {(row["separee_par"], row["separee_le"], row["motif"]) for row in found} == {
        ("ville", "2026-03-29T01:30:00+01:00", "Deux lieux.")
    }
    Idea.objects.filter(pk=made.parent_id).update(hidden_at=timezone.now())
    assert told() == []


def test_kept_promise_names_its_threshold(client):
    idea = f.make_idea(campaign=f.make_campaign(thresholds=((50, "Rencontre"),)))
    make_event(idea, kind="promise", threshold=idea.campaign.thresholds.get())
    (row,) = rows(client, "idees-nouvelles")
    assert (row["sorte"], row["seuil"]) == ("promesse_tenue", "50")
    assert [row["delai_jours"] for row in rows(client, "idees-seuils")] == ["180"]


def test_a_campaign_and_its_rules_as_csv(client):
    f.make_campaign(
        slug="edition",
        kind="edition",
        opens_on=dt.date(2026, 1, 1),
        closes_on=dt.date(2026, 2, 1),
        supports_end_on=dt.date(2026, 3, 1),
        budget_cents=50_000_00,
        verified_only=True,
        minimum_age=9,
    )
    (row,) = rows(client, "idees-campagnes")
    assert (row["sorte"], row["depots_au"], row["soutiens_au"], row["budget"], row["age_minimum"]) == (
        "datee",
        "2026-02-01",
        "2026-03-01",
        "50000.0",
        "9",
    )
    assert (row["seuils_comptent"], row["residence"]) == ("residences_verifiees", "residence_declaree")
    found = [(row["campagne"], row["soutiens"], row["ouvre_l_etude"]) for row in rows(client, "idees-seuils")]
    assert sorted(found) == [("edition", "100", "oui"), ("edition", "50", "non")]


def test_every_word_of_the_site_has_one_in_the_files():
    told = {
        "STAGES": Stage,
        "OUTCOMES": Answer.Outcome,
        "STANCES": Comment.Stance,
        "BEHALVES": Idea.Behalf,
        "CAMPAIGNS": Campaign.Kind,
        "CRITERIA": CriterionCode,
        "STEPS": Milestone.Step,
        "EVENTS": Event.Kind,
        "POWERS": Reading.Power,
        "LEVELS": Campaign._meta.get_field("residency_level").choices,
        "CHANNELS": Idea._meta.get_field("channel").choices,
    }
    for name, choices in told.items():
        known = {value for value, _words in getattr(choices, "choices", choices)}
        assert set(getattr(exports, name)) == known, name


def test_json_says_where_it_comes_from(client):
    everything()
    found = json.loads(body(client.get("/idees/export/idees.json")))
    assert set(found) == {"source", "adresse", "licence", "licence_url", "dictionnaire", "exporte_le", "lignes"}
    assert (found["adresse"], found["lignes"][0]["origine"]) == (f"{settings.SITE_URL}/idees/", None)


def test_the_page_lists_each_file_and_each_column(client):
    page = client.get("/idees/donnees/").content.decode()
    for name in NAMES:
        assert f'href="/idees/export/{name}"' in page
    for table in exports.TABLES.values():
        for column in table.columns:
            assert f"<code>{column.name}</code>" in page


def test_the_document_describes_every_column():
    text = (Path(settings.BASE_DIR) / "docs" / "donnees.md").read_text()
    for table in exports.TABLES.values():
        part = text.split(f"### `{table.name}`")[1].split("###")[0].split("\n## ")[0]
        told = re.findall(r"^\| `(\w+)` \| (.*) \|$", part, re.MULTILINE)
        assert told == [(column.name, str(column.meaning)) for column in table.columns]


# --- Cost ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", exports.TABLES)
def test_a_file_costs_the_same_with_ten_times_the_rows(client, table):
    def counted():
        with CaptureQueriesContext(connection) as found:
            body(client.get(f"/idees/export/{table}.json", headers={"if-none-match": "x"}))
        return len(found)

    everything()
    first = counted()
    for _ in range(9):
        everything()
    assert counted() == first == 2
