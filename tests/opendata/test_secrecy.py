"""What is hidden stays out of every file, list, feed and calendar: all of them read, in a city where each secret has its own word."""

import datetime as dt
import json
import re

import pytest
from django.conf import settings
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from audience.models import DailyPageCount, Device
from consultations import actions
from consultations import datasets as consultations_datasets
from consultations.models import Consultation, Participation
from desk.models import Channel, Person
from ideas import supporting
from mulhouse import memory, small_cells
from opendata import datasets, dumping, writing
from questionnaires.models import Answer
from tests import factories as f
from tests.ballots import votes
from tests.opendata.test_api import pages
from tests.questionnaires.making import add_question, make_questionnaire, make_response, option
from tests.visibility import hidden

DATASETS = datasets.all_of_them()
LISTS = [dataset for dataset in DATASETS if dataset.listing]
E_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w[\w.-]*")
FEEDS = ("/concertations/flux/", "/engagements/flux/", "/registre/flux/")


def text_of(response):
    assert response.status_code == 200, response
    return (b"".join(response.streaming_content) if response.streaming else response.content).decode()


def everything_given(client):
    """Give {address: text} of all that leaves: each file read from the database and as stored, pages, descriptions, lists, feeds."""
    read = {}

    def ask(address, label=""):
        memory.client().flushdb()  # nobody asks all of this in a minute
        read[f"{address}{label}"] = text_of(client.get(address))

    files = [f"/donnees/{dataset.code}.{form}" for dataset in DATASETS for form in writing.CHUNKS]
    for address in files:
        ask(address, " (read now)")
    dumping.make(DATASETS, at=timezone.now())
    for address in files:
        ask(address, " (of the night)")
    for dataset in DATASETS:
        ask(f"/donnees/{dataset.code}/")
        ask(f"/donnees/{dataset.code}/schema.json")
    for dataset in LISTS:
        memory.client().flushdb()
        read[f"/api/v1/{dataset.code}"] = json.dumps(pages(client, dataset.code, taille=50), ensure_ascii=False)
    for address in ("/donnees/", "/donnees/api/", "/donnees/catalogue.jsonld", "/api/v1/", "/api/v1/openapi.json"):
        ask(address)
    own = [f"/concertations/{row.slug}/flux/" for row in Consultation.objects.published()]
    for form in ("atom", "rss"):
        for feed in (*FEEDS, *own):
            ask(f"{feed}{form}/")
    for calendar in ("", *(f"{row.slug}/" for row in Consultation.objects.published())):
        ask(f"/concertations/{calendar}agenda.ics")
    return read


@pytest.fixture
def city(db):
    """The city of secrets, with what open data alone could tell: a text handed in, a vote and a questionnaire that run."""
    made = hidden.build()
    consultation = Consultation.objects.published().order_by("pk").first()
    made.hide(
        "contribution handed in, not read yet",
        lambda word: f.make_contribution(
            consultation=consultation, title=word, body=word, published_at=None, submitted_at=timezone.now()
        ),
    )
    return made


def test_no_secret_is_given(client, city):
    read = everything_given(client)
    told = [(each.what, where) for where, text in read.items() for each in city.secrets if each.word in text]
    assert told == []


def test_what_is_public_is_given(client, city):
    """Else the test above would hold of empty files."""
    consultation = Consultation.objects.get(title__contains=city.seen["consultation"])
    last = f.make_contribution(consultation=consultation, title="Une borne-fontaine")
    read = everything_given(client)
    word = city.seen["contribution"]
    for where in (
        *(
            f"/donnees/contributions.{form} ({state})"
            for form in writing.CHUNKS
            for state in ("read now", "of the night")
        ),
        "/api/v1/contributions",
    ):
        assert word in read[where], where
    assert city.seen["comment"] in read["/api/v1/commentaires"]
    assert last.title in read[f"/concertations/{consultation.slug}/flux/atom/"]
    assert city.seen["consultation"] in read["/concertations/agenda.ics"]


def test_no_filter_opens_what_is_hidden(client, city):
    """A filter by the address of a draft, or by the reference of a hidden text, answers as for one that never was."""
    for draft in Consultation.objects.filter(published_at=None):
        for code in ("contributions", "commentaires", "suites"):
            assert pages(client, code, consultation=draft.slug) == []
        for address in ("agenda.ics", "flux/atom/", "flux/rss/"):
            assert client.get(f"/concertations/{draft.slug}/{address}").status_code == 404


def test_no_address_of_a_person_is_given(client, city):
    own = {settings.CONTACT["email"], settings.SECURITY_CONTACT}
    found = {where: set(E_MAIL.findall(text)) - own for where, text in everything_given(client).items()}
    calendars = re.compile(r"^/concertations/(.*/)?agenda\.ics$")
    # A calendar names its events as RFC 5545 recommends: something, then the name of the site.
    kept = {where: names for where, names in found.items() if names and not calendars.match(where)}
    assert kept == {}
    site = f"@{settings.SITE_URL.partition('://')[2].partition(':')[0].partition('/')[0]}"
    assert {name for names in found.values() for name in names if not site.endswith(name[name.index("@") :])} == set()


# --- Who voted, who took part, who answered ----------------------------------------------------------------------------------


def somebody_who_only_chooses(word):
    """A resident who signs nothing: a vote, a position, a support, an answer."""
    person = f.make_resident(public_name=f"Nom {word}", email=f"{word}@exemple.fr", verified=True)
    contribution = f.make_contribution()
    comment = f.make_comment(contribution=contribution)
    at = timezone.now()
    actions.take_position(actor=person, contribution=contribution, choice="agree", at=at)
    actions.support_comment(actor=person, comment=comment, at=at)
    supporting.support(actor=person, idea=f.make_idea(), at=at)
    link = votes.make_vote(options=("Un kiosque", "Une fontaine"))
    code = votes.cast(link, [1], voter=person)
    asked = make_questionnaire()
    question = add_question(asked, "single", options=("Oui", "Non"))
    response = make_response(
        asked, Answer(question=question, option=option(question, "Oui")), person=votes.person_of(person)
    )
    return person, (code, str(response.person.key), *_references(response)), link, asked


def _references(row):
    return [str(getattr(row, name)) for name in ("reference", "key") if getattr(row, name, "")]


@pytest.mark.django_db(transaction=True)
def test_nobody_is_bound_to_what_they_chose(client):
    person, traces, _link, _asked = somebody_who_only_chooses("zqpersonne")
    read = everything_given(client)
    words = ("zqpersonne", *traces)
    assert [(word, where) for where, text in read.items() for word in words if word in text] == []
    assert person.pk


@pytest.mark.django_db(transaction=True)
def test_a_vote_and_a_questionnaire_that_run_have_no_line(client):
    """Embargoed: neither the result nor how many came. Their own dates are public."""
    _person, _traces, link, asked = somebody_who_only_chooses("zqpersonne")
    read = everything_given(client)
    for where in ("/donnees/votes", "/donnees/croisements", "/donnees/questionnaires"):
        found = [text for address, text in read.items() if address.startswith(f"{where}.")]
        assert found
        assert [text for text in found if link.votation.reference in text or asked.reference in text] == []


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.code)
def test_no_column_is_of_a_person(dataset):
    """Neither an internal number nor an address; who wrote a text is only told by its public signature."""
    names = {column.name for column in dataset.table.columns}
    assert (
        names & {"id", "pk", "email", "courriel", "telephone", "adresse_ip", "auteur", "personne", "naissance"} == set()
    )
    if names & {"vote", "questionnaire"}:
        assert names & {"signature", "votant", "numero"} == set()


# --- Counts under five -------------------------------------------------------------------------------------------------------

CHECKED = hypothesis_settings(
    max_examples=40,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def lines_of(code):
    """Give the lines of a file as anybody reads them."""
    return json.loads(b"".join(writing.json_chunks(datasets.find(code))))["lignes"]


def test_few_people_are_merged_by_channel(db):
    consultation = f.make_consultation()

    @CHECKED
    @given(st.dictionaries(st.sampled_from(Channel.values), st.integers(1, 12), max_size=len(Channel.values)))
    def check(people):
        Participation.objects.all().delete()
        day = timezone.localdate() - dt.timedelta(days=2)
        Participation.objects.bulk_create(
            Participation(consultation=consultation, person=Person.objects.create(), channel=channel, first_on=day)
            for channel, number in people.items()
            for _ in range(number)
        )
        found = [(row["canal"], row["personnes"]) for row in lines_of("participants")]
        assert sum(number for _, number in found) == sum(people.values())
        for channels, number in found:
            # A line that stands alone says what the total says.
            assert number >= small_cells.THRESHOLD or len(found) == 1, (channels, number)

    check()


def test_few_answers_are_hidden_in_crosses_and_totals(db):
    districts = [f.make_district() for _ in range(3)]
    asked = make_questionnaire(closes=-2)
    question = add_question(asked, "single", options=("Oui", "Non"))
    options = list(question.options.all())

    @CHECKED
    @given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2)), max_size=40))
    def check(people):
        asked.responses.all().delete()
        for choice, where in people:
            make_response(
                asked, Answer(question=question, option=options[choice]), district=districts[where], age_band=""
            )
        for row in lines_of("croisements"):
            assert row["nombre"] is None or row["nombre"] >= small_cells.THRESHOLD, row
            assert (row["nombre"] is None) == (row["masque"] == "oui")
        if len(people) < small_cells.THRESHOLD:
            assert lines_of("questionnaires") == []

    check()


def test_few_readings_are_not_told(db):
    month = timezone.localdate().replace(day=1) - dt.timedelta(days=1)
    pages_read = st.tuples(st.sampled_from(["home", "consultations:list"]), st.sampled_from(Device.values))

    @CHECKED
    @given(st.dictionaries(pages_read, st.integers(1, 9)))
    def check(readings):
        DailyPageCount.objects.all().delete()
        DailyPageCount.objects.bulk_create(
            DailyPageCount(day=month, route=route, language="fr", device=device, views=views)
            for (route, device), views in readings.items()
        )
        found = {(row["page"], row["appareil"]): row["lectures"] for row in lines_of("audience")}
        assert found == {place: views if views >= small_cells.THRESHOLD else None for place, views in readings.items()}

    check()


def test_every_dataset_of_people_says_what_becomes_of_small_numbers():
    counting = {"participants", "votes", "croisements", "questionnaires", "audience", "moderation"}
    counting |= {"contributions", "commentaires", "chiffres", "accessibilite"}
    counting |= {"idees", "idees-soutiens", "idees-commentaires"}
    assert [code for code in sorted(counting) if not datasets.find(code).small_numbers] == []
    assert consultations_datasets.PARTICIPANTS.name in counting
