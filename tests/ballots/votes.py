"""Votes for tests, published through their action: today is the third of their ten days unless told otherwise."""

import datetime as dt
import hashlib
from contextlib import contextmanager

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from ballots import actions, codes, dates
from ballots.actions import OptionEdit
from ballots.models import Votation
from consultations import voting
from consultations.models import ConsultationVote
from desk import people
from desk.models import Person
from ideas import voting as ideas_voting
from ideas.models import Answer, CampaignVote, VotedIdea
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


# --- Votes of campaigns: a basket of ideas that the city keeps, each at 30,000 €, in a budget of 70,000 -------------------

COST, AMOUNT = 3_000_000, 7_000_000


def keep_idea(campaign, *, cost_cents=COST, outcome="kept", **fields):
    """An idea that the city keeps, with what it costs."""
    idea = factories.make_idea(campaign=campaign, **{"stage": "kept", **fields})
    Answer.objects.create(
        idea=idea,
        number=1,
        outcome=outcome,
        reason="Le projet est faisable.",
        reason_html="<p>Le projet est faisable.</p>",
        cost_cents=cost_cents,
        next_step="Vote des habitants",
        next_on=factories.today() + dt.timedelta(days=60),
        signatory="Adjointe",
        published_at=timezone.now(),
    )
    return idea


def make_campaign_draft(*, campaign=None, options=OPTIONS, costs=(), **fields):
    """A vote between the ideas of a campaign, that is not published."""
    campaign = campaign or factories.make_campaign()
    costs = costs or [COST] * len(options)
    ideas = [keep_idea(campaign, title=name, cost_cents=cost) for name, cost in zip(options, costs, strict=True)]
    given = values(**{"kind": "budget", "amount_cents": AMOUNT, **fields})
    with transaction.atomic():
        edits = [OptionEdit(idea.title, "", cost) for idea, cost in zip(ideas, costs, strict=True)]
        votation = actions.save(actor=None, votation=None, values=given, options=edits)
        link = CampaignVote.objects.create(campaign=campaign, votation=votation)
        for option, idea in zip(votation.options.order_by("number"), ideas, strict=True):
            VotedIdea.objects.create(vote=link, option=option, idea=idea)
    return link


def make_campaign_vote(**fields):
    """A published vote of a campaign, on the eve of its opening."""
    link = make_campaign_draft(**fields)
    with transaction.atomic():
        early = dates.midnight(link.votation.opens_on) - dt.timedelta(hours=1)
        actions.publish(actor=None, votation=link.votation, at=early)
    return CampaignVote.objects.select_related("campaign", "votation").get(pk=link.pk)


HOSTS = {"consultation": make_vote, "campaign": make_campaign_vote}


def url(link, route="vote", *more):
    """Give the address of a page of a vote, whoever holds it."""
    if isinstance(link, CampaignVote):
        return ideas_voting.address(route, link, *more)
    return reverse(f"consultations:{route}", args=[link.consultation.slug, link.votation.reference, *more])


def staff_url(link, route="vote"):
    """Give the address of a page of agents about a vote, whoever holds it."""
    if isinstance(link, CampaignVote):
        return reverse(f"admin:ideas_campaignvote_{route}", args=[link.campaign.pk, link.votation.pk])
    return reverse(f"admin:consultations_consultation_{route}", args=[link.consultation.pk, link.votation.pk])


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
    room = ideas_voting if isinstance(link, CampaignVote) else voting
    room.cast(actor=voter or make_voter(), link=link, choices=choices, code=code, at=at or timezone.now())
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
