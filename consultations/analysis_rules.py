"""May they? What an agent may do with the opinions of a consultation."""

from collections.abc import Sequence
from typing import Any

from consultations.models import (
    AnalysisTheme,
    Comment,
    Consultation,
    Decision,
    Item,
)
from mulhouse.errors import Refusal

ANALYSE = "consultations.analyse_consultation"
PUBLISH = "consultations.publish_consultation"


def analyse_refusal(user: Any, consultation: Consultation) -> Refusal | None:
    """Tell whether somebody may sort the opinions of a consultation and prepare answers."""
    if not user.has_perm(ANALYSE):
        return Refusal("not_allowed", "Votre rôle ne permet pas d’analyser les avis.")
    if consultation.published_at is None:
        return Refusal("not_published", "Cette consultation n’est pas encore publiée\u00a0: elle n’a aucun avis.")
    return None


def publish_refusal(user: Any, consultation: Consultation) -> Refusal | None:
    """Tell whether somebody may publish the answers of the city."""
    if not user.has_perm(PUBLISH):
        return Refusal(
            "not_allowed", "Votre rôle ne permet pas de publier les réponses. Prévenez la personne qui publie."
        )
    return analyse_refusal(user, consultation)


def public_refusal(user: Any) -> Refusal | None:
    """Tell whether somebody may do a gesture of the analysis that gives or ends a public answer."""
    if not user.has_perm(PUBLISH):
        return Refusal(
            "public",
            "Ce geste donnerait ou retirerait une réponse publique\u00a0: il faut le droit de publier les réponses. Prévenez "
            "la personne qui publie.",
        )
    return None


def return_refusal(user: Any, item: Any) -> Refusal | None:
    """Tell whether an opinion may leave the answer of its own for those of its themes: it never ends without any.

    Shape: an item read `with_answers`.
    """
    if refusal := publish_refusal(user, item.consultation):
        return refusal
    if item.place != Item.Place.ANSWERED or not item.has_own_answer:
        return Refusal("no_own", "Cet avis n’a pas de réponse qui lui soit propre.")
    if not item.has_answered_themes:
        return Refusal(
            "no_theme",
            "Il faut que chacun de ses thèmes ait une réponse publiée\u00a0: sinon cet avis n’en aurait plus.",
        )
    return None


def group_refusal(user: Any, root: Item, items: Sequence[Item]) -> Refusal | None:
    """Tell whether opinions may be grouped with another one: there, and of one consultation.

    Where a public answer would be given or ended, `public_refusal` is asked too, once that is known.
    """
    if refusal := analyse_refusal(user, root.consultation):
        return refusal
    if root.place in {Item.Place.WITHDRAWN, Item.Place.HIDDEN}:
        return Refusal("gone", "L’avis de tête est retiré ou masqué. Choisissez-en un autre.")
    if any(item.consultation_id != root.consultation_id for item in items):
        return Refusal("elsewhere", "On regroupe des avis d’une même consultation.")
    return None


def merge_refusal(user: Any, theme: AnalysisTheme, into: AnalysisTheme) -> Refusal | None:
    """Tell whether a theme may be poured into another one: an answer that is public is not absorbed."""
    if refusal := analyse_refusal(user, theme.consultation):
        return refusal
    if theme.pk == into.pk or theme.consultation_id != into.consultation_id:
        return Refusal("same", "Choisissez un autre thème de cette consultation.")
    if theme.outcomes.all():
        return Refusal(
            "answered",
            "Ce thème a une réponse publiée\u00a0: il reste. Fusionnez dans l’autre sens, ou rattachez ses avis à l’autre "
            "thème et publiez sa réponse.",
        )
    return None


def unmark_refusal(item: Item) -> Refusal | None:
    """Tell whether a comment may be a proposal no more: neither an answer nor the work of an agent goes with it."""
    if item.given.exists() or item.own_outcomes.exists():
        return Refusal("answered", "Ce commentaire a reçu une réponse\u00a0: il reste une proposition.")
    if item.has_draft or item.notes.exists():
        return Refusal("worked", "Ce commentaire a une note ou une réponse préparée\u00a0: il reste une proposition.")
    return None


def delete_refusal(user: Any, theme: AnalysisTheme) -> Refusal | None:
    """Tell whether a theme may be thrown away: never with the work of somebody in it (prefetch `outcomes`, `notes` to ask for free)."""
    if refusal := analyse_refusal(user, theme.consultation):
        return refusal
    if theme.outcomes.all():
        return Refusal("answered", "Ce thème a une réponse publiée\u00a0: il reste.")
    if theme.has_draft or theme.public_summary or theme.notes.all():
        return Refusal(
            "worked",
            "Ce thème a une note, un résumé ou une réponse préparée\u00a0: il ne se supprime pas. Fusionnez-le dans un autre, "
            "qui garde ce travail.",
        )
    return None


def draft_problem(decision: str, explanation: str, forwarded_to: str) -> Refusal | None:
    """Tell what is wrong with a decision that is being prepared; half of one may be kept."""
    if decision and decision not in Decision.values:
        return Refusal("decision", "Choisissez une décision de la liste.")
    if forwarded_to and decision != Decision.FORWARDED:
        return Refusal(
            "forwarded_to", "«\u00a0Transmis à\u00a0» ne se remplit que pour une décision «\u00a0Transmis\u00a0»."
        )
    return None


def mark_refusal(user: Any, comment: Comment) -> Refusal | None:
    """Tell whether an agent may say that a comment is a proposal, to which the city owes an answer, or that it is not."""
    if refusal := analyse_refusal(user, comment.contribution.consultation):
        return refusal
    if comment.withdrawn_at is not None:
        return Refusal("withdrawn", "Ce commentaire est retiré par son auteur.")
    return None
