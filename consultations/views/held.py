"""A text that waits for moderation: read by its author and by moderators, corrected or taken back by its author."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import UserRequest
from consultations import holding, presentation, rules
from consultations.forms import HeldForm
from consultations.models import HeldText
from moderation import clauses
from mulhouse import throttle
from mulhouse.access import resident
from mulhouse.errors import require
from mulhouse.markup import render_markdown
from mulhouse.templatetags import ui


def _held(request: UserRequest, reference: str) -> HeldText:
    """Fetch a text that waits or was refused: one's own, or any of them for a moderator; a published one is elsewhere."""
    rows = HeldText.objects.select_related("consultation", "contribution", "author", "parent")
    if not (request.user.is_staff and request.user.has_perm("moderation.decide_case")):
        rows = rows.filter(author=request.user)
    rows = rows.prefetch_related("consultation__phases")
    return get_object_or_404(rows, reference=reference.upper(), withdrawn_at__isnull=True)


def _published_url(held: HeldText) -> str:
    address = held.contribution.get_absolute_url()
    return f"{address}commentaires/{held.reference}/" if held.sort == HeldText.Sort.COMMENT else address


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def held(request: UserRequest, reference: str) -> HttpResponse:
    """Show a text that waits, and correct it."""
    row = _held(request, reference)
    row.contribution.consultation = row.consultation
    if row.released_at is not None:
        return redirect(_published_url(row))
    at = timezone.now()
    refusal = rules.held_edit_refusal(request.user, row, at=at)
    words = holding.words_of(row)
    data = request.POST if request.method == "POST" else None
    form = HeldForm(data, initial=words, has_title="title" in words)
    if data is not None:
        require(refusal)
        if form.is_valid():
            throttle.check(throttle.Limit.POSTING, f"user:{request.user.pk}")
            holding.correct_held(actor=request.user, held=row, words=form.words(), at=at)
            messages.success(request, _("Votre correction est enregistrée. Votre texte attend la relecture."))
            return redirect("consultations:held", row.reference)
    context: dict[str, Any] = {
        "held": row,
        "title": words.get("title", ""),
        "html": presentation.resident_html(render_markdown(words.get("body", ""))),
        "form": form,
        "can_edit": refusal is None,
        "can_take_back": rules.held_refusal(request.user, row) is None,
        "closed": refusal.message if refusal and refusal.code == "closed" else "",
        "is_own": row.author_id == request.user.pk,
        "clause": clauses.known(row.refused_clause),
        "promise": presentation.review_promise(row.consultation),
        "crumbs": [
            ui.Crumb(_("Mes contributions"), reverse("consultations:mine")),
            ui.Crumb(_("En attente de relecture") if row.is_waiting else _("Texte non publié")),
        ],
    }
    return render(request, "consultations/held.html", context, status=422 if form.is_bound else 200)


@resident
@require_POST
def take_back(request: UserRequest, reference: str) -> HttpResponse:
    """Take back a text that waits."""
    row = _held(request, reference)
    holding.take_back(actor=request.user, held=row, at=timezone.now())
    if row.sort == HeldText.Sort.CONTRIBUTION:
        messages.success(request, _("Votre texte est de nouveau un brouillon."))
        return redirect("consultations:draft", row.consultation.slug, row.contribution.reference)
    messages.success(request, _("Votre texte est repris\u00a0: personne ne le lira."))
    return redirect("consultations:mine")
