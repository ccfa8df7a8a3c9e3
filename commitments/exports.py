"""Commitments and their news as open data, for the files and for the dictionary of their columns."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from commitments import changes, presentation
from commitments.models import Commitment, CommitmentNews
from mulhouse.opendata import LICENCE, LICENCE_URL, Column, Kind, Table, day, instant
from transparency.clocks import Standing

# The words of the files, the same in every language of the site.
STATES = {"planned": "prevu", "in_progress": "en_cours", "done": "realise", "abandoned": "abandonne"}
COLUMNS = {
    "title": "titre",
    "description": "description",
    "theme": "theme",
    "service": "service",
    "district": "quartier",
    "source_title": "source",
    "source_url": "source_adresse",
}


def read_commitments() -> QuerySet[Commitment]:
    """Read what is published, the newest first."""
    rows = Commitment.objects.published().select_related("service", "district", "theme")
    found: QuerySet[Commitment] = rows.defer("search").order_by("-published_at", "-pk")
    return found


def read_news() -> QuerySet[CommitmentNews]:
    """Read the news, the newest first."""
    return CommitmentNews.objects.visible().select_related("commitment").order_by("-published_at", "-pk")


def _changes(row: CommitmentNews) -> str:
    return "\n".join(
        f"{COLUMNS[each.field]}\u00a0: «\u00a0{each.before}\u00a0» → «\u00a0{each.after}\u00a0»"
        for each in changes.told(row)
    )


def _late_days(row: Commitment) -> int:
    clock = presentation.clock(row, today=timezone.localdate())
    return clock.days if clock.standing in {Standing.LATE, Standing.KEPT_LATE} else 0


COMMITMENTS = Table(
    name="engagements",
    title=_("Les engagements"),
    summary=_("Une ligne par engagement publié, le plus récent d’abord."),
    columns=(
        Column("reference", _("Référence publique, stable."), lambda row: row.reference),
        Column("titre", _("Titre."), lambda row: row.title),
        Column("description", _("Ce que la Ville s’engage à faire."), lambda row: row.description),
        Column(
            "etat",
            _("«\u00a0prevu\u00a0», «\u00a0en_cours\u00a0», «\u00a0realise\u00a0» ou «\u00a0abandonne\u00a0»."),
            lambda row: STATES[row.state],
        ),
        Column("service", _("Service responsable."), lambda row: row.service.name),
        Column("theme", _("Thème ; vide s’il n’y en a pas."), lambda row: row.theme.name if row.theme else ""),
        Column(
            "quartier", _("Quartier ; vide pour toute la ville."), lambda row: row.district.name if row.district else ""
        ),
        Column("source", _("D’où vient l’engagement."), lambda row: row.source_title),
        Column("source_adresse", _("Adresse de la source."), lambda row: row.source_url, Kind.ADDRESS),
        Column(
            "publie_le", _("Date et heure à Mulhouse (ISO 8601)."), lambda row: instant(row.published_at), Kind.INSTANT
        ),
        Column(
            "echeance_initiale",
            _("Dernier jour annoncé au départ, inclus."),
            lambda row: day(row.first_due_on),
            Kind.DAY,
        ),
        Column("echeance", _("Dernier jour, inclus."), lambda row: day(row.due_on), Kind.DAY),
        Column("clos_le", _("Jour où il a été réalisé ou abandonné."), lambda row: day(row.closed_on), Kind.DAY),
        Column(
            "jours_de_retard",
            _("Jours passés après l’échéance, au jour du téléchargement ou à la réalisation ; 0 sans retard."),
            _late_days,
            Kind.INTEGER,
        ),
        Column(
            "derniere_nouvelle_le",
            _("Date et heure de la dernière nouvelle."),
            lambda row: instant(row.news_at),
            Kind.INSTANT,
        ),
    ),
    rows=read_commitments,
)

NEWS = Table(
    name="nouvelles",
    title=_("Les nouvelles"),
    summary=_("Une ligne par événement daté, le plus récent d’abord."),
    columns=(
        Column("reference", _("Référence publique, stable."), lambda row: row.reference),
        Column("engagement", _("Référence de l’engagement."), lambda row: row.commitment.reference),
        Column("date", _("Jour de l’événement."), lambda row: day(row.happened_on), Kind.DAY),
        Column(
            "publiee_le", _("Date et heure à Mulhouse (ISO 8601)."), lambda row: instant(row.published_at), Kind.INSTANT
        ),
        Column("etat", _("État de l’engagement à partir de là."), lambda row: STATES[row.state]),
        Column("texte", _("Texte tel qu’il a été écrit."), lambda row: row.text),
        Column("echeance_avant", _("Si l’échéance change : l’ancienne."), lambda row: day(row.due_before), Kind.DAY),
        Column("echeance_apres", _("Si l’échéance change : la nouvelle."), lambda row: day(row.due_after), Kind.DAY),
        Column(
            "changements",
            _("Si le texte change : chaque colonne, ce qu’elle disait et ce qu’elle dit."),
            _changes,
        ),
        Column("photo", _("Ce que montre la photo ; vide sans photo."), lambda row: row.photo_alt),
    ),
    rows=read_news,
)

TABLES = {table.name: table for table in (COMMITMENTS, NEWS)}


def heading() -> dict[str, Any]:
    """Give what comes before the rows of a JSON file."""
    with translation.override("fr"):
        page = reverse("commitments:list")
        dictionary = reverse("commitments:data")
    return {
        "source": settings.LEGAL["publisher"],
        "adresse": f"{settings.SITE_URL}{page}",
        "licence": LICENCE,
        "licence_url": LICENCE_URL,
        "dictionnaire": f"{settings.SITE_URL}{dictionary}",
        "exporte_le": instant(timezone.now()),
    }
