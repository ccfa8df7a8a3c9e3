"""The tab « Vote » of the workspace: the pages are those of the room of ballots, inside the frame of a consultation."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from ballots import staff as pages
from ballots.models import Votation
from consultations import voting
from consultations.admin import workspace
from consultations.models import Consultation, ConsultationVote
from consultations.views.votes import address as public_address
from mulhouse.access import staff


def _vote(consultation: Consultation, votation_pk: int) -> Votation:
    links = ConsultationVote.objects.filter(consultation=consultation).select_related("votation")
    return get_object_or_404(links.prefetch_related("votation__options"), votation_id=votation_pk).votation


def _room(request: HttpRequest, consultation: Consultation) -> pages.Room:
    return pages.Room(
        voting=voting,
        holder={"consultation": consultation},
        frame="admin/consultations/workspace.html",
        draw=partial(workspace.draw, request, consultation),
        address=lambda route, *key: workspace.address(route, consultation.pk, *key),
        public_url=partial(public_address, "vote", consultation),
        nothing_words="Une consultation peut s’en passer. Un vote sert à choisir entre des propositions déjà débattues.",
        tells=True,
    )


@staff(workspace.EDIT)
@require_safe
def votes(request: HttpRequest, pk: int) -> HttpResponse:
    """List the votes of a consultation."""
    consultation = workspace.fetch(request, pk)
    links = ConsultationVote.objects.filter(consultation=consultation).select_related("votation").order_by("pk")
    return pages.votes(_room(request, consultation), [link.votation for link in links])


@staff(workspace.EDIT)
def vote(request: HttpRequest, pk: int, votation_pk: int | None = None) -> HttpResponse:
    """Prepare a vote; once published, see its rules, who came and what is left to do."""
    consultation = workspace.fetch(request, pk)
    known = None if votation_pk is None else _vote(consultation, votation_pk)
    return pages.vote(request, _room(request, consultation), known)


@staff("consultations.publish_consultation")
@require_POST
def publish(request: HttpRequest, pk: int, votation_pk: int) -> HttpResponse:
    """Publish a vote and its rules, for good."""
    consultation = workspace.fetch(request, pk)
    return pages.publish(request, _room(request, consultation), _vote(consultation, votation_pk))


@staff(workspace.EDIT)
@require_POST
def discard(request: HttpRequest, pk: int, votation_pk: int) -> HttpResponse:
    """Throw away a vote that nobody saw."""
    consultation = workspace.fetch(request, pk)
    return pages.discard(request, _room(request, consultation), _vote(consultation, votation_pk))


@staff(workspace.EDIT)
def paper(request: UserRequest, pk: int, votation_pk: int) -> HttpResponse:
    """Enter what one counted of the paper ballots, apart from the other agent."""
    consultation = workspace.fetch(request, pk)
    return pages.paper(request, _room(request, consultation), _vote(consultation, votation_pk))


def addresses(opened: Any) -> list[URLPattern]:
    """Give the addresses of these pages; `opened` guards a view as the staff space does."""
    name = "consultations_consultation_{}".format
    return [
        path("<int:pk>/vote/", opened(votes), name=name("votes")),
        path("<int:pk>/vote/ajouter/", opened(vote), name=name("vote_add")),
        path("<int:pk>/vote/<int:votation_pk>/", opened(vote), name=name("vote")),
        path("<int:pk>/vote/<int:votation_pk>/publier/", opened(publish), name=name("vote_publish")),
        path("<int:pk>/vote/<int:votation_pk>/supprimer/", opened(discard), name=name("vote_discard")),
        path("<int:pk>/vote/<int:votation_pk>/papier/", opened(paper), name=name("vote_paper")),
    ]
