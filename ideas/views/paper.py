"""What is printed of the idea box: the form that deposits an idea, and the sheet that people sign to support one."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from city.models import Theme
from desk import consent
from desk.models import Act
from ideas import rules
from ideas.models import Campaign, Idea
from mulhouse import qr
from mulhouse.access import public
from mulhouse.templatetags import ui
from mulhouse.typography import local_day
from transparency.pages import cached_for_visitors

# Ruled lines under each part of the form, and of the sheet.
NEED_LINES, PROPOSAL_LINES, SIGNATURES = range(5), range(9), range(12)


@public
@require_safe
@cached_for_visitors
def paper_form(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the form to print, fill in by hand and bring back: one idea a form."""
    row, at = get_object_or_404(Campaign.objects.visible_to(request.user), slug=slug), timezone.now()
    is_over = row.closes_on is not None and local_day(at) > row.closes_on
    refusal = rules.campaign_refusal(row, at=at)
    context = _context(row.get_absolute_url(), _("Code qui ouvre la boîte à idées sur un téléphone"), row) | {
        # Printed in advance, never after.
        "is_printed": not is_over,
        "notice_words": refusal.message if refusal else "",
        "themes": Theme.objects.order_by("name"),
        "need_lines": NEED_LINES,
        "proposal_lines": PROPOSAL_LINES,
        "sentences": consent.SENTENCES[Act.IDEA],
        "closes_on": row.closes_on,
        "crumbs": [*_crumbs(row), ui.Crumb(_("Formulaire papier"))],
    }
    return render(request, "ideas/paper_form.html", context)


@public
@require_safe
@cached_for_visitors
def paper_sheet(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the sheet that several people sign to support an idea."""
    rows = Idea.objects.visible().select_related("campaign").defer("search", "need_html", "proposal_html")
    idea, at = get_object_or_404(rows, reference=reference.upper()), timezone.now()
    refusal = rules.supporting_refusal(idea, at=at)
    is_verified = idea.campaign.residency_level == "verified"
    words = _("Cette campagne demande une résidence vérifiée\u00a0: on soutient une idée en ligne ou au guichet.")
    context = _context(idea.get_absolute_url(), _("Code qui ouvre l’idée sur un téléphone"), idea.campaign) | {
        "idea": idea,
        "is_printed": refusal is None and not is_verified,
        "notice_words": refusal.message if refusal else words if is_verified else "",
        "signatures": SIGNATURES,
        "sentences": consent.SENTENCES[Act.SUPPORT],
        "closes_on": idea.supports_until,
        "crumbs": [
            *_crumbs(idea.campaign),
            ui.Crumb(idea.title, idea.get_absolute_url()),
            ui.Crumb(_("Feuille de soutiens")),
        ],
    }
    return render(request, "ideas/paper_sheet.html", context)


def _crumbs(campaign: Campaign) -> list[ui.Crumb]:
    return [
        ui.Crumb(_("Idées"), reverse("ideas:list")),
        ui.Crumb(campaign.title, campaign.get_absolute_url()),
    ]


def _context(address: str, label: str, campaign: Campaign) -> dict[str, Any]:
    """Gather what every printed sheet shows; `address` is the page its code opens."""
    url = settings.SITE_URL + address
    return {"campaign": campaign, "short_url": url.partition("://")[2].rstrip("/"), "code": qr.svg(url, label=label)}
