"""The secret votes of a consultation: their addresses, and what holds them. The pages are those of the room of ballots."""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
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
from ballots.models import Votation
from consultations import presentation, printing, voting
from consultations.models import Consultation, ConsultationVote
from consultations.views import fetching
from mulhouse.access import public, resident
from mulhouse.templatetags import ui
from transparency.pages import cached_for_visitors


def _found(request: HttpRequest, slug: str, reference: str) -> pages.Held:
    row = fetching.consultation(request, slug)
    rows = ConsultationVote.objects.visible_to(request.user).select_related("votation")
    link = get_object_or_404(
        rows.prefetch_related("votation__options"), consultation=row, votation__reference=reference.upper()
    )
    link.consultation = row
    is_printed = printing.is_cast(row, link.votation, at=timezone.now())
    return pages.Held(
        votation=link.votation,
        host=_host(link),
        cast=partial(voting.cast, link=link),
        paper_url=address("paper_ballot", row, link.votation) if is_printed else "",
    )


def address(route: str, consultation: Consultation, votation: Votation) -> str:
    """Give the address of a page of a vote."""
    return reverse(f"consultations:{route}", args=[consultation.slug, votation.reference])


def _host(link: ConsultationVote) -> words.Host:
    consultation, votation = link.consultation, link.votation
    return words.Host(
        title=consultation.title,
        url=consultation.get_absolute_url(),
        crumbs=[
            ui.Crumb(_("Consultations"), reverse("consultations:list")),
            ui.Crumb(consultation.title, consultation.get_absolute_url()),
        ],
        vote_url=address("vote", consultation, votation),
        cast_url=address("cast_vote", consultation, votation),
        receipt_url=address("receipt", consultation, votation),
        secrecy_url=address("secrecy", consultation, votation),
        rules_url=reverse("consultations:rules", args=[consultation.slug]),
        files=[
            (form.upper(), reverse("consultations:vote_file", args=[consultation.slug, votation.reference, form]))
            for form in files.FORMATS
        ],
        tabs=presentation.tabs(consultation, current="votes"),
        tabs_label=_("Dans cette consultation"),
        read_words=_("Lire la consultation"),
        over_words=_("Cette consultation est archivée."),
    )


@public
@require_safe
@cached_for_visitors(until=pages.until_counted)
def vote_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the votes of a consultation; the only one opens at once."""
    row = fetching.consultation(request, slug)
    at = timezone.now()
    links = ConsultationVote.objects.visible_to(request.user).filter(consultation=row).select_related("votation")
    found = list(links.order_by("votation__opens_on", "pk"))
    if len(found) == 1:
        return redirect(address("vote", row, found[0].votation))
    context = {
        "consultation": row,
        "lines": [
            (
                link.votation,
                address("vote", row, link.votation),
                words.tag(link.votation, at=at),
                words.days(link.votation),
            )
            for link in found
        ],
        "tabs": presentation.tabs(row, current="votes"),
        "crumbs": [
            ui.Crumb(_("Consultations"), reverse("consultations:list")),
            ui.Crumb(row.title, row.get_absolute_url()),
            ui.Crumb(_("Votes")),
        ],
    }
    return render(request, "ballots/list.html", context)


@public
@require_safe
@cached_for_visitors(until=pages.until_counted)
def vote(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Show a vote, and its result once everything is counted."""
    return pages.vote(request, _found(request, slug, reference))


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
