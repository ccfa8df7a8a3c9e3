"""Which of its archives a consultation may lose, once their time is over and the Archives gave their visa.

What was published is never destroyed here: it is sorted with the Archives and handed over as a package.
"""

import datetime as dt
from collections.abc import Iterator
from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet

from consultations.models import Attachment, Comment, Consultation, Contribution, ContributionVersion, Note
from mulhouse.typography import local_day
from privacy.archives import Category, Ripe

NOTES_YEARS = 5
TEXTS_YEARS = 5
# What nobody reads, unless the data of its author is set aside: that is kept until the measure is lifted.
GONE = (Q(withdrawn_at__isnull=False) | Q(hidden_at__isnull=False)) & (
    Q(author__isnull=True) | Q(author__limited_since__isnull=True)
)
# What stands in place of a text that is no more: two columns may not be empty.
EMPTY = "—"


def _over(before: dt.date) -> Iterator[tuple[Consultation, dt.date]]:
    """Find the archived consultations whose last phase ended before a day."""
    rows = Consultation.objects.filter(archived_at__isnull=False).annotate(over=Max("phases__ends_on"))
    for row in rows.order_by("pk"):
        last_on = row.over or local_day(row.archived_at)  # type: ignore[attr-defined,arg-type] # annotated; archived: see the filter
        if last_on < before:
            yield row, last_on


def _ripe_notes(before: dt.date) -> Iterator[Ripe]:
    for row, last_on in _over(before):
        if count := _notes(row.slug).count():
            yield Ripe(row.slug, f"Notes internes · {row.title}", last_on, count)


def _notes(slug: str) -> QuerySet[Note]:
    return Note.objects.filter(Q(item__consultation__slug=slug) | Q(theme__consultation__slug=slug))


def _destroy_notes(slug: str) -> None:
    _notes(slug).delete()


def _ripe_texts(before: dt.date) -> Iterator[Ripe]:
    for row, last_on in _over(before):
        counts = row.contributions.filter(GONE).exclude(body=EMPTY).aggregate(texts=Count("pk"))["texts"]
        counts += Comment.objects.filter(GONE, contribution__consultation=row).exclude(body=EMPTY).count()
        if counts:
            yield Ripe(row.slug, f"Textes retirés ou masqués · {row.title}", last_on, counts)


def _destroy_texts(slug: str) -> None:
    """Empty the texts that nobody reads any more; the rows stay, since others answered them and they are counted."""
    gone = Contribution.objects.filter(GONE, consultation__slug=slug)
    for name in Attachment.objects.filter(contribution__in=gone).values_list("file", flat=True):
        transaction.on_commit(partial(default_storage.delete, name))
    Attachment.objects.filter(contribution__in=gone).delete()
    ContributionVersion.objects.filter(contribution__in=gone).delete()
    gone.update(title=EMPTY, body=EMPTY, body_html="", place="", usage_when="", usage_frequency="", usage_role="")
    Comment.objects.filter(GONE, contribution__consultation__slug=slug).update(body=EMPTY, body_html="")


CATEGORIES = (
    Category(
        code="consultations.notes",
        label="Notes internes des consultations archivées",
        years=NOTES_YEARS,
        source="Tableau de conservation, ligne « notes internes » (code du patrimoine, art. R. 212-13)",
        ripe=_ripe_notes,
        destroy=_destroy_notes,
    ),
    Category(
        code="consultations.gone_texts",
        label="Textes retirés ou masqués des consultations archivées",
        years=TEXTS_YEARS,
        source="Tableau de conservation, ligne « textes retirés » (code du patrimoine, art. R. 212-13)",
        ripe=_ripe_texts,
        destroy=_destroy_texts,
    ),
)
