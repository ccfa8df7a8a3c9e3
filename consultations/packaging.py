"""Making archive packages: asked by an agent, made by a worker, made again when a text it holds was withdrawn since."""

import datetime as dt
import hashlib
import logging
import tempfile
import uuid
from functools import partial
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max

from consultations import archiving, archiving_rules
from consultations.models import ArchivePackage, Consultation
from mulhouse.errors import require
from mulhouse.queue import after_commit
from transparency import register

logger = logging.getLogger(__name__)

State = ArchivePackage.State
FOLDER = "archives"
# A package that nobody finished in this time was lost with its worker.
LOST_AFTER = dt.timedelta(hours=2)
READ_AT_ONCE = 1024 * 1024


@transaction.atomic(durable=True)
def ask(*, actor: Any, consultation: Consultation, at: dt.datetime) -> ArchivePackage:
    """Have the package of a consultation made, as a new version.

    Raises: RefusedError.
    Locks: the consultation's row.
    """
    held = Consultation.objects.select_for_update(of=("self",), no_key=True).get(pk=consultation.pk)
    require(archiving_rules.package_refusal(actor, held))
    package = _ask(held, at)
    register.record("consultation.package_asked", role="agent", subject=held.slug, actor=actor)
    return package


@transaction.atomic(durable=True)
def renew(*, consultation: Consultation, at: dt.datetime) -> ArchivePackage | None:
    """Have the package made again, since something it holds is public no more; None when that is under way.

    Locks: the consultation's row.
    """
    held = Consultation.objects.select_for_update(of=("self",), no_key=True).get(pk=consultation.pk)
    return None if ArchivePackage.objects.under_way().filter(consultation=held).exists() else _ask(held, at)


def _ask(consultation: Consultation, at: dt.datetime) -> ArchivePackage:
    rows = ArchivePackage.objects.filter(consultation=consultation)
    last = rows.aggregate(last=Max("version"))["last"] or 0
    package = ArchivePackage.objects.create(consultation=consultation, version=last + 1, asked_at=at)
    after_commit("consultations.make_package", package_id=package.pk)
    return package


@transaction.atomic(durable=True)
def begin(*, package: ArchivePackage, at: dt.datetime) -> bool:
    """Claim a package; False when another worker has it, or did it."""
    waiting = ArchivePackage.objects.filter(pk=package.pk, state=State.WAITING)
    return waiting.update(state=State.MAKING, begun_at=at) == 1


def make(package: ArchivePackage, *, at: dt.datetime) -> None:
    """Write the file of a package that was claimed, in private first, then in the storage, and make it public.

    Raises: whatever went wrong, once the package is given up and nothing of it is left.
    """
    consultation, name = package.consultation, ""
    try:
        with tempfile.TemporaryFile() as file:
            seen = archiving.write(consultation, file, version=package.version, at=at)
            size, digest = _measure(file)
            name = default_storage.save(f"{FOLDER}/{uuid.uuid4().hex}.zip", File(file))
        finish(package=package, name=name, size=size, sha256=digest, content_print=seen, at=at)
    except BaseException:
        if name:
            default_storage.delete(name)
        ArchivePackage.objects.filter(pk=package.pk, state=State.MAKING).update(state=State.FAILED)
        raise


def _measure(file: IO[bytes]) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while chunk := file.read(READ_AT_ONCE):
        digest.update(chunk)
        size += len(chunk)
    file.seek(0)
    return size, digest.hexdigest()


@transaction.atomic(durable=True)
def finish(*, package: ArchivePackage, name: str, size: int, sha256: str, content_print: str, at: dt.datetime) -> None:
    """Make a package public, in place of the former one, whose file goes; its digest goes to the register.

    Raises: RuntimeError when the package was not claimed.
    Locks: the consultation's row, then the register's chain.
    """
    held = Consultation.objects.select_for_update(of=("self",), no_key=True).get(pk=package.consultation_id)
    for former in ArchivePackage.objects.ready().filter(consultation=held).order_by("pk"):
        transaction.on_commit(partial(default_storage.delete, str(former.file.name)))
        ArchivePackage.objects.filter(pk=former.pk).update(state=State.REPLACED, file="")
    made = ArchivePackage.objects.filter(pk=package.pk, state=State.MAKING).update(
        state=State.READY, file=name, size=size, sha256=sha256, content_print=content_print, made_at=at
    )
    if not made:
        raise RuntimeError("the package was not claimed")
    register.record(
        "consultation.packaged",
        role="système",
        subject=held.slug,
        facts={"version": package.version, "sha256": sha256, "octets": size},
    )


def current(consultation: Consultation) -> ArchivePackage | None:
    """Give the package that can be downloaded, None where there is none."""
    return ArchivePackage.objects.ready().filter(consultation=consultation).first()


def is_true(package: ArchivePackage) -> bool:
    """Tell whether a package still holds what is public, and under the names that are: else it is not given."""
    return package.content_print == archiving.content_print(package.consultation)


def sweep(*, at: dt.datetime) -> None:
    """Take up what was lost, and have made again what holds a text that is public no more."""
    lost = ArchivePackage.objects.filter(state=State.MAKING, begun_at__lt=at - LOST_AFTER)
    lost.update(state=State.WAITING, begun_at=None)
    for package in ArchivePackage.objects.filter(state=State.WAITING, asked_at__lt=at - LOST_AFTER / 12).order_by("pk"):
        after_commit("consultations.make_package", package_id=package.pk)
    for package in ArchivePackage.objects.ready().select_related("consultation").order_by("pk"):
        if not is_true(package):
            renew(consultation=package.consultation, at=at)
            logger.info("package %s holds what is public no more: made again", package.pk)
