"""Telling followers of what is new, after the act; and again by the clock, of what was lost on the way."""

import datetime as dt

from celery import shared_task
from django.utils import timezone

from commitments import actions, following
from commitments.models import CommitmentNews
from notifications import telling

BATCH = 200
# The task sent with the act has this long before the sweep takes its news up.
PATIENCE = dt.timedelta(minutes=5)


@shared_task(name="commitments.tell_news")
def tell_news(*, news_id: int) -> None:
    """Tell the followers of a commitment what is new; taken up where it stopped, each mail is written once."""
    news = CommitmentNews.objects.select_related("commitment").filter(pk=news_id, told_at=None).first()
    if news is not None:
        _tell(news)


@shared_task(name="commitments.sweep_news")
def sweep_news() -> None:
    """Tell what a lost task did not."""
    waiting = CommitmentNews.objects.filter(told_at=None, published_at__lt=timezone.now() - PATIENCE)
    for news in waiting.select_related("commitment").order_by("pk"):
        _tell(news)


def _tell(news: CommitmentNews) -> None:
    at = timezone.now()
    for batch in telling.in_batches(following.followers(news.commitment), size=BATCH):
        actions.tell_followers(news=news, followers=batch, at=at)
    actions.finish_telling(news=news, at=at)
