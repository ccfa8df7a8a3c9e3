"""The published table: every declaration is whole, the page, the files and the export say the same."""

import csv
import io
import json

import pytest
from django.core.cache import cache

from mulhouse import personal_data, who_sees
from privacy import exports

PAGE = "/donnees-personnelles/traitements/"


@pytest.mark.parametrize("holding", personal_data.holdings(), ids=lambda row: row.model._meta.label)
def test_every_declaration_is_whole(holding):
    """Purpose, basis, period, recipients, source, final fate, group: none may be left empty."""
    assert holding.is_complete, holding.model
    assert holding.rights, f"{holding.basis}: no right is known for that basis"


def test_an_empty_declaration_is_refused():
    whole = personal_data.holdings()[0]
    for name, nothing in (
        ("recipients", " "),
        ("kept", None),
        ("final", None),
        ("source", ""),
        ("group", None),
        ("basis", "?"),
    ):
        values = {**whole.__dict__, name: nothing}
        assert not personal_data.Holding(**values).is_complete, name


def test_a_period_says_what_it_starts_from():
    assert personal_data.Retention("l’envoi", 30).words == "30\u00a0jours après l’envoi"
    assert personal_data.Retention("l’envoi", 1).words == "1\u00a0jour après l’envoi"
    assert personal_data.Retention("la fermeture du compte").words == "jusqu’à la fermeture du compte"


@pytest.mark.parametrize(
    ("basis", "names"),
    [
        ("Mission d’intérêt public", ("accès", "rectification", "limitation", "opposition")),
        ("Obligation légale : votre droit d’accès", ("accès", "rectification", "limitation")),
        (
            "Votre demande",
            ("accès", "rectification", "limitation", "effacement", "portabilité", "retrait de l’accord"),
        ),
        ("Intérêt légitime", ()),
    ],
)
def test_rights_follow_the_basis(basis, names):
    """A public task opens no portability, and no erasure that a click would give."""
    assert personal_data.rights(basis) == names


def _files(client, extension):
    return b"".join(client.get(f"/donnees-personnelles/traitements.{extension}").streaming_content).decode()


@pytest.mark.django_db
def test_page_and_files_hold_every_table(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get(PAGE)
    page = response.content.decode()
    assert "csrf" not in page
    assert not response.cookies
    names = [holding.label for holding in personal_data.holdings()]
    rows = list(csv.DictReader(io.StringIO(_files(client, "csv")), delimiter=";"))
    assert [row["donnees"] for row in rows] == names
    assert {name for row in rows for name, value in row.items() if not value} == {"jours"}
    lines = json.loads(_files(client, "json"))["lignes"]
    assert [line["donnees"] for line in lines] == names
    assert [line["qui_voit"] for line in lines] == [row["qui_voit"] for row in rows]
    assert page.count('class="fiche traitement"') == len(names)
    assert len(exports.TABLE.columns) == len(rows[0])


@pytest.mark.django_db
def test_unknown_file_is_not_found(client):
    cache.clear()
    assert client.get("/donnees-personnelles/traitements.exe").status_code == 404


@pytest.mark.django_db
def test_page_of_acts_shows_the_sentence_of_each(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        page = client.get("/donnees-personnelles/qui-voit-quoi/").content.decode()
    for act in who_sees.acts():
        assert f'data-acte="{act.code}"' in page
