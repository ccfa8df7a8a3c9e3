"""Two people of one name, born on the same day: told apart by an agent with papers in hand, and by nobody else."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from city.models import District
from consultations.models import Contribution, Participation
from desk import actions, people, tasks
from desk.models import Assistance, Channel, Namesake, Person
from mulhouse.errors import DomainError, RefusedError
from tests.ballots.votes import make_vote
from tests.concurrency import run_in_threads
from tests.factories import make_consultation, make_district, make_resident, make_staff, sign_in, today
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)

BORN = dt.date(1951, 7, 23)
FIRST = ("Zimmermannovic", "Marie-Odette", BORN, "Kaysersberg")
TWIN = ("Zimmermannovic", "Marie-Wilhelmine", BORN, "Kaysersberg")
HOMONYM = ("Zimmermannovic", "Marie-Odette", BORN, "Bouxwiller")


def url(route, *args):
    return reverse(f"admin:desk_{route}", args=args)


@pytest.fixture
def agent():
    return make_staff("desk.assist", "accounts.verify_residency")


@pytest.fixture
def client(agent):
    return sign_in(Client(), agent)


@pytest.fixture
def consultation():
    return make_consultation()


def typed(who, **fields):
    family, given, born, place = who
    return {
        "channel": "desk",
        "family_name": family,
        "given_names": given,
        "birth_date": born.isoformat(),
        "birth_place": place,
        "consent": "on",
        "is_seen": "on",
        "reason": "twin",
        "district": (District.objects.first() or make_district()).pk,
        **fields,
    }


def usual(who, **fields):
    """What an agent types for somebody: nobody asks where they were born."""
    return {name: value for name, value in typed(who, **fields).items() if name != "birth_place"}


def took_part(client, consultation, who):
    """Somebody comes, is found under their name, and gives their opinion."""
    client.post(url("open", consultation.slug), usual(who))
    return say(client, consultation)


def say(client, consultation, text="Des bancs à l’ombre."):
    assistance = Assistance.objects.order_by("-pk").first()
    section = consultation.sections.get()
    client.post(url("act", assistance.key), {"section": section.pk, "kind": "opinion", "body": text})
    return assistance


def tell_apart(agent, who, *, reason=Namesake.TWIN, at=None, topic="consultation:x"):
    family, given, born, place = who
    return actions.tell_apart(
        actor=agent,
        topic=topic,
        fingerprint=people.identity_hash(family, given, born),
        finer=people.finer_hash(family, given, born, place),
        reason=reason,
        birth_year=born.year,
        district=None,
        is_residence_checked=False,
        is_voting=False,
        at=at or timezone.now(),
    )


def first_person(who=FIRST):
    with transaction.atomic():
        return people.of_identity(people.identity_hash(*who[:3]))


# --- Who may -----------------------------------------------------------------------------------------------------------


def test_an_agent_who_checks_no_identity_tells_nobody_apart(consultation):
    first_person()
    client = sign_in(Client(), make_staff("desk.assist"))
    page = client.get(url("namesake", consultation.slug))
    assert "Demandez à une ou un collègue" in page.content.decode()
    assert client.post(url("namesake", consultation.slug), typed(TWIN)).status_code == 422
    with pytest.raises(RefusedError):
        tell_apart(make_staff("desk.assist"), TWIN)
    assert (Person.objects.count(), Assistance.objects.count()) == (1, 0)


def test_nobody_is_told_apart_from_nobody(agent):
    """Without a first person, the finer fingerprint would be a second turn kept for later."""
    with pytest.raises(DomainError) as refused:
        tell_apart(agent, TWIN)
    assert refused.value.code == "nobody"
    assert (Person.objects.count(), RegisterLine.objects.count()) == (0, 0)


def test_an_agent_finds_three_in_a_day_and_no_more(agent, consultation):
    first_person()
    for _ in range(3):
        # The same twin, again: nobody new is found, nothing is counted against the agent.
        tell_apart(agent, TWIN)
    for number in range(2):
        first_person(("Autre", f"Jeanne{number}", BORN))
        tell_apart(agent, ("Autre", f"Jeanne{number}", BORN, "Colmar"))
    with pytest.raises(RefusedError) as refused:
        tell_apart(agent, HOMONYM)
    assert refused.value.code == "too_many"
    page = sign_in(Client(), agent).post(url("namesake", consultation.slug), typed(HOMONYM))
    assert (page.status_code, "Prévenez l’administration" in page.content.decode()) == (422, True)
    tell_apart(agent, HOMONYM, at=timezone.now() + dt.timedelta(days=1, minutes=1))


def test_three_people_share_an_identity_and_no_more(agent):
    first_person()
    tell_apart(agent, TWIN)
    tell_apart(make_staff("desk.assist", "accounts.verify_residency"), HOMONYM)
    with pytest.raises(DomainError) as refused:
        tell_apart(make_staff("desk.assist", "accounts.verify_residency"), (*FIRST[:3], "Thann"))
    assert refused.value.code == "too_many_namesakes"
    assert Person.objects.count() == 3


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"is_seen": ""}, "Sans pièce d’identité, personne ne peut être distingué."),
        ({"birth_place": ""}, "Ce champ est obligatoire"),
        ({"birth_place": "—"}, "Écrivez un nom, avec des lettres."),
        ({"reason": ""}, "Ce champ est obligatoire"),
        ({"reason": "je la connais"}, "Sélectionnez un choix valide"),
        ({"consent": ""}, "Sans son accord"),
        ({"family_name": "Inconnue"}, "ouvrez une saisie ordinaire"),
    ],
)
def test_what_is_missing_tells_nobody_apart(client, consultation, fields, sentence):
    first_person()
    page = client.post(url("namesake", consultation.slug), typed(TWIN, **fields))
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert (Person.objects.count(), Assistance.objects.count()) == (1, 0)


def test_only_face_to_face():
    """The way is shown at the desk alone, and the database takes no other channel."""
    assistance = Assistance(channel=Channel.PHONE, namesake=Namesake.TWIN)
    condition = next(rule for rule in Assistance._meta.constraints if rule.name == "assistance_namesake_is_seen")
    with pytest.raises(Exception, match="assistance_namesake_is_seen"):
        condition.validate(Assistance, assistance)


# --- What it does -----------------------------------------------------------------------------------------------------


def test_twins_are_two_people_and_each_is_one(client, consultation):
    took_part(client, consultation, FIRST)
    client.post(url("open", consultation.slug), usual(TWIN))
    page = client.get(url("act", Assistance.objects.order_by("-pk").first().key)).content.decode()
    assert f'href="{url("namesake", consultation.slug)}"' in page
    assert client.post(url("namesake", consultation.slug), typed(TWIN)).status_code == 302
    say(client, consultation, "Une fontaine.")
    assert (Participation.objects.count(), Contribution.objects.count()) == (2, 2)
    # Whoever comes now under that name says where they were born, and is found again.
    asked = client.post(url("open", consultation.slug), usual(TWIN))
    assert asked.status_code == 422
    assert "Deux personnes portent ce nom" in asked.content.decode()
    assert 'name="birth_place"' in asked.content.decode()
    for who, text in ((FIRST, "Des arbres."), (TWIN, "Des jeux."), (FIRST, "Du calme.")):
        assert client.post(url("open", consultation.slug), typed(who)).status_code == 302
        say(client, consultation, text)
    assert Contribution.objects.count() == 5
    assert (Participation.objects.count(), Person.objects.count()) == (2, 2)


def test_papers_typed_otherwise_are_the_first_person(client, consultation):
    """A mistake in the place or in the names never gives a second turn."""
    took_part(client, consultation, FIRST)
    client.post(url("namesake", consultation.slug), typed(TWIN))
    for place in ("Kaysersberg", "KAYSERSBERG", "  kaysersberg "):
        client.post(url("open", consultation.slug), typed((*TWIN[:3], place)))
        assert Assistance.objects.order_by("-pk").first().person.namesake_hash
    for who in ((*TWIN[:3], "Kayserberg"), (TWIN[0], "Marie-Wilhelmin", *TWIN[2:])):
        client.post(url("open", consultation.slug), typed(who))
        assert Assistance.objects.order_by("-pk").first().person == first_person()
    assert Person.objects.count() == 2


def test_a_place_is_asked_of_those_who_share_a_name_only(client, consultation):
    first_person()
    assert 'name="birth_place"' not in client.get(url("open", consultation.slug)).content.decode()
    assert client.post(url("open", consultation.slug), usual(FIRST)).status_code == 302
    # One that nobody asked for changes nothing.
    assert client.post(url("open", consultation.slug), typed(FIRST)).status_code == 302
    assert Person.objects.count() == 1


def test_the_register_says_why_and_names_nobody(client, consultation, caplog):
    caplog.set_level("DEBUG")
    first_person()
    client.post(url("namesake", consultation.slug), typed(TWIN))
    client.post(url("namesake", consultation.slug), typed(TWIN))
    lines = list(RegisterLine.objects.order_by("number"))
    assert [(line.act, line.role, line.subject) for line in lines] == [
        ("desk.told_apart", "agent", consultation.slug),
        ("desk.opened", "agent", consultation.slug),
    ]
    assert '"raison":"jumeau"' in lines[0].content
    kept = [caplog.text]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            kept.append(repr(cursor.fetchall()))
    for word in ("zimmermann", "wilhelmine", "kaysersberg", "1951-07-23", "datetime.date(1951"):
        assert word not in "\n".join(kept).casefold(), word


def test_while_a_vote_runs_the_line_does_not_say_for_which_consultation(client, consultation):
    """It stays, against invented people; whoever is found again leaves none."""
    make_vote(consultation=consultation, opens_on=today() - dt.timedelta(days=1))
    first_person()
    client.post(url("namesake", consultation.slug), typed(TWIN))
    client.post(url("namesake", consultation.slug), typed(TWIN))
    lines = RegisterLine.objects.filter(act__startswith="desk.").order_by("number")
    assert list(lines.values_list("act", "subject")) == [("desk.told_apart", "")]


def test_thirty_agents_find_one_namesake(consultation):
    first_person()
    agents = [make_staff("desk.assist", "accounts.verify_residency") for _ in range(30)]
    run_in_threads(30, lambda number: tell_apart(agents[number], TWIN, topic=consultation.topic))
    assert (Person.objects.count(), Assistance.objects.count()) == (2, 30)
    assert RegisterLine.objects.filter(act="desk.told_apart").count() == 1
    assert Assistance.objects.exclude(namesake="").count() == 1


def test_an_account_is_tied_to_the_right_one_of_two(client, agent):
    first_person()
    tell_apart(agent, TWIN)
    account = make_resident()
    refused = client.post(url("link"), usual(TWIN, email=account.email))
    assert (refused.status_code, "Deux personnes portent ce nom" in refused.content.decode()) == (422, True)
    assert client.post(url("link"), typed(TWIN, email=account.email)).status_code == 302
    tied = Person.objects.get(user=account)
    assert (tied.identity_hash, tied.namesake_hash) == (people.finer_hash(*TWIN), people.identity_hash(*TWIN[:3]))
    # The names are still known to be shared: the other twin's account is another person.
    other = make_resident()
    assert client.post(url("link"), typed(FIRST, email=other.email)).status_code == 302
    assert Person.objects.get(user=other) != tied


def test_the_night_forgets_namesakes_too(agent):
    first_person()
    tell_apart(agent, TWIN)
    Person.objects.update(identity_on=today() - dt.timedelta(days=731))
    tasks.forget()
    assert list(Person.objects.values_list("identity_hash", "namesake_hash")) == [(None, "")] * 2


def test_a_namesake_has_a_fingerprint_of_its_own():
    shared = people.identity_hash(*FIRST[:3])
    for own in (None, shared):
        with pytest.raises(IntegrityError, match="person_namesake_has_its_own"), transaction.atomic():
            Person.objects.create(identity_hash=own, identity_on=own and today(), namesake_hash=shared)


def test_the_help_of_the_desk_says_what_to_do(client):
    page = client.get(url("help")).content.decode()
    for words in ("C’est une autre personne", "pièce d’identité", "3 fois par jour", "numéro du reçu"):
        assert words in page
    assert f'href="{url("help")}"' in client.get(url("receipt_changelist")).content.decode()


def test_help_and_the_page_of_namesakes_cost_little(client, consultation, django_assert_max_num_queries):
    make_district()
    for page in (url("help"), url("namesake", consultation.slug)):
        client.get(page)
        with django_assert_max_num_queries(12):
            client.get(page)
