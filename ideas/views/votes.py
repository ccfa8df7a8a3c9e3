"""The secret votes of a campaign: their addresses, and what holds them. The pages are those of the room of ballots."""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import UserRequest
from ballots import files
from ballots import presentation as words
from ballots import views as pages
from ballots.dates import State
from ideas import voting
from ideas.models import CampaignVote
from mulhouse.access import public, resident
from mulhouse.templatetags import ui
from transparency.pages import cached_for_visitors


def _found(request: HttpRequest, slug: str, reference: str, *, with_ideas: bool = False) -> pages.Held:
    """Fetch a vote; `with_ideas` for the page where options lead to their ideas."""
    rows = CampaignVote.objects.visible_to(request.user).select_related("campaign", "votation")
    link = get_object_or_404(
        rows.prefetch_related("votation__options"), campaign__slug=slug, votation__reference=reference.upper()
    )
    is_printed = link.votation.state(at=timezone.now()) in {State.UPCOMING, State.OPEN}
    return pages.Held(
        votation=link.votation,
        host=_host(link, with_ideas=with_ideas),
        cast=partial(voting.cast, link=link),
        paper_url=voting.address("paper_ballot", link) if is_printed else "",
    )


def _host(link: CampaignVote, *, with_ideas: bool) -> words.Host:
    campaign = link.campaign
    return words.Host(
        title=campaign.title,
        url=campaign.get_absolute_url(),
        crumbs=[
            ui.Crumb(_("Idées"), reverse("ideas:list")),
            ui.Crumb(campaign.title, campaign.get_absolute_url()),
        ],
        vote_url=voting.address("vote", link),
        cast_url=voting.address("cast_vote", link),
        receipt_url=voting.address("receipt", link),
        secrecy_url=voting.address("secrecy", link),
        # Why a day was put off is written there.
        rules_url=f"{reverse('transparency:register')}?objet={link.votation.reference}",
        files=[(form.upper(), voting.address("vote_file", link, form)) for form in files.FORMATS],
        option_urls=voting.idea_addresses(link) if with_ideas else {},
        read_words=_("Lire la campagne"),
    )


@public
@require_safe
@cached_for_visitors(until=pages.until_counted)
def vote(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Show a vote, and its result once everything is counted."""
    return pages.vote(request, _found(request, slug, reference, with_ideas=True))


@resident
@pages.secretly
def cast(request: UserRequest, slug: str, reference: str) -> HttpResponse:
    """Fill in a ballot, check it, cast it."""
    return pages.cast(request, _found(request, slug, reference))


@public
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@never_cache
def receipt(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Tell whether the ballot of a receipt is in the box, or was counted."""
    return pages.receipt(request, _found(request, slug, reference))


@public
@require_safe
def vote_file(request: HttpRequest, slug: str, reference: str, form: str) -> HttpResponse:
    """Send the result of a vote, once everybody reads it."""
    return pages.vote_file(request, _found(request, slug, reference), form)


@public
@require_safe
@cached_for_visitors
def secrecy(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Say what the secret protects, and what it does not."""
    return pages.secrecy(request, _found(request, slug, reference))


@public
@require_safe
@cached_for_visitors
def paper_ballot(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Show a ballot to print."""
    return pages.paper_ballot(request, _found(request, slug, reference))
