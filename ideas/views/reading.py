"""Reading one idea: its text, its supports, its photos, the picture of its preview; two ideas side by side."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import rules as accounts_rules
from ideas import (
    answering,
    author_tools,
    following,
    hiding,
    invitations,
    presentation,
    rules,
    search,
    setting_aside,
    thresholds,
)
from ideas import beside as beside_idea
from ideas.models import Amendment, Idea, Photo
from ideas.views import debate, fetching
from moderation import clauses
from mulhouse import files, social
from mulhouse.access import public
from mulhouse.errors import Refusal
from mulhouse.references import read_reference
from mulhouse.templatetags import ui
from mulhouse.typography import local_day
from transparency.pages import cached_for_visitors

# What moderation calls an idea.
KIND = "idea"
PAIR, PROPOSED = 2, 6


@public
@require_safe
@cached_for_visitors
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    """Show an idea, what supports it, and what the city makes of it."""
    row = fetching.idea(request, reference, whole=True)
    if not row.is_visible:
        return render(request, "ideas/gone.html", _gone_context(request, row), status=410)
    if debate.is_fragment(request):
        return render(request, "ideas/_debate.html", debate.debate_context(request, row))
    return render(request, "ideas/detail.html", page_context(request, row))


def _gone_context(request: HttpRequest, row: Idea) -> dict[str, Any]:
    is_own = request.user.is_authenticated and row.author_id == request.user.pk
    is_set_aside = row.withdrawn_at is None and row.hidden_reason == setting_aside.REASON
    beside = beside_idea.gone(row)
    gathered = beside["gathered"]
    is_separated = row.hidden_at is None and gathered is not None and gathered.ended
    return {
        "idea": row,
        "texts": texts(row) if is_own else [],
        "is_own": is_own,
        "stub": "" if row.withdrawn_at else hiding.stub(row.hidden_reason),
        "clause_url": clauses.address(row.hidden_reason),
        "is_set_aside": is_set_aside,
        "is_separated": is_separated,
        "crumbs": crumbs(ui.Crumb(_("Idées séparées") if is_separated else _("Idée retirée"))),
        **beside,
    }


def crumbs(*last: ui.Crumb) -> list[ui.Crumb]:
    """Give the way to a page about an idea."""
    return [ui.Crumb(_("Idées"), reverse("ideas:list")), *last]


def texts(row: Any) -> list[tuple[str, Any]]:
    """Give the two texts of an idea, or of a former version of it, each under its heading."""
    return [
        (_("Le besoin"), presentation.resident_html(row.need_html)),
        (_("La proposition"), presentation.resident_html(row.proposal_html)),
    ]


def page_context(request: HttpRequest, row: Any, typed: debate.Typed = debate.NOTHING_TYPED) -> dict[str, Any]:
    """Gather the whole page of an idea (fetched whole): itself, and its debate with what came back to be corrected."""
    return {**debate.debate_context(request, row, typed), **idea_context(request, row)}


def idea_context(request: HttpRequest, row: Any) -> dict[str, Any]:
    """Gather what the page of an idea shows above the debate (the idea fetched whole)."""
    at, user = timezone.now(), request.user
    is_own = user.is_authenticated and row.author_id == user.pk
    author, beside = presentation.author_line(row)
    taken = Amendment.objects.visible().filter(version=OuterRef("pk")).order_by("pk").values("reference")[:1]
    versions = list(row.versions.annotate(amendment=Subquery(taken))) if row.corrected_at else []
    goals = thresholds.read(row.goals)
    return {
        "idea": row,
        "tags": [presentation.stage_tag(row.stage), *([ui.Tag(row.theme.name, "neutral", "tag")] if row.theme else [])],
        "author": author,
        "beside": beside,
        "names": invitations.names_of(row),
        "texts": texts(row),
        "facts": presentation.facts(row),
        "photos": row.shown_photos or [],
        "versions": [(version, texts(version)) for version in versions],
        "is_own": is_own,
        "is_following": getattr(row, "is_followed", False),
        "report_url": "" if is_own else reverse("moderation:report", args=[KIND, row.reference]),
        "compare_url": f"{reverse('ideas:compare')}?a={row.reference}",
        "progress": presentation.progress(row, goals),
        **beside_idea.context(user, row, at=at),
        "file": following.public_file(row, today=local_day(at), is_debated=True),
        "is_author": is_own,
        "reaction_refusal": unread.message if (unread := answering.unread_refusal(row)) else "",
        "author_tools": author_tools.of(user, row, at=at),
        "crumbs": crumbs(ui.Crumb(row.title)),
        **support_context(request, row, at=at),
    }


def support_context(
    request: HttpRequest, row: Any, *, at: dt.datetime, is_supported: bool | None = None
) -> dict[str, Any]:
    """Gather what the block of supports shows: counts for everybody, what one can do for oneself."""
    goals = thresholds.read(row.goals)
    refusal = rules.support_refusal(request.user, row, at=at)
    code = refusal.code if refusal else ""
    if is_supported is None:
        is_supported = getattr(row, "is_supported", False)
    return {
        "idea": row,
        "said": "",
        "progress": presentation.progress(row, goals),
        "left": presentation.left_words(row, today=local_day(at)),
        "goals": [(goal, goal.is_reached(row.next_supports)) for goal in goals],
        "next_goal": next((goal for goal in goals if not goal.is_reached(row.next_supports)), None),
        "counts": presentation.counts(row),
        "counting_rule": presentation.counting_rule(verified_only=row.verified_only),
        "is_open": rules.supporting_refusal(row, at=at) is None,
        "takes_paper": presentation.takes_sheets(row) and rules.supporting_refusal(row, at=at) is None,
        "is_offered": rules.supporting_refusal(row, at=at) is None and code != "own",
        "is_supported": is_supported,
        # A visitor signs in, and somebody who still has a district to say says it: both on a page that leads back here.
        "asks_first": code == "sign_in" or code in rules.ASKED_BESIDE,
        "support_refusal": ""
        if refusal is None or code == "sign_in" or code in rules.ASKED_BESIDE
        else refusal.message,
        "support_remedy": remedy_url(refusal),
        **_ended_context(request.user, row, goals, at=at),
    }


def _ended_context(user: Any, row: Idea, goals: Sequence[thresholds.Goal], *, at: dt.datetime) -> dict[str, Any]:
    """Say why supports ended, and to the author whether they may give the idea a second time to gather some."""
    today = local_day(at)
    said = {"ended": presentation.ended(row, goals, today=today), "renew_url": "", "renew_refusal": ""}
    is_own = user.is_authenticated and row.author_id == user.pk
    if not said["ended"] or not is_own or presentation.waits_for_study(row, goals, today=today):
        return said
    if refusal := rules.renew_refusal(user, row, at=at):
        return {**said, "renew_refusal": refusal.message}
    return {**said, "renew_url": reverse("ideas:renew", args=[row.reference])}


def remedy_url(refusal: Refusal | None) -> str:
    """Give the address where what is missing can be given, "" when nothing can be done there."""
    route = accounts_rules.remedy_route(refusal) if refusal and refusal.code != "sign_in" else ""
    return reverse(route) if route else ""


@public
@require_safe
@cached_for_visitors
def social_image(request: HttpRequest, reference: str) -> HttpResponse:
    """Send the picture shown when the page is shared; drawn once for each title."""
    row = get_object_or_404(
        Idea.objects.visible().select_related("theme").only("title", "theme__motif"), reference=reference.upper()
    )
    picture = social.kept_preview(row.title, row.theme.motif if row.theme else "", site_name=settings.SITE_NAME)
    response = HttpResponse(picture, content_type="image/png")
    response["Cache-Control"] = "public, max-age=86400"
    return response


@public
@require_safe
def photo(request: HttpRequest, key: uuid.UUID) -> HttpResponseBase:
    """Send a photo of an idea to those who may read the idea; asked anew each time."""
    item = get_object_or_404(
        Photo.objects.select_related("idea"), key=key, idea__in=Idea.objects.visible_to(request.user)
    )
    if item.hidden_at is not None and (request.user.is_anonymous or item.idea.author_id != request.user.pk):
        raise Http404
    # A file never changes: a browser that has it is told so, after the question of who may read it.
    etag = f'"{item.key}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers={"ETag": etag})
    response = files.shown(item.file, content_type=item.content_type)
    response["ETag"] = etag
    return response


# --- Side by side --------------------------------------------------------------------------------------------------


@public
@require_safe
@cached_for_visitors(shared=True)
def compare(request: HttpRequest) -> HttpResponse:
    """Show two ideas side by side; as long as the second one is not chosen, propose some."""
    wanted = [read_reference(request.GET.get(name, "")) for name in ("a", "b")]
    people = ("author", "district", "theme", "place_district")
    rows = Idea.objects.visible().filter(reference__in=filter(None, wanted)).select_related(*people).defer("search")
    rows = rows.annotate(goals=thresholds.of_campaign("campaign"), last_answers=following.last_answer())
    found = {row.reference: row for row in rows}
    compared = [found[reference] for reference in dict.fromkeys(wanted) if reference in found]
    text = request.GET.get("q", "")
    context = {
        "ideas": compared,
        "lines": _lines(compared) if len(compared) == PAIR else [],
        "is_unknown": any(wanted) and len(compared) < len(list(filter(None, dict.fromkeys(wanted)))),
        "searched": text,
        "proposed": _proposed(compared, text) if len(compared) < PAIR else [],
        "first": compared[0].reference if compared else "",
        "crumbs": crumbs(ui.Crumb(_("Comparer deux idées"))),
    }
    return render(request, "ideas/compare.html", context)


def _proposed(chosen: Sequence[Idea], text: str) -> list[tuple[str, str, str]]:
    """Propose ideas to compare with: those that hold some words, else the most supported ones of the same theme.

    Shape: (title, words, address).
    """
    rows = Idea.objects.visible().exclude(pk__in=[row.pk for row in chosen]).only("reference", "title", "support_total")
    if text:
        keys = search.ranked(search.by_likeness(rows, text), text)[:PROPOSED]
        by_key = rows.in_bulk(keys)
        rows_found = [by_key[key] for key in keys if key in by_key]
    else:
        alike = rows.filter(theme=chosen[0].theme_id) if chosen else rows
        rows_found = list(alike.order_by("-support_total", "-pk")[:PROPOSED])
    base = reverse("ideas:compare")
    first = [("a", row.reference) for row in chosen]
    return [
        (
            row.title,
            presentation.supports(row.support_total),
            f"{base}?{urlencode([*first, ('b' if first else 'a', row.reference)])}",
        )
        for row in rows_found
    ]


def _lines(rows: Sequence[Any]) -> list[tuple[str, list[Any]]]:
    """Give each line of the comparison: its heading, and what each idea says there ("" for nothing)."""
    sides = [_side(row) for row in rows]
    lines = [(heading, [side[heading] for side in sides]) for heading in sides[0]]
    return [(heading, said) for heading, said in lines if any(said)]


def _side(row: Any) -> dict[str, Any]:
    author, beside = presentation.author_line(row)
    signed = f"{author}, {beside}" if beside else author
    measured = presentation.progress(row, thresholds.read(row.goals)).words
    realism = _("%(score)s sur 100") % {"score": row.realism} if row.realism is not None else _("Pas encore lue")
    return {
        _("Étape"): row.get_stage_display(),
        _("Soutiens"): measured,
        _("Réalisme"): realism,
        _("Thème"): row.theme.name if row.theme else "",
        **following.answer_lines(row.last_answers),
        **dict(texts(row)),
        **{str(fact.label): fact.value for fact in presentation.facts(row, empty=True)},
        _("Déposée par"): signed,
    }
