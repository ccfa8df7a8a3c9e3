"""Those who sign an idea with its author: the author's page that invites them, and the page that the mail of an invitation opens."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import rules as accounts_rules
from accounts.http import UserRequest
from ideas import coauthors as actions
from ideas import invitations
from ideas.models import CoAuthor, Idea
from ideas.models.coauthors import MOST
from mulhouse import throttle
from mulhouse.access import resident
from mulhouse.errors import DomainError, Refusal, require
from mulhouse.templatetags import ui


class InviteForm(forms.Form):
    """The address of somebody to invite."""

    email = forms.EmailField(
        label=gettext_lazy("Adresse électronique de la personne"),
        help_text=gettext_lazy(
            "Demandez-lui d’abord si elle est d’accord. Son adresse est effacée dès qu’elle répond."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Écrivez l’adresse de la personne.")},
    )


# --- The author's page ---------------------------------------------------------------------------------------------------


def _own(request: UserRequest, reference: str) -> Idea:
    """Fetch one's own idea, draft or published: for anybody else there is no such page."""
    rows = Idea.objects.filter(author=request.user).select_related("campaign").defer("search")
    return get_object_or_404(rows, reference=reference.upper())


@resident
@never_cache
def coauthors(request: UserRequest, reference: str) -> HttpResponse:
    """Show who signs an idea and who is asked to, and ask somebody else."""
    idea, at = _own(request, reference), timezone.now()
    refusal = actions.invite_refusal(request.user, idea, at=at)
    form = InviteForm(request.POST or None)
    if request.method == "POST":
        require(refusal)
        if form.is_valid():
            throttle.check(throttle.Limit.POSTING, f"user:{request.user.pk}")
            try:
                actions.invite(actor=request.user, idea=idea, email=form.cleaned_data["email"], at=at)
            except DomainError as error:
                form.add_error("email", error.message)
            else:
                words = (
                    _("L’invitation est partie. La personne a 14 jours pour répondre.")
                    if idea.published_at
                    else _("L’invitation partira quand votre idée sera publiée.")
                )
                messages.success(request, words)
                return redirect("ideas:coauthors", idea.reference)
    rows = list(CoAuthor.objects.filter(idea=idea).select_related("user"))
    back_url = idea.get_absolute_url() if idea.published_at else reverse("ideas:draft", args=[idea.reference])
    context = {
        "idea": idea,
        "form": form,
        "refusal": refusal,
        "rows": rows,
        "is_full": sum(row.state in {CoAuthor.State.INVITED, CoAuthor.State.ACCEPTED} for row in rows) >= MOST,
        "most": MOST,
        "back_url": back_url,
        "crumbs": [
            ui.Crumb(_("Idées"), reverse("ideas:list")),
            ui.Crumb(idea.title, back_url),
            ui.Crumb(_("Co-auteurs")),
        ],
    }
    return render(request, "ideas/coauthors.html", context, status=422 if form.errors else 200)


def _sent(request: UserRequest, reference: str, pk: int) -> CoAuthor:
    return get_object_or_404(CoAuthor.objects.select_related("idea"), idea=_own(request, reference), pk=pk)


@resident
@require_POST
def resend(request: UserRequest, reference: str, pk: int) -> HttpResponse:
    """Send an invitation again, once."""
    row = _sent(request, reference, pk)
    throttle.check(throttle.Limit.POSTING, f"user:{request.user.pk}")
    try:
        actions.resend(actor=request.user, invitation=row, at=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Le courriel est renvoyé. La personne a de nouveau 14 jours."))
    return redirect("ideas:coauthors", row.idea.reference)


@resident
@require_POST
def cancel(request: UserRequest, reference: str, pk: int) -> HttpResponse:
    """Take an invitation back."""
    row = _sent(request, reference, pk)
    actions.cancel(actor=request.user, invitation=row)
    messages.success(request, _("L’invitation est annulée, et l’adresse effacée."))
    return redirect("ideas:coauthors", row.idea.reference)


# --- The page of who is invited --------------------------------------------------------------------------------------------


def _invitation(key: uuid.UUID) -> CoAuthor | None:
    rows = CoAuthor.objects.select_related("idea__campaign", "idea__author").defer("idea__search")
    return rows.filter(key=key).first()


@resident
@never_cache
@require_safe
def invitation(request: UserRequest, key: uuid.UUID) -> HttpResponse:
    """Show the idea to who is invited, and ask; opening it changes nothing. Whoever it is not for learns nothing, whatever the reason."""
    row, at = _invitation(key), timezone.now()
    signs = row is not None and row.state == CoAuthor.State.ACCEPTED and row.user_id == request.user.pk
    refusal = None if row is not None and signs else _refusal(request, row, at=at)
    if refusal is not None and refusal.code == "not_yours":
        return _show(request, status=404, refusal=refusal, idea=None)
    assert row is not None  # noqa: S101 (refused above)
    remedy = accounts_rules.remedy_route(refusal) if refusal else ""
    return _show(
        request,
        status=200,
        refusal=refusal,
        remedy=reverse(remedy) if remedy else "",
        idea=row.idea if row.idea.is_visible else None,
        invitation=row,
        signs=signs,
        names=invitations.names_of(row.idea),
    )


def _refusal(request: UserRequest, row: CoAuthor | None, *, at: Any) -> Refusal | None:
    # What does not exist says what an invitation for somebody else says.
    return actions.answer_refusal(request.user, row or CoAuthor(state=CoAuthor.State.CANCELLED), at=at)


def _show(request: UserRequest, *, status: int, **context: Any) -> HttpResponse:
    frame = {"crumbs": [ui.Crumb(_("Idées"), reverse("ideas:list")), ui.Crumb(_("Signer une idée"))]}
    whole = {"remedy": "", "signs": False, "names": [], "invitation": None, **frame, **context}
    return render(request, "ideas/coauthor_invitation.html", whole, status=status)


@resident
@require_POST
def accept(request: UserRequest, key: uuid.UUID) -> HttpResponse:
    """Sign the idea."""
    row = _invitation(key)
    if row is None:
        raise Http404
    actions.accept(actor=request.user, invitation=row, at=timezone.now(), follow="follow" in request.POST)
    messages.success(request, _("Vous signez cette idée. Votre nom public paraît à côté de celui de l’auteur."))
    return redirect(row.idea.get_absolute_url())


@resident
@require_POST
def decline(request: UserRequest, key: uuid.UUID) -> HttpResponse:
    """Refuse to sign, or sign no more."""
    row = _invitation(key)
    if row is None:
        raise Http404
    actions.decline(actor=request.user, invitation=row, at=timezone.now())
    messages.success(
        request, _("C’est noté\u00a0: vous ne signez pas cette idée. Votre adresse n’est plus gardée ici.")
    )
    return redirect("ideas:list")
