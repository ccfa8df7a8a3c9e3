"""The desk of the votes of campaigns: who is there, then a paper ballot. The pages are those of the desk and of the room of ballots."""

import uuid
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.http import UserRequest
from ballots import roll_pages
from ballots.models import RollLine
from desk import pages, rules
from desk.forms import IDENTITY
from desk.models import Act, Assistance, Channel
from ideas import voting
from ideas.desk_lines import PREFIX, address, open_votes
from ideas.models import Campaign, CampaignVote
from mulhouse.access import staff
from mulhouse.errors import Refusal
from mulhouse.templatetags.ui import Tab


def _helping(user: Any, slug: str) -> pages.Helping:
    campaign, at = get_object_or_404(Campaign.objects.published(), slug=slug), timezone.now()
    found = open_votes(campaign, at=at)

    def refusal(channel: str) -> Refusal | None:
        if not_yours := rules.assist_refusal(user):
            return not_yours
        if not found:
            return Refusal("closed", "Aucun vote de cette campagne n’est ouvert.")
        if channel == Channel.PHONE:
            return Refusal("phone", "On ne vote pas par téléphone\u00a0: le bulletin est secret.")
        return None

    return pages.Helping(
        topic=campaign.topic,
        title=campaign.title,
        acts=lambda: [Act.VOTE],
        refusal=refusal,
        # Nothing else is entered here: the register never says that an agent begins.
        is_voting=lambda: True,
        act_url=lambda assistance: address("roll", assistance.key, found[0].pk),
    )


@sensitive_post_parameters(*IDENTITY)
@never_cache
@staff(rules.ASSIST)
def open_assistance(request: UserRequest, slug: str) -> HttpResponse:
    """Say who is there, how they came, and that they agree."""
    return pages.open_assistance(request, _helping(request.user, slug))


@sensitive_post_parameters(*IDENTITY)
@never_cache
@staff(rules.ASSIST)
def namesake(request: UserRequest, slug: str) -> HttpResponse:
    """Say that somebody is not the person counted under their name and birth date, with their papers in hand."""
    return pages.namesake(request, _helping(request.user, slug))


@sensitive_post_parameters(*IDENTITY)
@never_cache
@staff(rules.ASSIST)
def roll(request: UserRequest, key: uuid.UUID, pk: int) -> HttpResponse:
    """Write that somebody is given a paper ballot; what they put on it is never typed in."""
    assistance = get_object_or_404(Assistance.objects.select_related("district"), key=key)
    prefix, _colon, slug = assistance.topic.partition(":")
    links = CampaignVote.objects.filter(votation__published_at__isnull=False).select_related("campaign", "votation")
    link = get_object_or_404(links, pk=pk, campaign__slug=slug)
    if prefix != PREFIX:
        raise Http404
    return roll_pages.roll(
        request,
        votation=link.votation,
        assistance=assistance,
        enter=partial(voting.enter_on_roll, link=link),
        draw=partial(_act_page, request, link, assistance),
    )


def _act_page(
    request: HttpRequest, link: CampaignVote, assistance: Assistance, template: str, **context: Any
) -> HttpResponse:
    """Draw the page of the one act, with the way to the other votes."""
    others = open_votes(link.campaign, at=timezone.now())
    seen = assistance.channel == Channel.DESK
    return pages.page(
        request,
        template,
        failed=request.method == "POST",
        acts=[
            Tab(
                f"Vote\u00a0: {other.votation.question}",
                address("roll", assistance.key, other.pk),
                current=other.pk == link.pk,
            )
            for other in others
        ],
        took_part=RollLine.objects.filter(votation=link.votation, person=assistance.person_id).exists(),
        again_title="Une personne de ce nom, née ce jour-là, a déjà voté",
        again_words="En ligne, au guichet ou sur papier. Elle ne reçoit pas de bulletin.",
        again_url=address("open", link.campaign.slug),
        namesake_url=address("namesake", link.campaign.slug) if seen else "",
        **context,
    )


def addresses(opened: Any) -> list[URLPattern]:
    """Give the addresses of these pages; `opened` guards a view as the staff space does."""
    name = "ideas_campaignvote_desk_{}".format
    return [
        path("guichet/<slug:slug>/personne/", opened(open_assistance), name=name("open")),
        path("guichet/<slug:slug>/homonyme/", opened(namesake), name=name("namesake")),
        path("guichet/acte/<uuid:key>/vote/<int:pk>/", opened(roll), name=name("roll")),
    ]
