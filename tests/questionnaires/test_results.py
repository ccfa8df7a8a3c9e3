"""Results: nobody before the end, nobody singled out, the figures equal to those of plain SQL."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from desk.models import Person
from mulhouse import typography
from questionnaires import actions, outline, results
from questionnaires.models import Answer, Response
from tests import factories
from tests.questionnaires.making import add_question, add_section, make_questionnaire, make_response, option, url
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db


def chosen(question, label):
    return Answer(question=question, option=option(question, label))


def over(**fields):
    return make_questionnaire(opens=-30, closes=-1, **fields)


@pytest.mark.parametrize("fields", [{}, {"opens": 1}])
def test_nobody_reads_a_result_before_the_end(client, fields):
    asked = make_questionnaire(**fields)
    question = add_question(asked)
    for _number in range(9):
        make_response(asked, chosen(question, "Oui"))

    assert client.get(url(asked, "results")).status_code == 403
    assert client.get(url(asked, "export", form="csv")).status_code == 403
    # Agents see how many answered, and nothing else.
    factories.sign_in(
        client, factories.make_staff("consultations.change_consultation", "consultations.analyse_consultation")
    )
    args = [asked.consultation_link.consultation_id, asked.reference]
    page = client.get(reverse("admin:consultations_consultation_questionnaire_results", args=args))
    assert (page.context["count"], page.context["results"], page.context["exports"]) == (9, None, [])
    export = reverse("admin:consultations_consultation_questionnaire_export", args=[*args, "csv"])
    assert client.post(export).status_code == 403
    assert not RegisterLine.objects.filter(act="questionnaire.texts_taken").exists()


def test_live_results_are_those_that_were_announced(client):
    asked = make_questionnaire(shows_live_results=True)
    add_question(asked)

    assert client.get(url(asked, "results")).status_code == 200


def test_live_results_are_told_by_whole_days_and_their_lines_at_the_end_only(client):
    """Read at each instant, they would say what the last one to send answered; one line each, all that they answered."""
    asked = make_questionnaire(shows_live_results=True)
    question = add_question(asked)
    for _number in range(6):
        make_response(asked, chosen(question, "Oui"), submitted_at=timezone.now() - dt.timedelta(days=1))
    before = text_of(client.get(url(asked, "results")))
    make_response(asked, chosen(question, "Non"))
    yesterday = typography.day(factories.today() - dt.timedelta(days=1))
    assert (f"6 réponses jusqu’au {yesterday} au soir" in before, "reponses.csv" in before) == (True, False)
    assert text_of(client.get(url(asked, "results"))) == before
    assert client.get(url(asked, "export", form="csv")).status_code == 403
    # One more is not a step: whoever read yesterday's page would know what that one answered.
    tomorrow = timezone.now() + dt.timedelta(days=1)
    assert results.of(outline.read(asked), at=tomorrow).total == 6
    for _number in range(4):
        make_response(asked, chosen(question, "Oui"))
    assert text_of(client.get(url(asked, "results"))) == before
    assert results.of(outline.read(asked), at=tomorrow).total == 11


@pytest.mark.parametrize("cross", ["", "quartier", "age"])
def test_who_sends_again_moves_nothing_before_a_midnight(cross):
    """Neither what they answer now, nor what they had answered, can be read from the page before and after."""
    asked = make_questionnaire(shows_live_results=True, accepts_without_account=False)
    question, text = add_question(asked), add_question(asked, "text")
    number, place = add_question(asked, "number"), add_question(asked, "district")
    nord, sud = (factories.make_district(name=name) for name in ("Nord", "Sud"))
    earlier = timezone.now() - dt.timedelta(days=1)
    people = []
    for rank in range(40):
        people.append(Person.objects.create())
        given = (
            chosen(question, "Oui" if rank % 2 else "Non"),
            Answer(question=text, text="Un texte"),
            Answer(question=number, number=Decimal(rank)),
            Answer(question=place, district=nord if rank % 4 < 2 else sud),
        )
        district = nord if rank % 4 < 2 else sud
        make_response(asked, *given, person=people[-1], submitted_at=earlier, district=district, age_band="25-39")

    def figures(at=None):
        found = results.of(outline.read(asked), at=at or timezone.now(), cross=cross)
        return found.total, found.groups, found.channels

    before = figures()
    for label in ("Oui", "Non"):
        with transaction.atomic():
            actions.submit_within(
                questionnaire=asked,
                answers=[chosen(question, label), Answer(question=number, number=Decimal(900))],
                person=people[0],
                at=timezone.now(),
            )
        assert figures() == before
    for _number in range(5):
        make_response(asked, chosen(question, "Oui"))
    assert figures() == before
    tomorrow = timezone.now() + dt.timedelta(days=1)
    after = figures(tomorrow)
    assert (after[0], after[1] == before[1]) == (45, False)


def text_of(response):
    return re.sub(r'nonce="[^"]*"', "", response.content.decode())


def test_a_unanimous_group_is_not_read_from_the_zeros_beside_it():
    """Six of one age who all say yes: their zero is hidden like any small count, and the six with it."""
    asked = over()
    question = add_question(asked)
    for band, answers in (("0-17", ["Oui"] * 6), ("25-39", ["Oui"] * 10 + ["Non"] * 8)):
        for answer in answers:
            make_response(asked, chosen(question, answer), age_band=band)
    cross = results.of(outline.read(asked), at=timezone.now(), cross="age").groups[0].results[0].cross
    told = [] if cross is None else [cell for _head, cells in cross.lines[:-1] for cell in cells[:-1]]
    assert not {"0", "6"} & set(told)


def test_under_five_responses_nothing_is_shown(client):
    asked = over()
    question = add_question(asked)
    for _number in range(4):
        make_response(asked, chosen(question, "Oui"))
    make_response(asked, chosen(question, "Non"), submitted_at=None)

    page = client.get(url(asked, "results")).content.decode()
    assert ("4 réponses" in page, "Trop peu de réponses" in page, '<svg class="graphique"' in page) == (
        True,
        True,
        False,
    )
    assert client.get(url(asked, "export", form="csv")).status_code == 404


def test_each_kind_is_drawn_with_its_table(client):
    asked = over()
    single = add_question(asked, label="Un choix")
    multiple = add_question(asked, "multiple", label="Plusieurs")
    scale = add_question(asked, "scale", label="Échelle", lowest_label="Pas du tout")
    matrix = add_question(add_section(asked), "matrix", label="Tableau", rows=("Bancs", "Arbres"))
    ranking = add_question(asked, "ranking", label="Classement", options=("A", "B", "C"))
    number = add_question(asked, "number", label="Nombre", unit="minutes")
    place = add_question(asked, "district", label="Quartier")
    text = add_question(asked, "text", label="Texte")
    district = factories.make_district(name="Les Tilleuls")
    for rank in range(10):
        make_response(
            asked,
            chosen(single, "Oui" if rank < 7 else "Non"),
            *(chosen(multiple, label) for label in ("Oui", "Non")),
            Answer(question=scale, number=rank % 5 + 1),
            *(Answer(question=matrix, row=row, option=option(matrix, "Oui")) for row in matrix.rows.all()),
            Answer(question=ranking, option=option(ranking, "B"), rank=1),
            Answer(question=ranking, option=option(ranking, "A"), rank=2),
            Answer(question=number, number=Decimal(rank)),
            Answer(question=place, district=district),
            Answer(question=text, text=f"Un texte secret {rank}"),
        )
    by_label = {
        result.label: result
        for group in results.of(outline.read(asked), at=timezone.now()).groups
        for result in group.results
    }

    def table(label):
        return {head: tuple(cells) for head, cells in by_label[label].table.lines}

    assert table("Un choix") == {"Oui": ("7", "70\u00a0%"), "Non": ("3", "30\u00a0%")}
    assert table("Plusieurs") == {"Oui": ("10", "100\u00a0%"), "Non": ("10", "100\u00a0%")}
    assert table("Échelle")["1 (Pas du tout)"] == ("2", "20\u00a0%")
    assert by_label["Échelle"].note == "Moyenne\u00a0: 3."
    assert table("Tableau") == {"Bancs": ("10", "0"), "Arbres": ("10", "0")}
    assert table("Classement") == {"B": ("30", "10", "10"), "A": ("20", "0", "10"), "C": ("0", "0", "0")}
    assert table("Nombre")["Moyenne"] == ("4,5\u00a0minutes",)
    assert table("Quartier") == {"Les Tilleuls": ("10", "100\u00a0%")}
    assert (by_label["Texte"].answered, by_label["Texte"].chart) == ("10 personnes ont répondu.", None)

    page = client.get(url(asked, "results")).content.decode()
    assert (page.count('<svg class="graphique"'), "secret" in page) == (7, False)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.label, count(*) FROM questionnaires_answer a JOIN questionnaires_option o ON o.id = a.option_id"
            " WHERE a.question_id = %s GROUP BY 1",
            [single.pk],
        )
        assert {label: str(count) for label, count in cursor.fetchall()} == {
            head: cells[0] for head, cells in table("Un choix").items()
        }


def test_districts_of_a_few_are_put_together():
    asked = over()
    question = add_question(asked, "district")
    large, small, lone = (factories.make_district(name=name) for name in ("Grand", "Petit", "Seul"))
    for district, count in ((large, 12), (small, 3), (lone, 1)):
        for _number in range(count):
            make_response(asked, Answer(question=question, district=district))

    result = results.of(outline.read(asked), at=timezone.now()).groups[0].results[0]
    heads = [head for head, _cells in result.table.lines]
    assert ("Petit" in heads, "Seul" in heads, "Autres quartiers" in heads) == (False, False, True)


def test_a_cross_says_no_count_under_five(client):
    asked = over()
    labels = ("Oui", "Non", "Peut-être")
    question = add_question(asked, options=labels)
    counts = {"Nord": (20, 3, 12), "Sud": (8, 30, 9), "Est": (15, 14, 2), "Ouest": (9, 9, 9), "Mini": (1, 0, 0)}
    for name, row in counts.items():
        district = factories.make_district(name=name)
        for label, count in zip(labels, row, strict=True):
            for _number in range(count):
                make_response(asked, chosen(question, label), district=district)

    page = client.get(f"{url(asked, 'results')}?par=quartier")
    cross = page.context["results"].groups[0].results[0].cross
    assert (cross.head[0], cross.head[-1]) == ("", "Ensemble")
    assert "Mini" not in page.content.decode()
    cells = [values[:-1] for _head, values in cross.lines[:-1]]
    assert all(cell == "masqué" or int(cell) >= 5 or cell == "0" for line in cells for cell in line)
    assert any("masqué" in line for line in cells)
    # Totals are said: a line or a column never hides one cell alone.
    for line in (*cells, *zip(*cells, strict=True)):
        assert list(line).count("masqué") != 1
    totals = {head: values[-1] for head, values in cross.lines}
    assert totals == {"Oui": "53", "Non": "56", "Peut-être": "32", "Ensemble": "141"}
    assert client.get(f"{url(asked, 'results')}?par=n-importe").status_code == 200


def test_districts_too_small_are_crossed_by_sector():
    asked = over()
    question = add_question(asked)
    for name in ("Nord", "Sud"):
        sector = factories.make_sector(name=name)
        for _district in range(4):
            district = factories.make_district(sector=sector)
            for label in ("Oui", "Oui", "Non", "Non"):
                make_response(asked, chosen(question, label), district=district)

    cross = results.of(outline.read(asked), at=timezone.now(), cross="quartier").groups[0].results[0].cross
    assert list(cross.head) == ["", "Nord", "Sud", "Ensemble"]
    assert [values[0] for _head, values in cross.lines] == ["8", "8", "16"]


def test_a_cross_of_too_few_is_not_given():
    asked = over()
    question = add_question(asked)
    district = factories.make_district()
    for _number in range(6):
        make_response(asked, chosen(question, "Oui"), district=district)

    assert results.of(outline.read(asked), at=timezone.now(), cross="quartier").groups[0].results[0].cross is None


@pytest.mark.parametrize("count", [1, 12])
def test_results_cost_the_same_however_many(client, django_assert_num_queries, count):
    asked = over()
    question = add_question(asked)
    for _number in range(5 * count):
        make_response(asked, chosen(question, "Oui"))

    with django_assert_num_queries(5):
        client.get(url(asked, "results"), headers={"Cookie": "messages=x"})
    assert Response.objects.count() == 5 * count
