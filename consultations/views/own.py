"""« Mes contributions »: what somebody wrote, whatever the way, and what became of each."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.http import UserRequest
from consultations import answers, asking, presentation
from consultations.models import Comment, Contribution, HeldText, Item
from consultations.views import reading
from mulhouse import lists
from mulhouse.access import resident
from mulhouse.templatetags import ui
from questionnaires.models import Response

PAGE_SIZE = 20
TEXTS, COMMENTS, RESPONSES, QUESTIONNAIRES = "", "commentaires", "reponses", "questionnaires"

Line = tuple[presentation.OwnLine, answers.Own]


@resident
@require_safe
def mine(request: UserRequest) -> HttpResponse:
    """Show somebody their drafts, contributions, comments and answers to questionnaires, with what the city made of each."""
    view = request.GET.get("voir", "")
    others = {COMMENTS: _comments, RESPONSES: _responses, QUESTIONNAIRES: _free_texts}
    page, lines = others.get(view, _contributions)(request)
    labels = (
        (TEXTS, _("Contributions et brouillons")),
        (COMMENTS, _("Commentaires")),
        (RESPONSES, _("Questionnaires")),
        (QUESTIONNAIRES, _("Textes libres")),
    )
    previous = lists.address(request.GET, avant=page.previous, page=str(page.number - 1)) if page.previous else ""
    following = lists.address(request.GET, apres=page.next, page=str(page.number + 1)) if page.next else ""
    context = {
        "lines": lines,
        "view": view,
        "tabs": [
            ui.Tab(
                label,
                request.path + (f"?voir={name}" if name else ""),
                current=name == (view if view in others else TEXTS),
            )
            for name, label in labels
        ],
        "pages": reading.numbered(request.path, page.number, previous, following),
        "crumbs": [ui.Crumb(_("Mes contributions"))],
    }
    return render(request, "consultations/mine.html", context)


def _read(request: UserRequest, rows: Any, column: str) -> lists.Page[Any]:
    return lists.read(
        rows,
        lists.Order(column),
        size=PAGE_SIZE,
        at=lists.place(request.GET),
        anchor_of=lambda reference: rows.filter(reference=reference).first(),
    )


def _contributions(request: UserRequest) -> tuple[lists.Page[Any], list[Line]]:
    waiting = HeldText.objects.waiting().filter(contribution=OuterRef("pk"), sort=HeldText.Sort.CONTRIBUTION)
    rows = Contribution.objects.filter(author=request.user).annotate(waits=Exists(waiting))
    rows = rows.select_related("consultation").defer("search", "body")
    page = _read(request, rows, "saved_at")
    items = answers.items_by("contribution", [row.pk for row in page.rows])
    lines = [presentation.own_contribution(row, waits=row.waits) for row in page.rows]
    return page, _paired(lines, [items.get(row.pk) for row in page.rows])


def _comments(request: UserRequest) -> tuple[lists.Page[Any], list[Line]]:
    rows = Comment.objects.filter(author=request.user).select_related("contribution__consultation").defer("body")
    page = _read(request, rows, "published_at")
    items = answers.items_by("comment", [row.pk for row in page.rows])
    lines = _paired([presentation.own_comment(row) for row in page.rows], [items.get(row.pk) for row in page.rows])
    if page.previous:
        return page, lines
    # What waits comes first: few, since each is read within days.
    waiting = HeldText.objects.of(request.user).exclude(sort=HeldText.Sort.CONTRIBUTION)
    waiting = waiting.select_related("contribution").order_by("-submitted_at", "-pk")[:PAGE_SIZE]
    return page, [*((presentation.own_held(held), answers.Own([], "")) for held in waiting), *lines]


def _responses(request: UserRequest) -> tuple[lists.Page[Any], list[Line]]:
    rows = Response.objects.filter(person__user=request.user, questionnaire__consultation_link__isnull=False)
    page = _read(request, rows.select_related("questionnaire__consultation_link__consultation"), "saved_at")
    at = timezone.now()
    return page, [(asking.own_response(row, at=at), answers.Own([], "")) for row in page.rows]


def _free_texts(request: UserRequest) -> tuple[lists.Page[Any], list[Line]]:
    rows = Item.objects.filter(answer__response__person__user=request.user).select_related("consultation")
    page = _read(request, answers.with_answers(rows.defer("search")), "received_at")
    return page, _paired([answers.own_free_text(item) for item in page.rows], page.rows)


def _paired(lines: list[presentation.OwnLine], items: Sequence[Item | None]) -> list[Line]:
    return list(zip(lines, answers.owns(items, at=timezone.now()), strict=True))
