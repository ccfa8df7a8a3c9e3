"""Crosses beside the file of responses: what one of them hides, all of them together do not give back."""

import csv
import io
import itertools
import random
from collections import Counter

import pytest
from django.utils import timezone

from questionnaires import crosses, exports, outline, results
from questionnaires.models import Answer
from tests import factories
from tests.questionnaires.making import add_question, make_questionnaire, make_response, option, url

GROUPS = {name: name for name in ("Nord", "Sud", "Est", "Ouest")}
SECTORS = {"Nord": "Rive", "Sud": "Rive", "Est": "Colline", "Ouest": "Colline"}
ANSWERS = ("a", "b", "c")


def population(chance):
    """People who answer one question freely, one or more choices to another, a third only after « a », a fourth as the first."""
    people = []
    leaning = {group: [chance.random() ** 2 for _answer in ANSWERS] for group in GROUPS}
    for _person in range(chance.randint(12, 150)):
        group = chance.choices(list(GROUPS), (9, 6, 3, 1))[0]
        first = chance.choices(ANSWERS, leaning[group])[0]
        given = {"one": (first,), "same": (first if chance.random() < 0.97 else "c",)}
        if chance.random() < 0.9:
            given["many"] = tuple(answer for answer in ANSWERS if chance.random() < 0.5)
        if first == "a":
            given["then"] = (chance.choice(ANSWERS),)
        people.append((group, given))
    return people


def published(people, found):
    """Count again, for some people, every number that these crosses tell; and those they hide, apart."""
    told, hidden = {}, {}
    for question, cross in found.items():
        counts = Counter(
            (cross.line_of[answer], cross.column_of[group])
            for group, given in people
            for answer in given.get(question, ())
        )
        for at, across in itertools.product(range(len(cross.answers)), range(len(cross.groups))):
            where = hidden if cross.counts.cells[at][across] is None else told
            where[question, at, across] = counts[at, across]
        for across in range(len(cross.groups)):
            told[question, None, across] = sum(counts[at, across] for at in range(len(cross.answers)))
    return told, hidden


def exchanged(people):
    """Every world where two people of two groups have changed places: the file of responses is the same, line for line."""
    for (at, (one, given)), (rank, (other, others)) in itertools.combinations(enumerate(people), 2):
        if one != other and given != others:
            world = list(people)
            world[at], world[rank] = (other, given), (one, others)
            yield world


@pytest.mark.parametrize("seed", range(40))
def test_no_hidden_count_is_found_again_from_everything_that_is_published(seed):
    """Another world says the same in every file and not in that cell: for each hidden cell, of many populations."""
    people = population(random.Random(seed))
    found = crosses.together(
        people,
        {name: {answer: answer for answer in ANSWERS} for name in ("one", "many", "same", "then")},
        [GROUPS, SECTORS],
    )
    told, hidden = published(people, found)
    assert all(cross.counts.total is not None for cross in found.values())
    kept = set(hidden)
    for world in exchanged(people):
        if not kept:
            break
        try:
            again, other = published(world, found)
        except KeyError:  # somebody in a group that a cross has left out: another file
            continue
        if again == told:
            kept -= {place for place in kept if other[place] != hidden[place]}
    assert kept == set()


def test_random_populations_do_have_crosses_with_hidden_counts():
    """Or the check before would prove nothing: some crosses are given with a hidden count, and some are not given at all."""
    given, hiding = 0, 0
    for seed in range(40):
        people = population(random.Random(seed))
        labels = {name: {answer: answer for answer in ANSWERS} for name in ("one", "many", "same", "then")}
        found = crosses.together(people, labels, [GROUPS, SECTORS])
        given += len(found)
        hiding += sum(bool(cross.grid.hidden) for cross in found.values())
    print(given, hiding)
    assert 40 < given < 160
    assert hiding > 15


# --- The files themselves ----------------------------------------------------------------------------------------------


def lines(client, address):
    response = client.get(address)
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode()), delimiter=";"))


@pytest.fixture
def asked():
    """Six young people of one district who all say yes, among others who do not."""
    made = make_questionnaire(opens=-30, closes=-1)
    question = add_question(made, label="Pour ?")
    place = add_question(made, "district", label="Où ?")
    nord, sud, est, ouest = (factories.make_district(name=name) for name in GROUPS)
    for district, band, label, count in (
        (nord, "0-17", "Oui", 6),
        (nord, "25-39", "Oui", 7),
        (nord, "25-39", "Non", 2),
        (sud, "25-39", "Oui", 12),
        (sud, "25-39", "Non", 14),
        (est, "25-39", "Oui", 13),
        (est, "25-39", "Non", 15),
        (ouest, "25-39", "Oui", 16),
        (ouest, "25-39", "Non", 11),
    ):
        for _number in range(count):
            answers = (
                Answer(question=question, option=option(question, label)),
                Answer(question=place, district=district),
            )
            make_response(made, *answers, district=district, age_band=band)
    return made


@pytest.mark.django_db
def test_the_file_of_crosses_says_what_the_page_says_and_hides_what_it_hides(client, asked):
    found = lines(client, url(asked, "crosses"))

    assert list(found[0]) == list(exports.CROSSES_HEAD)
    by_district = {
        (line["reponse"], line["groupe"]): line["nombre"] or line["masque"]
        for line in found
        if line["croisement"] == "quartier"
    }
    assert (by_district["Non", "Nord"], by_district["Oui", "Nord"]) == ("oui", "oui")
    assert Counter(by_district.values())["oui"] == 4
    assert (by_district["Oui", "Ensemble"], by_district["Ensemble", "Nord"]) == ("54", "15")
    page = client.get(f"{url(asked, 'results')}?par=quartier")
    cross = page.context["results"].groups[0].results[0].cross
    shown = {
        (head, group): "oui" if cell == "masqué" else cell
        for head, cells in cross.lines
        for group, cell in zip(cross.head[1:], cells, strict=True)
    }
    assert shown == by_district
    assert url(asked, "crosses") in page.content.decode()


@pytest.mark.django_db
def test_two_people_who_change_places_leave_every_public_file_as_it_was(client, asked):
    """What the old file gave back: who said no in Nord is told neither by a row, nor by a subtraction."""
    addresses = [url(asked, "export", form="csv"), url(asked, "export", form="json"), url(asked, "crosses")]

    def files():
        return [b"".join(client.get(address).streaming_content) for address in addresses]

    before = files()
    hidden = {
        line["groupe"] for line in lines(client, addresses[2]) if line["croisement"] == "quartier" and line["masque"]
    }
    other = (hidden - {"Nord"}).pop()
    yes, no = (
        asked.responses.filter(district__name=name, age_band="25-39", answers__option__label=label).first()
        for name, label in ((other, "Oui"), ("Nord", "Non"))
    )
    yes.district, no.district = no.district, yes.district
    for response in (yes, no):
        response.save(update_fields=["district", "saved_at"])
        response.answers.filter(district__isnull=False).update(district=response.district)
    assert files() == before
    assert b"Nord" not in before[0]


@pytest.mark.django_db
def test_crosses_leave_at_the_end_only_and_not_for_a_few(client):
    running = make_questionnaire(shows_live_results=True)
    assert client.get(url(running, "crosses")).status_code == 403
    few = make_questionnaire(opens=-30, closes=-1)
    assert client.get(url(few, "crosses")).status_code == 404


@pytest.mark.django_db
def test_a_cross_that_another_would_give_back_is_not_given():
    """Only those who said yes are asked more: what the first cross hides of them, the second would tell."""
    made = make_questionnaire(opens=-30, closes=-1)
    first = add_question(made)
    then = add_question(made, on=first, wanted=("Oui",))
    counts = {"Nord": (12, 2), "Sud": (20, 20), "Est": (12, 12), "Ouest": (14, 16)}
    for name, (yes, no) in counts.items():
        district = factories.make_district(name=name)
        for number in range(yes + no):
            answers = [Answer(question=first, option=option(first, "Oui" if number < yes else "Non"))]
            if number < yes:
                answers.append(Answer(question=then, option=option(then, "Oui" if number % 2 else "Non")))
            make_response(made, *answers, district=district)
    found = [
        result.cross is not None
        for group in results.of(outline.read(made), at=timezone.now(), cross="quartier").groups
        for result in group.results
    ]
    assert found == [True, False]
