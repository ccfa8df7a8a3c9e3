"""The result as a file: nothing before the count, the numbers of the page after it, nothing of a few ballots."""

import csv
import io
import json

import pytest
from django.utils import timezone

from ballots import files
from tests.ballots import votes
from tests.ballots.test_pages import at, text, url

pytestmark = pytest.mark.django_db


def address(link, form):
    return f"{url(link)}resultat.{form}"


@pytest.mark.parametrize("form", files.FORMATS)
def test_no_file_before_the_count_for_anybody(client, form):
    link = votes.make_vote()
    for choice in [1] * 7:
        votes.cast(link, [choice])
    assert client.get(address(link, form)).status_code == 404
    with at(votes.closed(link) - timezone.timedelta(seconds=1)):
        assert client.get(address(link, form)).status_code == 404
    with at(votes.closed(link)):
        assert client.get(address(link, form)).status_code == 200
        assert client.get(address(link, "xml")).status_code == 404
        assert address(link, form) in text(client.get(url(link)))


def test_result_waits_for_the_paper(client):
    link = votes.make_vote()
    votes.enter(link)
    with at(votes.closed(link)):
        assert client.get(address(link, "json")).status_code == 404


def test_file_says_what_the_page_says_and_a_spreadsheet_runs_nothing(client):
    link = votes.make_vote(options=("=SOMME(A1)", "Une fontaine"), quorum=10, majority="absolute")
    for choice in [1] * 7 + [2] * 4:
        votes.cast(link, [choice])
    votes.cast(link, [])
    with at(votes.closed(link)):
        rows = list(csv.reader(io.StringIO(client.get(address(link, "csv")).content.decode()), delimiter=";"))
        whole = json.loads(client.get(address(link, "json")).content)
    assert rows == [
        ["mesure", "proposition", "nombre", "retenue"],
        ["voix", "'=SOMME(A1)", "7", "oui"],
        ["voix", "Une fontaine", "4", "non"],
        ["votants", "", "12", ""],
        ["bulletins", "", "12", ""],
        ["blancs", "", "1", ""],
        ["nuls", "", "0", ""],
        ["exprimes", "", "11", ""],
    ]
    assert [(line["proposition"], line["voix"]) for line in whole["propositions"]] == [
        ("=SOMME(A1)", 7),
        ("Une fontaine", 4),
    ]
    assert [(step["regle"], step["remplie"]) for step in whole["regles"]] == [
        ("assez_de_bulletins", True),
        ("quorum", True),
        ("classement", True),
        ("majorite", True),
    ]


def test_yes_and_no_are_two_lines(client):
    link = votes.make_vote(kind="yes_no", options=("Piétonniser la rue",))
    for choice in [1] * 4 + [-1] * 2:
        votes.cast(link, [choice])
    with at(votes.closed(link)):
        rows = client.get(address(link, "csv")).content.decode().splitlines()
        whole = json.loads(client.get(address(link, "json")).content)
    assert rows[1:3] == ["oui;Piétonniser la rue;4;oui", "non;Piétonniser la rue;2;oui"]
    assert whole["regles"][1:] == [
        {"regle": "majorite", "remplie": True, "trouve": 4, "necessaire": 3, "propositions": [1]}
    ]


@pytest.mark.parametrize("choices", [[1], [1, 1, 1, 1], [1, 2, 2, 1]])
def test_a_few_ballots_have_no_detail(client, choices):
    """One voter, four who agree, four who do not: the files say how many, never what."""
    link = votes.make_vote()
    for choice in choices:
        votes.cast(link, [choice])
    with at(votes.closed(link)):
        whole = json.loads(client.get(address(link, "json")).content)
        lines = client.get(address(link, "csv")).content.decode().splitlines()
    assert (whole["propositions"], [step["remplie"] for step in whole["regles"]]) == ([], [False])
    assert lines[1:] == [f"votants;;{len(choices)};", f"bulletins;;{len(choices)};"]
