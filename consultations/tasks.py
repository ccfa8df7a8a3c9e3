"""What runs by the clock: announcing the phases that begin and the rules that change; counting again and sweeping at night."""

import datetime as dt
import logging
import uuid
from typing import Any

from celery import shared_task
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from consultations import (
    actions,
    amendments,
    analysis,
    announcing,
    deadlines,
    items,
    packaging,
    participation,
    phases,
    reminding,
    telling,
)
from consultations.models import ArchivePackage, Attachment, Consultation, Document, Phase, Report, Ruleset
from consultations.reporting import pdf, writing
from mulhouse import queue
from notifications import subscriptions
from notifications.telling import in_batches
from transparency import recounting

logger = logging.getLogger(__name__)

BATCH = 200
# Nobody is written to in the middle of the night.
FIRST_HOUR = 8
YOUNG = dt.timedelta(days=1)
REPORT_FOLDER = str(Report.pdf.field.upload_to).rstrip("/")
# A PDF that no worker finished in this time was lost with its message.
LOST_AFTER = dt.timedelta(minutes=10)


@shared_task(name="consultations.announce_phases")
def announce_phases() -> None:
    """Tell followers of each phase that has begun; taken up where it stopped, each mail is written once."""
    at = timezone.now()
    if at.astimezone(phases.PARIS).hour < FIRST_HOUR:
        return
    for phase in Phase.objects.to_announce(at=at).select_related("consultation").order_by("pk"):
        for batch in in_batches(subscriptions.followers(phase.consultation.topic), size=BATCH):
            actions.announce_phase(phase=phase, followers=batch, at=at)
        actions.finish_announcing(phase=phase, at=at)


@shared_task(name="consultations.announce_openings")
def announce_openings() -> None:
    """Tell the followers of a theme or a district of each consultation published there; each is told once."""
    at = timezone.now()
    if at.astimezone(phases.PARIS).hour < FIRST_HOUR:
        return
    for consultation in announcing.openings(at=at):
        told = 0
        for batch in in_batches(announcing.interested(consultation), size=BATCH):
            told += announcing.announce_opening(consultation=consultation, people=batch, at=at)
        announcing.finish_opening(consultation=consultation, people=told, at=at)


@shared_task(name="consultations.remind_deadlines")
def remind_deadlines() -> None:
    """Remind those who follow a consultation and have not taken part that it ends soon; once for each end."""
    at = timezone.now()
    if at.astimezone(phases.PARIS).hour < FIRST_HOUR:
        return
    for phase in deadlines.due(at=at):
        told = 0
        for batch in in_batches(deadlines.concerned(phase), size=BATCH):
            told += deadlines.remind(phase=phase, people=batch, at=at)
        deadlines.finish(phase=phase, people=told, at=at)


@shared_task(name="consultations.tell_replies")
def tell_replies() -> None:
    """Tell those who wrote that somebody commented or answered; each comment once."""
    at = timezone.now()
    for comments in announcing.reply_batches(at=at, size=BATCH):
        announcing.tell_replies(comments=comments, at=at)


@shared_task(name="consultations.announce_amendments")
def announce_amendments() -> None:
    """Tell those concerned by each amendment; taken up where it stopped, each mail is written once."""
    at = timezone.now()
    if at.astimezone(phases.PARIS).hour < FIRST_HOUR:
        return
    for amendment in Ruleset.objects.to_announce().select_related("consultation").order_by("pk"):
        for batch in in_batches(amendments.concerned(amendment.consultation), size=BATCH):
            amendments.announce(amendment=amendment, people=batch, at=at)
        amendments.finish_announcing(amendment=amendment, at=at)


@shared_task(name="consultations.remind_promises")
def remind_promises() -> None:
    """Remind the city of each answer it owes, at each step of the clock, once."""
    at = timezone.now()
    if at.astimezone(phases.PARIS).hour < FIRST_HOUR:
        return
    for consultation in reminding.due(at=at):
        reminding.remind(consultation=consultation, at=at)


@shared_task(name="consultations.tell_contributors")
def tell_contributors() -> None:
    """Tell each contributor what became of what they wrote, once agents have stopped publishing; one mail for all of it.

    Taken up where it stopped, each mail is written once.
    """
    at = timezone.now()
    for consultation in telling.consultations_due(at=at):
        telling.begin(consultation=consultation, at=at)
    for sending in telling.under_way():
        told = 0
        for batch in telling.batches(sending, size=BATCH):
            telling.tell(sending=sending, people=batch, at=at)
            told += len(batch)
        telling.finish(sending=sending, people=told, at=timezone.now())


@shared_task(name="consultations.build_report")
def build_report(*, report_id: int) -> None:
    """Make the PDF of a public report; running it twice makes one file."""
    report = (
        Report.objects.published()
        .filter(pk=report_id, pdf_state=Report.PdfState.PREPARING)
        .select_related("consultation")
        .first()
    )
    if report is None:
        return
    try:
        content = pdf.make(report)
    except pdf.PdfError:
        logger.exception("the PDF of a report could not be made")
        writing.fail_pdf(report=report)
        return
    name = default_storage.save(f"{REPORT_FOLDER}/{uuid.uuid4().hex}.pdf", ContentFile(content))
    if not writing.finish_pdf(report=report, name=name, content=content):
        default_storage.delete(name)


@shared_task(name="consultations.sweep_reports")
def sweep_reports() -> None:
    """Ask again for the PDF files whose message was lost."""
    waiting = Report.objects.published().filter(
        pdf_state=Report.PdfState.PREPARING, pdf_asked_at__lt=timezone.now() - LOST_AFTER
    )
    for report in waiting.order_by("pk"):
        queue.after_commit("consultations.build_report", report_id=report.pk)


@shared_task(name="consultations.make_package")
def make_package(*, package_id: int) -> None:
    """Make the archive package of a consultation; running it twice makes one file."""
    package = ArchivePackage.objects.select_related("consultation").filter(pk=package_id).first()
    at = timezone.now()
    if package is not None and packaging.begin(package=package, at=at):
        packaging.make(package, at=at)


@shared_task(name="consultations.sweep_packages")
def sweep_packages() -> None:
    """Take up the packages that were lost, and have made again those that hold a text withdrawn since."""
    packaging.sweep(at=timezone.now())


@shared_task(name="consultations.check_consistency")
def check_consistency() -> None:
    """Count again what every room stores as a number, and who took part; log each difference and put it right."""
    for difference in recounting.everything(repair=True):
        logger.error(
            "counter %s.%s of %s was %s, counted %s",
            difference.table,
            difference.counter,
            difference.pk,
            difference.stored,
            difference.counted,
        )
    texts, misplaced = items.missing(), items.misplaced()
    if any(texts.values()) or misplaced:
        logger.error("opinions without an item: %s; in a wrong place: %s", texts, misplaced)
        analysis.repair(**texts, misplaced=misplaced)
    for consultation in Consultation.objects.filter(questionnaire_links__isnull=False).distinct().order_by("pk"):
        analysis.collect_answers(actor=None, consultation=consultation, at=timezone.now())
    if lacking := participation.missing():
        logger.error("ledgers lacked somebody: %s; wrote %s", lacking, participation.repair(found=lacking))


@shared_task(name="consultations.purge_files")
def purge_files() -> None:
    """Delete the files that no row names: what a crash left between a file and its row."""
    held = (
        (Attachment.objects, "file"),
        (Report.objects, "pdf"),
        (Document.objects, "file"),
        (Consultation.objects, "image"),
        (ArchivePackage.objects, "file"),
    )
    for rows, column in held:
        _purge(rows, column)


def _purge(rows: Any, column: str) -> None:
    folder = str(rows.model._meta.get_field(column).upload_to).rstrip("/")
    try:
        stored = {f"{folder}/{name}" for name in default_storage.listdir(folder)[1]}
    except FileNotFoundError:
        return
    named = set(rows.order_by("pk").values_list(column, flat=True))
    for name in sorted(stored - named):
        # A file comes before its row: one that is a day old waits for none.
        if default_storage.get_modified_time(name) < timezone.now() - YOUNG:
            default_storage.delete(name)
            logger.info("deleted an orphan file of %s", folder)
