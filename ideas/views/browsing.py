"""The box: the lists of ideas in each order, the campaigns and their frozen rules."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from city.models import District, Theme
from ideas import invitations, presentation, search, thresholds, vote_lines
from ideas.filters import (
    LATE,
    NEAR,
    ORDER_LABELS,
    ORDER_NOTES,
    ORDERS,
    RECENT,
    SEEDS,
    SHUFFLED,
    WAITING,
    IdeaFilter,
    narrowed,
    ring,
)
from ideas.models import Campaign, Idea, Support
from ideas.views import fetching
from mulhouse import lists, typography
from mulhouse.access import public
from mulhouse.templatetags import ui
from mulhouse.typography import local_day
from transparency.pages import cached_for_visitors

PAGE_SIZE = 20
LATEST = 6
SEED = "graine"
# A page of the best answers hangs on its rank, not on a row.
BY_RANK = "rang"
SELECTS = ("theme", "quartier", "etape", "campagne")
UNREAD = ("search", "need", "need_html", "proposal", "proposal_html", "beneficiaries", "cost")

# --- The list ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """A page of the list, and how many rows the whole list has."""

    page: lists.Page[Idea]
    count: int
    is_bounded: bool = False


@public
@require_safe
@cached_for_visitors
def idea_list(request: HttpRequest) -> HttpResponse:
    """Show the box: what it promises, and its ideas, sorted, filtered, searched."""
    at = timezone.now()
    themes, districts = list(Theme.objects.all()), list(District.objects.all())
    campaigns = list(Campaign.objects.published().annotate(goals=thresholds.of_campaign("pk")))
    asked = IdeaFilter(
        request.GET, queryset=Idea.objects.visible(), themes=themes, districts=districts, campaigns=campaigns
    )
    sort, seed = asked.chosen("tri"), _seed(request)
    if sort == SHUFFLED and seed is None:
        return redirect(_url(request, **{SEED: str(_drawn_for(request))}))
    found = _find(request, asked, narrowed(asked.qs, sort, at=at), campaigns)
    _place(found.page.rows, themes, districts, campaigns)
    chosen = _chosen(request, asked)
    is_fragment = request.headers.get("HX-Request") == "true"
    named = asked.rows["campagne"].get(asked.chosen("campagne"))
    shown = named or next((each for each in _by_rank(campaigns) if each.is_open(at=at)), None)
    context = {
        "is_fragment": is_fragment,
        "searched": asked.chosen("q"),
        "sort": sort,
        "seed": seed if sort == SHUFFLED else None,
        "selects": [asked.select(name) for name in SELECTS if name != "campagne" or len(campaigns) > 1],
        "has_more_filters": any(asked.chosen(name) for name in SELECTS),
        "orders": _orders(request, sort or ("" if asked.chosen("q") else RECENT)),
        "note": ORDER_NOTES.get(sort, ""),
        "cards": cards(request, found.page.rows),
        "words": _count_words(found, is_narrowed=bool(chosen) or sort in {NEAR, WAITING, LATE}),
        "chosen": chosen,
        "clear_url": request.path,
        "pages": pages(request, found.page),
        "page_number": found.page.number,
        "campaign": shown,
        "goals": thresholds.read(shown.goals) if shown else [],
        "others": [
            presentation.campaign_card(each, at=at) for each in campaigns if each is not shown and each.is_open(at=at)
        ],
        "can_deposit": shown is not None and shown.is_open(at=at),
        "has_campaigns": bool(campaigns),
        "crumbs": [ui.Crumb(_("Idées"))],
    }
    return render(request, "ideas/_list.html" if is_fragment else "ideas/list.html", context)


def _by_rank(campaigns: Sequence[Any]) -> list[Any]:
    """Put the permanent box before the dated campaigns."""
    return sorted(campaigns, key=lambda each: each.kind != Campaign.Kind.PERMANENT)


def _url(request: HttpRequest, **changes: str) -> str:
    return request.path + lists.address(request.GET, **changes)


def _seed(request: HttpRequest) -> int | None:
    text = request.GET.get(SEED, "")
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 4 else None  # noqa: PLR2004 (below SEEDS)


def _drawn_for(request: HttpRequest) -> int:
    """Draw where the order at random begins: the same for an account each time, kept nowhere but in the address."""
    if not request.user.is_authenticated:
        return secrets.randbelow(SEEDS)
    digest = salted_hmac("ideas.shuffle", str(request.user.pk), secret=settings.SECRET_KEY, algorithm="sha256")
    return int(digest.hexdigest()[:8], 16) % SEEDS


def _place(
    rows: Iterable[Idea], themes: Sequence[Theme], districts: Sequence[District], campaigns: Sequence[Campaign]
) -> None:
    """Give each row its theme, its districts and its campaign: the page has read all of them for its filters."""
    by_theme: dict[int | None, Theme] = {row.pk: row for row in themes}
    by_district: dict[int | None, District] = {row.pk: row for row in districts}
    by_campaign: dict[int, Campaign] = {row.pk: row for row in campaigns}
    for row in rows:
        row.theme = by_theme.get(row.theme_id)
        row.district = by_district.get(row.district_id)
        row.place_district = by_district.get(row.place_district_id)
        row.campaign = by_campaign[row.campaign_id]


def _find(request: HttpRequest, asked: IdeaFilter, rows: QuerySet[Idea], campaigns: Sequence[Campaign]) -> Found:
    text, sort = asked.chosen("q"), asked.chosen("tri")
    if text and not sort:
        keys = search.ranked(search.by_likeness(rows, text), text)
        return Found(_best(request, keys), len(keys), len(keys) == search.RANKED)
    if text:
        rows = search.by_likeness(rows, text)
    order = ring(_seed(request) or 0) if sort == SHUFFLED else ORDERS[sort or RECENT]
    count, is_bounded = _count(asked, rows, campaigns)
    return Found(read(request, rows, order), count, is_bounded)


def _count(asked: IdeaFilter, rows: QuerySet[Idea], campaigns: Sequence[Campaign]) -> tuple[int, bool]:
    """Give the stored count where there is one, else count up to a limit."""
    narrowing = any(asked.chosen(name) for name in ("q", "theme", "quartier", "etape"))
    if not narrowing and asked.chosen("tri") not in {NEAR, WAITING, LATE}:
        slug = asked.chosen("campagne")
        return sum(each.idea_count for each in campaigns if not slug or each.slug == slug), False
    count = lists.bounded_count(rows)
    return min(count, lists.COUNT_LIMIT), count > lists.COUNT_LIMIT


def read(request: HttpRequest, rows: QuerySet[Idea], order: lists.Order) -> lists.Page[Idea]:
    """Read a page of ideas from an index."""
    published = Idea.objects.filter(published_at__isnull=False).defer(*UNREAD)
    return lists.read(
        in_list(rows),
        order,
        size=PAGE_SIZE,
        at=lists.place(request.GET),
        anchor_of=lambda reference: published.filter(reference=reference).first(),
    )


def in_list(rows: QuerySet[Idea]) -> QuerySet[Idea]:
    """Read what a card shows, and nothing longer."""
    return rows.select_related("author").defer(*UNREAD).annotate(coauthor_names=invitations.named())


def _best(request: HttpRequest, keys: list[int]) -> lists.Page[Idea]:
    """Read a page of the best answers: there are RANKED of them at most, so that a rank is enough."""
    number = lists.number(request.GET)
    first = (number - 1) * PAGE_SIZE
    wanted = keys[first : first + PAGE_SIZE]
    found = {row.pk: row for row in in_list(Idea.objects.filter(pk__in=wanted)).order_by("pk")}
    return lists.Page(
        rows=[found[key] for key in wanted if key in found],
        number=number,
        previous=BY_RANK if number > 1 else "",
        next=BY_RANK if first + PAGE_SIZE < len(keys) else "",
    )


def cards(request: HttpRequest, rows: Sequence[Idea]) -> list[presentation.Card]:
    """Make the cards of ideas, with what this person can do there (the ideas with their campaign and its `goals`)."""
    words = presentation.Words(today=local_day(timezone.now()))
    gestures = _gestures(request, rows)
    return [
        presentation.card(
            row,
            words=words,
            goals=thresholds.read(getattr(row.campaign, "goals", None)),
            gesture=gestures.get(row.pk, "support"),
        )
        for row in rows
    ]


def _gestures(request: HttpRequest, rows: Sequence[Idea]) -> dict[int, str]:
    """Tell of each idea what is not simply to be supported: for a visitor, one's own, those one supports."""
    if not request.user.is_authenticated:
        return dict.fromkeys((row.pk for row in rows), "sign_in")
    own = {row.pk: "own" for row in rows if row.author_id == request.user.pk}
    keys = Support.objects.filter(idea__in=[row.pk for row in rows], person__user=request.user)
    return own | dict.fromkeys(keys.values_list("idea", flat=True), "supported")


def pages(request: HttpRequest, page: lists.Page[Idea]) -> ui.Pages:
    """Give the pagination of a list of ideas."""
    before, after = str(page.number - 1), str(page.number + 1)
    if BY_RANK in {page.previous, page.next}:
        previous_url = _url(request, page=before) if page.previous else ""
        next_url = _url(request, page=after) if page.next else ""
    else:
        previous_url = _url(request, avant=page.previous, page=before) if page.previous else ""
        next_url = _url(request, apres=page.next, page=after) if page.next else ""
    words = _("Page %(number)s") % {"number": typography.number(page.number)}
    return ui.Pages(previous_url=previous_url, next_url=next_url, words=words)


def _count_words(found: Found, *, is_narrowed: bool) -> str:
    number = typography.number(found.count)
    if found.is_bounded:
        return _("Plus de %(n)s résultats") % {"n": number}
    if is_narrowed:
        return ngettext("%(n)s résultat", "%(n)s résultats", found.count) % {"n": number}
    return presentation.ideas(found.count)


def _chosen(request: HttpRequest, asked: IdeaFilter) -> list[ui.ActiveFilter]:
    """Name the filters in force; the order is shown by its chip."""
    names = [name for name in ("q", *SELECTS) if asked.chosen(name)]
    return [ui.ActiveFilter(asked.words(name), _url(request, **{name: ""})) for name in names]


def _orders(request: HttpRequest, current: str) -> list[ui.Tab]:
    """Give the orders as chips; what is left of the address stays, the place at random excepted."""
    return [
        ui.Tab(
            label,
            # « Récentes » is what a list without a search shows anyway.
            _url(request, tri="" if key == RECENT and not request.GET.get("q") else key, **{SEED: ""}),
            current=key == current,
        )
        for key, label in ORDER_LABELS.items()
    ]


# --- Campaigns -------------------------------------------------------------------------------------------------------


@public
@require_safe
@cached_for_visitors(shared=True)
def campaign_list(request: HttpRequest) -> HttpResponse:
    """Show the permanent box and the dated campaigns."""
    at = timezone.now()
    context = {
        "cards": [presentation.campaign_card(row, at=at) for row in Campaign.objects.published()],
        "crumbs": [ui.Crumb(_("Idées"), reverse("ideas:list")), ui.Crumb(_("Campagnes"))],
    }
    return render(request, "ideas/campaigns.html", context)


@public
@require_safe
@cached_for_visitors(shared=True)
def campaign(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a campaign: its dates, its rules, its thresholds with what is promised, its newest ideas."""
    at = timezone.now()
    row = fetching.campaign(request, slug)
    newest = Idea.objects.visible().filter(campaign=row).select_related("theme", "district", "place_district")
    ideas = list(in_list(newest).order_by("-published_at", "-pk")[:LATEST])
    words, goals = presentation.Words(today=local_day(at)), thresholds.read(row.goals)
    context = {
        "campaign": row,
        "tags": [presentation.campaign_tag(row, at=at)],
        "facts": presentation.campaign_rules(row),
        "goals": goals,
        "cards": [presentation.card(each, words=words, goals=goals) for each in ideas],
        "count_words": presentation.ideas(row.idea_count),
        "can_deposit": row.is_open(at=at),
        "vote_lines": vote_lines.of_campaign(row, at=at),
        "takes_paper": row.closes_on is None or local_day(at) <= row.closes_on,
        "crumbs": presentation.campaign_crumbs(row),
    }
    return render(request, "ideas/campaign.html", context)
