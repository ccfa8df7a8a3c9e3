"""What waits for those who work on ideas: readings and answers owed, studies to open, parts to give, stages whose day is past."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, Count, Q, QuerySet, Value
from django.urls import reverse

from ideas import choosing, city_rules, clocks
from ideas.models import Campaign, Milestone, Reaction, StudyPart
from ideas.models.writing import Idea
from mulhouse.typography import local_day
from mulhouse.work import Share, WorkItem
from transparency.models import Promise

# A reaction is worth reading for that long.
RECENT = timedelta(days=14)
_OWED = {
    clocks.READING: (city_rules.READ, "Premières lectures d’idées à faire", "lecture"),
    clocks.ELIGIBLE: (city_rules.ANSWER, "Idées qui ont leurs soutiens\u00a0: étude ou réponse due", "seuil"),
    clocks.THRESHOLD: (city_rules.FOLLOW, "Promesses de seuils atteints à tenir", "promesses"),
    clocks.STUDY: (city_rules.ANSWER, "Réponses dues à des idées étudiées", "etude"),
}


def ideas(user: Any, at: datetime) -> list[WorkItem]:
    """Count what each permission asks for, late ones apart; three queries at most.

    Shape: no line where nothing waits.
    """
    today, lines = local_day(at), []
    mine = [kind for kind, (permission, _label, _filter) in _OWED.items() if user.has_perm(permission)]
    if mine:
        lines += _owed(mine, today)
    if user.has_perm(city_rules.STUDY):
        lines += _parts(today)
    return lines + _counts(user, at)


def _list(kept: str) -> str:
    return f"{reverse('admin:ideas_idea_changelist')}?suivi={kept}"


def _owed(kinds: list[str], today: Any) -> list[WorkItem]:
    late = Q(due_on__lt=today, paused_on__isnull=True)
    rows = (
        Promise.objects.owed().filter(kind__in=kinds).values("kind", "service__name").order_by("kind", "service__name")
    )
    parts: dict[str, list[Share]] = {}
    counted = rows.annotate(count=Count("pk"), late=Count("pk", filter=late))
    for kind, service, count, late_count in counted.values_list("kind", "service__name", "count", "late"):
        parts.setdefault(kind, []).append(Share(service or "", count, late_count))
    return [
        WorkItem(
            _OWED[kind][1],
            sum(share.count for share in found),
            _list(_OWED[kind][2]),
            late=sum(share.late for share in found),
            shares=tuple(share for share in found if share.service),
        )
        for kind, found in parts.items()
    ]


def waiting_parts() -> QuerySet[StudyPart]:
    """Give the parts that services still owe to a study that runs."""
    return StudyPart.objects.filter(
        given_at__isnull=True, study__closed_at__isnull=True, study__idea__in=Idea.objects.visible()
    )


def _parts(today: Any) -> list[WorkItem]:
    due = Promise.objects.owed().filter(kind=clocks.STUDY, due_on__lt=today, paused_on__isnull=True)
    rows = waiting_parts().values("service__name").order_by("service__name")
    late = Count("pk", filter=Q(study__idea__reference__in=due.values("key")))
    shares = tuple(
        Share(*row) for row in rows.annotate(count=Count("pk"), late=late).values_list("service__name", "count", "late")
    )
    if not shares:
        return []
    total, late_total = sum(share.count for share in shares), sum(share.late for share in shares)
    label = "Parts d’étude attendues des services"
    return [WorkItem(label, total, _list("parts"), late=late_total, shares=shares)]


def late_stages(today: Any) -> QuerySet[Milestone]:
    """Give the stages whose day is past and that nobody said done."""
    ideas = Idea.objects.visible().filter(stage__in=city_rules.REALISED)
    return Milestone.objects.filter(done_on__isnull=True, planned_on__lt=today, idea__in=ideas)


def _counts(user: Any, at: datetime) -> list[WorkItem]:
    """Count in one query what has no service of its own."""
    sorts: dict[str, tuple[str, QuerySet[Any], str, str, str]] = {
        "study": (
            city_rules.STUDY,
            choosing.eligible(),
            "Idées prêtes pour l’étude",
            reverse("admin:ideas_idea_rule"),
            "La première de la liste d’abord\u00a0: c’est la règle publiée.",
        ),
        "reaction": (
            city_rules.ANSWER,
            Reaction.objects.visible().filter(published_at__gte=at - RECENT),
            "Réactions d’auteurs à une réponse",
            _list("reactions"),
            "Des deux dernières semaines.",
        ),
        "stage": (
            city_rules.FOLLOW,
            late_stages(local_day(at)),
            "Étapes de réalisation dont la date est passée",
            _list("etapes"),
            "Dites qu’elle est faite, ou changez sa date avec sa raison.",
        ),
        "draft": (
            "ideas.change_campaign",
            Campaign.objects.filter(published_at__isnull=True),
            "Campagnes d’idées enregistrées, non publiées",
            f"{reverse('admin:ideas_campaign_changelist')}?etat=brouillon",
            "",
        ),
    }
    mine = {name: found for name, found in sorts.items() if user.has_perm(found[0])}
    parts = [
        rows.order_by()
        .annotate(sort=Value(name, output_field=CharField()))
        .values("sort")
        .annotate(number=Count("pk"))
        .values_list("sort", "number")
        for name, (_permission, rows, *_words) in mine.items()
    ]
    if not parts:
        return []
    first, *others = parts
    counted = dict(first.union(*others, all=True)) if others else dict(first)
    return [
        WorkItem(label, counted[name], url, late=counted[name] if name == "stage" else 0, detail=detail)
        for name, (_permission, _rows, label, url, detail) in mine.items()
        if counted.get(name)
    ]
