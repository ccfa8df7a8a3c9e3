"""What consultations put in the catalogue of open data: the columns of their own files, over all of them at once."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ballots import counting, files
from ballots.models import Votation
from city.models import District
from consultations import exports, part_counts, participation, phases
from consultations.models import Comment, Consultation, ConsultationQuestionnaire, ConsultationVote, ItemOutcome
from mulhouse import opendata
from mulhouse.opendata import Column, Kind, Table, day, instant
from opendata.datasets import Asks, Dataset, Filter, Frequency, Listing
from questionnaires import crosses, outline, results, rules

# They add to what is public, count, or touch nothing that a file holds.
HARMLESS = (
    *("contribution.published", "contribution.assisted", "comment.published", "text.held"),
    *("position.taken", "position.withdrawn", "comment.supported", "comment.unsupported"),
    *("consultation.draft", "consultation.answer_reminded", "consultation.packaged", "outcome.told"),
    *("outcome.published", "report.draft", "report.published", "report.pdf_made", "consultation.table_entered"),
    *("questionnaire.answered", "questionnaire.answer_changed", "questionnaire.draft", "questionnaire.texts_taken"),
    *(
        "questionnaire.file_taken",
        "analysis.prepared",
        "consultation.package_asked",
        "report.pdf_asked",
        "vote.draft",
        "vote.turnout",
        "vote.paper_counted",
        "desk.opened",
    ),
)
PRODUCER = _("Agence de la participation citoyenne")
SLUG = Column("consultation", _("Consultation, par son nom dans les adresses."), lambda row: row.consultation.slug)
STATES = {
    phases.Kind.INFORM: "information",
    phases.Kind.CONTRIBUTE: "contributions",
    phases.Kind.ANALYSE: "analyse",
    phases.Kind.DECIDE: "decision",
    phases.Kind.FOLLOW: "suivi",
}


def _public() -> QuerySet[Consultation]:
    return Consultation.objects.published()


# --- Consultations -------------------------------------------------------------------------------------------------------


def _consultations() -> QuerySet[Any]:
    rows = Consultation.objects.published().with_district_names().select_related("theme", "service")
    found: QuerySet[Any] = rows.prefetch_related("phases").order_by("-published_at", "-pk")
    return found


def _phase(row: Consultation) -> str:
    span = row.current_span(at=timezone.now())
    return STATES[span.kind] if span else ""


def _asked(row: Consultation, end: Callable[[phases.Span], dt.date | None]) -> str:
    asking = [span for span in row.spans() if span.kind is phases.Kind.CONTRIBUTE]
    return day(end(asking[0] if end is _first else asking[-1])) if asking else ""


def _first(span: phases.Span) -> dt.date | None:
    return span.starts_on


def _last(span: phases.Span) -> dt.date | None:
    return span.ends_on


CONSULTATIONS = Table(
    name="consultations",
    title=_("Les consultations"),
    summary=_("Une ligne par consultation publiée, archives comprises, la plus récente d’abord."),
    columns=(
        Column("consultation", _("Nom dans les adresses, stable."), lambda row: row.slug),
        Column("titre", _("Titre."), lambda row: row.title),
        Column("en_bref", _("En bref."), lambda row: row.summary),
        Column("theme", _("Thème."), lambda row: row.theme.name),
        Column("service", _("Service responsable."), lambda row: row.service.name),
        Column(
            "quartiers",
            _("Quartiers, séparés par des virgules\u00a0; vide pour toute la ville."),
            lambda row: ", ".join(row.district_names),
        ),
        Column(
            "phase",
            _(
                "«\u00a0information\u00a0», «\u00a0contributions\u00a0», «\u00a0analyse\u00a0», «\u00a0decision\u00a0» ou "
                "«\u00a0suivi\u00a0»\u00a0; vide avant, entre et après."
            ),
            _phase,
        ),
        Column("avis_du", _("Premier jour des avis."), lambda row: _asked(row, _first), Kind.DAY),
        Column("avis_au", _("Dernier jour des avis, inclus."), lambda row: _asked(row, _last), Kind.DAY),
        Column(
            "publiee_le", _("Date et heure à Mulhouse (ISO 8601)."), lambda row: instant(row.published_at), Kind.INSTANT
        ),
        Column(
            "archivee_le", _("Date et heure à Mulhouse (ISO 8601)."), lambda row: instant(row.archived_at), Kind.INSTANT
        ),
        Column(
            "contributions", _("Nombre de contributions visibles."), lambda row: row.contribution_count, Kind.INTEGER
        ),
        Column("origine", _("D’où viennent des données reprises ailleurs."), lambda row: row.source_note),
        Column(
            "adresse",
            _("Adresse de sa page."),
            lambda row: f"{settings.SITE_URL}{row.get_absolute_url()}",
            Kind.ADDRESS,
        ),
    ),
    rows=_consultations,
)


# --- Texts ---------------------------------------------------------------------------------------------------------------


def _contributions() -> QuerySet[Any]:
    rows = exports.contributions_of(_public())
    return rows.order_by("-pk")


def _comments() -> QuerySet[Comment]:
    return exports.comments_of(_public()).order_by("-pk")


def _outcomes() -> QuerySet[ItemOutcome]:
    return exports.outcomes_of(_public()).select_related("outcome__consultation").order_by("-pk")


def _renamed(table: exports.Table, rows: Callable[[], Iterable[Any]], slug: Column = SLUG, summary: Any = "") -> Table:
    return Table(table.name, table.title, summary or table.summary, (slug, *table.columns), rows)


# By the day they were recorded here: what another site had published before is taken over later.
CONTRIBUTIONS = _renamed(
    exports.CONTRIBUTIONS,
    _contributions,
    summary=_("Une ligne par contribution publiée, la dernière enregistrée d’abord."),
)
COMMENTS = Table(
    exports.COMMENTS.name,
    exports.COMMENTS.title,
    _("Une ligne par commentaire ou réponse, le dernier enregistré d’abord."),
    (
        Column(SLUG.name, SLUG.meaning, lambda row: row.contribution.consultation.slug),
        *exports.COMMENTS.columns,
    ),
    _comments,
)
OUTCOMES = _renamed(
    exports.OUTCOMES, _outcomes, Column(SLUG.name, SLUG.meaning, lambda row: row.outcome.consultation.slug)
)


# --- Counts --------------------------------------------------------------------------------------------------------------


def _counts() -> Iterator[dict[str, Any]]:
    yield from part_counts.of_all(_public()).iterator(chunk_size=opendata.BATCH)


def _counts_of(rows: Sequence[Consultation]) -> Iterable[dict[str, Any]]:
    found: Iterable[dict[str, Any]] = part_counts.of_all(Consultation.objects.filter(pk__in=[row.pk for row in rows]))
    return found


COUNTS = Table(
    exports.COUNTS.name,
    exports.COUNTS.title,
    _("Une ligne par consultation, partie et sorte de contribution."),
    (Column(SLUG.name, SLUG.meaning, lambda row: row["consultation__slug"]), *exports.COUNTS.columns),
    _counts,
)


def _counted() -> QuerySet[Consultation]:
    return participation.with_counts(_public(), at=timezone.now()).order_by("-published_at", "-pk")


def _participants() -> Iterator[tuple[str, str, int]]:
    yield from _participants_of(_counted().iterator(chunk_size=opendata.BATCH))


def _participants_of(rows: Iterable[Consultation]) -> Iterator[tuple[str, str, int]]:
    """Count people by channel, as the page of each consultation does: small counts of one consultation are one line."""
    for row in rows:
        found = participation.shown(row).channels
        yield from ((row.slug, exports.CHANNELS[channel], number) for channel, number in found.shown.items())
        if found.hidden:
            yield row.slug, "+".join(exports.CHANNELS[channel] for channel in found.hidden), found.rest


PARTICIPANTS = Table(
    exports.PARTICIPANTS.name,
    exports.PARTICIPANTS.title,
    _("Une ligne par consultation et par canal, chaque personne comptée une fois, par celui de son premier geste."),
    (
        Column(SLUG.name, SLUG.meaning, lambda row: row[0]),
        Column(exports.PARTICIPANTS.columns[0].name, exports.PARTICIPANTS.columns[0].meaning, lambda row: row[1]),
        Column("personnes", exports.PARTICIPANTS.columns[1].meaning, lambda row: row[2], Kind.INTEGER),
    ),
    _participants,
)


# --- Votes and questionnaires --------------------------------------------------------------------------------------------


def _votes() -> Iterator[tuple[str, Votation, str, str, Any, str]]:
    """Read the result of each vote once everybody may: the lines of its own file."""
    links = ConsultationVote.objects.filter(consultation__in=_public(), votation__published_at__isnull=False)
    at = timezone.now()
    for link in links.select_related("consultation", "votation").prefetch_related("votation__options").order_by("-pk"):
        result = counting.result(link.votation, at=at)
        if result is None:
            continue
        slug = link.consultation.slug
        for told in files.lines(link.votation, result):
            for measure in files.MEASURES:
                if measure in told:
                    yield slug, link.votation, measure, told["proposition"], told[measure], told["retenue"]
        for measure, number in files.totals(result).items():
            yield slug, link.votation, measure, "", number, ""


VOTES = Table(
    name="votes",
    title=_("Les résultats des votes"),
    summary=_("Une ligne par proposition et par mesure, puis une par total, pour chaque vote dépouillé."),
    columns=(
        Column(SLUG.name, SLUG.meaning, lambda row: row[0]),
        Column("vote", _("Référence publique du vote."), lambda row: row[1].reference),
        Column("question", _("Question posée."), lambda row: row[1].question),
        Column(
            "mesure",
            _(
                "«\u00a0voix\u00a0», «\u00a0oui\u00a0», «\u00a0non\u00a0», «\u00a0cout\u00a0» ou «\u00a0reste\u00a0» (en "
                "centimes), «\u00a0votants\u00a0», «\u00a0bulletins\u00a0», «\u00a0blancs\u00a0», «\u00a0nuls\u00a0» ou "
                "«\u00a0exprimes\u00a0»."
            ),
            lambda row: row[2],
        ),
        Column("proposition", _("Proposition\u00a0; vide pour un total."), lambda row: row[3]),
        Column("nombre", _("Nombre."), lambda row: row[4], Kind.INTEGER),
        Column("retenue", _("«\u00a0oui\u00a0» ou «\u00a0non\u00a0»\u00a0; vide pour un total."), lambda row: row[5]),
    ),
    rows=_votes,
)


def _over() -> Iterator[tuple[str, outline.Outline]]:
    """Read each questionnaire that is over, answered by enough people for its results to single nobody out."""
    at = timezone.now()
    links = ConsultationQuestionnaire.objects.filter(consultation__in=_public())
    for link in links.select_related("consultation", "questionnaire").order_by("-pk"):
        if not rules.files_refusal(link.questionnaire, at=at) and results.is_enough(results.count(link.questionnaire)):
            yield link.consultation.slug, outline.read(link.questionnaire)


def _answers() -> Iterator[tuple[str, str, str, results.Told]]:
    for slug, read in _over():
        yield from ((slug, read.questionnaire.reference, name, told) for name, told in results.lines(read))


ANSWERS = Table(
    name="questionnaires",
    title=_("Les résultats des questionnaires"),
    summary=_("Une ligne par question et par réponse possible, pour chaque questionnaire fini."),
    columns=(
        Column(SLUG.name, SLUG.meaning, lambda row: row[0]),
        Column("questionnaire", _("Référence publique du questionnaire."), lambda row: row[1]),
        Column("question", _("Question."), lambda row: row[2]),
        Column("ligne", _("Ligne, si la question est un tableau."), lambda row: row[3][0]),
        Column("reponse", _("Réponse\u00a0; vide pour un total ou une mesure."), lambda row: row[3][1]),
        Column(
            "mesure",
            _(
                "«\u00a0repondants\u00a0», «\u00a0personnes\u00a0»\u00a0; pour un classement «\u00a0points\u00a0», "
                "«\u00a0en_premier\u00a0», «\u00a0cites\u00a0»\u00a0; pour un nombre «\u00a0moyenne\u00a0», "
                "«\u00a0premier_quart\u00a0», «\u00a0mediane\u00a0», «\u00a0dernier_quart\u00a0»."
            ),
            lambda row: row[3][2],
        ),
        Column("nombre", _("Nombre."), lambda row: float(row[3][3]), Kind.NUMBER),
    ),
    rows=_answers,
)


def _crosses() -> Iterator[tuple[str, str, str, str, str, str, int | None]]:
    """Read the crossed results of each questionnaire that is over: the numbers of its page, and what it hides."""
    districts = list(District.objects.select_related("sector"))
    for slug, read in _over():
        row = read.questionnaire
        sent = results.sent(read, None)
        for by in crosses.NAMES:
            found = crosses.of(read, sent, by, districts)
            for rank, asking in enumerate(read.questions, start=1):
                if asking.pk in found:
                    name = f"{rank}. {asking.question.label}"
                    for answer, group, cell in found[asking.pk].told():
                        yield slug, row.reference, by, name, answer, group, cell


CROSSES = Table(
    name="croisements",
    title=_("Les réponses aux questionnaires, par quartier et par âge"),
    summary=_("Une ligne par nombre, pour chaque questionnaire fini."),
    columns=(
        Column(SLUG.name, SLUG.meaning, lambda row: row[0]),
        Column("questionnaire", _("Référence publique du questionnaire."), lambda row: row[1]),
        Column("croisement", _("«\u00a0quartier\u00a0» ou «\u00a0age\u00a0»."), lambda row: row[2]),
        Column("question", _("Question."), lambda row: row[3]),
        Column("reponse", _("Réponse\u00a0; «\u00a0Ensemble\u00a0» pour un total."), lambda row: row[4]),
        Column("groupe", _("Quartier ou âge\u00a0; «\u00a0Ensemble\u00a0» pour un total."), lambda row: row[5]),
        Column(
            "nombre",
            _("Nombre de réponses\u00a0; vide s’il est masqué."),
            lambda row: "" if row[6] is None else row[6],
            Kind.INTEGER,
        ),
        Column(
            "masque",
            _("«\u00a0oui\u00a0» si le nombre est masqué."),
            lambda row: "oui" if row[6] is None else "",
        ),
    ),
    rows=_crosses,
)


# --- The catalogue -------------------------------------------------------------------------------------------------------


def _one(path: str) -> Callable[[QuerySet[Any], str], QuerySet[Any]]:
    """Keep one consultation, found first: an index then gives its rows in their order."""
    return lambda rows, slug: rows.filter(**{path: Subquery(_public().filter(slug=slug).values("pk")[:1])})


def _comments_of_one(rows: QuerySet[Any], slug: str) -> QuerySet[Any]:
    """Keep the comments of one consultation, in the order of the index of its contributions: what that index holds is said again."""
    held = {"contribution__published_at__isnull": False, "contribution__withdrawn_at__isnull": True}
    return _one("contribution__consultation")(rows, slug).filter(**held)


def _of(path: str) -> Callable[[QuerySet[Any], str], QuerySet[Any]]:
    return lambda rows, value: rows.filter(**{path: value})


def _after(column: str) -> Callable[[QuerySet[Any], dt.datetime], QuerySet[Any]]:
    return lambda rows, at: rows.filter(**{f"{column}__gte": at})


def _kind(rows: QuerySet[Any], word: str) -> QuerySet[Any]:
    return rows.filter(kind=next(kind for kind, name in exports.KINDS.items() if name == word))


ONE = "Nom d’une consultation dans les adresses."
SINCE = "Premier instant de publication (ISO 8601)."
_NAMED = Filter("consultation", ONE, Asks.SLUG, _of("slug"))
TEXTS = _("Rien ne compte des personnes par groupe\u00a0: les positions et les soutiens sont des totaux.")
ROUTES = ("consultations:export", "consultations:package")

DATASETS = (
    Dataset(
        CONSULTATIONS,
        PRODUCER,
        Frequency.IRREGULAR,
        page="consultations:list",
        keywords=("consultation", "participation"),
        listing=Listing(
            _consultations,
            order=("-published_at", "-pk"),
            filters=(Filter("depuis", SINCE, Asks.SINCE, _after("published_at")),),
        ),
    ),
    Dataset(
        CONTRIBUTIONS,
        PRODUCER,
        Frequency.CONTINUOUS,
        page="consultations:list",
        keywords=("consultation", "avis", "participation"),
        listing=Listing(
            _contributions,
            filters=(
                Filter("consultation", ONE, Asks.SLUG, _one("consultation"), order=("-published_at", "-pk")),
                Filter("sorte", "Sorte de contribution.", Asks.CHOICE, _kind, choices=tuple(exports.KINDS.values())),
                Filter(
                    "quartier",
                    "Quartier du lieu dont il est question, par son code (jeu « quartiers »).",
                    Asks.SLUG,
                    _of("place_district__slug"),
                ),
                Filter("depuis", SINCE, Asks.SINCE, _after("published_at"), order=("-published_at", "-pk")),
            ),
        ),
        small_numbers=TEXTS,
        routes=(*ROUTES, "consultations:report_annex"),
    ),
    Dataset(
        COMMENTS,
        PRODUCER,
        Frequency.CONTINUOUS,
        page="consultations:list",
        keywords=("consultation", "débat", "participation"),
        listing=Listing(
            _comments,
            filters=(
                Filter(
                    "consultation",
                    ONE,
                    Asks.SLUG,
                    _comments_of_one,
                    order=("-contribution__published_at", "-contribution__pk", "-pk"),
                ),
                Filter("contribution", "Référence d’une contribution.", Asks.SLUG, _of("contribution__reference")),
                Filter("depuis", SINCE, Asks.SINCE, _after("published_at"), order=("-published_at", "-pk")),
            ),
        ),
        small_numbers=TEXTS,
        routes=ROUTES,
    ),
    Dataset(
        OUTCOMES,
        PRODUCER,
        Frequency.IRREGULAR,
        page="consultations:list",
        keywords=("consultation", "réponse", "décision"),
        listing=Listing(
            _outcomes,
            filters=(
                Filter(
                    "consultation",
                    ONE,
                    Asks.SLUG,
                    _one("item__consultation"),
                    order=("-item__received_at", "-item__pk", "-pk"),
                ),
                Filter("depuis", SINCE, Asks.SINCE, _after("given_at"), order=("-given_at", "-pk")),
            ),
        ),
        routes=ROUTES,
    ),
    Dataset(
        COUNTS,
        PRODUCER,
        Frequency.CONTINUOUS,
        page="consultations:list",
        keywords=("consultation", "statistiques"),
        listing=Listing(_public, order=("-published_at", "-pk"), filters=(_NAMED,), lines=_counts_of),
        small_numbers=TEXTS,
        routes=ROUTES,
    ),
    Dataset(
        PARTICIPANTS,
        PRODUCER,
        Frequency.DAILY,
        page="consultations:list",
        keywords=("participation", "statistiques"),
        listing=Listing(_counted, order=("-published_at", "-pk"), filters=(_NAMED,), lines=_participants_of),
        small_numbers=_(
            "Sous cinq personnes, un nombre est réuni à d’autres, et assez d’autres pour qu’on ne le retrouve pas."
        ),
        routes=(*ROUTES, "consultations:report_participation"),
    ),
    Dataset(
        VOTES,
        PRODUCER,
        Frequency.IRREGULAR,
        page="consultations:list",
        keywords=("vote", "résultat"),
        small_numbers=_("Sous cinq bulletins, les totaux seuls. Les bulletins ne sont pas donnés un par un."),
        routes=("consultations:vote_file",),
    ),
    Dataset(
        ANSWERS,
        PRODUCER,
        Frequency.IRREGULAR,
        page="consultations:list",
        keywords=("questionnaire", "résultat"),
        small_numbers=_(
            "Sous cinq réponses, aucun résultat. Au-dessus, les nombres de la page, sans les croiser\u00a0; les quartiers de "
            "moins de cinq personnes sont réunis."
        ),
    ),
    Dataset(
        CROSSES,
        PRODUCER,
        Frequency.IRREGULAR,
        page="consultations:list",
        keywords=("questionnaire", "statistiques"),
        small_numbers=_(
            "Un nombre de moins de cinq personnes est masqué, avec d’autres, pour qu’on ne le retrouve pas."
        ),
        routes=("consultations:questionnaire_crosses", "consultations:questionnaire_export"),
    ),
)
