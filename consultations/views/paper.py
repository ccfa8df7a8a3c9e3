"""What is printed of a consultation: the form that those without the web fill in, and the poster that leads to the page."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consultations import phases, rules
from consultations.models import Consultation
from consultations.views import fetching
from desk import consent
from mulhouse import qr
from mulhouse.access import public
from mulhouse.templatetags import ui
from transparency.pages import cached_for_visitors

# Ruled lines under each question of the printed form.
LINES = range(8)


@public
@require_safe
@cached_for_visitors
def paper_form(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the form to print, fill in by hand and bring back."""
    row = fetching.consultation(request, slug, "sections")
    context = {**_context(row, _("Formulaire papier")), "lines": LINES, "sentences": consent.SENTENCES}
    return render(request, "consultations/paper_form.html", context)


@public
@require_safe
@cached_for_visitors
def poster(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the poster to print, with the code that opens the page on a phone."""
    row = fetching.consultation(request, slug, "sections", whole=True)
    context = {
        **_context(row, _("Affiche")),
        "places": ", ".join(row.district_names) or _("Toute la ville"),
    }
    return render(request, "consultations/poster.html", context)


def _context(row: Consultation, here: str) -> dict[str, Any]:
    at = timezone.now()
    refusal = rules.writing_refusal(row, at=at)
    url = settings.SITE_URL + row.get_absolute_url()
    return {
        "consultation": row,
        "sections": list(row.sections.all()),
        "url": url,
        "short_url": url.partition("://")[2].rstrip("/"),
        "code": qr.svg(url, label=_("Code qui ouvre la page de la consultation sur un téléphone")),
        "closes_on": _last_day(row, at),
        "refusal": refusal,
        "is_over": refusal is not None and not _is_coming(row, at),
        "crumbs": [
            ui.Crumb(_("Consultations"), reverse("consultations:list")),
            ui.Crumb(row.title, row.get_absolute_url()),
            ui.Crumb(here),
        ],
    }


def _is_coming(row: Consultation, at: dt.datetime) -> bool:
    """Tell whether one can still answer some day: forms are printed in advance, never after."""
    return row.archived_at is None and any(
        span.kind is phases.Kind.CONTRIBUTE and phases.status(span, at=at) is not phases.Status.PAST
        for span in row.spans()
    )


def _last_day(row: Consultation, at: dt.datetime) -> dt.date | None:
    """Give the last day on which one can answer, of the phase that is open or of the next one."""
    days = [
        span.ends_on
        for span in row.spans()
        if span.kind is phases.Kind.CONTRIBUTE and phases.status(span, at=at) is not phases.Status.PAST
    ]
    return days[0] if days else None
