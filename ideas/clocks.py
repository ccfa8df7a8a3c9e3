"""What the city promises of an idea, and by when: a first reading, then the answer that ends its study. Docs: docs/algorithms/delais.md.

Each function runs in the transaction of the act that it is part of. The titles of promises hold no word of the idea: a text that
moderation hides leaves nothing behind.
"""

import datetime as dt

from django.utils.translation import gettext_lazy as _

from ideas.models import Idea, Stage
from transparency import promising
from transparency.deadlines import Unit
from transparency.models import Promise

READING, STUDY = "idea.reading", "idea.study"
# Source: features-and-rules §2, feature 6, and §3.
READING_DAYS, STUDY_DAYS = 10, 60
KINDS = (
    promising.Kind(code=READING, label=_("Premières lectures d’idées"), days=READING_DAYS, unit=Unit.WORKED),
    promising.Kind(code=STUDY, label=_("Études d’idées"), days=STUDY_DAYS),
)
_TITLES = {READING: "Première lecture de l’idée {}", STUDY: "Réponse à l’idée {}"}


def begin(kind: str, *, idea: Idea, at: dt.datetime) -> Promise:
    """Promise the reading or the answer of an idea that everybody reads; repeating it gives the promise that stands."""
    title = _TITLES[kind].format(idea.reference)
    return promising.make(kind=kind, key=idea.reference, title=title, at=at, route="ideas:detail")


def keep(kind: str, *, idea: Idea, at: dt.datetime) -> None:
    """Note that it was given. What was imported from elsewhere was promised nothing here."""
    if Promise.objects.standing().filter(kind=kind, key=idea.reference).exists():
        promising.keep(kind=kind, key=idea.reference, at=at)


def stop(*, idea: Idea, at: dt.datetime) -> None:
    """Owe nothing any more of an idea that was withdrawn, hidden or gathered with others; what was kept stays kept."""
    for kind in (READING, STUDY):
        promising.drop(kind=kind, key=idea.reference, at=at)


def start_again(*, idea: Idea) -> None:
    """Owe again what `stop` let go of: the idea is given back, and its day is still the one that was promised.

    One that is gathered with others is owed nothing of its own.
    """
    if idea.stage == Stage.GATHERED:
        return
    for kind in (READING, STUDY):
        promising.take_back(kind=kind, key=idea.reference)
