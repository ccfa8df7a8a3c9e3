"""What the city does of ideas, for everybody: the rule of what is studied, the gallery of what is realised, the author's reaction."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import UserRequest
from ideas import answering, following, realised_page
from ideas.city_forms import ReactionForm
from ideas.models import Answer, EventPhoto, Idea
from ideas.rule_page import rule_context
from mulhouse import files, throttle
from mulhouse.access import public, resident
from mulhouse.errors import DomainError, require
from mulhouse.references import read_reference
from mulhouse.templatetags import ui
from transparency.pages import cached_for_visitors


@public
@require_safe
@cached_for_visitors
def rule(request: HttpRequest) -> HttpResponse:
    """Show which ideas go to study next and why, and what keeps the others."""
    context = rule_context(request, url_of=lambda idea: idea.get_absolute_url())
    crumbs = [ui.Crumb(_("Idées"), reverse("ideas:list")), ui.Crumb(_("Quelles idées sont étudiées"))]
    return render(request, "ideas/matrix.html", {**context, "crumbs": crumbs})


@public
@require_safe
@cached_for_visitors
def realised(request: HttpRequest) -> HttpResponse:
    """Show what became of the ideas that the city kept."""
    crumbs = [ui.Crumb(_("Idées"), reverse("ideas:list")), ui.Crumb(_("Idées réalisées"))]
    return render(request, "ideas/realised.html", {**realised_page.context(request), "crumbs": crumbs})


@public
@require_safe
def promise(request: HttpRequest, key: str) -> HttpResponse:
    """Lead from the promise of a threshold (its idea, then its supports) to where the page of the idea tells of it."""
    reference, _dash, supports = key.partition("-")
    idea = get_object_or_404(Idea.objects.visible().only("reference"), reference=read_reference(reference))
    return redirect(f"{idea.get_absolute_url()}#seuil-{supports}")


@public
@require_safe
def event_photo(request: HttpRequest, key: uuid.UUID) -> HttpResponseBase:
    """Send a photo of a realisation; its address changes with it."""
    photo = get_object_or_404(EventPhoto.objects.public(), key=key)
    return files.shown(photo.file, content_type=photo.content_type, seconds=files.LONG)


def _answer(request: UserRequest, reference: str) -> Answer:
    """Fetch the answer that stands to an idea of this person."""
    rows = Answer.objects.public().filter(idea__reference=reference.upper(), idea__author=request.user)
    found = rows.select_related("idea__campaign", "reaction").defer("idea__search").order_by("-number").first()
    if found is None:
        raise Http404
    return found


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def react(request: UserRequest, reference: str) -> HttpResponse:
    """Let the author of an idea say once, in public, what they think of the answer."""
    answer, now = _answer(request, reference), timezone.now()
    require(answering.react_refusal(request.user, answer, at=now))
    form = ReactionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        throttle.check(throttle.Limit.POSTING, f"user:{request.user.pk}")
        try:
            answering.react(actor=request.user, answer=answer, body=form.cleaned_data["body"], at=now)
        except DomainError as error:
            form.add_error("body" if error.code == "body" else None, error.message)
        else:
            messages.success(request, _("Votre réaction est publiée, sous la réponse de la Ville."))
            return redirect(answer.idea)
    context: dict[str, Any] = {
        "form": form,
        "idea": answer.idea,
        "answer": following.answer(answer),
        "crumbs": [
            ui.Crumb(_("Idées"), reverse("ideas:list")),
            ui.Crumb(answer.idea.title, answer.idea.get_absolute_url()),
            ui.Crumb(_("Réagir")),
        ],
    }
    return render(request, "ideas/react.html", context, status=422 if form.errors else 200)


@resident
@require_POST
def withdraw_reaction(request: UserRequest, reference: str) -> HttpResponse:
    """Take a reaction back."""
    answer = _answer(request, reference)
    reaction = getattr(answer, "reaction", None)
    if reaction is None:
        raise Http404
    reaction.answer = answer
    answering.withdraw_reaction(actor=request.user, reaction=reaction, at=timezone.now())
    messages.success(request, _("Votre réaction est retirée."))
    return redirect(reverse("ideas:detail", args=[answer.idea.reference]))
