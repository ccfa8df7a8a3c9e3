"""Votes for tests, published through their action: today is the third of their ten days unless told otherwise."""

import datetime as dt
import hashlib
from contextlib import contextmanager

from django.db import connection, transaction
from django.utils import timezone

from ballots import actions, codes, dates
from ballots.actions import OptionEdit
from ballots.models import Votation
from consultations import voting
from consultations.models import ConsultationVote
from desk import people
from desk.models import Person
from tests import factories

OPTIONS = ("Un kiosque", "Une fontaine", "Des tilleuls")
DAYS = 10


def values(**fields):
    """Give the fields of a vote that anybody who lives here may cast."""
    first = fields.pop("opens_on", factories.today() - dt.timedelta(days=2))
    return {
        "question": "Que mettre au milieu de la place ?",
        "intro": "",
        "kind": "single",
        "most": 1,
        "winners": 1,
        "amount_cents": None,
        "opens_on": first,
        "ends_on": first + dt.timedelta(days=DAYS - 1),
        "residency_level": "declared",
        "minimum_age": None,
        "blank_allowed": True,
        "quorum": 0,
        "majority": "most",
        "tie": "decider",
        **fields,
    }


def make_draft(*, consultation=None, options=OPTIONS, **fields):
    """A vote that is not published."""
    consultation = consultation or factories.make_consultation()
    with transaction.atomic():
        votation = actions.save(
            actor=None, votation=None, values=values(**fields), options=[OptionEdit(name) for name in options]
        )
        return ConsultationVote.objects.create(consultation=consultation, votation=votation)


def make_vote(*, consultation=None, options=OPTIONS, **fields):
    """A published vote, on the eve of its opening."""
    link = make_draft(consultation=consultation, options=options, **fields)
    with transaction.atomic():
        actions.publish(
            actor=None, votation=link.votation, at=dates.midnight(link.votation.opens_on) - dt.timedelta(hours=1)
        )
    return ConsultationVote.objects.select_related("consultation", "votation").get(pk=link.pk)


def make_voter(*, seen=None, **fields):
    """Somebody who may vote; an agent saw the identity of whoever's residence is verified, unless told otherwise."""
    user = factories.make_resident(**fields)
    if fields.get("verified") if seen is None else seen:
        fingerprint = hashlib.sha256(f"{user.pk}".encode()).hexdigest()
        Person.objects.create(user=user, identity_hash=fingerprint, identity_on=factories.today())
    return user


def cast(link, choices, *, voter=None, code=None, at=None):
    """Vote as the page does; give the receipt."""
    code = code or codes.new_code()
    voting.cast(actor=voter or make_voter(), link=link, choices=choices, code=code, at=at or timezone.now())
    return code


def enter(link, *, channel="desk", person=None, at=None):
    """Write somebody on the roll as the desk does."""
    with transaction.atomic():
        return actions.enter_on_roll(
            votation=link.votation,
            person=person or Person.objects.create(),
            channel=channel,
            at=at or timezone.now(),
        )


def person_of(user):
    with transaction.atomic():
        return people.of_user(user)


def closed(link):
    """Give the instant at which a vote is counted."""
    return dates.closing(link.votation.ends_on) + dates.COUNT_DELAY


def reload(link):
    return Votation.objects.prefetch_related("options").get(pk=link.votation.pk)


@contextmanager
def by_force():
    """Write past what the database holds, as somebody would who owns the server: what a vote wrote is never changed otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = DEFAULT")
