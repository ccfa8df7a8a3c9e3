"""« Mes idées »: what somebody deposits and supports, where each stands and what comes next; correcting, withdrawing, renewing."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import UserRequest
from ideas import actions, author_tools, holding, presentation, rules, supporting
from ideas.forms import HeldForm, IdeaForm, typed
from ideas.models import HeldText, Idea, Stage, Support, Threshold
from ideas.models.writing import ANSWERED
from ideas.views.depositing import crumbs, own_idea, review_promise
from moderation import clauses
from mulhouse import lists, throttle, typography
from mulhouse.access import resident
from mulhouse.errors import require
from mulhouse.markup import render_markdown
from mulhouse.references import read_reference
from mulhouse.templatetags import ui
from mulhouse.typography import local_day

PAGE_SIZE = 20
# What moderation took away has its own sentence.
HELD_WORDS = ("need", "proposal", "body")


@dataclass(frozen=True)
class Line:
    """An idea in « Mes idées »: its state in words, what comes next, and what its author may do."""

    title: str
    url: str
    tag: ui.Tag
    when: str
    next: str = ""
    reference: str = ""
    counts: str = ""
    discard_url: str = ""
    tools: Sequence[author_tools.Tool] = ()


def tabs(current: str) -> list[ui.Tab]:
    """Lead from one to another: what one deposited, supports, is asked about gatherings."""
    names = {
        "ideas:mine": _("Déposées"),
        "ideas:supported": _("Soutenues"),
        "ideas:carrying": _("Regroupements"),
    }
    return [ui.Tab(label, reverse(name), current=name == current) for name, label in names.items()]


def _pages(request: UserRequest, page: lists.Page[Any]) -> ui.Pages:
    previous = lists.address(request.GET, avant=page.previous, page=str(page.number - 1)) if page.previous else ""
    following = lists.address(request.GET, apres=page.next, page=str(page.number + 1)) if page.next else ""
    words = _("Page %(number)s") % {"number": page.number} if previous or following else ""
    return ui.Pages(
        previous_url=request.path + previous if previous else "",
        next_url=request.path + following if following else "",
        words=words,
    )


# --- Deposited -------------------------------------------------------------------------------------------------------


@resident
@require_safe
def mine(request: UserRequest) -> HttpResponse:
    """Show somebody their drafts and ideas, where each stands and what comes next."""
    at = timezone.now()
    waiting = HeldText.objects.waiting().filter(idea=OuterRef("pk"))
    goals = Threshold.objects.filter(campaign=OuterRef("campaign"), supports=OuterRef("next_supports"))
    rows = Idea.objects.filter(author=request.user).select_related("campaign").defer("search", "title_words")
    rows = rows.annotate(
        waits=Exists(waiting.filter(sort=HeldText.Sort.IDEA)),
        goal_name=goals.values("name")[:1],
    )
    page = lists.read(
        rows,
        lists.Order("saved_at"),
        size=PAGE_SIZE,
        at=lists.place(request.GET),
        anchor_of=lambda reference: rows.filter(reference=reference).first(),
    )
    held = [] if page.previous else _held_lines(request)
    context = {
        "held": held,
        "lines": [_line(row, request.user, at=at) for row in page.rows],
        "tabs": tabs("ideas:mine"),
        "pages": _pages(request, page),
        "crumbs": crumbs(ui.Crumb(_("Mes idées"))),
    }
    return render(request, "ideas/mine.html", context)


def _held_lines(request: UserRequest) -> list[tuple[HeldText, str]]:
    """Give the comments and corrections that wait or were refused: few, since each is read within days."""
    rows = HeldText.objects.of(request.user).exclude(sort=HeldText.Sort.IDEA).select_related("idea")
    rows = rows.defer("idea__search", "idea__title_words")
    return [(held, holding.page_url(held)) for held in rows.order_by("-submitted_at", "-pk")[:PAGE_SIZE]]


def _line(row: Any, user: Any, *, at: dt.datetime) -> Line:
    title = row.title or _("Sans titre")
    if row.published_at is None and row.submitted_at is not None:
        tag = ui.Tag(_("En attente de relecture"), "mixed", "clock") if row.waits else _refused()
        return Line(
            title=title,
            url=reverse("ideas:draft", args=[row.reference]),
            tag=tag,
            when=_("Déposée le %(day)s") % {"day": typography.instant(row.submitted_at)},
            next=review_promise(row.campaign) if row.waits else "",
        )
    if row.published_at is None:
        return Line(
            title=title,
            url=reverse("ideas:draft", args=[row.reference]),
            tag=ui.Tag(_("Brouillon, non publié"), "mixed", "pencil"),
            when=_("Enregistré le %(day)s") % {"day": typography.instant(row.saved_at)},
            next=_draft_next(row, at=at),
            discard_url=reverse("ideas:discard", args=[row.reference]),
            tools=author_tools.of(user, row, at=at),
        )
    tag, when = presentation.stage_tag(row.stage), _("Publiée le %(day)s") % {"day": typography.day(row.published_at)}
    if row.withdrawn_at is not None:
        tag = ui.Tag(_("Retirée"), "neutral", "x")
        when = _("Retirée le %(day)s") % {"day": typography.day(row.withdrawn_at)}
    elif row.hidden_at is not None:
        tag = ui.Tag(_("Retirée par la modération"), "no", "x")
        when = _("Le %(day)s") % {"day": typography.day(row.hidden_at)}
    return Line(
        title=title,
        url=row.get_absolute_url(),
        tag=tag,
        when=when,
        next=what_comes_next(row, goal=row.goal_name or "", at=at) if row.is_visible else "",
        reference=row.reference,
        counts=presentation.supports(row.support_total) if row.is_visible else "",
        tools=author_tools.of(user, row, at=at),
    )


def _refused() -> ui.Tag:
    return ui.Tag(_("Non publiée"), "no", "x")


def _draft_next(row: Idea, *, at: dt.datetime) -> str:
    refusal = rules.campaign_refusal(row.campaign, at=at)
    if refusal is not None:
        return refusal.message
    if row.campaign.closes_on is None:
        return ""
    return _("À publier avant la fin du %(day)s.") % {"day": typography.day(row.campaign.closes_on)}


def what_comes_next(idea: Idea, *, goal: str, at: dt.datetime) -> str:
    """Say what an idea waits for (`goal` names its next threshold)."""
    if idea.stage == Stage.SUPPORT:
        return _gathering(idea, goal, at=at)
    if idea.stage == Stage.EXPIRED:
        return _("Son délai est passé sans réunir les soutiens demandés.")
    if idea.stage == Stage.STUDY:
        return _("La Ville l’étudie. Sa réponse sera publiée, avec ses raisons.")
    if idea.stage in ANSWERED:
        return _("La réponse de la Ville est sur sa page.")
    return _("Elle est réunie à d’autres\u00a0: suivez l’idée qui les rassemble.")


def _gathering(idea: Idea, goal: str, *, at: dt.datetime) -> str:
    last = idea.supports_until or local_day(at)
    until = {"day": typography.day(last)}
    if local_day(at) > last:
        return _("Les soutiens sont clos depuis le %(day)s.") % until
    if idea.next_supports is None:
        return _("Tous les seuils sont atteints. On peut encore la soutenir jusqu’au %(day)s.") % until
    missing = max(idea.next_supports - idea.counted, 0)
    words = ngettext(
        "Il lui manque %(n)s soutien pour «\u00a0%(goal)s\u00a0», jusqu’au %(day)s.",
        "Il lui manque %(n)s soutiens pour «\u00a0%(goal)s\u00a0», jusqu’au %(day)s.",
        missing,
    )
    return words % {"n": typography.number(missing), "goal": goal, **until}


# --- Supported -------------------------------------------------------------------------------------------------------


@resident
@require_safe
def supported(request: UserRequest) -> HttpResponse:
    """Show somebody the ideas that they support: this list is theirs alone."""
    at = timezone.now()
    theirs = Support.objects.filter(person__user=request.user).values("idea")
    goals = Threshold.objects.filter(campaign=OuterRef("campaign"), supports=OuterRef("next_supports"))
    rows: Any = Idea.objects.visible().filter(pk__in=theirs).annotate(goal_name=goals.values("name")[:1])
    rows = rows.defer("search", "title_words", "need", "proposal")
    page = lists.read(
        rows,
        lists.Order("published_at"),
        size=PAGE_SIZE,
        at=lists.place(request.GET),
        anchor_of=lambda reference: Idea.objects.filter(reference=reference).first(),
    )
    lines = [
        Line(
            title=row.title,
            url=row.get_absolute_url(),
            tag=presentation.stage_tag(row.stage),
            when=_("Publiée le %(day)s") % {"day": typography.day(row.published_at or at)},
            next=what_comes_next(row, goal=row.goal_name or "", at=at),
            reference=row.reference,
            counts=presentation.supports(row.support_total),
        )
        for row in page.rows
    ]
    context = {
        "lines": lines,
        "tabs": tabs("ideas:supported"),
        "pages": _pages(request, page),
        "crumbs": crumbs(ui.Crumb(_("Mes idées"), reverse("ideas:mine")), ui.Crumb(_("Idées que je soutiens"))),
    }
    return render(request, "ideas/supported.html", context)


# --- After publication -----------------------------------------------------------------------------------------------


def _way(idea: Idea, last: str) -> list[ui.Crumb]:
    return crumbs(ui.Crumb(idea.title, idea.get_absolute_url()), ui.Crumb(last))


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: UserRequest, reference: str) -> HttpResponse:
    """Correct what one published: freely before the first reaction, by a visible version after it."""
    row = own_idea(request, reference, published_at__isnull=False)
    at = timezone.now()
    require(rules.edit_refusal(request.user, row, at=at))
    reacted = row.has_reaction
    form = IdeaForm(request.POST if request.method == "POST" else None, reacted=reacted, initial=typed(row))
    if form.is_bound and form.is_valid():
        throttle.check(throttle.Limit.POSTING, f"user:{request.user.pk}")
        words = form.words(kept=row)
        corrected = actions.correct(actor=request.user, idea=row, words=words, at=at)
        if any(getattr(corrected, name) != getattr(words, name) for name in form.fields):
            messages.success(
                request, _("Votre correction paraîtra après relecture. D’ici là, votre texte reste tel quel.")
            )
        else:
            messages.success(request, _("Votre correction est publiée."))
        return redirect(row)
    can_change_photos = rules.photos_refusal(request.user, row, at=at) is None
    context = {
        "idea": row,
        "form": form,
        "reacted": reacted,
        "photos_url": reverse("ideas:photos", args=[row.reference]) if can_change_photos else "",
        "crumbs": _way(row, _("Corriger")),
    }
    return render(request, "ideas/correct.html", context, status=422 if form.is_bound else 200)


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: UserRequest, reference: str) -> HttpResponse:
    """Ask to confirm, then take an idea back."""
    row = own_idea(request, reference, published_at__isnull=False)
    if row.withdrawn_at is not None:
        return redirect(row)
    require(rules.withdraw_refusal(request.user, row))
    if request.method == "POST":
        actions.withdraw(actor=request.user, idea=row, at=timezone.now())
        messages.success(request, _("Votre idée est retirée."))
        return redirect("ideas:mine")
    return render(request, "ideas/withdraw.html", {"idea": row, "crumbs": _way(row, _("Retirer"))})


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def renew(request: UserRequest, reference: str) -> HttpResponse:
    """Say why the supports of an idea end, and give it a second time to gather them, once."""
    row = own_idea(request, reference, published_at__isnull=False)
    at = timezone.now()
    require(rules.renew_refusal(request.user, row, at=at))
    if request.method == "POST":
        supporting.renew(actor=request.user, idea=row, at=at)
        renewed = Idea.objects.only("supports_until").get(pk=row.pk)
        messages.success(
            request,
            _("Votre idée peut être soutenue jusqu’au %(day)s.")
            % {"day": typography.day(renewed.supports_until or local_day(at))},
        )
        return redirect(row)
    # What it needs to be studied, as long as it lacks that; then what the next threshold asks.
    left = list(row.campaign.thresholds.filter(supports__gte=row.next_supports or 0).order_by("supports"))
    asked = next((threshold for threshold in left if threshold.opens_study), left[0] if left else None)
    context = {
        "idea": row,
        "supports": presentation.supports(row.counted),
        "asked": asked,
        "until": supporting.renewed_until(row, at=at),
        "crumbs": _way(row, _("Prolonger")),
    }
    return render(request, "ideas/renew.html", context)


# --- Held texts ------------------------------------------------------------------------------------------------------


def _held(request: UserRequest, reference: str) -> HeldText:
    """Fetch a text that waits or was refused: one's own, or any of them for a moderator."""
    rows = HeldText.objects.select_related("idea__campaign", "author", "parent")
    rows = rows.defer("idea__search", "idea__title_words")
    if not (request.user.is_staff and request.user.has_perm("moderation.decide_case")):
        rows = rows.filter(author=request.user)
    return get_object_or_404(rows, reference=read_reference(reference), withdrawn_at__isnull=True)


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def held(request: UserRequest, reference: str) -> HttpResponse:
    """Show a text that waits to be read, and correct it."""
    row = _held(request, reference)
    if row.released_at is not None:
        return redirect(row.idea)
    at = timezone.now()
    refusal = rules.held_edit_refusal(request.user, row)
    words = holding.words_of(row)
    form = HeldForm(request.POST if request.method == "POST" else None, initial=words, asks=list(words))
    if form.is_bound:
        require(refusal)
        if form.is_valid():
            throttle.check(throttle.Limit.POSTING, f"user:{request.user.pk}")
            holding.correct_held(actor=request.user, held=row, words=form.words(), at=at)
            messages.success(request, _("Votre correction est enregistrée. Votre texte attend la relecture."))
            return redirect("ideas:held", row.reference)
    labels = HeldForm.base_fields
    context = {
        "held": row,
        "title": words.get("title", ""),
        "texts": [presentation.resident_html(render_markdown(words[name])) for name in HELD_WORDS if words.get(name)],
        "facts": [
            ui.Fact(labels[name].label or "", words[name])
            for name in ("beneficiaries", "cost", "place", "behalf_name")
            if words.get(name)
        ],
        "form": form,
        "can_edit": refusal is None,
        "can_take_back": rules.held_refusal(request.user, row) is None,
        "is_own": row.author_id == request.user.pk,
        "clause": clauses.known(row.refused_clause),
        "promise": review_promise(row.idea.campaign),
        "crumbs": crumbs(
            ui.Crumb(_("Mes idées"), reverse("ideas:mine")),
            ui.Crumb(_("En attente de relecture") if row.is_waiting else _("Texte non publié")),
        ),
    }
    return render(request, "ideas/held.html", context, status=422 if form.is_bound else 200)


@resident
@require_POST
def take_back(request: UserRequest, reference: str) -> HttpResponse:
    """Take back a text that waits."""
    row = _held(request, reference)
    holding.take_back(actor=request.user, held=row, at=timezone.now())
    if row.sort == HeldText.Sort.IDEA:
        messages.success(request, _("Votre idée est de nouveau un brouillon."))
        return redirect("ideas:draft", row.idea.reference)
    messages.success(request, _("Votre texte est repris\u00a0: personne ne le lira."))
    return redirect("ideas:mine")
