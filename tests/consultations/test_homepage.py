"""What the home page counts is counted in one query."""

import pytest
from django.utils import timezone

from consultations import homepage
from consultations.models import Comment, Contribution
from mulhouse import db
from tests import factories

pytestmark = pytest.mark.django_db


def test_figures_are_counted_in_one_query(django_assert_num_queries):
    at = timezone.now()
    consultation = factories.make_consultation(published_at=at)
    factories.make_contribution(consultation=consultation, published_at=at)
    with django_assert_num_queries(1):
        counted = db.count_rows(homepage.tallies(at))
    assert [(figure.value, figure.label) for figure in homepage.figures(counted)] == [
        ("1", "consultations"),
        ("1", "contributions"),
    ]


def test_comments_under_what_nobody_sees_any_more_are_not_counted():
    at = timezone.now()
    consultation = factories.make_consultation(published_at=at)
    seen, hidden, withdrawn = (
        factories.make_contribution(consultation=consultation, published_at=at) for _number in range(3)
    )
    for row in (seen, hidden, withdrawn):
        factories.make_comment(contribution=row, published_at=at)
    Contribution.objects.filter(pk=hidden.pk).update(hidden_at=at, hidden_reason="3.2")
    Contribution.objects.filter(pk=withdrawn.pk).update(withdrawn_at=at)
    assert db.count_rows(homepage.tallies(at))[1:3] == [1, 1]
    assert list(Comment.objects.public()) == list(seen.comments.all())
