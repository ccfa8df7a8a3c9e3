"""What waits for those who work on ideas: studies to open, parts to give, stages whose day is past. What is owed: `clocks`."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, Count, IntegerField, Q, QuerySet, Value
from django.urls import reverse

from ideas import choosing, city_rules, clocks
from ideas.models import Campaign, Milestone, Reaction, StudyPart
from ideas.models.writing import Idea
from mulhouse.typography import local_day
from mulhouse.work import Share, WorkItem
from transparency.models import Promise

# A reaction is worth reading for that long.
RECENT = timedelta(days=14)
# What is counted by service, and what is late as soon as it waits.
PART, STAGE = "part", "stage"


def ideas(user: Any, at: datetime) -> list[WorkItem]:
    """Count in one query what each permission asks for, late ones apart; the promises of ideas are counted with all of them.

    Shape: no line where nothing waits.
    """
    sorts = _sorts(user, at)
    counts = [_count(name, rows) for name, (rows, *_words) in sorts.items()]
    if user.has_perm(city_rules.STUDY):
        counts.insert(0, _parts(local_day(at)))
    if not counts:
        return []
    first, *others = counts
    shares, counted = [], {}
    for sort, service, number, late in first.union(*others, all=True) if others else first:
        if sort == PART:
            shares.append(Share(service, number, late))
        else:
            counted[sort] = number
    lines = [
        WorkItem(label, counted[name], url, late=counted[name] if name == STAGE else 0, detail=detail)
        for name, (_rows, label, url, detail) in sorts.items()
        if counted.get(name)
    ]
    return [*_part_line(shares), *lines]


def _list(kept: str) -> str:
    return f"{reverse('admin:ideas_idea_changelist')}?suivi={kept}"


def waiting_parts() -> QuerySet[StudyPart]:
    """Give the parts that services still owe to a study that runs."""
    return StudyPart.objects.filter(
        given_at__isnull=True, study__closed_at__isnull=True, study__idea__in=Idea.objects.visible()
    )


def own_parts(user: Any, at: datetime) -> list[WorkItem]:
    """Count what an agent of a service owes to the studies that run; one query. Those who read the files have the line of all."""
    if user.service_id is None or user.has_perm(city_rules.VIEW):
        return []
    rows = waiting_parts().filter(service=user.service_id)
    number, late = rows.aggregate(number=Count("pk"), late=_late_parts(local_day(at))).values()
    words = "La Ville répond à l’idée d’après ce que chaque service en dit."
    return (
        [WorkItem("Parts d’étude à rendre par votre service", number, _asked(), late=late, detail=words)]
        if number
        else []
    )


def _asked() -> str:
    return f"{reverse('admin:ideas_studypart_changelist')}?etat=attendue"


def _late_parts(today: Any) -> Count:
    due = Promise.objects.owed().filter(kind=clocks.STUDY, due_on__lt=today, paused_on__isnull=True)
    return Count("pk", filter=Q(study__idea__reference__in=due.values("key")))


def _parts(today: Any) -> Any:
    rows = waiting_parts().order_by().annotate(sort=_word(PART)).values("sort", "service__name")
    return rows.annotate(number=Count("pk"), late=_late_parts(today)).values_list(
        "sort", "service__name", "number", "late"
    )


def _count(name: str, rows: QuerySet[Any]) -> Any:
    """Count what has no service of its own, as the parts are."""
    named = rows.order_by().annotate(sort=_word(name), service=_word("")).values("sort", "service")
    counted = named.annotate(number=Count("pk"), late=Value(0, output_field=IntegerField()))
    return counted.values_list("sort", "service", "number", "late")


def _word(text: str) -> Value:
    return Value(text, output_field=CharField())


def _part_line(found: list[Share]) -> list[WorkItem]:
    if not found:
        return []
    shares = tuple(sorted(found, key=lambda share: share.service))
    total, late = sum(share.count for share in shares), sum(share.late for share in shares)
    return [WorkItem("Parts d’étude attendues des services", total, _asked(), late=late, shares=shares)]


def late_stages(today: Any) -> QuerySet[Milestone]:
    """Give the stages whose day is past and that nobody said done."""
    ideas = Idea.objects.visible().filter(stage__in=city_rules.REALISED)
    return Milestone.objects.filter(done_on__isnull=True, planned_on__lt=today, idea__in=ideas)


def _sorts(user: Any, at: datetime) -> dict[str, tuple[QuerySet[Any], str, str, str]]:
    """Give what waits for this person beside the parts of services: the rows, then the words of the line.

    Shape: (rows, label, address, detail), by name.
    """
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
        STAGE: (
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
    return {name: (found[1], found[2], found[3], found[4]) for name, found in sorts.items() if user.has_perm(found[0])}
