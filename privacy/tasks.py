"""What runs by the clock in this room."""

import logging

from celery import shared_task
from django.utils import timezone

from privacy import actions, eliminations, retention
from privacy.models import EliminationProposal

logger = logging.getLogger("mulhouse.privacy")


@shared_task(name="privacy.close_unused_accounts")
def close_unused_accounts() -> None:
    """Warn the people who do not come any more, and close the accounts whose day has come; twice a day does nothing more."""
    report = retention.run(at=timezone.now(), write=True)
    logger.info(
        "unused accounts: %s steps, %s returned, %s of staff", dict(report.steps), report.returned, report.staff
    )


@shared_task(name="privacy.eliminate")
def eliminate(*, proposal_id: int) -> None:
    """Destroy what the Archives approved; running it again goes on where it stopped."""
    running = EliminationProposal.State.RUNNING
    proposal = EliminationProposal.objects.filter(pk=proposal_id, state=running).first()
    if proposal is not None:
        eliminations.go_on(proposal, at=timezone.now())


@shared_task(name="privacy.sweep_eliminations")
def sweep_eliminations() -> None:
    """Take up the eliminations that a worker left half-way."""
    running = EliminationProposal.objects.filter(state=EliminationProposal.State.RUNNING)
    for proposal in running.order_by("pk"):
        eliminations.go_on(proposal, at=timezone.now())


@shared_task(name="privacy.purge")
def purge() -> None:
    """Erase the accesses of a year ago, the requests that nobody confirmed, those answered long ago."""
    actions.purge(at=timezone.now())
