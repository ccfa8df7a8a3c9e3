"""What commitments put in the catalogue of open data: the tables of their own files."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from commitments import exports
from opendata.datasets import Asks, Dataset, Filter, Frequency, Listing


def _since(rows: QuerySet[Any], at: Any) -> QuerySet[Any]:
    return rows.filter(published_at__gte=at)


SINCE = Filter("depuis", "Premier instant de publication (ISO 8601).", Asks.SINCE, _since)
PRODUCER = _("Agence de la participation citoyenne")

DATASETS = (
    Dataset(
        exports.COMMITMENTS,
        PRODUCER,
        Frequency.DAILY,
        page="commitments:list",
        keywords=("engagement", "transparence"),
        listing=Listing(
            exports.read_commitments,
            order=("-published_at", "-pk"),
            filters=(
                Filter(
                    "quartier",
                    "Quartier, par son code (jeu « quartiers »).",
                    Asks.SLUG,
                    lambda rows, slug: rows.filter(district__slug=slug),
                ),
                SINCE,
            ),
        ),
        routes=("commitments:export",),
    ),
    Dataset(
        exports.NEWS,
        PRODUCER,
        Frequency.IRREGULAR,
        page="commitments:list",
        keywords=("engagement", "transparence"),
        listing=Listing(exports.read_news, order=("-published_at", "-pk"), filters=(SINCE,)),
        routes=("commitments:export",),
    ),
)
