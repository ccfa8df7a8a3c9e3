"""The API: the same lines as the files, page by page; what it describes is what it does."""

import gzip
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import schemathesis
from django.conf import settings
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings

from consultations.models import Contribution, ItemOutcome, Outcome
from mulhouse import memory, throttle
from opendata import cursors, datasets
from tests.consultations.test_import import REAL
from tests.factories import (
    make_comment,
    make_consultation,
    make_contribution,
    make_district,
    make_item,
    make_service,
    make_theme,
)
from tests.opendata.content import act, everything, hidden_words

LISTS = [dataset.code for dataset in datasets.all_of_them() if dataset.listing]


def get(client, path, **query):
    response = client.get(f"/api/v1/{path}", query)
    assert response.status_code == 200, response.content
    return response.json()


def pages(client, path, **query):
    """Read a list to its end, as a client does."""
    found, page = [], get(client, path, **query)
    while True:
        found += page["lignes"]
        if page["suivante"] is None:
            return found
        response = client.get(page["suivante"].removeprefix(settings.SITE_URL))
        assert response.status_code == 200, response.content
        page = response.json()


# --- What never leaves -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", LISTS)
def test_nothing_hidden_is_given(db, client, code):
    everything()
    text = client.get(f"/api/v1/{code}").content.decode()
    assert [word for word in hidden_words() if word in text] == []
    names = set().union(*(set(row) for row in json.loads(text)["lignes"]))
    assert names & {"id", "pk", "courriel", "email"} == set()


def test_a_draft_consultation_and_an_unknown_one_answer_alike(db, client):
    draft = make_consultation(published_at=None)
    make_contribution(consultation=draft)
    kept = [get(client, "contributions", consultation=slug) for slug in (draft.slug, "inconnue")]
    assert [page["lignes"] for page in kept] == [[], []]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["", "contributions", "openapi.json"])
def test_it_is_only_read(db, client, method, path):
    response = getattr(client, method)(f"/api/v1/{path}")
    assert (response.status_code, response["Allow"], response.json()["code"]) == (
        405,
        "GET, HEAD, OPTIONS",
        "lecture-seule",
    )
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("rien", 404, "adresse-inconnue"),
        ("../v2/contributions", 404, "adresse-inconnue"),
        ("contributions?tri=titre", 400, "parametre-inconnu"),
        ("contributions?taille=1&taille=2", 400, "parametre-repete"),
        ("contributions?taille=0", 400, "parametre-incorrect"),
        ("contributions?taille=101", 400, "parametre-incorrect"),
        ("contributions?depuis=hier", 400, "parametre-incorrect"),
        ("contributions?depuis=20260101", 400, "parametre-incorrect"),
        ("contributions?sorte=autre", 400, "parametre-incorrect"),
        ("contributions?consultation=%00", 400, "parametre-incorrect"),
        ("contributions?apres=invente", 404, "place-inconnue"),
        ("contributions?apres=inventé", 400, "parametre-incorrect"),
        ("contributions?sorte=avis%C2%8F", 400, "parametre-incorrect"),
        ("contributions?apres=%00", 400, "parametre-incorrect"),
    ],
)
def test_problems_say_what_to_do(db, client, path, status, code):
    response = client.get(f"/api/v1/{path}")
    found = response.json()
    assert (response.status_code, found["status"], found["code"]) == (status, status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert f'id="{code}"' in client.get(found["type"].removeprefix(settings.SITE_URL)).content.decode()


def test_a_place_is_of_one_list_and_one_order(db, client):
    consultation = make_consultation()
    for _ in range(3):
        make_contribution(consultation=consultation)
    place = get(client, "contributions", taille=1)["suivante"].partition("apres=")[2]
    assert client.get(f"/api/v1/commentaires?apres={place}").json()["code"] == "place-inconnue"
    address = f"/api/v1/contributions?consultation={consultation.slug}&apres={place}"
    assert client.get(address).json()["code"] == "place-inconnue"


# --- What it gives ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", LISTS)
def test_a_list_gives_the_lines_of_the_file(db, client, code):
    everything()
    file = json.loads(b"".join(client.get(f"/donnees/{code}.json").streaming_content))
    found = pages(client, code, taille=1)
    if code == "registre":
        found, file["lignes"] = found[-1:], file["lignes"][-1:]
    assert found == file["lignes"]


@pytest.mark.parametrize("narrowed", [False, True])
def test_a_line_that_arrives_moves_nothing(db, client, narrowed):
    consultation = make_consultation()
    made = [make_contribution(consultation=consultation).reference for _ in range(5)]
    query = {"consultation": consultation.slug} if narrowed else {}
    first = get(client, "contributions", taille=2, **query)
    make_contribution(consultation=consultation)
    rest, following = [], first["suivante"]
    while following:
        page = client.get(following.removeprefix(settings.SITE_URL)).json()
        rest, following = [*rest, *page["lignes"]], page["suivante"]
    assert [row["reference"] for row in (*first["lignes"], *rest)] == made[::-1]


def answered(contribution):
    item = make_item(contribution=contribution)
    outcome = Outcome.objects.create(
        consultation=contribution.consultation,
        item=item,
        decision="kept",
        explanation="La Ville le fera.",
        explanation_html="<p>La Ville le fera.</p>",
        published_at=timezone.now(),
    )
    return ItemOutcome.objects.create(item=item, outcome=outcome, given_at=timezone.now())


def test_pages_of_one_consultation_skip_and_repeat_nothing(db, client):
    """Comments and answers of one consultation follow its contributions: each page begins after a row of another table."""
    consultation, other = make_consultation(), make_consultation()
    written = [make_contribution(consultation=where) for where in (consultation, other, consultation, consultation)]
    comments = [make_comment(contribution=each) for _ in range(3) for each in written]
    for each in written:
        answered(each)
    since = "2020-01-01T00:00:00Z"
    for size in (1, 2, 5):
        for more in ({}, {"depuis": since}):
            found = pages(client, "commentaires", consultation=consultation.slug, taille=size, **more)
            asked = {each.reference for each in comments if each.contribution.consultation == consultation}
            assert (len(found), {row["reference"] for row in found}) == (len(asked), asked)
            found = pages(client, "suites", consultation=consultation.slug, taille=size, **more)
            told = [each.reference for each in written if each.consultation == consultation]
            assert sorted(row["avis"] for row in found) == sorted(told)
    new = make_comment(contribution=written[-1])
    act("comment.published")
    first = get(client, "commentaires", consultation=consultation.slug, taille=1)["lignes"]
    assert [row["reference"] for row in first] == [new.reference]


def test_filters(db, client):
    district, consultation = make_district(slug="les-essais"), make_consultation()
    placed = make_contribution(consultation=consultation, place_district=district, kind="question")
    make_contribution(consultation=consultation)
    other = make_contribution()

    def references(**query):
        return [row["reference"] for row in get(client, "contributions", **query)["lignes"]]

    assert references(quartier="les-essais") == [placed.reference]
    assert references(sorte="question") == [placed.reference]
    assert references(consultation=other.consultation.slug) == [other.reference]
    assert references(depuis="2099-01-01T00:00:00Z") == []
    assert len(references(depuis="2020-01-01T00:00:00+01:00")) == 3
    make_comment(contribution=placed)
    make_comment(contribution=other)
    assert len(get(client, "commentaires", contribution=placed.reference)["lignes"]) == 1


def test_catalogue_of_the_api(db, client):
    found = get(client, "")["jeux"]
    assert [each["jeu"] for each in found] == [dataset.code for dataset in datasets.all_of_them()]
    for each in found:
        memory.client().flushdb()  # nobody asks all of this in a minute
        for address in (each["page"], each["lignes"], *each["fichiers"]):
            assert address is None or client.get(address.removeprefix(settings.SITE_URL)).status_code == 200


# --- How it is served ------------------------------------------------------------------------------------------------------


def test_nothing_is_sent_twice_nor_kept_about_anybody(db, client):
    make_contribution()
    response = client.get("/api/v1/contributions", headers={"origin": "https://exemple.fr"})
    assert (response["Access-Control-Allow-Origin"], dict(client.cookies)) == ("*", {})
    assert "Access-Control-Allow-Credentials" not in response
    again = client.get("/api/v1/contributions", headers={"if-none-match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    act("contribution.published")
    assert client.get("/api/v1/contributions", headers={"if-none-match": response["ETag"]}).status_code == 200


def test_a_first_page_is_made_once_and_compressed_once(db, client):
    """A place further in the list is asked by one program once: it is not kept. A line on the register makes another page."""
    contribution = make_contribution(title="Des tilleuls")
    make_contribution()
    gzipped = {"accept-encoding": "gzip"}

    def asked(address, **headers):
        with CaptureQueriesContext(connection) as found:
            response = client.get(address, headers=headers)
        body = gzip.decompress(response.content) if response.get("Content-Encoding") == "gzip" else response.content
        return response, json.loads(body), len(found)

    whole, first, made = asked("/api/v1/contributions?taille=1")
    assert "Content-Encoding" not in whole
    again, same, kept = asked("/api/v1/contributions?taille=1", **gzipped)
    assert (again["Content-Encoding"], same, whole["ETag"]) == ("gzip", first, again["ETag"])
    # The head of the register alone; Redis holds the rest.
    assert kept == 1 < made
    following = first["suivante"].removeprefix(settings.SITE_URL)
    assert asked(following)[2] == asked(following)[2] == made
    contribution.hidden_at = timezone.now()
    contribution.save()
    act("moderation.hidden")
    changed, page, _queries = asked("/api/v1/contributions?taille=1", **gzipped)
    assert (changed["ETag"] == whole["ETag"], page["suivante"]) == (False, None)
    assert "Accept-Encoding" in again["Vary"]


def test_a_page_that_is_kept_forgets_what_was_hidden(db, client):
    contribution = make_contribution(title="Des tilleuls")
    for _ in range(2):
        assert "Des tilleuls" in client.get("/api/v1/contributions").content.decode()
    contribution.hidden_at = timezone.now()
    contribution.save()
    act("moderation.hidden")
    assert "Des tilleuls" not in client.get("/api/v1/contributions").content.decode()


def test_head_and_options(db, client):
    response = client.head("/api/v1/contributions")
    assert (response.status_code, response.content) == (200, b"")
    response = client.options("/api/v1/contributions")
    assert (response.status_code, response["Access-Control-Allow-Methods"]) == (204, "GET, HEAD, OPTIONS")


def test_limit(db, client):
    most = int(throttle.Limit.API.value.rates[0].partition("/")[0])
    first = client.options("/api/v1/themes")
    assert "RateLimit" not in first
    for left in range(most - 1, -1, -1):
        response = client.get("/api/v1/themes")
        assert (response.status_code, response["RateLimit"].partition(";t=")[0]) == (200, f'"api";r={left}')
    refused = client.get("/api/v1/themes")
    assert (refused.status_code, refused.json()["code"]) == (429, "trop-vite")
    assert 0 < int(refused["Retry-After"]) <= 60
    assert refused["RateLimit-Policy"] == f'"api";q={most};w=60'
    # The pages are not closed to somebody whose program reads too fast.
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("code", LISTS)
def test_a_page_costs_the_same_at_ten_times(db, client, code):
    def counted(address):
        with CaptureQueriesContext(connection) as found:
            assert client.get(address).status_code == 200
        return len(found)

    consultation = everything()
    first = counted(f"/api/v1/{code}")
    for _ in range(10):
        make_comment(contribution=make_contribution(consultation=consultation))
        make_district()
    act("contribution.published")  # what an action would write: else the page that is kept is true
    assert counted(f"/api/v1/{code}") == first
    assert first <= 4


INDEXES = [
    ("contributions", {}, "consultations_contribution_pkey"),
    # One row is found as quickly by either; of many, the first one reads those of this consultation alone.
    ("contributions", {"consultation": "parc"}, "contribution_(recent|published)"),
    ("contributions", {"depuis": timezone.now()}, "contribution_published"),
    ("commentaires", {}, "consultations_comment_pkey"),
    ("commentaires", {"consultation": "parc"}, "contribution_(recent|published)"),
    ("commentaires", {"depuis": timezone.now()}, "comment_published"),
    ("suites", {}, "consultations_itemoutcome_pkey"),
    ("suites", {"consultation": "parc"}, "item_recent"),
    ("suites", {"depuis": timezone.now()}, "item_outcome_given"),
    ("registre", {"acte": "contribution.published"}, "register_act"),
]


@pytest.mark.parametrize(("code", "asked", "index"), INDEXES)
def test_a_page_follows_an_index(db, code, asked, index):
    """From its first row on: what is sorted is at most what shares the first column, row after row (an incremental sort)."""
    contribution = make_contribution(consultation=make_consultation(slug="parc"))
    make_comment(contribution=contribution)
    answered(contribution)
    act("contribution.published")
    if "acte" in asked:
        # Of one line, each index costs the same.
        for _number in range(100):
            act("consultation.published")
    listing = datasets.find(code).listing
    rows, order = listing.rows(), listing.order
    for each in listing.filters:
        if each.name in asked:
            rows, order = each.keep(rows, asked[each.name]), each.order or order
    first = rows.order_by(*order)[0] if "depuis" not in asked else datasets.find(code).listing.rows()[0]
    further = cursors.beyond(rows, cursors.after(first, name=code, order=order), name=code, order=order)
    with connection.cursor() as cursor:
        for way in ("seqscan", "sort", "bitmapscan", "hashjoin", "mergejoin"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        for page in (rows, further):
            plan = page.order_by(*order)[:101].explain()
            assert re.search(rf"using {index}\b", plan), plan
            assert not re.search(r"(?<!Incremental )Sort  ", plan), plan


# --- Its description -------------------------------------------------------------------------------------------------------


def test_description_names_every_list(db, client):
    found = get(client, "openapi.json")
    assert found["openapi"] == "3.1.0"
    assert sorted(found["paths"]) == sorted(["/api/v1/", *(f"/api/v1/{code}" for code in LISTS)])
    for code in LISTS:
        columns = {column.name for column in datasets.find(code).table.columns}
        reference = found["paths"][f"/api/v1/{code}"]["get"]["responses"]["200"]["content"]["application/json"][
            "schema"
        ]
        page = found["components"]["schemas"][reference["$ref"].rpartition("/")[2]]
        row = found["components"]["schemas"][page["properties"]["lignes"]["items"]["$ref"].rpartition("/")[2]]
        assert set(row["properties"]) == columns


CHECKED = hypothesis_settings(
    max_examples=12,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def application():
    """Give the site as WSGI; between its requests it does not hang up, or the rows of this test would go."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield get_wsgi_application()
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
def test_it_does_what_it_describes(db, application, redis_server, mode):
    """Requests made from the description, good and bad, in this very process: each answer is one that it announces."""
    everything()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    asked = set()
    for operation in (result.ok() for result in schema.get_all_operations()):
        if mode is schemathesis.GenerationMode.NEGATIVE and not operation.query:
            continue

        @CHECKED
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case):
            redis_server.flushall()
            response = case.call_and_validate(headers={"Accept-Encoding": "identity"})
            asked.add((case.path, response.status_code))

        check()
    good = {path for path, status in asked if status == 200}
    refused = {path for path, status in asked if status == 400}
    assert {status for _, status in asked} <= {200, 400, 404, 405}
    lists = {f"/api/v1/{code}" for code in LISTS}
    assert lists <= (good if mode is schemathesis.GenerationMode.POSITIVE else refused)


# --- A client made from it -------------------------------------------------------------------------------------------------


@pytest.fixture
def client_made(client, tmp_path):
    """Give the package that openapi-python-client writes from the description."""
    description, options, made = tmp_path / "openapi.json", tmp_path / "options.yaml", tmp_path / "portail_client"
    description.write_bytes(client.get("/api/v1/openapi.json").content)
    options.write_text("post_hooks: []\n")
    command = [str(Path(sys.executable).with_name("openapi-python-client")), "generate", "--meta", "none"]
    subprocess.run(
        [*command, "--path", description, "--output-path", made, "--config", options, "--fail-on-warning"], check=True
    )
    sys.path.insert(0, str(tmp_path))
    yield importlib.import_module
    sys.path.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "portail_client"]:
        del sys.modules[name]


def read_whole(load, address, **query):
    """Read a list to its end with the client."""
    read = load("portail_client.api.lignes.lire_contributions").sync
    lines, after = [], {}
    with load("portail_client").Client(base_url=address) as asked:
        while True:
            page = read(client=asked, **query, **after)
            lines += page.lignes
            if page.suivante is None:
                return lines
            after = {"apres": parse_qs(urlsplit(page.suivante).query)["apres"][0]}


@pytest.mark.django_db(transaction=True)
def test_a_client_made_from_the_description_reads_everything(live_server, client_made):
    consultation = make_consultation()
    made = [make_contribution(consultation=consultation).reference for _ in range(7)]
    make_contribution()
    found = read_whole(client_made, live_server.url, consultation=consultation.slug, taille=3)
    assert [line.reference for line in found] == made[::-1]
    assert {line.consultation for line in found} == {consultation.slug}


@pytest.mark.skipif(not REAL.is_file(), reason="the real consultation is not on this machine")
@pytest.mark.django_db(transaction=True)
def test_the_client_reads_all_contributions_of_the_real_consultation(live_server, client_made):
    make_theme()
    make_service()
    options = {"slug": "republique-numerique", "title": "République numérique", "origin": "une autre plateforme"}
    call_command("import_consultation", str(REAL), verbosity=0, **options)
    expected = Contribution.objects.visible().filter(consultation__slug="republique-numerique")
    found = read_whole(client_made, live_server.url, consultation="republique-numerique")
    told = {line.reference: (line.titre, line.d_accord) for line in found}
    assert len(found) == len(told) == expected.count() > 400
    assert told == {row.reference: (row.title, row.agree) for row in expected}
