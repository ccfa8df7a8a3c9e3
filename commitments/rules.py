"""May they? What agents may do with a commitment, and who may follow one."""

from typing import Any

from django.utils.translation import gettext as _

from commitments.models import Commitment
from mulhouse.errors import Refusal


def write_refusal(user: Any) -> Refusal | None:
    """Tell whether somebody may write commitments."""
    if not user.has_perm("commitments.change_commitment"):
        return Refusal("not_allowed", "Votre rôle ne permet pas d’écrire un engagement.")
    return None


def change_refusal(user: Any, commitment: Commitment) -> Refusal | None:
    """Tell whether somebody may change the words of a commitment: once public, it is news, for those who give it."""
    refusal = write_refusal(user)
    if refusal is None and commitment.published_at is not None and not user.has_perm("commitments.publish_commitment"):
        return Refusal(
            "not_allowed", "Cet engagement est public\u00a0: votre rôle ne permet pas d’en changer le texte."
        )
    return refusal


def publish_refusal(user: Any, commitment: Commitment) -> Refusal | None:
    """Tell whether somebody may make a commitment public."""
    if not user.has_perm("commitments.publish_commitment"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de publier un engagement.")
    if commitment.published_at is not None:
        return Refusal("published", "Cet engagement est déjà publié.")
    return None


def news_refusal(user: Any, commitment: Commitment) -> Refusal | None:
    """Tell whether somebody may give news of a commitment."""
    if not user.has_perm("commitments.publish_commitment"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de donner des nouvelles d’un engagement.")
    if commitment.published_at is None:
        return Refusal("not_published", "Publiez d’abord cet engagement\u00a0: une nouvelle est publique.")
    return None


def due_date_refusal(user: Any, commitment: Commitment) -> Refusal | None:
    """Tell whether somebody may change the day of a commitment: while it runs."""
    refusal = news_refusal(user, commitment)
    if refusal is None and not commitment.is_running:
        return Refusal("over", "Cet engagement n’est plus en cours\u00a0: son échéance ne change plus.")
    return refusal


def delete_refusal(user: Any, commitment: Commitment) -> Refusal | None:
    """Tell whether somebody may throw a draft away; what was public stays."""
    if not user.has_perm("commitments.change_commitment"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de supprimer un engagement.")
    if commitment.published_at is not None:
        return Refusal(
            "published",
            "Un engagement publié ne se supprime pas\u00a0: il se réalise ou il s’abandonne, avec ses raisons.",
        )
    return None


def follow_refusal(user: Any, commitment: Commitment) -> Refusal | None:
    """Tell whether somebody may follow a commitment by e-mail."""
    if not user.is_authenticated:
        return Refusal("sign_in", _("Connectez-vous pour suivre cet engagement par courriel."))
    return None
