"""The results of the votes of campaigns, as open data tells them: the lines of each vote's own file, in one table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from ballots import counting, files
from ballots.counting import Result
from ideas.models import Campaign, CampaignVote, Idea, VotedIdea


@dataclass(frozen=True)
class Told:
    """One measure of a project, or of a whole vote: `label`, `idea` and `kept` are "" then."""

    campaign: str
    vote: str
    question: str
    measure: str
    number: Any
    label: str = ""
    idea: str = ""
    kept: str = ""


def read() -> Iterator[Told]:
    """Read the result of each vote once everybody may, the newest vote first."""
    links = CampaignVote.objects.filter(campaign__in=Campaign.objects.published(), votation__published_at__isnull=False)
    at = timezone.now()
    for link in links.select_related("campaign", "votation").prefetch_related("votation__options").order_by("-pk"):
        result = counting.result(link.votation, at=at)
        if result is not None:
            yield from _of(link, result)


def _of(link: CampaignVote, result: Result) -> Iterator[Told]:
    about = (link.campaign.slug, link.votation.reference, link.votation.question)
    # An idea that nobody reads any more is named by its title of the day alone.
    rows = VotedIdea.objects.filter(vote=link, idea__in=Idea.objects.visible())
    ideas = dict(rows.values_list("option__number", "idea__reference"))
    for told in files.lines(link.votation, result):
        idea = ideas.get(told["numero"], "")
        yield from (
            Told(*about, measure, told[measure], told["proposition"], idea, told["retenue"])
            for measure in files.MEASURES
            if measure in told
        )
    yield from (Told(*about, measure, number) for measure, number in files.totals(result).items())
