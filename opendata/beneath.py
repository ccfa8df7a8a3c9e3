"""The datasets of the rooms below this one: the city's own names, the public register, promises, accessibility."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from city.models import District, Population, Service, Theme
from mulhouse.opendata import BATCH, Column, Kind, Table, day
from opendata.datasets import Asks, Dataset, Filter, Frequency, Listing
from transparency import chain, promises
from transparency.models import ANSWERED_IN_TIME, AccessibilityFault, RegisterLine

# They add a line, a count, or nothing that a file holds.
HARMLESS = (
    *("register.verified", "register.actor_seen", "accessibility.reported", "accessibility.answered"),
    *("residency.verified", "residency.refused", "residency.unlocked", "role.granted", "role.revoked"),
    *("promise.paused", "promise.resumed", "promise.reminded", "residency.document_seen"),
    "person.email_shown",
    "person.looked_up",
)
PRODUCER = _("Agence de la participation citoyenne")
NAMES = (
    Column("code", _("Nom dans les adresses, stable."), lambda row: row.slug),
    Column("nom", _("Nom."), lambda row: row.name),
    Column("ordre", _("Place dans les listes."), lambda row: row.position, Kind.INTEGER),
)


def _districts() -> QuerySet[District]:
    return District.objects.select_related("sector").order_by("position", "name")


def _place(value: Any) -> Any:
    return "" if value is None else float(value)


DISTRICTS = Table(
    name="quartiers",
    title=_("Les quartiers"),
    summary=_("Une ligne par quartier, dans l’ordre de la Ville."),
    columns=(
        *NAMES,
        Column("secteur", _("Secteur dont il fait partie."), lambda row: row.sector.name),
        Column("latitude", _("Latitude d’un point au milieu (WGS 84)."), lambda row: _place(row.latitude), Kind.NUMBER),
        Column(
            "longitude", _("Longitude d’un point au milieu (WGS 84)."), lambda row: _place(row.longitude), Kind.NUMBER
        ),
    ),
    rows=_districts,
)
THEMES = Table(
    name="themes",
    title=_("Les thèmes"),
    summary=_("Une ligne par thème sous lequel la Ville range consultations et engagements."),
    columns=NAMES,
    rows=lambda: Theme.objects.order_by("position", "name"),
)
SERVICES = Table(
    name="services",
    title=_("Les services"),
    summary=_("Une ligne par service de la Ville qui répond de quelque chose."),
    columns=NAMES,
    rows=lambda: Service.objects.order_by("position", "name"),
)
POPULATIONS = Table(
    name="populations",
    title=_("La population"),
    summary=_("Une ligne par lieu, tranche d’âge et année\u00a0: les nombres auxquels la participation est comparée."),
    columns=(
        Column("quartier", _("Quartier\u00a0; vide pour toute la ville."), lambda row: str(row.district or "")),
        Column("age", _("Tranche d’âge\u00a0; vide pour tous les âges."), lambda row: row.get_age_band_display()),
        Column("annee", _("Année."), lambda row: row.year, Kind.INTEGER),
        Column("habitants", _("Nombre d’habitants."), lambda row: row.inhabitants, Kind.INTEGER),
        Column("estimation", _("«\u00a0oui\u00a0» si c’est une estimation."), lambda row: _yes(row.is_estimate)),
        Column("source", _("Qui a compté, et où le lire."), lambda row: row.source),
    ),
    rows=lambda: Population.objects.select_related("district").order_by("-year", "district__position", "age_band"),
)


def _yes(value: bool) -> str:  # noqa: FBT001 (the value of a column)
    return "oui" if value else "non"


REGISTER = Table(
    name="registre",
    title=_("Le registre public"),
    summary=_("Une ligne par acte, la plus récente d’abord\u00a0: de quoi refaire soi-même la chaîne des sceaux."),
    columns=(
        Column("numero", _("Numéro de la ligne."), lambda row: row.number, Kind.INTEGER),
        Column(
            "le",
            _("Date et heure (ISO 8601, UTC), telles que scellées."),
            lambda row: chain.written_at(row.at),
            Kind.INSTANT,
        ),
        Column("acte", _("Code de l’acte."), lambda row: row.act),
        Column("par", _("À quel titre il a été fait\u00a0; jamais par qui."), lambda row: row.role),
        Column("objet", _("Référence publique de ce dont il s’agit."), lambda row: row.subject),
        Column("contenu", _("Texte exact qui a été scellé (JSON)."), lambda row: row.content),
        Column("precedent", _("Sceau de la ligne d’avant."), lambda row: row.previous),
        Column("sceau", _("Sceau de la ligne (SHA-256)."), lambda row: row.seal),
    ),
    rows=lambda: RegisterLine.objects.order_by("-number"),
)


def _promises() -> Iterator[Any]:
    today = promises.today(timezone.now())
    for source in promises.sources():
        rows = source.rows().order_by("-promise_due_on", source.key_column).iterator(chunk_size=BATCH)
        # What is read beside the rows (pauses) comes once for a batch.
        while batch := list(islice(rows, BATCH)):
            yield from ((promise, today) for promise in source.read(batch))


def _late_days(row: Any) -> int:
    promise, today = row
    days: int = ((promise.met_on or today) - promise.due_on).days
    return max(days, 0)


PROMISES = Table(
    name="promesses",
    title=_("Les promesses de réponse"),
    summary=_("Une ligne par réponse que la Ville a promise, avec son jour et son retard."),
    columns=(
        Column("sorte", _("À quoi la Ville a promis de répondre."), lambda row: row[0].kind),
        Column("reference", _("Référence publique dans sa sorte."), lambda row: row[0].key),
        Column("titre", _("Titre."), lambda row: row[0].title),
        Column("service", _("Service qui doit répondre."), lambda row: row[0].service),
        Column("promise_pour", _("Dernier jour promis, inclus."), lambda row: day(row[0].due_on), Kind.DAY),
        Column(
            "tenue_le",
            _("Jour de la réponse\u00a0; vide tant qu’elle manque."),
            lambda row: day(row[0].met_on),
            Kind.DAY,
        ),
        Column("jours_de_retard", _("Jours passés après le jour promis."), _late_days, Kind.INTEGER),
    ),
    rows=_promises,
)


def _faults() -> QuerySet[Any, Any]:
    answered = Q(answered_at__isnull=False)
    return (
        AccessibilityFault.objects.order_by()
        .values(month=TruncMonth("received_at"))
        .annotate(
            received=Count("pk"),
            answered=Count("pk", filter=answered),
            in_time=Count("pk", filter=ANSWERED_IN_TIME),
        )
        .order_by("-month")
    )


FAULTS = Table(
    name="accessibilite",
    title=_("Les défauts d’accessibilité signalés"),
    summary=_("Une ligne par mois\u00a0: signalements reçus, répondus, répondus dans le délai promis."),
    columns=(
        Column("mois", _("Premier jour du mois."), lambda row: day(row["month"].date()), Kind.DAY),
        Column("recus", _("Nombre de signalements reçus."), lambda row: row["received"], Kind.INTEGER),
        Column("repondus", _("Nombre de ceux qui ont leur réponse."), lambda row: row["answered"], Kind.INTEGER),
        Column("dans_le_delai", _("Nombre de ceux qui l’ont eue à temps."), lambda row: row["in_time"], Kind.INTEGER),
    ),
    rows=_faults,
)


def _since(rows: QuerySet[Any], at: Any) -> QuerySet[Any]:
    return rows.filter(at__gte=at)


DATASETS = (
    Dataset(
        DISTRICTS,
        PRODUCER,
        Frequency.IRREGULAR,
        page="home",
        keywords=("quartier", "géographie"),
        listing=Listing(_districts, order=("position", "name")),
    ),
    Dataset(
        THEMES,
        PRODUCER,
        Frequency.IRREGULAR,
        page="home",
        keywords=("nomenclature",),
        listing=Listing(Theme.objects.all, order=("position", "name")),
    ),
    Dataset(
        SERVICES,
        PRODUCER,
        Frequency.IRREGULAR,
        page="transparency:promises",
        keywords=("nomenclature",),
        listing=Listing(Service.objects.all, order=("position", "name")),
    ),
    Dataset(POPULATIONS, PRODUCER, Frequency.IRREGULAR, page="home", keywords=("population", "quartier")),
    Dataset(
        REGISTER,
        PRODUCER,
        Frequency.CONTINUOUS,
        page="transparency:register",
        keywords=("transparence", "registre"),
        listing=Listing(
            RegisterLine.objects.all,
            order=("-number",),
            filters=(
                Filter("acte", "Code d’un acte.", Asks.SLUG, lambda rows, act: rows.filter(act=act)),
                Filter("depuis", "Premier instant (ISO 8601).", Asks.SINCE, _since, order=("-at", "-number")),
            ),
        ),
        routes=("transparency:export",),
    ),
    Dataset(
        PROMISES,
        PRODUCER,
        Frequency.DAILY,
        page="transparency:promises",
        keywords=("transparence", "délai"),
    ),
    Dataset(
        FAULTS,
        PRODUCER,
        Frequency.MONTHLY,
        page="accessibility",
        keywords=("accessibilité",),
        small_numbers=_("Un signalement n’est pas une personne\u00a0: ces nombres ne sont pas regroupés."),
    ),
)
