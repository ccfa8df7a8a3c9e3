"""Columns that PostgreSQL computes and keeps."""

from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F

from mulhouse import fulltext

SEARCH_CONFIG = "french_unaccent"


def search_column(*weighted: tuple[str, str]) -> Any:
    """Build the stored search column: each (field, weight), French stems, accents folded."""
    vectors = [fulltext.vector(field, weight=weight, config=SEARCH_CONFIG) for field, weight in weighted]
    whole: Any = vectors[0]
    for vector in vectors[1:]:
        whole = whole + vector
    return models.GeneratedField(expression=whole, output_field=SearchVectorField(), db_persist=True)


def sum_column(*columns: str) -> Any:
    """Build a stored sum of counters, so that a list can be ordered by it from an index."""
    whole: Any = F(columns[0])
    for column in columns[1:]:
        whole = whole + F(column)
    return models.GeneratedField(expression=whole, output_field=models.IntegerField(), db_persist=True)
