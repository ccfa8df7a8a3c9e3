"""What the city realises of ideas, as a gallery: done, under way, given up; each with its place, its day and a photo."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from city.models import District, Motif
from ideas import following, plan, presentation
from ideas.models import EventPhoto, Idea, Milestone, Stage
from mulhouse import lists, typography
from mulhouse.templatetags import ui

PAGE_SIZE = 12
ORDER = lists.Order("published_at")
STATES = {
    "": (Stage.DONE, gettext_lazy("Réalisées")),
    "en-cours": (Stage.GOING_ON, gettext_lazy("En réalisation")),
    "abandonnees": (Stage.ABANDONED, gettext_lazy("Abandonnées")),
}


@dataclass(frozen=True)
class Card:
    """A project in the gallery; its place in words, and its district for a map."""

    title: str
    url: str
    tag: ui.Tag
    where: str
    district: str
    when: str
    photo: following.ShownPhoto | None
    # Stands where there is no photo: the cloth of its theme.
    motif: str


def context(request: HttpRequest) -> dict[str, Any]:
    """Read a page of the gallery; three queries, and one more beyond the first page."""
    asked = request.GET.get("etat", "")
    state = asked if asked in STATES else ""
    counts, placed = _counts(STATES[state][0])
    districts = list(District.objects.order_by("name"))
    chosen = next((row for row in districts if row.slug == request.GET.get("quartier")), None)
    rows = _rows(STATES[state][0])
    if chosen is not None:
        rows = rows.filter(place_district=chosen)
    page = lists.read(
        rows,
        ORDER,
        size=PAGE_SIZE,
        at=lists.place(request.GET),
        anchor_of=lambda reference: Idea.objects.filter(reference=reference).defer("search").first(),
    )
    return {
        "cards": [_card(row) for row in page.rows],
        "states": [
            ui.Tab(label, request.path + lists.address(request.GET, etat=name), counts[stage], state == name)
            for name, (stage, label) in STATES.items()
        ],
        "districts": [
            ui.Tab(
                row.name,
                request.path + lists.address(request.GET, quartier="" if row == chosen else row.slug),
                placed[row.pk],
                row == chosen,
            )
            for row in districts
            if placed[row.pk]
        ],
        **plan.draw(
            districts,
            placed,
            url_of=lambda slug: request.path + lists.address(request.GET, quartier=slug),
        ),
        "chosen": chosen.slug if chosen else "",
        "district": chosen.name if chosen else "",
        "pages": _pages(request, page),
        "page_number": page.number,
        "is_narrowed": bool(state or chosen),
        "clear_url": request.path,
        "words": _count_words(sum(counts.values())),
    }


def _count_words(count: int) -> str:
    words = ngettext("%(n)s idée retenue et mise en route.", "%(n)s idées retenues et mises en route.", count)
    return words % {"n": typography.number(count)}


def _counts(shown: str) -> tuple[Counter[str], Counter[int]]:
    """Count what the gallery holds, by state, and by district at the state that is shown. One query, of those ideas alone."""
    ideas = Idea.objects.visible().filter(stage__in=[stage for stage, _label in STATES.values()])
    counts: Counter[str] = Counter()
    placed: Counter[int] = Counter()
    for stage, district, number in ideas.order_by().values_list("stage", "place_district").annotate(number=Count("pk")):
        counts[stage] += number
        if stage == shown and district is not None:
            placed[district] += number
    return counts, placed


def _rows(stage: str) -> QuerySet[Any]:
    photos = EventPhoto.objects.filter(event__idea=OuterRef("pk")).order_by("-event__happened_on", "-pk")
    done = Milestone.objects.filter(idea=OuterRef("pk"), step=Milestone.Step.DONE)
    rows: Any = Idea.objects.visible().filter(stage=stage).select_related("place_district", "theme")
    found: QuerySet[Any] = rows.only(
        "reference",
        "title",
        "stage",
        "stage_at",
        "published_at",
        "place",
        "place_district__name",
        "place_district__slug",
        "theme__motif",
    ).annotate(
        shown_photos=ArraySubquery(
            photos.values(line=JSONObject(key="key", alt="alt", width="width", height="height"))[:1]
        ),
        planned_on=Subquery(done.values("planned_on")[:1]),
        finished_on=Subquery(done.values("done_on")[:1]),
    )
    return found


def _card(row: Any) -> Card:
    district = row.place_district.name if row.place_district else ""
    return Card(
        title=row.title,
        url=row.get_absolute_url(),
        tag=presentation.stage_tag(row.stage),
        where=", ".join(part for part in (row.place, district) if part) or _("Toute la ville"),
        district=district,
        when=_when(row),
        photo=following.photo(row.shown_photos[0]) if row.shown_photos else None,
        motif=row.theme.motif if row.theme else Motif.COTTON.value,
    )


def _when(row: Any) -> str:
    if row.stage == Stage.DONE:
        return _("Réalisée le %(day)s") % {"day": typography.day(row.finished_on or row.stage_at)}
    if row.stage == Stage.ABANDONED:
        return _("Abandonnée le %(day)s") % {"day": typography.day(row.stage_at)}
    if row.planned_on:
        return _("Prévue pour le %(day)s") % {"day": typography.day(row.planned_on)}
    return _("En cours depuis le %(day)s") % {"day": typography.day(row.stage_at)}


def _pages(request: HttpRequest, page: lists.Page[Any]) -> ui.Pages:
    previous = lists.address(request.GET, avant=page.previous, page=str(page.number - 1)) if page.previous else ""
    after = lists.address(request.GET, apres=page.next, page=str(page.number + 1)) if page.next else ""
    return ui.Pages(
        previous_url=request.path + previous if previous else "",
        next_url=request.path + after if after else "",
        words=_("Page %(number)s") % {"number": typography.number(page.number)},
    )
