"""The open data of a consultation: what its pages show, as CSV and JSON, row by row from the database to the network.

Only what everybody reads: never a position per person, an address, a draft, a withdrawn text nor an internal number. The
columns are described here once, for the files, for the page that lists them and for its dictionary.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.postgres.aggregates import StringAgg
from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consultations import part_counts, participation, presentation, signatures
from consultations.models import Comment, Consultation, Contribution, Item, ItemOutcome
from mulhouse import opendata, small_cells
from mulhouse.opendata import LICENCE, LICENCE_URL, Column, Kind, instant


@dataclass(frozen=True)
class Table:
    """A table that anybody can download."""

    name: str
    title: str | Promise
    summary: str | Promise
    columns: tuple[Column, ...]
    rows: Callable[[Consultation], Iterable[Any]]


# The words of the files, the same in every language of the site.
KINDS = {"opinion": "avis", "proposal": "proposition", "question": "question", "experience": "expertise_d_usage"}
CHANNELS = {
    "web": "en_ligne",
    "desk": "guichet",
    "paper": "papier",
    "phone": "telephone",
    "room": "reunion",
    "import": "reprise",
}
DECISIONS = {
    "kept": "retenu",
    "partly_kept": "retenu_en_partie",
    "not_kept": "non_retenu",
    "out_of_scope": "hors_perimetre",
    "forwarded": "transmis",
    "already_done": "deja_fait",
}
STANCES = {"for": "pour", "against": "contre", "neutral": "neutre"}

# What is read of each table: no column that is not exported.
CONTRIBUTION_COLUMNS = (
    *("reference", "kind", "title", "body", "author_label", "signature", "channel", "place"),
    *("usage_when", "usage_frequency", "usage_role", "published_at", "corrected_at"),
    *("agree_count", "mixed_count", "disagree_count", "comment_count", "for_count", "against_count"),
    *("imported_agree_count", "imported_mixed_count", "imported_disagree_count"),
    *("section__title", "district__name", "place_district__name", "author__public_name"),
)
COMMENT_COLUMNS = (
    *("reference", "author_label", "stance", "body", "channel", "published_at"),
    *("support_count", "imported_support_count", "reply_count"),
    *("contribution__reference", "parent__reference", "author__public_name"),
)


def _district(contribution: Contribution) -> str:
    if contribution.signature == Contribution.Signature.DISTRICT:
        return contribution.district.name if contribution.district else ""
    return presentation.place_of_author(contribution)


def _contributions(consultation: Consultation) -> QuerySet[Contribution]:
    """Read what is visible, through the index of the public list."""
    rows = _read_contributions().filter(consultation=consultation)
    return rows.order_by("-published_at", "-pk")


def contributions_of(consultations: QuerySet[Consultation]) -> QuerySet[Contribution]:
    """Read what is visible in some consultations, each with its consultation."""
    rows = _read_contributions().filter(consultation__in=consultations).select_related("consultation")
    return rows.only(*CONTRIBUTION_COLUMNS, "consultation__slug")


def _read_contributions() -> QuerySet[Contribution]:
    """Read without the columns that are not exported."""
    rows = Contribution.objects.visible().select_related("section", "district", "place_district", "author")
    return rows.only(*CONTRIBUTION_COLUMNS).annotate(decisions=_decisions())


def _decisions() -> Subquery:
    """Read with a contribution the decisions that hold for it, the newest first, parted by commas."""
    current = ItemOutcome.objects.current().filter(item__contribution=OuterRef("pk")).order_by()
    each = StringAgg("outcome__decision", ",", order_by=("-given_at", "-pk"))
    return Subquery(current.values("item").annotate(all=each).values("all")[:1])


def _outcomes(consultation: Consultation) -> QuerySet[ItemOutcome]:
    """Read each answer that reached an opinion that has a public page, those that were replaced included."""
    return outcomes_of(Consultation.objects.filter(pk=consultation.pk)).order_by("-given_at", "-pk")


def outcomes_of(consultations: QuerySet[Consultation]) -> QuerySet[ItemOutcome]:
    """Read the answers that reached the public opinions of some consultations."""
    items = Item.objects.filter(consultation__in=consultations).public()
    rows = ItemOutcome.objects.filter(item__in=items).select_related("item", "outcome__returned")
    return rows.defer("item__search", "item__words", "outcome__explanation_html")


def _comments(consultation: Consultation) -> QuerySet[Comment]:
    """Read what is visible, on contributions that are, thread after thread."""
    found = comments_of(Consultation.objects.filter(pk=consultation.pk))
    return found.order_by("contribution_id", "published_at", "pk")


def comments_of(consultations: QuerySet[Consultation]) -> QuerySet[Comment]:
    """Read the visible comments on what is visible in some consultations."""
    return (
        Comment.objects.public()
        .filter(contribution__consultation__in=consultations)
        .select_related("contribution__consultation", "parent", "author")
        .only(*COMMENT_COLUMNS, "contribution__consultation__slug", "contribution__published_at")
    )


CONTRIBUTIONS = Table(
    name="contributions",
    title=_("Les contributions"),
    summary=_("Une ligne par contribution publiée, la plus récente d’abord."),
    columns=(
        Column("reference", _("Référence publique, stable."), lambda row: row.reference),
        Column("partie", _("Partie à laquelle elle répond."), lambda row: row.section.title if row.section else ""),
        Column(
            "sorte",
            _(
                "«\u00a0avis\u00a0», «\u00a0proposition\u00a0», «\u00a0question\u00a0» ou «\u00a0expertise_d_usage\u00a0»."
            ),
            lambda row: KINDS[row.kind],
        ),
        Column("titre", _("Titre."), lambda row: row.title),
        Column("texte", _("Texte tel qu’il a été écrit, mise en forme comprise."), lambda row: row.body),
        Column(
            "signature",
            _("Signature publique : un nom ou un pseudonyme, ou «\u00a0Un habitant\u00a0» et le quartier."),
            signatures.of_contribution,
        ),
        Column("quartier", _("Quartier affiché avec la signature ; vide s’il n’est pas public."), _district),
        Column("quand", _("Expertise d’usage : quand."), lambda row: row.usage_when),
        Column("rythme", _("Expertise d’usage : à quel rythme."), lambda row: row.usage_frequency),
        Column("en_tant_que", _("Expertise d’usage : en tant que…"), lambda row: row.usage_role),
        Column("lieu", _("Lieu dont il est question."), lambda row: row.place),
        Column(
            "quartier_du_lieu",
            _("Quartier de ce lieu ; vide si personne ne l’a dit."),
            lambda row: row.place_district.name if row.place_district else "",
        ),
        Column(
            "canal",
            _(
                "«\u00a0en_ligne\u00a0», «\u00a0guichet\u00a0», «\u00a0papier\u00a0», «\u00a0telephone\u00a0», "
                "«\u00a0reunion\u00a0», ou «\u00a0reprise\u00a0» d’une autre plateforme."
            ),
            lambda row: CHANNELS[row.channel],
        ),
        Column(
            "publiee_le", _("Date et heure à Mulhouse (ISO 8601)."), lambda row: instant(row.published_at), Kind.INSTANT
        ),
        Column(
            "corrigee_le",
            _("Date et heure de la dernière correction ; vide s’il n’y en a pas."),
            lambda row: instant(row.corrected_at),
            Kind.INSTANT,
        ),
        Column("d_accord", _("Nombre de personnes d’accord."), lambda row: row.agree, Kind.INTEGER),
        Column("mitige", _("Nombre de personnes mitigées."), lambda row: row.mixed, Kind.INTEGER),
        Column("pas_d_accord", _("Nombre de personnes pas d’accord."), lambda row: row.disagree, Kind.INTEGER),
        Column("commentaires", _("Nombre de commentaires."), lambda row: row.comment_count, Kind.INTEGER),
        Column("commentaires_pour", _("Nombre de commentaires pour."), lambda row: row.for_count, Kind.INTEGER),
        Column("commentaires_contre", _("Nombre de commentaires contre."), lambda row: row.against_count, Kind.INTEGER),
        Column(
            "suite",
            _(
                "Ce que la Ville a décidé, la réponse la plus récente d’abord\u00a0; vide en attendant. "
                "Le détail est dans «\u00a0suites\u00a0»."
            ),
            lambda row: ", ".join(DECISIONS[each] for each in row.decisions.split(",")) if row.decisions else "",
        ),
    ),
    rows=_contributions,
)

OUTCOMES = Table(
    name="suites",
    title=_("Les réponses de la Ville"),
    summary=_(
        "Une ligne par réponse reçue par un avis, celles qui ont été remplacées comprises, la plus récente d’abord."
    ),
    columns=(
        Column("avis", _("Référence de la contribution ou du commentaire."), lambda row: row.item.reference),
        Column(
            "decision",
            _(
                "«\u00a0retenu\u00a0», «\u00a0retenu_en_partie\u00a0», «\u00a0non_retenu\u00a0», "
                "«\u00a0hors_perimetre\u00a0», «\u00a0transmis\u00a0» ou «\u00a0deja_fait\u00a0»."
            ),
            lambda row: DECISIONS[row.outcome.decision],
        ),
        Column(
            "sujet",
            _("Thème auquel la Ville a répondu\u00a0; vide pour une réponse propre à cet avis."),
            lambda row: row.outcome.subject,
        ),
        Column("explication", _("Pourquoi, tel que la Ville l’a écrit."), lambda row: row.outcome.explanation),
        Column("transmis_a", _("À qui l’avis est transmis."), lambda row: row.outcome.forwarded_to),
        Column(
            "publiee_le",
            _("Date et heure à Mulhouse (ISO 8601)."),
            lambda row: instant(row.outcome.published_at),
            Kind.INSTANT,
        ),
        Column(
            "recue_le",
            _("Date et heure à laquelle cet avis l’a reçue."),
            lambda row: instant(row.given_at),
            Kind.INSTANT,
        ),
        Column(
            "remplacee_le",
            _("Date et heure à laquelle une autre l’a remplacée\u00a0; vide si elle tient."),
            lambda row: instant(row.ended_at),
            Kind.INSTANT,
        ),
        Column(
            "motif_du_retour",
            _(
                "Pourquoi cet avis est revenu à la réponse de ses thèmes\u00a0; vide si une autre réponse l’a remplacée."
            ),
            lambda row: row.outcome.returned.reason if row.ended_at and hasattr(row.outcome, "returned") else "",
        ),
    ),
    rows=_outcomes,
)

COMMENTS = Table(
    name="commentaires",
    title=_("Les commentaires"),
    summary=_("Une ligne par commentaire ou réponse, débat après débat."),
    columns=(
        Column("reference", _("Référence publique, stable."), lambda row: row.reference),
        Column("contribution", _("Référence de la contribution commentée."), lambda row: row.contribution.reference),
        Column(
            "en_reponse_a",
            _("Référence du commentaire auquel il répond ; vide s’il ouvre un fil."),
            lambda row: row.parent.reference if row.parent else "",
        ),
        Column(
            "sens",
            _("«\u00a0pour\u00a0», «\u00a0contre\u00a0» ou «\u00a0neutre\u00a0»."),
            lambda row: STANCES[row.stance],
        ),
        Column("texte", _("Texte tel qu’il a été écrit, mise en forme comprise."), lambda row: row.body),
        Column("signature", _("Signature publique : un nom ou un pseudonyme."), signatures.of_comment),
        Column(
            "canal",
            _("«\u00a0en_ligne\u00a0», ou «\u00a0reprise\u00a0» d’une autre plateforme."),
            lambda row: CHANNELS[row.channel],
        ),
        Column(
            "publie_le", _("Date et heure à Mulhouse (ISO 8601)."), lambda row: instant(row.published_at), Kind.INSTANT
        ),
        Column(
            "soutiens",
            _("Nombre de soutiens."),
            lambda row: row.support_count + row.imported_support_count,
            Kind.INTEGER,
        ),
        Column("reponses", _("Nombre de réponses."), lambda row: row.reply_count, Kind.INTEGER),
    ),
    rows=_comments,
)

COUNTS = Table(
    name="chiffres",
    title=_("Les chiffres"),
    summary=_("Une ligne par partie et par sorte de contribution."),
    columns=(
        Column("partie", _("Partie de la consultation."), lambda row: row["part_title"] or ""),
        Column("sorte", _("Sorte de contribution."), lambda row: KINDS[row["kind"]]),
        Column("contributions", _("Nombre de contributions."), lambda row: row["contributions"], Kind.INTEGER),
        Column("d_accord", _("Nombre de positions « d’accord »."), lambda row: row["sum_agree"], Kind.INTEGER),
        Column("mitige", _("Nombre de positions « mitigé »."), lambda row: row["sum_mixed"], Kind.INTEGER),
        Column(
            "pas_d_accord", _("Nombre de positions « pas d’accord »."), lambda row: row["sum_disagree"], Kind.INTEGER
        ),
        Column("commentaires", _("Nombre de commentaires."), lambda row: row["sum_comments"], Kind.INTEGER),
        Column("commentaires_pour", _("Nombre de commentaires pour."), lambda row: row["sum_for"], Kind.INTEGER),
        Column(
            "commentaires_contre", _("Nombre de commentaires contre."), lambda row: row["sum_against"], Kind.INTEGER
        ),
    ),
    rows=part_counts.of,
)


def _participants(consultation: Consultation) -> Iterable[tuple[str, int]]:
    """Count people by channel, as the page of the consultation does; small counts are one line."""
    found = small_cells.merged(participation.by_channel(consultation, at=timezone.now()), least=1)
    yield from ((CHANNELS[channel], number) for channel, number in found.shown.items())
    if found.hidden:
        yield "+".join(CHANNELS[channel] for channel in found.hidden), found.rest


PARTICIPANTS = Table(
    name="participants",
    title=_("Les participants"),
    summary=_("Une ligne par canal, chaque personne comptée une fois, par celui de son premier geste."),
    columns=(
        Column(
            "canal",
            _(
                "Comme dans «\u00a0contributions\u00a0»\u00a0; les canaux de moins de cinq personnes sont réunis par un +."
            ),
            lambda row: row[0],
        ),
        Column("personnes", _("Nombre de personnes."), lambda row: row[1], Kind.INTEGER),
    ),
    rows=_participants,
)

TABLES = {table.name: table for table in (CONTRIBUTIONS, COMMENTS, OUTCOMES, COUNTS, PARTICIPANTS)}


def csv_chunks(table: Table, consultation: Consultation) -> Iterator[bytes]:
    """Write a table of a consultation as CSV (`opendata.csv_chunks` says how)."""
    return opendata.csv_chunks(_of(table, consultation))


def json_chunks(table: Table, consultation: Consultation) -> Iterator[bytes]:
    """Write a table of a consultation as one JSON object, its rows one a line.

    Shape: `consultation`, `source`, `origine`, `licence`, `licence_url`, `dictionnaire`, `exporte_le`, then `lignes`; what is
    empty in the CSV is null.
    """
    return opendata.json_chunks(_of(table, consultation), _heading(consultation))


def _of(table: Table, consultation: Consultation) -> opendata.Table:
    return opendata.Table(table.name, table.title, table.summary, table.columns, lambda: table.rows(consultation))


def _heading(consultation: Consultation) -> dict[str, Any]:
    with translation.override("fr"):
        page = reverse("consultations:data", args=[consultation.slug])
        address = consultation.get_absolute_url()
    return {
        "consultation": {"titre": consultation.title, "adresse": f"{settings.SITE_URL}{address}"},
        "source": settings.LEGAL["publisher"],
        "origine": consultation.source_note or None,
        "licence": LICENCE,
        "licence_url": LICENCE_URL,
        "dictionnaire": f"{settings.SITE_URL}{page}",
        "exporte_le": instant(timezone.now()),
    }
