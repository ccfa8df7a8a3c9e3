"""What runs by the clock: the files of the night, and those that are made again once a text was taken away."""

from celery import shared_task
from django.utils import timezone

from opendata import datasets, dumping


@shared_task(name="opendata.publish")
def publish() -> None:
    """Make the files of every dataset; one that fails is left as it was, and the others are made."""
    at = timezone.now()
    dumping.purge(at=at)
    dumping.make(datasets.all_of_them(), at=at)


@shared_task(name="opendata.sweep")
def sweep() -> None:
    """Make again the files that are not given any more, and those of new datasets."""
    if waiting := dumping.stale():
        dumping.make(waiting, at=timezone.now())
