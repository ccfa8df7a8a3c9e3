"""The votes of a campaign, as lines of other pages."""

import datetime as dt
from dataclasses import dataclass

from ballots import presentation as words
from ideas import voting
from ideas.models import Campaign, CampaignVote
from mulhouse.templatetags import ui


@dataclass(frozen=True)
class Line:
    """A published vote of a campaign: what is asked, when, and whether its result is there."""

    question: str
    url: str
    tag: ui.Tag
    days: str
    left: str
    has_result: bool


def of_campaign(campaign: Campaign, *, at: dt.datetime) -> list[Line]:
    """List the published votes of a campaign, the last one first; templates/ideas/_campaign_vote.html shows them."""
    links = CampaignVote.objects.filter(campaign=campaign, votation__published_at__isnull=False)
    found = []
    for link in links.select_related("votation").order_by("-votation__opens_on", "-pk"):
        link.campaign = campaign
        votation = link.votation
        found.append(
            Line(
                question=votation.question,
                url=voting.address("vote", link),
                tag=words.tag(votation, at=at),
                days=words.days(votation),
                left=words.left(votation, at=at),
                # Without asking the roll of each, as `rules.results_visible` does for the minutes before the count.
                has_result=votation.counted_at is not None,
            )
        )
    return found
