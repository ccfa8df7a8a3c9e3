"""What runs by the clock: announcing the phases that begin and the rules that change; counting again and sweeping at night."""

import datetime as dt
import logging

from celery import shared_task
from django.core.files.storage import default_storage
from django.utils import timezone

from consultations import actions, amendments, counters, participation, phases, reminding
from consultations.models import Attachment, Phase, Ruleset
from notifications import subscriptions

logger = logging.getLogger(__name__)

BATCH = 200
# Nobody is written to in the middle of the night.
FIRST_HOUR = 8
YOUNG = dt.timedelta(days=1)


@shared_task(name="consultations.announce_phases")
def announce_phases() -> None:
    """Tell followers of each phase that has begun; taken up where it stopped, each mail is written once."""
    at = timezone.now()
    if at.astimezone(phases.PARIS).hour < FIRST_HOUR:
        return
    for phase in Phase.objects.to_announce(at=at).select_related("consultation").order_by("pk"):
        people = subscriptions.followers(phase.consultation.topic)
        last = 0
        while batch := list(people.filter(pk__gt=last)[:BATCH]):
            actions.announce_phase(phase=phase, followers=batch)
            last = batch[-1].pk
        actions.finish_announcing(phase=phase, at=at)


@shared_task(name="consultations.announce_amendments")
def announce_amendments() -> None:
    """Tell those concerned by each amendment; taken up where it stopped, each mail is written once."""
    at = timezone.now()
    if at.astimezone(phases.PARIS).hour < FIRST_HOUR:
        return
    for amendment in Ruleset.objects.to_announce().select_related("consultation").order_by("pk"):
        people = amendments.concerned(amendment.consultation)
        last = 0
        while batch := list(people.filter(pk__gt=last)[:BATCH]):
            amendments.announce(amendment=amendment, people=batch)
            last = batch[-1].pk
        amendments.finish_announcing(amendment=amendment, at=at)


@shared_task(name="consultations.remind_promises")
def remind_promises() -> None:
    """Remind the city of each answer it owes, at each step of the clock, once."""
    at = timezone.now()
    if at.astimezone(phases.PARIS).hour < FIRST_HOUR:
        return
    for consultation in reminding.due(at=at):
        reminding.remind(consultation=consultation, at=at)


@shared_task(name="consultations.check_consistency")
def check_consistency() -> None:
    """Count again what is stored as a number and who took part, log each difference and put it right."""
    for difference in counters.recount(repair=True):
        logger.error(
            "counter %s.%s of %s was %s, counted %s",
            difference.table,
            difference.counter,
            difference.pk,
            difference.stored,
            difference.counted,
        )
    if lacking := participation.missing():
        logger.error("ledgers lacked somebody: %s; wrote %s", lacking, participation.repair(lacking))


@shared_task(name="consultations.purge_files")
def purge_files() -> None:
    """Delete the files of contributions that no row names: what a crash left between a file and its row."""
    folder = str(Attachment.file.field.upload_to).rstrip("/")
    try:
        stored = {f"{folder}/{name}" for name in default_storage.listdir(folder)[1]}
    except FileNotFoundError:
        return
    named = set(Attachment.objects.order_by("pk").values_list("file", flat=True))
    for name in sorted(stored - named):
        # A file comes before its row: one that is a day old waits for none.
        if default_storage.get_modified_time(name) < timezone.now() - YOUNG:
            default_storage.delete(name)
            logger.info("deleted an orphan file of contributions")
