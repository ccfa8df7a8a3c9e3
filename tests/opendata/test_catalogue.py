"""The catalogue of open data: everything that leaves is in it, and it says the truth."""

import csv
import datetime as dt
import hashlib
import html
import io
import json
import re
from dataclasses import replace

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.urls.resolvers import URLResolver
from django.utils import timezone

from mulhouse import opendata, typography
from opendata import datasets, dumping, tasks, writing
from opendata.models import Dump
from tests.factories import (
    make_comment,
    make_consultation,
    make_contribution,
    make_district,
    make_resident,
)
from tests.opendata.content import act, everything, hidden_words
from tests.test_routes import ROUTES
from transparency import promising, register
from transparency.models import RegisterLine

CODES = [dataset.code for dataset in datasets.all_of_them()]
# What is not a public table: somebody's own data, and what search engines, readers and browsers ask for themselves.
NOT_TABLES = {
    "consultations:all_dates",
    "consultations:own_dates",
    "consultations:social_image",
    "consultations:report_pdf",
    "consultations:image",
    "ideas:social_image",
    "opendata:file",
    "opendata:schema",
    "opendata:dcat",
    "api:description",
    "search:description",
    "robots",
    "security_txt",
    "sitemap",
}


def body(response):
    return (b"".join(response.streaming_content) if response.streaming else response.content).decode()


def lines(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


# --- What leaves is in the catalogue ---------------------------------------------------------------------------------------


def test_no_public_export_stands_outside_the_catalogue():
    """An address that ends like a file, or gives one in a form, is that of a dataset or is named above."""
    file = re.compile(r"\.(csv|json|jsonl|xlsx|zip|xml|txt|png|pdf|jsonld)$|(:form|:extension|:name)>$")
    claimed = {route for dataset in datasets.all_of_them() for route in dataset.routes}
    found = {name for name, pattern in _patterns(get_resolver()) if file.search(pattern)}
    public = {name for name in found if getattr(ROUTES[name][0], "access", "") == "public"}
    assert public - claimed - NOT_TABLES == set()
    assert claimed - set(ROUTES) == set()


def _patterns(resolver, namespaces=(), before=""):
    for pattern in resolver.url_patterns:
        text = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                yield from _patterns(pattern, (*namespaces, *filter(None, [pattern.namespace])), text)
        elif pattern.name:
            yield ":".join([*namespaces, pattern.name]), text


def test_every_page_of_a_dataset_exists():
    assert [each.code for each in datasets.all_of_them() if each.page not in ROUTES] == []


def test_a_code_is_taken_once():
    with pytest.raises(ValueError, match="quartiers"):
        datasets.declare(datasets.Dataset(datasets.find("quartiers").table, "", datasets.Frequency.DAILY, page="home"))


def test_harmless_acts_are_declared_and_none_takes_a_text_away():
    declared = {each.code for each in register.acts()}
    assert datasets.harmless_acts() - declared == set()
    taking = {
        "contribution.withdrawn",
        "moderation.hidden",
        "moderation.masked",
        "contribution.corrected",
        "comment.withdrawn",
    }
    taking |= {"comment.hidden", "account.closed", "profile.renamed", "consultation.document_removed"}
    taking |= {"questionnaire.text_hidden", "vote.cancelled", "questionnaire.cancelled", "outcome.returned"}
    assert datasets.harmless_acts() & taking == set()


# --- What never leaves -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("form", ["csv", "json"])
def test_nothing_hidden_is_in_a_file(db, client, code, form):
    everything()
    for stored in (False, True):
        if stored:
            dumping.make([datasets.find(code)], at=timezone.now())
        text = body(client.get(f"/donnees/{code}.{form}"))
        assert [word for word in hidden_words() if word in text] == []
        assert "@" not in text.replace("@id", "")


@pytest.mark.parametrize("code", CODES)
def test_nothing_hidden_is_on_a_page(db, client, code):
    everything()
    text = body(client.get(f"/donnees/{code}/"))
    assert [word for word in hidden_words() if word in text] == []


def test_unknown_codes_and_forms(db, client):
    for address in (
        "/donnees/positions.csv",
        "/donnees/positions/",
        "/donnees/quartiers.xml",
        "/donnees/x/schema.json",
    ):
        assert client.get(address).status_code == 404
    assert client.post("/donnees/quartiers.csv").status_code == 405


# --- Files -----------------------------------------------------------------------------------------------------------------


def test_a_file_of_the_night(db, client):
    made = make_contribution(title="Des tilleuls")
    at = timezone.now()
    assert dumping.make([datasets.find("contributions")], at=at) == 2
    dumps = {dump.form: dump for dump in Dump.objects.by_code("contributions")}
    assert {form: (dump.rows, dump.made_at) for form, dump in dumps.items()} == {"csv": (1, at), "json": (1, at)}

    response = client.get("/donnees/contributions.csv")
    content = b"".join(response.streaming_content)
    assert content.startswith(b"\xef\xbb\xbfconsultation;reference;")
    assert (len(content), hashlib.sha256(content).hexdigest()) == (dumps["csv"].size, dumps["csv"].sha256)
    assert [row["reference"] for row in lines(content.decode())] == [made.reference]
    assert response["ETag"] == f'"{dumps["csv"].sha256}"'
    assert response["Access-Control-Allow-Origin"] == "*"
    assert client.get("/donnees/contributions.csv", headers={"if-none-match": response["ETag"]}).status_code == 304

    told = json.loads(body(client.get("/donnees/contributions.json")))
    assert [row["titre"] for row in told["lignes"]] == ["Des tilleuls"]
    assert set(told) == {"jeu", "titre", "source", "licence", "licence_url", "dictionnaire", "lignes"}
    line = RegisterLine.objects.get(act="data.published")
    facts = json.loads(line.content)["faits"]["empreintes"]
    assert facts == {f"contributions.{form}": dump.sha256 for form, dump in dumps.items()}


@pytest.mark.parametrize("code", CODES)
def test_both_files_are_what_is_streamed(db, code):
    everything()
    dataset = datasets.find(code)
    dumping.make([dataset], at=timezone.now())
    for dump in Dump.objects.by_code(code):
        with dump.file.open("rb") as stored:
            # The register grows by the line that says it was published.
            if code != "registre":
                assert stored.read() == b"".join(writing.CHUNKS[dump.form](dataset))


def test_what_does_not_change_keeps_its_file_and_its_print(db):
    make_contribution()
    dataset = datasets.find("contributions")
    dumping.make([dataset], at=timezone.now())
    before = list(Dump.objects.order_by("form").values("file", "sha256", "made_at"))
    assert dumping.make([dataset], at=timezone.now()) == 0
    assert list(Dump.objects.order_by("form").values("file", "sha256", "made_at")) == before
    assert RegisterLine.objects.filter(act="data.published").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_replaced_file_goes():
    contribution = make_contribution()
    dataset = datasets.find("contributions")
    dumping.make([dataset], at=timezone.now())
    before = set(Dump.objects.values_list("file", flat=True))
    contribution.title = "Autre titre"
    contribution.save()
    assert dumping.make([dataset], at=timezone.now()) == 2
    after = set(Dump.objects.values_list("file", flat=True))
    assert not before & after
    assert [default_storage.exists(name) for name in before] == [False, False]
    assert [default_storage.exists(name) for name in after] == [True, True]


TAKEN_AWAY = [
    "contribution.withdrawn",
    "moderation.hidden",
    "moderation.masked",
    "contribution.corrected",
    "account.closed",
]


@pytest.mark.parametrize("name", TAKEN_AWAY)
def test_a_text_that_goes_leaves_the_file_at_once(db, client, name):
    """The next request does not show it, the page says so, and the file is made again within the quarter of an hour."""
    contribution = make_contribution(title="Zèbre retiré")
    dataset = datasets.find("contributions")
    dumping.make([dataset], at=timezone.now())
    assert "Zèbre retiré" in body(client.get("/donnees/contributions.csv"))
    contribution.hidden_at = timezone.now()
    contribution.save()
    act(name)
    assert "Zèbre retiré" not in body(client.get("/donnees/contributions.csv"))
    assert "Zèbre retiré" not in body(client.get("/donnees/contributions.json"))
    assert "Quelque chose a pu être retiré" in body(client.get("/donnees/contributions/"))
    assert dataset in dumping.stale()
    tasks.sweep()
    assert dumping.stale() == []
    assert "Quelque chose a pu être retiré" not in body(client.get("/donnees/contributions/"))
    assert Dump.objects.get(code="contributions", form="csv").rows == 0


def test_what_only_adds_leaves_the_file(db, client):
    make_contribution()
    dumping.make([datasets.find("contributions")], at=timezone.now())
    for name in datasets.harmless_acts():
        act(name)
    dump = Dump.objects.get(form="csv")
    assert dumping.is_true(dump)
    response = client.get("/donnees/contributions.csv")
    assert (response["ETag"], len(b"".join(response.streaming_content))) == (f'"{dump.sha256}"', dump.size)


def test_a_night_that_fails_leaves_the_former_file(db, client):
    """A table that breaks does not stop the others, and what it gave before is still given."""
    make_contribution(title="Toujours là")
    whole = datasets.find("contributions")
    dumping.make([whole], at=timezone.now())
    stored = set(default_storage.listdir("donnees")[1])

    def broken():
        yield from whole.table.rows()
        raise RuntimeError("killed")

    failing = replace(whole, table=replace(whole.table, rows=broken))
    with pytest.raises(RuntimeError, match="killed"):
        dumping.make([failing, datasets.find("quartiers")], at=timezone.now())
    assert "Toujours là" in body(client.get("/donnees/contributions.csv"))
    assert Dump.objects.by_code("quartiers").count() == 2
    new = {name.removeprefix("donnees/") for name in Dump.objects.by_code("quartiers").values_list("file", flat=True)}
    assert set(default_storage.listdir("donnees")[1]) == stored | new


def test_an_older_reading_never_replaces_a_newer_one(db):
    make_contribution()
    dataset = datasets.find("contributions")
    older = dumping._stored(dataset)  # noqa: SLF001 (a worker that was slow)
    make_contribution()
    act("contribution.withdrawn")
    dumping.make([dataset], at=timezone.now())
    assert dumping.switch(made=older, at=timezone.now()) == 0
    assert set(Dump.objects.values_list("rows", flat=True)) == {2}


def test_purge_forgets_what_no_row_names(db):
    name = default_storage.save("donnees/perdu.csv", ContentFile(b"x"))
    dumping.purge(at=timezone.now())
    assert default_storage.exists(name)
    dumping.purge(at=timezone.now() + dumping.YOUNG * 2)
    assert not default_storage.exists(name)


def test_a_file_that_the_storage_lost_is_read_from_the_database(db, client):
    make_contribution(title="Des tilleuls")
    dumping.make([datasets.find("contributions")], at=timezone.now())
    default_storage.delete(str(Dump.objects.get(form="csv").file.name))
    assert "Des tilleuls" in body(client.get("/donnees/contributions.csv"))


def test_the_file_of_promises_costs_the_same_with_ten_times_the_pauses(db):
    made, at = 0, timezone.now()

    def counted(promises):
        nonlocal made
        while made < promises:
            made += 1
            with transaction.atomic():
                promising.make(kind="moderation-appeal", key=f"P{made}", title="Contestation", at=at)
                promising.pause(kind="moderation-appeal", key=f"P{made}", reason="Une pièce manque.", at=at)
        with CaptureQueriesContext(connection) as found:
            lines = b"".join(writing.csv_chunks(datasets.find("promesses"))).count(b"Contestation")
        return lines, len(found)

    (few, first), (many, second) = counted(2), counted(20)
    assert (few, many) == (2, 20)
    assert first == second


# --- Pages and descriptions ------------------------------------------------------------------------------------------------


def test_pages_cost_the_same_at_ten_times(db, client):
    def counted(address):
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get(address).status_code == 200
        return len(found)

    consultation = make_consultation()
    make_contribution(consultation=consultation)
    tasks.publish()
    first = {
        address: counted(f"{address}?n=1") for address in ("/donnees/", "/donnees/contributions/", "/donnees/api/")
    }
    for _ in range(10):
        make_comment(contribution=make_contribution(consultation=consultation))
    act("contribution.published")
    assert {address: counted(f"{address}?n=2") for address in first} == first
    assert first == {"/donnees/": 3, "/donnees/contributions/": 4, "/donnees/api/": 1}


def test_pages_set_no_cookie_and_are_kept(db, client):
    for address in ("/donnees/", "/donnees/quartiers/", "/donnees/api/"):
        response = client.get(address)
        assert (response.status_code, dict(client.cookies)) == (200, {})
        assert client.get(address, headers={"if-none-match": response["ETag"]}).status_code == 304


DCAT = {
    "dcat:Catalog": {"dct:title", "dct:description", "dct:publisher", "dcat:dataset"},
    "dcat:Dataset": {
        "dct:title",
        "dct:description",
        "dct:publisher",
        "dcat:theme",
        "dcat:contactPoint",
        "dcat:keyword",
    },
    "dcat:Distribution": {"dcat:accessURL", "dct:license", "dct:format", "dcat:downloadURL"},
    "dcat:DataService": {"dct:title", "dcat:endpointURL", "dcat:servesDataset"},
}


def _nodes(value):
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _nodes(each)
    elif isinstance(value, list):
        for each in value:
            yield from _nodes(each)


def test_dcat_has_what_dcat_ap_requires(db, client):
    tasks.publish()
    response = client.get("/donnees/catalogue.jsonld")
    assert response["Content-Type"] == "application/ld+json"
    found = json.loads(response.content)
    prefixes = set(found["@context"])
    for node in _nodes({name: value for name, value in found.items() if name != "@context"}):
        for required in DCAT.get(node.get("@type"), ()):
            assert node.get(required), (node.get("@id"), required)
        assert {name.partition(":")[0] for name in node if not name.startswith("@")} <= prefixes
    assert [each["dct:identifier"] for each in found["dcat:dataset"]] == CODES
    named = {node["@id"] for node in _nodes(found) if node.get("@type") == "dcat:Dataset"}
    assert {each["@id"] for each in found["dcat:service"][0]["dcat:servesDataset"]} <= named
    for each in found["dcat:dataset"]:
        assert [one["spdx:checksum"]["spdx:checksumValue"]["@value"] for one in each["dcat:distribution"]] == list(
            Dump.objects.by_code(each["dct:identifier"]).values_list("sha256", flat=True)
        )


def test_dcat_says_each_thing_in_its_type(db, client):
    """Addresses are whole, a size is a number, a digest that of a SHA-256, a day an instant; the licence is everywhere."""
    tasks.publish()
    found = json.loads(client.get("/donnees/catalogue.jsonld").content)
    nodes = list(_nodes({name: value for name, value in found.items() if name != "@context"}))
    for node in nodes:
        name = node.get("@id", "https://")
        assert name.startswith(("http://", "https://", "mailto:", "spdx:")), node
        match node.get("@type"):
            case "xsd:nonNegativeInteger":
                assert int(node["@value"]) > 0
            case "xsd:hexBinary":
                assert re.fullmatch(r"[0-9a-f]{64}", node["@value"])
            case "xsd:dateTime":
                assert dt.datetime.fromisoformat(node["@value"]).tzinfo
            case "dcat:Distribution" | "dcat:Catalog" | "dcat:DataService":
                assert node["dct:license"] == {"@id": opendata.LICENCE_URL}
    identified = [node["@id"] for node in nodes if node.get("@type", "").startswith("dcat:")]
    assert len(identified) == len(set(identified)) == 2 + 3 * len(CODES)
    assert found["@context"]["dcat"] == "http://www.w3.org/ns/dcat#"


@pytest.mark.parametrize("code", CODES)
def test_page_of_a_dataset_says_all_there_is_to_know(db, client, code):
    """What it is, who makes it, how often, under which licence, each column, how large, and a digest to check it."""
    everything()
    found = datasets.find(code)
    dumping.make([found], at=timezone.now())
    text = html.unescape(body(client.get(f"/donnees/{code}/")))
    expected = [found.table.title, found.table.summary, found.producer, found.frequency.words, opendata.LICENCE]
    expected += [found.small_numbers, f'href="{opendata.LICENCE_URL}"', f"/donnees/{code}/schema.json", "Comment citer"]
    for column in found.table.columns:
        expected += [f"<code>{column.name}</code>", column.meaning, column.kind.value]
    for dump in Dump.objects.by_code(code):
        expected += [dump.sha256, typography.file_size(dump.size), f'href="/donnees/{code}.{dump.form}"']
    assert [str(each) for each in expected if str(each) not in text] == []
    assert found.keywords
    assert all(str(column.meaning).endswith((".", "…")) for column in found.table.columns)


def test_every_public_table_of_the_site_is_there():
    """The tables whose pages are public: one that is taken out of the catalogue is missed here."""
    texts = {"consultations", "contributions", "commentaires", "suites", "chiffres", "participants"}
    results = {"votes", "questionnaires", "croisements"}
    city = {
        "engagements",
        "nouvelles",
        "promesses",
        "registre",
        "accessibilite",
        "moderation",
        "audience",
        "traitements",
    }
    names = {"quartiers", "themes", "services", "populations"}
    box = {
        f"idees-{name}"
        for name in (
            *("soutiens", "commentaires", "reponses", "campagnes", "seuils", "etapes", "nouvelles", "votes"),
            *("lectures", "regroupements"),
        )
    }
    assert set(CODES) == texts | results | city | names | box | {"idees"}


@pytest.mark.parametrize("code", CODES)
def test_table_schema_names_the_columns_of_the_file(db, client, code):
    everything()
    schema = json.loads(client.get(f"/donnees/{code}/schema.json").content)
    header = body(client.get(f"/donnees/{code}.csv")).removeprefix("\ufeff").split("\r\n", 1)[0]
    assert ";".join(field["name"] for field in schema["fields"]) == header
    kinds = {"string": str, "integer": int, "number": float, "datetime": str, "date": str}
    for row in json.loads(body(client.get(f"/donnees/{code}.json")))["lignes"]:
        for field in schema["fields"]:
            value = row[field["name"]]
            assert value is None or isinstance(value, kinds[field["type"]]), (field, value)


def test_footer_and_site_map_lead_there(db, client):
    assert 'href="/donnees/"' in body(client.get("/"))
    assert 'href="/donnees/"' in body(client.get("/plan-du-site/"))
    assert f"{settings.SITE_URL}/donnees/" in body(client.get("/sitemap.xml"))
    consultation = make_consultation()
    assert 'href="/donnees/"' in body(client.get(f"/concertations/{consultation.slug}/donnees/"))
    make_district()
    make_resident()
