"""The published table of what is held, as files: the same registry as the page, the export and the erasure."""

from django.utils.translation import gettext_lazy as _

from mulhouse import personal_data
from mulhouse.opendata import Column, Kind, Table
from mulhouse.personal_data import Holding

FATES = {"erased": "Effacé", "unsigned": "Gardé sans votre nom", "kept": "Gardé jusqu’à la fin de la durée"}


def _kept(holding: Holding) -> str:
    return holding.kept.words if holding.kept else ""


def _days(holding: Holding) -> int | str:
    return holding.kept.days if holding.kept and holding.kept.days is not None else ""


TABLE = Table(
    name="traitements",
    title=_("Données personnelles conservées"),
    summary=_("Ce qui est conservé, pourquoi, jusqu’à quand, qui le voit."),
    columns=(
        Column("finalite", _("Pourquoi, en un mot."), lambda row: row.group.value if row.group else ""),
        Column("donnees", _("Ce qui est conservé."), lambda row: row.label),
        Column("pourquoi", _("À quoi cela sert."), lambda row: row.purpose),
        Column("base_legale", _("Ce qui l’autorise."), lambda row: row.basis),
        Column("duree", _("Jusqu’à quand."), lambda row: row.period),
        Column("duree_de_reference", _("Le délai, et ce dont il part."), _kept),
        Column("jours", _("Le délai en jours\u00a0; vide quand il dépend d’un événement."), _days, Kind.INTEGER),
        Column("qui_voit", _("Qui peut le voir."), lambda row: row.recipients),
        Column("droits", _("Vos droits sur ces données."), lambda row: " | ".join(row.rights)),
        Column(
            "fermeture_du_compte",
            _("Ce que cela devient quand vous fermez votre compte."),
            lambda row: FATES[row.fate.value],
        ),
        Column("sort_final", _("Ce que cela devient ensuite."), lambda row: row.final.value if row.final else ""),
        Column("regle", _("D’où vient la règle."), lambda row: row.source),
    ),
    rows=personal_data.holdings,
)
