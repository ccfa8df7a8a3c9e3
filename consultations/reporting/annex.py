"""The files beside a report: each opinion with what became of it, and the figures of participation as the report shows them."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from consultations import exports
from consultations.models import Item, ItemOutcome, ItemTheme, Report
from consultations.reporting.figures import UNKNOWN, Figures
from mulhouse import markup
from mulhouse.opendata import Column, Table

SORTS = {**exports.KINDS, "comment": "proposition_dans_le_debat", "answer": "reponse_libre"}
BETWEEN = " | "


def opinions(report: Report) -> Table:
    """Give the table of the opinions: one row each, with the answers that held on the day of the report, or hold today for a draft."""
    return Table(
        name="avis",
        title=_("Chaque avis et ce qu’il est devenu"),
        summary=_("Une ligne par avis, le plus ancien d’abord."),
        columns=(
            Column("reference", _("Référence publique, stable."), lambda row: row.reference),
            Column("sorte", _("Sorte d’avis."), lambda row: SORTS[row.kind]),
            Column("canal", _("Canal par lequel il est arrivé."), lambda row: exports.CHANNELS[row.channel]),
            Column("theme", _("Sujets auxquels il est rattaché."), _themes),
            Column("reponse", _("Ce que la Ville a décidé."), _decisions),
            Column("transmis_a", _("À qui il est transmis."), lambda row: _joined(_given(row), "forwarded_to")),
            Column("explication", _("Pourquoi, dans les mots de la Ville."), _explanations),
        ),
        rows=lambda: _items(report),
    )


def _items(report: Report) -> QuerySet[Item]:
    given = ItemOutcome.objects.filter(_held(report.published_at)).select_related("outcome").order_by("pk")
    links = ItemTheme.objects.select_related("theme").order_by("theme__title", "pk")
    return (
        Item.objects.filter(consultation=report.consultation)
        .standing()
        .only("reference", "kind", "channel", "grouped_with")
        .order_by("received_at", "pk")
        .prefetch_related(
            Prefetch("given", given, to_attr="held"),
            Prefetch("links", links, to_attr="own_links"),
            Prefetch("grouped_with__links", links, to_attr="head_links"),
        )
    )


def _held(at: dt.datetime | None) -> Q:
    if at is None:
        return Q(ended_at__isnull=True)
    return Q(given_at__lte=at) & (Q(ended_at__isnull=True) | Q(ended_at__gt=at))


def _given(row: Any) -> list[Any]:
    return [given.outcome for given in row.held]


def _themes(row: Any) -> str:
    links = row.grouped_with.head_links if row.grouped_with else row.own_links
    return BETWEEN.join(link.theme.shown_title for link in links)


def _decisions(row: Any) -> str:
    return BETWEEN.join(str(outcome.get_decision_display()) for outcome in _given(row))


def _joined(outcomes: Iterable[Any], name: str) -> str:
    return BETWEEN.join(getattr(outcome, name) for outcome in outcomes if getattr(outcome, name))


def _explanations(row: Any) -> str:
    return BETWEEN.join(markup.to_text(outcome.explanation_html) for outcome in _given(row))


# --- Participation ---------------------------------------------------------------------------------------------------------

DIMENSIONS = (("canal", "by_channel"), ("quartier", "by_district"), ("age", "by_age"), ("periode", "by_time"))
UNSAID = "non_precise"


def participation(figures: Figures) -> Table:
    """Give the figures of participation as a table: what is merged in the report is merged here."""
    return Table(
        name="participation",
        title=_("Qui a participé"),
        summary=_("Une ligne par canal, quartier, âge et période. Moins de cinq personnes : regroupé."),
        columns=(
            Column("dimension", _("Ce qui est compté."), lambda row: row[0]),
            Column("valeur", _("Canal, quartier, âge, ou premier jour de la période."), lambda row: row[1]),
            Column("personnes", _("Nombre de personnes ; vide si regroupé."), lambda row: row[2]),
            Column("regroupe", _("« oui » si ce nombre est regroupé avec d’autres."), lambda row: row[3]),
            Column("habitants", _("Nombre d’habitants, s’il est connu."), lambda row: row[4]),
        ),
        rows=lambda: _participation(figures),
    )


def _participation(figures: Figures) -> Iterator[tuple[str, str, int | str, str, int | str]]:
    yield "total", "", figures["people"], "", ""
    for dimension, name in DIMENSIONS:
        line, inhabitants = figures[name], figures["population"].get(name, {}).get("inhabitants", {})
        for value, number in line["rows"]:
            yield dimension, value if value != UNKNOWN else UNSAID, number, "", inhabitants.get(value, "")
        for value in line["merged"]:
            yield dimension, value if value != UNKNOWN else UNSAID, "", "oui", inhabitants.get(value, "")
        if line["merged"]:
            yield dimension, "ensemble_des_regroupes", line["rest"], "oui", ""
