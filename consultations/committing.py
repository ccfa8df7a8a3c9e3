"""The commitments that the city takes after a consultation: written here, kept in their own room."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from commitments import actions
from commitments.hosts import Host
from commitments.models import Commitment
from consultations.models import Consultation, ConsultationCommitment
from mulhouse.errors import Refusal, require
from transparency import register


def commit_refusal(user: Any, consultation: Consultation) -> Refusal | None:
    """Tell whether somebody may write a commitment of a consultation: once it is public."""
    if not user.has_perm("commitments.change_commitment"):
        return Refusal("not_allowed", "Votre rôle ne permet pas d’écrire un engagement.")
    if consultation.published_at is None:
        return Refusal("not_published", "Publiez d’abord la consultation\u00a0: un engagement dit d’où il vient.")
    return None


@transaction.atomic(durable=True)
def commit(*, actor: Any, consultation: Consultation, values: Mapping[str, Any]) -> Commitment:
    """Begin a commitment that comes from a consultation; it is seen by nobody until it is published in its own room.

    Raises: RefusedError.
    """
    require(commit_refusal(actor, consultation))
    host = Host(title=consultation.title, url=consultation.get_absolute_url(), topic=consultation.topic)
    commitment = actions.draft(actor=actor, values=values, host=host)
    ConsultationCommitment.objects.create(consultation=consultation, commitment=commitment)
    register.record("commitment.draft", role="agent", actor=actor)
    return commitment
