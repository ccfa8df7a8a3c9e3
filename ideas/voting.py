"""The secret votes of a campaign, written: the room of ballots holds them, and each option leads to the idea it stands for."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from ballots import actions as ballots
from ballots import assisting, counting
from ballots import rules as ballots_rules
from ballots.models import Option, Votation
from ballots.tally import Count
from desk.models import Assistance, Receipt
from ideas.models import Answer, Campaign, CampaignVote, Idea, Stage, VotedIdea
from mulhouse.errors import Refusal, require

PREPARE = "ideas.change_campaign"
PUBLISH = "ideas.publish_campaign"
DRAFT = "Publiez d’abord la campagne\u00a0: un vote s’annonce avec elle."
KEPT = (Answer.Outcome.KEPT, Answer.Outcome.PARTLY)


# --- What may be voted for -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Project(ballots.OptionEdit):
    """An idea as it stands on a ballot: its title, for whom, what it costs."""

    idea: int = 0


def kept_ideas(campaign: Campaign) -> list[Project]:
    """List the ideas that the city keeps, in the order in which they were deposited; those whose cost it does not say included.

    The order is that of the ballot, and the last of the rules that part two projects: nobody chooses it.
    """
    answers = Answer.objects.filter(idea=OuterRef("pk")).order_by("-number")
    rows: Any = Idea.objects.visible().filter(campaign=campaign, stage=Stage.KEPT)
    rows = rows.annotate(
        found_cost=Subquery(answers.values("cost_cents")[:1]), found_outcome=Subquery(answers.values("outcome")[:1])
    )
    rows = rows.filter(found_outcome__in=KEPT).order_by("published_at", "pk")
    return [
        Project(title, beneficiaries, cost or None, idea=key)
        for key, title, beneficiaries, cost in rows.values_list("pk", "title", "beneficiaries", "found_cost")
    ]


def eligible(campaign: Campaign) -> list[Project]:
    """List the ideas that can be voted for: those that the city keeps and whose cost it knows."""
    return [project for project in kept_ideas(campaign) if project.cost_cents]


def idea_addresses(link: CampaignVote) -> dict[int, str]:
    """Give the page of the idea of each option, by its number; those that nobody can read any more are left out."""
    rows = VotedIdea.objects.filter(vote=link, idea__in=Idea.objects.visible())
    rows = rows.select_related("idea").defer("idea__search").annotate(number=F("option__number"))
    return {row.number: row.idea.get_absolute_url() for row in rows}


def winners(campaign: Campaign, *, at: dt.datetime) -> list[tuple[Idea, int]]:
    """Give the ideas that a vote of a campaign kept, each with its cost, in the order of their voices; of the last vote counted.

    Shape: empty as long as no result is public.
    Units: euro cents.
    """
    links = CampaignVote.objects.filter(campaign=campaign, votation__in=Votation.objects.standing())
    for link in links.select_related("votation").prefetch_related("votation__options").order_by("-pk"):
        result = counting.result(link.votation, at=at)
        if result is not None:
            rows = VotedIdea.objects.filter(vote=link).select_related("idea", "option").defer("idea__search")
            found = {row.option.number: row for row in rows}
            kept = [found[number] for number in result.outcome.kept]
            return [(row.idea, row.option.cost_cents or 0) for row in kept]
    return []


# --- Preparing -------------------------------------------------------------------------------------------------------


def edit_refusal(user: Any, campaign: Campaign) -> Refusal | None:
    """Tell whether somebody may prepare a vote in a campaign."""
    if not user.has_perm(PREPARE):
        return Refusal("not_allowed", "Votre rôle ne permet pas de préparer un vote.")
    return None


@transaction.atomic(durable=True)
def save(
    *,
    actor: Any,
    campaign: Campaign,
    votation: Votation | None,
    values: Mapping[str, Any],
    options: Sequence[Project],
) -> Votation:
    """Prepare a vote between ideas of a campaign, or change one that is not published.

    Raises: RefusedError.
    Locks: the vote, then the register.
    """
    require(edit_refusal(actor, campaign))
    saved = ballots.save(actor=actor, votation=votation, values=values, options=options)
    link, _is_new = CampaignVote.objects.get_or_create(votation=saved, defaults={"campaign": campaign})
    rows = zip(Option.objects.filter(votation=saved).order_by("number"), options, strict=True)
    VotedIdea.objects.bulk_create(VotedIdea(vote=link, option=option, idea_id=edit.idea) for option, edit in rows)
    return saved


def publish_refusal(user: Any, campaign: Campaign, votation: Votation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may publish a vote (prefetch `options`)."""
    if refusal := run_refusal(user, campaign):
        return refusal
    if campaign.published_at is None:
        return Refusal("not_published", DRAFT)
    return ballots_rules.publish_refusal(votation, at=at)


@transaction.atomic(durable=True)
def publish(*, actor: Any, campaign: Campaign, votation: Votation, at: dt.datetime) -> Votation:
    """Declare a vote, its projects, their costs and its rules.

    Raises: RefusedError.
    Locks: the vote, then the register.
    """
    require(publish_refusal(actor, campaign, votation, at=at))
    return ballots.publish(actor=actor, votation=votation, at=at, note=lambda _votation: {"campagne": campaign.slug})


@transaction.atomic(durable=True)
def discard(*, actor: Any, campaign: Campaign, votation: Votation) -> None:
    """Throw away a vote that nobody saw.

    Raises: RefusedError.
    Locks: the vote, then the register.
    """
    require(edit_refusal(actor, campaign))
    ballots.discard(actor=actor, votation=votation)


# --- Running ---------------------------------------------------------------------------------------------------------


def run_refusal(user: Any, campaign: Campaign) -> Refusal | None:
    """Tell whether somebody may publish a vote, put off its end, or cancel it."""
    if not user.has_perm(PUBLISH):
        return Refusal("not_allowed", "Votre rôle ne permet pas de publier, de prolonger ni d’annuler un vote.")
    return edit_refusal(user, campaign)


def extend_refusal(user: Any, campaign: Campaign, votation: Votation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may put off the last day of a vote."""
    return run_refusal(user, campaign) or ballots_rules.extend_refusal(votation, at=at)


def cancel_refusal(user: Any, campaign: Campaign, votation: Votation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may cancel a vote."""
    return run_refusal(user, campaign) or ballots_rules.cancel_refusal(votation, at=at)


@transaction.atomic(durable=True)
def extend(
    *, actor: Any, campaign: Campaign, votation: Votation, ends_on: dt.date, reason: str, at: dt.datetime
) -> Votation:
    """Put off the last day of a vote, in public and with a reason.

    Raises: RefusedError; DomainError "reason", "shorter".
    Locks: the vote, then the register.
    """
    require(run_refusal(actor, campaign))
    return ballots.extend(actor=actor, votation=votation, ends_on=ends_on, reason=reason, at=at)


@transaction.atomic(durable=True)
def cancel(*, actor: Any, campaign: Campaign, votation: Votation, reason: str, at: dt.datetime) -> Votation:
    """Cancel a vote, in public and with a reason: its box is destroyed unopened.

    Raises: RefusedError; DomainError "reason".
    Locks: the vote, its box, then the register.
    """
    require(run_refusal(actor, campaign))
    return ballots.cancel(actor=actor, votation=votation, reason=reason, at=at)


def paper_refusal(user: Any, votation: Votation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may enter what they counted of the paper."""
    if not user.has_perm(PREPARE):
        return Refusal("not_allowed", "Votre rôle ne permet pas de dépouiller un vote.")
    return ballots_rules.paper_refusal(votation, at=at)


@transaction.atomic(durable=True)
def enter_paper_count(*, actor: User, votation: Votation, sheet: Count, at: dt.datetime) -> bool:
    """Keep what one agent counted of the paper ballots; when two found the same, the vote is counted.

    Shape: True when the two agree.
    Raises: RefusedError; DomainError "sheet" for numbers that can not be right.
    Locks: the vote, then the box and the register when the two agree.
    """
    require(paper_refusal(actor, votation, at=at))
    return ballots.enter_paper_count(agent=actor, votation=votation, sheet=sheet, at=at)


# --- Voting ----------------------------------------------------------------------------------------------------------


@sensitive_variables("choices", "code")
@transaction.atomic(durable=True)
def cast(*, actor: User, link: CampaignVote, choices: Sequence[int], code: str, at: dt.datetime) -> bool:
    """Put a ballot in the box and the voter on the roll, all or nothing.

    Shape: False for somebody who had voted already: nothing is written.
    Raises: RefusedError; DomainError for a ballot that the rules do not allow.
    Locks: the line of the roll, then the box.
    """
    return ballots.cast(actor=actor, votation=link.votation, choices=choices, code=code, at=at) is not None


@transaction.atomic(durable=True)
def enter_on_roll(*, actor: User, link: CampaignVote, assistance: Assistance, at: dt.datetime) -> Receipt:
    """Write that somebody is given a paper ballot, once whatever the channel, and make their receipt.

    Raises: RefusedError when the assistance is used, over or for something else, or when the person does not meet what the vote
    asks, or on the phone; DomainError "voted".
    Locks: the assistance, then the roll. Nothing on the register, as for a ballot of the web.
    """
    return assisting.enter_on_roll(
        actor=actor,
        votation=link.votation,
        assistance=assistance,
        topic=link.campaign.topic,
        path=address("vote", link),
        at=at,
    )


def address(route: str, link: CampaignVote, *more: str) -> str:
    """Give the address of a page of a vote."""
    return reverse(f"ideas:{route}", args=[link.campaign.slug, link.votation.reference, *more])
