"""What the search finds of commitments: each with who may see it, where it is read, and what narrows it."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from commitments.models import RUNNING, Commitment, CommitmentNews, State
from search.registry import Rows, Source

OPEN, COMING, FINISHED = "ouvert", "a-venir", "termine"
_STATES = {
    OPEN: (State.IN_PROGRESS,),
    COMING: (State.PLANNED,),
    FINISHED: tuple(state for state in State if state not in RUNNING),
}


def _news() -> Rows:
    return CommitmentNews.objects.filter(commitment__in=Commitment.objects.published())


def _drafts(user: Any) -> Rows:
    """Give the drafts that an agent may open."""
    return Commitment.objects.visible_to(user).filter(published_at__isnull=True)


def _states(path: str) -> dict[str, Any]:
    return {
        name: lambda rows, _at, states=states: rows.filter(**{f"{path}state__in": states})
        for name, states in _STATES.items()
    }


SOURCES = (
    Source(
        "commitment",
        _("Engagement"),
        _("Engagements"),
        1.5,
        Commitment.objects.published,
        lambda line: reverse("commitments:detail", args=line.parts),
        lambda line: line.title,
        own=_drafts,
        theme=lambda rows, slug: rows.filter(theme__slug=slug),
        district=lambda rows, slug: rows.filter(district__slug=slug),
        states=_states(""),
    ),
    Source(
        "news",
        _("Nouvelle d’un engagement"),
        _("Nouvelles des engagements"),
        1.1,
        _news,
        lambda line: f"{reverse('commitments:detail', args=line.parts[:1])}#{line.parts[1]}",
        lambda line: _("Nouvelle\u00a0: %(title)s") % {"title": line.parent.title if line.parent else ""},
        theme=lambda rows, slug: rows.filter(commitment__theme__slug=slug),
        district=lambda rows, slug: rows.filter(commitment__district__slug=slug),
        states=_states("commitment__"),
    ),
)
