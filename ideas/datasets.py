"""What the idea box puts in the catalogue of open data: the columns of its own files, and how the API narrows them."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from city.models import District, Theme
from ideas import exports
from ideas.models import Campaign, Idea
from opendata.datasets import Asks, Dataset, Filter, Frequency, Listing

# They add to what is public, count, or touch nothing that a file holds.
HARMLESS = (
    *("idea.published", "idea.comment_published", "idea.text_held", "idea.supported", "idea.unsupported"),
    *("idea.threshold_passed", "idea.renewed", "idea.expired", "idea.supports_verified", "idea.recounted"),
    *("idea.assisted", "idea.sheet_entered", "idea.coauthor_invited", "idea.coauthor_cancelled"),
    *("idea.coauthor_accepted", "idea.coauthor_declined", "idea.campaign_draft", "idea.campaign_published"),
    *(f"idea.{act}" for act in ("read", "study_opened", "study_part_asked", "study_part_given", "study_worked")),
    *(f"idea.{act}" for act in ("study_paused", "study_resumed", "answered", "reacted", "planned", "step_done")),
    "idea.realisation_news",
)
PRODUCER = _("Agence de la participation citoyenne")
TOTALS = _("Rien ne compte des personnes par groupe\u00a0: les soutiens sont des totaux.")
ROUTES = ("ideas:export",)
PAGE = "ideas:list"
KEYWORDS = ("idée", "participation")
RECENT = ("-published_at", "-pk")

Keep = Callable[[QuerySet[Any], Any], QuerySet[Any]]


def _named(path: str, rows: Callable[[], QuerySet[Any]]) -> Keep:
    """Keep what belongs to one row of the city or one campaign, found first: an index then gives its rows in their order."""
    return lambda kept, slug: kept.filter(**{path: Subquery(rows().filter(slug=slug).order_by().values("pk")[:1])})


def _of_idea(path: str) -> Keep:
    return lambda rows, reference: rows.filter(
        **{path: Subquery(Idea.objects.visible().filter(reference=reference).order_by().values("pk")[:1])}
    )


def _since(rows: QuerySet[Any], at: dt.datetime) -> QuerySet[Any]:
    return rows.filter(published_at__gte=at)


def _at_stage(rows: QuerySet[Any], word: str) -> QuerySet[Any]:
    return rows.filter(stage=next(stage for stage, name in exports.STAGES.items() if name == word))


def _campaign(path: str, order: tuple[str, ...] | None = RECENT) -> Filter:
    meaning = "Nom d’une campagne dans les adresses (jeu « idees-campagnes »)."
    return Filter("campagne", meaning, Asks.SLUG, _named(path, Campaign.objects.published), order=order)


def _one(path: str) -> Filter:
    return Filter("idee", "Référence d’une idée.", Asks.SLUG, _of_idea(path))


ONE = _one("idea")
SINCE = Filter("depuis", "Premier instant de publication (ISO 8601).", Asks.SINCE, _since, order=RECENT)
# Each in the order of the index of the public list.
OF_IDEAS = (
    _campaign("campaign"),
    Filter(
        "theme", "Thème, par son code (jeu « themes »).", Asks.SLUG, _named("theme", Theme.objects.all), order=RECENT
    ),
    Filter(
        "quartier",
        "Quartier du lieu dont il est question, par son code (jeu « quartiers »).",
        Asks.SLUG,
        _named("place_district", District.objects.all),
        order=RECENT,
    ),
    Filter("etape", "Étape.", Asks.CHOICE, _at_stage, choices=tuple(exports.STAGES.values()), order=RECENT),
    SINCE,
)

DATASETS = (
    Dataset(
        exports.IDEAS,
        PRODUCER,
        Frequency.CONTINUOUS,
        page=PAGE,
        keywords=KEYWORDS,
        listing=Listing(exports.read_ideas, filters=OF_IDEAS),
        small_numbers=TOTALS,
        routes=ROUTES,
    ),
    Dataset(
        exports.SUPPORTS,
        PRODUCER,
        Frequency.CONTINUOUS,
        page=PAGE,
        keywords=(*KEYWORDS, "statistiques"),
        listing=Listing(exports.read_supports, filters=OF_IDEAS),
        small_numbers=_(
            "Le total de chaque idée est donné, comme sur sa page. Ses deux parts ne le sont qu’à partir de cinq personnes "
            "chacune."
        ),
        routes=ROUTES,
    ),
    Dataset(
        exports.COMMENTS,
        PRODUCER,
        Frequency.CONTINUOUS,
        page=PAGE,
        keywords=(*KEYWORDS, "débat"),
        listing=Listing(exports.read_comments, filters=(ONE, SINCE)),
        small_numbers=TOTALS,
        routes=ROUTES,
    ),
    Dataset(
        exports.ANSWERS,
        PRODUCER,
        Frequency.IRREGULAR,
        page=PAGE,
        keywords=(*KEYWORDS, "réponse", "décision"),
        listing=Listing(exports.read_answers, order=RECENT, filters=(ONE, SINCE)),
        routes=ROUTES,
    ),
    Dataset(
        exports.CAMPAIGN_TABLE,
        PRODUCER,
        Frequency.IRREGULAR,
        page=PAGE,
        keywords=KEYWORDS,
        listing=Listing(exports.read_campaigns, order=RECENT, filters=(SINCE,)),
        routes=ROUTES,
    ),
    Dataset(
        exports.THRESHOLDS,
        PRODUCER,
        Frequency.IRREGULAR,
        page=PAGE,
        keywords=KEYWORDS,
        listing=Listing(exports.read_thresholds, filters=(_campaign("campaign", order=None),)),
        routes=ROUTES,
    ),
    Dataset(
        exports.MILESTONES,
        PRODUCER,
        Frequency.IRREGULAR,
        page=PAGE,
        keywords=(*KEYWORDS, "transparence"),
        listing=Listing(exports.read_milestones, filters=(ONE,)),
        routes=ROUTES,
    ),
    Dataset(
        exports.EVENT_TABLE,
        PRODUCER,
        Frequency.IRREGULAR,
        page=PAGE,
        keywords=(*KEYWORDS, "transparence"),
        listing=Listing(exports.read_events, order=RECENT, filters=(ONE, SINCE)),
        routes=ROUTES,
    ),
    Dataset(
        exports.VOTES,
        PRODUCER,
        Frequency.IRREGULAR,
        page=PAGE,
        keywords=(*KEYWORDS, "vote", "budget participatif"),
        small_numbers=_("Sous cinq bulletins, les totaux seuls. Les bulletins ne sont pas donnés un par un."),
        routes=(*ROUTES, "ideas:vote_file"),
    ),
    Dataset(
        exports.READINGS,
        PRODUCER,
        Frequency.IRREGULAR,
        page=PAGE,
        keywords=(*KEYWORDS, "transparence"),
        listing=Listing(exports.read_criteria, filters=(_one("reading__idea"),)),
        routes=ROUTES,
    ),
    Dataset(
        exports.GATHERINGS,
        PRODUCER,
        Frequency.IRREGULAR,
        page=PAGE,
        keywords=KEYWORDS,
        listing=Listing(exports.read_gatherings, filters=(_one("idea"),)),
        small_numbers=TOTALS,
        routes=ROUTES,
    ),
)
