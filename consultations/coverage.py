"""How many opinions of a consultation have an answer: counted from their places, never stored."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

from django.db.models import JSONField, Model, Q, QuerySet
from django.db.models.expressions import RawSQL

from consultations.models import Consultation, Item
from consultations.places import Place

Rows = TypeVar("Rows", bound=Model)


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


_PLACES = """(
    SELECT jsonb_object_agg(c.place, ARRAY[c.number, c.waiting]) FROM (
        SELECT i.place, count(*) AS number, count(*) FILTER (WHERE i.place = 'grouped' AND g.place = 'waiting') AS waiting
        FROM consultations_item i LEFT JOIN consultations_item g ON g.id = i.grouped_with_id
        WHERE i.consultation_id = consultations_consultation.id GROUP BY 1
    ) c
)"""


def with_counts(rows: QuerySet[Rows]) -> QuerySet[Rows]:
    """Add what `of` reads to each consultation, or to each row that is read with its own (`select_related`)."""
    found: Any = rows.annotate(opinions=RawSQL(_PLACES, (), output_field=JSONField()))  # noqa: S611 (no value enters it)
    return cast("QuerySet[Rows]", found)


def of(consultation: Any) -> Coverage:
    """Count the opinions of one consultation by place; no query when it was read `with_counts`."""
    if hasattr(consultation, "opinions"):
        return _read(consultation.opinions)
    return of_all([consultation.pk])[consultation.pk]


def of_all(consultations: list[int]) -> dict[int, Coverage]:
    """Count the opinions of several consultations by place, in one query."""
    rows = with_counts(Consultation.objects.filter(pk__in=consultations)).only("pk").order_by("pk")
    return {row.pk: of(row) for row in rows}


def _read(opinions: dict[str, list[int]] | None) -> Coverage:
    found = opinions or {}
    return Coverage(
        by_place={place.value: found.get(place, [0, 0])[0] for place in Place},
        grouped_waiting=sum(waiting for _number, waiting in found.values()),
    )


def lacking(consultation: Consultation) -> QuerySet[Item]:
    """List the opinions that have no answer yet, the oldest first."""
    waits = Q(place=Place.WAITING) | Q(place=Place.GROUPED, grouped_with__place=Place.WAITING)
    return Item.objects.filter(waits, consultation=consultation).order_by("received_at", "pk")
