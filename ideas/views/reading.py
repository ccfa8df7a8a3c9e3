"""Reading one idea."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ideas.models import HeldText, Idea
from ideas.views import debate, fetching
from mulhouse.access import public, resident
from mulhouse.templatetags import ui
from transparency.pages import cached_for_visitors


@public
@require_safe
@cached_for_visitors
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    """Show an idea and its debate; the debate alone to htmx."""
    row = fetching.idea(request, reference, whole=True)
    if not row.is_visible:
        return render(
            request, "ideas/detail.html", {"idea": row, "crumbs": crumbs(ui.Crumb(row.reference))}, status=410
        )
    if debate.is_fragment(request):
        return render(request, "ideas/_debate.html", debate.debate_context(request, row))
    return render(request, "ideas/detail.html", {**idea_context(request, row), **debate.debate_context(request, row)})


@resident
@require_safe
def held(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a text that waits."""
    row = get_object_or_404(HeldText.objects.of(request.user).select_related("idea"), reference=reference)
    return redirect(row.idea)


def crumbs(*last: ui.Crumb) -> list[ui.Crumb]:
    """Give the way to a page about an idea."""
    return [ui.Crumb(_("Idées")), *last]


def idea_context(request: HttpRequest, row: Idea) -> dict[str, Any]:
    """Gather what the page of an idea shows."""
    return {"idea": row, "crumbs": crumbs(ui.Crumb(row.title))}
