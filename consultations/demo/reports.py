"""The reports of the demonstration: those that are public, with their PDF, and one that agents are writing."""

import datetime as dt
import tomllib
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from accounts import demo as accounts
from accounts.models import User
from city import demo as city
from consultations import tasks
from consultations.demo.texts import CONTENT, french
from consultations.models import REPORT_LINES, REPORT_TEXTS, AnalysisTheme, Consultation, Item, ItemTheme, Report
from consultations.phases import PARIS, midnight
from consultations.reporting import writing
from transparency import register

Words = dict[str, Any]
HOUR = dt.timedelta(hours=10)


def seed(*, at: dt.datetime) -> bool:
    """Write the reports that are missing; tell whether there were any."""
    words = tomllib.loads((CONTENT / "report.toml").read_text(encoding="utf-8"))
    populated = city.populate()
    agent = User.objects.get(email__in=[one.email for one in accounts.demo_accounts() if one.role == "agent"])
    # Each of them, whatever the first one says.
    public = [_publish(each, agent, at) for each in words["reports"]]
    return _begin(words["draft"], agent) or any(public) or populated


def _missing(slug: str) -> Consultation | None:
    """Find a consultation of the demonstration that has no report yet."""
    rows = Consultation.objects.filter(slug=slug, published_at__isnull=False, reports__isnull=True)
    return rows.select_related("service").prefetch_related("phases").first()


def _publish(words: Words, agent: User, at: dt.datetime) -> bool:
    consultation = _missing(words["slug"])
    if consultation is None:
        return False
    if "themes" in words:
        _answer(consultation, words["themes"])
    report = writing.begin(actor=agent, consultation=consultation)
    report = writing.save(actor=agent, report=report, values=_values(words), seen=report.version)
    day = at.astimezone(PARIS).date() + dt.timedelta(days=words["published"])
    writing.publish(actor=agent, report=report, seen=report.version, at=midnight(day) + HOUR)
    # The worker may not be there yet: the demonstration opens with the file.
    tasks.build_report(report_id=report.pk)
    return True


def _begin(words: Words, agent: User) -> bool:
    consultation = _missing(words["slug"])
    if consultation is None:
        return False
    report = writing.begin(actor=agent, consultation=consultation)
    writing.save(actor=agent, report=report, values=_values(words), seen=report.version)
    return Report.objects.filter(pk=report.pk).exists()


def _values(words: Words) -> dict[str, str]:
    return {name: french(words[name]) for name in (*REPORT_TEXTS, *REPORT_LINES) if name in words}


@transaction.atomic(durable=True)
def _answer(consultation: Consultation, themes: Sequence[Words]) -> None:
    """Put each opinion that has no answer in the first theme whose words it holds, with the answer ready."""
    loose = list(Item.objects.standing().filter(consultation=consultation, links__isnull=True).order_by("pk"))
    # What agents sorted already keeps its themes.
    if not loose or AnalysisTheme.objects.filter(consultation=consultation).exists():
        return
    rows = AnalysisTheme.objects.bulk_create(
        AnalysisTheme(
            consultation=consultation,
            title=theme["title"],
            public_title=theme["title"],
            public_summary=french(theme["summary"]),
            is_minority=theme.get("is_minority", False),
            draft_decision=theme["decision"],
            draft_explanation=french(theme["explanation"]),
            draft_forwarded_to=theme.get("forwarded_to", ""),
        )
        for theme in themes
    )
    ItemTheme.objects.bulk_create(ItemTheme(item=item, theme=rows[_rank(item, themes)]) for item in loose)
    facts = {"themes": len(rows), "avis": len(loose)}
    register.record("consultation.demo", role="système", subject=consultation.slug, facts=facts)


def _rank(item: Item, themes: Sequence[Words]) -> int:
    text = f"{item.title} {item.words}".lower()
    held = (rank for rank, theme in enumerate(themes) if any(word in text for word in theme["words"]))
    return next(held, len(themes) - 1)
