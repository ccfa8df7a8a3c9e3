"""What the search finds of the idea box: each kind with who may see it, where it is read, and what narrows it."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from city.models import District
from ideas.models import Answer, Campaign, CampaignVote, Comment, Event, HeldText, Idea, Reaction, Stage
from ideas.models.writing import ANSWERED
from mulhouse.typography import local_day
from search.registry import Line, Rows, Source, Text

# What gathers supports or is being studied, what is over, what the city answered.
_STATES: dict[str, Collection[str]] = {
    "ouvert": (Stage.SUPPORT, Stage.STUDY, Stage.GOING_ON),
    "termine": (Stage.EXPIRED, Stage.DECLINED, Stage.ALREADY, Stage.TRANSFERRED, Stage.DONE, Stage.ABANDONED),
    "repondu": ANSWERED,
}


# --- Who sees what ---------------------------------------------------------------------------------------------------


def _reactions() -> Rows:
    return Reaction.objects.visible().filter(answer__in=Answer.objects.public())


def _votes() -> Rows:
    return CampaignVote.objects.filter(campaign__in=Campaign.objects.published(), votation__published_at__isnull=False)


def _drafts(user: Any) -> Rows:
    """Give the drafts of campaigns that an agent may open."""
    return Campaign.objects.visible_to(user).filter(published_at__isnull=True)


def _own(user: Any) -> Rows:
    return Idea.objects.visible_to(user).filter(author=user)


def _own_comments(user: Any) -> Rows:
    return Comment.objects.filter(author=user, idea__in=Idea.objects.visible_to(user))


def _own_reactions(user: Any) -> Rows:
    return Reaction.objects.filter(author=user, answer__idea__in=Idea.objects.visible_to(user))


# --- What narrows them -----------------------------------------------------------------------------------------------


def _in_district(path: str) -> Any:
    """Keep what is about a place of a district, and what is signed by it."""

    def narrowed(rows: Any, slug: str) -> Rows:
        district = District.objects.filter(slug=slug).values("pk")[:1]
        signed = Q(**{f"{path}signature": Idea.Signature.DISTRICT, f"{path}district": district})
        found: Rows = rows.filter(Q(**{f"{path}place_district": district}) | signed)
        return found

    return narrowed


def _at_stages(path: str, stages: Collection[str]) -> Any:
    def narrowed(rows: Any, _at: dt.datetime) -> Rows:
        found: Rows = rows.filter(**{f"{path}stage__in": stages})
        return found

    return narrowed


def _of_ideas(path: str) -> dict[str, Any]:
    """Narrow what belongs to an idea by what narrows ideas."""
    return {
        "theme": lambda rows, slug: rows.filter(**{f"{path}theme__slug": slug}),
        "district": _in_district(path),
        "states": {name: _at_stages(path, stages) for name, stages in _STATES.items()},
    }


def _running_votes(rows: Any, at: dt.datetime) -> Rows:
    found: Rows = rows.filter(pk__in=CampaignVote.objects.running(on=local_day(at)))
    return found


def _over_votes(rows: Any, at: dt.datetime) -> Rows:
    over = Q(votation__ends_on__lt=local_day(at)) | Q(votation__cancelled_at__isnull=False)
    found: Rows = rows.filter(over)
    return found


def _counted_votes(rows: Any, _at: dt.datetime) -> Rows:
    found: Rows = rows.filter(votation__counted_at__isnull=False)
    return found


# --- Where it is read ------------------------------------------------------------------------------------------------


def _address(route: str) -> Any:
    return lambda line: reverse(f"ideas:{route}", args=line.parts)


def _anchor(line: Line) -> str:
    """Lead to what has no page of its own, on that of its idea."""
    reference, anchor = line.parts
    return f"{reverse('ideas:detail', args=[reference])}#{anchor}"


def _vote_address(line: Line) -> str:
    return reverse("ideas:vote", args=[*(line.parent.parts if line.parent else ()), *line.parts])


def _title(line: Line) -> Text:
    return line.title


def _about(words: Any) -> Any:
    return lambda line: words % {"title": line.parent.title if line.parent else ""}


def _held_title(line: Line) -> Text:
    title = line.title or (line.parent.title if line.parent else "")
    return _("Texte non publié\u00a0: %(title)s") % {"title": title}


SOURCES = (
    Source(
        "idea_campaign",
        _("Campagne d’idées"),
        _("Campagnes d’idées"),
        1.8,
        Campaign.objects.published,
        _address("campaign"),
        _title,
        own=_drafts,
    ),
    Source(
        "idea_answer",
        _("Réponse de la Ville à une idée"),
        _("Réponses de la Ville aux idées"),
        1.6,
        Answer.objects.public,
        _anchor,
        _about(_("Réponse à l’idée «\u00a0%(title)s\u00a0»")),
        **_of_ideas("idea__"),
    ),
    Source(
        "idea_vote",
        _("Vote d’une campagne d’idées"),
        _("Votes des campagnes d’idées"),
        1.4,
        _votes,
        _vote_address,
        _title,
        states={"ouvert": _running_votes, "termine": _over_votes, "repondu": _counted_votes},
    ),
    Source(
        "idea",
        _("Idée"),
        _("Idées"),
        1.2,
        Idea.objects.visible,
        _address("detail"),
        _title,
        own=_own,
        **_of_ideas(""),
    ),
    Source(
        "idea_news",
        _("Nouvelle d’une idée"),
        _("Nouvelles des idées"),
        1.1,
        Event.objects.public,
        _anchor,
        _about(_("Nouvelle de l’idée «\u00a0%(title)s\u00a0»")),
        **_of_ideas("idea__"),
    ),
    Source(
        "idea_reaction",
        _("Réaction d’un auteur"),
        _("Réactions des auteurs"),
        0.8,
        _reactions,
        _anchor,
        _about(_("Réaction à la réponse à l’idée «\u00a0%(title)s\u00a0»")),
        own=_own_reactions,
        **_of_ideas("answer__idea__"),
    ),
    Source(
        "idea_comment",
        _("Commentaire d’une idée"),
        _("Commentaires d’idées"),
        0.6,
        Comment.objects.public,
        _address("comment"),
        _about(_("Sur l’idée «\u00a0%(title)s\u00a0»")),
        own=_own_comments,
        **_of_ideas("idea__"),
    ),
    Source(
        "idea_held",
        _("Texte non publié sur une idée"),
        _("Textes non publiés sur des idées"),
        1.0,
        HeldText.objects.none,
        _address("held"),
        _held_title,
        own=HeldText.objects.of,
    ),
)
