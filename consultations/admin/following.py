"""The tab « Suivi » of a consultation: its promise, what contributors were told, the commitments that came out of it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone

from commitments import presentation
from commitments.admin import address as commitment_address
from commitments.forms import CommitmentForm
from commitments.models import Commitment
from consultations import answers, committing, coverage, promises
from consultations.admin import workspace
from mulhouse.access import staff
from mulhouse.errors import DomainError, require


@staff(workspace.EDIT)
def following(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what follows a consultation."""
    consultation = get_object_or_404(coverage.with_counts(workspace.seen_by(request)), pk=pk)
    now = timezone.now()
    today = timezone.localdate(now)
    rows = Commitment.objects.filter(consultation_link__consultation=consultation).select_related("service")
    return workspace.draw(
        request,
        consultation,
        "admin/consultations/following.html",
        promise=promises.shown(consultation, at=now),
        coverage=answers.coverage_words(coverage.of(consultation)),
        tellings=list(consultation.tellings.order_by("-given_at")),
        reminders=list(consultation.promise_reminders.order_by("-sent_at")),
        commitments=[
            (row, presentation.row(row, today=today), commitment_address(row))
            for row in rows.defer("search", "description").order_by("due_on", "pk")
        ],
        add_url=workspace.address("commitment_add", pk)
        if committing.commit_refusal(request.user, consultation) is None
        else "",
    )


@staff(workspace.EDIT)
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a commitment that comes from this consultation."""
    consultation = workspace.fetch(request, pk)
    require(committing.commit_refusal(request.user, consultation))
    start = Commitment(service=consultation.service, theme=consultation.theme)
    form = CommitmentForm(request.POST or None, instance=start, has_host=True)
    if request.method == "POST" and form.is_valid():
        try:
            commitment = committing.commit(actor=request.user, consultation=consultation, values=form.values())
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, "Enregistré, non publié\u00a0: personne ne le voit.")
            return redirect(commitment_address(commitment))
    return workspace.draw(request, consultation, "admin/consultations/commitment.html", form=form)


def addresses(opened: Any) -> list[URLPattern]:
    """Give the pages of this tab."""
    name = "consultations_consultation_{}".format
    return [
        path("<int:pk>/suivi/", opened(following), name=name("following")),
        path("<int:pk>/suivi/engagement/", opened(add), name=name("commitment_add")),
    ]
