import datetime as dt

import pytest
from django.db import transaction

from accounts import actions as accounts_actions
from desk import people
from desk.models import Person
from tests.concurrency import run_in_threads
from tests.factories import make_user, today

BORN = dt.date(1980, 1, 31)


@pytest.mark.django_db(transaction=True)
def test_a_person_needs_a_transaction():
    user = make_user()
    for attempt in (lambda: people.of_user(user), lambda: people.of_identity("a" * 64)):
        with pytest.raises(RuntimeError):
            attempt()


@pytest.mark.django_db
def test_an_account_has_one_person(django_assert_num_queries):
    user = make_user()
    first = people.of_user(user)
    with django_assert_num_queries(1):
        assert people.of_user(user) == first
    assert (first.user, first.identity_hash, first.created_on) == (user, None, today())


@pytest.mark.django_db
def test_an_identity_has_one_person_who_remembers_its_last_use():
    fingerprint = people.identity_hash("Müller", "Marie", BORN)
    first = people.of_identity(fingerprint)
    Person.objects.filter(pk=first.pk).update(identity_on=today() - dt.timedelta(days=40))
    again = people.of_identity(people.identity_hash("MULLER", "marie-claire", BORN))
    assert again == first
    assert Person.objects.get(pk=first.pk).identity_on == today()


@pytest.mark.django_db(transaction=True)
def test_thirty_first_gestures_make_one_person():
    user = make_user()

    def gesture(_number):
        with transaction.atomic():
            return people.of_user(user).pk, people.of_identity("b" * 64).pk

    assert len(set(run_in_threads(30, gesture))) == 1
    assert Person.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_closing_an_account_keeps_the_key_and_cuts_the_link():
    user = make_user()
    with transaction.atomic():
        person = people.of_user(user)
    accounts_actions.close_account(user=user)
    person.refresh_from_db()
    assert person.user is None
