"""What runs by the clock in the idea box, and what an act asks for once it is done."""

from celery import shared_task
from django.utils import timezone

from ideas import supporting, telling

BATCH = 500
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
