"""Which of its archives the idea box may lose, once their time is over and the Archives gave their visa.

What was published is never destroyed here: it is sorted with the Archives. A list is that of one campaign and one year: the year an
idea was over for notes, the year a text went for texts.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet
from django.db.models.functions import ExtractYear, Greatest

from ideas import actions
from ideas.models import Campaign, Comment, Idea, IdeaVersion, InternalNote, Photo, Reaction, Stage
from mulhouse.typography import local_day
from privacy.archives import Category, Ripe

NOTES_YEARS = 5
TEXTS_YEARS = 5
# The city has nothing more to do of them.
OVER = (Stage.EXPIRED, Stage.DECLINED, Stage.ALREADY, Stage.TRANSFERRED, Stage.DONE, Stage.ABANDONED)
# What nobody reads, unless the data of its author is set aside: that is kept until the measure is lifted.
GONE = (Q(withdrawn_at__isnull=False) | Q(hidden_at__isnull=False)) & (
    Q(author__isnull=True) | Q(author__limited_since__isnull=True)
)
EMPTY = "—"


def _years(rows: QuerySet[Any], campaign: str, at: Any, before: dt.date) -> dict[tuple[int, int], tuple[dt.date, int]]:
    """Count rows by campaign and year, for the years that ended before a day.

    Shape: {(campaign, year): (last day, rows)}.
    """
    counted = rows.order_by().values(of=F(campaign), year=ExtractYear(at)).annotate(last=Max(at), number=Count("pk"))
    ended = counted.filter(year__lt=before.year).values_list("of", "year", "last", "number")
    return {(of, year): (local_day(last), number) for of, year, last, number in ended}


def _ripe(found: dict[tuple[int, int], tuple[dt.date, int]], what: str) -> Iterator[Ripe]:
    campaigns = Campaign.objects.in_bulk({campaign for campaign, _year in found})
    for (key, year), (last_on, number) in sorted(found.items()):
        campaign = campaigns[key]
        yield Ripe(f"{campaign.slug}:{year}", f"{what} · {campaign.title}, {year}", last_on, number)


def _split(key: str) -> dict[str, Any]:
    slug, _, year = key.rpartition(":")
    return {"slug": slug, "year": int(year)}


# --- Notes ---------------------------------------------------------------------------------------------------------------


def _notes() -> QuerySet[InternalNote]:
    return InternalNote.objects.filter(idea__stage__in=OVER, idea__stage_at__isnull=False)


def _ripe_notes(before: dt.date) -> Iterator[Ripe]:
    yield from _ripe(_years(_notes(), "idea__campaign", F("idea__stage_at"), before), "Notes internes")


def _destroy_notes(key: str) -> None:
    asked = _split(key)
    _notes().filter(idea__campaign__slug=asked["slug"], idea__stage_at__year=asked["year"]).delete()


# --- Texts ---------------------------------------------------------------------------------------------------------------

# PostgreSQL leaves out what is null: the later of the two days.
_WENT_AT = Greatest(F("withdrawn_at"), F("hidden_at"))


def _ideas() -> QuerySet[Idea]:
    return Idea.objects.filter(GONE).exclude(need=EMPTY)


def _said(model: Any) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.objects.filter(GONE).exclude(body=EMPTY)
    return rows


_SAID = ((Comment, "idea__campaign"), (Reaction, "answer__idea__campaign"))


def _ripe_texts(before: dt.date) -> Iterator[Ripe]:
    found = _years(_ideas(), "campaign", _WENT_AT, before)
    for model, campaign in _SAID:
        for key, (last_on, number) in _years(_said(model), campaign, _WENT_AT, before).items():
            known_on, known = found.get(key, (last_on, 0))
            found[key] = max(known_on, last_on), known + number
    yield from _ripe(found, "Textes retirés ou masqués")


def _destroy_texts(key: str) -> None:
    """Empty the texts that nobody reads any more; the rows stay, since others answered them and they are counted."""
    asked = _split(key)
    went: dict[str, Any] = {"went_at__year": asked["year"]}
    gone = list(
        _ideas().alias(went_at=_WENT_AT).filter(**went, campaign__slug=asked["slug"]).values_list("pk", flat=True)
    )
    actions.erase_files(Photo.objects.filter(idea__in=gone))
    IdeaVersion.objects.filter(idea__in=gone).delete()
    actions.empty_changes(Idea.objects.filter(pk__in=gone))
    Idea.objects.filter(pk__in=gone).update(**actions.EMPTIED)
    for model, campaign in _SAID:
        rows = _said(model).alias(went_at=_WENT_AT).filter(**went, **{f"{campaign}__slug": asked["slug"]})
        model.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(body=EMPTY, body_html="")


CATEGORIES = (
    Category(
        code="ideas.notes",
        label="Notes internes des idées dont le traitement est fini",
        years=NOTES_YEARS,
        source="Tableau de conservation, ligne « notes internes » (code du patrimoine, art. R. 212-13)",
        ripe=_ripe_notes,
        destroy=_destroy_notes,
    ),
    Category(
        code="ideas.gone_texts",
        label="Textes retirés ou masqués de la boîte à idées",
        years=TEXTS_YEARS,
        source="Tableau de conservation, ligne « textes retirés » (code du patrimoine, art. R. 212-13)",
        ripe=_ripe_texts,
        destroy=_destroy_texts,
    ),
)
