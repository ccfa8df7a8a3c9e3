"""How many opinions of a consultation have an answer: counted from their places, never stored."""

from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, Q, QuerySet

from consultations.models import Consultation, Item
from consultations.places import Place


@dataclass(frozen=True)
class Coverage:
    """Where the opinions of a consultation stand.

    Shape: `by_place` holds the five places and sums to `total`; `grouped_waiting` of the grouped ones are with an opinion
    that still waits.
    """

    by_place: dict[str, int]
    grouped_waiting: int

    @cached_property
    def total(self) -> int:
        """Every opinion, those withdrawn and hidden included."""
        return sum(self.by_place.values())

    @property
    def owed(self) -> int:
        """Those the city answers: neither withdrawn nor hidden."""
        return self.total - self.by_place[Place.WITHDRAWN] - self.by_place[Place.HIDDEN]

    @property
    def without_outcome(self) -> int:
        """Those that wait, alone or with the one they are grouped with."""
        return self.by_place[Place.WAITING] + self.grouped_waiting

    @property
    def with_outcome(self) -> int:
        """Those that have an answer."""
        return self.owed - self.without_outcome

    @property
    def percent(self) -> int:
        """Rounded down: 100 means all of them. 100 when nothing is owed."""
        return self.with_outcome * 100 // self.owed if self.owed else 100


def of(consultation: Consultation) -> Coverage:
    """Count the opinions of one consultation by place."""
    return of_all([consultation.pk])[consultation.pk]


def of_all(consultations: list[int]) -> dict[int, Coverage]:
    """Count the opinions of several consultations by place, in one query."""
    waiting = Count("pk", filter=Q(place=Place.GROUPED, grouped_with__place=Place.WAITING))
    rows = (
        Item.objects.filter(consultation__in=consultations)
        .values("consultation", "place")
        .annotate(number=Count("pk"), waiting=waiting)
        .order_by("consultation", "place")
    )
    counts = {key: dict.fromkeys((place.value for place in Place), 0) for key in consultations}
    grouped_waiting = dict.fromkeys(consultations, 0)
    for row in rows:
        counts[row["consultation"]][row["place"]] = row["number"]
        grouped_waiting[row["consultation"]] += row["waiting"]
    return {key: Coverage(by_place=counts[key], grouped_waiting=grouped_waiting[key]) for key in consultations}


def lacking(consultation: Consultation) -> QuerySet[Item]:
    """List the opinions that have no answer yet, the oldest first."""
    waits = Q(place=Place.WAITING) | Q(place=Place.GROUPED, grouped_with__place=Place.WAITING)
    return Item.objects.filter(waits, consultation=consultation).order_by("received_at", "pk")
