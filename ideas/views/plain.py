"""The plainest form of the pages of residents: their names, their access and what they may show."""

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.http import UserRequest
from ideas import hiding, holding, signatures
from ideas.models import Campaign, Comment, HeldText, Idea, Photo, Reaction
from mulhouse import files
from mulhouse.access import public, resident
from mulhouse.markup import render_markdown
from mulhouse.templatetags import ui
from transparency.pages import cached_for_visitors

SHOWN = 20


@public
@require_safe
@cached_for_visitors
def idea_list(request: HttpRequest) -> HttpResponse:
    """List the latest ideas, and the campaigns."""
    rows = Idea.objects.visible().order_by("-published_at", "-pk")[:SHOWN]
    items = [(row.title, row.get_absolute_url()) for row in (*Campaign.objects.published(), *rows)]
    return _page(request, _("Boîte à idées"), items=items, crumbs=[])


def _page(request: HttpRequest, title: str, *, status: int = 200, **context: Any) -> HttpResponse:
    whole = {"signature": "", "texts": [], "photos": [], "items": [], "is_gone": status != 200, **context}  # noqa: PLR2004 (OK)
    return render(request, "ideas/plain.html", {"title": title, "crumbs": _crumbs(), **whole}, status=status)


def _html(*texts: str) -> list[str]:
    """Say that texts were written by `render_markdown`."""
    return [mark_safe(text) for text in texts]  # noqa: S308 (same)


def _crumbs() -> list[ui.Crumb]:
    return [ui.Crumb(_("Boîte à idées"), reverse("ideas:list"))]


@public
@require_safe
@cached_for_visitors
def campaign(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a campaign and its latest ideas."""
    row = get_object_or_404(Campaign.objects.visible_to(request.user), slug=slug)
    ideas = row.ideas.visible().order_by("-published_at", "-pk")[:SHOWN]
    items = [(each.title, each.get_absolute_url()) for each in ideas]
    return _page(request, row.title, texts=_html(render_markdown(row.summary)), items=items)


@public
@require_safe
@cached_for_visitors
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    """Show an idea, what the city answered, and what is said of it."""
    row = _idea(request, reference)
    is_own = request.user.is_authenticated and row.author_id == request.user.pk
    if row.published_at is None and not is_own:
        raise Http404
    if row.published_at is not None and not row.is_visible:
        stub = _("Idée retirée par son auteur") if row.withdrawn_at else hiding.stub(row.hidden_reason)
        texts = [row.title, *_html(row.need_html, row.proposal_html)] if is_own else []
        return _page(request, stub, status=410, texts=texts)
    answers = row.answers.all()
    reactions = Reaction.objects.visible().filter(answer__in=answers)
    comments = row.comments.visible().select_related("author").order_by("published_at")
    photos = row.photos.visible()
    return _page(
        request,
        row.title,
        signature=signatures.of_idea(row),
        texts=[
            *_html(row.need_html, row.proposal_html),
            *(row.beneficiaries, row.cost, row.place, row.behalf_name),
            *_html(*(answer.reason_html for answer in answers), *(reaction.body_html for reaction in reactions)),
            *_html(*(event.text_html for event in row.events.all())),
            *(text for each in comments for text in (*_html(each.body_html), signatures.of_comment(each))),
        ],
        items=[(each.reference, reverse("ideas:comment", args=[row.reference, each.reference])) for each in comments],
        photos=[(reverse("ideas:photo", args=[photo.key]), photo.alt) for photo in photos],
    )


def _idea(request: HttpRequest, reference: str) -> Idea:
    rows = Idea.objects.visible_to(request.user).select_related("author", "district") | Idea.objects.filter(
        published_at__isnull=False
    ).select_related("author", "district")
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
        return _page(request, stub, status=410, texts=_html(row.body_html) if is_own else [])
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
    return _page(request, _("En attente de relecture"), texts=list(words.values()))
