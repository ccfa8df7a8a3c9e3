"""What the city promises of an idea, and by when: a reading, what thresholds say, a study or an answer once it is popular, the answer.

Docs: docs/algorithms/delais.md.

Each function runs in the transaction of the act that it is part of. The titles of promises hold no word of the idea: a text that
moderation hides leaves nothing behind.
"""

import datetime as dt

from django.utils.translation import gettext_lazy as _

from ideas import city_rules
from ideas.models import Idea, Stage, Threshold, ThresholdPassing
from ideas.models.campaigns import PROMISE_DAYS
from transparency import promising
from transparency.deadlines import Unit
from transparency.models import Promise

READING, ELIGIBLE, STUDY, THRESHOLD = "idea.reading", "idea.eligible", "idea.study", "idea.threshold"
# Source: features-and-rules §2, feature 6, and §3.
READING_DAYS, ELIGIBLE_DAYS, STUDY_DAYS = 10, 60, 60
LIST = "admin:ideas_idea_changelist"
KINDS = (
    promising.Kind(
        code=READING,
        label=_("Premières lectures d’idées"),
        days=READING_DAYS,
        unit=Unit.WORKED,
        permission=city_rules.READ,
        work_route=LIST,
        work_query="?suivi=lecture",
        work_label="Premières lectures d’idées à faire",
    ),
    promising.Kind(
        code=ELIGIBLE,
        label=_("Idées qui ont les soutiens demandés"),
        days=ELIGIBLE_DAYS,
        permission=city_rules.ANSWER,
        work_route=LIST,
        work_query="?suivi=seuil",
        work_label="Idées qui ont leurs soutiens\u00a0: étude ou réponse due",
    ),
    promising.Kind(
        code=STUDY,
        label=_("Études d’idées"),
        days=STUDY_DAYS,
        permission=city_rules.ANSWER,
        work_route=LIST,
        work_query="?suivi=etude",
        work_label="Réponses dues à des idées étudiées",
    ),
    promising.Kind(
        code=THRESHOLD,
        label=_("Promesses des seuils d’idées"),
        days=PROMISE_DAYS,
        permission=city_rules.FOLLOW,
        work_route=LIST,
        work_query="?suivi=promesses",
        work_label="Promesses de seuils atteints à tenir",
    ),
)
_TITLES = {
    READING: "Première lecture de l’idée {}",
    ELIGIBLE: "Étude de l’idée {}, ou réponse sans étude",
    STUDY: "Réponse à l’idée {}",
}


def begin(kind: str, *, idea: Idea, at: dt.datetime) -> Promise:
    """Promise what `kind` says of an idea that everybody reads; repeating it gives the promise that stands."""
    title = _TITLES[kind].format(idea.reference)
    return promising.make(kind=kind, key=idea.reference, title=title, at=at, route="ideas:detail")


def keep(kind: str, *, idea: Idea, at: dt.datetime) -> None:
    """Note that it was given. What was imported from elsewhere was promised nothing here."""
    if Promise.objects.standing().filter(kind=kind, key=idea.reference).exists():
        promising.keep(kind=kind, key=idea.reference, at=at)


def threshold_key(idea: Idea, supports: int) -> str:
    """Name the promise of a threshold that an idea reached."""
    return f"{idea.reference}-{supports}"


def begin_threshold(*, idea: Idea, threshold: Threshold, at: dt.datetime) -> Promise:
    """Promise what a threshold says, within the days that its campaign gives; repeating it gives the promise that stands."""
    return promising.make(
        kind=THRESHOLD,
        key=threshold_key(idea, threshold.supports),
        title=f"Seuil de {threshold.supports} soutiens atteint par l’idée {idea.reference}",
        at=at,
        route="ideas:promise",
        days=threshold.days,
    )


def keep_threshold(*, idea: Idea, threshold: Threshold, at: dt.datetime) -> None:
    """Note that what a threshold says was done.

    Raises: DomainError "no_promise".
    Locks: the promise.
    """
    promising.keep(kind=THRESHOLD, key=threshold_key(idea, threshold.supports), at=at)


def _of(idea: Idea) -> list[tuple[str, str]]:
    """Name all that an idea may be promised: (kind, key)."""
    reached = ThresholdPassing.objects.filter(idea=idea, percent=ThresholdPassing.Percent.WHOLE)
    keys = [threshold_key(idea, supports) for supports in reached.values_list("threshold__supports", flat=True)]
    return [*((kind, idea.reference) for kind in _TITLES), *((THRESHOLD, key) for key in keys)]


def stop(*, idea: Idea, at: dt.datetime) -> None:
    """Owe nothing any more of an idea that was withdrawn, hidden or gathered with others; what was kept stays kept."""
    for kind, key in _of(idea):
        promising.drop(kind=kind, key=key, at=at)


def start_again(*, idea: Idea) -> None:
    """Owe again what `stop` let go of: the idea is given back, and its day is still the one that was promised.

    One that is gathered with others is owed nothing of its own.
    """
    if idea.stage == Stage.GATHERED:
        return
    for kind, key in _of(idea):
        promising.take_back(kind=kind, key=key)
