"""What the home page counts is counted in one query."""

import pytest
from django.utils import timezone

from consultations import homepage
from tests import factories

pytestmark = pytest.mark.django_db


def test_figures_are_counted_in_one_query(django_assert_num_queries):
    at = timezone.now()
    consultation = factories.make_consultation(published_at=at)
    factories.make_contribution(consultation=consultation, published_at=at)
    with django_assert_num_queries(1):
        counted = homepage.counts(at)
    assert [(figure.value, figure.label) for figure in homepage.figures(counted)] == [
        ("1", "consultations"),
        ("1", "contributions"),
    ]
