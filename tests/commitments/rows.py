"""Rows of this room for tests, written directly."""

import datetime as dt

from django.utils import timezone

from commitments.models import Commitment, CommitmentNews
from tests.factories import make_service, today

AGENT = ("commitments.add_commitment", "commitments.change_commitment", "commitments.publish_commitment")
VIEWER = (*AGENT, "commitments.view_commitment")


def make_commitment(*, due_in=30, **fields):
    """A public commitment, planned, due in some days."""
    due_on = fields.pop("due_on", today() + dt.timedelta(days=due_in))
    published_at = fields.pop("published_at", timezone.now() - dt.timedelta(days=10))
    values = {
        "title": "Planter douze tilleuls",
        "description": "Douze tilleuls seront plantés place de la Paix.",
        "source_title": "Consultation sur la place de la Paix",
        "due_on": due_on,
        "first_due_on": due_on,
        "published_at": published_at,
        "news_at": published_at,
        **fields,
    }
    if values.get("state") in {"done", "abandoned"}:
        values.setdefault("closed_on", today())
    return Commitment.objects.create(service=values.pop("service", None) or make_service(), **values)


def make_news(commitment, **fields):
    return CommitmentNews.objects.create(
        commitment=commitment,
        **{
            "happened_on": today(),
            "published_at": timezone.now(),
            "state": commitment.state,
            "text": "Les fosses sont creusées.",
            "text_html": "<p>Les fosses sont creusées.</p>",
            "told_at": timezone.now(),
            **fields,
        },
    )
