"""The figures of the audience that everybody reads: by day, by month, by page; a small number is told as « fewer than five »."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audience.models import DailyPageCount
from mulhouse import small_cells, typography
from mulhouse.opendata import Column, Kind, Table, day
from opendata.datasets import Dataset, Frequency

DAYS = 30
PAGES = 20
# The counts of a day are all in the database by then: Redis gives them each hour (`audience.flush`).
LAG = dt.timedelta(hours=1)
NAMES = {
    "home": gettext_lazy("Accueil"),
    "consultations:list": gettext_lazy("Toutes les consultations"),
    "consultations:detail": gettext_lazy("Une consultation"),
    "consultations:contributions": gettext_lazy("Les avis d’une consultation"),
    "consultations:contribution": gettext_lazy("Un avis"),
    "consultations:outcomes": gettext_lazy("Les réponses de la Ville"),
    "consultations:report": gettext_lazy("Le bilan d’une consultation"),
    "commitments:list": gettext_lazy("Les engagements de la Ville"),
    "commitments:detail": gettext_lazy("Un engagement"),
    "transparency:register": gettext_lazy("Le registre public"),
    "transparency:promises": gettext_lazy("Les promesses de réponse"),
    "opendata:catalogue": gettext_lazy("Les données ouvertes"),
    "audience:figures": gettext_lazy("L’audience du site"),
}
PARTS = {
    "consultations": gettext_lazy("Une autre page d’une consultation"),
    "commitments": gettext_lazy("Une autre page des engagements"),
    "transparency": gettext_lazy("Une autre page du registre"),
    "opendata": gettext_lazy("Une page des données ouvertes"),
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


def today(*, at: dt.datetime) -> dt.date:
    """Give the first day that is not told yet: the current one in Paris, or the one before until LAG after midnight."""
    return timezone.localdate(at - LAG)


def next_change(at: dt.datetime) -> dt.datetime | None:
    """Give the instant of this day at which one more day is told, None once it is."""
    told = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0) + LAG
    return told if at < told else None


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


def drawn(views: int) -> int:
    """Give the height of a column: a number that is not told is not drawn either."""
    return 0 if views < small_cells.THRESHOLD else views


def words(views: int) -> str:
    """Say a number of readings; a small one is not told."""
    if 0 < views < small_cells.THRESHOLD:
        return _("moins de %(number)s") % {"number": small_cells.THRESHOLD}
    return typography.number(views)


def name_of(route: str) -> str:
    """Say which page a route is, in words; a part of the site where no name was given."""
    return str(NAMES.get(route) or PARTS.get(route.partition(":")[0]) or _("Autre page"))


# --- Open data -----------------------------------------------------------------------------------------------------------


def _monthly() -> QuerySet[Any, Any]:
    """Sum by month and page, over the months that are over."""
    rows = DailyPageCount.objects.filter(day__lt=today(at=timezone.now()).replace(day=1)).order_by()
    grouped = rows.annotate(month=TruncMonth("day")).values("month", "route", "subject", "language", "device")
    return grouped.annotate(sum_views=Sum("views")).order_by("-month", "route", "subject", "language", "device")


def _is_small(row: dict[str, Any]) -> bool:
    return bool(row["sum_views"] < small_cells.THRESHOLD)


TABLE = Table(
    name="audience",
    title=gettext_lazy("L’audience du site"),
    summary=gettext_lazy("Une ligne par mois, page, langue et sorte d’appareil\u00a0: combien de fois elle a été lue."),
    columns=(
        Column("mois", gettext_lazy("Premier jour du mois."), lambda row: day(row["month"]), Kind.DAY),
        Column("page", gettext_lazy("Page, par son nom dans le site."), lambda row: row["route"]),
        Column(
            "objet",
            gettext_lazy("Nom public de ce qu’elle montre\u00a0; vide si elle est seule."),
            lambda row: row["subject"],
        ),
        Column("langue", gettext_lazy("Langue de la page."), lambda row: row["language"]),
        Column(
            "appareil",
            gettext_lazy("«\u00a0telephone\u00a0» (tablettes comprises) ou «\u00a0ordinateur\u00a0»."),
            lambda row: row["device"],
        ),
        Column(
            "lectures",
            gettext_lazy("Nombre de lectures\u00a0; vide en dessous de cinq."),
            lambda row: "" if _is_small(row) else row["sum_views"],
            Kind.INTEGER,
        ),
        Column(
            "moins_de_cinq",
            gettext_lazy("«\u00a0oui\u00a0» si la page a été lue moins de cinq fois."),
            lambda row: "oui" if _is_small(row) else "",
        ),
    ),
    rows=_monthly,
)
DATASET = Dataset(
    TABLE,
    gettext_lazy("Agence de la participation citoyenne"),
    Frequency.MONTHLY,
    page="audience:figures",
    keywords=("audience", "statistiques"),
    small_numbers=gettext_lazy(
        "Un nombre de lectures inférieur à cinq n’est pas donné. Aucune personne n’est comptée."
    ),
)
