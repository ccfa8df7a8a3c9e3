"""The file of an idea in the staff space: one screen with what residents said of it and what the city did; and the public rule.

Each gesture has a page of its own under the file, with the same screen beside it: nobody judges an idea from memory.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import admin, messages
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef
from django.db.models.functions import JSONObject
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.safestring import SafeString, mark_safe

from ideas import city_rules, following, presentation, similarity
from ideas.models import Comment, Idea, InternalNote, Support
from ideas.models.studies import CriterionCode
from ideas.rule_page import rule_context
from mulhouse import charts
from mulhouse.access import staff
from mulhouse.errors import DomainError, Refusal
from mulhouse.templatetags import ui

COMMENTS, NOTES = 12, 20
LONGEST_COMMENT = 700
# The list of parts, where an agent of a service comes back to.
PARTS = "admin:ideas_studypart_changelist"
# A chart of more days than that says nothing, nor does one of fewer: the older ones are left out.
DAYS_SHOWN, DAYS_LEAST = 90, 3


def address(route: str, *args: object) -> str:
    """Give the address of a page of the file."""
    return reverse(f"admin:ideas_idea_{route}", args=args)


def _way_back(request: HttpRequest, idea: Idea) -> str:
    """Lead back to the file, or an agent of a service to what is asked of it."""
    return address("change", idea.pk) if request.user.has_perm(city_rules.VIEW) else reverse(PARTS)


def fetch(pk: int) -> Any:
    """Fetch an idea that everybody reads, with its days of support and the notes of agents; one query."""
    days = Support.objects.filter(idea=OuterRef("pk")).order_by().values("supported_on").annotate(number=Count("pk"))
    notes = InternalNote.objects.filter(idea=OuterRef("pk")).order_by("-written_at", "-pk")[:NOTES]
    rows = Idea.objects.visible().select_related("campaign", "theme", "place_district").defer("search")
    return get_object_or_404(
        rows.annotate(
            days=ArraySubquery(
                days.order_by("-supported_on").values(line=JSONObject(day="supported_on", number="number"))[:DAYS_SHOWN]
            ),
            own_notes=ArraySubquery(
                notes.values(line=JSONObject(text="text", at="written_at", by="agent__public_name"))
            ),
        ),
        pk=pk,
    )


@dataclass(frozen=True)
class Said:
    """A comment, cut where it is long."""

    author: str
    stance: ui.Tag | None
    about: str
    at: Any
    body: str


STANCES: dict[str, ui.Tag] = {
    Comment.Stance.FOR: ui.Tag(Comment.Stance.FOR.label, "yes", "thumbs-up"),
    Comment.Stance.AGAINST: ui.Tag(Comment.Stance.AGAINST.label, "no", "x"),
}


def _comments(idea: Idea) -> list[Said]:
    rows = Comment.objects.visible().filter(idea=idea).select_related("author").order_by("-published_at", "-pk")
    return [
        Said(
            author=row.author_label or (row.author.public_name if row.author else "") or "Une personne",
            stance=STANCES.get(row.stance),
            about=str(CriterionCode(row.criterion).label) if row.criterion else "",
            at=row.published_at,
            body=row.body if len(row.body) <= LONGEST_COMMENT else f"{row.body[:LONGEST_COMMENT]}…",
        )
        for row in rows[:COMMENTS]
    ]


@dataclass(frozen=True)
class Neighbour:
    """An idea that probably says the same, the way to it, and to the proposal of gathering both for who may make one."""

    title: str
    url: str
    tag: ui.Tag
    gather_url: str


def _neighbours(user: Any, idea: Idea, *, reads_files: bool) -> list[Neighbour]:
    """Find the ideas that probably say the same, as whoever deposits one sees them."""
    gathers = reverse("admin:ideas_gathering_propose") if user.has_perm(city_rules.STUDY) else ""
    return [
        Neighbour(
            title=row.title,
            url=address("change", row.pk) if reads_files else row.get_absolute_url(),
            tag=presentation.stage_tag(row.stage),
            gather_url=gathers and f"{gathers}?idees={idea.reference}+{row.reference}",
        )
        for row in similarity.closest(idea.title)
        if row.pk != idea.pk
    ]


def _shown_file(user: Any, idea: Idea, *, reads_files: bool) -> following.File:
    """Read what the city did; an agent of a service finds their part there, and nothing of the other services before everybody."""
    found = following.public_file(idea, today=timezone.localdate())
    if reads_files or found.study is None:
        return found
    own = [part for part in found.study.parts if user.service and part.service == user.service.name]
    return replace(found, study=replace(found.study, parts=own, synthesis=""))


def _chart(days: list[tuple[Any, int]]) -> SafeString | str:
    if len(days) < DAYS_LEAST:
        return ""
    points = [(f"{day:%d/%m}", number) for day, number in days]
    title = "Soutiens jour par jour"
    return charts.columns(
        key="soutiens", title=title, description="Les mêmes nombres sont dans le tableau.", points=points
    )


def context(request: HttpRequest, idea: Any) -> dict[str, Any]:
    """Give what stands on the screen of an idea, whatever is being done; six queries.

    What agents write between themselves is for those who read the files: not for an agent of a service.
    """
    reads_files = request.user.has_perm(city_rules.VIEW)
    days = sorted((parse_date(row["day"]), row["number"]) for row in idea.days)
    notes = [(row["by"] or "Un agent", parse_datetime(row["at"]), row["text"]) for row in idea.own_notes]
    refusal = city_rules.note_refusal(request.user, idea)
    return {
        **admin.site.each_context(request),
        "title": idea.title,
        "idea": idea,
        # A page of one gesture gives both.
        "gesture": "",
        "form": None,
        "reads_files": reads_files,
        "file": _shown_file(request.user, idea, reads_files=reads_files),
        "need": mark_safe(idea.need_html),  # noqa: S308 (cleaned when stored)
        "proposal": mark_safe(idea.proposal_html),  # noqa: S308 (cleaned when stored)
        "days": days,
        "chart": _chart(days),
        "comments": _comments(idea),
        "neighbours": _neighbours(request.user, idea, reads_files=reads_files),
        "notes": [] if refusal else notes,
        "note_refusal": refusal,
        "file_url": _way_back(request, idea),
    }


@staff(city_rules.VIEW)
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the whole file of an idea, and what one may do with it."""
    idea, user = fetch(pk), request.user
    given = context(request, idea)
    shown: following.File = given["file"]
    gestures: dict[str, tuple[Refusal | None, str, str]] = {
        "reading": (
            city_rules.read_refusal(user, idea),
            "Remplacer la lecture" if shown.reading else "Faire la première lecture",
            "reading",
        ),
        "open": (city_rules.open_study_refusal(user, idea), "Ouvrir l’étude", "study_open"),
        "services": (city_rules.study_refusal(user, idea), "Demander à d’autres services", "study_services"),
        "synthesis": (city_rules.study_refusal(user, idea), "Écrire la synthèse", "study_synthesis"),
        "answer": (
            city_rules.answer_refusal(user, idea),
            "Corriger la réponse" if shown.answer else "Préparer la réponse",
            "answer",
        ),
        "plan": (city_rules.realise_refusal(user, idea), "Annoncer des dates", "plan"),
        "news": (city_rules.news_refusal(user, idea), "Donner des nouvelles", "news"),
        "abandon": (city_rules.realise_refusal(user, idea), "Abandonner le projet", "abandon"),
    }
    open_to_them = {
        name: None if refusal else (label, address(route, pk)) for name, (refusal, label, route) in gestures.items()
    }
    can_study = open_to_them["services"] is not None
    running = next((clock for clock in shown.clocks if clock.kind == "idea.study" and not clock.is_kept), None)
    return TemplateResponse(
        request,
        "admin/ideas/file.html",
        {
            **given,
            "gestures": open_to_them,
            "next": open_to_them.get(_awaited(shown, can_study=can_study)),
            "can_study": can_study,
            "can_realise": open_to_them["plan"] is not None,
            "can_keep": city_rules.promise_refusal(user, idea, is_reached=True, is_kept=False) is None,
            "running": running if can_study else None,
        },
    )


def _awaited(shown: following.File, *, can_study: bool) -> str:
    """Name the gesture that the file waits for; "" when it waits for somebody else, or for nothing."""
    if shown.is_answered:
        return "" if shown.steps or shown.events else "plan"
    if shown.reading is None:
        return "reading"
    if not (can_study and shown.study):
        return ""
    if not all(part.feasibility for part in shown.study.parts):
        return ""
    return "answer" if shown.study.synthesis else "synthesis"


def act(  # noqa: PLR0913 (a page of one gesture)
    request: HttpRequest,
    idea: Any,
    form: BaseForm,
    *,
    title: str,
    label: str,
    intro: str,
    run: Callable[[dict[str, Any]], str],
    danger: bool = False,
    template: str = "admin/ideas/gesture.html",
    **more: Any,
) -> HttpResponse:
    """Ask for what a gesture needs with the file of the idea beside it, call its action, and come back to the file."""
    if request.method == "POST" and form.is_valid():
        try:
            done = run(form.cleaned_data)
        except DomainError as error:
            form.add_error(error.code if error.code in form.fields else None, error.message)
        else:
            if done:
                messages.success(request, done)
                return redirect(_way_back(request, idea))
    page = {
        **context(request, idea),
        "gesture": title,
        "label": label,
        "intro": intro,
        "form": form,
        "danger": danger,
        "compact": False,
        "idea_first": False,
        "multipart": form.is_multipart(),
        **more,
    }
    return TemplateResponse(request, template, page, status=422 if form.is_bound and form.errors else 200)


@staff(city_rules.VIEW)
def rule(request: HttpRequest) -> HttpResponse:
    """Show which ideas go to study next and why: the public page, leading to the files."""
    found = rule_context(request, url_of=lambda idea: address("change", idea.pk))
    page = {**admin.site.each_context(request), **found, "title": "Popularité et réalisme"}
    return TemplateResponse(request, "admin/ideas/rule.html", page)
