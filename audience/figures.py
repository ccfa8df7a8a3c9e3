"""The figures of the audience that everybody reads: by day, by month, by page; a small number is told as « fewer than five »."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from audience.models import DailyPageCount
from mulhouse import small_cells, typography
from mulhouse.opendata import Column, Kind, Table, day
from opendata.datasets import Dataset, Frequency

DAYS = 30
PAGES = 20
NAMES = {
    "home": _lazy("Accueil"),
    "consultations:list": _lazy("Toutes les consultations"),
    "consultations:detail": _lazy("Une consultation"),
    "consultations:contributions": _lazy("Les avis d’une consultation"),
    "consultations:contribution": _lazy("Un avis"),
    "consultations:outcomes": _lazy("Les réponses de la Ville"),
    "consultations:report": _lazy("Le bilan d’une consultation"),
    "commitments:list": _lazy("Les engagements de la Ville"),
    "commitments:detail": _lazy("Un engagement"),
    "transparency:register": _lazy("Le registre public"),
    "transparency:promises": _lazy("Les promesses de réponse"),
    "opendata:catalogue": _lazy("Les données ouvertes"),
    "audience:figures": _lazy("L’audience du site"),
}
PARTS = {
    "consultations": _lazy("Une autre page d’une consultation"),
    "commitments": _lazy("Une autre page des engagements"),
    "transparency": _lazy("Une autre page du registre"),
    "opendata": _lazy("Une page des données ouvertes"),
}


@dataclass(frozen=True)
class Figures:
    """What the page shows.

    Shape: `days` are the last DAYS whole days, oldest first; `months` newest first; `pages` those read most in these days.
    """

    days: list[tuple[dt.date, int]]
    months: list[tuple[dt.date, int]]
    pages: list[tuple[str, str, int]]

    @property
    def total(self) -> int:
        """Count the readings of the last days."""
        return sum(views for _day, views in self.days)


def whole_days(*, today: dt.date) -> QuerySet[DailyPageCount]:
    """Keep the days that are over: a number that moves within the day would show one reading."""
    return DailyPageCount.objects.filter(day__lt=today)


def read(*, today: dt.date) -> Figures:
    """Read the figures; three queries, whatever their number."""
    since = today - dt.timedelta(days=DAYS)
    rows = whole_days(today=today)
    recent = rows.filter(day__gte=since)
    by_day = dict(recent.order_by("day").values_list("day").annotate(views=Sum("views")))
    months = rows.order_by().annotate(month=TruncMonth("day")).values_list("month").annotate(views=Sum("views"))
    pages = recent.order_by().values_list("route", "subject").annotate(views=Sum("views"))
    return Figures(
        days=[(on, by_day.get(on, 0)) for on in (since + dt.timedelta(days=each) for each in range(DAYS))],
        months=list(months.order_by("-month")),
        pages=list(pages.order_by("-views", "route", "subject")[:PAGES]),
    )


def words(views: int) -> str:
    """Say a number of readings; a small one is not told."""
    if 0 < views < small_cells.THRESHOLD:
        return _("moins de %(number)s") % {"number": small_cells.THRESHOLD}
    return typography.number(views)


def name_of(route: str) -> str:
    """Say which page a route is, in words; a part of the site where no name was given."""
    return str(NAMES.get(route) or PARTS.get(route.partition(":")[0]) or _("Autre page"))


# --- Open data -----------------------------------------------------------------------------------------------------------


def _monthly() -> QuerySet[DailyPageCount, dict[str, Any]]:
    """Sum by month and page, over the months that are over."""
    rows = DailyPageCount.objects.filter(day__lt=timezone.localdate().replace(day=1)).order_by()
    grouped = rows.annotate(month=TruncMonth("day")).values("month", "route", "subject", "language", "device")
    return grouped.annotate(sum_views=Sum("views")).order_by("-month", "route", "subject", "language", "device")


def _is_small(row: dict[str, Any]) -> bool:
    return bool(row["sum_views"] < small_cells.THRESHOLD)


TABLE = Table(
    name="audience",
    title=_lazy("L’audience du site"),
    summary=_lazy("Une ligne par mois, page, langue et sorte d’appareil\u00a0: combien de fois elle a été lue."),
    columns=(
        Column("mois", _lazy("Premier jour du mois."), lambda row: day(row["month"]), Kind.DAY),
        Column("page", _lazy("Page, par son nom dans le site."), lambda row: row["route"]),
        Column(
            "objet", _lazy("Nom public de ce qu’elle montre\u00a0; vide si elle est seule."), lambda row: row["subject"]
        ),
        Column("langue", _lazy("Langue de la page."), lambda row: row["language"]),
        Column(
            "appareil",
            _lazy("«\u00a0telephone\u00a0» (tablettes comprises) ou «\u00a0ordinateur\u00a0»."),
            lambda row: row["device"],
        ),
        Column(
            "lectures",
            _lazy("Nombre de lectures\u00a0; vide en dessous de cinq."),
            lambda row: "" if _is_small(row) else row["sum_views"],
            Kind.INTEGER,
        ),
        Column(
            "moins_de_cinq",
            _lazy("«\u00a0oui\u00a0» si la page a été lue moins de cinq fois."),
            lambda row: "oui" if _is_small(row) else "",
        ),
    ),
    rows=_monthly,
)
DATASET = Dataset(
    TABLE,
    _lazy("Agence de la participation citoyenne"),
    Frequency.MONTHLY,
    page="audience:figures",
    keywords=("audience", "statistiques"),
    small_numbers=_lazy("Un nombre de lectures inférieur à cinq n’est pas donné. Aucune personne n’est comptée."),
)
