"""The yearly figures of moderation, as a table that everybody may take away."""

from collections.abc import Iterator
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from moderation import figures
from mulhouse.opendata import Column, Kind, Table
from opendata.datasets import Dataset, Frequency


class Measured(NamedTuple):
    """A number of a year, for a clause of the charter or for all of them."""

    year: int
    clause: str
    measure: str
    number: float | None


def measured() -> Iterator[Measured]:
    """Give one line for each year and clause, then the totals of the year."""
    for year in figures.by_year():
        for line in year.lines:
            yield Measured(year.year, line.clause, "retires", line.hidden)
            yield Measured(year.year, line.clause, "masques", line.masked)
        yield Measured(year.year, "", "signalements", year.reports)
        yield Measured(year.year, "", "laisses_en_ligne", year.kept)
        yield Measured(year.year, "", "contestations", year.appeals)
        yield Measured(year.year, "", "decisions_confirmees", year.upheld)
        yield Measured(year.year, "", "decisions_annulees", year.overturned)
        yield Measured(year.year, "", "suspensions", year.blocks)
        hours = year.median_hours
        yield Measured(year.year, "", "delai_median_heures", None if hours is None else round(hours, 1))


TABLE = Table(
    name="moderation",
    title=_("La modération, année par année"),
    summary=_("Ce que la modération a retiré, masqué ou laissé, article par article, et ce qui a été contesté."),
    columns=(
        Column("annee", _("Année."), lambda row: row.year, Kind.INTEGER),
        Column("article", _("Article de la charte ; vide pour l’année entière."), lambda row: row.clause),
        Column("mesure", _("Ce qui est compté."), lambda row: row.measure),
        Column("nombre", _("Nombre ; vide s’il n’y a rien à mesurer."), lambda row: row.number, Kind.NUMBER),
    ),
    rows=measured,
)
DATASETS = (
    Dataset(
        TABLE,
        _("Agence de la participation citoyenne"),
        Frequency.DAILY,
        page="moderation:figures",
        keywords=("modération", "charte"),
        small_numbers=_(
            "Ce sont des textes et des décisions qui sont comptés\u00a0: ces nombres ne sont pas regroupés."
        ),
        routes=("moderation:figures_csv",),
    ),
)
