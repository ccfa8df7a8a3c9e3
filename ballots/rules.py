"""May they? Who may vote, when, and who may see what came out of it."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from accounts import rules as accounts_rules
from ballots import dates
from ballots.dates import State
from ballots.models import MAX_OPTIONS, RollLine, Votation
from desk import rules as desk_rules
from desk.models import Channel
from mulhouse import typography
from mulhouse.errors import Refusal

FEWEST_OPTIONS = 2
# Ballots that lie in a box made of wood: counted by hand.
BY_HAND = tuple(channel for channel in Channel.values if channel not in {Channel.WEB.value, Channel.IMPORT.value})


def days_refusal(votation: Votation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether a vote takes ballots at that instant."""
    if votation.published_at is None:
        return Refusal("not_published", _("Ce vote n’est pas encore publié."))
    state = votation.state(at=at)
    if votation.cancelled_at is not None:
        return Refusal(
            "cancelled",
            _("Ce vote a été annulé le %(day)s. L’urne a été détruite sans être ouverte.")
            % {"day": typography.day(votation.cancelled_at)},
        )
    if state is State.UPCOMING:
        return Refusal(
            "not_open", _("Vous pourrez voter à partir du %(day)s.") % {"day": typography.day(votation.opens_on)}
        )
    if state is State.CLOSED or votation.counted_at is not None:
        return Refusal(
            "closed", _("Le vote est clos depuis le %(day)s à minuit.") % {"day": typography.day(votation.ends_on)}
        )
    return None


def vote_refusal(user: Any, votation: Votation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may vote: the days, the account, where they live, their age, once only, and known to be one person."""
    if refusal := days_refusal(votation, at=at):
        return refusal
    if not user.is_authenticated:
        return Refusal("sign_in", _("Connectez-vous pour voter."))
    on = at.astimezone(dates.PARIS).date()
    return (
        accounts_rules.residency_refusal(user, votation.residency_level, at=at)
        or accounts_rules.minimum_age_refusal(user, votation.minimum_age, on=on)
        or twice_refusal(user, votation)
        or desk_rules.identity_refusal(user, votation.residency_level)
    )


def twice_refusal(user: Any, votation: Votation) -> Refusal | None:
    """Tell whether somebody has voted already, by whatever channel."""
    if RollLine.objects.filter(votation=votation, person__user=user).exists():
        return Refusal(
            "voted",
            _("Vous avez voté. Un vote secret ne se change pas\u00a0: personne ne sait quel bulletin est le vôtre."),
        )
    return None


def edit_refusal(votation: Votation) -> Refusal | None:
    """Tell whether a vote may still be changed: nobody knows its rules yet."""
    if votation.published_at is not None:
        return Refusal(
            "published",
            "Ce vote est publié\u00a0: sa question et ses règles ne changent plus. Son dernier jour peut seulement être repoussé.",
        )
    return None


def extend_refusal(votation: Votation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether the last day of a vote may be put off: while one can still vote, or not yet."""
    if votation.published_at is None:
        return Refusal("not_published", "Ce vote n’est pas publié\u00a0: changez ses dates directement.")
    if votation.state(at=at) not in {State.UPCOMING, State.OPEN}:
        return Refusal("closed", "Le vote est clos ou annulé\u00a0: il ne se rouvre pas.")
    return None


def cancel_refusal(votation: Votation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether a vote may be cancelled: never by somebody who can know its result."""
    if votation.published_at is None:
        return Refusal("not_published", "Ce vote n’est pas publié\u00a0: supprimez le brouillon.")
    if votation.cancelled_at is not None:
        return Refusal("cancelled", "Ce vote est déjà annulé.")
    if votation.counted_at is not None or results_visible(votation, at=at):
        return Refusal("counted", "Le résultat est public\u00a0: le vote ne s’annule plus.")
    if votation.paper_counts.exists():
        return Refusal("counting", "Le dépouillement du papier a commencé\u00a0: le vote ne s’annule plus.")
    return None


def publish_refusal(votation: Votation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether a vote may be published: whole, and before the day it opens (prefetch `options`)."""
    if refusal := edit_refusal(votation):
        return refusal
    if refusal := _choice_refusal(votation):
        return refusal
    if at >= votation.opens_at:
        return Refusal(
            "too_late", "Les règles se publient avant l’ouverture\u00a0: choisissez un premier jour après aujourd’hui."
        )
    return None


def _choice_refusal(votation: Votation) -> Refusal | None:
    """Tell whether what is offered makes a choice (prefetch `options`)."""
    options = len(votation.options.all())
    fewest = 1 if votation.kind == Votation.Kind.YES_NO else FEWEST_OPTIONS
    if options < fewest:
        return Refusal(
            "options", f"Il faut {fewest} propositions au moins." if fewest > 1 else "Il faut une proposition."
        )
    if votation.kind == Votation.Kind.UP_TO and not 1 < votation.most <= options:
        return Refusal("most", "Le nombre de choix par bulletin doit être entre 2 et le nombre de propositions.")
    if votation.amount_cents:
        return _budget_refusal(votation)
    if options > MAX_OPTIONS:
        return Refusal("options", f"{MAX_OPTIONS} propositions au plus.")
    if votation.kind != Votation.Kind.YES_NO and votation.winners >= options:
        return Refusal("winners", "Retenir autant de propositions qu’il y en a n’est pas un choix.")
    return None


def _budget_refusal(votation: Votation) -> Refusal | None:
    """Tell whether a budget and its costs make a choice (prefetch `options`)."""
    amount = votation.amount_cents or 0
    costs = [option.cost_cents or 0 for option in votation.options.all()]
    if not all(costs):
        return Refusal("costs", "Chaque proposition doit avoir un coût.")
    if max(costs) > amount:
        return Refusal("costs", "Une proposition coûte plus que le budget\u00a0: personne ne pourrait la retenir.")
    if sum(costs) <= amount:
        return Refusal("costs", "Toutes les propositions tiennent dans le budget\u00a0: il n’y a rien à choisir.")
    return None


def results_visible(votation: Votation, *, at: dt.datetime) -> bool:
    """Tell whether anybody, agents included, may see what was voted: when every ballot is counted, never before.

    The one answer for pages, files, mails and the staff space.
    """
    if votation.published_at is None or votation.cancelled_at is not None:
        return False
    if not dates.may_count(votation.ends_on, at=at):
        return False
    if votation.counted_at is not None:
        return True
    return not RollLine.objects.filter(votation=votation, channel__in=BY_HAND).exists()


def paper_refusal(votation: Votation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether an agent may enter what they counted of the paper ballots."""
    if votation.cancelled_at is not None:
        return Refusal(
            "cancelled", "Ce vote est annulé\u00a0: rien ne se dépouille. Détruisez les bulletins papier sans les lire."
        )
    if votation.published_at is None or not dates.may_count(votation.ends_on, at=at):
        return Refusal("open", "Les bulletins papier se comptent après la clôture.")
    if votation.counted_at is not None:
        return Refusal("counted", "Le dépouillement est terminé\u00a0: le résultat est public.")
    if not RollLine.objects.filter(votation=votation, channel__in=BY_HAND).exists():
        return Refusal("no_paper", "Personne n’a voté sur papier.")
    return None
