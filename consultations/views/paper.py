"""What is printed of a consultation: its form, its questionnaires and ballots, filled in by hand, and the poster that leads to it."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from city.models import District
from consultations import phases, printing, rules
from consultations.models import Consultation
from consultations.views import fetching
from desk import consent
from desk.models import Act
from mulhouse import qr
from mulhouse.access import public
from mulhouse.errors import Refusal
from mulhouse.templatetags import ui
from questionnaires import outline
from questionnaires import rules as questionnaire_rules
from questionnaires.models import Questionnaire
from transparency.pages import cached_for_visitors

# Ruled lines under each question of the printed form.
LINES = range(8)


@public
@require_safe
@cached_for_visitors
def paper_form(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the form to print, fill in by hand and bring back, and the way to the questionnaires and ballots to print."""
    row, at = fetching.consultation(request, slug, "sections"), timezone.now()
    context = _context(row, _("Formulaire papier"), at=at)
    refusal = rules.writing_refusal(row, at=at)
    is_asked = row.takes_contributions and (refusal is None or _is_coming(row, at))
    sheets = printing.sheets(row, at=at)
    context |= {
        "has_form": is_asked and bool(context["sections"]),
        "sheets": sheets,
        "notice_words": _notice_words(refusal, asks=is_asked, has_parts=bool(context["sections"]), sheets=bool(sheets)),
        "lines": LINES,
        "sentences": consent.SENTENCES[Act.CONTRIBUTION],
    }
    return render(request, "consultations/paper_form.html", context)


def _notice_words(refusal: Refusal | None, *, asks: bool, has_parts: bool, sheets: bool) -> str:
    """Say why the form is not there, or not open yet; "" where there is nothing to say."""
    if asks and not has_parts:
        return _("Aucune question n’est posée par écrit pour l’instant.")
    if refusal is None or (sheets and not asks):
        return ""
    return refusal.message


@public
@require_safe
@cached_for_visitors
def paper_questionnaire(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Show a questionnaire to print, with every question and what it depends on."""
    consultation, at = fetching.consultation(request, slug, "sections"), timezone.now()
    row = get_object_or_404(
        Questionnaire.objects.visible_to(request.user),
        consultation_link__consultation=consultation,
        reference=reference.upper(),
    )
    address = reverse("consultations:questionnaire", args=[slug, row.reference])
    is_printed = printing.is_printed(consultation, row, at=at)
    refusal = questionnaire_rules.window_refusal(row, at=at)
    who = str(row.get_residency_level_display())
    if row.minimum_age:
        who = _("%(who)s, à partir de %(age)s\u00a0ans") % {"who": who, "age": row.minimum_age}
    context = _context(consultation, _("Questionnaire à imprimer"), at=at, address=address) | {
        "questionnaire": row,
        "is_printed": is_printed,
        "notice_words": refusal.message if refusal else "" if is_printed else _("Cette consultation est archivée."),
        "who": who,
        "pages": printing.pages(outline.read(row), District.objects.all()) if is_printed else [],
        "closes_on": row.last_day,
        "lines": printing.LINES,
        "sentences": consent.SENTENCES[Act.ANSWERS],
    }
    return render(request, "consultations/paper_questionnaire.html", context)


@public
@require_safe
@cached_for_visitors
def poster(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the poster to print, with the code that opens the page on a phone."""
    row, at = fetching.consultation(request, slug, "sections", whole=True), timezone.now()
    context = _context(row, _("Affiche"), at=at)
    call, last_day = _call(row, at)
    context |= {
        "call": call,
        "closes_on": last_day or context["closes_on"],
        "places": ", ".join(row.district_names) or _("Toute la ville"),
    }
    return render(request, "consultations/poster.html", context)


def _call(row: Consultation, at: dt.datetime) -> tuple[str, dt.date | None]:
    """Say what the poster invites to, in French as the rest of it, and until when if it is not to write an opinion."""
    if rules.writing_refusal(row, at=at) is None:
        return "Donnez votre avis", None
    sheets = printing.sheets(row, at=at)
    if not sheets:
        return "Lisez les avis", None
    return "Participez", max((sheet.last_day for sheet in sheets if sheet.last_day), default=None)


def _context(row: Consultation, here: str, *, at: dt.datetime, address: str = "") -> dict[str, Any]:
    """Gather what every printed sheet shows; `address` is the page its code opens, that of the consultation unless told otherwise."""
    url = settings.SITE_URL + (address or row.get_absolute_url())
    return {
        "consultation": row,
        "sections": list(row.sections.all()),
        "short_url": url.partition("://")[2].rstrip("/"),
        "code": qr.svg(url, label=_("Code qui ouvre la page de la consultation sur un téléphone")),
        "closes_on": _last_day(row, at),
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
