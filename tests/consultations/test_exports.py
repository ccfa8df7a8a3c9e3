"""The open data of a consultation: what is in the files, what never is, and what it costs."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from consultations import exports
from consultations.models import Contribution, Participation, Position
from desk.models import Person
from mulhouse import opendata
from tests.factories import (
    make_comment,
    make_consultation,
    make_contribution,
    make_district,
    make_resident,
    make_section,
    make_staff,
    sign_in,
    today,
)

NAMES = [
    f"{table}.{form}"
    for table in ("contributions", "commentaires", "chiffres", "participants")
    for form in ("csv", "json")
]


def address(consultation, name):
    return f"/concertations/{consultation.slug}/export/{name}"


def body(response):
    return b"".join(response.streaming_content).decode()


def rows(client, consultation, name):
    """Read a CSV file as its users do."""
    return list(csv.DictReader(io.StringIO(body(client.get(address(consultation, name)))), delimiter=";"))


# --- Who -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_drafts_are_exported_to_nobody(db, client, name):
    consultation = make_consultation(published_at=None)
    assert client.get(address(consultation, name)).status_code == 404
    sign_in(client, make_staff("consultations.change_consultation"))
    assert client.get(address(consultation, name)).status_code == 404


@pytest.mark.parametrize("name", ["positions.csv", "contributions.xml", "soutiens.json"])
def test_other_tables_do_not_exist(db, client, name):
    assert client.get(address(make_consultation(), name)).status_code == 404


@pytest.mark.parametrize("name", NAMES)
def test_anybody_reads_a_public_consultation_even_archived(db, client, name):
    consultation = make_consultation(archived_at=timezone.now(), phase="follow")
    assert client.get(address(consultation, name)).status_code == 200
    assert client.post(address(consultation, name)).status_code == 405


# --- What ----------------------------------------------------------------------------------------------------------------


def test_contribution_as_csv(db, client):
    district = make_district(name="Les Essais")
    consultation = make_consultation()
    section = make_section(consultation, title="Les arbres")
    made = make_contribution(
        consultation=consultation,
        section=section,
        author=make_resident(public_name="Aïcha"),
        district=district,
        kind="experience",
        title="Des tilleuls",
        body='Ligne une ; «\u00a0deux\u00a0»\nLigne "trois"',
        usage_when="Le matin",
        usage_frequency="Chaque jour",
        usage_role="Piétonne",
        place="Place de la Paix",
        published_at=timezone.datetime(2026, 3, 29, 0, 30, tzinfo=timezone.get_fixed_timezone(0)),
        agree_count=3,
        mixed_count=1,
        imported_disagree_count=2,
        comment_count=4,
        for_count=2,
        against_count=1,
    )
    assert rows(client, consultation, "contributions.csv") == [
        {
            "reference": made.reference,
            "partie": "Les arbres",
            "sorte": "expertise_d_usage",
            "titre": "Des tilleuls",
            "texte": 'Ligne une ; «\u00a0deux\u00a0»\nLigne "trois"',
            "signature": "Aïcha",
            "quartier": "Les Essais",
            "quand": "Le matin",
            "rythme": "Chaque jour",
            "en_tant_que": "Piétonne",
            "lieu": "Place de la Paix",
            "quartier_du_lieu": "",
            "canal": "en_ligne",
            "publiee_le": "2026-03-29T01:30:00+01:00",
            "corrigee_le": "",
            "d_accord": "3",
            "mitige": "1",
            "pas_d_accord": "2",
            "commentaires": "4",
            "commentaires_pour": "2",
            "commentaires_contre": "1",
            "suite": "",
        }
    ]


def test_comment_as_csv(db, client):
    consultation = make_consultation()
    contribution = make_contribution(consultation=consultation)
    first = make_comment(contribution=contribution, author=make_resident(public_name="Léo"), stance="for", body="Oui.")
    reply = make_comment(parent=first, author=make_resident(public_name="Zoé"), body="Aussi.", support_count=2)
    found = rows(client, consultation, "commentaires.csv")
    kept = [
        {name: row[name] for name in ("reference", "contribution", "en_reponse_a", "sens", "signature")}
        for row in found
    ]
    assert kept == [
        {
            "reference": first.reference,
            "contribution": contribution.reference,
            "en_reponse_a": "",
            "sens": "pour",
            "signature": "Léo",
        },
        {
            "reference": reply.reference,
            "contribution": contribution.reference,
            "en_reponse_a": first.reference,
            "sens": "neutre",
            "signature": "Zoé",
        },
    ]
    assert [row["soutiens"] for row in found] == ["0", "2"]


def test_counts_by_section_and_kind(db, client):
    consultation = make_consultation(sections=0)
    section = make_section(consultation, title="Les arbres")
    for kind, agree in (("opinion", 1), ("opinion", 2), ("question", 4)):
        make_contribution(
            consultation=consultation, section=section, kind=kind, agree_count=agree, imported_mixed_count=1
        )
    found = rows(client, consultation, "chiffres.csv")
    assert [(row["partie"], row["sorte"], row["contributions"], row["d_accord"], row["mitige"]) for row in found] == [
        ("Les arbres", "avis", "2", "3", "2"),
        ("Les arbres", "question", "1", "4", "1"),
    ]


def test_participants_by_channel_hide_small_counts(db, client):
    consultation = make_consultation()
    for channel in ["web"] * 6 + ["desk"] * 5 + ["paper"] * 3 + ["phone"] * 2:
        person = Person.objects.create()
        Participation.objects.create(consultation=consultation, person=person, channel=channel, first_on=today())
    found = {row["canal"]: int(row["personnes"]) for row in rows(client, consultation, "participants.csv")}
    assert sum(found.values()) == 16
    assert {"papier", "telephone"} & found.keys() == set()
    assert min(found.values()) >= 5


def test_json_says_where_it_comes_from_and_under_which_licence(db, client):
    consultation = make_consultation(title="Arbres", source_note="Données reprises d’ailleurs.")
    made = make_contribution(consultation=consultation)
    found = json.loads(body(client.get(address(consultation, "contributions.json"))))
    assert {name: found[name] for name in ("licence", "licence_url", "origine", "source", "consultation")} == {
        "licence": "Licence Ouverte 2.0 (Etalab)",
        "licence_url": opendata.LICENCE_URL,
        "origine": "Données reprises d’ailleurs.",
        "source": "Ville de Mulhouse (site de démonstration)",
        "consultation": {
            "titre": "Arbres",
            "adresse": f"http://127.0.0.1:8000/concertations/{consultation.slug}/",
        },
    }
    assert found["dictionnaire"] == f"http://127.0.0.1:8000/concertations/{consultation.slug}/donnees/"
    assert [(row["reference"], row["corrigee_le"], row["d_accord"]) for row in found["lignes"]] == [
        (made.reference, None, 0)
    ]


@pytest.mark.parametrize("table", exports.TABLES)
def test_empty_files_are_whole(db, client, table):
    consultation = make_consultation()
    assert rows(client, consultation, f"{table}.csv") == []
    assert json.loads(body(client.get(address(consultation, f"{table}.json"))))["lignes"] == []


def test_files_longer_than_a_chunk_are_whole(db, client, monkeypatch):
    monkeypatch.setattr(opendata, "CHUNK", 2)
    consultation, author = make_consultation(), make_resident()
    references = {make_contribution(consultation=consultation, author=author).reference for _ in range(5)}
    assert {row["reference"] for row in rows(client, consultation, "contributions.csv")} == references
    found = json.loads(body(client.get(address(consultation, "contributions.json"))))
    assert {row["reference"] for row in found["lignes"]} == references


def test_csv_is_utf8_without_a_mark_and_its_lines_end_as_the_standard_says(db, client):
    content = b"".join(client.get(address(make_consultation(), "chiffres.csv")).streaming_content)
    assert content.startswith(b"partie;sorte;")
    assert content.endswith(b"\r\n")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+33", "'+33"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("a=1", "a=1"),
        ("", ""),
        (-3, -3),
    ],
)
def test_a_spreadsheet_runs_nothing(text, written):
    assert opendata.harmless(text) == written


def test_headers_name_the_file_and_the_licence(db, client):
    consultation = make_consultation(slug="arbres")
    response = client.get(address(consultation, "contributions.csv"))
    assert (response["Content-Type"], response["Content-Disposition"]) == (
        "text/csv; charset=utf-8",
        'attachment; filename="arbres-contributions.csv"',
    )
    assert response["Link"] == f'<{opendata.LICENCE_URL}>; rel="license"'
    assert response.cookies == {}


def test_unchanged_file_is_not_sent_again(db, client):
    consultation = make_consultation()
    etag = client.get(address(consultation, "contributions.csv"))["ETag"]
    assert client.get(address(consultation, "contributions.csv"), headers={"If-None-Match": etag}).status_code == 304


def test_files_speak_french_whatever_the_page(db, client):
    consultation = make_consultation()
    make_contribution(consultation=consultation, signature="district", district=make_district(name="Les Essais"))
    response = client.get(f"/de{address(consultation, 'contributions.csv')}")
    with translation.override("de"):
        assert "Un habitant du quartier Les Essais" in body(response)


# --- What never is ---------------------------------------------------------------------------------------------------------


def test_hidden_texts_are_in_no_file(db, client):
    consultation = make_consultation()
    shown = make_contribution(consultation=consultation, title="VISIBLE", body="VISIBLE")
    make_contribution(consultation=consultation, title="CACHE", body="CACHE", published_at=None)
    withdrawn = make_contribution(consultation=consultation, title="CACHE", body="CACHE", withdrawn_at=timezone.now())
    make_comment(contribution=withdrawn, body="CACHE")
    make_comment(contribution=shown, body="CACHE", withdrawn_at=timezone.now())
    make_comment(contribution=shown, body="VISIBLE")
    make_contribution(title="CACHE", body="CACHE")  # of another consultation
    texts = {name: body(client.get(address(consultation, name))) for name in NAMES}
    assert {name for name, text in texts.items() if "CACHE" in text} == set()
    assert {name for name, text in texts.items() if "VISIBLE" in text} == {
        name for name in NAMES if not name.startswith(("chiffres", "participants"))
    }


def test_nobody_is_in_the_files_but_by_their_public_name(db, client):
    consultation = make_consultation()
    author = make_resident(email="prive@example.org", public_name="Aïcha", district=make_district(name="Secret"))
    by_district = make_contribution(consultation=consultation, author=author, signature="district")
    voter = make_resident(email="votant@example.org", public_name="Votante")
    Position.objects.create(contribution=by_district, resident=voter, choice="agree")
    closed = make_contribution(consultation=consultation, district=make_district(name="Autre"))
    Contribution.objects.filter(pk=closed.pk).update(author=None)
    text = "".join(body(client.get(address(consultation, name))) for name in NAMES)
    found = [word for word in ("@example.org", "Aïcha", "Votante", "Secret", "Autre") if word in text]
    assert found == []
    assert "Compte fermé" in text


def test_no_internal_number_is_exported():
    columns = {column.name for table in exports.TABLES.values() for column in table.columns}
    assert [name for name in columns if re.search(r"(^|_)(id|pk|email|courriel|personne)($|_)", name)] == []


# --- What it costs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"), [("contributions.csv", 2), ("commentaires.json", 2), ("chiffres.csv", 2)]
)
def test_files_take_as_many_queries_with_one_row_as_with_many(db, client, name, expected):
    """One for the consultation, one for the rows; the register's head and the phases come before the first byte."""
    consultation = make_consultation()
    for number in (1, 6):
        for _ in range(number):
            make_comment(contribution=make_contribution(consultation=consultation))
        with CaptureQueriesContext(connection) as queries:
            body(client.get(address(consultation, name)))
        assert len(queries) == expected + 2


def test_data_page_lists_the_files_and_explains_each_column(db, client):
    consultation = make_consultation(slug="arbres", source_note="Données reprises d’ailleurs.")
    page = client.get("/concertations/arbres/donnees/").content.decode()
    assert [name for name in NAMES if f"/concertations/arbres/export/{name}" not in page] == []
    missing = [
        column.name
        for table in exports.TABLES.values()
        for column in table.columns
        if f"<code>{column.name}</code>" not in page or str(column.meaning).split(" ")[0] not in page
    ]
    assert missing == []
    assert "Licence Ouverte 2.0" in page
    assert consultation.source_note in page


def test_data_page_of_a_draft_is_for_its_agents(db, client):
    consultation = make_consultation(published_at=None)
    url = f"/concertations/{consultation.slug}/donnees/"
    assert client.get(url).status_code == 404
    sign_in(client, make_staff("consultations.change_consultation"))
    assert client.get(url).status_code == 200


def test_consultation_leads_to_its_data(db, client):
    consultation = make_consultation()
    assert (
        f"/concertations/{consultation.slug}/donnees/" in client.get(consultation.get_absolute_url()).content.decode()
    )


def test_documentation_describes_each_column():
    text = (Path(settings.BASE_DIR) / "docs" / "donnees.md").read_text()
    missing = [
        f"{table.name}.{column.name}"
        for table in exports.TABLES.values()
        for column in table.columns
        if f"| `{column.name}` | {column.meaning} |" not in text
    ]
    assert missing == []
