"""The tab « Vote » of the workspace: preparing a secret vote, publishing its rules, prolonging, cancelling, counting the paper.

Nothing here shows a ballot, a result or a trend before everybody sees it: these pages ask what the public pages ask.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from ballots import counting
from ballots import presentation as words
from ballots import rules as ballots_rules
from ballots.forms import CancelForm, ExtendForm, PaperForm, ReasonForm, VotationForm
from ballots.models import PaperCount, Votation
from consultations import voting
from consultations.admin import workspace
from consultations.models import Consultation, ConsultationVote
from consultations.views.votes import address as public_address
from mulhouse.access import staff
from mulhouse.errors import DomainError


def _vote(consultation: Consultation, votation_pk: int) -> Votation:
    links = ConsultationVote.objects.filter(consultation=consultation).select_related("votation")
    return get_object_or_404(links.prefetch_related("votation__options"), votation_id=votation_pk).votation


@staff(workspace.EDIT)
@require_safe
def votes(request: HttpRequest, pk: int) -> HttpResponse:
    """List the votes of a consultation."""
    consultation, at = workspace.fetch(request, pk), timezone.now()
    links = ConsultationVote.objects.filter(consultation=consultation).select_related("votation").order_by("pk")
    lines = [
        {
            "question": link.votation.question,
            "days": words.days(link.votation),
            "tag": words.tag(link.votation, at=at),
            "is_draft": link.votation.published_at is None,
            "url": workspace.address("vote", pk, link.votation_id),
        }
        for link in links
    ]
    return workspace.draw(request, consultation, "admin/consultations/votes.html", lines=lines)


@staff(workspace.EDIT)
def vote(request: HttpRequest, pk: int, votation_pk: int | None = None) -> HttpResponse:
    """Prepare a vote; once published, see its rules, who came and what is left to do."""
    consultation = workspace.fetch(request, pk)
    known = None if votation_pk is None else _vote(consultation, votation_pk)
    if known is not None and known.published_at is not None:
        return _published(request, consultation, known)
    form = VotationForm(request.POST or None, instance=known)
    if request.method == "POST" and form.is_valid():
        try:
            saved = voting.save(
                actor=request.user,
                consultation=consultation,
                votation=known,
                values=form.values(),
                options=form.cleaned_data["options"],
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, "Enregistré, non publié\u00a0: personne ne le voit.")
            return redirect(workspace.address("vote", pk, saved.pk))
    publish_refusal = (
        voting.publish_refusal(request.user, consultation, known, at=timezone.now()) if known is not None else None
    )
    return workspace.draw(
        request,
        consultation,
        "admin/consultations/vote_edit.html",
        form=form,
        votation=known,
        publish_refusal=publish_refusal,
    )


def _published(request: HttpRequest, consultation: Consultation, votation: Votation) -> HttpResponse:
    at, what = timezone.now(), request.POST.get("geste", "")
    extend_form = ExtendForm(request.POST if what == "prolonger" else None, prefix="prolongation")
    cancel_form = CancelForm(request.POST if what == "annuler" else None, prefix="annulation")
    forms: dict[str, ExtendForm | CancelForm] = {"prolonger": extend_form, "annuler": cancel_form}
    form = forms.get(what)
    if form is not None and form.is_valid() and _run(request, consultation, votation, form):
        return redirect(workspace.address("vote", consultation.pk, votation.pk))
    turnout = counting.turnout(votation, at=at)
    refusal = voting.paper_refusal(request.user, votation, at=at)
    sheets = list(PaperCount.objects.filter(votation=votation).order_by("pk"))
    context: dict[str, Any] = {
        "votation": votation,
        "tag": words.tag(votation, at=at),
        "rules": words.rules(votation),
        "options": list(votation.options.all()),
        "turnout": words.turnout_words(turnout),
        "channels": words.channels(turnout),
        "public_url": public_address("vote", consultation, votation),
        # Paper that may still be counted: nothing is visible, without asking the roll again.
        "is_counted": refusal is not None and ballots_rules.results_visible(votation, at=at),
        "paper_refusal": refusal,
        "paper_url": workspace.address("vote_paper", consultation.pk, votation.pk),
        # How many agents have counted: never what they found, so that each counts by themselves.
        "sheet_count": len(sheets),
        "has_counted": any(sheet.agent_id == request.user.pk for sheet in sheets),
        "extend_form": None if voting.extend_refusal(request.user, consultation, votation, at=at) else extend_form,
        "cancel_form": None if voting.cancel_refusal(request.user, consultation, votation, at=at) else cancel_form,
    }
    if form is not None:
        context["form"] = form
    return workspace.draw(request, consultation, "admin/consultations/vote.html", **context)


def _run(request: HttpRequest, consultation: Consultation, votation: Votation, form: ReasonForm) -> bool:
    """Put off the last day, or cancel; False when the form comes back with what is wrong."""
    common: dict[str, Any] = {
        "actor": request.user,
        "consultation": consultation,
        "votation": votation,
        "at": timezone.now(),
        "reason": form.cleaned_data["reason"],
    }
    try:
        if isinstance(form, ExtendForm):
            voting.extend(**common, ends_on=form.cleaned_data["ends_on"])
            messages.success(request, "Prolongé. Le motif est public, et les personnes qui participent sont prévenues.")
        else:
            voting.cancel(**common)
            messages.success(request, "Vote annulé. L’urne est détruite\u00a0: personne n’en connaîtra le contenu.")
    except DomainError as error:
        form.add_error("ends_on" if error.code == "shorter" else None, error.message)
        return False
    return True


@staff("consultations.publish_consultation")
@require_POST
def publish(request: HttpRequest, pk: int, votation_pk: int) -> HttpResponse:
    """Publish a vote and its rules, for good."""
    consultation = workspace.fetch(request, pk)
    votation = _vote(consultation, votation_pk)
    try:
        voting.publish(actor=request.user, consultation=consultation, votation=votation, at=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Publié. La question et les règles ne changent plus.")
    return redirect(workspace.address("vote", pk, votation_pk))


@staff(workspace.EDIT)
@require_POST
def discard(request: HttpRequest, pk: int, votation_pk: int) -> HttpResponse:
    """Throw away a vote that nobody saw."""
    consultation = workspace.fetch(request, pk)
    votation = _vote(consultation, votation_pk)
    try:
        voting.discard(actor=request.user, consultation=consultation, votation=votation)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Brouillon supprimé.")
    return redirect(workspace.address("votes", pk))


@staff(workspace.EDIT)
def paper(request: UserRequest, pk: int, votation_pk: int) -> HttpResponse:
    """Enter what one counted of the paper ballots, apart from the other agent."""
    consultation, at = workspace.fetch(request, pk), timezone.now()
    votation = _vote(consultation, votation_pk)
    refusal = voting.paper_refusal(request.user, votation, at=at)
    if refusal is not None:
        messages.error(request, refusal.message)
        return redirect(workspace.address("vote", pk, votation_pk))
    form = PaperForm(request.POST or None, votation=votation)
    if request.method == "POST" and form.is_valid():
        try:
            agree = voting.enter_paper_count(actor=request.user, votation=votation, sheet=form.sheet(), at=at)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            if agree:
                messages.success(request, "Les deux comptages sont les mêmes. Le résultat est public.")
            else:
                messages.success(request, "Votre comptage est gardé. Un autre agent doit compter à son tour.")
            return redirect(workspace.address("vote", pk, votation_pk))
    return workspace.draw(
        request,
        consultation,
        "admin/consultations/vote_paper.html",
        form=form,
        votation=votation,
        given=counting.by_hand(votation),
    )


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
