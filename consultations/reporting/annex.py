"""The files beside a report: each opinion with what became of it, and the figures of participation as the report shows them."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from consultations import exports
from consultations.models import Report
from consultations.reporting import rows
from consultations.reporting.figures import UNKNOWN, Figures
from mulhouse import markup
from mulhouse.opendata import Column, Table

SORTS = {**exports.KINDS, "comment": "proposition_dans_le_debat", "answer": "reponse_libre"}
BETWEEN = " | "


def opinions(report: Report) -> Table:
    """Give the table of the opinions: one row each, as the report counted them on its day, or as they are now for a draft.

    Shape: the rows, and the sums of their last columns, are the figures of the report.
    """
    titles, parts = rows.titles(report, report.consultation), rows.parts(report, report.consultation)
    return Table(
        name="avis",
        title=_("Chaque avis et ce qu’il est devenu"),
        summary=_("Une ligne par avis compté dans le bilan, le plus ancien d’abord."),
        columns=(
            Column(
                "reference",
                _("Référence publique, stable\u00a0; vide pour un avis retiré ou masqué depuis."),
                lambda row: "" if rows.is_gone(row) else row.item.reference,
            ),
            Column("sorte", _("Sorte d’avis."), lambda row: SORTS[row.item.kind]),
            Column("canal", _("Canal par lequel il est arrivé."), lambda row: exports.CHANNELS[row.item.channel]),
            Column("partie", _("Partie de la consultation."), lambda row: parts.get(row.part, "")),
            Column(
                "theme",
                _("Sujets auxquels il était rattaché."),
                lambda row: BETWEEN.join(titles.get(reference, "") for reference in row.themes),
            ),
            Column("reponse", _("Ce que la Ville a décidé."), _decisions),
            Column("transmis_a", _("À qui il est transmis."), lambda row: _said(row, "forwarded_to")),
            Column(
                "explication", _("Pourquoi, dans les mots de la Ville."), lambda row: _said(row, "explanation_html")
            ),
            Column("commentaires", _("Nombre de commentaires, pour une contribution."), lambda row: row.comments),
            Column("d_accord", _("Nombre de personnes d’accord."), lambda row: row.agree),
            Column("mitige", _("Nombre de personnes mitigées."), lambda row: row.mixed),
            Column("pas_d_accord", _("Nombre de personnes pas d’accord."), lambda row: row.disagree),
            Column(
                "retire_depuis",
                _(
                    "«\u00a0oui\u00a0» pour un avis retiré ou masqué après le bilan\u00a0: il reste compté, sans ses mots."
                ),
                lambda row: "oui" if rows.is_gone(row) else "",
            ),
        ),
        rows=lambda: rows.each(report),
    )


def _decisions(row: Any) -> str:
    return BETWEEN.join(str(outcome.get_decision_display()) for outcome in rows.answers_of(row))


def _said(row: Any, name: str) -> str:
    """Join the words of the answers; those to a text that is public no more may quote it."""
    found = [] if rows.is_gone(row) else [getattr(outcome, name) for outcome in rows.answers_of(row)]
    return BETWEEN.join(markup.to_text(words) if name.endswith("_html") else words for words in found if words)


# --- Participation ---------------------------------------------------------------------------------------------------------

DIMENSIONS = (("canal", "by_channel"), ("quartier", "by_district"), ("age", "by_age"), ("periode", "by_time"))
UNSAID, TOGETHER = "non_precise", "ensemble_des_regroupes"
Line = tuple[str, str, int | str, str, int | str]


def participation(figures: Figures) -> Table:
    """Give the figures of participation as a table: what is merged in the report is merged here."""
    return Table(
        name="participation",
        title=_("Qui a participé"),
        summary=_(
            "Une ligne par canal, quartier, âge, période, questionnaire et vote. Moins de cinq personnes\u00a0: regroupé."
        ),
        columns=(
            Column("dimension", _("Ce qui est compté."), lambda row: row[0]),
            Column(
                "valeur",
                _("Canal, quartier, âge, ou premier jour de la période\u00a0; vide pour un total."),
                lambda row: row[1],
            ),
            Column("personnes", _("Nombre de personnes\u00a0; vide si regroupé."), lambda row: row[2]),
            Column("regroupe", _("«\u00a0oui\u00a0» si ce nombre est regroupé avec d’autres."), lambda row: row[3]),
            Column("habitants", _("Nombre d’habitants, s’il est connu."), lambda row: row[4]),
        ),
        rows=lambda: _participation(figures),
    )


def _participation(figures: Figures) -> Iterator[Line]:
    yield "total", "", figures["people"], "", ""
    if figures.get("seated"):
        yield "aux_tables", "", figures["seated"], "", ""
    for dimension, name in DIMENSIONS:
        line, inhabitants = figures[name], figures["population"].get(name, {}).get("inhabitants", {})
        for value, number in line["rows"]:
            yield dimension, value if value != UNKNOWN else UNSAID, number, "", inhabitants.get(value, "")
        for value in line["merged"]:
            yield dimension, value if value != UNKNOWN else UNSAID, "", "oui", inhabitants.get(value, "")
        if line["merged"]:
            yield dimension, TOGETHER, line["rest"], "oui", ""
    for row in figures.get("questionnaires", ()):
        yield from _responses(row)
    for row in figures.get("votes", ()):
        name = f"vote_{row['reference']}"
        yield name, "", row["voters"], "", ""
        for channel, number in row["by_channel"].items():
            yield name, channel, number, "", ""


def _responses(row: Mapping[str, Any]) -> Iterator[Line]:
    name, line, without = f"questionnaire_{row['reference']}", row["by_channel"], row["without_account"]
    yield name, "", row["responses"], "", ""
    for channel, number in line["rows"]:
        yield name, channel, number, "", ""
    for channel in line["merged"]:
        yield name, channel, "", "oui", ""
    if line["merged"]:
        yield name, TOGETHER, line["rest"], "oui", ""
    yield name, "sans_compte", "" if without is None else without, "oui" if without is None else "", ""
