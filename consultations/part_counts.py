"""What is visible in a consultation, counted by part and by kind: the same rows for its open data and for its report."""

from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from consultations.models import Consultation, Contribution, Section


def of(consultation: Consultation) -> Any:
    """Count by part and kind, in one query, the parts in their order.

    Shape: `part_rank` (1 for the first part, 0 for what is in none) and `part_title` (None for what is in none), `kind`,
    `contributions`, then sums whose names begin with `sum_`.
    """
    return _counted(Contribution.objects.visible().filter(consultation=consultation), "kind").order_by(
        "part_rank", "kind"
    )


def of_all(consultations: QuerySet[Consultation]) -> Any:
    """Count the same over some consultations, the newest first; each line has `consultation__slug` too."""
    rows = Contribution.objects.visible().filter(consultation__in=consultations)
    ordered = ("-consultation__published_at", "-consultation_id", "part_rank", "kind")
    return _counted(rows, "consultation__slug", "consultation__published_at", "consultation_id", "kind").order_by(
        *ordered
    )


def _counted(rows: QuerySet[Contribution], *by: str) -> Any:
    before = Q(position__lt=OuterRef("section__position")) | Q(
        position=OuterRef("section__position"), pk__lte=OuterRef("section")
    )
    alike = Section.objects.filter(before, consultation=OuterRef("consultation")).order_by().values("consultation")
    rank = alike.annotate(number=Count("pk")).values("number")
    return rows.values(*by, part_rank=Coalesce(Subquery(rank), 0), part_title=F("section__title")).annotate(
        contributions=Count("pk"),
        sum_comments=Sum("comment_count"),
        sum_for=Sum("for_count"),
        sum_against=Sum("against_count"),
        sum_agree=Sum(F("agree_count") + F("imported_agree_count")),
        sum_mixed=Sum(F("mixed_count") + F("imported_mixed_count")),
        sum_disagree=Sum(F("disagree_count") + F("imported_disagree_count")),
    )
