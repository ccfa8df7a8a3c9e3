"""The vote of the campaign that is over: every ballot is cast through the action that residents use, and is as secret."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from django.db import transaction

from accounts import demo as accounts
from accounts import roles
from accounts.models import User
from ballots import actions as ballots
from ballots import codes, tally
from ballots.dates import COUNT_DELAY, PARIS, midnight
from ballots.models import Option
from desk import people
from desk.models import Channel
from ideas import voting
from ideas.models import Campaign, CampaignVote, Idea, VotedIdea
from ideas.voting import Project

Words = Mapping[str, Any]
CENTS = 100
VOTERS = 60
ANNOUNCED_BEFORE = dt.timedelta(days=3)


def play(words: Words, *, campaign: Campaign, voters: Sequence[User], at: dt.datetime) -> None:
    """Announce the vote, let people vote on the web and at the desk, and count it as the site does."""
    link = _announce(words, campaign, at.astimezone(PARIS).date())
    chance = Random(words["question"])  # noqa: S311 (a demonstration)
    crowd = list(voters) if len(voters) <= VOTERS else chance.sample(list(voters), VOTERS)
    span = link.votation.closes_at - link.votation.opens_at - dt.timedelta(hours=2)
    for voter, basket in zip(crowd, _baskets(words, len(crowd), chance), strict=True):
        when = link.votation.opens_at + span * chance.random()
        voting.cast(actor=voter, link=link, choices=basket, code=codes.new_code(), at=when)
    _hand_out(words, link)
    _count(words, link)


@transaction.atomic(durable=True)
def _announce(words: Words, campaign: Campaign, today: dt.date) -> CampaignVote:
    """Publish the vote between ideas that have their answer: what became of them since is not asked here."""
    first = today - dt.timedelta(days=words["opens"])
    values = {
        "question": words["question"],
        "intro": words["intro"].strip(),
        "kind": "budget",
        "most": 1,
        "winners": 1,
        "amount_cents": campaign.budget_cents,
        "opens_on": first,
        "ends_on": today - dt.timedelta(days=words["ends"]),
        "residency_level": "declared",
        "minimum_age": None,
        "blank_allowed": True,
        "quorum": 20,
        "majority": "most",
        "tie": "decider",
    }
    found = {idea.title: idea for idea in Idea.objects.filter(campaign=campaign).defer("search")}
    projects = [
        Project(title, found[title].beneficiaries, CENTS * euros, idea=found[title].pk)
        for title, euros, _liked in words["projects"]
    ]
    agent = _agent(roles.AGENT.code)
    saved = ballots.save(actor=agent, votation=None, values=values, options=projects)
    link = CampaignVote.objects.create(campaign=campaign, votation=saved)
    rows = zip(Option.objects.filter(votation=saved).order_by("number"), projects, strict=True)
    VotedIdea.objects.bulk_create(VotedIdea(vote=link, option=option, idea_id=one.idea) for option, one in rows)
    ballots.publish(
        actor=agent,
        votation=saved,
        at=midnight(first) - ANNOUNCED_BEFORE,
        note=lambda _votation: {"campagne": campaign.slug},
    )
    links = CampaignVote.objects.select_related("campaign", "votation").prefetch_related("votation__options")
    return links.get(pk=link.pk)


def _agent(code: str) -> User:
    account = accounts.find(code)
    return User.objects.get(email=account.email if account else "")


def _baskets(words: Words, number: int, chance: Random) -> list[list[int]]:
    """Fill as many baskets: each project in its share of them, the least liked taken out of those that cost too much."""
    baskets: list[list[int]] = [[] for _ in range(number)]
    for rank, (_title, _euros, liked) in enumerate(words["projects"], start=1):
        for basket in chance.sample(baskets, round(number * liked)):
            basket.append(rank)
    costs = {rank: euros for rank, (_title, euros, _liked) in enumerate(words["projects"], start=1)}
    for basket in baskets:
        while sum(costs[rank] for rank in basket) > words["budget_euros"]:
            basket.remove(min(basket, key=lambda rank: words["projects"][rank - 1][2]))
    return baskets


@transaction.atomic(durable=True)
def _hand_out(words: Words, link: CampaignVote) -> None:
    """Give paper ballots to people who came to the desk."""
    for number in range(words["paper"][0]):
        fingerprint = hashlib.sha256(f"demo:{words['question']}:{number}".encode()).hexdigest()
        when = link.votation.opens_at + dt.timedelta(days=number, hours=10)
        person = people.of_identity(fingerprint)
        ballots.enter_on_roll(votation=link.votation, person=person, channel=Channel.DESK, at=when)


def _count(words: Words, link: CampaignVote) -> None:
    """Count the paper by two agents, then everything."""
    found, blank, *voices = words["paper"]
    sheet = tally.Count(
        ballots=found,
        blank=blank,
        scores={number: tally.Score(voice) for number, voice in enumerate(voices, start=1)},
    )
    for code in (roles.AGENT.code, roles.ADMINISTRATOR.code):
        voting.enter_paper_count(
            actor=_agent(code), votation=link.votation, sheet=sheet, at=link.votation.closes_at + COUNT_DELAY
        )
