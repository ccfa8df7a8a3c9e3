"""What of the idea box people follow is named while everybody sees it, in one query for each kind."""

import pytest
from django.utils import timezone

from notifications import topics
from tests import factories as f

pytestmark = pytest.mark.django_db


def test_what_is_public_is_named_in_one_query_each(django_assert_num_queries):
    ideas, campaign = [f.make_idea() for _ in range(3)], f.make_campaign()
    wanted = [*(idea.topic for idea in ideas), campaign.topic]
    with django_assert_num_queries(2):
        found = topics.named(wanted)
    assert {topic: (each.title, each.url) for topic, each in found.items()} == {
        **{idea.topic: (idea.title, f"/idees/{idea.reference}/") for idea in ideas},
        campaign.topic: (campaign.title, f"/idees/campagnes/{campaign.slug}/"),
    }
    assert topics.describe(ideas[0].topic) == found[ideas[0].topic]


def test_what_is_not_public_is_not_named():
    at = timezone.now()
    hidden = [
        f.make_idea(hidden_at=at, hidden_reason="3.2"),
        f.make_idea(withdrawn_at=at),
        f.make_idea(published=False),
        f.make_campaign(published_at=None),
    ]
    assert topics.named([row.topic for row in hidden]) == {}


def test_they_are_not_followed_from_any_page():
    """An idea is followed by its own gesture, which its rule refuses when it is hidden."""
    assert [topics.is_open(topic) for topic in ("idea:AAAAAAAA", "campaign:edition")] == [False, False]
