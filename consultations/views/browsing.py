"""Finding a consultation, reading what it asks, its documents, its preview."""

import datetime as dt
import uuid
from functools import partial
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ballots.dates import State
from city.models import District, Theme
from consultations import (
    announcing,
    answers,
    asking,
    calendar,
    coverage,
    feeds,
    participation,
    phases,
    presentation,
    promises,
    rules,
)
from consultations.filters import STATE_LABELS, ConsultationFilter, with_state
from consultations.models import Consultation, ConsultationVote, Contribution, Document
from consultations.views import fetching
from mulhouse import files, lists, social, syndication
from mulhouse.access import public
from mulhouse.templatetags import ui
from transparency.pages import cached_for_visitors

PAGE_SIZE = 12
LATEST = 3


@public
@require_safe
@cached_for_visitors(shared=True)
def consultation_list(request: HttpRequest) -> HttpResponse:
    """Show the consultations: open now, to come, finished."""
    at = timezone.now()
    themes, districts = list(Theme.objects.all()), list(District.objects.all())
    rows = with_state(Consultation.objects.published(), at=at)
    asked = ConsultationFilter(request.GET, queryset=rows, themes=themes, districts=districts)
    found = asked.qs.with_district_names().select_related("theme").prefetch_related("phases")
    paginator = Paginator(found.order_by("state", "-published_at", "-pk"), PAGE_SIZE)
    page = paginator.get_page(request.GET.get("page"))
    labels = list(STATE_LABELS.values())
    groups = [
        (labels[state], [presentation.card(row, at=at) for row in group])
        for state, group in groupby(page.object_list, key=lambda row: row.state)
    ]
    is_fragment = request.headers.get("HX-Request") == "true"
    context = {
        "is_fragment": is_fragment,
        "searched": asked.chosen("q"),
        "state": asked.chosen("etat"),
        "selects": [asked.select(name) for name in ("theme", "quartier")],
        "has_more_filters": any(asked.chosen(name) for name in ("theme", "quartier")),
        "groups": groups,
        "count": paginator.count,
        "states": _state_tabs(request, asked.chosen("etat")),
        "chosen": _chosen(request, asked),
        "clear_url": request.path,
        "follow_links": _follow_links(asked),
        "pages": ui.pages_of(
            number=page.number,
            total=paginator.num_pages,
            url_of=lambda number: _list_url(request, page=str(number) if number > 1 else ""),
        ),
        "page_number": page.number,
        "crumbs": [ui.Crumb(_("Consultations"))],
    }
    return render(request, "consultations/_list.html" if is_fragment else "consultations/list.html", context)


def _list_url(request: HttpRequest, **changes: str) -> str:
    return request.path + lists.address(request.GET, **changes)


def _state_tabs(request: HttpRequest, chosen: str) -> list[ui.Tab]:
    everything = ui.Tab(_("Toutes"), _list_url(request, etat=""), current=not chosen)
    return [
        everything,
        *(
            ui.Tab(label, _list_url(request, etat=state), current=chosen == state)
            for state, label in STATE_LABELS.items()
        ),
    ]


def _chosen(request: HttpRequest, asked: ConsultationFilter) -> list[ui.ActiveFilter]:
    """Name the filters in force, the state excepted: its chips show it already."""
    found = []
    for name in ("q", "theme", "quartier"):
        if value := asked.chosen(name):
            label = dict(getattr(asked.form.fields[name], "choices", ())).get(value, f"«\u00a0{value}\u00a0»")
            found.append(
                ui.ActiveFilter(f"{asked.form.fields[name].label}\u00a0: {label}", _list_url(request, **{name: ""}))
            )
    return found


def _follow_links(asked: ConsultationFilter) -> list[tuple[str, str]]:
    """Lead to following the theme and the district that are chosen: the same links for everybody, since the page is shared."""
    address, found = reverse("notifications:followed"), []
    for name, sort in (("theme", announcing.THEME), ("quartier", announcing.DISTRICT)):
        if value := asked.chosen(name):
            label = dict(getattr(asked.form.fields[name], "choices", ())).get(value, value)
            found.append((str(label), f"{address}?sujet={sort}:{value}"))
    return found


@public
@require_safe
@cached_for_visitors
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what a consultation asks, where it stands, and how to take part."""
    row = fetching.consultation(request, slug, "sections", "documents", whole=True)
    return render(request, "consultations/detail.html", _detail_context(request, row))


@public
@require_safe
def preview(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Show a draft to who holds its link: nobody else finds it, nothing can be posted in it."""
    rows = Consultation.objects.with_district_names().select_related("theme", "service")
    row = get_object_or_404(rows.prefetch_related("phases", "sections", "documents"), preview_key=key)
    if row.published_at is not None:
        return redirect(row)
    response = render(request, "consultations/detail.html", _detail_context(request, row, preview=True))
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _detail_context(request: HttpRequest, row: Consultation, *, preview: bool = False) -> dict[str, Any]:
    at = timezone.now()
    span = row.current_span(at=at)
    words, base = presentation.Words(), reverse("consultations:contributions", args=[row.slug])
    answer_url = reverse("consultations:contribute", args=[row.slug])
    latest = (
        Contribution.objects.visible()
        .filter(consultation=row)
        .select_related("author", "district", "section")
        .defer("search", "body")
    )
    sections = list(row.sections.all())
    documents = list(row.documents.all())
    key = str(row.preview_key) if row.published_at is None else ""
    follow_refusal = rules.follow_refusal(request.user, row)
    return {
        "consultation": row,
        "is_preview": preview,
        "crumbs": [ui.Crumb(_("Consultations"), reverse("consultations:list")), ui.Crumb(row.title)],
        "tags": [presentation.open_tag(row, at=at)],
        "meta": presentation.meta(row),
        "motif": row.theme.motif,
        "image_url": presentation.image_url(row, key=key),
        "steps": presentation.stepper(row, at=at),
        "open_vote": _open_vote(row, at=at),
        "report_url": reverse("consultations:report", args=[row.slug])
        if getattr(row, "first_report_at", None) is not None
        else "",
        "promise": promises.shown(row, at=at),
        "outcomes_url": "" if preview else reverse("consultations:outcomes", args=[row.slug]),
        "coverage": answers.coverage_words(coverage.of(row)) if promises.is_asked(row, at=at) else "",
        "left": presentation.left_words(span, at=at) if span and span.kind is phases.Kind.CONTRIBUTE else "",
        "refusal": rules.writing_refusal(row, at=at),
        "questions": [(rank, section, f"{answer_url}?partie={rank}") for rank, section in enumerate(sections, start=1)],
        "facts": presentation.facts(row),
        "participants": [] if preview else presentation.participants(participation.shown(row)),
        "questionnaires": [] if preview else asking.cards(row, at=at),
        "documents": [presentation.document(item, key=key) for item in documents],
        "latest": [
            presentation.row(found, words=words, base=base)
            for found in latest.order_by("-published_at", "-pk")[:LATEST]
        ]
        if row.contribution_count
        else [],
        "tabs": presentation.tabs(row, current="detail", documents=len(documents)),
        "can_follow": follow_refusal is None or follow_refusal.code == "sign_in",
        "is_following": follow_refusal is None and getattr(row, "is_followed", False),
        "description_html": presentation.staff_html(row.description),
    }


def _open_vote(row: Consultation, *, at: dt.datetime) -> tuple[str, str] | None:
    """Give the address and the question of the secret vote that is open now, when there is one."""
    if row.published_at is None or not getattr(row, "has_votes", False):
        return None
    links = ConsultationVote.objects.filter(consultation=row, votation__published_at__isnull=False)
    for link in links.select_related("votation").order_by("votation__opens_on", "pk"):
        if link.votation.state(at=at) is State.OPEN:
            return reverse("consultations:vote", args=[row.slug, link.votation.reference]), link.votation.question
    return None


@public
@require_safe
def image(request: HttpRequest, slug: str, name: str) -> HttpResponseBase:
    """Send the picture of a consultation; its name changes with the file, so that a copy may be kept."""
    row = get_object_or_404(Consultation, slug=slug)
    _require_access(request, row)
    if not row.image or PurePosixPath(str(row.image.name)).name != name:
        raise Http404
    return files.shown(row.image, content_type="image/webp", seconds=files.LONG)


@public
@require_safe
def social_image(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the picture shown when the page is shared; drawn once for each title."""
    row = get_object_or_404(Consultation.objects.published().select_related("theme"), slug=slug)
    picture = social.kept_preview(row.title, row.theme.motif, site_name=settings.SITE_NAME)
    response = HttpResponse(picture, content_type="image/png")
    response["Cache-Control"] = "public, max-age=86400"
    return response


@public
@require_safe
def document(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Show a document of the city as a page."""
    item = _document(request, key)
    if not item.html_body:
        return redirect("consultations:document_file", key)
    row = item.consultation
    context = {
        "document": item,
        "consultation": row,
        "file": presentation.document(item, key=request.GET.get("apercu", "")),
        "html": presentation.staff_html(item.html_body),
        "crumbs": [
            ui.Crumb(_("Consultations"), reverse("consultations:list")),
            ui.Crumb(row.title, row.get_absolute_url() if row.published_at else ""),
            ui.Crumb(item.title),
        ],
    }
    return render(request, "consultations/document.html", context)


@public
@require_safe
def document_file(request: HttpRequest, key: uuid.UUID) -> HttpResponseBase:
    """Send a document of the city, to be saved."""
    item = _document(request, key)
    return files.downloaded(
        item.file, name=f"{item.title}{PurePosixPath(str(item.file.name)).suffix}", content_type=item.content_type
    )


def _document(request: HttpRequest, key: uuid.UUID) -> Document:
    """Fetch a document: of a consultation this person may see, or of a draft whose preview link they hold."""
    item = get_object_or_404(Document.objects.select_related("consultation"), key=key)
    _require_access(request, item.consultation)
    return item


def _require_access(request: HttpRequest, row: Consultation) -> None:
    """Let in those who may see the consultation, and those who hold the link of its preview."""
    holds_link = request.GET.get("apercu", "") == str(row.preview_key)
    if not holds_link and not Consultation.objects.visible_to(request.user).filter(pk=row.pk).exists():
        raise Http404


@public
@require_safe
@cached_for_visitors
def feed(request: HttpRequest, kind: str) -> HttpResponse:
    """Send the feed of the consultations."""
    return syndication.response(kind, feeds.consultations)


@public
@require_safe
@cached_for_visitors
def own_feed(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Send the feed of a published consultation: its contributions and the city's answers."""
    consultation = get_object_or_404(Consultation.objects.published(), slug=slug)
    return syndication.response(kind, partial(feeds.of_consultation, consultation))


@public
@require_safe
@cached_for_visitors
def all_dates(request: HttpRequest) -> HttpResponse:
    """Send the dates of every published consultation to a calendar."""
    return HttpResponse(calendar.of_all(), content_type=calendar.CONTENT_TYPE)


@public
@require_safe
@cached_for_visitors
def own_dates(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the dates of a published consultation to a calendar."""
    consultation = get_object_or_404(Consultation.objects.published(), slug=slug)
    return HttpResponse(calendar.of_one(consultation), content_type=calendar.CONTENT_TYPE)
