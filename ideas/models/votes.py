"""The vote of a campaign: the room of ballots holds it, these tables say whose it is and which idea each option stands for."""

import datetime as dt
from typing import Any, ClassVar, Self

from django.db import models

from ballots.models import Option, Votation
from ideas.models.campaigns import Campaign
from ideas.models.writing import Idea


class CampaignVoteQuerySet(models.QuerySet["CampaignVote"]):
    """Named reads of the votes of campaigns."""

    def visible_to(self, user: Any) -> Self:
        """What this person may see: the published votes of what they may see; drafts stay in the staff space."""
        return self.filter(campaign__in=Campaign.objects.visible_to(user), votation__published_at__isnull=False)

    def running(self, *, on: dt.date) -> Self:
        """Those in which one can vote on a day."""
        standing = Votation.objects.standing().filter(opens_on__lte=on, ends_on__gte=on, counted_at__isnull=True)
        return self.filter(votation__in=standing, campaign__in=Campaign.objects.published())


class CampaignVote(models.Model):
    """A secret vote between the ideas of a campaign."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="vote_links")
    votation = models.OneToOneField(Votation, on_delete=models.CASCADE, related_name="campaign_link")

    objects: ClassVar[models.Manager["CampaignVote"]] = CampaignVoteQuerySet.as_manager()

    class Meta:
        verbose_name = "vote d’une campagne"
        verbose_name_plural = "votes des campagnes"
        ordering = ("pk",)

    def __str__(self) -> str:
        return str(self.votation)


class VotedIdea(models.Model):
    """The idea that an option of a vote stands for: its page tells at length what the ballot says in a line.

    The option keeps the title and the cost of the day of the vote, whatever becomes of the idea.
    """

    vote = models.ForeignKey(CampaignVote, on_delete=models.CASCADE, related_name="voted_ideas")
    option = models.OneToOneField(Option, primary_key=True, on_delete=models.CASCADE, related_name="voted_idea")
    idea = models.ForeignKey(Idea, on_delete=models.PROTECT, related_name="voted_places")

    class Meta:
        verbose_name = "idée soumise au vote"
        verbose_name_plural = "idées soumises au vote"
        constraints = (models.UniqueConstraint(fields=("vote", "idea"), name="voted_idea_once"),)

    def __str__(self) -> str:
        return f"{self.option_id} · {self.idea_id}"
