"""Background work about people: making copies of data, and clearing what has had its time."""

import datetime as dt
import logging
import uuid

from celery import shared_task
from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts import actions, exports
from accounts.models import DataExport, Residency, User
from mulhouse import queue

logger = logging.getLogger("mulhouse.accounts")

EXPORT_FOLDER = "exports"
# An export that no worker finished in this time was lost with its message.
LOST_AFTER = dt.timedelta(minutes=10)
# A file may be written a moment before the row that names it.
YOUNG = dt.timedelta(hours=1)


@shared_task(name="accounts.build_export")
def build_export(*, export_id: int) -> None:
    """Make the copy of somebody's data; running it twice makes one file."""
    export = DataExport.objects.select_related("user").filter(pk=export_id, ready_at__isnull=True).first()
    if export is None:
        return
    with exports.archive_of(export.user, site=settings.SITE_NAME) as archive:
        name = default_storage.save(f"{EXPORT_FOLDER}/{uuid.uuid4().hex}.zip", File(archive))
    if not actions.finish_export(export=export, name=name, at=timezone.now()):
        default_storage.delete(name)


@shared_task(name="accounts.sweep_exports")
def sweep_exports() -> None:
    """Ask again for the copies whose message was lost, and delete those that were fetched or are a week old."""
    now = timezone.now()
    for export in DataExport.objects.filter(ready_at__isnull=True, requested_at__lt=now - LOST_AFTER).order_by("pk"):
        queue.after_commit("accounts.build_export", export_id=export.pk)
    actions.forget_exports(at=now)


@shared_task(name="accounts.reopen_suspended")
def reopen_suspended() -> None:
    """Open again the accounts whose suspension is over."""
    now = timezone.now()
    for person in User.objects.filter(is_active=False, suspended_until__lte=now).order_by("pk"):
        actions.reopen_account(actor=None, person=person, at=now)


@shared_task(name="accounts.purge_files")
def purge_files() -> None:
    """Delete the private files that no row names any more: what a crash left between a commit and a deletion."""
    kept = {
        actions.RESIDENCY_FOLDER: set(Residency.objects.exclude(document="").values_list("document", flat=True)),
        EXPORT_FOLDER: set(DataExport.objects.exclude(file="").values_list("file", flat=True)),
    }
    for folder, names in kept.items():
        for file in _files(folder):
            name = f"{folder}/{file}"
            if name not in names and default_storage.get_modified_time(name) < timezone.now() - YOUNG:
                default_storage.delete(name)
                logger.info("deleted an orphan file of %s", folder)


def _files(folder: str) -> list[str]:
    try:
        return default_storage.listdir(folder)[1]
    except FileNotFoundError:
        return []


@shared_task(name="accounts.purge_sessions")
def purge_sessions() -> None:
    """Delete the sessions that are over, and the accounts whose address nobody confirmed in two weeks."""
    actions.forget_sessions(at=timezone.now())
