"""Feeds of the consultations, in Atom and RSS."""

import hashlib
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from consultations import signatures
from consultations.models import Consultation, Contribution, Item, ItemOutcome, Outcome, Report
from mulhouse import syndication

ITEMS = 30


def consultations(kind: str) -> tuple[str, str]:
    """Write the feed of the published consultations, newest first.

    Shape: (XML text, content type); a consultation has one entry, dated of its publication, and so has each version of its
    report.
    """
    now = timezone.now()
    rows = Consultation.objects.published().filter(published_at__lte=now).select_related("theme")
    reports = Report.objects.published().filter(published_at__lte=now).select_related("consultation__theme")
    entries = [
        *(_entry(row.published_at, row.title, row.get_absolute_url(), row.summary, row) for row in _newest(rows)),
        *(
            _entry(
                row.published_at, _report_title(row), row.get_absolute_url(), row.consultation.summary, row.consultation
            )
            for row in _newest(reports)
        ),
    ]
    return syndication.write(
        kind,
        title=_("Consultations de la ville de Mulhouse"),
        description=_("Les projets sur lesquels la Ville demande l’avis des habitants."),
        path=reverse("consultations:list"),
        feed_path=reverse("consultations:feed", args=[kind]),
        entries=_last(entries),
    )


def _last(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(entries, key=lambda entry: entry["pubdate"], reverse=True)[:ITEMS]


def _newest(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.order_by("-published_at", "-pk")[:ITEMS]


def _report_title(report: Report) -> str:
    title = report.consultation.title
    if report.number == 1:
        return _("Bilan\u00a0: %(title)s") % {"title": title}
    return _("Bilan, version %(number)s\u00a0: %(title)s") % {"number": report.number, "title": title}


def _entry(at: Any, title: str, url: str, description: str, consultation: Consultation) -> dict[str, Any]:
    address = settings.SITE_URL + url
    return {
        "title": title,
        "link": address,
        "unique_id": address,
        "description": description,
        "pubdate": at,
        "updateddate": at,
        "categories": [consultation.theme.name],
    }


def of_consultation(consultation: Consultation, kind: str) -> tuple[str, str]:
    """Write the feed of a consultation: its visible contributions and the city's answers, newest first.

    Shape: (XML text, content type); an answer to a theme is one entry, whatever the number of opinions it reached.
    """
    entries = [
        *map(_written, _texts(consultation)),
        *(_answered(consultation, each) for each in _answers(consultation)),
    ]
    return syndication.write(
        kind,
        title=_("Avis et réponses\u00a0: %(title)s") % {"title": consultation.title},
        description=consultation.summary,
        path=reverse("consultations:contributions", args=[consultation.slug]),
        feed_path=reverse("consultations:own_feed", args=[consultation.slug, kind]),
        entries=_last(entries),
    )


def _texts(consultation: Consultation) -> QuerySet[Contribution]:
    rows = Contribution.objects.visible().filter(consultation=consultation)
    return _newest(rows.select_related("consultation", "author", "district").defer("search"))


def _answers(consultation: Consultation) -> QuerySet[Outcome]:
    """Read the answers that reach an opinion which is public now: one whose text was hidden is not told."""
    reached = ItemOutcome.objects.current().filter(
        outcome=OuterRef("pk"), item__in=Item.objects.filter(consultation=consultation).public()
    )
    return _newest(Outcome.objects.filter(Exists(reached), consultation=consultation))


def _written(row: Contribution) -> dict[str, Any]:
    address = settings.SITE_URL + row.get_absolute_url()
    return {
        "title": row.title,
        "link": address,
        "unique_id": address,
        "description": row.body_html,
        "author_name": signatures.of_contribution(row),
        "pubdate": row.published_at,
        "updateddate": row.corrected_at or row.published_at,
        "categories": [row.get_kind_display()],
    }


def _answered(consultation: Consultation, row: Outcome) -> dict[str, Any]:
    address = settings.SITE_URL + reverse("consultations:outcomes", args=[consultation.slug])
    subject = row.subject or _("un avis")
    return {
        "title": _("Réponse de la Ville\u00a0: %(subject)s") % {"subject": subject},
        "link": address,
        "unique_id": f"{address}#reponse-{hashlib.sha256(f'outcome:{row.pk}'.encode()).hexdigest()[:16]}",
        "description": row.explanation_html,
        "pubdate": row.published_at,
        "updateddate": row.published_at,
        "categories": [row.get_decision_display()],
    }
