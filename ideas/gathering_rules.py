"""Who may gather ideas, answer for theirs, count their support, separate. Each rule answers None, or the sentence that says why not.

Source: docs/algorithms/idees-regroupement.md.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from accounts import rules as accounts_rules
from ideas import rules
from ideas.models import GatheredIdea, Gathering, Idea, Stage, Support
from mulhouse.errors import Refusal
from mulhouse.typography import local_day

# Who gathers for the city.
STUDY = "ideas.study_idea"
FEWEST, MOST = 2, 10
# How long authors have to answer: silence agrees with the city, and does not agree with another author.
CITY_DAYS, AUTHOR_DAYS = 10, 30
STANDING = (Stage.SUPPORT, Stage.EXPIRED)


def gatherable_refusal(idea: Idea, *, at: dt.datetime) -> Refusal | None:
    """Tell whether an idea may be gathered with others (the idea with its campaign)."""
    named = {"title": idea.title_for_others}
    if not idea.is_visible:
        return Refusal("gone", _("«\u00a0%(title)s\u00a0» n’est plus publique.") % named)
    if idea.gathers or idea.stage == Stage.GATHERED:
        return Refusal("gathered", _("«\u00a0%(title)s\u00a0» est déjà regroupée avec d’autres.") % named)
    if idea.stage not in STANDING:
        return Refusal("studied", _("La Ville étudie «\u00a0%(title)s\u00a0», ou y a répondu.") % named)
    last = idea.campaign.supports_end_on
    if last is not None and local_day(at) > last:
        return Refusal("over", _("Les soutiens de cette campagne sont terminés\u00a0: rien ne s’y regroupe plus."))
    return None


def propose_refusal(user: Any, ideas: Sequence[Idea], *, is_of_city: bool, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may propose to gather these ideas (each with its campaign): an agent, or one of their authors."""
    if is_of_city and not user.has_perm(STUDY):
        return Refusal("not_allowed", "Votre rôle ne permet pas de regrouper des idées.")
    if not is_of_city and (refusal := author_refusal(user, ideas, at=at)):
        return refusal
    return _together_refusal(ideas, at=at) or _alone_refusal(ideas, is_of_city=is_of_city)


def _together_refusal(ideas: Sequence[Idea], *, at: dt.datetime) -> Refusal | None:
    """Tell whether ideas may stand together: enough of them, each free, all under the same rules."""
    if not FEWEST <= len({idea.pk for idea in ideas}) <= MOST:
        return Refusal("number", _("Choisissez de %(fewest)s à %(most)s idées.") % {"fewest": FEWEST, "most": MOST})
    if refusal := next(filter(None, (gatherable_refusal(idea, at=at) for idea in ideas)), None):
        return refusal
    if len({idea.campaign_id for idea in ideas}) > 1:
        return Refusal("campaigns", _("Ces idées ne sont pas de la même campagne\u00a0: leurs règles diffèrent."))
    return None


def _alone_refusal(ideas: Sequence[Idea], *, is_of_city: bool) -> Refusal | None:
    """Tell whether ideas are free of another proposal, and have an author to ask where another author proposes."""
    live = GatheredIdea.objects.filter(idea__in=ideas, is_live=True).select_related("idea").first()
    if live is not None:
        return Refusal(
            "proposed",
            _(
                "Un regroupement de «\u00a0%(title)s\u00a0» est déjà proposé\u00a0: il faut d’abord qu’il aboutisse ou tombe."
            )
            % {"title": live.idea.title_for_others},
        )
    if not is_of_city and any(idea.author_id is None for idea in ideas):
        return Refusal(
            "no_author", _("L’auteur d’une de ces idées n’a plus de compte\u00a0: seule la Ville peut la regrouper.")
        )
    return None


def author_refusal(user: Any, ideas: Sequence[Idea], *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may speak as the author of one of these ideas."""
    if not user.is_authenticated or all(idea.author_id != user.pk for idea in ideas):
        return Refusal("not_author", _("Un auteur propose de regrouper sa propre idée avec d’autres."))
    return accounts_rules.publishing_refusal(user, at=at)


def answer_refusal(user: Any, gathering: Gathering, idea: Idea, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may say yes or no for an idea that somebody proposes to gather."""
    if not user.is_authenticated or idea.author_id != user.pk:
        return Refusal("not_author", _("Cette idée n’est pas la vôtre."))
    if gathering.is_waiting:
        return Refusal("held", _("Ce texte attend la relecture\u00a0: vous répondrez ensuite."))
    if not gathering.is_pending or local_day(at) > gathering.answers_until:
        return Refusal("over", _("Cette proposition n’attend plus de réponse."))
    return None


def cancel_refusal(user: Any, gathering: Gathering) -> Refusal | None:
    """Tell whether somebody may take back a proposal: who made it, or the city for its own, until it opens."""
    is_theirs = user.is_authenticated and gathering.author_id == user.pk
    if not is_theirs and not (gathering.is_of_city and user.has_perm(STUDY)):
        return Refusal("not_author", _("Cette proposition n’est pas la vôtre."))
    if not gathering.is_pending:
        return Refusal("over", _("Cette proposition n’attend plus de réponse."))
    return None


def carry_refusal(user: Any, gathering: Gathering, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may say that their support counts for the idea that gathers, or that it does not."""
    if not user.is_authenticated:
        return Refusal("sign_in", _("Connectez-vous pour participer."))
    parent = gathering.parent
    if not gathering.is_open or parent is None:
        return Refusal("over", _("Ce regroupement a pris fin\u00a0: votre soutien est resté où il était."))
    originals = gathering.members.filter(is_live=True).values("idea")
    if not Support.objects.filter(idea__in=originals, person__user=user).exists():
        return Refusal("not_asked", _("Vous ne souteniez aucune des idées réunies. Vous pouvez soutenir celle-ci."))
    return rules.support_refusal(user, parent, at=at)


def standing_refusal(gathering: Gathering) -> Refusal | None:
    """Tell whether ideas that are gathered may still be separated: until the city studies the one that gathers them."""
    if not gathering.is_open or gathering.parent is None:
        return Refusal("over", _("Ce regroupement n’est pas ouvert."))
    if gathering.parent.stage not in STANDING:
        return Refusal("studied", _("La Ville étudie l’idée qui réunit, ou y a répondu\u00a0: elle ne se sépare plus."))
    return None


def separate_refusal(user: Any, gathering: Gathering) -> Refusal | None:
    """Tell whether an agent may separate ideas, with a public reason."""
    if not user.has_perm(STUDY):
        return Refusal("not_allowed", "Votre rôle ne permet pas de séparer des idées.")
    return standing_refusal(gathering)


def leave_refusal(user: Any, gathering: Gathering) -> Refusal | None:
    """Tell whether an author may ask that the ideas be separated: all of them must."""
    own = gathering.members.filter(is_live=True, idea__author=user) if user.is_authenticated else None
    if own is None or not own.exists():
        return Refusal("not_author", _("Aucune des idées réunies n’est la vôtre."))
    return standing_refusal(gathering)
