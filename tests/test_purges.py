"""What had its time is erased by the clock, and each run that erased something says so on the register: how much, never whose."""

import datetime as dt
import json

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import DataExport
from desk.models import Assistance, Channel
from ideas.models import CoAuthor
from mulhouse.celery import app as celery
from notifications.models import AddressState, Broadcast, Notification, OutboundMail
from tests import factories as f
from tests.ballots import votes
from tests.questionnaires.making import add_question, make_questionnaire, make_response
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db

OLD = dt.timedelta(days=1000)


def old_mails():
    at, person = timezone.now() - OLD, f.make_user()
    for number in range(2):
        mail = OutboundMail.objects.create(
            kind="test", to="a@example.org", subject="x", text="x", send_after=at, state="sent"
        )
        OutboundMail.objects.filter(pk=mail.pk).update(created_at=at)
        Notification.objects.create(user=person, kind="test", about="x", created_at=at, once_key=str(number))
    Broadcast.objects.create(key="x", finished_at=at)
    AddressState.objects.create(address="x@example.org", reported_by="smtp", updated_at=at)


def old_copies():
    DataExport.objects.create(user=f.make_user(), ready_at=timezone.now() - OLD, expires_at=timezone.now() - OLD)


def old_sessions():
    Session.objects.create(session_key="x", session_data="", expire_date=timezone.now() - OLD)
    stale = f.make_user()
    stale.emailaddress_set.update(verified=False)
    type(stale).objects.update(date_joined=timezone.now() - OLD, last_login=None)


def old_desk():
    person = votes.person_of(votes.make_voter(verified=True))
    type(person).objects.filter(pk=person.pk).update(identity_on=(timezone.now() - OLD).date())
    Assistance.objects.create(
        agent=f.make_staff(),
        person=person,
        channel=Channel.DESK,
        birth_year=1980,
        consent_version="1",
        opened_at=timezone.now() - OLD,
        expires_at=timezone.now(),
    )


def old_answers():
    over = make_questionnaire(consultation=f.make_consultation(), opens=-900, closes=-800)
    question = add_question(over, "text")
    make_response(over, user=f.make_resident(), submitted_at=None, draft={str(question.pk): "x"})
    make_response(over, user=f.make_resident(), draft={str(question.pk): "x"})


def old_roll():
    link = votes.make_vote(residency_level="verified")
    votes.enter(link, person=votes.person_of(votes.make_voter(verified=True)))
    type(link.votation).objects.filter(pk=link.votation.pk).update(cancelled_at=timezone.now() - OLD, cancel_reason="x")


def old_invitations():
    CoAuthor.objects.create(idea=f.make_idea(), email="a@example.org", sent=1, invited_at=timezone.now() - OLD)


PURGES = {
    "notifications.purge": (
        old_mails,
        {"textes_de_courriels": 2, "courriels": 2, "notifications": 2, "annonces": 1, "adresses": 1},
    ),
    "accounts.sweep_exports": (old_copies, {"copies_de_donnees": 1}),
    "accounts.purge_sessions": (old_sessions, {"sessions_finies": 1, "comptes_non_confirmes": 1}),
    "desk.forget": (old_desk, {"assistances": 1, "empreintes_d_identite": 1}),
    "questionnaires.tidy": (old_answers, {"reponses": 1, "copies_de_travail": 1}),
    "ideas.forget_invitations": (old_invitations, {"adresses_invitees": 1}),
    "ballots.clear_rolls": (old_roll, {"lignes_d_emargement": 1}),
}


def purged():
    """Give the facts of each line about a purge."""
    lines = RegisterLine.objects.filter(act="data.purged").order_by("number")
    return [json.loads(line.content)["faits"] for line in lines]


@pytest.mark.parametrize("name", PURGES)
def test_a_purge_says_once_how_much_it_erased(name):
    make, erased = PURGES[name]
    celery.loader.import_default_modules()
    celery.tasks[name]()
    assert purged() == []
    make()
    celery.tasks[name]()
    assert purged() == [erased]
    celery.tasks[name]()
    assert purged() == [erased]
