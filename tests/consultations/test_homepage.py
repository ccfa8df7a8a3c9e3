"""What the home page counts is counted once for everybody."""

import pytest
from django.utils import timezone

from consultations import homepage
from tests import factories

pytestmark = pytest.mark.django_db


def test_figures_are_counted_in_one_query_and_kept(django_assert_num_queries):
    at = timezone.now()
    consultation = factories.make_consultation(published_at=at)
    factories.make_contribution(consultation=consultation, published_at=at)
    with django_assert_num_queries(2):  # the head of the register, the three counts
        first = homepage.figures(at)
    with django_assert_num_queries(1):  # the head of the register
        assert homepage.figures(at) == first
    assert [figure.value for figure in first] == ["1", "1"]
