"""Making the files of the night, and knowing whether they may still be given.

A file is read from the head of the register on. Everything that takes a text away writes a line there; so a file may be given as
long as every line written since is of an act that was declared harmless. After any other, the same address gives the rows as
they are now, read from the database, until the file is made again.
Source: docs/decisions/0015-open-data-files.md.
"""

import datetime as dt
import logging
import tempfile
import uuid
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from opendata import datasets, writing
from opendata.datasets import Dataset
from opendata.models import Dump
from transparency import register
from transparency.models import RegisterLine

logger = logging.getLogger(__name__)

FOLDER = "donnees"
FORMS = tuple(Dump.Form.values)
# A file comes before its row: one that is a day old waits for none.
YOUNG = dt.timedelta(days=1)


@dataclass(frozen=True)
class Made:
    """A file that is stored; `is_new`: under a name of its own, which no row has yet."""

    code: str
    form: str
    name: str
    size: int
    rows: int
    sha256: str
    head: int
    is_new: bool


def is_true(dump: Dump) -> bool:
    """Tell whether a file may be given: nothing was taken away since its rows were read; one query."""
    return not taken_away_since(dump.head)


def taken_away_since(head: int) -> bool:
    """Tell whether a line after this one may have taken something away from what is public."""
    later = RegisterLine.objects.filter(number__gt=head).exclude(act__in=datasets.harmless_acts())
    return later.order_by().exists()


def make(chosen: Iterable[Dataset], *, at: dt.datetime) -> int:
    """Make the files of some datasets, then put them all in place of the former ones; give how many changed.

    Raises: what the first failing dataset raised, once the others are in place; its former files are still given.
    """
    made: list[Made] = []
    failures: list[Exception] = []
    try:
        for dataset in chosen:
            try:
                made += _stored(dataset)
            except Exception as error:
                logger.exception("the files of %s could not be made", dataset.code)
                failures.append(error)
        changed = switch(made=made, at=at)
    except BaseException:
        _forget(made)
        raise
    if failures:
        raise failures[0]
    return changed


def make_missing(*, at: dt.datetime) -> bool:
    """Make the files of the datasets that have none; tell whether there were some."""
    known = set(Dump.objects.order_by("code").values_list("code", flat=True))
    waiting = [dataset for dataset in datasets.all_of_them() if dataset.code not in known]
    return bool(waiting) and make(waiting, at=at) > 0


def _forget(made: Iterable[Made]) -> None:
    for each in made:
        if each.is_new:
            default_storage.delete(each.name)


def _stored(dataset: Dataset) -> list[Made]:
    """Write the files of a dataset in private, then in the storage under new names; what is already there is kept."""
    head = register.head()
    found: list[Made] = []
    with ExitStack() as stack:
        sheets = {form: writing.Sheet(stack.enter_context(tempfile.TemporaryFile())) for form in FORMS}
        rows = writing.write(dataset, as_csv=sheets["csv"], as_json=sheets["json"])
        former = {dump.form: dump for dump in Dump.objects.by_code(dataset.code)}
        try:
            for form, sheet in sheets.items():
                sha256, kept = sheet.digest.hexdigest(), former.get(form)
                is_new = kept is None or kept.sha256 != sha256 or not default_storage.exists(str(kept.file.name))
                name = "" if kept is None else str(kept.file.name)
                if is_new:
                    sheet.file.seek(0)
                    name = default_storage.save(f"{FOLDER}/{uuid.uuid4().hex}.{form}", File(sheet.file))
                found.append(Made(dataset.code, form, name, sheet.size, rows, sha256, head, is_new=is_new))
        except BaseException:
            _forget(found)
            raise
    return found


@transaction.atomic(durable=True)
def switch(*, made: list[Made], at: dt.datetime) -> int:
    """Put files in place of the former ones, which go; the digests of those that changed are written on the register.

    Locks: the rows of the files, then the register's chain.
    """
    rows = Dump.objects.select_for_update(of=("self",)).filter(code__in={each.code for each in made})
    former = {(dump.code, dump.form): dump for dump in rows.order_by("code", "form")}
    changed: dict[str, str] = {}
    was_doubtful = False
    for each in made:
        before = former.get((each.code, each.form))
        if before is not None and (before.head > each.head or not (each.is_new or before.file.name == each.name)):
            # Another worker read later than this one, and was quicker.
            transaction.on_commit(partial(_forget, [each]))
            continue
        values = {"file": each.name, "size": each.size, "rows": each.rows, "sha256": each.sha256, "head": each.head}
        if before is None or before.sha256 != each.sha256:
            values["made_at"] = at
            changed[f"{each.code}.{each.form}"] = each.sha256
        if before is not None:
            was_doubtful = was_doubtful or taken_away_since(before.head)
            if before.file.name != each.name:
                transaction.on_commit(partial(default_storage.delete, str(before.file.name)))
        Dump.objects.update_or_create(code=each.code, form=each.form, defaults=values)
    if changed or was_doubtful:
        # The pages of the catalogue are kept under the number of the last line.
        register.record("data.published", role="système", facts={"empreintes": changed})
    return len(changed)


def stale() -> list[Dataset]:
    """List the datasets without a file, or with one that is not given any more."""
    heads: dict[str, list[int]] = {}
    for code, head in Dump.objects.order_by("code").values_list("code", "head"):
        heads.setdefault(code, []).append(head)
    doubtful = {head for found in heads.values() for head in found if taken_away_since(head)}
    return [
        dataset
        for dataset in datasets.all_of_them()
        if len(heads.get(dataset.code, ())) < len(FORMS) or doubtful & set(heads[dataset.code])
    ]


def purge(*, at: dt.datetime) -> None:
    """Delete what no row names: the files that a worker left when it was killed, the rows of datasets that are no more."""
    gone = Dump.objects.exclude(code__in=[dataset.code for dataset in datasets.all_of_them()])
    for dump in gone:
        default_storage.delete(str(dump.file.name))
    gone.delete()
    try:
        stored = {f"{FOLDER}/{name}" for name in default_storage.listdir(FOLDER)[1]}
    except FileNotFoundError:
        return
    named = set(Dump.objects.order_by("pk").values_list("file", flat=True))
    for name in sorted(stored - named):
        if default_storage.get_modified_time(name) < at - YOUNG:
            default_storage.delete(name)
            logger.info("deleted a file of open data that no row names")
