"""What runs by the clock in the idea box."""

from celery import shared_task
from django.utils import timezone

from ideas import gathering, gathering_telling, pairing, verifying
from ideas.models import Amendment, AuthorNews, Gathering
from notifications.telling import in_batches


@shared_task(name="ideas.verify_supports")
def verify_supports() -> None:
    """Count as verified the supports whose author's residence was verified since; each idea in its own transaction."""
    at = timezone.now()
    for idea in verifying.ideas(at=at):
        verifying.verify_supports(idea=idea, at=at)


# --- Ideas gathered, changes proposed, news of authors -----------------------------------------------------------------

BATCH = 200


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
    row = rows.filter(pk=gathering_id).first()
    if row is None:
        return
    at = timezone.now()
    for batch in in_batches(gathering_telling.concerned(row), size=BATCH):
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
    for batch in in_batches(gathering_telling.followers(row), size=BATCH):
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
