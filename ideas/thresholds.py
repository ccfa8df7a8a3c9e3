"""The thresholds of a campaign, read with the row that they belong to: what is promised, what is reached, what lacks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from ideas.models import Threshold


@dataclass(frozen=True)
class Goal:
    """A threshold: its number of supports, its name, what the city promises there."""

    supports: int
    name: str
    promise: str
    opens_study: bool
    days: int

    def is_reached(self, next_supports: int | None) -> bool:
        """Tell whether an idea whose next threshold is that one reached it: what was reached stays so."""
        return next_supports is None or self.supports < next_supports


def of_campaign(reference: str) -> ArraySubquery:
    """Read the thresholds of each row of a query, lowest first; `reference` leads from the row to its campaign."""
    rows = Threshold.objects.filter(campaign=OuterRef(reference)).order_by("supports")
    columns = ("supports", "name", "promise", "opens_study", "days")
    return ArraySubquery(rows.values(json=JSONObject(**{name: name for name in columns})))


def read(found: Iterable[dict[str, Any]] | None) -> list[Goal]:
    """Give what `of_campaign` found."""
    return [Goal(**each) for each in found or ()]
