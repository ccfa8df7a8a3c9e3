"""What runs by the clock in the idea box, and what an act asks for once it is done."""

import datetime as dt

from celery import shared_task
from django.utils import timezone

from ideas import announcing, coauthors, gathering, gathering_telling, pairing, replying, supporting, telling, verifying
from ideas.announcing import News
from ideas.models import Amendment, Answer, AuthorNews, Event, Gathering, Idea, Study
from notifications import telling as notified

BATCH = 500
REPLIES = 200
# The task sent with the act has this long before the sweep takes its news up.
PATIENCE = dt.timedelta(minutes=5)
# A study opened before that was told long ago.
SWEPT = dt.timedelta(days=7)
# Nobody is written to in the middle of the night for what can wait until morning.
FIRST_HOUR = 8


@shared_task(name="ideas.expire")
def expire() -> None:
    """Close the supports of the ideas whose last day is over; each in its own transaction, run twice it closes nothing more."""
    at = timezone.now()
    for idea in supporting.to_expire(at=at, most=BATCH):
        supporting.expire(idea=idea, at=at)


@shared_task(name="ideas.tell_passings")
def tell_passings(*, idea_id: int) -> None:
    """Tell the author of an idea which threshold it passes; each once."""
    telling.tell_passings(idea_id=idea_id, at=timezone.now())


@shared_task(name="ideas.tell_expiry")
def tell_expiry(*, idea_id: int) -> None:
    """Tell the author of an idea that its supports ended, and why; at night, that is left to the morning's sweep."""
    at = timezone.now()
    if timezone.localtime(at).hour >= FIRST_HOUR:
        telling.tell_term(idea_id=idea_id, at=at)


@shared_task(name="ideas.sweep_letters")
def sweep_letters() -> None:
    """Remind authors of the ends that come, and tell what a lost message left untold; each thing is told once."""
    at = timezone.now()
    if timezone.localtime(at).hour < FIRST_HOUR:
        return
    for key in telling.passed_since(at=at):
        telling.tell_passings(idea_id=key, at=at)
    for key in (*telling.to_remind(at=at), *telling.expired_since(at=at)):
        telling.tell_term(idea_id=key, at=at)


@shared_task(name="ideas.verify_supports")
def verify_supports() -> None:
    """Count as verified the supports whose author's residence was verified since; each idea in its own transaction."""
    at = timezone.now()
    for idea in verifying.ideas(at=at):
        verifying.verify_supports(idea=idea, at=at)


@shared_task(name="ideas.tell_replies")
def tell_replies() -> None:
    """Tell those who wrote that somebody commented or answered; each comment once."""
    at = timezone.now()
    for comments in replying.reply_batches(at=at, size=REPLIES):
        replying.tell_replies(comments=comments, at=at)


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
    told = notified.finished([news.key for news in studies])
    for news in studies:
        if news.key not in told:
            _tell(news)


def _tell(news: News) -> None:
    at, told = timezone.now(), 0
    for batch in notified.in_batches(announcing.readers(news), size=REPLIES):
        told += announcing.tell(news=news, people=batch, at=at)
    announcing.finish(news=news, people=told, at=at)


@shared_task(name="ideas.forget_invitations")
def forget_invitations() -> None:
    """Erase each night the addresses of those who did not answer an invitation in time."""
    coauthors.forget(at=timezone.now())


@shared_task(name="ideas.tell_gathering")
def tell_gathering(*, gathering_id: int) -> None:
    """Tell authors what is proposed to them or what became of it; each step once."""
    row = Gathering.objects.select_related("parent", "author").defer("parent__search").filter(pk=gathering_id).first()
    if row is not None:
        gathering_telling.tell_authors(gathering=row, at=timezone.now())


@shared_task(name="ideas.ask_supporters")
def ask_supporters(*, gathering_id: int) -> None:
    """Ask each supporter of ideas that are gathered, and tell those who follow them; taken up where it stopped."""
    rows = Gathering.objects.open().filter(asked_at__isnull=True).select_related("parent").defer("parent__search")
    row = rows.filter(pk=gathering_id, parent__in=Idea.objects.visible()).first()
    if row is None:
        return
    at = timezone.now()
    for batch in notified.in_batches(gathering_telling.concerned(row), size=REPLIES):
        gathering_telling.ask(gathering=row, people=batch, at=at)
    gathering_telling.finish_asking(gathering=row, at=at)


@shared_task(name="ideas.tell_amendment")
def tell_amendment(*, amendment_id: int) -> None:
    """Tell the author that a change is proposed, or its proposer what came of it; each step once."""
    rows = Amendment.objects.public().select_related("idea__author", "author").defer("idea__search")
    row = rows.filter(pk=amendment_id).first()
    if row is not None:
        gathering_telling.tell_amendment(amendment=row, at=timezone.now())


@shared_task(name="ideas.tell_author_news")
def tell_author_news(*, news_id: int) -> None:
    """Tell the followers of an idea the news of its author; each of them once."""
    row = AuthorNews.objects.public().select_related("idea").defer("idea__search").filter(pk=news_id).first()
    if row is not None:
        _tell_news(row)


def _tell_news(row: AuthorNews) -> None:
    at, told = timezone.now(), 0
    for batch in notified.in_batches(gathering_telling.followers(row), size=REPLIES):
        told += gathering_telling.tell_news(news=row, people=batch, at=at)
    gathering_telling.finish_news(news=row, people=told, at=at)


@shared_task(name="ideas.sweep_gatherings")
def sweep_gatherings() -> None:
    """Open or drop the proposals whose time is over; ask and tell what a lost task did not."""
    at = timezone.now()
    for row in gathering_telling.gatherings_to_look_at(at=at):
        gathering.settle(gathering=row, at=at)
    for row in gathering_telling.gatherings_to_look_at(at=at):
        gathering_telling.tell_authors(gathering=row, at=at)
        if row.is_open and row.asked_at is None:
            ask_supporters(gathering_id=row.pk)
    for amendment in gathering_telling.amendments_to_tell(at=at):
        gathering_telling.tell_amendment(amendment=amendment, at=at)
    for news in gathering_telling.news_to_tell(at=at):
        _tell_news(news)


@shared_task(name="ideas.find_pairs")
def find_pairs() -> None:
    """Find at night the pairs of ideas that probably say the same."""
    pairing.find_pairs(at=timezone.now())
