import csv
import datetime as dt
import io
import json
import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_staff, make_user, sign_in
from tests.transparency.test_register import TAMPERED, tamper
from transparency import actions, deadlines, register, views
from transparency.models import AccessibilityFault, LineActor, RegisterLine

ACT = "test.act"
AT = dt.datetime(2026, 11, 22, 20, 15, tzinfo=dt.UTC)
REGISTER = "/registre/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _act():
    register.declare(register.Act(ACT, "Un acte d’essai"), register.Act("test.other", "Un autre acte"))
    yield
    register._acts.pop(ACT)  # noqa: SLF001 (no app ever takes an act back)
    register._acts.pop("test.other")  # noqa: SLF001 (same)


def write(act=ACT, count=1, **fields):
    with transaction.atomic():
        return [register.record(act, **{"role": "agent", **fields}) for _number in range(count)]


def numbers(response):
    return [
        int(number)
        for number in re.findall(
            r'<th scope="row" class="nombre" role="rowheader"><a href="/registre/(\d+)/"', response.content.decode()
        )
    ]


# --- The list --------------------------------------------------------------------------------------------------------


def test_an_empty_register_says_so(client):
    response = client.get(REGISTER)

    assert response.status_code == 200
    assert "Le registre est encore vide" in response.content.decode()
    assert numbers(response) == []


@pytest.mark.parametrize("count", [1, 3])
def test_the_register_is_listed_newest_first_at_the_same_cost(client, django_assert_num_queries, count):
    lines = write(count=count, subject="8F3K2M1Q")
    with django_assert_num_queries(3):
        response = client.get(REGISTER)

    text = response.content.decode()
    assert numbers(response) == [line.number for line in reversed(lines)]
    assert text.count("Un acte d’essai</span>") == count
    assert lines[-1].seal in text
    assert not response.cookies


def test_pages_lead_from_one_to_the_next_and_back(client, monkeypatch):
    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    write(count=5)

    def links(response):
        found = re.findall(r'<li><a href="([^"]+)" rel="(prev|next)">', response.content.decode())
        return {rel: url for url, rel in found}

    first = client.get(REGISTER)
    second = client.get(links(first)["next"])
    third = client.get(links(second)["next"])
    assert [numbers(page) for page in (first, second, third)] == [[5, 4], [3, 2], [1]]
    assert (set(links(first)), set(links(second)), set(links(third))) == ({"next"}, {"prev", "next"}, {"prev"})

    back = client.get(links(third)["prev"])
    assert numbers(back) == [3, 2]
    newest = client.get(links(back)["prev"])
    assert (numbers(newest), set(links(newest))) == ([5, 4], {"next"})


@pytest.mark.parametrize(
    "query", ["avant=abc", "avant=-3", "apres=99999999999999999999", "du=hier", "acte=nothing", "avant=²"]
)
def test_nonsense_in_the_address_is_no_error(client, query):
    write()

    assert client.get(f"{REGISTER}?{query}").status_code == 200


def test_the_filters(client, monkeypatch):
    days = {
        1: (21, 22, 59, 59),
        2: (21, 23, 0, 0),
        3: (22, 22, 59, 59),
        4: (22, 23, 0, 0),
    }  # midnight in Paris is 23:00 in UTC
    made = [
        ("test.other", "AAAA1111", "habitant"),
        (ACT, "les-quais", "agent"),
        (ACT, "AAAA1111", "agent"),
        (ACT, "", "agent"),
    ]
    for number, (act, subject, role) in enumerate(made, start=1):
        instant = dt.datetime(2026, 11, *days[number], tzinfo=dt.UTC)
        monkeypatch.setattr(timezone, "now", lambda instant=instant: instant)
        write(act, subject=subject, role=role)
    expected = {
        "acte=test.other": [1],
        "objet=aaaa1111": [3, 1],
        "objet=+les-quais+": [2],
        "par=agent": [4, 3, 2],
        "du=2026-11-22": [4, 3, 2],
        "au=2026-11-22": [3, 2, 1],
        "du=2026-11-22&au=2026-11-22&par=agent": [3, 2],
        "du=22%2F11%2F2026": [4, 3, 2],
        "acte=test.other&par=agent": [],
    }

    assert {query: numbers(client.get(f"{REGISTER}?{query}")) for query in expected} == expected


def test_a_long_answer_is_not_counted_to_the_end(client, monkeypatch):
    monkeypatch.setattr(views, "COUNT_LIMIT", 2)
    write(count=2)
    assert "2 lignes</p>" in client.get(f"{REGISTER}?par=agent").content.decode()
    write()
    assert "Plus de 2 lignes" in client.get(f"{REGISTER}?par=agent").content.decode()


def test_a_new_line_is_seen_on_the_next_request(client):
    write()
    etag = client.get(REGISTER)["ETag"]
    assert client.get(REGISTER, headers={"If-None-Match": etag}).status_code == 304
    write()

    assert numbers(client.get(REGISTER, headers={"If-None-Match": etag})) == [2, 1]


# --- A line ----------------------------------------------------------------------------------------------------------


def test_a_line_has_its_page(client):
    write()
    (line,) = write(facts={"titre": "L’eau", "dans_les_delais": True, "nombre": 3}, subject="8F3K2M1Q", role="habitant")

    text = client.get(f"/registre/{line.number}/").content.decode()

    assert (line.seal in text, line.previous in text) == (True, True)
    assert "&quot;titre&quot;:&quot;L’eau&quot;" in text
    for word in ("Un acte d’essai", "Dans les delais", "oui", "Une habitante ou un habitant", "Titre"):
        assert word in text
    assert 'href="/registre/1/"' in text
    assert 'href="/registre/3/"' not in text


def test_a_line_that_does_not_exist_is_not_found(client):
    assert client.get("/registre/1/").status_code == 404


def test_who_acted_is_not_on_the_page(client):
    somebody = make_user(email="ana@example.org", public_name="Ana")
    write(actor=somebody)
    sign_in(client, make_user())

    text = client.get("/registre/1/").content.decode()
    assert ("Ana" in text, "ana@example.org" in text, "/registre/1/auteur/" in text) == (False, False, False)
    assert client.post("/registre/1/auteur/").status_code == 403
    assert LineActor.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_those_in_charge_can_see_who_acted(client):
    write(actor=make_user(email="ana@example.org", public_name="Ana"))
    sign_in(client, make_staff("transparency.view_lineactor"))

    assert "/registre/1/auteur/" in client.get("/registre/1/").content.decode()
    assert client.get("/registre/1/auteur/").status_code == 405
    assert "Ana, ana@example.org" in client.post("/registre/1/auteur/").content.decode()
    assert RegisterLine.objects.order_by("number").last().act == "register.actor_seen"


@pytest.mark.django_db(transaction=True)
def test_a_line_without_an_actor_says_so(client):
    write()
    sign_in(client, make_staff("transparency.view_lineactor"))

    assert "Personne n’est noté" in client.post("/registre/1/auteur/").content.decode()


# --- Verifying -------------------------------------------------------------------------------------------------------


def verify(client):
    return re.sub("[ \n]+", " ", client.get("/registre/verifier/").content.decode())


def test_an_empty_register_has_nothing_to_verify(client):
    assert "Le registre est encore vide" in verify(client)


def test_an_intact_register_says_what_was_read(client):
    lines = write(count=3)
    text = verify(client)

    assert "Le registre est intact" in text
    assert "3 lignes relues\u00a0: elles se suivent toutes" in text
    assert re.search(r"De la ligne n°\u00a01, du .*, à la ligne n°\u00a03, du ", text)
    assert lines[-1].seal in text


def test_a_broken_register_says_where_and_why(client):
    write(count=5)
    tamper(TAMPERED[1][0])
    text = verify(client)

    assert "La ligne n°\u00a03 pose problème" in text
    assert "Ce que le site affiche de cette ligne n’est pas ce qui a été scellé." in text
    assert "Les lignes n°\u00a01 à n°\u00a02 se suivent" in text
    assert "intact" not in text


@pytest.mark.django_db(transaction=True)
def test_a_long_register_is_read_from_its_end_and_says_so(client, monkeypatch):
    write(count=5)
    actions.verify_register()
    monkeypatch.setattr(views.verification.verify_recent, "__defaults__", (2,))
    text = verify(client)

    assert "2 lignes relues" in text
    assert "De la ligne n°\u00a05" in text
    assert re.search(r"Dernière lecture complète, sans erreur\u00a0: .*, ligne n°\u00a06", text)


def test_visitors_read_it_once_a_minute(client, monkeypatch, django_assert_num_queries):
    write(count=2)
    client.get("/registre/verifier/")
    with django_assert_num_queries(1):
        client.get("/registre/verifier/")
    later = timezone.now() + dt.timedelta(seconds=61)
    monkeypatch.setattr(timezone, "now", lambda: later)
    tamper("UPDATE transparency_registerline SET act = 'z' WHERE number = 2")

    assert "La ligne n°\u00a02 pose problème" in verify(client)


# --- Taking it away --------------------------------------------------------------------------------------------------


def body(response):
    return b"".join(response.streaming_content).decode()


def test_the_register_leaves_as_json_lines(client):
    lines = write(count=3, subject="8F3K2M1Q", facts={"titre": "L’eau"})
    response = client.get(reverse("transparency:export", args=["jsonl"]))

    assert response["Content-Type"] == "application/jsonl; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="registre-20')
    rows = [json.loads(row) for row in body(response).splitlines()]
    assert [row["numero"] for row in rows] == [1, 2, 3]
    assert (rows[0]["contenu"], rows[0]["precedent"], rows[0]["sceau"]) == (lines[0].content, "0" * 64, lines[0].seal)


def test_the_register_leaves_as_csv(client):
    lines = write(count=2)
    rows = list(
        csv.DictReader(
            io.StringIO(body(client.get(reverse("transparency:export", args=["csv"]))).removeprefix("\ufeff"))
        )
    )

    assert [(row["numero"], row["contenu"], row["sceau"]) for row in rows] == [
        (str(line.number), line.content, line.seal) for line in lines
    ]


def test_exports_cost_the_same_for_many_lines(client, django_assert_num_queries):
    write(count=600)
    with django_assert_num_queries(1):
        text = body(client.get(reverse("transparency:export", args=["jsonl"])))

    assert text.count("\n") == 600


def test_an_unknown_format_is_not_found(client):
    assert client.get("/registre/registre.pdf").status_code == 404


@pytest.fixture
def script(tmp_path):
    """The program of the published method, as a reader would copy it."""
    text = (settings.BASE_DIR / "docs" / "algorithms" / "registre.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(program.splitlines()) <= 15
    path = tmp_path / "verifier.py"
    path.write_text(program, encoding="utf-8")

    def run(export):
        (tmp_path / "registre.jsonl").write_text(export, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-I", path, tmp_path / "registre.jsonl"], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    return run


def test_the_published_program_checks_the_published_file(client, script):
    lines = write(count=3, facts={"titre": "L’eau, « claire »"})
    export = body(client.get(reverse("transparency:export", args=["jsonl"])))

    assert script(export) == (0, f"3 lignes intactes. Dernier sceau : {lines[-1].seal}\n")
    assert script(export.replace("claire", "sombre", 1))[0] == 1
    assert script("".join(export.splitlines(keepends=True)[1:])) == (1, "La ligne 1 est fausse, ou manque.\n")
    assert script(export.replace('"par": "agent"', '"par": "habitant"', 1)) == (
        1,
        "La ligne 1 ne montre pas ce qu'elle scelle.\n",
    )


def test_the_method_is_published(client):
    text = client.get("/registre/methode/").content.decode()

    assert text.count("<h1") == 1
    assert "<h1>Le registre public\u00a0: comment il est fait, comment le vérifier</h1>" in text
    assert '<pre tabindex="0"><code class="language-python">import hashlib' in text


# --- Accessibility faults --------------------------------------------------------------------------------------------

FORM = "/accessibilite/signaler/"
GIVEN = {"page": "Accueil", "description": "Pas de focus.", "email": "", "website": ""}


@pytest.mark.django_db(transaction=True)
def test_anybody_reports_a_fault_and_is_told_until_when(client):
    response = client.post(FORM, GIVEN)

    fault = AccessibilityFault.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/accessibilite/signalements/{fault.reference}/")
    text = client.get(response["Location"]).content.decode()
    assert "Votre signalement est bien reçu" in text
    assert "Pas de focus." not in text
    assert "1 signalement reçu" in client.get(FORM).content.decode()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"page": ""}, "Ce champ est obligatoire."),
        ({"description": ""}, "Ce champ est obligatoire."),
        ({"email": "nobody"}, "adresse"),
        ({"website": "https://spam.example"}, "Laissez ce champ vide."),
        ({"description": "a" * 3001}, "3000"),
    ],
)
def test_what_is_not_a_report_is_refused(client, change, error):
    response = client.post(FORM, {**GIVEN, **change})

    text = response.content.decode()
    assert (response.status_code, AccessibilityFault.objects.count()) == (422, 0)
    assert error in text
    assert "<title>Erreur\u00a0: " in text


@pytest.mark.django_db(transaction=True)
def test_reports_are_limited_for_each_address(client):
    statuses = [client.post(FORM, GIVEN).status_code for _number in range(11)]

    assert statuses == [302] * 10 + [429]
    assert client.post(FORM, GIVEN, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_the_form_takes_the_page_one_comes_from(client):
    assert 'value="/concertations/"' in client.get(f"{FORM}?page=/concertations/").content.decode()


def make_fault(**fields):
    return AccessibilityFault.objects.create(
        **{"page": "a", "description": "b", "received_at": AT, "due_at": AT + dt.timedelta(days=7), **fields}
    )


def test_an_answer_is_public(client, monkeypatch):
    fault = make_fault(answered_at=AT + dt.timedelta(days=1), answer="Corrigé.\n\n<b>Merci.</b>")
    text = client.get(f"/accessibilite/signalements/{fault.reference.lower()}/").content.decode()

    assert "<p>&lt;b&gt;Merci.&lt;/b&gt;</p>" in text
    assert "Elle est venue dans les délais." in text


def test_a_late_answer_shows_from_the_day_after_the_promised_one(client, monkeypatch):
    fault = make_fault()
    url = f"/accessibilite/signalements/{fault.reference}/"
    midnight = deadlines.day_begins_at(fault.due_at + dt.timedelta(days=1))
    monkeypatch.setattr(timezone, "now", lambda: midnight - dt.timedelta(seconds=1))
    assert "La réponse est en retard" not in client.get(url).content.decode()
    monkeypatch.setattr(timezone, "now", lambda: midnight)
    assert "La réponse est en retard" in client.get(url).content.decode()
    assert "1 réponse en retard" in client.get(FORM).content.decode()


def test_an_unknown_report_is_not_found(client):
    assert client.get("/accessibilite/signalements/AAAA1111/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_an_agent_answers_in_the_staff_space(client, monkeypatch):
    fault = actions.report_fault(page="a", description="b", email="a@example.org", language="fr", at=AT)
    sign_in(client, make_staff("transparency.answer_accessibilityfault", "transparency.view_accessibilityfault"))
    base = "/gestion/transparency/accessibilityfault/"
    listed, page = client.get(base).content.decode(), client.get(f"{base}{fault.pk}/change/").content.decode()
    assert (fault.reference in listed, "a@example.org" in page) == (True, False)

    assert client.get(f"{base}{fault.pk}/geste/repondre/").status_code == 200
    stop, start = f"{base}{fault.pk}/geste/arreter-le-delai/", f"{base}{fault.pk}/geste/reprendre-le-delai/"
    assert client.post(stop, {"reason": ""}).status_code == 422
    monkeypatch.setattr(timezone, "now", lambda: AT + dt.timedelta(days=1))
    client.post(stop, {"reason": "Dites quel lecteur d’écran."})
    public = f"/accessibilite/signalements/{fault.reference}/"
    assert "Dites quel lecteur d’écran." in Client().get(public).content.decode()
    page = client.get(f"{base}{fault.pk}/change/").content.decode()
    assert ("/arreter-le-delai/" in page, "/reprendre-le-delai/" in page) == (False, True)
    client.post(start)
    assert "Dites quel lecteur" not in Client().get(public).content.decode()
    client.post(f"{base}{fault.pk}/geste/repondre/", {"answer": "Corrigé."})

    fault.refresh_from_db()
    assert fault.answer == "Corrigé."
    assert "/geste/repondre/" not in client.get(f"{base}{fault.pk}/change/").content.decode()
