"""Exports: no key to a person, harmless in a spreadsheet, the same memory whatever the number of answers."""

import csv
import io
import json
import subprocess
import sys
import zipfile

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.urls import reverse

from questionnaires.models import Answer, ResponseFile
from tests import factories
from tests.processes import process_environment
from tests.questionnaires.making import add_question, make_questionnaire, make_response, option, url
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked():
    made = make_questionnaire(opens=-30, closes=-1)
    question = add_question(made, "multiple", label="=Formule ?", options=("Oui", "Non"), other="Autre")
    scale = add_question(made, "scale", label="Note")
    text = add_question(made, "text", label="Texte")
    place = add_question(made, "district", label="Où ?")
    many, few = factories.make_district(name="Nombreux"), factories.make_district(name="Rares")
    for rank in range(9):
        district = many if rank < 7 else few
        make_response(
            made,
            Answer(question=question, option=option(question, "Oui")),
            Answer(question=question, option=option(question, "Autre"), text="+33 6"),
            Answer(question=scale, number=rank % 5 + 1),
            Answer(question=text, text="=2+2"),
            Answer(question=place, district=district),
            district=district,
            age_band="25-39",
        )
    return made


def body(response):
    return b"".join(response.streaming_content)


def table(response):
    return list(csv.DictReader(io.StringIO(body(response).decode()), delimiter=";"))


def test_the_public_file_has_no_key_to_a_person(client, asked):
    rows = table(client.get(url(asked, "export", form="csv")))

    # Neither a district nor an age: beside the answers, they would let anybody count again what the crosses hide.
    assert list(rows[0]) == [
        *("numero", "1. =Formule ? : Oui", "1. =Formule ? : Non", "1. =Formule ? : Autre", "2. Note"),
    ]
    assert [row["numero"] for row in rows] == [str(number) for number in range(1, 10)]
    whole = " ".join(value for row in rows for value in row.values())
    for response in asked.responses.all():
        assert response.reference not in whole
        assert str(response.submitted_at.year) not in whole
    assert ("Nombreux" in whole, "25-39" in whole) == (False, False)


def test_rows_do_not_come_in_the_order_of_arrival(client, django_assert_num_queries):
    made = make_questionnaire(opens=-30, closes=-1)
    question = add_question(made, "number")
    for rank in range(40):
        make_response(made, Answer(question=question, number=rank))
    numbers = [int(row[next(reversed(row))]) for row in table(client.get(url(made, "export", form="csv")))]

    assert sorted(numbers) == list(range(40))
    assert numbers != sorted(numbers)


def test_json_and_workbook_say_the_same(client, asked):
    found = json.loads(body(client.get(url(asked, "export", form="json"))))
    assert (len(found["lignes"]), found["colonnes"][0], found["lignes"][0][2]) == (9, "numero", None)

    book = zipfile.ZipFile(io.BytesIO(body(client.get(url(asked, "export", form="xlsx")))))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert (sheet.count("<row "), "<f>" in sheet) == (10, False)
    assert client.get(url(asked, "export", form="xml")).status_code == 404


def test_texts_are_for_agents_and_harmless_in_a_spreadsheet(client, asked):
    address = reverse(
        "admin:consultations_consultation_questionnaire_export",
        args=[asked.consultation_link.consultation_id, asked.reference, "csv"],
    )
    results = reverse(
        "admin:consultations_consultation_questionnaire_results",
        args=[asked.consultation_link.consultation_id, asked.reference],
    )
    taken = RegisterLine.objects.filter(act__in=("questionnaire.texts_taken", "questionnaire.file_taken"))
    factories.sign_in(client, factories.make_staff())
    assert client.post(address).status_code == 403
    # Who builds questionnaires does not read what people wrote for it.
    factories.sign_in(client, factories.make_staff("consultations.change_consultation"))
    assert client.post(address).status_code == 403
    assert client.get(results).context["exports"] == []
    reader = factories.make_staff("consultations.change_consultation", "consultations.analyse_consultation")
    factories.sign_in(client, reader)
    assert client.get(address).status_code == 405
    assert address in client.get(results).content.decode()
    assert taken.count() == 0
    row = table(client.post(address))[0]
    line = taken.get()
    assert (line.act, line.role, line.subject) == ("questionnaire.texts_taken", "agent", asked.reference)
    assert json.loads(line.content)["faits"] == {"format": "csv"}

    assert row["3. Texte"] == "'=2+2"
    assert row["1. =Formule ? : Autre (texte)"] == "'+33 6"
    assert ("Nombreux" in row.values(), "25-39" in row.values()) == (False, False)


def test_a_joined_file_leaves_with_a_line_on_the_register(client):
    made = make_questionnaire(opens=-30, closes=-1)
    question = add_question(made, "file")
    response = make_response(made)
    name = default_storage.save("essais/plan.pdf", ContentFile(b"%PDF-1.7"))
    kept = ResponseFile.objects.create(
        response=response, question=question, file=name, name="plan.pdf", content_type="application/pdf", size=8
    )
    args = [made.consultation_link.consultation_id, made.reference]
    address = reverse("admin:consultations_consultation_questionnaire_file", args=[*args, kept.key])
    results = reverse("admin:consultations_consultation_questionnaire_results", args=args)
    taken = RegisterLine.objects.filter(act="questionnaire.file_taken")
    factories.sign_in(client, factories.make_staff("consultations.change_consultation"))
    assert client.post(address).status_code == 403
    assert client.get(results).context["files"] == []
    factories.sign_in(
        client, factories.make_staff("consultations.change_consultation", "consultations.analyse_consultation")
    )
    assert client.get(address).status_code == 405
    assert "plan.pdf" in client.get(results).content.decode()
    assert taken.count() == 0
    assert body(client.post(address)) == b"%PDF-1.7"
    line = taken.get()
    assert (line.role, line.subject, json.loads(line.content)["faits"]) == ("agent", made.reference, {})
    default_storage.delete(name)


MEASURE = r"""
import json, os, re, sys
from pathlib import Path
import django
django.setup()
from django.db import connection
from questionnaires import exports, outline
from questionnaires.models import Questionnaire
# Not getrusage: a process begins with the peak of the one that started it.
def peak():
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024
def measure(form):
    read = outline.read(Questionnaire.objects.get())
    size = sum(len(chunk) for chunk in exports.FORMATS[form][1](read, source="essai"))
    print(json.dumps({"form": form, "size": size, "peak": peak()}), flush=True)
# Each form in a process of its own, with its own peak; they start together from one that has loaded the site.
for form in exports.FORMATS:
    if os.fork() == 0:
        measure(form)
        os._exit(0)
failed = [os.wait()[1] for form in exports.FORMATS]
sys.exit(any(failed))
"""


@pytest.mark.django_db(transaction=True)
def test_fifty_thousand_answers_stay_under_150_mb():
    """One questionnaire filled once, read whole by the three formats."""
    made = make_questionnaire(opens=-30, closes=-1)
    questions = [add_question(made, "single") for _number in range(10)]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO questionnaires_response"
            " (questionnaire_id, reference, token_hash, channel, age_band, draft, started_at, saved_at, submitted_at)"
            " SELECT %s, lpad(to_hex(n), 8, '0'), encode(sha256(n::text::bytea), 'hex'), 'web', '', '{}', now(), now(), now()"
            " FROM generate_series(1, 5000) n",
            [made.pk],
        )
        cursor.execute(
            "INSERT INTO questionnaires_answer (response_id, question_id, option_id, text)"
            " SELECT r.id, q.id, min(o.id), '' FROM questionnaires_response r, questionnaires_question q"
            " JOIN questionnaires_option o ON o.question_id = q.id WHERE q.id = ANY(%s) GROUP BY r.id, q.id",
            [[question.pk for question in questions]],
        )
    assert Answer.objects.count() == 50_000
    done = subprocess.run(
        [sys.executable, "-c", MEASURE],
        cwd=settings.BASE_DIR,
        env=process_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    found = {line["form"]: line for line in map(json.loads, done.stdout.splitlines())}
    print(found)
    assert set(found) == {"csv", "json", "xlsx"}
    for line in found.values():
        assert line["size"] > 50_000, line
        assert line["peak"] < 150, line
