"""Feeds of the ideas, in Atom and RSS."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ideas import following, presentation
from ideas.models import Answer, Event, Idea, Stage
from mulhouse import syndication

ITEMS = 30


def ideas(kind: str) -> tuple[str, str]:
    """Write the feed of the box, newest first: visible ideas, those that are studied, the answers of the city, what it does of them.

    Shape: (XML text, content type).
    """
    now = timezone.now()
    rows = Idea.objects.visible().filter(published_at__lte=now).select_related("author", "district", "theme")
    answers = Answer.objects.public().filter(published_at__lte=now).select_related("idea__theme").defer("idea__search")
    studied = Idea.objects.visible().filter(stage=Stage.STUDY, stage_at__lte=now).select_related("theme", "study")
    events = Event.objects.public().filter(published_at__lte=now).select_related("idea__theme").defer("idea__search")
    entries = [
        *(_written(row) for row in rows.defer("search").order_by("-published_at", "-pk")[:ITEMS]),
        *(_studied(row) for row in studied.defer("search").order_by("-stage_at", "-pk")[:ITEMS]),
        *(_answered(row) for row in answers.order_by("-published_at", "-pk")[:ITEMS]),
        *(_happened(row) for row in events.order_by("-published_at", "-pk")[:ITEMS]),
    ]
    return syndication.write(
        kind,
        title=_("Boîte à idées de Mulhouse"),
        description=_("Les idées des habitants, et ce que la Ville leur répond."),
        path=reverse("ideas:list"),
        feed_path=reverse("ideas:feed", args=[kind]),
        entries=sorted(entries, key=lambda entry: entry["pubdate"], reverse=True)[:ITEMS],
    )


def _written(row: Idea) -> dict[str, Any]:
    address = settings.SITE_URL + row.get_absolute_url()
    return {
        "title": row.title,
        "link": address,
        "unique_id": address,
        "description": f"{row.need_html}{row.proposal_html}",
        "author_name": presentation.signed(row),
        "pubdate": row.published_at,
        "updateddate": row.corrected_at or row.published_at,
        "categories": [row.theme.name] if row.theme else [],
    }


def _answered(row: Answer) -> dict[str, Any]:
    address = settings.SITE_URL + row.idea.get_absolute_url()
    return {
        "title": _("Réponse de la Ville\u00a0: %(subject)s") % {"subject": row.idea.title},
        "link": address,
        "unique_id": f"{address}#reponse-{row.reference}",
        "description": row.reason_html,
        "pubdate": row.published_at,
        "updateddate": row.published_at,
        "categories": [row.get_outcome_display()],
    }


def _studied(row: Idea) -> dict[str, Any]:
    address = settings.SITE_URL + row.get_absolute_url()
    study = getattr(row, "study", None)
    return {
        "title": _("À l’étude\u00a0: %(subject)s") % {"subject": row.title},
        "link": address,
        "unique_id": f"{address}#etude",
        "description": study.ground if study else "",
        "pubdate": row.stage_at,
        "updateddate": row.stage_at,
        "categories": [row.theme.name] if row.theme else [],
    }


def _happened(row: Event) -> dict[str, Any]:
    address = settings.SITE_URL + row.idea.get_absolute_url()
    words, _tone, _icon = following.event_words(row)
    return {
        "title": _("%(words)s\u00a0: %(subject)s") % {"words": words, "subject": row.idea.title},
        "link": f"{address}#{row.reference}",
        "unique_id": f"{address}#{row.reference}",
        "description": row.text_html,
        "pubdate": row.published_at,
        "updateddate": row.published_at,
        "categories": [row.get_kind_display()],
    }
