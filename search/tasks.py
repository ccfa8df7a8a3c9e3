"""What runs by the clock in this room."""

from celery import shared_task
from django.utils import timezone

from search import actions, pages, upkeep


@shared_task(name="search.learn_words")
def learn_words() -> None:
    """Add to the lexicon the words of what was written lately."""
    actions.learn_words(at=timezone.now())


@shared_task(name="search.check")
def check() -> None:
    """Compare every document with its source, repair, read the site's own pages again, and count the words."""
    upkeep.check()
    actions.write_pages(pages=pages.read())
    actions.count_words()
