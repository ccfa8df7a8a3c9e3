"""What is known of those who are asked to sign an idea with its author, and who sees it."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from ideas import coauthors
from ideas.models import CoAuthor
from ideas.models.coauthors import ANSWER_DAYS
from mulhouse.personal_data import Fate, Final, Group, Holding, Retention
from mulhouse.who_sees import Act, Seen


def _signed(user: User) -> Iterable[dict[str, Any]]:
    for row in CoAuthor.objects.of(user).select_related("idea").defer("idea__search").order_by("pk"):
        yield {
            "idee": row.idea.reference,
            "etat": row.get_state_display(),
            "adresse_invitee": row.email,
            "invite_le": row.invited_at,
            "repondu_le": row.answered_at,
        }


HOLDING = Holding(
    model=CoAuthor,
    label="Les idées que vous signez avec leur auteur, et les invitations à en signer",
    purpose="Inviter par courriel quelqu’un à signer une idée, et nommer ceux qui la signent.",
    basis="Mission d’intérêt public\u00a0: la participation des habitants aux décisions de la Ville.",
    period=(
        f"L’adresse invitée est effacée à la réponse, ou après {ANSWER_DAYS}\u00a0jours. Votre nom public reste sous l’idée tant que "
        "vous la signez."
    ),
    fate=Fate.ERASED,
    export=_signed,
    erase=lambda user: coauthors.erase(user=user),
    group=Group.TAKING_PART,
    recipients="L’auteur de l’idée voit l’adresse qu’il a écrite, jusqu’à votre réponse. Tout le monde lit le nom public de qui accepte.",
    kept=Retention("l’invitation sans réponse", ANSWER_DAYS),
    final=Final.DESTROYED,
    source="RGPD, art. 5.1.c et 14",
)
ACT = Act(
    code="idea_co_author",
    label=_("Signer une idée avec son auteur"),
    sentence=_(
        "Qui voit quoi\u00a0: si vous acceptez, tout le monde lit votre nom public sous l’idée. Votre adresse est effacée dès que "
        "vous répondez. Si vous refusez, seul l’auteur peut le savoir."
    ),
    name=Seen.EVERYBODY,
    words=Seen.NOTHING,
    choice=Seen.EVERYBODY,
    stored=_("Votre compte, lié à l’idée, tant que vous la signez."),
)
