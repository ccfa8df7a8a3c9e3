"""Telling followers what the city does of ideas, after the act; and again by the clock, of what was lost on the way."""

import datetime as dt

from celery import shared_task
from django.utils import timezone

from ideas import announcing
from ideas.announcing import News
from ideas.models import Answer, Event, Study
from notifications import telling

BATCH = 200
# The task sent with the act has this long before the sweep takes its news up.
PATIENCE = dt.timedelta(minutes=5)
# A study opened before that was told long ago.
SWEPT = dt.timedelta(days=7)


@shared_task(name="ideas.tell_answer")
def tell_answer(*, answer_id: int) -> None:
    """Tell the author and the followers of an idea what the city answers; taken up where it stopped."""
    answer = Answer.objects.public().select_related("idea").filter(pk=answer_id, told_at=None).first()
    if answer is not None:
        _tell(announcing.of_answer(answer))


@shared_task(name="ideas.tell_study")
def tell_study(*, study_id: int) -> None:
    """Tell the followers of an idea that its study opens; taken up where it stopped."""
    study = Study.objects.select_related("idea").filter(pk=study_id).first()
    if study is not None and study.idea.is_visible:
        _tell(announcing.of_study(study))


@shared_task(name="ideas.tell_event")
def tell_event(*, event_id: int) -> None:
    """Tell the followers of an idea where its realisation stands; taken up where it stopped."""
    event = Event.objects.public().select_related("idea").filter(pk=event_id, told_at=None).first()
    if event is not None:
        _tell(announcing.of_event(event))


@shared_task(name="ideas.sweep_city_news")
def sweep_city_news() -> None:
    """Tell what a lost task did not."""
    now = timezone.now()
    for answer in Answer.objects.public().filter(told_at=None, published_at__lt=now - PATIENCE).select_related("idea"):
        _tell(announcing.of_answer(answer))
    for event in Event.objects.public().filter(told_at=None, published_at__lt=now - PATIENCE).select_related("idea"):
        _tell(announcing.of_event(event))
    recent = Study.objects.filter(opened_at__range=(now - SWEPT, now - PATIENCE)).select_related("idea").order_by("pk")
    studies = [announcing.of_study(study) for study in recent if study.idea.is_visible]
    told = telling.finished([news.key for news in studies])
    for news in studies:
        if news.key not in told:
            _tell(news)


def _tell(news: News) -> None:
    at, told = timezone.now(), 0
    for batch in telling.in_batches(announcing.readers(news), size=BATCH):
        told += announcing.tell(news=news, people=batch, at=at)
    announcing.finish(news=news, people=told, at=at)
