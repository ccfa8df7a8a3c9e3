"""The plainest form of the pages of residents: their names, their access and what they may show."""

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.http import UserRequest
from ideas import beside, hiding, holding, signatures
from ideas.models import Campaign, Comment, HeldText, Idea, Photo, Reaction
from mulhouse import files
from mulhouse.access import public, resident
from mulhouse.markup import render_markdown
from mulhouse.templatetags import ui
from transparency.pages import cached_for_visitors

SHOWN = 20
EMPTY: dict[str, Any] = {"signature": "", "texts": [], "photos": [], "items": [], "is_gone": False, "idea": None}


@public
@require_safe
@cached_for_visitors
def idea_list(request: HttpRequest) -> HttpResponse:
    """List the latest ideas, and the campaigns."""
    rows = Idea.objects.visible().order_by("-published_at", "-pk")[:SHOWN]
    items = [(row.title, row.get_absolute_url()) for row in (*Campaign.objects.published(), *rows)]
    return render(request, "ideas/plain.html", {**EMPTY, "title": _("Boîte à idées"), "items": items, "crumbs": []})


def _crumbs() -> list[ui.Crumb]:
    return [ui.Crumb(_("Boîte à idées"), reverse("ideas:list"))]


@public
@require_safe
@cached_for_visitors
def campaign(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a campaign and its latest ideas."""
    row = get_object_or_404(Campaign.objects.visible_to(request.user), slug=slug)
    ideas = row.ideas.visible().order_by("-published_at", "-pk")[:SHOWN]
    context = {"title": row.title, "texts": [render_markdown(row.summary)], "crumbs": _crumbs()}
    return render(
        request,
        "ideas/plain.html",
        {**EMPTY, **context, "items": [(each.title, each.get_absolute_url()) for each in ideas]},
    )


@public
@require_safe
@cached_for_visitors
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    """Show an idea, what the city answered, and what is said of it."""
    row = _idea(request, reference)
    if row.published_at is None:
        raise Http404
    is_own = request.user.is_authenticated and row.author_id == request.user.pk
    if not row.is_visible:
        stub = _("Idée retirée par son auteur") if row.withdrawn_at else hiding.stub(row.hidden_reason)
        texts = [row.title, row.need_html, row.proposal_html] if is_own else []
        context = {
            "title": stub,
            "texts": texts,
            "crumbs": _crumbs(),
            "is_gone": True,
            **beside.gone(row),
        }
        return render(request, "ideas/plain.html", EMPTY | context, status=410)
    answers = row.answers.all()
    reactions = Reaction.objects.visible().filter(answer__in=answers)
    comments = row.comments.visible().select_related("author").order_by("published_at")
    photos = row.photos.visible()
    context = {
        "title": row.title,
        "signature": signatures.of_idea(row),
        "texts": [
            *(row.need_html, row.proposal_html, row.beneficiaries, row.cost, row.place, row.behalf_name),
            *(answer.reason_html for answer in answers),
            *(reaction.body_html for reaction in reactions),
            *(event.text_html for event in row.events.all()),
            *(f"{comment.body_html}{signatures.of_comment(comment)}" for comment in comments),
        ],
        "photos": [(reverse("ideas:photo", args=[photo.key]), photo.alt) for photo in photos],
        "crumbs": _crumbs(),
        **beside.context(request.user, row, at=timezone.now()),
    }
    return render(request, "ideas/plain.html", EMPTY | context)


def _idea(request: HttpRequest, reference: str) -> Idea:
    rows = Idea.objects.visible_to(request.user).select_related("author", "district", "campaign") | Idea.objects.filter(
        published_at__isnull=False
    ).select_related("author", "district", "campaign")
    return get_object_or_404(rows, reference=reference.upper())


@public
@require_safe
def comment(request: HttpRequest, reference: str, comment_reference: str) -> HttpResponse:
    """Lead from the stable address of a comment to where it stands."""
    row = get_object_or_404(
        Comment.objects.filter(idea__in=Idea.objects.visible_to(request.user)).select_related("idea"),
        idea__reference=reference.upper(),
        reference=comment_reference.upper(),
    )
    if row.hidden_at and not row.withdrawn_at:
        is_own = request.user.is_authenticated and row.author_id == request.user.pk
        stub = hiding.stub(row.hidden_reason, is_comment=True)
        context = {"title": stub, "texts": [row.body_html] if is_own else [], "crumbs": _crumbs(), "is_gone": True}
        return render(request, "ideas/plain.html", EMPTY | context, status=410)
    return redirect(f"{row.idea.get_absolute_url()}#commentaire-{row.reference}")


@public
@require_safe
def photo(request: HttpRequest, key: uuid.UUID) -> HttpResponseBase:
    """Send a photo of an idea, to those who may read the idea; asked anew each time."""
    row = get_object_or_404(
        Photo.objects.select_related("idea"), key=key, idea__in=Idea.objects.visible_to(request.user)
    )
    if row.hidden_at is not None and (request.user.is_anonymous or row.idea.author_id != request.user.pk):
        raise Http404
    return files.shown(row.file, content_type=row.content_type)


@resident
@require_safe
def held(request: UserRequest, reference: str) -> HttpResponse:
    """Show a text that waits or was refused, to its author and to moderators."""
    rows = HeldText.objects.select_related("idea", "author")
    if not (request.user.is_staff and request.user.has_perm("moderation.decide_case")):
        rows = rows.filter(author=request.user)
    row = get_object_or_404(rows, reference=reference.upper(), withdrawn_at__isnull=True)
    words = holding.words_of(row)
    context = {"title": _("En attente de relecture"), "texts": list(words.values()), "crumbs": _crumbs()}
    return render(request, "ideas/plain.html", EMPTY | context)
