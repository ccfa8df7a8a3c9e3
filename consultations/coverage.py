"""How many opinions of a consultation have an answer: counted from their places, never stored."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, JSONField, Q, QuerySet
from django.db.models.expressions import RawSQL

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


# As one value of the row of a consultation: no query more on its pages. Only names written here enter this text.
_PLACES = """(
    SELECT jsonb_build_object(
        'by_place', coalesce(jsonb_object_agg(c.place, c.number), '{}'), 'grouped_waiting', coalesce(sum(c.waiting), 0)
    ) FROM (
        SELECT i.place, count(*) AS number, count(*) FILTER (WHERE i.place = 'grouped' AND h.place = 'waiting') AS waiting
        FROM consultations_item i LEFT JOIN consultations_item h ON h.id = i.grouped_with_id
        WHERE i.consultation_id = consultations_consultation.id GROUP BY 1
    ) c
)"""


def with_places(rows: QuerySet[Consultation]) -> QuerySet[Consultation]:
    """Add to each consultation what `read` gives."""
    return rows.annotate(places=RawSQL(_PLACES, (), output_field=JSONField()))  # noqa: S611 (no value enters it)


def read(consultation: Any) -> Coverage:
    """Give where the opinions of a consultation stood when it was read (through `with_places`)."""
    found = consultation.places
    by_place = {place.value: found["by_place"].get(place.value, 0) for place in Place}
    return Coverage(by_place=by_place, grouped_waiting=int(found["grouped_waiting"]))


def lacking(consultation: Consultation) -> QuerySet[Item]:
    """List the opinions that have no answer yet, the oldest first."""
    waits = Q(place=Place.WAITING) | Q(place=Place.GROUPED, grouped_with__place=Place.WAITING)
    return Item.objects.filter(waits, consultation=consultation).order_by("received_at", "pk")
