"""Feeds of the consultations, in Atom and RSS."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import feedgenerator, timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consultations.models import Consultation, Report

ITEMS = 30
FORMATS: dict[str, type[feedgenerator.SyndicationFeed]] = {
    "atom": feedgenerator.Atom1Feed,
    "rss": feedgenerator.Rss201rev2Feed,
}


def consultations(kind: str) -> tuple[str, str]:
    """Write the feed of the published consultations, newest first.

    Shape: (XML text, content type); a consultation has one entry, dated of its publication, and so has each version of its
    report.
    """
    url = settings.SITE_URL + reverse("consultations:list")
    feed = FORMATS[kind](
        title=_("Consultations de la ville de Mulhouse"),
        link=url,
        description=_("Les projets sur lesquels la Ville demande l’avis des habitants."),
        language=get_language(),
        feed_url=settings.SITE_URL + reverse("consultations:feed", args=[kind]),
        author_name=settings.SITE_NAME,
    )
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
    for entry in sorted(entries, key=lambda entry: entry["pubdate"], reverse=True)[:ITEMS]:
        feed.add_item(**entry)
    return feed.writeString("utf-8"), str(feed.content_type)  # type: ignore[attr-defined] # each format has one


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
