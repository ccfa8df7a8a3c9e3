"""What the desk shows of the votes of campaigns: those for which a paper ballot may be given now."""

import datetime as dt
from functools import partial

from django.urls import reverse

from ballots import rules as ballots_rules
from desk import subjects
from ideas import voting
from ideas.models import Campaign, CampaignVote

PREFIX = "campaign"


def address(route: str, *args: object) -> str:
    """Give the address of a page of this desk."""
    return reverse(f"admin:ideas_campaignvote_desk_{route}", args=args)


def open_votes(campaign: Campaign | None, *, at: dt.datetime) -> list[CampaignVote]:
    """List the votes in which one can vote now, of a campaign or of all."""
    rows = CampaignVote.objects.filter(votation__published_at__isnull=False, campaign__published_at__isnull=False)
    rows = rows if campaign is None else rows.filter(campaign=campaign)
    links = rows.select_related("campaign", "votation").order_by("pk")
    return [link for link in links if ballots_rules.days_refusal(link.votation, at=at) is None]


def lines(at: dt.datetime) -> list[subjects.Line]:
    """List what may be entered now, for the home page of the desk."""
    return [
        subjects.Line(
            link.votation.question,
            address("open", link.campaign.slug),
            [("Bulletin papier", voting.address("paper_ballot", link))],
        )
        for link in open_votes(None, at=at)
    ]


SUBJECT = subjects.Subject(
    prefix=PREFIX, heading="Les votes des idées", word="Vote", lines=lines, open_url=partial(address, "open")
)
